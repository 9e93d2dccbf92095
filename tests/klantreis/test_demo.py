# SPDX-License-Identifier: EUPL-1.2
"""The whole way on a small municipality: citizens, collector, archive, day tables, report, pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from klantreis.demo import DemoError, plan, prepare
from tests.accessibility import violations
from tests.klantreis.processes import get, klantreis, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

VISITORS, DAYS = 150, 2


@pytest.fixture(scope="module")
def municipality(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data: Path = tmp_path_factory.mktemp("demo") / "var"
    ran = klantreis("demo", "--once", "--visitors", str(VISITORS), "--days", str(DAYS), "--data", data)
    assert ran.returncode == 0, ran.stderr
    for name in ("aa-controle", "schuldhulp", "zwerfvuil"):
        assert f"\n{name}: " in ran.stdout
    return data


def _report(data: Path, name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((data / "reports" / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def test_every_beacon_is_accounted_for(municipality: Path) -> None:
    ran = klantreis("doctor", "--data", municipality)
    assert ran.returncode == 0, ran.stdout
    assert "No event waits for the archiver" in ran.stdout


def test_the_report_is_written_in_every_form(municipality: Path) -> None:
    for form in ("nl.html", "en.html", "nl.txt", "en.txt", "json"):
        assert (municipality / "reports" / f"zwerfvuil.{form}").stat().st_size > 1000
    report = _report(municipality, "zwerfvuil")
    assert report["schemaVersion"] == 1
    assert report["verdict"]["code"] == "notEnoughData"
    assert {"nl", "en"} == set(report["verdict"]["sentence"])
    assert any("simulated" in caveat for caveat in report["caveats"])


def test_units_are_the_browsers_that_the_truth_knows(municipality: Path) -> None:
    truth = pd.read_parquet(municipality / "truth.parquet")
    for name in ("zwerfvuil", "schuldhulp"):
        counted = {variant["name"]: variant["units"] for variant in _report(municipality, name)["variants"]}
        for variant, units in counted.items():
            met = truth[truth["exposures"].str.contains(f"{name}={variant}", regex=False)]
            assert units == met["person"].nunique()


def test_every_event_is_in_a_question_or_set_aside(municipality: Path) -> None:
    ran = klantreis("journeys", "--format", "json", "--data", municipality)
    seen = json.loads(ran.stdout)
    by_task = {row["task"]: row["questions"] for row in seen["questions"]}
    assert sum(by_task.values()) == seen["overview"]["questions"]
    assert {"zwerfvuil", "schuldhulp"} <= set(by_task)
    assert sum(row["questions"] for row in seen["outcomes"]) == seen["overview"]["questions"]


def test_a_second_run_shows_the_same_and_another_one_is_refused(municipality: Path) -> None:
    again = klantreis(
        "demo", "--once", "--visitors", str(VISITORS), "--days", str(DAYS), "--data", municipality
    )
    assert again.returncode == 0
    assert "citizens visit" not in again.stderr
    other = klantreis("demo", "--once", "--visitors", "99", "--days", str(DAYS), "--data", municipality)
    assert other.returncode == 2
    assert "another demonstration" in other.stderr


def test_closing_again_changes_nothing(municipality: Path) -> None:
    before = _report(municipality, "schuldhulp")
    ran = klantreis("close", "--data", municipality)
    assert ran.returncode == 0, ran.stderr
    after = _report(municipality, "schuldhulp")
    before["createdAt"] = after["createdAt"]
    assert after == before


@pytest.fixture(scope="module")
def address(municipality: Path) -> Iterator[str]:
    """Where the municipality's server answers."""
    with serving("serve", "--demo-site", "--data", municipality) as address:
        yield address


def test_the_server_shows_the_reports_and_both_versions(address: str) -> None:
    status, body = get(f"{address}/reports/")
    assert status == 200
    assert "zwerfvuil" in body
    for language, word in (
        ("nl", "Geen oordeel: de proef is voorbij"),
        ("en", "No verdict: the experiment is over"),
    ):
        assert word in get(f"{address}/reports/zwerfvuil?lang={language}")[1]
    assert "Ik wil zwerfvuil melden" in get(f"{address}/journeys/?lang=nl")[1]
    assert "The journey from start to end" in get(f"{address}/journeys/zwerfvuil?lang=en")[1]
    assert get(f"{address}/reports/onbekend")[0] == 404
    assert "Ik wil zwerfvuil melden" in get(f"{address}/?kr_variant=zwerfvuil:redesign")[1]
    assert "Ik wil zwerfvuil melden" not in get(f"{address}/")[1]


@pytest.mark.browser
@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_pages_of_the_console_are_accessible(address: str, chromium: Browser, language: str) -> None:
    page = chromium.new_page()
    for path in ("/reports/", "/reports/zwerfvuil", "/experiments/", "/journeys/zwerfvuil"):
        page.goto(f"{address}{path}?lang={language}")
        assert page.locator("html").get_attribute("lang") == language, path
        for width in (1100, 320):
            page.set_viewport_size({"width": width, "height": 800})
            where = f"{path} in {language} at {width} pixels"
            assert violations(page) == [], where
            assert page.evaluate("document.documentElement.scrollWidth") <= width, where
    page.close()


def test_somebody_elses_installation_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "precious").write_text("x", encoding="utf-8")
    with pytest.raises(DemoError, match="leaves alone"):
        prepare(tmp_path, plan(visitors=10, days=1, seed=1, today=date(2026, 6, 1)))
    assert (tmp_path / "archive" / "precious").exists()


def test_the_simulated_weeks_are_over_and_start_on_a_monday() -> None:
    made = plan(visitors=10, days=14, seed=1, today=date(2026, 11, 22))
    assert made.first_day.weekday() == 0
    assert (date(2026, 11, 22) - made.first_day).days >= 14

# SPDX-License-Identifier: EUPL-1.2
"""The commands and jobs that look ahead: `klantreis trends` and `klantreis hints`."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from analysis import day_tables
from analysis.errors import AnalysisError
from analysis.journey_pages import Shelf
from klantreis.ahead import look_ahead
from klantreis.commands.hints import hints
from klantreis.commands.trends import trends
from klantreis.errors import KlantreisError
from klantreis.jobs import make_journeys
from klantreis.settings import load
from tests.analysis.stories import DAY
from tests.analysis.test_hints import broken_step

SETTINGS = """
[site.voorbeeldstad]
hosts = ["www.voorbeeldstad.nl"]
calendar = "calendar.toml"
"""
CALENDAR = '[[event]]\nname = "storm"\nkind = "storm"\nfrom = 2026-06-10\nnl = "Storm"\nen = "A storm"\n'


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An installation with one closed day on which a form step was broken, and a calendar."""
    (tmp_path / "klantreis.toml").write_text(SETTINGS)
    (tmp_path / "calendar.toml").write_text(CALENDAR)
    day_tables.write(tmp_path / "tables", DAY, 0, broken_step().tables())
    return tmp_path


def run(*arguments: str | Path) -> Result:
    """The command itself, without the front door, which would set up this process's log."""
    command, *rest = arguments
    return CliRunner().invoke({"trends": trends, "hints": hints}[str(command)], [*map(str, rest)])


def test_trends_are_told_and_written_for_the_page(data: Path) -> None:
    told = run("trends", "--data", data, "--language", "en")
    assert told.exit_code == 0, told.output
    assert "it takes at least 4 whole weeks, and there are 0" in told.output
    assert "A storm\tstorm\t10 June 2026" in told.output
    document = json.loads((data / "trends" / "voorbeeldstad.json").read_text())
    assert document["sentences"]["en"]["ahead"].startswith("There is no forecast yet")
    assert (data / "trends" / "voorbeeldstad.nl.html").exists()


def test_trends_of_a_task_leave_the_page_alone(data: Path) -> None:
    told = run("trends", "--data", data, "--task", "zwerfvuil", "--format", "csv")
    assert told.output.splitlines()[:2] == ["day,seen,expected,low,high", "2026-06-10,40.0,,,"]
    assert not (data / "trends").exists()


def test_hints_name_the_step_and_are_written_for_the_page(data: Path) -> None:
    told = run("hints", "zwerfvuil", "--data", data, "--language", "en")
    assert told.exit_code == 0, told.output
    assert "1. 9 of 30 questions were lost in the form on /melding/stap-3 (step 3)" in told.output
    assert "/journeys/zwerfvuil#stories" in told.output
    document = json.loads((data / "hints" / "voorbeeldstad.json").read_text())
    assert document["tasks"][0]["hints"][0]["step"] == 3
    assert json.loads(run("hints", "--data", data, "--format", "json").output)["site"] == "voorbeeldstad"


def test_the_address_is_that_of_a_page_that_is_there(tmp_path: Path) -> None:
    """Another site has the same task, on a day that was not asked for: the pages are of all four weeks."""
    (tmp_path / "klantreis.toml").write_text(SETTINGS.replace('calendar = "calendar.toml"\n', ""))
    tables = broken_step().tables()
    day_tables.write(tmp_path / "tables", DAY, 0, tables)
    before = DAY - timedelta(days=1)
    other = {"day": before.isoformat(), "site": "elders"}
    elsewhere = {
        name: table.assign(**{column: value for column, value in other.items() if column in table})
        for name, table in tables.items()
    }
    day_tables.write(tmp_path / "tables", before, 0, elsewhere)
    make_journeys(load(tmp_path), [])
    asked: list[str | Path] = [
        "--data",
        tmp_path,
        "--site",
        "voorbeeldstad",
        "--from",
        DAY.isoformat(),
        "--format",
        "json",
    ]
    address = json.loads(run("hints", *asked).output)["tasks"][0]["journeys"]
    assert address == "/journeys/voorbeeldstad.zwerfvuil#stories"
    assert Shelf(tmp_path / "journeys").has(address.removeprefix("/journeys/").partition("#")[0])


WRONG = {
    "nothing closed": (["trends"], "klantreis close"),
    "no hints without days": (["hints"], "klantreis close"),
    "another site": (["trends", "--site", "x"], 'no site "x"'),
}


@pytest.mark.parametrize(("arguments", "said"), WRONG.values(), ids=WRONG)
def test_without_days_a_sentence_says_how_to_get_some(
    arguments: list[str], said: str, tmp_path: Path
) -> None:
    (tmp_path / "klantreis.toml").write_text('[site.voorbeeldstad]\nhosts = ["a.nl"]\n')
    told = run(*arguments, "--data", tmp_path)
    assert isinstance(told.exception, KlantreisError | AnalysisError)
    assert said in str(told.exception)


def test_an_unknown_task_is_told_with_those_that_were_asked_about(data: Path) -> None:
    told = run("hints", "paspoort", "--data", data)
    assert isinstance(told.exception, KlantreisError)
    assert "Asked about: zwerfvuil" in str(told.exception)


def test_a_broken_calendar_is_told_with_its_line_and_stops_no_other_job(
    data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (data / "calendar.toml").write_text(CALENDAR.replace('"storm"\nfrom', '"strom"\nfrom'))
    told = run("trends", "--data", data)
    assert isinstance(told.exception, AnalysisError)
    assert 'calendar.toml:3: event.1.kind: "strom" is no kind' in str(told.exception)
    with caplog.at_level(logging.INFO, logger="klantreis.ahead"):
        look_ahead(load(data))
    assert "calendar.toml:3" in caplog.text
    assert (data / "hints" / "voorbeeldstad.json").exists()

# SPDX-License-Identifier: EUPL-1.2
"""Reports of experiments that may be looked at on the way, day by day, and what depends on the day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.errors import AnalysisError
from analysis.evaluate import evaluate
from analysis.rendering import render
from analysis.report import Check, Report, Result, Role, Status, VerdictCode
from experiments.definition import Looks, Variant
from tests.analysis.day_table_samples import EXPERIMENT, browsers, write

NOW = datetime(2026, 6, 8, 6, tzinfo=UTC)
START = date(2026, 6, 1)


def over_days(units: pd.DataFrame, days: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    names = [(START + timedelta(days=d)).isoformat() for d in range(days)]
    return units.assign(day=rng.choice(names, len(units)))


def running(looks: Looks, *, planned: int = 6000, days: int = 14, variants: int = 2):
    """An experiment of two weeks in which one may look."""
    shown = {2: EXPERIMENT.variants, 3: tuple(Variant(n, 1 / 3) for n in ("current", "kort", "lang"))}
    return replace(
        EXPERIMENT,
        looks=looks,
        planned_size=planned,
        ends=START + timedelta(days=days - 1),
        variants=shown[variants],
    )


def primary(report: Report) -> Result:
    return next(one for one in report.results if one.role is Role.PRIMARY)


def check(report: Report, name: str) -> Check:
    return next(one for one in report.checks if one.name == name)


@pytest.mark.parametrize("looks", [Looks.DAILY, Looks.ANY_TIME])
def test_a_boundary_on_the_way_gives_the_verdict_before_the_planned_size(
    tmp_path: Path, looks: Looks
) -> None:
    experiment = running(looks)
    units = over_days(browsers(experiment, 3000, 1, answered={"redesign": 0.65}), 4)
    report = evaluate(experiment, write(tmp_path, units), now=NOW)
    assert check(report, "plannedSize").status is Status.WARN
    assert check(report, "looks").status is Status.PASS
    assert report.verdict.code is VerdictCode.BETTER
    one = primary(report)
    assert one.p_value is not None
    assert one.p_value < 0.05
    assert one.ci is not None
    assert one.ci[0] > 0
    assert report.definitions["looks"]["when"] == looks.value
    for language in ("nl", "en"):
        assert "%" in render(report, form="text", language=language)


def test_without_looks_promised_the_same_data_must_wait(tmp_path: Path) -> None:
    experiment = running(Looks.END)
    units = over_days(browsers(experiment, 3000, 1, answered={"redesign": 0.65}), 4)
    report = evaluate(experiment, write(tmp_path, units), now=NOW)
    assert report.verdict.code is VerdictCode.NOT_ENOUGH_DATA


@pytest.mark.parametrize("looks", [Looks.DAILY, Looks.ANY_TIME])
def test_before_a_boundary_there_is_no_verdict(tmp_path: Path, looks: Looks) -> None:
    """p is near .05 by the fixed test: exactly what tempts one to stop."""
    experiment = running(looks)
    units = over_days(browsers(experiment, 2000, 3, answered={"redesign": 0.54}), 4)
    report = evaluate(experiment, write(tmp_path, units), now=NOW)
    assert report.verdict.code is VerdictCode.NOT_ENOUGH_DATA
    assert check(report, "looks").status is Status.WARN
    if looks is Looks.DAILY:
        assert primary(report).p_value is None


def test_at_the_planned_end_there_is_a_verdict_either_way(tmp_path: Path) -> None:
    experiment = running(Looks.DAILY, planned=9000, days=4)
    units = over_days(browsers(experiment, 2000, 5), 4)
    report = evaluate(experiment, write(tmp_path, units), now=NOW)
    assert report.verdict.code is VerdictCode.NO_CLEAR_DIFFERENCE
    assert "stage-wise" in primary(report).method


def test_several_variants_share_alpha(tmp_path: Path) -> None:
    experiment = running(Looks.DAILY, planned=6000, variants=3)
    units = over_days(browsers(experiment, 4500, 6, answered={"lang": 0.62}), 5)
    report = evaluate(experiment, write(tmp_path, units), now=NOW)
    found = {one.variant: one for one in report.results if one.role is Role.PRIMARY}
    lang = found["lang"]
    assert lang.p_adjusted is not None
    assert lang.p_value is not None
    assert lang.p_adjusted == pytest.approx(2 * lang.p_value)
    assert report.verdict.code is VerdictCode.BETTER


def test_a_failed_allocation_comes_before_any_boundary(tmp_path: Path) -> None:
    experiment = running(Looks.DAILY)
    units = over_days(browsers(experiment, 4000, 7, answered={"redesign": 0.7}), 4)
    lost = units[(units["variant"] == "redesign") & (units["day"] == "2026-06-02")].index[:350]
    report = evaluate(experiment, write(tmp_path, units.drop(lost)), now=NOW)
    assert check(report, "sampleRatioAnyTime").status is Status.FAIL
    assert report.verdict.code is VerdictCode.DO_NOT_USE
    ramped = evaluate(experiment, tmp_path, now=NOW, changed=["coverage"])
    assert check(ramped, "sampleRatioAnyTime").status is Status.WARN


def _told(found: Check) -> list[str]:
    """What a check on unlike parts says of each of them: 'redesign by viewport p 0.2'."""
    return found.detail.partition(": ")[2].rpartition(" (Holm")[0].split(", ")


class TestOneFigureForAll:
    @pytest.mark.parametrize(("column", "value"), [("viewport", "s"), ("daypart", "evening")])
    def test_an_effect_on_one_segment_only_is_seen_before_segments_are_read(
        self, tmp_path: Path, column: str, value: str
    ) -> None:
        units = browsers(EXPERIMENT, 6000, 8)
        rng = np.random.default_rng(9)
        some = (units[column] == value) & (units["variant"] == "redesign") & (rng.random(len(units)) < 0.4)
        units["answered"] |= some
        report = evaluate(EXPERIMENT, write(tmp_path, units), now=NOW)
        found = check(report, "segments")
        assert found.status is Status.WARN
        p_values = {line.split(" p ")[0]: float(line.split(" p ")[1]) for line in _told(found)}
        assert set(p_values) == {f"redesign by {name}" for name in ("viewport", "entry", "daypart")}
        assert min(p_values, key=lambda name: p_values[name]) == f"redesign by {column}"
        assert found.p_value == pytest.approx(3 * min(p_values.values()), rel=0.01)  # Holm over the columns

    def test_no_interaction_is_no_warning(self, tmp_path: Path) -> None:
        report = evaluate(
            EXPERIMENT, write(tmp_path, browsers(EXPERIMENT, 4000, 10, answered={"redesign": 0.6})), now=NOW
        )
        found = check(report, "segments")
        assert found.status is Status.PASS
        assert "geen verschil tussen deelgroepen" in found.sentence["nl"]

    def test_a_difference_that_fades_is_seen(self, tmp_path: Path) -> None:
        experiment = running(Looks.END, planned=2000)
        units = over_days(browsers(experiment, 4000, 11), 6)
        age = (pd.to_datetime(units["day"]) - pd.Timestamp(START)).dt.days
        new = np.random.default_rng(12).random(len(units)) < np.clip(0.6 - 0.12 * age, 0, 1)
        units["answered"] |= new & (units["variant"] == "redesign")
        report = evaluate(experiment, write(tmp_path, units), now=NOW)
        assert check(report, "novelty").status is Status.WARN

    def test_an_effect_at_weekends_only_is_seen(self, tmp_path: Path) -> None:
        experiment = running(Looks.END, planned=2000)
        units = over_days(browsers(experiment, 4000, 13), 7)
        weekend = pd.to_datetime(units["day"]).dt.day_of_week >= 5
        units["answered"] |= weekend & (units["variant"] == "redesign")
        report = evaluate(experiment, write(tmp_path, units), now=NOW)
        assert check(report, "weekdays").status is Status.WARN


class TestDaysLeftOut:
    def test_they_are_named_with_their_reason_and_with_what_they_change(self, tmp_path: Path) -> None:
        units = over_days(browsers(EXPERIMENT, 4000, 14, answered={"redesign": 0.6}), 2)
        outage = units["day"] == "2026-06-02"
        units.loc[outage & (units["variant"] == "redesign"), "answered"] = False
        root = write(tmp_path, units)
        report = evaluate(EXPERIMENT, root, now=NOW, excluded={date(2026, 6, 2): "storing van de site"})
        assert report.definitions["excludedDays"] == {"2026-06-02": "storing van de site"}
        found = check(report, "excludedDays")
        assert found.status is Status.WARN
        assert "storing van de site" in found.detail
        assert "worse" in found.detail
        assert sum(one.units for one in report.variants) == int((~outage).sum())

    def test_a_day_without_a_reason_stays(self, tmp_path: Path) -> None:
        root = write(tmp_path, browsers(EXPERIMENT, 200, 15))
        with pytest.raises(AnalysisError, match="without a reason"):
            evaluate(EXPERIMENT, root, now=NOW, excluded={date(2026, 6, 2): " "})

    def test_a_day_that_was_never_closed_changes_nothing(self, tmp_path: Path) -> None:
        root = write(tmp_path, browsers(EXPERIMENT, 200, 16))
        plain = evaluate(EXPERIMENT, root, now=NOW)
        assert evaluate(EXPERIMENT, root, now=NOW, excluded={date(2025, 1, 1): "storing"}) == plain

# SPDX-License-Identifier: EUPL-1.2
"""What no comparison can be made of: each a typed reason and a sentence, never a neutral number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from analysis import journey_tests
from analysis.errors import AnalysisError
from analysis.evaluate import evaluate_tables
from analysis.rendering import render
from analysis.report import Report, Result, Role, Status, VerdictCode
from analysis.tables import UNITS, empty
from experiments.definition import Better, Experiment, Metric, Variant
from experiments.errors import DefinitionsError
from experiments.loading import loads
from tests.analysis.day_table_samples import EXPERIMENT, browsers, tables_of
from tests.experiments.definitions import TEXT

NOW = datetime(2026, 6, 20, tzinfo=UTC)
SMALL = replace(EXPERIMENT, planned_size=1)


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here hangs on how often the variants are drawn again."""
    monkeypatch.setattr(journey_tests, "DRAWS", 19)


def evaluated(experiment: Experiment, units: pd.DataFrame) -> Report:
    return evaluate_tables(experiment, tables_of(units), now=NOW, days=["2026-06-01", "2026-06-02"])


def primary(report: Report) -> Result:
    return next(one for one in report.results if one.role is Role.PRIMARY)


def three(units: pd.DataFrame) -> pd.DataFrame:
    return units.groupby("variant").head(2).head(3)


def nobody(units: pd.DataFrame) -> pd.DataFrame:
    return empty(UNITS).assign(partition=pd.Series(dtype=int))


Spoil = Callable[[pd.DataFrame], pd.DataFrame]
REFUSED: Mapping[str, tuple[Spoil, str]] = {
    "nobody was exposed": (nobody, "noUnits"),
    "one version was never shown": (lambda units: units[units["variant"] == "current"], "noUnits"),
    "three browsers": (three, "tooFewUnits"),
    "everybody answered": (lambda units: units.assign(answered=True), "noVariation"),
    "nobody answered": (lambda units: units.assign(answered=False, submitted=False), "noVariation"),
}


@pytest.mark.parametrize(("spoil", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_typed_reason_and_no_number(spoil: Spoil, reason: str) -> None:
    units = browsers(EXPERIMENT, 400, 1)
    made = spoil(units)
    report = evaluated(SMALL, made)
    found = primary(report)
    assert (found.reason or "").partition(":")[0] == reason
    assert (found.estimate, found.ci, found.p_value) == (None, None, None)
    assert report.verdict.code in (VerdictCode.NOT_ENOUGH_DATA, VerdictCode.DO_NOT_USE)
    for language in ("nl", "en"):
        assert len(report.verdict.sentence[language]) > 20
        for form in ("text", "html", "csv"):
            assert "nan" not in render(report, form=form, language=language).lower().split()


def test_a_count_that_is_the_same_for_everybody_has_no_variation() -> None:
    counted = replace(SMALL, primary=Metric("pages", Better.LOWER))
    found = primary(evaluated(counted, browsers(EXPERIMENT, 400, 2).assign(pages=3)))
    assert (found.reason or "").startswith("noVariation")


def test_a_metric_of_one_version_only_is_refused_beside_a_verdict() -> None:
    units = browsers(EXPERIMENT, 3000, 3, answered={"redesign": 0.65})
    control = units["variant"] == "current"
    units["started"] &= ~control
    units["submitted"] &= ~control
    report = evaluated(EXPERIMENT, units)
    form = next(one for one in report.results if one.metric == "form_success")
    assert form.values is None
    assert (form.reason or "").partition(":")[0] in ("zeroDenominator", "tooFewBuckets", "noUnits")
    assert report.verdict.code is VerdictCode.BETTER


def test_weights_that_do_not_fit_void_the_comparison() -> None:
    report = evaluated(
        replace(EXPERIMENT, variants=(Variant("current", 0.9), Variant("redesign", 0.1))),
        browsers(EXPERIMENT, 2000, 4),
    )
    failed = {one.name for one in report.checks if one.status is Status.FAIL}
    assert "sampleRatio" in failed
    assert report.verdict.code is VerdictCode.DO_NOT_USE


IMPOSSIBLE = {
    "one variant": (Variant("current", 1.0),),
    "a treatment named like the control": (Variant("current", 0.5), Variant("current", 0.5)),
}


@pytest.mark.parametrize("variants", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_variants_that_cannot_be_compared(variants: tuple[Variant, ...]) -> None:
    units = browsers(EXPERIMENT, 200, 5)
    with pytest.raises(AnalysisError, match=r"Expected the control|Give each its own name"):
        evaluated(replace(EXPERIMENT, variants=variants), units)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(("table", "column"), [("buckets", "pages_sum"), ("strata", "answered_squares")])
def test_a_sum_that_is_no_number_is_named(table: str, column: str, value: float) -> None:
    tables = tables_of(browsers(EXPERIMENT, 200, 6))
    tables[table].loc[tables[table].index[0], column] = value
    with pytest.raises(AnalysisError, match=f"{table} .* {column}"):
        evaluate_tables(EXPERIMENT, tables, now=NOW, days=["2026-06-01"])


WRITTEN = {
    "one variant": ("redesign = 50\n", "", "two or more names with their weights"),
    "a treatment named like the control": ("redesign = 50", "current = 50", "is not valid TOML"),
    "a weight of nothing": ("redesign = 50", "redesign = 0", "a weight above 0"),
    "a weight that is no number": ("redesign = 50", "redesign = nan", "a weight above 0"),
    "a weight without end": ("redesign = 50", "redesign = inf", "a weight above 0"),
    "a margin that is no number": ("margin = 0.03", "margin = nan", "a margin above 0"),
    "a cap without end": ('metric = "answered"', 'metric = "pages"\ncap = inf', "a value above 0"),
    "a cap on a share": ('metric = "answered"', 'metric = "answered"\ncap = 3', "has no outliers to cut"),
    "an adjusted time": (
        '"answered"\nbetter = "higher"',
        '"time"\nbetter = "lower"',
        "time cannot be adjusted",
    ),
    "adjusted as a word": ("planned_size", 'adjusted = "yes"\nplanned_size', "expected true or false"),
    "adjusted with looks": ("planned_size", 'looks = "daily"\nplanned_size', "is told once, at the end"),
}


@pytest.mark.parametrize(("old", "new", "sentence"), WRITTEN.values(), ids=WRITTEN)
def test_a_definition_that_cannot_be_is_told_with_its_line(old: str, new: str, sentence: str) -> None:
    text = TEXT.replace(old, new, 1)
    if "adjusted" not in text:
        text = text.replace("planned_size", "adjusted = true\nplanned_size", 1)
    with pytest.raises(DefinitionsError, match=sentence):
        loads(text)

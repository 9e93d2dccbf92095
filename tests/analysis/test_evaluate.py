# SPDX-License-Identifier: EUPL-1.2
"""From day tables to a report: the verdict, what voids it, and that it hangs on nothing but the sums."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np
import pandas as pd
import pytest

from analysis.day_tables import closed_days
from analysis.errors import AnalysisError
from analysis.estimates import multiplicity
from analysis.evaluate import TABLES, _read, evaluate, evaluate_tables
from analysis.picture_data import followed
from analysis.report import Estimand, Report, Result, Role, VerdictCode, from_json, to_json
from experiments.definition import Better, Guardrail, Metric, Variant
from tests.analysis.day_table_samples import EXPERIMENT, browsers, write

NOW = datetime(2026, 6, 20, tzinfo=UTC)
BETTER = {"redesign": 0.6}

#: Names that `docs/design.md` promises to others.
CONTRACT = {"experiment", "control", "period", "definitions", "checks", "variants", "results", "setAside"}
CONTRACT |= {"schemaVersion", "verdict", "caveats"}
RESULT_CONTRACT = {"metric", "estimand", "segment", "variant", "control", "kind", "n", "values", "estimate"}
RESULT_CONTRACT |= {"ci", "relative", "relativeCi", "pValue", "pAdjusted", "method", "role"}


def only(report: Report, metric: str, estimand: Estimand = Estimand.VISITOR, **wanted: object) -> Result:
    """The one result of a metric, over everyone unless told."""
    wanted = {"segment": None, **wanted}
    found = [
        one
        for one in report.results
        if (one.metric, one.estimand) == (metric, estimand)
        and all(getattr(one, name) == value for name, value in wanted.items())
    ]
    assert len(found) == 1, found
    return found[0]


def status(report: Report, name: str) -> str:
    return next(check.status.value for check in report.checks if check.name == name)


@pytest.fixture(scope="module")
def better(tmp_path_factory: pytest.TempPathFactory) -> Report:
    root = write(tmp_path_factory.mktemp("tables"), browsers(EXPERIMENT, 3000, 1, answered=BETTER))
    return evaluate(EXPERIMENT, root, now=NOW)


def test_a_planted_effect_is_found_with_its_size(better: Report) -> None:
    primary = only(better, "answered")
    assert better.verdict.code is VerdictCode.BETTER
    assert primary.role is Role.PRIMARY
    assert primary.ci is not None
    assert primary.ci[0] < 0.1 < primary.ci[1]
    assert set(better.verdict.sentence) == {"nl", "en"}
    assert "bezoekers" in better.verdict.sentence["nl"]
    assert all(check.status.value == "pass" for check in better.checks)


def test_all_estimands_and_measures_are_there(better: Report) -> None:
    kinds = {(one.metric, one.estimand, one.kind) for one in better.results}
    assert {
        ("answered", Estimand.VISITOR, "proportion"),
        ("answered", Estimand.FIRST_QUESTION, "proportion"),
        ("answered", Estimand.QUESTION, "ratio"),
        ("time_s", Estimand.VISITOR, "time"),
        ("contacted", Estimand.VISITOR, "proportion"),
        ("pages", Estimand.VISITOR, "mean"),
        ("searches", Estimand.VISITOR, "mean"),
        ("form_success", Estimand.VISITOR, "ratio"),
    } <= kinds
    assert {one.segment for one in better.results} >= {None, "viewport=s", "entry=direct"}
    assert only(better, "contacted").unbroken is True


def test_counts_reconcile_with_the_units(better: Report) -> None:
    units = browsers(EXPERIMENT, 3000, 1, answered=BETTER)
    for variant in better.variants:
        mine = units[units["variant"] == variant.name]
        assert variant.units == len(mine)
        assert variant.questions == mine["questions"].sum()
    primary = only(better, "answered")
    assert primary.values == tuple(
        units.loc[units["variant"] == name, "answered"].mean() for name in ("current", "redesign")
    )
    for column in ("viewport=", "entry=", "daypart="):
        segments = [one.n for one in better.results if (one.segment or "").startswith(column)]
        assert tuple(np.sum(segments, axis=0)) == primary.n


def test_segments_are_corrected_with_the_rest_of_the_exploration(better: Report) -> None:
    explored = [one for one in better.results if one.role is Role.SECONDARY and one.metric != "time_s"]
    segments = {one.segment for one in explored if one.segment}
    assert {segment.partition("=")[0] for segment in segments} == {"viewport", "entry", "daypart"}
    tested = [one for one in explored if one.p_value is not None]
    assert [one.p_adjusted for one in tested] == pytest.approx(
        multiplicity.benjamini_hochberg([one.p_value for one in tested])
    )


def test_a_segment_of_fewer_than_five_browsers_is_not_told(tmp_path: Path) -> None:
    units = browsers(EXPERIMENT, 3000, 1)
    for variant, few in (("current", 40), ("redesign", 4)):
        units.loc[units[units["variant"] == variant].index[:few], "daypart"] = "night"
    report = evaluate(EXPERIMENT, write(tmp_path, units), now=NOW)
    told = {one.segment for one in report.results}
    assert "daypart=evening" in told
    assert "daypart=night" not in told


def test_a_column_of_segments_that_some_days_do_not_have_is_left_out(tmp_path: Path) -> None:
    """Days that were closed before a column was a segment hold no rows of it: a part is not the whole."""
    root = write(tmp_path, browsers(EXPERIMENT, 3000, 1))
    read = {name: _read(root, name, closed_days(root), EXPERIMENT.name) for name in TABLES}
    buckets = read["buckets"]
    early = buckets["segment"].str.startswith("daypart=") & (buckets["bucket"] < 500)
    report = evaluate_tables(
        EXPERIMENT, {**read, "buckets": buckets[~early]}, now=NOW, days=["2026-06-01", "2026-06-02"]
    )
    columns = {(one.segment or "").partition("=")[0] for one in report.results}
    assert columns == {"", "viewport", "entry"}
    check = next(one for one in report.checks if one.name == "segments")
    assert "daypart" not in check.detail


def test_json_keeps_the_contract_and_comes_back_as_it_was(better: Report) -> None:
    written = json.loads(to_json(better))
    assert written["schemaVersion"] == 1
    assert set(written) >= CONTRACT
    assert set(written["results"][0]) >= RESULT_CONTRACT
    assert written["period"] == {"from": "2026-06-01", "to": "2026-06-02"}
    assert written["createdAt"] == "2026-06-20T00:00:00Z"
    assert to_json(from_json(to_json(better))) == to_json(better)


def test_pictures_have_their_numbers(better: Report) -> None:
    curves = better.pictures.time_to_answer
    assert [curve.variant for curve in curves] == ["current", "redesign"]
    for curve in curves:
        assert len(curve.time_s) == len(curve.answered) == len(curve.low) == len(curve.high)
        assert all(
            low <= value <= high
            for low, value, high in zip(curve.low, curve.answered, curve.high, strict=True)
        )
        assert curve.answered[-1] + curve.elsewhere[-1] + curve.abandoned[-1] <= 1.0001
    assert sum(flow.questions for flow in better.pictures.flows) == sum(v.questions for v in better.variants)
    assert {beat.mean for beat in better.pictures.heartbeats} == {1.0}


def test_a_report_names_no_place_that_fewer_than_five_visitors_came_to() -> None:
    """A path of one visitor with nine questions, one that four took in one version, one that five did."""
    rows = [
        ("current", 0, "start", "/veel", 40, 40),
        ("redesign", 0, "start", "/veel", 30, 30),
        ("current", 1, "/veel", "/een-bezoeker", 9, 1),
        ("redesign", 1, "/veel", "/vier", 4, 4),
        ("current", 1, "/veel", "/vijf", 3, 3),
        ("redesign", 1, "/veel", "/vijf", 2, 2),
        ("current", 2, "/een-bezoeker", "answered", 9, 1),
        ("elders", 1, "/veel", "/vier", 90, 90),
    ]
    columns = ["variant", "order", "source", "target", "questions", "visitors"]
    told = followed(pd.DataFrame(rows, columns=columns), ["current", "redesign"])
    assert [(one.variant, one.source, one.target, one.questions) for one in told] == [
        ("current", "start", "/veel", 40),
        ("current", "/veel", "/vijf", 3),
        ("current", "/veel", "other", 9),
        ("current", "other", "answered", 9),
        ("redesign", "start", "/veel", 30),
        ("redesign", "/veel", "/vijf", 2),
        ("redesign", "/veel", "other", 4),
    ]


@pytest.mark.parametrize("partitions", [2, 5])
def test_partitions_and_days_change_nothing_but_where_rows_lie(
    better: Report, tmp_path: Path, partitions: int
) -> None:
    units = browsers(EXPERIMENT, 3000, 1, answered=BETTER).sample(frac=1, random_state=2)
    units["partition"] = np.arange(len(units)) % partitions
    units["day"] = np.where(np.arange(len(units)) % 2, "2026-06-01", "2026-06-02")
    again = evaluate(EXPERIMENT, write(tmp_path, units), now=NOW)
    way = msgspec.structs.replace(again.second, progress=better.second.progress)
    assert msgspec.structs.replace(again, period=better.period, checks=(), second=way) == (
        msgspec.structs.replace(better, checks=())
    )
    by_day = {"sampleRatioAnyTime", "weekdays", "novelty", "exposureLost"}  # these ask which day it was
    assert [c for c in again.checks if c.name not in by_day] == [
        c for c in better.checks if c.name not in by_day
    ]


def test_without_an_effect_there_is_no_clear_difference(tmp_path: Path) -> None:
    report = evaluate(EXPERIMENT, write(tmp_path, browsers(EXPERIMENT, 3000, 3)), now=NOW)
    assert report.verdict.code is VerdictCode.NO_CLEAR_DIFFERENCE


def test_a_worse_version_is_called_worse(tmp_path: Path) -> None:
    units = browsers(EXPERIMENT, 3000, 4, answered={"redesign": 0.4})
    report = evaluate(EXPERIMENT, write(tmp_path, units), now=NOW)
    assert report.verdict.code is VerdictCode.WORSE


def test_before_the_planned_size_there_is_no_verdict(tmp_path: Path) -> None:
    units = browsers(EXPERIMENT, 1900, 5, answered={"redesign": 0.8})
    report = evaluate(EXPERIMENT, write(tmp_path, units), now=datetime(2026, 6, 5, tzinfo=UTC))
    assert report.verdict.code is VerdictCode.NOT_ENOUGH_DATA
    assert status(report, "plannedSize") == "warn"
    assert "1.900" in report.verdict.sentence["nl"]


def test_a_guardrail_that_broke_holds_back_a_better_version(tmp_path: Path) -> None:
    units = browsers(EXPERIMENT, 4000, 6, answered=BETTER, contacted={"redesign": 0.6})
    report = evaluate(EXPERIMENT, write(tmp_path, units), now=NOW)
    assert only(report, "contacted").unbroken is False
    assert report.verdict.code is VerdictCode.NO_CLEAR_DIFFERENCE


def test_an_uncertain_guardrail_is_not_an_unbroken_one(tmp_path: Path) -> None:
    tight = replace(EXPERIMENT, guardrails=(Guardrail(Metric("contacted", Better.LOWER), 0.001),))
    report = evaluate(tight, write(tmp_path, browsers(tight, 3000, 7, answered=BETTER)), now=NOW)
    assert only(report, "contacted").unbroken is None
    assert report.verdict.code is VerdictCode.NO_CLEAR_DIFFERENCE


def lost_exposures(units):
    return units.drop(units[units["variant"] == "redesign"].sample(frac=0.25, random_state=1).index)


def cached_cookie(units):
    city = units[units["bucket"] == units["bucket"].iloc[0]]
    return units.loc[[*units.index, *city.index.repeat(40)]]


def other_variant(units):
    units = units.copy()
    wrong = units.sample(frac=0.01, random_state=1).index
    units.loc[wrong, "variant"] = units.loc[wrong, "variant"].map(
        {"current": "redesign", "redesign": "current"}
    )
    return units


VOID = [
    pytest.param(lost_exposures, {}, "sampleRatio", id="a quarter of the exposures of one variant lost"),
    pytest.param(cached_cookie, {}, "bucketDispersion", id="a cached cookie"),
    pytest.param(other_variant, {}, "exposureMismatch", id="rows under another variant than the hash gives"),
    pytest.param(
        lambda units: units,
        {"variant differs from the hash of the bucket": 4},
        "exposureMismatch",
        id="mismatches that were set aside above one in a thousand",
    ),
]


@pytest.mark.parametrize(("spoil", "set_aside", "check"), VOID)
def test_a_failed_condition_voids_the_verdict(tmp_path: Path, spoil, set_aside, check) -> None:
    units = spoil(browsers(EXPERIMENT, 3000, 8, answered=BETTER))
    report = evaluate(EXPERIMENT, write(tmp_path, units, set_aside), now=NOW)
    assert status(report, check) == "fail"
    assert report.verdict.code is VerdictCode.DO_NOT_USE


def test_rows_set_aside_are_reported_by_reason(tmp_path: Path) -> None:
    root = write(
        tmp_path, browsers(EXPERIMENT, 3000, 9), {"variant differs from the hash of the bucket": 2, "bot": 7}
    )
    report = evaluate(EXPERIMENT, root, now=NOW)
    assert {one.reason: one.rows for one in report.set_aside} == {
        "variant differs from the hash of the bucket": 2,
        "bot": 7,
    }
    assert status(report, "exposureMismatch") == "warn"


def test_three_variants_are_each_compared_with_the_control_and_corrected(tmp_path: Path) -> None:
    three = replace(
        EXPERIMENT, variants=(Variant("current", 0.34), Variant("kort", 0.33), Variant("lang", 0.33))
    )
    units = browsers(three, 4000, 10, answered={"kort": 0.58, "lang": 0.5})
    report = evaluate(three, write(tmp_path, units), now=NOW)
    primary = [one for one in report.results if one.role is Role.PRIMARY]
    assert [one.variant for one in primary] == ["kort", "lang"]
    assert primary[0].p_adjusted == pytest.approx(2 * (primary[0].p_value or 0))
    assert report.verdict.code is VerdictCode.BETTER
    assert "kort" in report.verdict.sentence["nl"]


def test_what_was_changed_after_the_start_is_flagged(tmp_path: Path) -> None:
    root = write(tmp_path, browsers(EXPERIMENT, 3000, 11, answered=BETTER))
    assert evaluate(EXPERIMENT, root, now=NOW, changed=["approved_by"]).verdict.code is VerdictCode.BETTER
    assert evaluate(EXPERIMENT, root, now=NOW, changed=["primary"]).verdict.code is VerdictCode.DO_NOT_USE


def test_nobody_yet_is_not_enough_data_and_no_number(tmp_path: Path) -> None:
    report = evaluate(EXPERIMENT, tmp_path, now=NOW)
    assert report.verdict.code is VerdictCode.NOT_ENOUGH_DATA
    assert all(one.p_value is None and one.reason is not None for one in report.results)


def test_everybody_answered_is_a_reason_and_no_p_of_one(tmp_path: Path) -> None:
    units = browsers(EXPERIMENT, 3000, 12, answered={"current": 1.0, "redesign": 1.0})
    report = evaluate(EXPERIMENT, write(tmp_path, units), now=NOW)
    primary = only(report, "answered")
    assert primary.p_value is None
    assert (primary.reason or "").startswith("noVariation")
    assert only(report, "contacted").unbroken is True  # nobody called: within the margin


@pytest.mark.parametrize("name", ["omzet", "form_success", "all_questions"])
def test_a_primary_metric_that_is_not_one_over_all_visitors_is_refused(tmp_path: Path, name: str) -> None:
    odd = replace(EXPERIMENT, primary=Metric(name, Better.HIGHER))
    with pytest.raises(AnalysisError, match="answered"):
        evaluate(odd, tmp_path, now=NOW)


@pytest.mark.parametrize("name", ["answered", "time_s", "pages", "first_answered"])
def test_every_primary_metric_gets_a_verdict_in_two_languages(tmp_path: Path, name: str) -> None:
    other = replace(EXPERIMENT, primary=Metric(name, Better.HIGHER), secondary=())
    report = evaluate(other, write(tmp_path, browsers(other, 2100, 13)), now=NOW)
    assert report.verdict.code is not VerdictCode.NOT_ENOUGH_DATA
    assert all(report.verdict.sentence[language] for language in ("nl", "en"))

# SPDX-License-Identifier: EUPL-1.2
"""From day-table rows to transitions, paths and heartbeats compared, by bucket."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pandas as pd
import pytest

from analysis.bucket_table import BucketTable
from analysis.estimates.multiplicity import holm
from analysis.journey_tests import heartbeats, transitions
from analysis.phrases.second import SECOND
from analysis.rendering.second_figures import flow_difference
from experiments.definition import Variant
from tests.analysis.day_table_samples import EXPERIMENT, browsers, tables_of
from tests.analysis.sample_reports import report

UNITS = browsers(EXPERIMENT, 2500, 1)
TABLES = tables_of(UNITS)
TABLE = BucketTable.of(TABLES["buckets"], TABLES["times"])


def by_bucket(units: pd.DataFrame = UNITS) -> pd.DataFrame:
    keys = ["experiment", "variant", "bucket"]
    return units.groupby(keys, as_index=False)["questions"].sum()


def moved(effect: float, seed: int = 2, units: pd.DataFrame = UNITS) -> pd.DataFrame:
    """Of a bucket's questions some go to the search, the rest to the menu; in the redesign more to search."""
    rng = np.random.default_rng(seed)
    rows = by_bucket(units)
    rate = np.clip(rng.normal(0.4, 0.1, len(rows)) + effect * (rows["variant"] == "redesign"), 0, 1)
    search = rng.binomial(rows["questions"], rate)
    parts = [
        rows.assign(source="start", target="search", times=search),
        rows.assign(source="start", target="/menu", times=rows["questions"] - search),
    ]
    return pd.concat(parts, ignore_index=True)


def felt(shift: float, given: bool = True) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    rows = by_bucket()
    mood = rng.normal(0, 1, len(rows)) + shift * (rows["variant"] == "redesign")
    beat = np.digitize(mood, [-0.7, 0.7]) - 1
    return rows.assign(phase="evaluatie", given=given, heartbeat=beat, touchpoints=rows["questions"])


def test_a_planted_transition_is_found_in_both_views() -> None:
    found, apart = transitions(EXPERIMENT, TABLE, moved(0.15))
    search = next(one for one in found if one.target == "search")
    assert search.p_any < 0.01
    assert search.values[1] - search.values[0] == pytest.approx(0.15, abs=0.06)
    assert apart[0].p_value < 0.01
    assert apart[0].distance > apart[0].expected


def test_without_an_effect_chance_explains_it() -> None:
    found, apart = transitions(EXPERIMENT, TABLE, moved(0.0))
    assert min(one.p_any for one in found) > 0.05
    assert apart[0].p_value > 0.05


def test_several_variants_are_corrected_for() -> None:
    """Whether *some* transition of *some* version differs is asked as often as there are versions."""
    control, first, second = (Variant(name, 1 / 3) for name in ("current", "kort", "lang"))
    three = replace(EXPERIMENT, variants=(control, first, second))
    units = browsers(three, 3000, 4)
    tables = tables_of(units)
    table = BucketTable.of(tables["buckets"], tables["times"])
    frame = moved(0.0, units=units)
    found, apart = transitions(three, table, frame)
    alone = {
        one.name: transitions(replace(three, variants=(control, one)), table, frame)
        for one in (first, second)
    }
    for one in found:
        single = next(each for each in alone[one.variant][0] if each.target == one.target)
        assert one.p_value == single.p_value
        assert one.p_any == pytest.approx(min(1.0, 2 * single.p_any))
    assert [one.p_value for one in apart] == [alone[one.variant][1][0].p_value for one in apart]
    assert [one.p_adjusted for one in apart] == pytest.approx(holm([one.p_value for one in apart]))


def test_the_page_tells_the_corrected_distance() -> None:
    """p .03 of a version by itself, beside another, is no clear change of the paths."""
    shown = report()
    plain = shown.paths[0]
    sentences = {}
    for name, adjusted in (("clear", 0.03), ("unclear", 0.06)):
        paths = (msgspec.structs.replace(plain, p_value=0.03, p_adjusted=adjusted),)
        figure = flow_difference(msgspec.structs.replace(shown, paths=paths), "en")
        assert figure is not None
        sentences[name] = figure.sentence
    for name, sentence in sentences.items():
        assert SECOND["en"][f"flow_apart_{name}"] in sentence


def test_rows_in_any_order_and_parts_are_the_same() -> None:
    frame = moved(0.1)
    half = frame.assign(times=frame["times"] // 2)
    rest = frame.assign(times=frame["times"] - half["times"])
    parts = pd.concat([rest, half]).sample(frac=1, random_state=1)
    assert transitions(EXPERIMENT, TABLE, parts) == transitions(EXPERIMENT, TABLE, frame)


def test_no_rows_are_no_transitions() -> None:
    assert transitions(EXPERIMENT, TABLE, moved(0.0).iloc[:0]) == ((), ())


def test_a_better_feeling_is_found_and_what_was_not_said_is_told_as_unmeasured() -> None:
    found = {one.metric: one for one in heartbeats(EXPERIMENT, TABLE, felt(0.6))}
    given, inferred = found["heartbeat_given"], found["heartbeat_inferred"]
    assert given.estimate is not None
    assert given.estimate > 0.1
    assert given.p_value is not None
    assert given.p_value < 0.01
    assert inferred.estimate is None
    assert (inferred.reason or "").startswith("unmeasured")


def test_how_often_they_said_so_comes_first() -> None:
    frame = felt(0.0)
    silent = (frame["variant"] == "redesign") & (frame["bucket"] % 2 == 0)
    first = heartbeats(EXPERIMENT, TABLE, frame[~silent])[0]
    assert first.metric == "heartbeat_responses"
    assert first.values == pytest.approx((1.0, 0.5), abs=0.1)
    assert first.p_value is not None
    assert first.p_value < 0.001

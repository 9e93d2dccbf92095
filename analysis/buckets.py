# SPDX-License-Identifier: EUPL-1.2
"""Bucket tables: what an experiment of any size ends as, and what adds up over days and partitions.

Rows of equal (experiment, variant, bucket, segment) are added before any variance is taken: a bucket spans
days and partitions, and merging variances per partition is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analysis.frames import build, conform
from analysis.tables import BUCKETS, QUESTION_MEASURES, TIMES, UNIT_MEASURES, Column, Outcome, empty

KEYS = ("experiment", "variant", "bucket", "segment")
TIME_KEYS = (*KEYS, "time_s", "cause")
SEGMENTS = ("viewport", "entry")


def buckets_table(units: pd.DataFrame, exposed: pd.DataFrame, questions: pd.DataFrame) -> pd.DataFrame:
    """`BUCKETS` of one (DAY, partition) from its `units` and from `units.exposed_questions`."""
    parts = []
    if len(units):
        asked = units["first_answered"] >= 0
        measures: dict[str, object] = {"units": np.ones(len(units), np.int64)}
        for name in UNIT_MEASURES:
            measures[f"{name}_sum"] = units[name].astype("float64")
            measures[f"{name}_squares"] = units[name].astype("float64") ** 2
        measures["first_questions"] = asked.astype("int64")
        measures["first_answered_sum"] = units["first_answered"].clip(lower=0).astype("float64")
        parts.append(_by_segment(units, measures))
    if len(exposed):
        mine = questions.iloc[exposed["question"].to_numpy()].reset_index(drop=True)
        mine = mine.assign(**{name: exposed[name] for name in ("experiment", "variant", "bucket")})
        values = {
            "success": mine["success"],
            "contact": mine["outcome"] == Outcome.CHANNEL_SHIFT.value,
            "pages": mine["pages"],
            "searches": mine["searches"],
        }
        measures = {"all_questions": np.ones(len(mine), np.int64)}
        measures |= {f"question_{name}_sum": values[name].astype("float64") for name in QUESTION_MEASURES}
        parts.append(_by_segment(mine, measures))
    if not parts:
        return empty(BUCKETS)
    rows = pd.concat(parts, ignore_index=True).reindex(columns=list(BUCKETS)).fillna(0)
    return add_up(rows, BUCKETS, KEYS)


def times_table(units: pd.DataFrame) -> pd.DataFrame:
    """`TIMES` of one (DAY, partition): how often each time occurred, in whole seconds rounded up."""
    if not len(units):
        return empty(TIMES)
    timed = units.assign(time_s=np.ceil(units["time_s"]).astype("int32"))
    rows = _by_segment(timed, {"time_s": timed["time_s"], "cause": timed["cause"], "units": 1})
    return add_up(rows, TIMES, TIME_KEYS)


def add_up(rows: pd.DataFrame, columns: Mapping[str, Column], keys: tuple[str, ...]) -> pd.DataFrame:
    """Rows of equal keys added; tables of other days or partitions go in one below the other.

    Raises `TableError` where the rows lack a declared column.
    """
    if not len(rows):
        return empty(columns)
    summed = rows.groupby(list(keys), sort=True, observed=True, as_index=False).sum()
    return conform(build({name: summed[name] for name in summed.columns}, columns), columns)


def _by_segment(frame: pd.DataFrame, measures: Mapping[str, object]) -> pd.DataFrame:
    """The rows once for everyone, and once for every segment they belong to."""
    keys = {name: frame[name] for name in ("experiment", "variant", "bucket")}
    segments = {"": pd.Series("", index=frame.index, dtype="str")}
    segments |= {name: (name + "=" + frame[name]).astype("str") for name in SEGMENTS}
    parts = [pd.DataFrame({**keys, "segment": segment, **measures}) for segment in segments.values()]
    return pd.concat(parts, ignore_index=True)

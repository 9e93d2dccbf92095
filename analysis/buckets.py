# SPDX-License-Identifier: EUPL-1.2
"""Bucket tables: what an experiment of any size ends as, and what adds up over days and partitions.

Rows of equal (experiment, variant, bucket, segment) are added before any variance is taken: a bucket spans
days and partitions, and merging variances per partition is wrong.
"""

from __future__ import annotations

import polars as pl

from analysis.frames import added_up
from analysis.groups import Groups
from analysis.tables import BUCKETS, QUESTION_MEASURES, TIMES, UNIT_MEASURES, Outcome

KEYS = ("experiment", "variant", "bucket", "segment")
TIME_KEYS = ("experiment", "variant", "segment", "time_s", "cause")
#: Columns of `UNITS` and of `QUESTIONS` that make segments: all known at the first exposure. The persona,
#: which joins them with two others, is no segment, since few browsers share one. Nor is either of those two:
#: whether a visit is a repeat is in part what the variant did, and whom a task is for is as late as the task.
SEGMENTS = ("viewport", "entry", "daypart")
_MEASURED = ("success", "outcome", "pages", "searches")


def buckets_table(units: pl.DataFrame, exposed: Groups, questions: pl.DataFrame) -> pl.DataFrame:
    """`BUCKETS` of one (DAY, partition), from its `UNITS` and from `exposed.exposed_questions`."""
    asked = pl.col("first_answered") >= 0
    of_units = by_segment(units).select(
        *KEYS,
        pl.lit(1, pl.Int64).alias("units"),
        *(pl.col(name).cast(pl.Float64).alias(f"{name}_sum") for name in UNIT_MEASURES),
        *((pl.col(name).cast(pl.Float64) ** 2).alias(f"{name}_squares") for name in UNIT_MEASURES),
        asked.cast(pl.Int64).alias("first_questions"),
        pl.col("first_answered").clip(0).cast(pl.Float64).alias("first_answered_sum"),
    )
    names, told = exposed.names[exposed.group], questions.select(*SEGMENTS, *_MEASURED)
    mine = pl.concat([names, told[exposed.question]], how="horizontal")
    values = {
        "success": pl.col("success"),
        "contact": pl.col("outcome") == Outcome.CHANNEL_SHIFT.value,
        "pages": pl.col("pages"),
        "searches": pl.col("searches"),
    }
    of_questions = by_segment(mine).select(
        *KEYS,
        pl.lit(1, pl.Int64).alias("all_questions"),
        *(values[name].cast(pl.Float64).alias(f"question_{name}_sum") for name in QUESTION_MEASURES),
    )
    rows = pl.concat([of_units, of_questions], how="diagonal").fill_null(0)
    return added_up(rows, BUCKETS, KEYS)


def times_table(units: pl.DataFrame) -> pl.DataFrame:
    """`TIMES` of one (DAY, partition): how often each time occurred, in whole seconds rounded up."""
    rows = by_segment(units).select(
        *TIME_KEYS[:3], pl.col("time_s").ceil().cast(pl.Int32), "cause", pl.lit(1, pl.Int64).alias("units")
    )
    return added_up(rows, TIMES, TIME_KEYS)


def by_segment(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows once for everyone (segment \'\'), and once for every segment that they belong to."""
    segments = [pl.lit(""), *(pl.concat_str(pl.lit(f"{name}="), pl.col(name)) for name in SEGMENTS)]
    return pl.concat([frame.with_columns(segment.alias("segment")) for segment in segments])

# SPDX-License-Identifier: EUPL-1.2
"""Value counts and strata: the sums of units that a cap, a heavy tail or an explanation beforehand needs."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from analysis.buckets import by_segment
from analysis.frames import added_up
from analysis.tables import COUNTED, KNOWN, SAID, STRATA, UNIT_MEASURES, VALUES

VALUE_KEYS = ("experiment", "definition", "variant", "segment", "measure", "cause", "value")
STRATUM_KEYS = ("experiment", "variant", *KNOWN)
SAID_KEYS = ("experiment", "variant", "inferred", "asked")

#: What a metric of another definition is made of.
TOLD = (*UNIT_MEASURES, "first_answered")


def values_table(units: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """`VALUES` of one (DAY, partition): counts as promised, and all measures by other definitions.

    `others` are units by another definition, its name in a column `definition`.
    """
    promised = by_segment(units).with_columns(definition=pl.lit(""))
    other = others.with_columns(segment=pl.lit(""))
    rows = pl.concat([_counts(promised, COUNTED), _counts(other, TOLD), _times(other)])
    return added_up(rows, VALUES, VALUE_KEYS)


def strata_table(units: pl.DataFrame) -> pl.DataFrame:
    """`STRATA` of one (DAY, partition)."""
    rows = units.select(
        *STRATUM_KEYS,
        pl.lit(1, pl.Int64).alias("units"),
        *(pl.col(name).cast(pl.Float64).alias(f"{name}_sum") for name in UNIT_MEASURES),
        *((pl.col(name).cast(pl.Float64) ** 2).alias(f"{name}_squares") for name in UNIT_MEASURES),
        pl.col("first_answered").clip(0).cast(pl.Float64).alias("first_answered_sum"),
    )
    return added_up(rows, STRATA, STRATUM_KEYS)


def said_table(units: pl.DataFrame) -> pl.DataFrame:
    """`SAID` of one (DAY, partition): the units that said something."""
    rows = units.filter(pl.col("said") >= 0).select(
        "experiment", "variant", inferred="answered", asked="said", units=pl.lit(1, pl.Int64)
    )
    return added_up(rows, SAID, SAID_KEYS)


def _counts(units: pl.DataFrame, measures: Sequence[str]) -> pl.DataFrame:
    return units.unpivot(
        list(measures),
        index=["experiment", "definition", "variant", "segment"],
        variable_name="measure",
        value_name="value",
    ).select(
        *VALUE_KEYS[:5],
        pl.lit("").alias("cause"),
        pl.col("value").cast(pl.Int32).clip(0),
        pl.lit(1, pl.Int64).alias("units"),
    )


def _times(units: pl.DataFrame) -> pl.DataFrame:
    return units.select(
        *VALUE_KEYS[:4],
        pl.lit("time_s").alias("measure"),
        "cause",
        pl.col("time_s").ceil().cast(pl.Int32).alias("value"),
        pl.lit(1, pl.Int64).alias("units"),
    )

# SPDX-License-Identifier: EUPL-1.2
"""The touchpoints of a task: how many questions came there, how many ended there, and how it felt.

A heartbeat belongs to the place it is about, hence to the phase in which the question was there: a mark on
a form is about filling in. That it was given is a touchpoint of its own, `feedback`, in the evaluation.
"""

from __future__ import annotations

import polars as pl

from analysis.flows import groups_of, steps_of, with_visitors
from analysis.frames import added_up
from analysis.tables import HEARTBEATS, TOUCHPOINTS, Outcome, Phase

TOUCHPOINT_KEYS = ("site", "task", "experiment", "variant", "phase", "touchpoint")
HEARTBEAT_KEYS = ("experiment", "variant", "bucket", "phase", "given", "heartbeat")
FEEDBACK = "feedback"
_PHASES = {phase.value: place for place, phase in enumerate(Phase)}
_PLACE = ["question", "touchpoint"]
_FURTHEST = pl.col("phase").sort_by(pl.col("phase").replace_strict(_PHASES, return_dtype=pl.Int8)).last()
#: Outcomes of who left without an answer and without turning to the municipality in another way.
LEFT = (Outcome.ABANDONED.value,)


def touchpoints_table(exposed: pl.DataFrame, questions: pl.DataFrame, moves: pl.DataFrame) -> pl.DataFrame:
    """`TOUCHPOINTS` of one (DAY, partition); `exposed` as in `units.exposed_questions`.

    A question is at a touchpoint in one phase, the furthest: who first looks at a form and then fills it in
    was there to fill it in. A mark counts where it was given, and once more as the touchpoint `feedback`.
    """
    groups = groups_of(exposed, questions)
    wanted = groups.select(pl.col("question").unique())
    there = _there(steps_of(wanted, moves), questions)
    there = _felt(there, moves.join(wanted, on="question", how="semi"))
    counted = with_visitors(
        groups.join(there, on="question"),
        within=[name for name in TOUCHPOINT_KEYS if name != "phase"],
        first=-pl.col("questions") * len(_PHASES) - pl.col("phase").replace_strict(_PHASES),
        often=pl.col("often"),
    )
    # Who left a mark on a page that was never seen opened was not seen to come there.
    came = counted.with_columns(pl.col("visitors") * pl.col("questions"))
    return added_up(came, TOUCHPOINTS, TOUCHPOINT_KEYS)


def _there(steps: pl.DataFrame, questions: pl.DataFrame) -> pl.DataFrame:
    """One row per question and touchpoint: its phase, visits, and whether the question ended there."""
    ends = steps.group_by("question").agg(end=pl.col("place").max())
    ends = ends.join(questions.select("question", "outcome"), on="question")
    return (
        steps.join(ends, on="question")
        .group_by(_PLACE)
        .agg(
            phase=_FURTHEST,
            visits=pl.len().cast(pl.Int64),
            last=(pl.col("place") == pl.col("end")).any(),
            outcome=pl.col("outcome").first(),
        )
        .select(
            "question",
            "phase",
            "touchpoint",
            "visits",
            pl.lit(1, pl.Int64).alias("questions"),
            pl.col("last").cast(pl.Int64),
            (pl.col("last") & pl.col("outcome").is_in(LEFT)).cast(pl.Int64).alias("left"),
        )
    )


def _felt(there: pl.DataFrame, moves: pl.DataFrame) -> pl.DataFrame:
    """The same with the marks given there and whether there was trouble, and a row for each mark."""
    beating = moves.filter(pl.col("heartbeat").is_not_nan())
    given = pl.col("heartbeat").filter("given")
    felt = beating.group_by(_PLACE).agg(
        own=_FURTHEST,
        given=given.len().cast(pl.Int64),
        given_sum=given.sum().cast(pl.Int64),
        given_bad=(given < 0).sum().cast(pl.Int64),
        hard=(~pl.col("given")).any().cast(pl.Int64),
    )
    marks = moves.filter(pl.col("kind") == FEEDBACK).group_by("question").agg(visits=pl.len().cast(pl.Int64))
    marks = marks.with_columns(
        phase=pl.lit(Phase.EVALUATION.value), touchpoint=pl.lit(FEEDBACK), questions=pl.lit(1, pl.Int64)
    )
    # What was felt at a page that was never seen opened still counts, in the phase of what was done there.
    whole = there.join(felt, on=_PLACE, how="full", coalesce=True)
    whole = whole.with_columns(pl.col("phase").fill_null(pl.col("own"))).drop("own")
    return pl.concat([whole, marks], how="diagonal").fill_null(0)


def heartbeats_table(exposed: pl.DataFrame, moves: pl.DataFrame) -> pl.DataFrame:
    """`HEARTBEATS`: touchpoints with a heartbeat, by phase, as in `TOUCHPOINTS`, and by who gave it."""
    beating = moves.filter(pl.col("heartbeat").is_not_nan()).select(
        *_PLACE, "phase", "given", pl.col("heartbeat").round().cast(pl.Int8)
    )
    there = steps_of(beating.select(pl.col("question").unique()), moves).group_by(_PLACE).agg(there=_FURTHEST)
    placed = beating.join(there, on=_PLACE, how="left").with_columns(phase=pl.coalesce("there", "phase"))
    rows = exposed.select("experiment", "variant", "bucket", "question").join(placed, on="question")
    counted = rows.drop(*_PLACE, "there").with_columns(touchpoints=pl.lit(1, pl.Int64))
    return added_up(counted, HEARTBEATS, HEARTBEAT_KEYS)

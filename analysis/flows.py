# SPDX-License-Identifier: EUPL-1.2
"""What followed what within the questions of a task."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from analysis.frames import added_up
from analysis.tables import FLOWS, TRANSITIONS

START = "start"
FLOW_KEYS = ("site", "task", "experiment", "variant", "order", "source", "target")
TRANSITION_KEYS = ("experiment", "variant", "bucket", "source", "target")
_STEPS = ("view", "search", "contact")


def flows_table(
    exposed: pl.DataFrame, questions: pl.DataFrame, moves: pl.DataFrame, *, longest: int
) -> pl.DataFrame:
    """`FLOWS`: pages, searches and contacts in their order, from `start` to the outcome.

    The same touchpoint twice in a row is one. Positions beyond `longest` are counted at `longest`, so nothing
    drops out. `exposed` as in `units.exposed_questions`; every question of it ends in one outcome.
    """
    groups = groups_of(exposed, questions)
    edges = _edges(groups, questions, moves, longest=longest)
    rows = groups.join(edges, on="question").with_columns(questions=pl.lit(1, pl.Int64))
    counted = with_visitors(
        rows,
        within=[name for name in FLOW_KEYS if name != "source"],
        first=pl.col("source"),
        often=pl.col("often") | (pl.col("order") == longest),
    )
    return added_up(counted, FLOWS, FLOW_KEYS)


def groups_of(exposed: pl.DataFrame, questions: pl.DataFrame) -> pl.DataFrame:
    """site, task, experiment, variant, question, visitor, often: every question of a task once for everyone
    (experiment and variant empty), and once for each variant that its visitor was exposed to. `often` where
    that visitor has more of them."""
    about = questions.select("site", "task", "question", "visitor")
    names = ("site", "task", "experiment", "variant")
    everyone = about.filter(pl.col("task") != "").select(
        "site", "task", pl.lit("").alias("experiment"), pl.lit("").alias("variant"), "question", "visitor"
    )
    apart = exposed.select("experiment", "variant", "question").join(about, on="question")
    groups = pl.concat([everyone, apart.select(everyone.columns)])
    return groups.with_columns(often=pl.struct("visitor", *names).is_duplicated())


def with_visitors(
    rows: pl.DataFrame, *, within: Sequence[str], first: pl.Expr, often: pl.Expr
) -> pl.DataFrame:
    """Rows of questions to be added up, with `visitors` in place of whose they are: 1 in the first row of a
    visitor `within` those keys, else 0. So they add up over all other keys: who came twice is one.

    Only the rows with `often` can be of a visitor who is in another row too; the others cost nothing.
    """
    once = rows.filter(~often).with_columns(visitors=pl.lit(1, pl.Int64))
    rest = rows.filter(often).sort(first)
    counted = rest.with_columns(visitors=pl.struct("visitor", *within).is_first_distinct().cast(pl.Int64))
    return pl.concat([once, counted]).drop("question", "visitor", "often")


def transitions_table(exposed: pl.DataFrame, questions: pl.DataFrame, moves: pl.DataFrame) -> pl.DataFrame:
    """`TRANSITIONS`: the same steps by bucket, without their place in the path."""
    edges = _edges(exposed, questions, moves, longest=1).drop("order")
    rows = exposed.select("experiment", "variant", "bucket", "question").join(edges, on="question")
    counted = rows.drop("question").with_columns(times=pl.lit(1, pl.Int64))
    return added_up(counted, TRANSITIONS, TRANSITION_KEYS)


def _edges(
    exposed: pl.DataFrame, questions: pl.DataFrame, moves: pl.DataFrame, *, longest: int
) -> pl.DataFrame:
    """question, order, source, target of every step of every question, from `start` to the outcome."""
    wanted = exposed.select(pl.col("question").unique())
    steps = steps_of(wanted, moves).select("question", "place", at="touchpoint")
    ends = questions.select("question", at="outcome").join(wanted, on="question", how="semi")
    last = steps.group_by("question").agg(last=pl.col("place").max())
    ends = ends.join(last, on="question", how="left").select(
        "question", place=pl.col("last").fill_null(0) + 1, at="at"
    )
    starts = wanted.select("question", place=pl.lit(0, pl.Int64), at=pl.lit(START))
    return (
        pl.concat([starts, steps, ends])
        .sort("question", "place")
        .select(
            "question",
            order=pl.col("place").clip(upper_bound=longest),
            source="at",
            target=pl.col("at").shift(-1).over("question"),
        )
        .drop_nulls("target")
    )


def steps_of(wanted: pl.DataFrame, moves: pl.DataFrame) -> pl.DataFrame:
    """question, place (from 1), touchpoint and phase of every page, search and contact of those questions.

    The same touchpoint twice in a row is one step.
    """
    return (
        moves.select("question", "kind", "touchpoint", "phase")
        .join(wanted, on="question", how="semi", maintain_order="left")
        .filter(pl.col("kind").is_in(_STEPS))
        .filter(
            (pl.col("touchpoint") != pl.col("touchpoint").shift(1).over("question")).fill_null(value=True)
        )
        .select(
            "question", pl.int_range(1, pl.len() + 1).over("question").alias("place"), "touchpoint", "phase"
        )
    )

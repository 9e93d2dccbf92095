# SPDX-License-Identifier: EUPL-1.2
"""Which task to improve first: volume, questions without an answer, effort and complaints, side by side."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
import polars as pl

from analysis.disclosure import FEWEST, VISITOR
from analysis.journey_book import Ranked, ordered
from analysis.side_records import Fit
from analysis.tables import Audience, Outcome
from analysis.tasks import Task, Tasks

#: Columns of `questions` that are needed.
COLUMNS = ("site", *VISITOR, "task", "outcome", "success", "effort")


def count(questions: pl.DataFrame) -> pl.DataFrame:
    """What the ranking counts of each (site, task) in the questions of some DAYs and partitions."""
    outcome = pl.col("outcome")
    return (
        questions.filter(pl.col("task") != "")
        .group_by("site", "task")
        .agg(
            questions=pl.len().cast(pl.Int64),
            visitors=pl.struct(VISITOR).n_unique().cast(pl.Int64),
            **{
                name: flag.sum().cast(pl.Int64)
                for name, flag in {
                    "answered": pl.col("success"),
                    "on_results": ~pl.col("success") & (outcome == Outcome.ANSWERED_ON_RESULTS.value),
                    "contacted": outcome == Outcome.CHANNEL_SHIFT.value,
                    "abandoned": outcome == Outcome.ABANDONED.value,
                    "unseen": outcome == Outcome.CENSORED.value,
                }.items()
            },
            effort=pl.col("effort").sum().cast(pl.Float64),
        )
    )


def ranking(
    counts: Sequence[pl.DataFrame],
    touchpoints: pd.DataFrame,
    tasks: Mapping[str, Tasks],
    *,
    contacts: pd.DataFrame,
    answers: pd.DataFrame,
) -> list[Ranked]:
    """One row per task that was asked for, most questions without an answer first.

    `counts` are those of `count`, each of other DAYs or partitions, and no visitor is in two; the rest but
    `tasks` are day tables. A survey answer whose call code fitted a page view is a mark of its
    question already; the others count here. A task that is not defined any more keeps its name.
    """
    counted = (
        pl.concat(counts)
        .group_by("site", "task")
        .agg(pl.all().sum())
        .with_columns(effort=pl.col("effort") / pl.col("questions"))
    )
    marks = (
        pl.from_pandas(touchpoints)
        .filter(pl.col("variant") == "")
        .group_by("site", "task")
        .agg(complaints=pl.col("given_bad").sum(), given=pl.col("given").sum())
    )
    apart = (
        pl.from_pandas(answers)
        .filter(pl.col("joined") != Fit.PAGE_VIEW.value)
        .group_by("site", "task")
        .agg(
            complaints=pl.col("answers").filter(pl.col("heartbeat") < 0).sum(), given=pl.col("answers").sum()
        )
    )
    marks = pl.concat([marks, apart]).group_by("site", "task").agg(pl.all().sum())
    called = pl.from_pandas(contacts).group_by("site", "task").agg(calls=pl.col("contacts").sum())
    known = {(site, task.name): task for site, each in tasks.items() for task in each}
    names = addresses(counted.select("site", "task").iter_rows())
    keys = ["site", "task"]
    rows = counted.join(marks, on=keys, how="left").join(called, on=keys, how="left").fill_null(0)
    found = [_ranked(row, names[row["site"], row["task"]], known) for row in rows.iter_rows(named=True)]
    return ordered(found, "unanswered")


def frame(questions: pd.DataFrame, moves: pd.DataFrame) -> pd.DataFrame:
    """The same for a terminal, from any tables of questions and moves: one row per task.

    Columns: task, questions, unanswered, share_unanswered, effort (mean), bad_marks and marks given.
    """
    keys = ["day", "partition", "question"]
    given = pl.from_pandas(moves[[*keys, "heartbeat", "given"]]).filter("given")
    marks = given.join(pl.from_pandas(questions[[*keys, "task"]]), on=keys).group_by("task")
    marked = marks.agg(bad_marks=(pl.col("heartbeat") < 0).sum(), marks=pl.len())
    unanswered = pl.col("outcome").is_in([Outcome.CHANNEL_SHIFT.value, Outcome.ABANDONED.value])
    counted = (
        pl.from_pandas(questions)
        .filter(pl.col("task") != "")
        .group_by("task")
        .agg(
            questions=pl.len(),
            unanswered=unanswered.sum(),
            share_unanswered=unanswered.filter(pl.col("outcome") != Outcome.CENSORED.value).mean(),
            effort=pl.col("effort").mean(),
        )
        .join(marked, on="task", how="left")
        .with_columns(pl.col("bad_marks", "marks").fill_null(0))
    )
    return counted.sort(["unanswered", "questions", "task"], descending=[True, True, False]).to_pandas()


def addresses(tasks: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """A name for the page of every (site, task): the task's, with its site's where two sites share it."""
    pairs = sorted(tasks)
    often = Counter(task for _, task in pairs)
    return {(site, task): task if often[task] == 1 else f"{_slug(site)}.{task}" for site, task in pairs}


def split_small(rows: Sequence[Ranked]) -> tuple[list[Ranked], int]:
    """The tasks that enough visitors came for, and the number of questions about all others."""
    return (
        [row for row in rows if row.visitors >= FEWEST],
        sum(row.questions for row in rows if row.visitors < FEWEST),
    )


def _ranked(row: Mapping[str, Any], name: str, known: Mapping[tuple[str, str], Task]) -> Ranked:
    task = known.get((row["site"], row["task"]))
    return Ranked(
        name=name,
        question=task.question if task else row["task"],
        upl=task.upl if task else None,
        audience=task.audience if task else Audience.RESIDENT,
        **row,
    )


def _slug(site: str) -> str:
    return re.sub(r"[^a-z0-9-]+", "-", site.lower()).strip("-") or "site"

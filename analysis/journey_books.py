# SPDX-License-Identifier: EUPL-1.2
"""From day tables to what the pages /journeys/ show: the overview and a book for every task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd
import polars as pl

from analysis import day_tables, losses, ranking, told, vocabulary, word_gap
from analysis.disclosure import FEWEST, OTHER
from analysis.flows import START
from analysis.frames import nothing
from analysis.journey_book import (
    Book,
    Books,
    Gap,
    Overview,
    Passage,
    Ranked,
    Touch,
    Typed,
    Version,
)
from analysis.reconstruct import TABLES
from analysis.tables import Outcome
from analysis.tasks import Tasks
from experiments.definition import Experiment

#: The pages show four whole weeks, so that every weekday counts as often.
PERIOD_DAYS = 28
#: Stories are taken from this many DAYs at most: enough for five of a kind, and soon gone. Where many come
#: fewer DAYs are enough, and of a task the newest questions.
STORY_DAYS = 7
STORY_QUESTIONS = 50_000
STORIES_OF_TASK = 3_000
#: Touchpoints of a task that keep their name; the rest is `other`.
NAMED = 40


@dataclass(frozen=True, slots=True)
class _Tables:
    flows: pd.DataFrame
    touchpoints: pd.DataFrame
    words: pd.DataFrame
    titles: pd.DataFrame
    until: str  # last DAY of the words
    recent: _Recent


@dataclass(frozen=True, slots=True)
class _Recent:
    """The questions from which stories are taken, their moves, and where the lost ones were lost."""

    questions: pd.DataFrame
    moves: pd.DataFrame
    ends: pd.DataFrame


def compute(
    tables_root: Path,
    *,
    tasks: Mapping[str, Tasks],
    experiments: Iterable[Experiment],
    now: datetime,
    keep_days: int = 31,
    simulated: bool = False,
) -> Books | None:
    """The pages over the last four weeks that were closed; None where there was no question.

    `tasks` are those of each site by name; stories may be shown until `keep_days` after their DAY.
    """
    days = _period(day_tables.readable_days(tables_root))
    asked = _asked(tables_root, days)
    if not asked:
        return None
    days = [day for day in days if day <= max(asked)]
    tables = _read(tables_root, days, now.date() - timedelta(days=keep_days))
    ranked = ranking.ranking(
        [each.counts for each in asked.values()],
        tables.touchpoints,
        tasks,
        contacts=day_tables.read(tables_root, "contacts", days),
        answers=day_tables.read(tables_root, "answers", days),
    )
    shown, small = ranking.split_small(ranked)
    known = tuple(experiments)
    books = tuple(
        _book(row, tables, days, _experiment_of(row, known, days), keep_days, simulated) for row in shown
    )
    overview = Overview(
        created_at=now.isoformat(timespec="seconds"),
        first_day=days[0].isoformat(),
        last_day=days[-1].isoformat(),
        days=len(days),
        questions=sum(each.questions for each in asked.values()),
        no_task=sum(each.no_task for each in asked.values()),
        small=small,
        ranking=tuple(shown),
        gap=_gap_of_all(books, tables),
        simulated=simulated,
    )
    return Books(overview, books)


def page_names(tables_root: Path) -> dict[tuple[str, str], str]:
    """The name of the page of each (site, task), as `compute` gives it from the same day tables."""
    days = _period(day_tables.readable_days(tables_root))
    columns = {"questions": ("site", "task")}
    found = {
        pair for day in days for (asked,) in day_tables.parts(tables_root, day, columns)
        for pair in asked.filter(pl.col("task") != "").unique().iter_rows()
    }  # fmt: skip
    return ranking.addresses(found)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked on a DAY: all questions, those about no task, and what the ranking counts."""

    questions: int
    no_task: int
    counts: pl.DataFrame


def _asked(root: Path, days: Iterable[date]) -> dict[date, _Asked]:
    """What was asked on those of the DAYs that have questions."""
    found = {}
    for day in days:
        questions, no_task, counts = 0, 0, []
        for (asked,) in day_tables.parts(root, day, {"questions": ranking.COLUMNS}):
            questions += asked.height
            no_task += asked.filter(pl.col("task") == "").height
            counts.append(ranking.count(asked))
        if questions:
            found[day] = _Asked(questions, no_task, pl.concat(counts))
    return found


def _period(closed: Sequence[date]) -> list[date]:
    return [day for day in closed if day > max(closed) - timedelta(days=PERIOD_DAYS)]


def _read(root: Path, days: Sequence[date], oldest: date) -> _Tables:
    worded = vocabulary.windows(root, days)
    return _Tables(
        flows=day_tables.read(root, "flows", days),
        touchpoints=day_tables.read(root, "touchpoints", days),
        words=day_tables.read(root, "words", worded),
        titles=day_tables.read(root, "titles", worded),
        until=max(worded, default=days[-1]).isoformat(),
        recent=_recent(root, [day for day in days if day >= oldest]),
    )


def _recent(root: Path, days: Sequence[date]) -> _Recent:
    """The newest questions of each task from the last DAYs."""
    asked, seen = [_none("questions", told.QUESTION_COLUMNS)], 0
    for day in list(reversed(days))[:STORY_DAYS]:
        if seen >= STORY_QUESTIONS:
            break
        newest = []
        for (part,) in day_tables.parts(root, day, {"questions": told.QUESTION_COLUMNS}):
            of_tasks = part.filter(pl.col("task") != "")
            seen += of_tasks.height
            newest.append(_newest(of_tasks))
        asked = [*newest, *asked]
    questions = _newest(pl.concat(asked))
    moves = [_none("moves", told.MOVE_COLUMNS)]
    ends = [losses.NOTHING_LOST.with_columns(day=pl.lit(""))]
    for (text,), of_day in questions.group_by("day", maintain_order=True):
        day = date.fromisoformat(str(text))
        theirs = pl.concat(
            part.join(of_day, on=("partition", "question"), how="semi")
            for (part,) in day_tables.parts(root, day, {"moves": told.MOVE_COLUMNS})
        )
        moves.append(theirs)
        lost = losses.lost_at(of_day, theirs, losses.form_pages(root, day))
        ends.append(lost.with_columns(day=pl.lit(text)))
    return _Recent(questions.to_pandas(), pl.concat(moves).to_pandas(), pl.concat(ends).to_pandas())


def _newest(questions: pl.DataFrame) -> pl.DataFrame:
    """The last of each task, in their order."""
    task = ("site", "task")
    to_come = pl.len().over(task) - pl.int_range(pl.len()).over(task)
    return questions.filter(to_come <= STORIES_OF_TASK)


def _none(table: str, columns: Sequence[str]) -> pl.DataFrame:
    return pl.from_pandas(nothing({name: TABLES[table][name] for name in columns}))


def _experiment_of(row: Ranked, experiments: Iterable[Experiment], days: Sequence[date]) -> Experiment | None:
    """The latest experiment on this task that ran in the period."""
    found = [
        one
        for one in experiments
        if (one.site, one.task) == (row.site, row.task) and one.starts <= days[-1] and one.ends >= days[0]
    ]
    return max(found, key=lambda one: (one.starts, one.name), default=None)


def _book(
    row: Ranked,
    tables: _Tables,
    days: Sequence[date],
    experiment: Experiment | None,
    keep_days: int,
    simulated: bool,
) -> Book:
    versions = tuple(variant.name for variant in experiment.variants) if experiment else ()
    name = experiment.name if experiment else ""
    touches, flows = merged(
        _of(tables.touchpoints, row, name, versions), _of(tables.flows, row, name, versions)
    )
    teller = _teller(row, tables, keep_days)
    return Book(
        task=row,
        first_day=days[0].isoformat(),
        last_day=days[-1].isoformat(),
        experiment=name,
        versions=tuple(_version(variant, flows) for variant in versions),
        touchpoints=touches,
        flows=flows,
        gap=_gap(row, tables, name, versions),
        stories=teller.typical(experiment=name, versions=versions),
        lost=teller.lost(tables.recent.ends, experiment=name, versions=versions),
        simulated=simulated,
    )


def _of(frame: pd.DataFrame, row: Ranked, experiment: str, versions: Sequence[str]) -> pl.DataFrame:
    """The rows of a task for everyone, and for the versions of its experiment."""
    mine = frame[(frame["site"] == row.site) & (frame["task"] == row.task)]
    everyone = (mine["experiment"] == "") & (mine["variant"] == "")
    apart = (mine["experiment"] == experiment) & mine["variant"].isin(versions)
    return pl.from_pandas(mine[everyone | apart])


def merged(touchpoints: pl.DataFrame, flows: pl.DataFrame) -> tuple[tuple[Touch, ...], tuple[Passage, ...]]:
    """Both tables of one task added up over days; what fewer than five visitors came to, and what is not
    among the forty most visited, is `other` in both."""
    sums = ("visits", "questions", "visitors", "last", "left", "given", "given_sum", "hard")
    of_all = touchpoints.filter(pl.col("variant") == "").group_by("touchpoint").agg(pl.col(sums).sum())
    often = of_all.filter(pl.col("visitors") >= FEWEST)
    kept = often.sort(["questions", "touchpoint"], descending=[True, False]).head(NAMED)["touchpoint"]
    named = [*kept.to_list(), START, *(outcome.value for outcome in Outcome)]

    def shown(column: str) -> pl.Expr:
        return (
            pl.when(pl.col(column).is_in(named)).then(pl.col(column)).otherwise(pl.lit(OTHER)).alias(column)
        )

    keys = ["variant", "phase", "touchpoint"]
    touches = touchpoints.with_columns(shown("touchpoint")).group_by(keys).agg(pl.col(sums).sum()).sort(keys)
    ways = ["variant", "order", "source", "target"]
    passages = (
        flows.with_columns(shown("source"), shown("target"))
        .group_by(ways)
        .agg(pl.col("questions", "visitors").sum())
        .sort(ways)
    )
    return (
        tuple(Touch(**row) for row in touches.iter_rows(named=True)),
        tuple(Passage(**row) for row in passages.iter_rows(named=True)),
    )


def _version(variant: str, flows: Iterable[Passage]) -> Version:
    """How many questions a version had, by its flows: each starts once."""
    started = sum(flow.questions for flow in flows if flow.variant == variant and flow.source == START)
    return Version(name=variant, questions=started)


def _gap(row: Ranked, tables: _Tables, experiment: str, versions: Sequence[str]) -> Gap | None:
    words = tables.words[(tables.words["site"] == row.site) & (tables.words["task"] == row.task)]
    site = tables.titles[tables.titles["site"] == row.site]
    return word_gap.gap(
        words,
        site[site["task"] == row.task],
        official=row.upl or "",
        experiment=experiment,
        versions=versions,
        frame=word_gap.common_words(site["title"].tolist()),
        until=tables.until,
    )


def _gap_of_all(books: Iterable[Book], tables: _Tables) -> Gap | None:
    """Words of every task that stand in no title of it, or not in the version that all residents see; and
    queries that belong to no task."""
    if not len(tables.words):
        return None
    missing: list[Typed] = []
    for book in books:
        control = book.versions[0].name if book.versions else ""
        missing += [word for word in (book.gap.words if book.gap else ()) if control not in word.on]
    nowhere = word_gap.gap(
        tables.words[tables.words["task"] == ""], tables.titles.head(0), until=tables.until
    )
    return Gap(
        since=str(tables.words["since"].min()),
        until=tables.until,
        queries=nowhere.queries if nowhere else (),
        words=tuple(sorted(missing, key=lambda word: (-word.visitors, word.words))),
        rest=nowhere.rest if nowhere else 0,
        unused=(),
        titles=int(tables.titles["title"].nunique()),
    )


def _teller(row: Ranked, tables: _Tables, keep_days: int) -> told.Teller:
    asked = tables.recent.questions
    of_task = (asked["site"] == row.site) & (asked["task"] == row.task)
    return told.Teller(asked[of_task], tables.recent.moves, keep_days=keep_days)

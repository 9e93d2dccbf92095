# SPDX-License-Identifier: EUPL-1.2
"""What residents typed that found nothing: read from the archive, told from `FEWEST` visitors on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from analysis.journeys import FEWEST
from analysis.tasks import Tasks
from analysis.words import normalise
from tracker.archive_reader import read_events
from tracker.event import Kind

_SEARCH_COLUMNS = ["site", "visitor", "kind", "query", "results", "run", "automated"]


@dataclass(frozen=True, slots=True)
class Word:
    """What visitors typed that found nothing, and how many of them did."""

    words: str
    visitors: int


def searches_without_results(archive: Path, day: date, site: str) -> list[tuple[int, str]]:
    """Visitor and query of every search of an archived DAY that found nothing, of people and no load test."""
    frame = pl.DataFrame(read_events(archive, day, columns=_SEARCH_COLUMNS))
    rows = frame.filter(
        pl.col("site") == site,
        pl.col("kind") == Kind.SEARCH.value,
        pl.col("results") == 0,
        pl.col("run").is_null(),
        pl.col("automated").ne_missing(pl.lit(value=True)),
        pl.col("query").is_not_null(),
    )
    return list(rows.select("visitor", pl.col("query").cast(pl.String)).iter_rows())


def words_without_results(
    searches: Iterable[tuple[int, str]], tasks: Tasks, *, fewest: int = FEWEST
) -> dict[str, tuple[Word, ...]]:
    """Words that found nothing, by the task whose examples they contain; '' is no task.

    `searches` are visitors and their queries. Words of fewer than `fewest` visitors are never told.
    """
    who: dict[str, set[int]] = {}
    meant: dict[str, str] = {}
    for visitor, typed in searches:
        query = normalise(typed)
        if not query:
            continue
        words = " ".join(query.words)
        who.setdefault(words, set()).add(visitor)
        meant[words] = tasks.name(tasks.of_query(query))
    by_task: dict[str, list[Word]] = {}
    for words, visitors in who.items():
        if len(visitors) >= fewest:
            by_task.setdefault(meant[words], []).append(Word(words, len(visitors)))
    return {
        task: tuple(sorted(found, key=lambda one: (-one.visitors, one.words)))
        for task, found in by_task.items()
    }

# SPDX-License-Identifier: EUPL-1.2
"""What residents type and what the pages are called, counted over a window of DAYs.

Words survive their events only where at least five visitors typed them. A small municipality seldom sees that
on one DAY, so they are counted over the DAYs up to the one that is closed, straight from the archive, and
nothing smaller is ever written. The windows of two DAYs overlap: who adds up takes one that ends where the
next begins (`windows`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from itertools import chain
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa

from analysis import day_tables
from analysis.disclosure import FEWEST
from analysis.errors import TableError
from analysis.frames import build, published
from analysis.tables import TITLES, WORDS, Outcome
from analysis.tasks import Tasks
from analysis.words import GENERIC, normalise
from tracker.archive_files import bytes_of, files_of, read_tables
from tracker.archive_format import PARTITION, SCHEMA
from tracker.archive_reader import listed_again
from tracker.event import Kind

#: Four whole weeks, and fewer than the 31 DAYs for which events are there.
WINDOW_DAYS = 28
#: A window grows no further than this many bytes of archive: where many come, a DAY is enough.
WINDOW_BYTES = 120_000_000
QUERY, WORD = "query", "word"
_EVENTS = ("site", "visitor", "time", "kind", "path", "query", "title", "exposures", "run", "automated")
_TEXTS = ("site", "path", "query", "title", "exposures")
_NONE = pa.schema([*(SCHEMA.field(name) for name in _EVENTS), PARTITION])
_KEYS = ("site", "task", "words")
_QUESTION = ("partition", "question")
_SUMS = ("searches", "zero_results", "again", "answered", "contacted", "abandoned")


def renew(archive_root: Path, tables_root: Path, tasks: Mapping[str, Tasks]) -> None:
    """Write `words` and `titles` of the last closed DAY with events, and of those before its window that have
    none yet.

    Where an earlier run still saw more DAYs of the archive, its tables stay.
    """
    closed = [day for day in day_tables.readable_days(tables_root) if bytes_of(archive_root, day)]
    covered = date.max
    for day in reversed(closed):
        if day >= covered:
            continue
        covered = _since(tables_root, day) or date.max
        if day == closed[-1] or covered == date.max:
            days = window(archive_root, tables_root, day)
            if covered >= days[0]:
                covered = days[0]
                day_tables.write_whole(tables_root, day, count(archive_root, tables_root, days, tasks))


def window(archive_root: Path, tables_root: Path, day: date) -> list[date]:
    """The DAYs to count together: those before DAY that are archived and closed without a gap, and DAY."""
    days, size = [day], bytes_of(archive_root, day)
    while len(days) < WINDOW_DAYS:
        earlier = days[0] - timedelta(days=1)
        more = bytes_of(archive_root, earlier)
        if not more or size + more > WINDOW_BYTES or not _is_closed(tables_root, earlier):
            break
        days, size = [earlier, *days], size + more
    return days


def windows(tables_root: Path, days: Sequence[date]) -> list[date]:
    """Those of `days` (sorted) whose windows lie side by side, last first. The earliest may begin before."""
    chosen: list[date] = []
    before = date.max
    for day in reversed(days):
        since = _since(tables_root, day) if day < before else None
        if since is not None:
            chosen.append(day)
            before = since
    return chosen


def count(
    archive_root: Path, tables_root: Path, days: Sequence[date], tasks: Mapping[str, Tasks]
) -> dict[str, pd.DataFrame]:
    """The tables `words` and `titles` over those DAYs together."""
    typed, titled = [_no_searches()], []
    for day in days:
        searched, seen = listed_again(archive_root, day, partial(_people, archive_root, day))
        typed.append(_typed(searched, day, tables_root))
        results = searched.select("site", "path").unique()
        titled.append(seen.join(results, on=["site", "path"], how="anti"))  # they say what was typed
    since = days[0].isoformat()
    return {
        "words": published(_words(pl.concat(typed), since), WORDS),
        "titles": published(_titles(pl.concat(titled), since, tasks), TITLES),
    }


def _no_searches() -> pl.DataFrame:
    names = ("site", "task", "words")
    schema = dict.fromkeys(names, pl.String) | {"who": pl.String} | dict.fromkeys(_SUMS, pl.Int64)
    return pl.DataFrame(schema=schema)


def _people(archive_root: Path, day: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The searches of a DAY, and who saw which page under which title: site, exposures, path, title, visitor.

    Without load tests and bots, which are no residents.
    """
    searched, seen = [], []
    for table in chain([_NONE.empty_table()], _tables(files_of(archive_root, day))):
        kind = pl.col("kind")
        people = pl.DataFrame(table).filter(
            kind.is_in([Kind.SEARCH.value, Kind.VIEW.value]),
            pl.col("run").is_null(),
            ~pl.col("automated").fill_null(value=False),
        )
        people = people.with_columns(pl.col(_TEXTS).cast(pl.Categorical))  # else a large DAY is many texts
        searched.append(
            people.filter(kind == Kind.SEARCH.value).select("partition", "time", "site", "path", "query")
        )
        opened = people.filter(kind == Kind.VIEW.value).select(
            "site", "exposures", "path", "title", "visitor"
        )
        seen.append(opened.drop_nulls("title").unique())
    return pl.concat(searched), pl.concat(seen).unique()


def _tables(paths: Iterable[Path]) -> Iterator[pa.Table]:
    for path in paths:
        yield from read_tables([path], _EVENTS)


def _typed(events: pl.DataFrame, day: date, tables_root: Path) -> pl.DataFrame:
    """One row per search of a question: its task, its words, who typed it, and what came of it.

    A search of a question is known in the archive by its partition and its millisecond; where two lie on
    one and differ, neither has words, and both are among the rest.
    """
    queries = events["query"].cast(pl.String).fill_null("")
    words = {text: " ".join(normalise(text).words) for text in queries.unique().to_list()}
    said = (
        events.select("partition", "time", words=queries.replace_strict(words, return_dtype=pl.String))
        .unique()
        .group_by("partition", "time")
        .agg(words=pl.when(pl.len() == 1).then(pl.col("words").first()).otherwise(pl.lit("")))
    )
    return pl.concat(
        [_no_searches(), *(_of_part(asked, moves, said, day) for asked, moves in _parts(tables_root, day))]
    )


def _parts(tables_root: Path, day: date) -> Iterator[tuple[pl.DataFrame, ...]]:
    return day_tables.parts(
        tables_root,
        day,
        {
            "questions": ("site", "task", *_QUESTION, "visitor", "success", "outcome"),
            "moves": (*_QUESTION, "order", "at", "kind", "heartbeat"),
        },
    )


def _of_part(asked: pl.DataFrame, moves: pl.DataFrame, said: pl.DataFrame, day: date) -> pl.DataFrame:
    """The searches of some partitions; `said` has the words of a partition and time."""
    made = moves.filter(pl.col("kind") == Kind.SEARCH.value).sort(*_QUESTION, "order")
    return (
        made.with_columns(again=pl.col("order").shift(-1).over(_QUESTION).is_not_null())
        .join(said, left_on=["partition", "at"], right_on=["partition", "time"], how="left")
        .join(asked, on=_QUESTION)
        .select(
            "site",
            "task",
            pl.col("words").fill_null(""),
            who=pl.format("{}/{}/{}", pl.lit(day.isoformat()), "partition", "visitor"),
            searches=pl.lit(1, pl.Int64),
            zero_results=(pl.col("heartbeat") < 0).fill_null(value=False).cast(pl.Int64),
            again=pl.col("again").cast(pl.Int64),
            answered=pl.col("success").cast(pl.Int64),
            contacted=(pl.col("outcome") == Outcome.CHANNEL_SHIFT.value).cast(pl.Int64),
            abandoned=(pl.col("outcome") == Outcome.ABANDONED.value).cast(pl.Int64),
        )
    )


def _words(typed: pl.DataFrame, since: str) -> pl.DataFrame:
    """`WORDS`: whole queries, one row for all that too few typed, and the single words that say something."""
    whole = _counted(typed).with_columns(kind=pl.lit(QUERY))
    known = (whole["visitors"] >= FEWEST) & (whole["words"] != "")
    rest = (
        whole.filter(~known)
        .group_by("site", "task", "kind")
        .agg(pl.col(_SUMS).sum())
        .with_columns(words=pl.lit(""), visitors=pl.lit(0, pl.Int64))
    )
    single = (
        typed.with_columns(pl.col("words").str.split(" ").list.unique(maintain_order=True))
        .explode("words")
        .filter(~pl.col("words").is_in(list(GENERIC)) & pl.col("words").str.contains("[a-z]"))
    )
    apart = _counted(single).filter(pl.col("visitors") >= FEWEST).with_columns(kind=pl.lit(WORD))
    rows = pl.concat([whole.filter(known), rest.select(whole.columns), apart]).sort(
        ["site", "task", "kind", "visitors", "words"], descending=[False, False, False, True, False]
    )
    return build({"since": since, **{name: rows[name] for name in rows.columns}}, WORDS)


def _counted(typed: pl.DataFrame) -> pl.DataFrame:
    return typed.group_by(_KEYS).agg(
        pl.col("who").n_unique().cast(pl.Int64).alias("visitors"), pl.col(_SUMS).sum()
    )


def _titles(seen: pl.DataFrame, since: str, tasks: Mapping[str, Tasks]) -> pl.DataFrame:
    """`TITLES` of the pages that belong to a task."""
    seen = (
        seen.group_by("site", "exposures", "path", "title")
        .agg(visitors=pl.col("visitor").n_unique().cast(pl.Int64))
        .with_columns(pl.col("site", "exposures", "path", "title").cast(pl.String))
    )
    pages = seen.select("site", "path").unique()
    of = [_task_of(tasks.get(site), path) for site, path in pages.iter_rows()]
    counted = (
        seen.join(pages.with_columns(task=pl.Series(of, dtype=pl.String)), on=["site", "path"])
        .filter(pl.col("task") != "", pl.col("visitors") >= FEWEST)
        .sort("site", "task", "path", "exposures", "title")
    )
    return build({"since": since, **{name: counted[name] for name in counted.columns}}, TITLES)


def _task_of(tasks: Tasks | None, path: str) -> str:
    return tasks.name(tasks.of_page(path)) if tasks else ""


def _since(tables_root: Path, day: date) -> date | None:
    """The first DAY of the window that was counted up to this one; None where none was."""
    try:
        table = day_tables.read(tables_root, "words", [day], columns=["since"])
        table = table if len(table) else day_tables.read(tables_root, "titles", [day], columns=["since"])
    except TableError:
        return None
    return date.fromisoformat(str(table["since"].iloc[0])) if len(table) else None


def _is_closed(tables_root: Path, day: date) -> bool:
    """Whether its tables can be read; those of an earlier version end the window."""
    try:
        return bool(len(day_tables.read(tables_root, "questions", [day], columns=["question"])))
    except TableError:
        return False

# SPDX-License-Identifier: EUPL-1.2
"""Closing a DAY: its events become its day tables.

Closing again reads everything again and puts the same files in place of the old ones; events that came in
late are then in them. Nothing but the archive is read, so a DAY can be closed for as long as it is there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial, reduce
from itertools import groupby
from operator import add, attrgetter
from pathlib import Path

import pandas as pd

from analysis import day_tables
from analysis.errors import AnalysisError, TableError
from analysis.pieces import Piece, cut, map_pieces
from analysis.reconstruct import reconstruct
from analysis.scheduling import HERE, Where
from analysis.side_records import side_tables
from analysis.task_promise import digests
from analysis.tasks import Tasks
from analysis.thresholds import DEFAULTS, Thresholds
from experiments.definition import Experiment
from tracker.archive_files import settle_partitions
from tracker.errors import TrackerError
from tracker.site import Sites

#: What keeps a DAY from being closed, and no other DAY.
_OF_ONE_DAY = (AnalysisError, TrackerError)


@dataclass(frozen=True, slots=True)
class CloseResult:
    """What a closed DAY holds. `set_aside` counts events by reason, `units` first exposures by experiment."""

    day: date
    events: int = 0
    visitors: int = 0
    sessions: int = 0
    questions: int = 0
    set_aside: Counter[str] = field(default_factory=Counter)
    units: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: CloseResult) -> CloseResult:
        return CloseResult(
            self.day,
            self.events + other.events,
            self.visitors + other.visitors,
            self.sessions + other.sessions,
            self.questions + other.questions,
            self.set_aside + other.set_aside,
            self.units + other.units,
        )

    def sentence(self) -> str:
        """One line for a log or a terminal."""
        if not self.events:
            return f"{self.day}: no events; its tables are empty."
        aside = "; ".join(f"{rows} events set aside: {reason}" for reason, rows in self.set_aside.items())
        return (
            f"{self.day}: {self.events} events, {self.visitors} visitors, {self.sessions} sessions, "
            f"{self.questions} questions" + (f"; {aside}." if aside else ".")
        )


def close_day(
    archive_root: Path,
    tables_root: Path,
    day: date,
    *,
    sites: Sites,
    tasks: Mapping[str, Tasks],
    experiments: Iterable[Experiment],
    thresholds: Thresholds = DEFAULTS,
    partitions: int = 16,
    now_ms: int | None = None,
) -> CloseResult:
    """Rebuild the journeys of DAY from the archive and write its day tables, as `close_days` does.

    With `now_ms` (ms since 1970) questions that were open when nothing more was recorded are so judged.
    """
    (closed,) = close_days(
        archive_root,
        tables_root,
        [day],
        sites=sites,
        tasks=tasks,
        experiments=experiments,
        thresholds=thresholds,
        partitions=partitions,
        now_ms=now_ms,
    )
    return closed


def close_days(
    archive_root: Path,
    tables_root: Path,
    days: Iterable[date],
    *,
    sites: Sites,
    tasks: Mapping[str, Tasks],
    experiments: Iterable[Experiment],
    thresholds: Thresholds = DEFAULTS,
    partitions: int = 16,
    now_ms: int | None = None,
    where: Where = HERE,
    failed: Callable[[date, Exception], None] | None = None,
) -> Iterator[CloseResult]:
    """Rebuild the journeys of every DAY from the archive and write its day tables; yields each that is done.

    `tasks` are those of each site by name. `where` says where it is computed: both folders must be seen
    there. With `now_ms` (ms since 1970) what is not over yet is judged as `analysis.recorded` says; without
    it every DAY counts as recorded to its turn. Raises `ArchiveError` where the archive has another number of
    partitions or its events cannot be read, `AnalysisError` where they cannot be rebuilt or the tables not be
    written. With `failed`, what is wrong with one DAY is told to it instead, and the other DAYs are closed
    all the same. A DAY that failed on the way has no tables, since reports would add up the half of it.
    """
    settle_partitions(archive_root, partitions)
    promised = _Promised(
        tables_root.resolve(),
        sites,
        tasks,
        {experiment.name: experiment for experiment in experiments},
        thresholds,
    )
    wrong = failed or _raise
    pieces: list[Piece] = []
    for day in days:
        try:
            pieces += cut(archive_root, [day], partitions, sites=sites, now_ms=now_ms)
        except _OF_ONE_DAY as error:
            wrong(day, error)
    done = map_pieces(pieces, partial(_close, promised), where)
    for day, of_day in groupby(done, key=attrgetter("day")):
        try:
            closed = _whole(promised, day, [*of_day])
        except _OF_ONE_DAY as error:
            wrong(day, error)
        else:
            yield closed


def _raise(_: date, error: Exception) -> None:
    raise error


@dataclass(frozen=True, slots=True)
class _Promised:
    """All that decides about the tables beside the events."""

    tables_root: Path
    sites: Sites
    tasks: Mapping[str, Tasks]
    experiments: Mapping[str, Experiment]
    thresholds: Thresholds

    def fingerprints(self) -> dict[str, dict[str, str]]:
        """Of the tasks of each site, for the tables."""
        return {site: digests(tasks) for site, tasks in self.tasks.items()}


@dataclass(frozen=True, slots=True)
class _Failure:
    """A piece that was not closed; `wrote` where some of its tables may be new and others not."""

    day: date
    error: Exception
    wrote: bool = False


def _close(promised: _Promised, piece: Piece) -> CloseResult | _Failure:
    """Rebuild and write one piece, wherever this runs; only counts go back."""
    try:
        events = piece.events()
        tables = reconstruct(
            events,
            tasks=promised.tasks,
            experiments=promised.experiments,
            definitions=promised.thresholds,
            day=piece.day,
            partition=piece.partition_of(events),
            sites=promised.sites,
            ends_at=piece.ends_at,
        )
        if 0 in piece.partitions:
            tables |= side_tables(piece.root, piece.day, promised.sites, promised.tasks)
    except _OF_ONE_DAY as error:
        return _Failure(piece.day, error)
    try:
        day_tables.write_together(
            promised.tables_root, piece.day, piece.partitions, tables, tasks=promised.fingerprints()
        )
    except TableError as error:
        return _Failure(piece.day, error, wrote=True)
    return _count(piece.day, len(events), tables)


def _whole(promised: _Promised, day: date, parts: Sequence[CloseResult | _Failure]) -> CloseResult:
    """The DAY out of all its pieces. Raises what went wrong with one, after taking away a half DAY."""
    closed = [part for part in parts if isinstance(part, CloseResult)]
    failures = [part for part in parts if isinstance(part, _Failure)]
    try:
        if failures:
            raise failures[0].error
        day_tables.join(promised.tables_root, day, tasks=promised.fingerprints())
    except _OF_ONE_DAY:
        if closed or any(failure.wrote for failure in failures):
            day_tables.remove(promised.tables_root, day)
        raise
    return reduce(add, closed)


def _count(day: date, events: int, tables: Mapping[str, pd.DataFrame]) -> CloseResult:
    aside = tables["set_aside"]
    of_events = aside[aside["table"] == "events"]
    set_aside: Counter[str] = Counter()
    for reason, rows in zip(of_events["reason"], of_events["rows"].tolist(), strict=True):
        set_aside[reason] += rows
    return CloseResult(
        day,
        events=events,
        visitors=len(tables["sessions"][["partition", "visitor"]].drop_duplicates()),
        sessions=len(tables["sessions"]),
        questions=len(tables["questions"]),
        set_aside=set_aside,
        units=Counter(tables["units"]["experiment"].tolist()),
    )

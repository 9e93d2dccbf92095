# SPDX-License-Identifier: EUPL-1.2
"""Closing a DAY: its events become its day tables.

Closing again reads everything again and puts the same files in place of the old ones; events that came in
late are then in them. Nothing but the archive is read, so a DAY can be closed for as long as it is there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial, reduce
from itertools import groupby
from operator import add, attrgetter
from pathlib import Path

import pandas as pd

from analysis import day_tables
from analysis.pieces import Piece, cut, map_pieces
from analysis.reconstruct import reconstruct
from analysis.scheduling import HERE, Where
from analysis.side_records import side_tables
from analysis.tasks import Tasks
from analysis.thresholds import DEFAULTS, Thresholds
from experiments.definition import Experiment
from tracker.archive_files import settle_partitions
from tracker.site import Sites


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
    ends_at: int | None = None,
) -> CloseResult:
    """Rebuild the journeys of DAY from the archive and write its day tables, as `close_days` does.

    `ends_at` (ms since 1970) is given where DAY is not over yet.
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
        ends_at=ends_at,
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
    ends_at: int | None = None,
    where: Where = HERE,
) -> Iterator[CloseResult]:
    """Rebuild the journeys of every DAY from the archive and write its day tables; yields each that is done.

    `tasks` are those of each site by name. `where` says where it is computed: both folders must be seen
    there. Raises `ArchiveError` where the archive has another number of partitions, `AnalysisError` where its
    events cannot be read or the tables not be written.
    """
    settle_partitions(archive_root, partitions)
    promised = _Promised(
        tables_root.resolve(),
        sites,
        tasks,
        {experiment.name: experiment for experiment in experiments},
        thresholds,
        ends_at,
    )
    pieces = cut(archive_root, days, partitions, sites=sites)
    done = map_pieces(pieces, partial(_close, promised), where)
    for day, of_day in groupby(done, key=attrgetter("day")):
        closed = reduce(add, of_day)
        day_tables.join(promised.tables_root, day)
        yield closed


@dataclass(frozen=True, slots=True)
class _Promised:
    """All that decides about the tables beside the events."""

    tables_root: Path
    sites: Sites
    tasks: Mapping[str, Tasks]
    experiments: Mapping[str, Experiment]
    thresholds: Thresholds
    ends_at: int | None


def _close(promised: _Promised, piece: Piece) -> CloseResult:
    """Rebuild and write one piece, wherever this runs; only counts go back."""
    events = piece.events()
    tables = reconstruct(
        events,
        tasks=promised.tasks,
        experiments=promised.experiments,
        definitions=promised.thresholds,
        day=piece.day,
        partition=piece.partition_of(events),
        sites=promised.sites,
        ends_at=promised.ends_at,
    )
    if 0 in piece.partitions:
        tables |= side_tables(piece.root, piece.day, promised.sites, promised.tasks)
    day_tables.write_together(promised.tables_root, piece.day, piece.partitions, tables)
    return _count(piece.day, len(events), tables)


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

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
from pathlib import Path

import numpy as np
import pandas as pd

from analysis import day_tables
from analysis.reconstruct import reconstruct
from analysis.tasks import Tasks
from analysis.thresholds import DEFAULTS, Thresholds
from experiments.definition import Experiment
from tracker.archive import read_frame
from tracker.archive_files import files_of, settle_partitions
from tracker.site import Sites

#: A DAY whose files are smaller than this is read at once, a larger one partition by partition.
AT_ONCE_BYTES = 24_000_000


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
    """Rebuild the journeys of DAY from the archive and write its day tables.

    `tasks` are those of each site by name; `ends_at` (ms since 1970) is given where DAY is not over yet.
    Raises `ArchiveError` where the archive has another number of partitions, `AnalysisError` where its
    events cannot be read or the tables not be written.
    """
    settle_partitions(archive_root, partitions)
    known = {experiment.name: experiment for experiment in experiments}
    counted = CloseResult(day)
    for frames in _work(archive_root, day, partitions):
        made = {
            partition: reconstruct(
                frame,
                tasks=tasks,
                experiments=known,
                definitions=thresholds,
                day=day,
                partition=partition,
                sites=sites,
                ends_at=ends_at,
            )
            for partition, frame in frames.items()
        }
        day_tables.write_together(tables_root, day, made)
        counted += CloseResult(day, events=sum(map(len, frames.values())))
        counted = sum((_count(day, tables) for tables in made.values()), counted)
    return counted


def _work(root: Path, day: date, partitions: int) -> Iterator[dict[int, pd.DataFrame]]:
    """The events of every partition, empty ones too: all at once, or one by one where they are many."""
    if sum(path.stat().st_size for path in files_of(root, day)) > AT_ONCE_BYTES:
        for partition in range(partitions):
            yield {partition: read_frame(root, day, partition)}
        return
    frame = read_frame(root, day)
    of = frame["visitor"].to_numpy(np.int64) % partitions
    yield {partition: frame[of == partition] for partition in range(partitions)}


def _count(day: date, tables: Mapping[str, pd.DataFrame]) -> CloseResult:
    aside = tables["set_aside"]
    of_events = aside[aside["table"] == "events"]
    return CloseResult(
        day,
        visitors=tables["sessions"]["visitor"].nunique(),
        sessions=len(tables["sessions"]),
        questions=len(tables["questions"]),
        set_aside=Counter(dict(zip(of_events["reason"], of_events["rows"].tolist(), strict=True))),
        units=Counter(tables["units"]["experiment"].tolist()),
    )

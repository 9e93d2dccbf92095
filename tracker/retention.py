# SPDX-License-Identifier: EUPL-1.2
"""Raw events, contacts and survey answers go after a while: whole DAYs, at once for every reader."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from tracker.archive_files import BROKEN, DAMAGED, alone, files_of
from tracker.contacts import SideTable
from tracker.folders import make_folder, sync_folder

GOING = "going"


@dataclass(frozen=True, slots=True)
class RemovedDay:
    """A DAY whose events went: so many rows (repeats counted) in so many files."""

    day: date
    events: int
    files: int


def remove_days(root: Path, *, before: date) -> list[RemovedDay]:
    """Remove the events of every DAY before the given one, and what was set aside of those DAYs.

    A DAY leaves by one rename, so no reader sees half of it; an interrupted removal is finished by the next.
    Raises `ArchiveError`.
    """
    if not root.exists():
        return []
    with alone(root, "Retention"):
        going = root / GOING
        shutil.rmtree(going, ignore_errors=True)
        removed = []
        for day, folder in _before(root, before):
            paths = files_of(root, day)
            removed.append(RemovedDay(day, events=sum(map(_rows, paths)), files=len(paths)))
            make_folder(going)
            folder.rename(going / folder.name)
        sync_folder(root)
        shutil.rmtree(going, ignore_errors=True)
        for _, folder in _before(root / DAMAGED, before):
            shutil.rmtree(folder)
        return removed


def remove_side_tables(root: Path, *, before: date) -> dict[SideTable, int]:
    """Remove the contacts and survey answers of every DAY before the given one; returns rows by table
    (repeats counted), where there were any. Raises `ArchiveError`."""
    removed: dict[SideTable, int] = {}
    if not root.exists():
        return removed
    with alone(root, "Retention"):
        for table in SideTable:
            for _, folder in _before(root / table.value, before):
                rows = sum(map(_rows, folder.glob("*.parquet")))
                removed[table] = removed.get(table, 0) + rows
                shutil.rmtree(folder)
    return removed


def remove_unreadable(root: Path, *, before_s: float) -> int:
    """Remove entries that nobody could read, set aside before a moment (seconds since 1970)."""
    old = [path for path in root.glob("unreadable/*/*.jsonl") if path.stat().st_mtime < before_s]
    for path in old:
        path.unlink()
    return len(old)


def _before(root: Path, before: date) -> Iterator[tuple[date, Path]]:
    for folder in sorted(root.glob("day=*")):
        with suppress(ValueError):
            day = date.fromisoformat(folder.name.removeprefix("day="))
            if day < before:
                yield day, folder


def _rows(path: Path) -> int:
    try:
        return int(pq.read_metadata(path).num_rows)
    except BROKEN:
        return 0

# SPDX-License-Identifier: EUPL-1.2
"""Compaction: the many small files of a DAY become few, and repeats go for good.

It may stop at any moment. The joined files are put into place whole, next to what they replace, and only when
all of them are there the replaced ones go. Until then every reader sees some events in two files, and takes
them for what they are: repeats (`tracker.archive_reader`).
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tracker.archive_files import (
    alone,
    files_of,
    is_whole,
    partitions_of,
    set_aside,
    write_table,
)
from tracker.archive_format import PARTITION, SCHEMA
from tracker.archive_reader import days, without_repeats
from tracker.archive_repeats import repeated
from tracker.folders import sync_folder

LOG = logging.getLogger(__name__)
ROWS_OF_A_FILE = 250_000  # about: neighbouring partitions are joined until they have as many
AT_ONCE_ROWS = 1_000_000  # a DAY with more is read partition by partition
_JOINED = re.compile(r"joined-(\d+)\.parquet")
_IMPORT = re.compile(r"import-(.+)-\d+(?:~\d+)?\.parquet")


@dataclass(frozen=True, slots=True)
class CompactionResult:
    """Files before and after; events in the joined files; repeats that went; damaged files set aside."""

    before: int = 0
    after: int = 0
    events: int = 0
    repeats: int = 0
    damaged: int = 0


def compact(root: Path, day: date) -> CompactionResult:
    """Join the files of a DAY. Best after the DAY is over; what comes later is joined the next time.

    Damaged files are set aside first. Raises `ArchiveError`; `BusyError` while another process rewrites.
    """
    with alone(root, "Compaction"):
        return compact_alone(root, day)


def compact_alone(root: Path, day: date) -> CompactionResult:
    """The same for a caller that is `alone` already."""
    damaged = set_damaged_aside(root, day)
    sources = settled_files(root, day)
    if len(sources) <= 1 or all(_JOINED.fullmatch(path.name) for path in sources):
        return CompactionResult(before=len(sources), after=len(sources), damaged=damaged)
    rows = sum(_rows(path) for path in sources)
    written = max(path.stat().st_mtime_ns for path in sources)
    kept, targets = 0, []
    for table in _groups(root, day, at_once=rows <= AT_ONCE_ROWS):
        target = _target(root, day, table)
        write_table(target, table)
        os.utime(target, ns=(written, written))  # nothing was added: who looks whether a DAY grew sees none
        targets.append(target)
        kept += table.num_rows
    for path in sources:
        path.unlink()
    for folder in {path.parent for path in sources}:
        sync_folder(folder)
    return CompactionResult(
        before=len(sources), after=len(targets), events=kept, repeats=rows - kept, damaged=damaged
    )


def settled_files(root: Path, day: date, partition: int | None = None) -> list[Path]:
    """The files of a DAY that stay: all but those of an import that has not finished."""
    found = files_of(root, day, partition)
    return [path for path in found if not (of := _IMPORT.fullmatch(path.name)) or _is_finished(root, of[1])]


def is_due(root: Path, day: date) -> bool:
    """Whether a DAY has files to join."""
    files = settled_files(root, day)
    return len(files) > 1 and not all(_JOINED.fullmatch(path.name) for path in files)


def set_damaged_aside(root: Path, day: date) -> int:
    """Set aside the DAY's files that cannot be read any more; returns their number."""
    damaged = 0
    for path in files_of(root, day):
        if not is_whole(path):
            LOG.error("%s is damaged; it now lies at %s", path, set_aside(root, path))
            damaged += 1
    return damaged


def check(root: Path) -> tuple[int, int]:
    """Read every file of the archive, set damaged ones aside; returns how many were read and set aside."""
    read, damaged = 0, 0
    with alone(root, "The check"):
        for day in days(root):
            read += len(files_of(root, day))
            damaged += set_damaged_aside(root, day)
    return read, damaged


def _is_finished(root: Path, name: str) -> bool:
    return (root / "imports" / f"{name}.json").exists()


def _rows(path: Path) -> int:
    with pq.ParquetFile(path) as file:
        return int(file.metadata.num_rows)


def _groups(root: Path, day: date, *, at_once: bool) -> Iterator[pa.Table]:
    """The events of a DAY without repeats, in tables of whole partitions, by partition."""
    waiting: list[pa.Table] = []
    for table in _by_partition(root, day, at_once=at_once):
        waiting.append(table)
        if sum(one.num_rows for one in waiting) >= ROWS_OF_A_FILE:
            yield pa.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting)


def _by_partition(root: Path, day: date, *, at_once: bool) -> Iterator[pa.Table]:
    schema = pa.schema([*SCHEMA, PARTITION])
    ranges = [partitions_of(path) for path in settled_files(root, day)]
    everything, known = None, None
    if at_once:
        everything = without_repeats(root, day, None, SCHEMA.names, listing=settled_files)
    else:
        known = repeated(root, day, listing=settled_files)
    for partition in range(min(first for first, _ in ranges), max(last for _, last in ranges) + 1):
        if everything is not None:
            mine = everything.filter(everything[PARTITION.name] == partition)
        else:
            mine = without_repeats(root, day, partition, SCHEMA.names, listing=settled_files, repeated=known)
        if mine.height:
            yield mine.select(schema.names).to_arrow().cast(schema)


def _target(root: Path, day: date, table: pa.Table) -> Path:
    partitions = table[PARTITION.name]
    first, last = partitions[0].as_py(), partitions[-1].as_py()
    folder = f"partition={first:02d}" + (f"-{last:02d}" if last > first else "")
    place = root / f"day={day.isoformat()}" / folder
    taken = [int(found[1]) for path in place.glob("joined-*") if (found := _JOINED.fullmatch(path.name))]
    return place / f"joined-{max(taken, default=0) + 1}.parquet"

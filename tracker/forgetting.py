# SPDX-License-Identifier: EUPL-1.2
"""Deletion by pseudonym: every event of one visitor leaves the streams and the archive, countably."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import redis

from tracker.archive import Archiver
from tracker.archive_files import (
    DAMAGED,
    ArchiveError,
    BusyError,
    alone,
    files_of,
    read_tables,
    write_durably,
    write_table,
)
from tracker.archive_format import SCHEMA
from tracker.archive_reader import days
from tracker.folders import sync_folder
from tracker.identity import partition_of
from tracker.keys import Keys
from tracker.leases import Lease
from tracker.moving import READ_ENTRIES

PATIENCE_S = 60.0  # twice the life of a lease: a living archiver handed over, a dead one's ran out


@dataclass(frozen=True, slots=True)
class RewrittenFile:
    """A file that held events of the visitor; `sha256` is of what is there now, None if nothing is."""

    file: str
    events_before: int
    events_after: int
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Deletion:
    """What was removed, and what is still there: `left` is counted anew after all was done.

    `page_views` are those of the removed events, for whoever looks whether they are elsewhere too.
    """

    partition: int
    from_stream: int
    files: tuple[RewrittenFile, ...]
    damaged: tuple[str, ...]
    unreadable: int
    left: int
    page_views: frozenset[str]

    @property
    def events(self) -> int:
        """Events (repeats counted) that were removed."""
        return self.from_stream + sum(one.events_before - one.events_after for one in self.files)


def forget(
    client: redis.Redis,
    root: Path,
    archiver: Archiver,
    visitor: int,
    *,
    partitions: int,
    keys: Keys | None = None,
    pause: Callable[[float], None] = time.sleep,
    patience_s: float = PATIENCE_S,
) -> Deletion:
    """Remove all events of a pseudonym.

    The partition's archiver is asked to hand over first, and nobody else rewrites meanwhile. The rest of the
    stream is archived, since Redis frees the memory of removed entries only with their whole block.
    Damaged files of the partition, in which nobody can look, go too. Raises `ArchiveError`, `BusyError`,
    `redis.RedisError`; it can be run again.
    """
    keys = keys or Keys()
    partition = partition_of(visitor, partitions)
    with alone(root, "The deletion"):
        lease = _taken(archiver, partition, pause, patience_s)
        try:
            entries = dict(_entries(client, keys, partition, visitor))
            views = set(entries.values())
            if not archiver.leases.trim(lease, list(entries)):
                raise BusyError(f"Partition {partition} was taken over meanwhile. Run it again.")
            archiver.drain(lease)
            files = tuple(_rewritten(root, partition, visitor, views))
            damaged = tuple(_without_damaged(root, partition))
            unreadable = _without_unreadable(root, partition, visitor)
            left = sum(1 for _ in _entries(client, keys, partition, visitor))
            left += sum(_count(root, path, visitor) for day in days(root) for path in files_of(root, day))
        finally:
            archiver.leases.give_up(lease)
    return Deletion(partition, len(entries), files, damaged, unreadable, left, frozenset(views))


def _taken(archiver: Archiver, partition: int, pause: Callable[[float], None], patience_s: float) -> Lease:
    waited = 0.0
    while True:
        lease, _ = archiver.take(partition)
        if lease:
            return lease
        if waited >= patience_s:
            raise BusyError(f"The archiver of partition {partition} does not hand it over. Stop it first.")
        archiver.leases.demand(partition)
        pause(0.5)
        waited += 0.5


def _entries(client: redis.Redis, keys: Keys, partition: int, visitor: int) -> Iterator[tuple[bytes, str]]:
    """The visitor's entries in the stream: their ids and page views."""
    start, mine = "-", str(visitor).encode()
    while True:
        entries: Any = client.xrange(keys.events(partition), start, "+", READ_ENTRIES)
        for entry_id, fields in entries:
            if fields.get(b"v") == mine:
                yield entry_id, fields.get(b"p", b"").decode(errors="replace")
        if len(entries) < READ_ENTRIES:
            return
        start = f"({entries[-1][0].decode()}"


def _rewritten(root: Path, partition: int, visitor: int, views: set[str]) -> Iterator[RewrittenFile]:
    for day in days(root):
        for path in files_of(root, day, partition):
            if not _count(root, path, visitor):
                continue
            (table,) = read_tables([path], SCHEMA.names)
            mine = pc.equal(table["visitor"], pa.scalar(visitor, pa.int64()))
            views.update(str(view) for view in table.filter(mine)["page_view"].to_pylist())
            rest = table.filter(pc.invert(mine))
            if rest.num_rows:
                write_table(path, rest)
            else:
                path.unlink()
                sync_folder(path.parent)
                for other in files_of(root, day)[:1]:
                    os.utime(other)  # the DAY changed: who looks at the moments of its files must see that
            digest = hashlib.sha256(path.read_bytes()).hexdigest() if rest.num_rows else None
            yield RewrittenFile(str(path.relative_to(root)), table.num_rows, rest.num_rows, digest)


def _count(root: Path, path: Path, visitor: int) -> int:
    try:
        (table,) = read_tables([path], ["visitor"])
    except FileNotFoundError:
        raise ArchiveError(f"{path.relative_to(root)} vanished while it was read. Run it again.") from None
    return table.filter(pc.equal(table["visitor"], pa.scalar(visitor, pa.int64()))).num_rows


def _without_damaged(root: Path, partition: int) -> Iterator[str]:
    for folder in sorted((root / DAMAGED).glob("day=*/partition=*")):
        first, _, last = folder.name.removeprefix("partition=").partition("-")
        if int(first) <= partition <= int(last or first):
            yield str(folder.relative_to(root))
            shutil.rmtree(folder)


def _without_unreadable(root: Path, partition: int, visitor: int) -> int:
    """Take the lines that name the visitor out of what nobody could read; returns their number."""
    gone, mine = 0, repr(str(visitor).encode())
    for path in (root / "unreadable" / f"partition={partition:02d}").glob("*.jsonl"):
        lines = path.read_bytes().splitlines(keepends=True)
        others = [line for line in lines if mine not in json.loads(line)["fields"].values()]
        kept = b"".join(others)
        gone += len(lines) - len(others)
        if not kept:
            path.unlink()
        elif len(others) < len(lines):
            write_durably(path, partial(_put, kept))
    return gone


def _put(text: bytes, file: BinaryIO) -> None:
    file.write(text)

# SPDX-License-Identifier: EUPL-1.2
"""The archive: events go in at least once, and come out exactly once.

The archiver may die between any two steps. What it had written and not yet removed from the stream is then
written again, and a browser that missed our answer sends its beacon again; a retry after 04:00 or from
another network even has another pseudonym, hence another partition. Hence nothing here prevents repeats:
readers remove them (`tracker.archive_reader`).
"""

from __future__ import annotations

import json
import re
import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import pyarrow as pa
import redis

from tracker.archive_files import (
    ASIDE,
    STREAM_FILE,
    ArchiveError,
    folder_of,
    settle_partitions,
    stored_partitions,
    table_of,
    write_durably,
    write_table,
)
from tracker.archive_reader import compact, days, identities_of_run, read_events, read_frame
from tracker.day import day_of
from tracker.errors import UndecodableError
from tracker.event import Event
from tracker.keys import Keys
from tracker.site import Site, Sites
from tracker.stream import decode
from tracker.words import dictionary

__all__ = [
    "AppendResult",
    "ArchiveError",
    "ArchiveResult",
    "Archiver",
    "append",
    "compact",
    "days",
    "identities_of_run",
    "read_events",
    "read_frame",
]

BATCH_ENTRIES = 50_000
REMOVE_AT_ONCE = 1_000
LEASE_MS = 30_000  # a batch takes a second or two; a killed archiver blocks its successor this long
APPEND_EVENTS = 200_000
DEFAULT_PARTITIONS = 16
BEYOND_COLUMN = (pa.ArrowInvalid, pa.ArrowTypeError, TypeError, OverflowError)
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")

# KEYS[1] the lease of a partition; ARGV[1] our token, ARGV[2] its new life in milliseconds (0: give it up).
_HOLD = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then return redis.call('DEL', KEYS[1]) end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""

Entry = tuple[bytes, Mapping[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class ArchiveResult:
    """What a run moved: events archived, files written, unreadable entries, partitions busy elsewhere."""

    events: int = 0
    files: int = 0
    unreadable: int = 0
    busy: int = 0

    def __add__(self, other: ArchiveResult) -> ArchiveResult:
        return ArchiveResult(
            self.events + other.events,
            self.files + other.files,
            self.unreadable + other.unreadable,
            self.busy + other.busy,
        )


class Archiver:
    """Moves events of all partitions from the store into files. One at a time for each partition."""

    def __init__(
        self,
        client: redis.Redis,
        root: Path,
        sites: Sites,
        partitions: int,
        keys: Keys | None = None,
    ) -> None:
        self._client = client
        self._root = root
        self._calendar = Calendar(sites)
        self._partitions = partitions
        self._keys = keys or Keys()
        self._token = secrets.token_hex(16)
        self._hold = client.register_script(_HOLD)

    def run_once(self) -> ArchiveResult:
        """Archive what is in the streams now.

        Raises `ArchiveError` when files cannot be written and `redis.RedisError` when the store is away; what
        was not archived is then still in the streams.
        """
        settle_partitions(self._root, self._partitions)
        result = ArchiveResult()
        for partition in range(self._partitions):
            result += self._drain(partition)
        return result

    def _drain(self, partition: int) -> ArchiveResult:
        lease = self._keys.lease(partition)
        if not self._client.set(lease, self._token, nx=True, px=LEASE_MS):
            return ArchiveResult(busy=1)
        try:
            remove_unfinished(self._root, partition)
            result = ArchiveResult()
            more = True
            # Two writers at once lose nothing, they only write more: a lease that ran out just ends the work.
            while more and self._hold(keys=[lease], args=[self._token, LEASE_MS]):
                moved, more = self._move_batch(partition)
                result += moved
            return result
        finally:
            self._hold(keys=[lease], args=[self._token, 0])

    def _move_batch(self, partition: int) -> tuple[ArchiveResult, bool]:
        stream = self._keys.events(partition)
        entries = cast("list[Entry]", self._client.xrange(stream, count=BATCH_ENTRIES))
        held = cast("dict[bytes, bytes]", self._client.hgetall(self._keys.words))  # after the entries
        readable, unreadable = _decoded(entries, dictionary(held))
        files, refused = self._write(partition, readable)
        unreadable += refused
        if unreadable:
            _keep_unreadable(self._root, partition, unreadable)
        # Exactly what was read, not "everything up to": what came meanwhile stays, and so does what a replica
        # that became master with a slower clock put before it.
        ids = [entry_id for entry_id, _ in entries]
        for start in range(0, len(ids), REMOVE_AT_ONCE):
            self._client.xdel(stream, *ids[start : start + REMOVE_AT_ONCE])
        moved = ArchiveResult(events=len(entries) - len(unreadable), files=files, unreadable=len(unreadable))
        return moved, len(entries) == BATCH_ENTRIES

    def _write(self, partition: int, readable: list[tuple[Entry, Event]]) -> tuple[int, list[Entry]]:
        """Write a file for each DAY; returns their number, and the entries that fit into none."""
        groups: dict[date, list[tuple[Entry, Event]]] = defaultdict(list)
        refused: list[Entry] = []
        for entry, event in readable:
            groups[self._calendar.day(event)].append((entry, event))
        files = 0
        for day, group in groups.items():
            try:
                table = table_of([event for _, event in group])
            except BEYOND_COLUMN:
                fitting = [pair for pair in group if _fits(pair[1])]
                refused += [pair[0] for pair in group if not _fits(pair[1])]
                table = table_of([event for _, event in fitting])
            if table.num_rows:
                name = f"{_span([entry for entry, _ in group])}.parquet"
                write_table(folder_of(self._root, day, partition) / name, table)
                files += 1
        return files, refused


def _decoded(
    entries: Iterable[Entry], words: Mapping[str, str]
) -> tuple[list[tuple[Entry, Event]], list[Entry]]:
    readable, unreadable = [], []
    for entry in entries:
        try:
            readable.append((entry, decode(*entry, words)))
        except UndecodableError:
            unreadable.append(entry)
    return readable, unreadable


def _fits(event: Event) -> bool:
    try:
        table_of([event])
    except BEYOND_COLUMN:
        return False
    return True


def _span(entries: Sequence[Entry]) -> str:
    return f"{entries[0][0].decode()}-{entries[-1][0].decode()}"


def _keep_unreadable(root: Path, partition: int, entries: list[Entry]) -> None:
    """Put entries that no reader understands aside, so that they neither get lost nor stop the others."""
    path = root / "unreadable" / f"partition={partition:02d}" / f"{_span(entries)}.jsonl"
    lines = [
        json.dumps({"id": entry_id.decode(), "fields": {repr(key): repr(fields[key]) for key in fields}})
        for entry_id, fields in entries
    ]
    write_durably(path, lambda file: file.write("\n".join(lines).encode() + b"\n"))


@dataclass(frozen=True, slots=True)
class AppendResult:
    """What an import brought; `already` where an import of that name had been finished before."""

    events: int
    files: int
    already: bool


def append(
    root: Path,
    events: Iterable[Event],
    *,
    name: str,
    sites: Sites | None = None,
    partitions: int | None = None,
) -> AppendResult:
    """Put events of an import into the archive, once for each name.

    `name` (letters, digits, dot, dash, underscore) tells one import from another: of a name that was finished
    before, the events are read and nothing is written; what an interrupted one left behind is replaced.
    Sites that `sites` does not know turn their DAY as a site does by default. Raises `ArchiveError`.
    """
    if not _NAME.fullmatch(name):
        raise ArchiveError(f'An import cannot be named "{name}"; expected letters, digits, dots and dashes.')
    partitions = partitions or stored_partitions(root) or DEFAULT_PARTITIONS
    settle_partitions(root, partitions)
    mark = root / "imports" / f"{name}.json"
    if mark.exists():
        return AppendResult(events=sum(1 for _ in events), files=0, already=True)
    for left in root.glob(f"day=*/partition=*/import-{name}-*.parquet*"):
        left.unlink()
    calendar = Calendar(sites)
    count, files = 0, 0
    for number, chunk in enumerate(_chunks(events, APPEND_EVENTS)):
        groups: dict[tuple[date, int], list[Event]] = defaultdict(list)
        for event in chunk:
            groups[calendar.day(event), event.visitor % partitions].append(event)
        for (day, partition), group in groups.items():
            path = folder_of(root, day, partition) / f"import-{name}-{number:04d}.parquet"
            write_table(path, table_of(group))
        count, files = count + len(chunk), files + len(groups)
    write_durably(mark, lambda file: file.write(json.dumps({"events": count, "files": files}).encode()))
    return AppendResult(events=count, files=files, already=False)


def _chunks(events: Iterable[Event], size: int) -> Iterator[list[Event]]:
    rest = iter(events)
    while chunk := list(islice(rest, size)):
        yield chunk


class Calendar:
    """The DAY of an event, by its site's time zone."""

    def __init__(self, sites: Sites | None) -> None:
        self._zones = {site.name: site.zone for site in sites or ()}
        self._default: ZoneInfo = Site(name="", hosts=frozenset()).zone

    def day(self, event: Event) -> date:
        return day_of(event.time, self._zones.get(event.site, self._default))


def remove_unfinished(root: Path, partition: int) -> int:
    """Take away what a killed archiver was still writing; returns the number of files."""
    torn = [
        path
        for path in root.glob(f"day=*/partition={partition:02d}/*{ASIDE}")
        if STREAM_FILE.fullmatch(path.name.removesuffix(ASIDE))
    ]
    for path in torn:
        path.unlink(missing_ok=True)
    return len(torn)

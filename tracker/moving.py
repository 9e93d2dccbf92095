# SPDX-License-Identifier: EUPL-1.2
"""The steps of moving a batch: read entries, write their files, remove them from the stream.

In this order, and each only when the one before is done for good. Who may do it is the affair of the archiver
(`tracker.archive`).
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import redis

from tracker.archive_files import ASIDE, QUICK_LEVEL, folder_of, unused, write_durably, write_table
from tracker.calendar import Calendar
from tracker.keys import Keys
from tracker.leases import Lease, Leases
from tracker.site import Sites
from tracker.stream_columns import Entry, EntryReader, as_mapping
from tracker.words import dictionary

READ_ENTRIES = 5_000  # at once from the store: some 10 MB as Python objects
BATCH_ENTRIES = 50_000  # to a file at most
LEAST_ENTRIES = 500  # and at least, where writing as many took longer than a lease
WORD_LIMIT_S = 3_600.0
WRITING = "writing"


@dataclass(frozen=True, slots=True)
class ArchiveResult:
    """What a run moved and found.

    `busy` partitions hold entries and are another archiver's; `damaged` files were set aside.
    """

    events: int = 0
    files: int = 0
    unreadable: int = 0
    busy: int = 0
    damaged: int = 0

    def __add__(self, other: ArchiveResult) -> ArchiveResult:
        return ArchiveResult(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


class Mover:
    """Moves what the streams hold into files under `root`; `clock` gives seconds since 1970."""

    def __init__(
        self,
        client: redis.Redis,
        root: Path,
        sites: Sites,
        keys: Keys,
        leases: Leases,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._raw = _raw(client)
        self._reader = EntryReader()
        self._root = root
        self._calendar = Calendar(sites)
        self._keys = keys
        self._leases = leases
        self._clock = clock
        self._batch = BATCH_ENTRIES  # to a file now

    def place(self, lease: Lease) -> Path:
        """The folder in which the holder of a lease writes what isn't whole yet."""
        return self._root / WRITING / f"partition={lease.partition:02d}" / str(lease.turn)

    def is_due(self, lease: Lease, linger_s: float) -> bool:
        """Whether the oldest entry has waited for `linger_s` seconds, or as many wait as fill a file."""
        stream = self._keys.events(lease.partition)
        oldest = self._raw.xrange(stream, count=1)
        if not oldest:
            return False
        # One that seems to come later than now is due too: our clock, or the store's, was put right.
        return not 0 <= self._age_s(oldest[0]) < linger_s or int(self._client.xlen(stream)) >= BATCH_ENTRIES

    def move(self, lease: Lease) -> tuple[ArchiveResult, bool]:
        """Move one batch of a partition; what it was, and whether there is more.

        Raises `LeaseLostError` where the partition was taken over meanwhile: nothing is lost.
        """
        parts: list[pa.Table] = []
        ids: list[bytes] = []
        readable_ids: list[bytes] = []
        unreadable: list[Entry] = []
        read = 0
        with _no_collection():
            for entries in self._chunks(lease.partition):
                held: Any = self._client.hgetall(self._keys.words)  # after the entries: words come first
                found = self._reader.columns(entries, dictionary(held))
                parts.append(found.table)
                readable_ids += found.ids
                waiting = {entry[0] for entry in found.waiting if self._may_wait(entry)}
                unreadable += found.unreadable
                unreadable += [entry for entry in found.waiting if entry[0] not in waiting]
                read += len(entries)
                ids += [entry_id for entry_id, _ in entries if entry_id not in waiting]
        files = self._write(lease, pa.concat_tables(parts), readable_ids) if parts else 0
        if unreadable:
            self._keep_unreadable(lease, unreadable)
        removed = self._leases.trim(lease, ids)
        moved = ArchiveResult(events=len(readable_ids), files=files, unreadable=len(unreadable))
        asked = self._batch
        if removed:
            self._batch = min(asked + READ_ENTRIES, BATCH_ENTRIES)
        else:
            self.take_less()
        return moved, removed and bool(ids) and read == asked

    def take_less(self) -> None:
        """From now on, since a batch took longer than a lease."""
        self._batch = max(self._batch // 2, LEAST_ENTRIES)

    def _may_wait(self, entry: Entry) -> bool:
        """Whether the word that an entry needs may still come: collectors write theirs down every minute."""
        return self._age_s(entry) < WORD_LIMIT_S

    def _age_s(self, entry: Entry) -> float:
        return self._clock() - int(entry[0].split(b"-")[0]) / 1000

    def _chunks(self, partition: int) -> Iterator[list[Entry]]:
        start, left = "-", self._batch
        while left > 0:
            asked = min(READ_ENTRIES, left)
            entries = self._raw.xrange(self._keys.events(partition), start, "+", asked)
            if entries:
                yield entries
            if len(entries) < asked:
                return
            start, left = f"({entries[-1][0].decode()}", left - asked

    def _write(self, lease: Lease, table: pa.Table, ids: Sequence[bytes]) -> int:
        """Write a file for each DAY; returns their number. `ids` are the entries of the rows."""
        found = self._calendar.days(table["site"], table["time"])
        for day, rows in found.items():
            name = f"{ids[rows[0]].decode()}-{ids[rows[-1]].decode()}.parquet"
            # Never over a file that is there: after a failover other entries may have had the same ids.
            path = unused(folder_of(self._root, day, lease.partition) / name)
            mine = table if len(found) == 1 else table.take(rows)
            aside = self.place(lease) / f"{day}-{path.name}{ASIDE}"
            write_table(path, mine, aside=aside, level=QUICK_LEVEL)
        return len(found)

    def _keep_unreadable(self, lease: Lease, entries: list[Entry]) -> None:
        """Put entries that no reader understands aside, so that they neither get lost nor stop others."""
        name = f"{entries[0][0].decode()}-{entries[-1][0].decode()}.jsonl"
        path = self._root / "unreadable" / f"partition={lease.partition:02d}" / name
        lines = [
            json.dumps({"id": entry_id.decode(), "fields": _shown(as_mapping(pairs))})
            for entry_id, pairs in entries
        ]
        text = "\n".join(lines).encode() + b"\n"
        write_durably(path, lambda file: file.write(text), aside=self.place(lease) / f"{name}{ASIDE}")


def _shown(fields: Mapping[bytes, bytes]) -> dict[str, str]:
    return {repr(name): repr(value) for name, value in fields.items()}


def _raw(client: redis.Redis) -> Any:
    """A client on the same connections that gives entries as the store answers, not as dictionaries."""
    if isinstance(client, redis.RedisCluster):
        return _OfCluster(client)
    raw = redis.Redis(connection_pool=client.connection_pool)
    raw.set_response_callback("XRANGE", lambda reply, **_: reply or [])
    return raw


class _OfCluster:
    """The same of a Cluster, whose nodes come and go with clients of their own."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def xrange(self, *where: Any, **how: Any) -> list[Any]:
        entries = self._client.xrange(*where, **how)
        return [[name, [text for pair in fields.items() for text in pair]] for name, fields in entries]


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the collector of cycles away from entries: they make none, and it takes half of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()

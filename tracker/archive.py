# SPDX-License-Identifier: EUPL-1.2
"""The archiver: events go from the streams into files at least once, and come out exactly once.

An archiver may die between any two steps. What it had written and not yet removed from the stream is then
written again, and a browser that missed our answer sends its beacon again; a retry after 04:00 or from
another network even has another pseudonym, hence another partition. Hence nothing here prevents repeats:
readers remove them (`tracker.archive_reader`), and compaction does so for good (`tracker.compaction`).

What a successor must be sure of is that its predecessor does nothing any more, even one that was only
paused. An archiver writes in a folder of its own turn, `writing/partition=03/TURN`, made before it confirmed
its lease. Whoever takes over removes the folders of earlier turns first; a rename out of a folder that is
gone fails. Removing from the stream is fenced by the store (`tracker.leases`).
"""

from __future__ import annotations

import gc
import json
import logging
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import redis

from tracker.archive_files import (
    ASIDE,
    QUICK_LEVEL,
    STREAM_FILE,
    ArchiveError,
    LeaseLostError,
    folder_of,
    is_whole,
    make_folder,
    set_aside,
    settle_partitions,
    unused,
    write_durably,
    write_table,
)
from tracker.archive_reader import days, identities_of_run, read_events, read_frame
from tracker.calendar import Calendar
from tracker.compaction import compact
from tracker.keys import Keys
from tracker.leases import LEASE_MS, Lease, Leases
from tracker.site import Sites
from tracker.stream_columns import Entry, EntryReader, as_mapping
from tracker.words import dictionary

__all__ = [
    "LEASE_MS",
    "ArchiveError",
    "ArchiveResult",
    "Archiver",
    "compact",
    "days",
    "identities_of_run",
    "read_events",
    "read_frame",
]

LOG = logging.getLogger(__name__)
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


class Archiver:
    """Moves events from the store into files; one archiver at a time for each partition.

    `name` tells archivers apart (random by default); `clock` gives seconds since 1970.
    """

    def __init__(
        self,
        client: redis.Redis,
        root: Path,
        sites: Sites,
        partitions: int,
        keys: Keys | None = None,
        *,
        name: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._raw = _raw(client)
        self._reader = EntryReader()
        self._root = root
        self._calendar = Calendar(sites)
        self._partitions = partitions
        self._keys = keys or Keys()
        self._clock = clock
        self._batch = BATCH_ENTRIES  # to a file now
        self.leases = Leases(client, self._keys, partitions, name=name)

    def run_once(self, *, demand: bool = False) -> ArchiveResult:
        """Archive what is in the streams now: every partition that is free, one after the other.

        With `demand`, the holder of one that is not is asked to hand it over: `busy` is 0 a few runs later.
        Raises `ArchiveError` when files cannot be written and `redis.RedisError` when the store is away; what
        was not archived is then still in the streams.
        """
        settle_partitions(self._root, self._partitions)
        result = ArchiveResult()
        for partition in range(self._partitions):
            lease, found = self.take(partition)
            result += found
            if lease is None:
                result += ArchiveResult(busy=int(bool(self._client.xlen(self._keys.events(partition)))))
                if demand:
                    self.leases.demand(partition)
                continue
            try:
                result += self.drain(lease)
            finally:
                self.leases.give_up(lease)
        return result

    def work(self, *, linger_s: float = 0.0) -> ArchiveResult:
        """One round of an archiver that stays: keep our share of the partitions, and drain them.

        Entries may wait for `linger_s` seconds, so that few visitors make few files; as many as fill a file
        do not wait. Leave with `close`. Raises as `run_once` does.
        """
        settle_partitions(self._root, self._partitions)
        result = ArchiveResult()
        share = self.leases.share()
        held = [lease for lease in self.leases.held if self.leases.extend(lease)]
        for lease in held[share:]:
            self.leases.give_up(lease)
        mine = {lease.partition for lease in held[:share]}
        for partition in self._from_our_place():
            if len(mine) >= share:
                break
            if partition not in mine:
                taken, found = self.take(partition)
                result += found
                if taken:
                    mine.add(partition)
        for lease in self.leases.held:
            if self._is_due(lease, linger_s) and self.leases.extend(lease):
                result += self.drain(lease)
        return result

    def close(self) -> None:
        """Hand everything over, so that nobody needs to wait until our leases run out."""
        self.leases.leave()

    def _from_our_place(self) -> Iterator[int]:
        """All partitions, each archiver beginning elsewhere, so that two of them seldom want the same."""
        start = hash(self.leases.name) % self._partitions
        return ((start + number) % self._partitions for number in range(self._partitions))

    def _is_due(self, lease: Lease, linger_s: float) -> bool:
        stream = self._keys.events(lease.partition)
        oldest = self._raw.xrange(stream, count=1)
        if not oldest:
            return False
        # One that seems to come later than now is due too: our clock, or the store's, was put right.
        return not 0 <= self._age_s(oldest[0]) < linger_s or int(self._client.xlen(stream)) >= BATCH_ENTRIES

    def take(self, partition: int) -> tuple[Lease | None, ArchiveResult]:
        """Take a partition, if it is free, and clear up behind whoever had it before."""
        earlier = _turns(self._root, partition)
        lease = self.leases.take(partition, floor=max(earlier, default=0))
        if lease is None:
            return None, ArchiveResult()
        make_folder(self._place(lease))
        # Only a lease that was ours after our folder stood gives the right to remove the others': a successor
        # of ours begins later than this, finds our folder, and removes it.
        if not self.leases.extend(lease):
            return None, ArchiveResult()
        for turn, place in _turns(self._root, partition).items():
            if turn < lease.turn:
                shutil.rmtree(place, ignore_errors=True)
        _remove_left(self._root, partition)
        return lease, ArchiveResult(damaged=self._set_damaged_aside(partition))

    def _place(self, lease: Lease) -> Path:
        return self._root / WRITING / f"partition={lease.partition:02d}" / str(lease.turn)

    def _set_damaged_aside(self, partition: int) -> int:
        """Set aside the files of the last two DAYs that a power cut left damaged; returns their number.

        Those whose entries are still in the stream are made again from it.
        """
        damaged = 0
        for folder in sorted(self._root.glob(f"day=*/partition={partition:02d}"))[-2:]:
            for path in sorted(folder.glob("*.parquet")):
                try:
                    if is_whole(path):
                        continue
                    LOG.error("%s is damaged; it now lies at %s", path, set_aside(self._root, path))
                    damaged += 1
                except FileNotFoundError:  # compacted away meanwhile
                    continue
        return damaged

    def drain(self, lease: Lease) -> ArchiveResult:
        """Archive everything of a partition that is ours; a lease that ran out just ends the work.

        A batch that took longer than the lease is written again, so the next ones are smaller.
        """
        result = ArchiveResult()
        more = True
        while more and self.leases.extend(lease):
            try:
                moved, more = self._move_batch(lease)
            except LeaseLostError:
                LOG.warning("partition %d was taken over while we wrote; nothing is lost", lease.partition)
                self._batch = self._smaller()
                break
            result += moved
        return result

    def _move_batch(self, lease: Lease) -> tuple[ArchiveResult, bool]:
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
        removed = self.leases.trim(lease, ids)
        moved = ArchiveResult(events=len(readable_ids), files=files, unreadable=len(unreadable))
        asked = self._batch
        self._batch = min(asked + READ_ENTRIES, BATCH_ENTRIES) if removed else self._smaller()
        return moved, removed and bool(ids) and read == asked

    def _smaller(self) -> int:
        return max(self._batch // 2, LEAST_ENTRIES)

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
            aside = self._place(lease) / f"{day}-{path.name}{ASIDE}"
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
        write_durably(path, lambda file: file.write(text), aside=self._place(lease) / f"{name}{ASIDE}")


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


def _turns(root: Path, partition: int) -> dict[int, Path]:
    """The folders in which archivers of a partition write, by turn."""
    found = (root / WRITING / f"partition={partition:02d}").glob("*")
    return {int(path.name): path for path in found if path.name.isdecimal()}


def _remove_left(root: Path, partition: int) -> None:
    """Take away what a killed archiver of version 1 was still writing, beside the finished files."""
    for path in root.glob(f"day=*/partition={partition:02d}/*{ASIDE}"):
        if STREAM_FILE.fullmatch(path.name.removesuffix(ASIDE)):
            path.unlink(missing_ok=True)

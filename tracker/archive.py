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

import logging
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import redis

from tracker.archive_files import (
    ASIDE,
    STREAM_FILE,
    ArchiveError,
    LeaseLostError,
    is_whole,
    set_aside,
    settle_partitions,
)
from tracker.archive_reader import days, identities_of_run, read_events, read_frame
from tracker.compaction import compact
from tracker.folders import make_folder
from tracker.keys import Keys
from tracker.leases import LEASE_MS, Lease, Leases
from tracker.moving import WRITING, ArchiveResult, Mover
from tracker.site import Sites

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
        self._root = root
        self._partitions = partitions
        self._keys = keys or Keys()
        self.leases = Leases(client, self._keys, partitions, name=name)
        self._mover = Mover(client, root, sites, self._keys, self.leases, clock=clock)

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
            if self._mover.is_due(lease, linger_s) and self.leases.extend(lease):
                result += self.drain(lease)
        return result

    def close(self) -> None:
        """Hand everything over, so that nobody needs to wait until our leases run out."""
        self.leases.leave()

    def _from_our_place(self) -> Iterator[int]:
        """All partitions, each archiver beginning elsewhere, so that two of them seldom want the same."""
        start = hash(self.leases.name) % self._partitions
        return ((start + number) % self._partitions for number in range(self._partitions))

    def take(self, partition: int) -> tuple[Lease | None, ArchiveResult]:
        """Take a partition, if it is free, and clear up behind whoever had it before."""
        earlier = _turns(self._root, partition)
        lease = self.leases.take(partition, floor=max(earlier, default=0))
        if lease is None:
            return None, ArchiveResult()
        make_folder(self._mover.place(lease))
        # Only a lease that was ours after our folder stood gives the right to remove the others': a successor
        # of ours begins later than this, finds our folder, and removes it.
        if not self.leases.extend(lease):
            return None, ArchiveResult()
        for turn, place in _turns(self._root, partition).items():
            if turn < lease.turn:
                shutil.rmtree(place, ignore_errors=True)
        _remove_left(self._root, partition)
        return lease, ArchiveResult(damaged=self._set_damaged_aside(partition))

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
                moved, more = self._mover.move(lease)
            except LeaseLostError:
                LOG.warning("partition %d was taken over while we wrote; nothing is lost", lease.partition)
                self._mover.take_less()
                break
            result += moved
        return result


def _turns(root: Path, partition: int) -> dict[int, Path]:
    """The folders in which archivers of a partition write, by turn."""
    found = (root / WRITING / f"partition={partition:02d}").glob("*")
    return {int(path.name): path for path in found if path.name.isdecimal()}


def _remove_left(root: Path, partition: int) -> None:
    """Take away what a killed archiver of version 1 was still writing, beside the finished files."""
    for path in root.glob(f"day=*/partition={partition:02d}/*{ASIDE}"):
        if STREAM_FILE.fullmatch(path.name.removesuffix(ASIDE)):
            path.unlink(missing_ok=True)

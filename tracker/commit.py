# SPDX-License-Identifier: EUPL-1.2
"""Group commit: everything that arrives while one group is on its way to be stored goes into the next one.

A beacon is acknowledged when its whole group is stored, in Redis or in the spool (`tracker.delivery`). Under
load a group grows by itself, so that all who wait share the price of a round trip, and of an fsync.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date

import msgspec

from tracker import ledger
from tracker.counts import Counts
from tracker.delivery import Delivery
from tracker.errors import StoreAwayError
from tracker.keys import Keys
from tracker.scrub import Mark

LOG = logging.getLogger(__name__)

# The largest group: about half a megabyte on the way, and some ten milliseconds of Redis' time.
GROUP_EVENTS = 2_000


Done = Callable[[StoreAwayError | None], None]


class _Waiting(msgspec.Struct, frozen=True, gc=False):
    """One beacon on its way: its packed commands, what the ledger says of it, and whom to tell."""

    partition: int
    commands: bytes
    count: int
    day: date
    redacted: Sequence[Mark]
    run: str | None
    done: Done


# As many events are worth a group of their own at once.
ENOUGH_EVENTS = 16


class GroupCommit:
    """Puts events and the ledger into groups; `max_waiting` bounds the events in memory.

    With few arrivals a group waits `linger_s` for company, since a group costs as much as two beacons.
    """

    def __init__(self, delivery: Delivery, keys: Keys, *, max_waiting: int, linger_s: float = 0.0) -> None:
        self._delivery = delivery
        self._keys = keys
        self.max_waiting = max_waiting
        self.counts = Counts()
        self._waiting: list[_Waiting] = []
        self._events_waiting = 0
        self._dropped = ledger.Tally()
        self._writer: asyncio.Task[None] | None = None
        self._linger_s = linger_s
        self._lingering: asyncio.TimerHandle | None = None

    def put(
        self,
        partition: int,
        commands: bytes,
        count: int,
        done: Done,
        *,
        day: date,
        redacted: Sequence[Mark] = (),
        run: str | None = None,
    ) -> None:
        """Put the `count` packed commands of a beacon in the next group; `day` is the DAY of its ledger.

        All of them are on the stream of `partition`.

        `done` is called with None when they are stored, with an error where they may not all be. Raises
        `StoreAwayError` at once where too many wait already.
        """
        if self._events_waiting + count > self.max_waiting:
            raise StoreAwayError(f"{self._events_waiting} events wait for the store already")
        self._waiting.append(_Waiting(partition, commands, count, day, redacted, run, done))
        self._events_waiting += count
        self._wake()

    @property
    def events_waiting(self) -> int:
        """Events that wait for the next group."""
        return self._events_waiting

    def count_drop(self, day: date, field: ledger.Field) -> None:
        """Put a dropped beacon in the ledger, with the next group; nobody waits for it."""
        counts = self._dropped.of(day)
        counts[ledger.IN] += 1
        counts[field] += 1
        self._wake()

    async def close(self) -> None:
        """Finish what waits and hang up."""
        self._linger_s = 0.0
        if self._waiting or self._dropped:
            self._wake()
        if self._writer is not None and not self._writer.done():
            await self._writer
        await self._delivery.close()

    def _wake(self) -> None:
        if self._writer is not None and not self._writer.done():
            return
        if not self._linger_s or self._events_waiting >= ENOUGH_EVENTS:
            self._begin()
        elif self._lingering is None:
            self._lingering = asyncio.get_running_loop().call_later(self._linger_s, self._begin)

    def _begin(self) -> None:
        if self._lingering is not None:
            self._lingering.cancel()
            self._lingering = None
        self._writer = asyncio.get_running_loop().create_task(self._write_all())
        # Whatever went wrong with one group, who waits for the next one is not forgotten.
        self._writer.add_done_callback(lambda _: self._wake() if self._waiting or self._dropped else None)

    async def _write_all(self) -> None:
        while self._waiting or self._dropped:
            group, self._waiting = _first(self._waiting, self._events_waiting)
            dropped, self._dropped = self._dropped, ledger.Tally()
            events = sum([beacon.count for beacon in group])
            self._events_waiting -= events
            error: StoreAwayError | None = StoreAwayError("something went wrong on the way to the store")
            try:
                tally, counts = self._counts(group, dropped)
                started = time.monotonic()
                await self._delivery.deliver(group, counts, dropped.by_key(self._keys))
                self.counts.stored(tally, events=events, seconds=time.monotonic() - started)
                error = None
            except StoreAwayError as away:
                error = away
            finally:
                self.counts.store_failures = self._delivery.failures
                for beacon in group:
                    _tell(beacon.done, error)
            if self._linger_s and self._events_waiting < ENOUGH_EVENTS:
                return  # what came meanwhile waits for company

    def _counts(
        self, group: Sequence[_Waiting], dropped: ledger.Tally
    ) -> tuple[ledger.Tally, dict[str, Counter[str]]]:
        tally, runs = ledger.Tally(), Counter[str]()
        tally.add(dropped)
        for day in {beacon.day for beacon in group}:  # nearly always one
            mine = [beacon for beacon in group if beacon.day == day]
            counts = tally.of(day)
            counts[ledger.IN] += len(mine)
            counts[ledger.STORED] += len(mine)
            counts[ledger.EVENTS] += sum([beacon.count for beacon in mine])
            counts.update([ledger.redacted(mark) for beacon in mine for mark in beacon.redacted])
        for beacon in [beacon for beacon in group if beacon.run is not None]:
            runs[beacon.run or ""] += beacon.count
        by_key = tally.by_key(self._keys)
        if runs:
            by_key[self._keys.runs] = runs
        return tally, by_key


def _tell(done: Done, error: StoreAwayError | None) -> None:
    try:
        done(error)
    except Exception:  # whatever is wrong with one connection, the others wait for their answer too
        LOG.exception("A beacon's sender could not be answered.")


def _first(waiting: list[_Waiting], in_all: int) -> tuple[list[_Waiting], list[_Waiting]]:
    """The beacons of the next group, of at most about `GROUP_EVENTS` of the `in_all` events, and the rest."""
    if in_all < GROUP_EVENTS:
        return waiting, []
    events = 0
    for position, beacon in enumerate(waiting):
        events += beacon.count
        if events >= GROUP_EVENTS:
            return waiting[: position + 1], waiting[position + 1 :]
    return waiting, []

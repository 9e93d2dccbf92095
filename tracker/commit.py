# SPDX-License-Identifier: EUPL-1.2
"""Group commit: everything that arrives while one pipeline is on its way to Redis goes into the next one.

A beacon is acknowledged when Redis acknowledged all its events. Under load a group grows by itself, so that
all who wait share the price of a round trip, and of `appendfsync always`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any, cast

import hiredis
import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from tracker import ledger
from tracker.counts import Counts
from tracker.errors import StoreAwayError
from tracker.happenings import StoreWatch
from tracker.keys import Keys
from tracker.link import Link
from tracker.scrub import Mark

# Typed for one argument only, though it takes any number of them.
_pack: Callable[[tuple[Any, ...]], bytes] = cast("Any", hiredis.pack_command)

LOG = logging.getLogger(__name__)

# The largest group: about half a megabyte on the way, and some ten milliseconds of Redis' time.
GROUP_EVENTS = 2_000


Done = Callable[[StoreAwayError | None], None]


class _Waiting(msgspec.Struct, frozen=True, gc=False):
    """One beacon on its way: its packed commands, what the ledger says of it, and whom to tell."""

    commands: bytes
    count: int
    day: date
    redacted: Sequence[Mark]
    run: str | None
    done: Done


class GroupCommit:
    """Writes events and the ledger to Redis, in groups, over one connection of its own.

    `max_waiting` bounds the events in memory, `timeout_s` how long a group may take, connecting included.
    """

    def __init__(
        self, client: Redis, keys: Keys, *, max_waiting: int, timeout_s: float
    ) -> None:
        self._client = client
        self._keys = keys
        self._max_waiting = max_waiting
        self._timeout_s = timeout_s
        self.counts = Counts()
        self._watch = StoreWatch(LOG)
        self._waiting: list[_Waiting] = []
        self._events_waiting = 0
        self._dropped = ledger.Tally()
        self._writer: asyncio.Task[None] | None = None
        self._link: Link | None = None

    def put(
        self,
        commands: bytes,
        count: int,
        done: Done,
        *,
        day: date,
        redacted: Sequence[Mark] = (),
        run: str | None = None,
    ) -> None:
        """Put the `count` packed commands of a beacon in the next group; `day` is the DAY of its ledger.

        `done` is called with None when Redis has them, with an error where it may not have them all. Raises
        `StoreAwayError` at once where too many wait already.
        """
        if self._events_waiting + count > self._max_waiting:
            raise StoreAwayError(f"{self._events_waiting} events wait for the store already")
        self._waiting.append(_Waiting(commands, count, day, redacted, run, done))
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
        if self._writer is not None and not self._writer.done():
            await self._writer
        await self._hang_up()

    def _wake(self) -> None:
        if self._writer is None or self._writer.done():
            self._writer = asyncio.get_running_loop().create_task(self._write_all())

    async def _write_all(self) -> None:
        while self._waiting or self._dropped:
            group, self._waiting = _first(self._waiting)
            dropped, self._dropped = self._dropped, ledger.Tally()
            self._events_waiting -= sum(beacon.count for beacon in group)
            try:
                await self._write(group, dropped)
            except (RedisError, OSError, TimeoutError) as error:
                self.counts.store_failures += 1
                self._watch.away(error)
                await self._hang_up()
                _fail(group, StoreAwayError(f"the store did not take the events ({error or 'time-out'})"))
                self._dropped.add(dropped)
                if not self._waiting:
                    break  # the counts wait for the next arrival; a store that is away is not tried for ever

    async def _write(self, group: list[_Waiting], dropped: ledger.Tally) -> None:
        parts = [beacon.commands for beacon in group]
        tally, commands = self._ledger_commands(group, dropped)
        counts = [_pack(command) for command in commands]
        packed = b"".join(parts + counts)
        events = sum(beacon.count for beacon in group)
        replies = events + len(counts)
        started = time.monotonic()
        async with asyncio.timeout(self._timeout_s):
            reused = self._link is not None
            try:
                errors = await self._exchange(packed, replies)
            except (RedisError, OSError):
                # A connection that lay idle may have died unseen; a second writing of the same event does no
                # harm, since readers count an identity once.
                if not reused:
                    raise
                await self._hang_up()
                errors = await self._exchange(packed, replies)
        _settle(group, errors)
        self._watch.answered()
        self.counts.stored(tally, events=events, seconds=time.monotonic() - started)

    async def _exchange(self, packed: bytes, replies: int) -> dict[int, ResponseError]:
        """Send the commands and read all replies; the errors among them by position."""
        if self._link is None:
            self._link = await Link.to(self._client)
        return await self._link.exchange(packed, replies)

    def _ledger_commands(
        self, group: Iterable[_Waiting], dropped: ledger.Tally
    ) -> tuple[ledger.Tally, list[tuple[str | int | bytes, ...]]]:
        tally, runs = ledger.Tally(), dict[str, int]()
        tally.add(dropped)
        for beacon in group:
            counts = tally.of(beacon.day)
            counts[ledger.IN] += 1
            counts[ledger.STORED] += 1
            counts[ledger.EVENTS] += beacon.count
            for mark in beacon.redacted:
                counts[ledger.redacted(mark)] += 1
            if beacon.run is not None:
                runs[beacon.run] = runs.get(beacon.run, 0) + beacon.count
        acknowledged = [("HINCRBY", self._keys.runs, run, count) for run, count in runs.items()]
        return tally, [*tally.commands(self._keys), *acknowledged]

    async def _hang_up(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            await link.close()


def _first(waiting: list[_Waiting]) -> tuple[list[_Waiting], list[_Waiting]]:
    """The beacons of the next group, at most about `GROUP_EVENTS` events, and the rest."""
    events = 0
    for position, beacon in enumerate(waiting):
        events += beacon.count
        if events >= GROUP_EVENTS:
            return waiting[: position + 1], waiting[position + 1 :]
    return waiting, []


def _settle(group: list[_Waiting], errors: dict[int, ResponseError]) -> None:
    """Tell everyone in the group; a beacon of which any event was refused isn't stored."""
    first = 0
    for beacon in group:
        refused = (
            next((errors[n] for n in range(first, first + beacon.count) if n in errors), None)
            if errors
            else None
        )
        first += beacon.count
        if refused is not None:
            _fail([beacon], StoreAwayError(f"the store refused the events ({refused})"))
        else:
            beacon.done(None)


def _fail(group: Iterable[_Waiting], error: StoreAwayError) -> None:
    for beacon in group:
        beacon.done(error)

# SPDX-License-Identifier: EUPL-1.2
"""What becomes of a group: Redis has it, else the spool until Redis can have it, else nobody.

As long as Redis takes groups, they go there and nowhere else. The first one that it doesn't take, for
whatever reason (away, slow, full, read-only, too few replicas), goes to the spool, and so do all that
follow, at the price of an fsync, without asking Redis. Meanwhile one task tries to write the oldest of the
spool; once that succeeded, new groups go to Redis again, and the rest of the spool follows beside them.

A group that failed may be in Redis all the same, and may even get there after its repetition (its bytes lie
in the buffers of a server that hangs). Hence the lanes of `tracker.group`: what follows a failure through the
spool keeps the lane, what goes to Redis directly afterwards gets a new one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections import Counter
from collections.abc import Callable, Sequence

import msgspec

from tracker.errors import StoreAwayError
from tracker.group import Counts, Group, Packed, from_bytes, to_bytes
from tracker.happenings import StoreWatch
from tracker.nodes import Nodes
from tracker.spool import Spool, SpoolError
from tracker.store_client import FAILURES

LOG = logging.getLogger(__name__)
REPLAY_BYTES = 512 * 1024  # of the spool at once, at most: some ten milliseconds of Redis' time
TAKE_OVER_S = 30.0  # how often to look for what another worker left behind


class Delivery:
    """Brings groups where they are safe, one after another.

    `direct` and `replaying` are the same nodes over connections of their own. A group may take `timeout_s`;
    a store that failed is asked again every `pause_s`, and `on_return` called when it is back. Without
    `spool` what Redis doesn't take isn't taken.
    """

    def __init__(
        self,
        direct: Nodes,
        replaying: Nodes,
        spool: Spool | None,
        *,
        timeout_s: float,
        pause_s: float,
        on_return: Callable[[], None] = lambda: None,
    ) -> None:
        self._direct = direct
        self._replaying = replaying
        self._spool = spool
        self._timeout_s = timeout_s
        self._pause_s = pause_s
        self._on_return = on_return
        self.failures = 0  # groups that the store did not take
        self._watch = StoreWatch(LOG)
        self._lane = _new_lane()
        self._number = 0
        self._away = False
        self._ask_again_at = 0.0
        # Counts for which there was no room: of the one group that was tried, and of those that were not.
        self._in_doubt: Group | None = None
        self._owed: dict[str, Counter[str]] = {}
        self._replay_bytes = REPLAY_BYTES
        self._tending: asyncio.Task[None] | None = None
        self._roused = asyncio.Event()

    def start(self) -> None:
        """Begin to replay what earlier processes left in the spool; needs a running loop."""
        if self._spool is not None and (self._tending is None or self._tending.done()):
            self._tending = asyncio.get_running_loop().create_task(self._tend(self._spool))

    async def deliver(self, entries: Sequence[Packed], counts: Counts, drops: Counts) -> None:
        """Have a group stored for good: its entries and its counts.

        Raises `StoreAwayError` where neither Redis nor the spool has it all. The part `drops` of the counts,
        for which nobody waits, then still arrives, later and once.
        """
        if self._away and self._spool is None:
            await self._try_to_return()
        self._number += 1
        group = Group(self._lane, self._number, entries, counts)
        tried = not self._away
        if tried:
            try:
                async with asyncio.timeout(self._timeout_s):
                    await self._direct.write([group])
            except FAILURES as error:
                await self._lose_store(error)
            else:
                return
        try:
            await self._set_aside(group)
        except StoreAwayError:
            if tried and drops:
                self._in_doubt = Group(self._lane, self._number, (), drops)
            elif drops:
                self._owed = _sum(self._owed, drops)
            raise

    async def close(self) -> None:
        """Hang up. What lies in the spool is for the next process."""
        if self._tending is not None:
            self._tending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._tending
        await self._direct.hang_up()
        await self._replaying.hang_up()
        if self._spool is not None:
            await asyncio.to_thread(self._spool.close)

    async def _set_aside(self, group: Group) -> None:
        if self._spool is None:
            raise StoreAwayError("the store is away")
        self.start()
        try:
            await asyncio.to_thread(self._spool.append, to_bytes(group))
        except SpoolError as error:
            raise StoreAwayError(str(error)) from error
        finally:
            self._roused.set()

    async def _lose_store(self, error: BaseException) -> None:
        self._away = True
        self._ask_again_at = asyncio.get_running_loop().time() + self._pause_s
        self.failures += 1
        self._watch.away(error)
        with contextlib.suppress(*FAILURES):
            await self._direct.hang_up()

    def _regain_store(self) -> None:
        self._lane = _new_lane()
        self._away = False
        self._on_return()
        self._watch.answered()

    async def _try_to_return(self) -> None:
        """Without a spool nobody tends: see whether the store is back, if it is time to."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._ask_again_at:
            return
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._settle_counts()
            self._regain_store()
        except FAILURES:
            self._ask_again_at = loop.time() + self._pause_s
            with contextlib.suppress(*FAILURES):
                await self._replaying.hang_up()

    async def _settle_counts(self) -> None:
        """See whether the store is well, and write what no spool had room for."""
        await self._replaying.probe()
        while self._in_doubt or self._owed:
            if self._in_doubt is None:
                self._in_doubt, self._owed = Group(_new_lane(), 1, (), self._owed), {}
            await self._replaying.write([self._in_doubt])
            self._in_doubt = None

    async def _tend(self, spool: Spool) -> None:
        """Replay for ever: what others left behind, and our own."""
        while True:
            try:
                await asyncio.to_thread(spool.adopt)
                while self._away or spool.waiting:
                    await self._catch_up(spool)
            except FAILURES as error:
                LOG.info("the store is still away (%s)", str(error) or "time-out")
                self._replay_bytes = max(1, self._replay_bytes // 2)  # perhaps it was too much at once
                with contextlib.suppress(*FAILURES):
                    await self._replaying.hang_up()
                _end_if_cancelled()
                await asyncio.sleep(self._pause_s)
            except (SpoolError, msgspec.MsgspecError) as error:
                LOG.error("%s", error)
                await asyncio.sleep(self._pause_s)
            else:
                self._roused.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(TAKE_OVER_S):
                        await self._roused.wait()

    async def _catch_up(self, spool: Spool) -> None:
        """Write the next groups of the spool; while the store is away only one, to see whether it is back."""
        was_away = self._away
        kept = await asyncio.to_thread(spool.read, 1 if was_away else self._replay_bytes)
        async with asyncio.timeout(self._timeout_s):
            if was_away:
                await self._settle_counts()
            if kept:
                await self._replaying.write([from_bytes(each) for each in kept])
        await asyncio.to_thread(spool.forget)
        self._replay_bytes = min(2 * self._replay_bytes, REPLAY_BYTES)
        if was_away:
            self._regain_store()


def _end_if_cancelled() -> None:
    """A cancellation that meets a failure of the store may come out as that failure; it must not be lost."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _new_lane() -> str:
    return secrets.token_hex(8)


def _sum(one: Counts, other: Counts) -> dict[str, Counter[str]]:
    total = {key: Counter(fields) for key, fields in one.items()}
    for key, fields in other.items():
        total.setdefault(key, Counter()).update(fields)
    return total

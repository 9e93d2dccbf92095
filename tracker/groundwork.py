# SPDX-License-Identifier: EUPL-1.2
"""What a collector must ask the store before it can take beacons: partitions, words, and the salt of the DAY.

Many arrivals may need the same answer at once. One asks and the others wait for it; after a failure nobody
asks for a while, so that a crowd is answered 503 at once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection
from zoneinfo import ZoneInfo

from tracker.errors import MismatchError, StoreAwayError
from tracker.identity import Salts
from tracker.keys import Keys
from tracker.nodes import Nodes
from tracker.store_client import FAILURES, AsyncClient
from tracker.words import Words

# A store that was emptied has the words again within this time; entries with a code of an unknown word wait.
RENEW_WORDS_S = 60.0


class Groundwork:
    """Asks the store at `client`, for at most `timeout_s`; where it failed, not again for `pause_s`.

    The store must be for as many `partitions`; `sites` are the names that are words from the start. With
    `secured_by`, words must have reached as many replicas as its nodes demand before they are used.
    """

    def __init__(
        self,
        client: AsyncClient,
        keys: Keys,
        salts: Salts,
        words: Words,
        *,
        partitions: int,
        sites: Collection[str],
        timeout_s: float,
        pause_s: float,
        secured_by: Callable[[], Nodes] | None = None,
    ) -> None:
        self._client, self._keys = client, keys
        self._salts, self._words = salts, words
        self._partitions, self._sites = partitions, sites
        self._timeout_s, self._pause_s = timeout_s, pause_s
        self._secured_by = secured_by
        self.is_settled = False  # the store is claimed for our partitions, and has the words of our sites
        self._away_until = 0.0
        self._asking = asyncio.Lock()
        self._learning: asyncio.Task[None] | None = None
        self._renewal: asyncio.TimerHandle | None = None

    async def settle(self) -> None:
        """Claim the store, if it answers.

        Raises `MismatchError` where its streams were made for another number of partitions.
        """
        with contextlib.suppress(StoreAwayError):
            await self._ask(self._settle)

    async def prepare(self, zone: ZoneInfo, time_ms: int) -> None:
        """Have what is missing to take an arrival of that moment.

        Raises `StoreAwayError` and `MismatchError`.
        """

        async def question() -> None:
            await self._settle()
            if self._salts.known(zone, time_ms) is None:
                await self._salts.load(zone, time_ms)

        try:
            await self._ask(question)
        except StoreAwayError:
            if not self.can_make_do(zone, time_ms):
                raise

    def can_make_do(self, zone: ZoneInfo, time_ms: int) -> bool:
        """Whether beacons of that moment can be taken without asking the store anything."""
        return self.is_settled and self._salts.make_do(zone, time_ms)

    def learn_words(self) -> None:
        """Give the store the words that are missing there, beside everything else."""
        if self._words.to_learn and self._learning is None:
            self._learning = asyncio.get_running_loop().create_task(self._learn())

    def stop(self) -> None:
        for what in (self._learning, self._renewal):
            if what is not None:
                what.cancel()

    async def _ask(self, question: Callable[[], Awaitable[None]]) -> None:
        """Raises `StoreAwayError`."""
        loop = asyncio.get_running_loop()
        async with self._asking:
            if loop.time() < self._away_until:
                raise StoreAwayError("the store was away a moment ago")
            try:
                async with asyncio.timeout(self._timeout_s):
                    await question()
            except FAILURES as error:
                self._away_until = loop.time() + self._pause_s
                raise StoreAwayError(f"the store does not answer ({str(error) or 'time-out'})") from error

    async def _settle(self) -> None:
        if self.is_settled:
            return
        ours = self._partitions
        await self._client.set(self._keys.partitions, ours, nx=True)
        theirs = int(await self._client.get(self._keys.partitions) or ours)
        if theirs != ours:
            raise MismatchError(
                f"The store holds {theirs} partitions and the settings say {ours}. Set the number of "
                f"partitions to {theirs}, or begin with an empty store."
            )
        await self._words.learn(self._client, self._keys, self._sites, secure=self._secure)
        self.is_settled = True

    async def _learn(self) -> None:
        """And all of them again after a while."""
        try:
            await self._ask(lambda: self._words.learn(self._client, self._keys, secure=self._secure))
            if self._renewal is not None:
                self._renewal.cancel()  # one pace for all words, however many were learnt at different times
            self._renewal = asyncio.get_running_loop().call_later(RENEW_WORDS_S, self._words.renew)
        except StoreAwayError:
            await asyncio.sleep(self._pause_s)
        finally:
            self._learning = None

    async def _secure(self) -> None:
        """Make sure that as many replicas as must have an event also have the words in it."""
        if self._secured_by is not None:
            nodes = self._secured_by()
            try:
                await nodes.probe()
            finally:
                await nodes.hang_up()

# SPDX-License-Identifier: EUPL-1.2
"""What a collector tells those who watch it, as far as it must ask the store: ready or not, and how full.

Whether the store would take a beacon is tried in the way of a beacon: by a group of writes that must reach as
many replicas. Only that tells; a store that is full, has a full disk or lost its replicas still answers PING.

The store is asked at most once in `FRESH_S`, however many ask.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Any, Generic, TypeVar, cast

import msgspec
from redis.asyncio import RedisCluster
from redis.exceptions import ResponseError

from tracker import ledger
from tracker.group import Entries, Group, pack
from tracker.keys import Keys
from tracker.metrics import Installation
from tracker.nodes import Nodes, TooFewReplicasError
from tracker.silence import Verdicts
from tracker.store_client import FAILURES, AsyncClient

FRESH_S = 2.0
PATIENCE_S = 2.0
TRIED_S = 60  # how long the keys stay that a try writes
Answered = TypeVar("Answered")


class Watching:
    """Asks the store for who watches; `clock` gives milliseconds since 1970.

    `nodes` are those of `client` that groups are written to, over connections of their own.
    """

    def __init__(
        self, client: AsyncClient, nodes: Nodes, keys: Keys, *, partitions: int, clock: Callable[[], int]
    ) -> None:
        self._client = client
        self._nodes = nodes
        self._keys = keys
        self._partitions = partitions
        self._clock = clock
        self._refusal = _Fresh(self._try_to_write)
        self._installation = _Fresh(self._read_installation)

    async def refusal(self) -> str | None:
        """Why the store would not take an event now, in words without an address; None where it would."""
        return await self._refusal.get(None)

    async def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(*FAILURES):
            await self._nodes.hang_up()

    async def installation(self, today: date) -> Installation | None:
        """What the store holds; None while it is away. `today` is the DAY whose ledger is read."""
        return await self._installation.get(today)

    async def _try_to_write(self, _nothing: None) -> str | None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._nodes.write([self._try()])
        except FAILURES as error:
            with contextlib.suppress(*FAILURES):
                await self._nodes.hang_up()
            return _refusal_of(error)
        return None

    def _try(self) -> Group:
        """A write to every node: in a Cluster partitions lie on different ones."""
        numbers = range(self._partitions if isinstance(self._client, RedisCluster) else 1)
        now = self._clock()
        return Group("", 0, [Entries(number, 1, self._command(number, now)) for number in numbers], {})

    def _command(self, number: int, now_ms: int) -> bytes:
        return pack(("SET", self._keys.ready(number), now_ms, "EX", TRIED_S))

    async def _read_installation(self, today: date) -> Installation | None:
        keys, numbers = self._keys, range(self._partitions)
        try:
            async with asyncio.timeout(PATIENCE_S):
                async with self._client.pipeline(transaction=False) as pipe:
                    for number in numbers:
                        pipe.xlen(keys.events(number))
                    for number in numbers:
                        pipe.xrange(keys.events(number), count=1)
                    pipe.hgetall(keys.ledger(today))
                    pipe.get(keys.silence)
                    replies: list[Any] = await pipe.execute()
        except FAILURES:
            return None
        counts, told = replies[-2:]
        oldest = [_moment(entries) for entries in replies[self._partitions : -2] if entries]
        silence = verdicts_of(told)
        return Installation(
            streams=replies[: self._partitions],
            lag_s=max(0.0, (self._clock() - min(oldest)) / 1000) if oldest else 0.0,
            unbalanced=_unbalanced(today, counts),
            silent={name: found.silent for name, found in silence.sites.items()} if silence else {},
            silent_pages={name: len(pages) for name, pages in silence.pages.items()} if silence else {},
            silence_checked_at=silence.checked_at if silence else None,
        )


def verdicts_of(told: bytes | None) -> Verdicts | None:
    """What the archiver last said of silence (`tracker.keys.Keys.silence`); None where it said nothing."""
    try:
        return msgspec.json.decode(told, type=Verdicts) if told else None
    except msgspec.MsgspecError:
        return None  # of a newer version; the next round writes it again


def _refusal_of(error: BaseException) -> str:
    if isinstance(error, TooFewReplicasError):
        return f"too few replicas follow the store ({error})"
    if isinstance(error, ResponseError):
        return f"the store refuses to write ({_word_of(error)})"
    return f"the store does not answer ({type(error).__name__})"


def _word_of(error: ResponseError) -> str:
    """What kind of refusal it is; its sentence may name addresses."""
    return str(error).partition(" ")[0] if type(error) is ResponseError else type(error).__name__


def _moment(entries: list[tuple[bytes, Any]]) -> int:
    return int(entries[0][0].partition(b"-")[0])


def _unbalanced(day: date, counts: Mapping[bytes, bytes]) -> int:
    page = ledger.as_page(day, counts)
    drops = cast("Mapping[str, int]", page["dropped"])
    return cast("int", page["in"]) - cast("int", page["stored"]) - sum(drops.values())


class _Fresh(Generic[Answered]):
    """The answer to a question that many ask and that need not be newer than `FRESH_S`."""

    def __init__(self, question: Callable[[Any], Awaitable[Answered]]) -> None:
        self._question = question
        self._asking = asyncio.Lock()
        self._asked_at = float("-inf")
        self._answer: Answered

    async def get(self, about: Any) -> Answered:
        async with self._asking:
            if time.monotonic() - self._asked_at >= FRESH_S:
                self._answer = await self._question(about)
                self._asked_at = time.monotonic()
            return self._answer

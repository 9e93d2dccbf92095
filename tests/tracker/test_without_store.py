# SPDX-License-Identifier: EUPL-1.2
"""A store that is away, goes, hangs or is full: every beacon is answered in time, and truly."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import redis
from redis.asyncio import Redis

from tests.tracker.beacons import NOON, beacon, event
from tests.tracker.collecting import ask, events_in, ledger_of, post
from tests.tracker.switch import Switch
from tracker.collector import Collector
from tracker.errors import StoreAwayError
from tracker.groundwork import Groundwork
from tracker.identity import Salts
from tracker.keys import Keys
from tracker.words import Words


def test_a_store_that_says_nothing_is_named_by_what_it_does(prefix: str) -> None:
    """The error of a time-out has no words of its own."""
    keys, zone = Keys(prefix), ZoneInfo("Europe/Amsterdam")

    async def ask_in_vain(port: int) -> None:
        async with Redis(port=port) as client:
            salts = Salts(client, keys, lambda n: b"x" * n)
            ground = Groundwork(
                client, keys, salts, Words(), partitions=4, sites=["v"], timeout_s=0.05, pause_s=0
            )
            with pytest.raises(StoreAwayError, match=r"does not answer \(time-out\)"):
                await ground.prepare(zone, NOON)

    with socket.create_server(("127.0.0.1", 0)) as mute:  # it lets in and says nothing
        asyncio.run(ask_in_vain(mute.getsockname()[1]))


class TestWithoutStore:
    """Redis goes away, hangs, refuses, and comes back; nobody at the other end hears more than 503."""

    @pytest.fixture
    def store_port(self, store: redis.Redis) -> int:
        return int(store.connection_pool.connection_kwargs["port"])

    def test_starts_without_it_and_recovers(
        self, collecting: Callable[..., Any], store: redis.Redis, store_port: int, prefix: str
    ) -> None:
        switch = Switch(store_port)

        async def use(collector: Collector) -> None:
            await collector.start()
            answer = await post(collector, beacon())
            assert (answer.status, answer.header("retry-after")) == (503, "5")
            assert json.loads((await ask(collector, "/healthz")).body) == {"status": "ok", "store": "away"}
            assert (await ask(collector, "/v1/ledger")).status == 503
            async with switch.on():
                assert (await post(collector, beacon())).status == 204
                assert json.loads((await ask(collector, "/healthz")).body) == {"status": "ok", "store": "ok"}
                await collector.close()

        collecting(use, url=switch.url, store_pause_s=0)
        assert len(events_in(store, prefix)) == 2

    def test_goes_and_comes_back(
        self, collecting: Callable[..., Any], store: redis.Redis, store_port: int, prefix: str
    ) -> None:
        switch = Switch(store_port)

        async def use(collector: Collector) -> None:
            async with switch.on():
                assert (await post(collector, beacon())).status == 204
            assert (await post(collector, beacon())).status == 503
            assert (await post(collector, b"{}")).status == 400
            async with switch.on():
                # The connection of before is dead; nobody hears of it.
                assert (await post(collector, beacon(p="after_a_pause"[:12]))).status == 204
                await collector.close()

        collecting(use, url=switch.url, store_pause_s=0)
        assert [found.page_view for found in events_in(store, prefix)] == ["k3j9x0q2m5Tz"] * 2 + [
            "after_a_paus"
        ] * 2
        assert ledger_of(store, prefix) == {"in": 3, "stored": 2, "events": 4, "dropped:malformed": 1}

    def test_hangs(self, collecting: Callable[..., Any], store_port: int) -> None:
        switch = Switch(store_port)

        async def use(collector: Collector) -> tuple[list[int], int]:
            async with switch.on():
                assert (await post(collector, beacon())).status == 204
                switch.stall()
                answers = await asyncio.gather(
                    *(post(collector, beacon(**event(k="view"))) for _ in range(20))
                )
                return [answer.status for answer in answers], collector.counts.store_failures

        # Those who find too many waiting hear so at once, and only the first group waits for the store.
        found = collecting(use, url=switch.url, store_timeout_s=1.5, store_pause_s=60, max_waiting=10)
        assert found == ([503] * 20, 1)

    def test_is_full(self, collecting: Callable[..., Any], store: redis.Redis, prefix: str) -> None:
        async def use(collector: Collector) -> list[int]:
            statuses = [(await post(collector, beacon())).status]
            store.config_set("maxmemory", "1")
            try:
                statuses.append((await post(collector, beacon())).status)
            finally:
                store.config_set("maxmemory", "0")
            return [*statuses, (await post(collector, beacon())).status]

        assert collecting(use, store_pause_s=0) == [204, 503, 204]
        assert len(events_in(store, prefix)) == 4

# SPDX-License-Identifier: EUPL-1.2
"""A store that is away, goes, hangs or is full: every beacon is answered in time, and truly."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis

from tests.tracker.beacons import beacon, event
from tests.tracker.collecting import ask, events_in, ledger_of, post
from tests.tracker.switch import Switch
from tracker.collector import Collector


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

        async def use(collector: Collector) -> list[int]:
            async with switch.on():
                assert (await post(collector, beacon())).status == 204
                switch.stall()
                answers = await asyncio.gather(
                    *(post(collector, beacon(**event(k="view"))) for _ in range(20))
                )
                return sorted(answer.status for answer in answers)

        began = time.monotonic()
        assert collecting(use, url=switch.url, store_timeout_s=0.2, max_waiting=10) == [503] * 20
        assert time.monotonic() - began < 5

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

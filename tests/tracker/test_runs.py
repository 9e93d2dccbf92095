# SPDX-License-Identifier: EUPL-1.2
"""A load test's events are counted where they lie, each once."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

import msgspec
import redis
import redis.asyncio

from tests.tracker.test_stream import EXAMPLE
from tracker import runs
from tracker.keys import Keys
from tracker.stream import encode


def put(store: redis.Redis, key: str, **changes: Any) -> None:
    store.xadd(key, dict(encode(msgspec.structs.replace(EXAMPLE, **changes))))


def counted(url: str, prefix: str, run: str, archived: Collection[runs.Identity] = ()) -> int:
    async def count() -> int:
        async with redis.asyncio.Redis.from_url(url) as client:
            return await runs.stored_events(
                client, Keys(prefix), partitions=2, run=run, archived=lambda _run: archived
            )

    return asyncio.run(count())


def test_counts_different_events_of_the_run_only(store: redis.Redis, store_url: str, prefix: str) -> None:
    keys = Keys(prefix)
    put(store, keys.events(0), run="storm", index=0)
    put(store, keys.events(0), run="storm", index=1)
    put(store, keys.events(1), run="storm", index=1)  # a retry from another network
    put(store, keys.events(1), run="storm-2", index=2)
    put(store, keys.events(1), run=None, index=3, title="run=storm")
    store.xadd(keys.events(1), {b"x": b"- - - - run=storm"})  # nobody's event
    assert counted(store_url, prefix, "storm") == 2
    assert counted(store_url, prefix, "storm-2") == 1
    assert counted(store_url, prefix, "quiet") == 0


def test_an_event_in_both_places_counts_once(store: redis.Redis, store_url: str, prefix: str) -> None:
    put(store, Keys(prefix).events(0), run="storm", index=0)
    archived = [("voorbeeldstad", EXAMPLE.page_view, 0), ("voorbeeldstad", EXAMPLE.page_view, 7)]
    assert counted(store_url, prefix, "storm", archived) == 2


def test_reads_on_past_a_batch(store: redis.Redis, store_url: str, prefix: str) -> None:
    pipeline = store.pipeline(transaction=False)
    for index in range(runs.BATCH_ENTRIES + 1):
        pipeline.xadd(
            Keys(prefix).events(0), dict(encode(msgspec.structs.replace(EXAMPLE, run="storm", index=index)))
        )
    pipeline.execute()
    assert counted(store_url, prefix, "storm") == runs.BATCH_ENTRIES + 1

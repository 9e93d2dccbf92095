# SPDX-License-Identifier: EUPL-1.2
"""How many events of a load-test run really lie in the store and the archive, counted there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Any

from tracker.errors import UndecodableError
from tracker.keys import Keys
from tracker.store_client import AsyncClient
from tracker.stream import decode
from tracker.words import dictionary

Identity = tuple[str, str, int]
BATCH_ENTRIES = 2_000


async def stored_events(
    client: AsyncClient,
    keys: Keys,
    *,
    partitions: int,
    run: str,
    archived: Callable[[str], Collection[Identity]],
) -> int:
    """Number of different events, by (site, page_view, index), that a run left in streams and archive.

    `archived` gives the identities in the archive; it is asked last, so that what the archiver moves in the
    meantime is met in one of the two places at least. Raises `redis.RedisError` while Redis is away.
    """
    found: set[Identity] = set()
    for partition in range(partitions):
        found |= await _in_stream(client, keys, partition, run)
    found.update(await asyncio.to_thread(archived, run))
    return len(found)


async def _in_stream(client: AsyncClient, keys: Keys, partition: int, run: str) -> set[Identity]:
    found: set[Identity] = set()
    key, start = keys.events(partition), "-"
    mark = f"run={run}".encode()
    while True:
        entries: Any = await client.xrange(key, start, "+", BATCH_ENTRIES)
        held: Any = await client.hgetall(keys.words)  # after the entries: a word is there before its code
        words = dictionary(held)
        for entry_id, fields in entries:
            if mark in fields.get(b"x", b""):
                try:
                    event = decode(entry_id, fields, words)
                except UndecodableError:
                    continue  # the archiver sets such an entry aside and says so; it is nobody's event
                if event.run == run:
                    found.add((event.site, event.page_view, event.index))
        if len(entries) < BATCH_ENTRIES:
            return found
        start = f"({entries[-1][0].decode()}"

# SPDX-License-Identifier: EUPL-1.2
"""Codes stand for frequent texts, and every entry stays readable whatever happens to the store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
import redis
from redis.asyncio import Redis

from tests.tracker.beacons import NOON, SITES, arrival, beacon
from tracker.collector import Collector, CollectorSettings
from tracker.errors import UnknownWordError
from tracker.event import Event
from tracker.groundwork import Groundwork
from tracker.identity import Salts
from tracker.keys import Keys
from tracker.stream import decode, encode
from tracker.words import MOST, OFTEN, Words, code_of, dictionary

T = TypeVar("T")


def entries(store: redis.Redis, keys: Keys) -> list[dict[bytes, bytes]]:
    return [fields for part in range(16) for _, fields in store.xrange(keys.events(part))]


def with_client(store_url: str, work: Callable[[Redis], Awaitable[T]]) -> T:
    async def run() -> T:
        client = Redis.from_url(store_url)
        try:
            return await work(client)
        finally:
            await client.aclose()

    return asyncio.run(run())


def test_a_code_is_made_of_the_text_alone() -> None:
    assert [code_of("voorbeeldstad"), code_of("zwerfvuil=redesign!")] == ["~FXQd", "~j0ms"]


def test_a_crowd_of_beacons_is_stored_by_codes_and_read_as_text(
    store: redis.Redis, store_url: str, prefix: str
) -> None:
    keys = Keys(prefix)

    async def take(client: Redis) -> None:
        collector = Collector(CollectorSettings(sites=SITES), client, keys=keys, clock=lambda: NOON)
        await collector.start()
        for number in range(2 * OFTEN):
            await collector.take(arrival(beacon(p=f"page_view{number:03d}")))
        await collector.close()

    with_client(store_url, take)
    words = dictionary(store.hgetall(keys.words))
    assert set(words.values()) == {"voorbeeldstad", "zwerfvuil=redesign!", "www.google.com"}
    found = entries(store, keys)
    said = {fields[b"x"] for fields in found}, {fields[b"r"] for fields in found}
    assert said == (
        {b"nl s 417 zwerfvuil=redesign!", b"nl s 417 ~j0ms"},
        {b"www.google.com", code_of("www.google.com").encode()},
    )
    assert {fields[b"u"] for fields in found} == {b"~FXQd/afval?q=x"}  # sites are known from the start
    events = [decode(b"1-0", fields, words) for fields in found]
    assert {(one.site, one.path, one.exposures, one.first, one.referrer) for one in events} == {
        ("voorbeeldstad", "/afval", "zwerfvuil=redesign", "zwerfvuil", "https://www.google.com/")
    }


def test_an_emptied_store_has_the_words_again(store: redis.Redis, store_url: str, prefix: str) -> None:
    keys, words = Keys(prefix), Words()

    async def learn(client: Redis) -> None:
        await words.learn(client, keys, ["voorbeeldstad"])
        await client.delete(keys.words)
        words.renew()
        assert words.short("voorbeeldstad") == "~FXQd"
        await words.learn(client, keys)

    with_client(store_url, learn)
    assert dictionary(store.hgetall(keys.words)) == {"~FXQd": "voorbeeldstad"}


def test_a_code_that_means_something_else_is_not_used(
    store: redis.Redis, store_url: str, prefix: str
) -> None:
    keys, words = Keys(prefix), Words()
    store.hset(keys.words, "~FXQd", "elders")
    with_client(store_url, lambda client: words.learn(client, keys, ["voorbeeldstad"]))
    assert words.short("voorbeeldstad") == "voorbeeldstad"
    assert dictionary(store.hgetall(keys.words)) == {"~FXQd": "elders"}


def test_what_the_store_did_not_take_is_asked_again(store_url: str, prefix: str) -> None:
    words = Words()
    for _ in range(OFTEN):
        assert words.short("www.google.com") == "www.google.com"

    async def fail() -> None:
        client = Redis(port=1)  # nobody listens there
        with pytest.raises(redis.ConnectionError):
            await words.learn(client, Keys(prefix))
        await client.aclose()

    asyncio.run(fail())
    assert words.to_learn
    with_client(store_url, lambda client: words.learn(client, Keys(prefix)))
    assert words.short("www.google.com") == code_of("www.google.com")


def test_what_comes_to_be_learnt_meanwhile_is_learnt_next(store_url: str, prefix: str) -> None:
    words = Words()

    async def learn(client: Redis) -> None:
        async def meanwhile() -> None:
            """The store has the words; before we hear so, a text comes often, and the store is another."""
            for _ in range(OFTEN):
                words.short("www.google.com")
            words.renew()

        await words.learn(client, Keys(prefix), ["voorbeeldstad"])
        words.renew()
        await words.learn(client, Keys(prefix), secure=meanwhile)
        assert set(words.to_learn) == {"www.google.com", "voorbeeldstad"}
        await words.learn(client, Keys(prefix))
        assert not words.to_learn

    with_client(store_url, learn)
    assert words.short("www.google.com") == code_of("www.google.com")


def test_words_are_renewed_at_one_pace_however_many_were_learnt(store_url: str, prefix: str) -> None:
    """Each round of learning once set a clock of its own, which made another round, and so on for ever."""

    async def learn(client: Redis) -> int:
        loop, set_clocks, keys = asyncio.get_running_loop(), list[asyncio.TimerHandle](), Keys(prefix)
        words, call_later = Words(), loop.call_later

        def note(delay: float, call: Callable[..., object], *given: Any, **other: Any) -> asyncio.TimerHandle:
            handle = call_later(delay, call, *given, **other)
            if call == words.renew:
                set_clocks.append(handle)
            return handle

        loop.call_later = note  # type: ignore[assignment,method-assign]
        salts = Salts(client, keys, lambda n: b"x" * n)
        ground = Groundwork(client, keys, salts, words, partitions=4, sites=["v"], timeout_s=30, pause_s=0)
        await ground.settle()
        for number in range(5):
            async with asyncio.timeout(30):
                while not words.short(f"www.{number}.example").startswith("~"):
                    ground.learn_words()
                    await asyncio.sleep(0)
        living = [handle for handle in set_clocks if not handle.cancelled()]
        ground.stop()
        assert all(handle.cancelled() for handle in set_clocks)
        return len(living)

    assert with_client(store_url, learn) == 1


def test_a_stranger_cannot_make_it_grow_for_ever(store: redis.Redis, store_url: str, prefix: str) -> None:
    keys, words = Keys(prefix), Words()

    async def flood(client: Redis) -> None:
        for number in range(MOST + 100):
            for _ in range(OFTEN):
                words.short(f"made-up-{number}=x")
            await words.learn(client, keys)

    with_client(store_url, flood)
    assert store.hlen(keys.words) == MOST


def test_an_entry_with_an_unknown_code_is_named() -> None:
    event = Event(site="~none", visitor=1, time=1, page_view="k3j9x0q2m5Tz", index=0, kind="view", path="/")
    with pytest.raises(UnknownWordError, match="entry 5-1 has the code ~none"):
        decode(b"5-1", encode(event))

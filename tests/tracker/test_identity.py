# SPDX-License-Identifier: EUPL-1.2
"""Pseudonyms: the same for a DAY, nobody's afterwards, and spread evenly."""

from __future__ import annotations

import asyncio
import hmac
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import redis
import redis.asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker import identity
from tracker.day import day_bounds
from tracker.errors import TrackerError
from tracker.identity import SALT_LIFE_S, Salts, consented_visitor, daily_visitor, partition_of
from tracker.keys import Keys

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
DAY = date(2026, 6, 1)
FIRST, LAST = day_bounds(DAY, AMSTERDAM)
WHO: dict[str, Any] = {
    "site": "voorbeeldstad",
    "ip": "192.0.2.7",
    "user_agent": "Firefox",
    "language": "nl",
    "bucket": 417,
}


def test_a_pseudonym_is_pinned() -> None:
    """A change here makes two visitors of everyone on the day of the upgrade."""
    assert daily_visitor(b"salt", **WHO) == 4092117101312921668


@settings(deadline=None)  # the machine may be busy
@given(st.binary(min_size=32, max_size=32), st.text(max_size=80))
def test_a_pseudonym_is_an_hmac(salt: bytes, agent: str) -> None:
    text = f"voorbeeldstad\x00192.0.2.7\0{agent}\0nl\x00417".encode(errors="surrogatepass")
    expected = int.from_bytes(hmac.digest(salt, text, "sha256")[:8], "big", signed=True)
    assert daily_visitor(salt, **(WHO | {"user_agent": agent})) == expected


@pytest.mark.parametrize(
    "change",
    [
        {"site": "elders"},
        {"ip": "192.0.2.8"},
        {"user_agent": "Chrome"},
        {"language": "en"},
        {"bucket": None},
        {"bucket": 418},
        {"site": "voorbeeldstad\x00192.0.2.7", "ip": ""},
    ],
)
def test_everything_in_it_makes_another_visitor(change: dict[str, Any]) -> None:
    assert daily_visitor(b"salt", **(WHO | change)) != daily_visitor(b"salt", **WHO)


def test_another_salt_makes_another_visitor() -> None:
    assert daily_visitor(b"salt", **WHO) != daily_visitor(b"pepper", **WHO)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("2001:db8::1", "2001:db8::ffff:2", True, id="one household"),
        pytest.param("2001:db8:0:1::1", "2001:db8:0:2::1", False, id="two households"),
        pytest.param("::ffff:192.0.2.7", "192.0.2.7", True, id="IPv4 in IPv6's clothes"),
        pytest.param("", "onzin", False, id="no addresses"),
    ],
)
def test_ipv6_counts_by_its_64(one: str, other: str, same: bool) -> None:
    visitors = {daily_visitor(b"salt", **(WHO | {"ip": ip})) for ip in (one, other)}
    assert (len(visitors) == 1) is same


def test_a_consented_id_is_nobodys_on_another_site() -> None:
    assert consented_visitor("voorbeeldstad", "a" * 16) != consented_visitor("elders", "a" * 16)


def test_partitions_fill_evenly() -> None:
    counts = Counter(
        partition_of(daily_visitor(b"salt", **(WHO | {"ip": f"10.0.{n >> 8}.{n & 255}"})), 16)
        for n in range(16_000)
    )
    assert set(counts) == set(range(16))
    # Six standard deviations of a binomial of 16,000 and 1/16.
    assert all(abs(count - 1000) < 6 * 31 for count in counts.values())


def with_salts(
    url: str, prefix: str, use: Callable[[Salts], Awaitable[Any]], random: Callable[[int], bytes]
) -> Any:
    async def run() -> Any:
        async with redis.asyncio.Redis.from_url(url) as client:
            return await use(Salts(client, Keys(prefix), random))

    return asyncio.run(run())


def test_collectors_share_one_salt_a_day(store: redis.Redis, store_url: str, prefix: str) -> None:
    one = with_salts(store_url, prefix, lambda salts: salts.load(AMSTERDAM, FIRST), lambda n: b"1" * n)
    other = with_salts(store_url, prefix, lambda salts: salts.load(AMSTERDAM, LAST - 1), lambda n: b"2" * n)
    assert one == other == b"1" * 32
    assert 0 < store.ttl(Keys(prefix).salt(DAY)) <= SALT_LIFE_S


def test_tomorrows_salt_is_made_ahead_but_not_too_early(
    store: redis.Redis, store_url: str, prefix: str
) -> None:
    tomorrow = Keys(prefix).salt(date(2026, 6, 2))

    async def live_a_day(salts: Salts) -> None:
        await salts.load(AMSTERDAM, FIRST)
        assert salts.known(AMSTERDAM, FIRST + 1) is not None
        assert not store.exists(tomorrow)
        assert salts.known(AMSTERDAM, LAST - 1) is None  # it owes tomorrow's
        await salts.load(AMSTERDAM, LAST - 1)
        assert salts.known(AMSTERDAM, LAST - 1) == salts.known(AMSTERDAM, FIRST)
        assert store.exists(tomorrow)

    with_salts(store_url, prefix, live_a_day, lambda n: b"x" * n)


async def later(hours: float) -> None:
    """Let the loop believe that hours went by, and do what was due then."""
    loop = asyncio.get_running_loop()
    now = loop.time
    loop.time = lambda: now() + hours * 3600  # type: ignore[method-assign]
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def test_a_salt_is_remembered_no_longer_than_the_store_has_it(
    store: redis.Redis, store_url: str, prefix: str
) -> None:
    async def use(salts: Salts) -> None:
        salt = await salts.load(AMSTERDAM, FIRST)
        store.expire(Keys(prefix).salt(DAY), 3600)
        assert await salts.load(AMSTERDAM, FIRST) == salt  # another collector made it long ago
        visitor = daily_visitor(salt, **WHO)
        await later(0.9)
        assert salts.known(AMSTERDAM, FIRST) == salt
        await later(0.2)
        assert salts.known(AMSTERDAM, FIRST) is None
        assert not salts.make_do(AMSTERDAM, FIRST)
        assert identity._keyed.cache_info().currsize == 0  # half a pseudonym, with the salt in it
        assert daily_visitor(salt, **WHO) == visitor

    with_salts(store_url, prefix, use, lambda n: b"x" * n)


def test_a_salt_without_an_end_in_the_store_has_one_here(
    store: redis.Redis, store_url: str, prefix: str
) -> None:
    async def use(salts: Salts) -> None:
        store.set(Keys(prefix).salt(DAY), b"y" * 32)
        await salts.load(AMSTERDAM, FIRST)
        await later(SALT_LIFE_S / 3600 + 0.1)
        assert salts.known(AMSTERDAM, FIRST) is None

    with_salts(store_url, prefix, use, lambda n: b"x" * n)


def test_who_has_come_to_another_day_forgets_the_salts_of_those_before(
    store: redis.Redis, store_url: str, prefix: str
) -> None:
    """Also where the clock of the machine was set, or is a simulated one."""

    async def use(salts: Salts) -> None:
        for day in range(1, 8):
            await salts.load(AMSTERDAM, day_bounds(date(2026, 6, day), AMSTERDAM)[0])
        first = [day_bounds(date(2026, 6, day), AMSTERDAM)[0] for day in range(1, 8)]
        known = [salts.known(AMSTERDAM, moment) is not None for moment in first]
        assert known == [False] * 5 + [True] * 2
        # A hit of the past has what the store has of it, and takes nothing from those of today.
        await salts.load(AMSTERDAM, first[0])
        assert salts.known(AMSTERDAM, first[6]) is not None

    with_salts(store_url, prefix, use, lambda n: b"x" * n)


def test_a_client_that_decodes_is_refused_in_words(store: redis.Redis, store_url: str, prefix: str) -> None:
    with pytest.raises(TrackerError, match="decode_responses"):
        with_salts(
            f"{store_url}?decode_responses=True",
            prefix,
            lambda salts: salts.load(AMSTERDAM, FIRST),
            lambda n: b"x" * n,
        )

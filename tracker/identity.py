# SPDX-License-Identifier: EUPL-1.2
"""Who, without knowing anyone: pseudonyms that live a DAY, and the salts they are made with.

The salt is random, lies in Redis with a life of 48 hours, and is never written elsewhere; a collector has it
in memory for as long as Redis has. Address and user agent go into the pseudonym and nowhere else.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ipaddress
from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from tracker.day import day_bounds, day_of
from tracker.errors import TrackerError
from tracker.keys import Keys
from tracker.store_client import AsyncClient

SALT_BYTES = 32
SALT_LIFE_S = 48 * 3600
# Tomorrow's salt is made in the last hours of today, so that 48 hours reach to the end of tomorrow,
# also when the clock goes back.
AHEAD_MS = 12 * 3_600_000
_QUARTER_MS = 900_000
_REMEMBERED = 16  # DAYs: hits of the past may be of many


def daily_visitor(
    salt: bytes, *, site: str, ip: str, user_agent: str, language: str, bucket: int | None
) -> int:
    """Pseudonym of a browser for one DAY: a signed 64-bit integer that says nothing without the salt.

    `language` is what the browser prefers (its Accept-Language); `bucket` its bucket, if it has one.
    """
    # A NUL parts the fields; none of them can hold one, so that no two visitors share a text.
    text = f"{site}\0{_network(ip)}\0{user_agent}\0{language}\0{'' if bucket is None else bucket}"
    inner, outer = _keyed(salt)
    inner, outer = inner.copy(), outer.copy()
    inner.update(text.encode(errors="surrogatepass"))
    outer.update(inner.digest())
    return _signed(outer.digest())


def consented_visitor(site: str, consented_id: str) -> int:
    """Pseudonym of a browser whose resident agreed to be recognised: from its random first-party id."""
    return _signed(hmac.digest(b"klantreis consented", f"{site}\0{consented_id}".encode(), "sha256"))


def partition_of(visitor: int, partitions: int) -> int:
    """Partition in which a visitor lives whole, from 0."""
    return visitor % partitions


@lru_cache(maxsize=4)
def _keyed(salt: bytes) -> tuple[hashlib._Hash, hashlib._Hash]:
    """The two hashes of HMAC-SHA256 (RFC 2104, section 4) with the key in them, which is half of its work."""
    block = salt.ljust(64, b"\0")
    return hashlib.sha256(bytes(n ^ 0x36 for n in block)), hashlib.sha256(bytes(n ^ 0x5C for n in block))


def _signed(digest: bytes) -> int:
    return int.from_bytes(digest[:8], "big", signed=True)


def _network(ip: str) -> str:
    """IPv4 address, or the /64 of an IPv6 one: a household changes the rest at will."""
    if ":" not in ip:
        return ip
    try:
        address = ipaddress.IPv6Address(ip)
    except ValueError:
        return ip
    return str(address.ipv4_mapped or ipaddress.IPv6Network((address, 64), strict=False))


@lru_cache(maxsize=256)
def _period(quarter: int, zone: ZoneInfo) -> tuple[date, bool]:
    """DAY of a quarter of an hour (since 1970), and whether tomorrow's salt is due in it."""
    time_ms = quarter * _QUARTER_MS
    day = day_of(time_ms, zone)
    return day, day_bounds(day, zone)[1] - time_ms <= AHEAD_MS


class Salts:
    """Salts per DAY, shared by all collectors through Redis and remembered for as long as they lie there.

    `random` gives n random bytes (in production `secrets.token_bytes`).
    """

    def __init__(self, client: AsyncClient, keys: Keys, random: Callable[[int], bytes]) -> None:
        self._client = client
        self._keys = keys
        self._random = random
        self._known: dict[tuple[date, bool], bytes] = {}
        self._ends: dict[date, asyncio.TimerHandle] = {}
        self._latest: tuple[int, ZoneInfo, bytes] | None = None

    def known(self, zone: ZoneInfo, time_ms: int) -> bytes | None:
        """The salt of the DAY of a moment, where this process has it and owes tomorrow nothing."""
        quarter, latest = time_ms // _QUARTER_MS, self._latest
        if latest is not None and latest[0] == quarter and latest[1] is zone:
            return latest[2]
        salt = self._known.get(_period(quarter, zone))
        if salt is not None:
            self._latest = quarter, zone, salt
        return salt

    async def load(self, zone: ZoneInfo, time_ms: int) -> bytes:
        """The same from Redis, made there if need be; towards the end of a DAY also tomorrow's.

        Raises `redis.RedisError` while Redis is away.
        """
        day, late = period = _period(time_ms // _QUARTER_MS, zone)
        if late:
            tomorrow = day + timedelta(days=1)
            self._known[tomorrow, False] = await self._make(tomorrow)
        salt = self._known[period] = await self._make(day)
        yesterday = day - timedelta(days=1)
        for known in [known for known in self._ends if known < yesterday] + list(self._ends)[:-_REMEMBERED]:
            self._forget(known)
        return salt

    def make_do(self, zone: ZoneInfo, time_ms: int) -> bool:
        """Whether what is owed to tomorrow can wait for a quarter of an hour, since today's salt is known."""
        quarter = time_ms // _QUARTER_MS
        salt = self._known.get((_period(quarter, zone)[0], False))
        if salt is not None:
            self._latest = quarter, zone, salt
        return salt is not None

    async def _make(self, day: date) -> bytes:
        key = self._keys.salt(day)
        await self._client.set(key, self._random(SALT_BYTES), nx=True, ex=SALT_LIFE_S)
        salt, left_ms = await self._client.get(key), int(await self._client.pttl(key))
        if not isinstance(salt, bytes):
            raise TrackerError(
                f"{key} came as {type(salt).__name__}; expected bytes. Give the collector a "
                "Redis client without decode_responses."
            )
        left_s = SALT_LIFE_S if left_ms == -1 else min(max(left_ms / 1000, 0), SALT_LIFE_S)  # -1: no end
        if day in self._ends:
            self._ends.pop(day).cancel()
        # A timer, so that nothing is left in memory either where nobody comes any more.
        self._ends[day] = asyncio.get_running_loop().call_later(left_s, self._forget, day)
        return salt

    def _forget(self, day: date) -> None:
        if day in self._ends:
            self._ends.pop(day).cancel()
        for late in (False, True):
            self._known.pop((day, late), None)
        self._latest = None
        _keyed.cache_clear()

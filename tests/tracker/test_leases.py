# SPDX-License-Identifier: EUPL-1.2
"""Several archivers share the partitions, hand over, take over, and a late one does no harm."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import redis

from tracker import archive_files, moving
from tracker.archive import LEASE_MS, Archiver, ArchiveResult, read_events
from tracker.archive_files import files_of
from tracker.day import day_bounds
from tracker.event import Event, Kind
from tracker.keys import Keys
from tracker.leases import Leases, holders
from tracker.site import Site, Sites
from tracker.stream import encode

SITE = Site(name="voorbeeldstad", hosts=frozenset({"www.voorbeeldstad.nl"}))
DAY = date(2026, 11, 22)
NOON = day_bounds(DAY, SITE.zone)[0] + 8 * 3_600_000
PARTITIONS = 6


@pytest.fixture
def keys(stores: redis.Redis, prefix: str) -> Keys:
    return Keys(prefix)


def leases(client: redis.Redis, keys: Keys, name: str) -> Leases:
    return Leases(client, keys, PARTITIONS, name=name)


def archiver(client: redis.Redis, keys: Keys, root: Path, name: str, **other: Any) -> Archiver:
    return Archiver(client, root, Sites([SITE]), PARTITIONS, keys, name=name, **other)


def add(client: redis.Redis, keys: Keys, *numbers: int) -> None:
    for number in numbers:
        one = Event(
            site=SITE.name, visitor=number, time=NOON + number, page_view=f"page{number:08d}", index=0,
            kind=Kind.VIEW, path="/afval",
        )  # fmt: skip
        client.xadd(keys.events(number % PARTITIONS), encode(one))


def expire(client: redis.Redis, keys: Keys, name: str) -> None:
    """What half a minute of silence does to an archiver's leases."""
    for partition, holder in holders(client, keys, PARTITIONS).items():
        if holder == name:
            client.delete(keys.lease(partition))
    client.zrem(keys.archivers, name)


def test_a_lease_is_one_archivers_and_dies_by_itself(stores: redis.Redis, keys: Keys) -> None:
    first, second = leases(stores, keys, "first"), leases(stores, keys, "second")
    lease = first.take(3)
    assert lease is not None
    assert second.take(3) is None
    assert 0 < stores.pttl(keys.lease(3)) <= LEASE_MS
    assert first.extend(lease)
    first.give_up(lease)
    taken = second.take(3)
    assert taken is not None
    assert taken.turn == lease.turn + 1
    assert not first.extend(lease)


def test_a_batch_that_outlasts_a_lease_is_made_smaller(
    stores: redis.Redis, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a disk that takes its time: else the same events would be written again for ever."""

    def slow(path: Path, table: Any, **other: Any) -> None:
        if table.num_rows > 10:
            stores.delete(keys.lease(0))
        archive_files.write_table(path, table, **other)

    monkeypatch.setattr(moving, "write_table", slow)
    monkeypatch.setattr(moving, "BATCH_ENTRIES", 64)
    monkeypatch.setattr(moving, "READ_ENTRIES", 2)
    monkeypatch.setattr(moving, "LEAST_ENTRIES", 4)
    add(stores, keys, *range(0, 64 * PARTITIONS, PARTITIONS))
    one = archiver(stores, keys, tmp_path, "one")
    for _ in range(9):
        one.work()
    assert stores.xlen(keys.events(0)) == 0
    assert len(read_events(tmp_path, DAY)) == 64


def test_a_clock_that_lags_behind_the_stores_makes_nothing_wait(
    stores: redis.Redis, keys: Keys, tmp_path: Path
) -> None:
    add(stores, keys, *range(60))
    one = archiver(stores, keys, tmp_path, "one", clock=lambda: time.time() - 7_200)
    assert one.work(linger_s=60).events == 60


@pytest.fixture
def full(stores: redis.Redis) -> Iterator[redis.Redis]:
    """The store has no room for anything; what is asked of it in a test goes as from others' connections."""
    yield stores
    stores.config_set("maxmemory", "0")


def test_a_full_store_can_be_emptied(full: redis.Redis, keys: Keys, tmp_path: Path) -> None:
    """By an archiver that worked before it was full, by one that comes then, and by a one-shot command."""
    before = archiver(full, keys, tmp_path, "before")
    assert before.work().busy == 0
    add(full, keys, *range(60))
    full.config_set("maxmemory", "1")
    with pytest.raises(redis.exceptions.OutOfMemoryError):
        add(full, keys, 60)
    assert before.work().events == 60
    after = archiver(full, keys, tmp_path, "after")
    after.work()
    assert len(after.leases.held) == 0  # it lives, and has its share at the next round of the other
    before.work()
    assert {len(before.leases.held)} == {PARTITIONS // 2}
    after.work()
    assert len(after.leases.held) == PARTITIONS // 2
    hasty = archiver(full, keys, tmp_path, "hasty")
    assert hasty.run_once(demand=True) == ArchiveResult()
    before.close()
    after.close()
    assert len(read_events(tmp_path, DAY)) == 60


def test_a_turn_is_higher_than_every_one_seen_on_disk(stores: redis.Redis, keys: Keys) -> None:
    lease = leases(stores, keys, "first").take(0, floor=41)  # the store forgot, the archive did not
    assert lease is not None
    assert lease.turn == 42


def test_archivers_hold_equal_shares_and_take_over_from_a_dead_one(
    stores: redis.Redis, keys: Keys, tmp_path: Path
) -> None:
    three = [archiver(stores, keys, tmp_path, name) for name in ("a", "b", "c")]
    for _ in range(2):
        for one in three:
            one.work()
    assert Counter(holders(stores, keys, PARTITIONS).values()) == {"a": 2, "b": 2, "c": 2}
    expire(stores, keys, "b")
    for _ in range(2):
        three[0].work()
        three[2].work()
    assert Counter(holders(stores, keys, PARTITIONS).values()) == {"a": 3, "c": 3}
    three[0].close()
    three[2].work()
    assert set(holders(stores, keys, PARTITIONS).values()) == {"c"}


def test_every_event_arrives_once_whoever_archives(stores: redis.Redis, keys: Keys, tmp_path: Path) -> None:
    two = [archiver(stores, keys, tmp_path, name) for name in ("a", "b")]
    for step in range(4):
        add(stores, keys, *range(step * 30, step * 30 + 30))
        two[step % 2].work()
    for one in two:
        one.work()
    assert read_events(tmp_path, DAY)["visitor"].to_pylist() == list(range(120))
    assert sum(stores.xlen(keys.events(number)) for number in range(PARTITIONS)) == 0


def test_who_must_have_a_partition_is_handed_it(stores: redis.Redis, keys: Keys, tmp_path: Path) -> None:
    staying, once = archiver(stores, keys, tmp_path, "staying"), archiver(stores, keys, tmp_path, "once")
    staying.work()
    add(stores, keys, 0, 1)
    assert once.run_once(demand=True).busy == 2
    add(stores, keys, 6)
    staying.work()  # hands over instead
    assert once.run_once().busy == 0
    assert read_events(tmp_path, DAY).num_rows == 3
    staying.work()
    assert set(holders(stores, keys, PARTITIONS).values()) == {"staying"}


# Where a pause may hit an archiver: before it writes, before it puts the file into place, before it trims.
PAUSES = ["write_packed", "rename", "trim"]


@pytest.mark.parametrize("pause", PAUSES)
def test_an_archiver_that_wakes_up_too_late_neither_writes_nor_trims(
    stores: redis.Redis, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pause: str
) -> None:
    add(stores, keys, 0, 6, 12)
    late, successor = archiver(stores, keys, tmp_path, "late"), archiver(stores, keys, tmp_path, "successor")

    def meanwhile() -> None:
        """The lease ran out, another archiver took over, and more came."""
        monkeypatch.undo()
        expire(stores, keys, "late")
        assert successor.work().events == 3
        add(stores, keys, 18)

    where: Any = {"write_packed": archive_files, "rename": Path, "trim": late.leases}[pause]
    run = getattr(where, pause)

    def after_a_pause(*given: Any) -> Any:
        if pause != "rename" or Path(given[1]).suffix == ".parquet":
            meanwhile()
        return run(*given)

    monkeypatch.setattr(where, pause, after_a_pause)
    late.run_once()

    before = 2 if pause == "trim" else 1  # what it had put into place while the lease was its own may stay
    assert len(files_of(tmp_path, DAY)) == before
    assert stores.xlen(keys.events(0)) == 1, "what came later is still there, for its holder"
    assert read_events(tmp_path, DAY).num_rows == 3
    assert holders(stores, keys, PARTITIONS)[0] == "successor"
    assert successor.work().events == 1
    assert read_events(tmp_path, DAY)["visitor"].to_pylist() == [0, 6, 12, 18]


def test_few_visitors_make_few_files(stores: redis.Redis, keys: Keys, tmp_path: Path) -> None:
    add(stores, keys, 0)
    arrived_s = int(stores.xrange(keys.events(0))[0][0].split(b"-")[0]) / 1000
    moment = arrived_s + 59.0
    one = archiver(stores, keys, tmp_path, "a", clock=lambda: moment)
    assert one.work(linger_s=60).events == 0
    add(stores, keys, 6)
    moment = arrived_s + 60.0
    assert one.work(linger_s=60).events == 2
    assert len(files_of(tmp_path, DAY)) == 1

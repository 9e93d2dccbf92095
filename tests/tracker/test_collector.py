# SPDX-License-Identifier: EUPL-1.2
"""The collector against a real store: every answer, and what lies in Redis afterwards."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.tracker.beacons import arrival, beacon, event
from tests.tracker.collecting import DAY, PARTITIONS, ask, events_in, ledger_of, post
from tracker.answers import Answer
from tracker.arrival import Arrival
from tracker.collector import Collector
from tracker.errors import MismatchError
from tracker.event import Event
from tracker.keys import Keys
from tracker.ledger import as_page


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
    async def trickle(collector: Collector) -> list[int]:
        await ask(collector, "/readyz")  # which fetches the salt
        tasks = []
        for number in range(5):
            tasks.append(asyncio.create_task(collector.take(arrival(beacon(p=f"page_view{number:03d}")))))
            await asyncio.sleep(0)  # it arrives
        before = sum(collector.counts.groups.counts)
        await collector.close()  # which waits for nobody
        await asyncio.gather(*tasks)
        return [before, sum(collector.counts.groups.counts)]

    assert collecting(trickle, linger_s=3600.0) == [0, 1]
    assert len(events_in(store, prefix)) == 10


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


@pytest.mark.parametrize(
    ("given", "dropped"),
    [
        pytest.param({"method": "POST", "content_type": "application/json"}, "wrong_type", id="wrong type"),
        pytest.param({"method": "PUT", "content_type": "text/plain"}, "wrong_method", id="wrong method"),
        pytest.param({"method": "QQQ", "content_type": "x/y"}, "wrong_method", id="a method nobody knows"),
        pytest.param({"method": "POST", "body": b" " * 60_001}, "too_large", id="too large"),
        pytest.param({"method": "GET", "body": b""}, None, id="somebody looks"),
    ],
)
@pytest.mark.parametrize("spooled", [False, True])
def test_a_beacon_that_came_wrongly_is_in_the_ledger(
    collecting: Callable[..., Any],
    store: redis.Redis,
    prefix: str,
    tmp_path: Path,
    given: dict[str, Any],
    dropped: str | None,
    spooled: bool,
) -> None:
    """Under a reason of ours, never a word of theirs."""

    async def use(collector: Collector) -> str:
        await ask(collector, "/e", **({"body": beacon(), "content_type": "text/plain"} | given))
        await post(collector, beacon())
        return (await ask(collector, "/metrics", method="GET")).body.decode()

    metrics = collecting(use, **({"spool": tmp_path / "spool"} if spooled else {}))
    came = {"in": 2, f"dropped:{dropped}": 1} if dropped else {"in": 1}
    assert ledger_of(store, prefix) == {"stored": 1, "events": 2} | came
    page = as_page(DAY, store.hgetall(Keys(prefix).ledger(DAY)))
    assert page["balanced"] is True
    if dropped:
        assert f'klantreis_beacons_dropped_total{{reason="{dropped}",worker="0"}} 1.0' in metrics
    assert 'klantreis_answers_total{status="204",worker="0"} 1.0' in metrics


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


def test_another_number_of_partitions_is_refused(collecting: Callable[..., Any]) -> None:
    collecting(lambda collector: collector.start())
    with pytest.raises(MismatchError, match="holds 4 partitions and the settings say 8"):
        collecting(lambda collector: collector.start(), partitions=8)
    assert collecting(lambda collector: collector.take(arrival()), partitions=8).status == 503


def test_whoever_cannot_be_told_the_others_of_the_group_are(
    collecting: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def hung_up(_: object) -> None:
        raise RuntimeError("the connection is gone")

    async def use(collector: Collector) -> list[int]:
        await collector.take(arrival())
        for _ in range(2):
            assert collector.accept(arrival(), hung_up) is None
        return [(await asyncio.wait_for(collector.take(arrival()), 30)).status for _ in range(2)]

    assert collecting(use) == [204, 204]
    assert [record.exc_info[1].args for record in caplog.records if record.exc_info] == [
        ("the connection is gone",)
    ] * 2

# SPDX-License-Identifier: EUPL-1.2
"""The collector's other addresses: the pixel, the scripts, what operators ask, and what is not its own."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.tracker.beacons import beacon
from tests.tracker.collecting import DAY, PARTITIONS, ask, events_in, post
from tracker.admission import run_proof
from tracker.answers import Answer
from tracker.collector import Collector
from tracker.keys import Keys
from tracker.served_script import ServedScript


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
    answer = collecting(lambda collector: ask(collector, "/v1/ledger?day=2026-06-01&day=gisteren&site=x"))
    assert answer.status == 400
    assert [(error["path"], error["detail"]) for error in json.loads(answer.body)["errors"]] == [
        ("site", "unknown parameter; expected day"),
        ("day", "came 2 times; expected it once"),
        ("day", "'gisteren' is no date; expected YYYY-MM-DD"),
    ]


def test_what_cannot_be_read_is_a_fault_of_ours_and_in_the_log(
    collecting: Callable[..., Any], store: redis.Redis, prefix: str, caplog: pytest.LogCaptureFixture
) -> None:
    store.hset(Keys(prefix).ledger(DAY), "in", "veel")
    answer = collecting(lambda collector: ask(collector, "/v1/ledger?day=2026-06-01"))
    assert (answer.status, answer.header("content-type")) == (500, "application/problem+json")
    assert [record.exc_info is not None for record in caplog.records if record.levelname == "ERROR"] == [True]


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


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/ledger/", "/v1/Ledger"])
def test_nothing_of_the_api_is_for_the_application_behind_it(
    collecting: Callable[..., Any], path: str
) -> None:
    async def behind(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("it was asked")

    answer = collecting(lambda collector: ask(collector, path), fallback=behind)
    assert (answer.status, answer.header("content-type")) == (404, "application/problem+json")

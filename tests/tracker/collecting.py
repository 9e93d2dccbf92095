# SPDX-License-Identifier: EUPL-1.2
"""What the tests of the collector share: questions over ASGI, a server, and what lies in the store."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from datetime import date
from typing import Any

import redis
import uvicorn

from tests.tracker.beacons import FIREFOX, NOON, SITES
from tracker.answers import Answer
from tracker.collector import Collector, CollectorSettings
from tracker.event import Event
from tracker.keys import Keys
from tracker.stream import decode
from tracker.words import dictionary

DAY = date(2026, 6, 1)
PARTITIONS = 4
Use = Callable[[Collector], Coroutine[Any, Any, Any]]


def collect(keys: Keys, use: Use, *, url: str, **options: Any) -> Any:
    """Run a coroutine with a collector under these keys; `options` are other settings than usual."""
    named = {name: options.pop(name) for name in ("archived", "script", "fallback") if name in options}
    settings = CollectorSettings(
        **({"sites": SITES, "store_url": url, "partitions": PARTITIONS, "run_token": "geheim"} | options)
    )

    async def live() -> Any:
        collector = Collector(settings, keys=keys, clock=lambda: NOON, **named)
        try:
            return await use(collector)
        finally:
            await collector.close()

    return asyncio.run(live())


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

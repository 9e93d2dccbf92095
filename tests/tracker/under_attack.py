# SPDX-License-Identifier: EUPL-1.2
"""A collector as `klantreis collect` serves it, and bytes as an attacker sends them."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

import redis
import uvicorn

from klantreis.serving import options
from tests.tracker.beacons import FIREFOX, NOON, SITES, beacon
from tracker.beacon_protocol import BeaconProtocol
from tracker.collector import Collector, CollectorSettings
from tracker.event import Event
from tracker.keys import Keys
from tracker.matomo_endpoint import MatomoEndpoint
from tracker.stream import decode
from tracker.words import dictionary

PARTITIONS = 4
GOOD = beacon(p="good_beacon1")
BAD = beacon(p="bad_beacon_1")
CHUNKED = "transfer-encoding: chunked"


def stored(store: redis.Redis, prefix: str) -> list[Event]:
    found = [store.xrange(Keys(prefix).events(partition)) for partition in range(PARTITIONS)]
    words = dictionary(store.hgetall(Keys(prefix).words))
    return [decode(entry_id, fields, words) for entries in found for entry_id, fields in entries]


def pages(store: redis.Redis, prefix: str) -> set[str]:
    return {event.page_view for event in stored(store, prefix)}


class Target(NamedTuple):
    """Where the collector listens, and the lines that it has logged."""

    port: int
    logged: list[str]

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def say(self, *parts: bytes, half_close: bool = False) -> bytes:
        """Everything the collector says to these bytes, until it hangs up or has said one answer whole."""
        with self.connect() as connection:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                for part in parts:
                    connection.sendall(part)
                if half_close:
                    connection.shutdown(socket.SHUT_WR)
            return answer_on(connection)

    def takes_a_good_beacon(self) -> bool:
        """Whether the next beacon of a resident is stored."""
        return self.say(post(GOOD)).startswith(b"HTTP/1.1 204")


def answer_on(connection: socket.socket) -> bytes:
    """One answer, as far as it comes."""
    received = b""
    with contextlib.suppress(ConnectionResetError, TimeoutError):
        while not _whole(received) and (more := connection.recv(65_536)):
            received += more
    return received


def _whole(received: bytes) -> bool:
    head, end, body = received.partition(b"\r\n\r\n")
    if not end:
        return False
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(body) >= int(line.split(b":")[1])
    return True


def post(body: bytes, *headers: str, length: int | None = None, start: str = "POST /e HTTP/1.1") -> bytes:
    """A beacon as a browser sends it, with these further header lines."""
    lines = [
        start,
        "host: www.voorbeeldstad.nl",
        f"user-agent: {FIREFOX}",
        "content-type: text/plain;charset=UTF-8",
        *([] if length == -1 else [f"content-length: {len(body) if length is None else length}"]),
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


@contextlib.contextmanager
def served(
    store_url: str, prefix: str, protocol: type[BeaconProtocol] = BeaconProtocol, **changes: Any
) -> Iterator[Target]:
    """A collector on a port of its own; it must have lived to the end."""
    # The machine may be so busy that the store's usual two seconds pass.
    settings = CollectorSettings(
        sites=SITES, store_url=store_url, partitions=PARTITIONS, store_timeout_s=30, **changes
    )
    hits = MatomoEndpoint()
    collector = Collector(settings, keys=Keys(prefix), clock=lambda: NOON, fallback=hits)
    hits.serve(collector)
    server = uvicorn.Server(uvicorn.Config(collector, **options() | {"http": protocol}))
    heard = _Heard()
    for name in ("uvicorn.error", "asyncio"):
        logging.getLogger(name).addHandler(heard)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1024)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield Target(listener.getsockname()[1], heard.lines)
            assert thread.is_alive()
        finally:
            server.should_exit = True
            thread.join()
            for name in ("uvicorn.error", "asyncio"):
                logging.getLogger(name).removeHandler(heard)


class _Heard(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

# SPDX-License-Identifier: EUPL-1.2
"""Browsers that send beacons at a bounded rate, and send again what was refused or not answered."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

BROWSERS = 24
EVENTS = 2  # of a beacon
AT_MOST = 6_000  # beacons of one run
PATIENCE_S = 8.0
ATTEMPTS = 12
PAUSE_S = 0.25  # before another attempt; shorter than the script's, so that it hits the fault
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many browsers, and what they send; each waits for its answer before its next beacon."""

    browsers: int = BROWSERS
    per_second: int = 300  # beacons of all of them together
    events: int = EVENTS
    long_titles: bool = False


@dataclass(slots=True)
class Tally:
    """What came of it; `acknowledged` are the page views whose beacon was answered 204."""

    sent: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    requests: int = 0
    refused: int = 0
    unanswered: int = 0
    strange: set[str] = field(default_factory=set)  # answers that no fault explains


@contextlib.contextmanager
def load(port: int, crowd: Crowd) -> Iterator[Tally]:
    """Beacons to the collector on loopback until the block ends; what is under way then is awaited."""
    tally, stop = Tally(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_browse(port, crowd, tally, stop)))
    thread.start()
    try:
        yield tally
    finally:
        stop.set()
        thread.join()


async def _browse(port: int, crowd: Crowd, tally: Tally, stop: threading.Event) -> None:
    begin = time.monotonic()
    beacons = ((begin + number / crowd.per_second, *_beacon(number, crowd)) for number in range(AT_MOST))
    await asyncio.gather(*(_browser(port, beacons, tally, stop) for _ in range(crowd.browsers)))


async def _browser(
    port: int, beacons: Iterator[tuple[float, str, bytes]], tally: Tally, stop: threading.Event
) -> None:
    line = _Line(port)
    try:
        for due, page_view, body in itertools.takewhile(lambda _: not stop.is_set(), beacons):
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await _send(line, page_view, body, tally, stop)
    finally:
        line.hang_up()


async def _send(line: _Line, page_view: str, body: bytes, tally: Tally, stop: threading.Event) -> None:
    tally.sent.add(page_view)
    for _ in range(ATTEMPTS):
        tally.requests += 1
        answer = await line.post(body)
        if answer is None:
            tally.unanswered += 1
        elif answer.startswith("HTTP/1.1 204") and "klantreis-dropped" not in answer:
            tally.acknowledged.add(page_view)
            return
        elif answer.startswith("HTTP/1.1 503") and "retry-after" in answer:
            tally.refused += 1
        else:
            tally.strange.add(answer)
            return
        if stop.is_set():
            return
        await asyncio.sleep(PAUSE_S)


class _Line:
    """One connection of a browser, made again when it broke."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, body: bytes) -> str | None:
        """Head of the answer in lower case but for its first line; None where there was none."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                if self._streams is None:
                    self._streams = await asyncio.open_connection("127.0.0.1", self._port)
                reader, writer = self._streams
                writer.write(_HEAD % len(body) + body)
                raw = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                first, _, rest = raw.partition("\r\n")
                head = f"{first}\r\n{rest.lower()}"
                _, _, length = head.partition("content-length: ")
                await reader.readexactly(int(length.partition("\r\n")[0] or 0))
        except (OSError, EOFError, TimeoutError):
            self.hang_up()
            return None
        if "connection: close" in head:
            self.hang_up()
        return head

    def hang_up(self) -> None:
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None


_HEAD = (
    b"POST /e HTTP/1.1\r\nHost: www.voorbeeldstad.nl\r\nContent-Type: text/plain;charset=UTF-8\r\n"
    b"User-Agent: " + AGENT.encode() + b"\r\nAccept-Language: nl\r\nContent-Length: %d\r\n\r\n"
)


def _beacon(number: int, crowd: Crowd) -> tuple[str, bytes]:
    """Page view and body."""
    page_view = f"chaos{number:07d}"
    title = f"Afval {number % 50}{' en nog veel meer' * 50 * crowd.long_titles}"
    search = {"k": "search", "d": 3, "q": "grofvuil" + " en hout" * 100 * crowd.long_titles, "n": 8}
    body = {
        "v": 1,
        "p": page_view,
        "u": f"https://www.voorbeeldstad.nl/afval/{number % 50}",
        "b": number % 1000,
        "e": [
            {"i": 0, "k": "view", "d": 0, "t": title},
            *({"i": index} | search for index in range(1, crowd.events)),
        ],
    }
    return page_view, json.dumps(body).encode()

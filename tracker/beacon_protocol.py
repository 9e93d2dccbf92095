# SPDX-License-Identifier: EUPL-1.2
"""A shorter way for `POST /e` through uvicorn: `uvicorn.Config(collector, http=BeaconProtocol)`.

Nearly every request is a beacon. ASGI gives each of them a task, an event, three messages and a dozen dicts,
which together cost more than admission (an empty ASGI application takes about three times as long per request
as an empty protocol does). Here a beacon goes from the parser to the collector and its answer to the socket.
Every other request takes the ASGI way, and so do beacons under any other server: the answers are the same.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from tracker import answers
from tracker.admission import Arrival, SaltMissingError
from tracker.answers import Answer
from tracker.collector import Collector, wanted
from tracker.errors import StoreAwayError
from tracker.wire import MAX_BYTES


class BeaconProtocol(HttpToolsProtocol):
    """One connection, with one beacon under way at a time."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._body: bytes | None = None  # of the beacon that is being read
        self._under_way = False  # a beacon waits for its answer
        self._last = False  # the connection ends with that answer
        self._servers: list[tuple[bytes, bytes]] = []  # the server's own headers, and as lines
        self._servers_lines = b""
        self._origin: str | None = None
        self._host: str | None = None

    def on_message_begin(self) -> None:
        self.url = b""
        self.expect_100_continue = False
        self.headers = []

    def on_headers_complete(self) -> None:
        if self._under_way or self._last:
            # Pipelined, which no browser and no usual proxy does. HTTP lets a server hang up after an answer,
            # and the client then sends the rest again.
            self._last = True
        elif self._is_beacon():
            self._body = b""
        else:
            url, headers, expects = self.url, self.headers, self.expect_100_continue
            super().on_message_begin()
            self.url, self.expect_100_continue = url, expects
            self.headers.extend(headers)
            super().on_headers_complete()

    def _is_beacon(self) -> bool:
        return (
            self.url == b"/e"
            and self.parser.get_method() == b"POST"
            and not self.expect_100_continue
            and not self.parser.should_upgrade()
            and (self.cycle is None or self.cycle.response_complete)
            and isinstance(self.app, Collector)
        )

    def on_body(self, body: bytes) -> None:
        if self._body is not None:
            self._body += body
            if len(self._body) > MAX_BYTES:  # the answer needn't wait for the rest, and the rest isn't read
                self._last = True
                self._take(self._body)
        elif not (self._under_way or self._last):
            super().on_body(body)

    def on_message_complete(self) -> None:
        if self._body is not None:
            if not self.parser.should_keep_alive():
                self._last = True
            self._take(self._body)
        elif not (self._under_way or self._last):
            super().on_message_complete()

    def _take(self, body: bytes) -> None:
        self._body = None
        self._under_way = True
        collector: Collector = self.app
        headers = wanted(self.headers)
        arrival = Arrival(
            body,
            headers,
            self.client[0] if self.client else "",
            "POST",
            headers.get("content-type", ""),
            collector.clock(),
        )
        self._origin, self._host = headers.get("origin"), headers.get("host")
        try:
            answer = collector.accept(arrival, self._stored)
        except SaltMissingError:
            task = self.loop.create_task(collector.take(arrival))
            tasks: set[Any] = self.tasks  # the server waits for these before it stops
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            task.add_done_callback(lambda done: self._answer(done.result()))
        except StoreAwayError:
            self._answer(answers.AWAY)
        else:
            if answer is not None:
                self._answer(answer)

    def _stored(self, error: StoreAwayError | None) -> None:
        self._answer(answers.STORED if error is None else answers.AWAY)

    def _answer(self, answer: Answer) -> None:
        self._under_way = False
        if self.transport.is_closing():
            return
        collector: Collector = self.app
        answer = collector.for_page(answer, self._origin, self._host)
        servers = self.server_state.default_headers  # a new list every second, since the date is one of them
        if servers is not self._servers:
            self._servers, self._servers_lines = servers, b"".join([b"%b: %b\r\n" % one for one in servers])
        self.transport.write(STATUS_LINE[answer.status] + self._servers_lines + _rest(answer, self._last))
        if self._last:
            self.transport.close()
        self.on_response_complete()

    def shutdown(self) -> None:
        """Called once when the server stops: a beacon under way still gets its answer."""
        if self._under_way:
            self._last = True
        else:
            super().shutdown()


@lru_cache(maxsize=64)
def _rest(answer: Answer, last: bool) -> bytes:
    """Headers and body of an answer, as they go over the wire after the server's own headers."""
    lines = [b"%b: %b\r\n" % header for header in answer.headers]
    if answer.status != 204:
        lines.append(b"content-length: %d\r\n" % len(answer.body))
    if last:
        lines.append(b"connection: close\r\n")
    return b"".join([*lines, b"\r\n", answer.body])

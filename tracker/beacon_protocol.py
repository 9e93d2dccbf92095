# SPDX-License-Identifier: EUPL-1.2
"""A shorter way for `POST /e` through uvicorn: `uvicorn.Config(collector, http=BeaconProtocol)`.

Nearly every request is a beacon. ASGI gives each of them a task, an event, three messages and a dozen dicts,
which together cost more than admission (an empty ASGI application takes about three times as long per request
as an empty protocol does). Here a beacon goes from the parser to the collector and its answer to the socket.
Every other request takes the ASGI way, and so do beacons under any other server: the answers are the same.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from tracker import answers
from tracker.admission import SaltMissingError
from tracker.answers import Answer
from tracker.arrival import Arrival
from tracker.asgi import WANTED, joined
from tracker.collector import Collector
from tracker.errors import StoreAwayError
from tracker.wire import MAX_BYTES

LOG = logging.getLogger(__name__)

MAX_HEAD_BYTES = 65_536
REQUEST_S = 20.0  # from its first byte to its last


class BeaconProtocol(HttpToolsProtocol):
    """One connection, with one beacon under way at a time."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._collector = self.app if isinstance(self.app, Collector) else None
        self._for_us = False  # the request being read is for /e
        self._said: list[tuple[str, str]] = []  # its headers so far, as far as they matter
        self._headers: dict[str, str] = {}  # those of the beacon being answered
        self._body: bytearray | None = None  # the body so far of the beacon being read
        self._under_way = False  # a beacon waits for its answer
        self._last = False  # the connection ends with that answer
        self._servers: list[tuple[bytes, bytes]] = []  # the server's own headers
        self._stored_answer = b""  # with those headers
        self._quiet_since: float | None = None
        self._reading = False  # a request has begun to come in
        self._begun: float | None = None  # when, where it did not come in one piece
        self._head_bytes: int | None = None  # of a request of which the head isn't complete

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._quiet_since = self.loop.time()
        self._look_again_in(self.timeout_keep_alive)

    def data_received(self, data: bytes) -> None:
        self._quiet_since = None
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.transport.close()  # what follows would be of a protocol that nobody here speaks
        except httptools.HttpParserError as failed:
            cause = failed.__context__
            if isinstance(failed, httptools.HttpParserCallbackError) and not _is_of_the_request(cause):
                self._stumbled(cause or failed)
            else:
                self.send_400_response("Invalid HTTP request received.")
        if self._reading:
            self._begun = self._begun or self.loop.time()
            if self._head_bytes is not None and not self.transport.is_closing():
                self._head_bytes += len(data)
                if self._head_bytes > MAX_HEAD_BYTES:
                    self._last = True
                    self._answer(answers.HEAD_TOO_LARGE)

    def _should_upgrade(self) -> bool:
        return False

    # What httptools finds, in its order.

    def on_message_begin(self) -> None:
        self._reading, self._begun, self._head_bytes = True, None, 0
        self.url = b""

    def on_url(self, url: bytes) -> None:
        self.url += url
        self._for_us = self.url == b"/e" and self._collector is not None
        if self._for_us:
            self._said = []
        else:
            whole = self.url
            super().on_message_begin()
            self.url = whole

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._head_bytes is None:
            return  # behind a body it is nobody's: a stranger might say there what only a proxy may say
        if not self._for_us:
            super().on_header(name, value)
        elif known := WANTED.get(name.lower()):
            self._said.append((known, value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        self._head_bytes = None
        if self._under_way or self._last:
            # Pipelined, which no browser and no usual proxy does. HTTP lets a server hang up after an answer,
            # and the client then sends the rest again.
            self._last = True
        elif self._for_us and self._is_simple(headers := joined(self._said)):
            self._body, self._headers = bytearray(), headers
        else:
            if self._for_us:
                self._go_the_asgi_way()
            super().on_headers_complete()

    def _is_simple(self, headers: Mapping[str, str]) -> bool:
        idle = self.cycle is None or self.cycle.response_complete
        return idle and "expect" not in headers and self.parser.get_method() == b"POST"

    def _go_the_asgi_way(self) -> None:
        self._for_us = False
        url = self.url
        super().on_message_begin()
        self.url = url
        for name, value in self._said:
            HttpToolsProtocol.on_header(self, name.encode(), value.encode("latin-1"))

    def on_body(self, body: bytes) -> None:
        if self._body is not None:
            self._body.extend(body)  # in as many chunks as it comes, none is copied more than a few times
            if len(self._body) > MAX_BYTES:  # the answer needn't wait for the rest, and the rest isn't read
                self._last = True
                self._take(self._body)
        elif not (self._under_way or self._last):
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._reading, self._begun = False, None
        if self._body is not None:
            if not self.parser.should_keep_alive():
                self._last = True
            self._take(self._body)
        elif not (self._under_way or self._last):
            super().on_message_complete()

    def _take(self, body: bytearray) -> None:
        self._body = None
        self._under_way = True
        collector, said = self._collector, self._headers
        if collector is None:  # never: such a request isn't for us
            return
        client = self.client[0] if self.client else ""
        arrival = Arrival(bytes(body), said, client, "POST", said.get("content-type", ""), collector.clock())
        try:
            answer = collector.accept(arrival, self._stored)
        except SaltMissingError:
            task = self.loop.create_task(collector.take(arrival))
            tasks: set[Any] = self.tasks  # the server waits for these before it stops
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            task.add_done_callback(self._taken)
        except StoreAwayError:
            self._answer(answers.AWAY)
        else:
            if answer is not None:
                self._answer(answer)

    def _taken(self, done: asyncio.Task[Answer]) -> None:
        if done.cancelled():
            self._answer(answers.AWAY)
        elif failed := done.exception():
            self._stumbled(failed)
        else:
            self._answer(done.result())

    def _stumbled(self, failed: BaseException) -> None:
        """Say so in the log, and answer as any server does; what state the connection is in nobody knows."""
        LOG.error("A request could not be handled.", exc_info=failed)
        self._body, self._last = None, True
        self._answer(answers.FAULT)

    def _stored(self, error: StoreAwayError | None) -> None:
        self._answer(answers.STORED if error is None else answers.AWAY)

    def _answer(self, answer: Answer) -> None:
        self._under_way = False
        if self.transport.is_closing():
            return
        if self._collector is not None:
            answer = self._collector.for_page(answer, self._headers.get("origin"), self._headers.get("host"))
        servers = self.server_state.default_headers
        if servers is not self._servers:  # a new list every second, since the date is one of them
            self._servers = servers
            self._stored_answer = _on_the_wire(answers.STORED, servers, last=False)
        if answer is answers.STORED and not self._last:  # nearly always
            self.transport.write(self._stored_answer)
            if not (self.pipeline or self.flow.read_paused):
                self.server_state.total_requests += 1
                self._quiet_since = self.loop.time()
                return
        else:
            if self._collector is not None:
                self._collector.count_refusal(answer)
            self.transport.write(_on_the_wire(answer, servers, last=self._last))
            if self._last:
                self.transport.close()
        self.on_response_complete()

    # Between requests. The server's own way is to make and cancel a timer for every request; here one timer
    # looks now and then how long the connection has been quiet.

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._quiet_since = self.loop.time()

    def _look_again_in(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        self.timeout_keep_alive_task = None
        if self.transport.is_closing():
            return
        now = self.loop.time()
        if self._begun is not None:
            until = self._begun + REQUEST_S
        elif self._quiet_since is not None:
            until = self._quiet_since + self.timeout_keep_alive
        else:  # a request is being answered
            until = now + self.timeout_keep_alive
        if until > now:
            self._look_again_in(until - now)
        else:
            self.transport.close()

    def shutdown(self) -> None:
        """Called once when the server stops: a beacon under way still gets its answer."""
        if self._under_way:
            self._last = True
        else:
            super().shutdown()


def _is_of_the_request(error: BaseException | None) -> bool:
    """Whether what was raised while a request was read says that the request is wrong, as its address."""
    return isinstance(error, httptools.HttpParserError)


def _on_the_wire(answer: Answer, servers: Iterable[tuple[bytes, bytes]], *, last: bool) -> bytes:
    """Status line, the server's headers, the answer's, and the body."""
    lines = [b"%b: %b\r\n" % header for header in (*servers, *answer.headers)]
    if answer.status != 204:
        lines.append(b"content-length: %d\r\n" % len(answer.body))
    if last:
        lines.append(b"connection: close\r\n")
    return b"".join([STATUS_LINE[answer.status], *lines, b"\r\n", answer.body])

# SPDX-License-Identifier: EUPL-1.2
"""Real bytes over a socket: the collector's own protocol and the ASGI way give the same answers."""

from __future__ import annotations

import contextlib
import http.client
import socket
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import redis

from tests.tracker.beacons import FIREFOX, NOON, SITES, beacon
from tests.tracker.collecting import PARTITIONS, events_in, served
from tracker.admission import SaltMissingError
from tracker.beacon_protocol import BeaconProtocol
from tracker.collector import Collector, CollectorSettings
from tracker.keys import Keys


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


@pytest.mark.parametrize("protocol", ["httptools", BeaconProtocol], ids=["httptools", "own"])
def test_a_fault_of_ours_is_no_fault_of_the_page(
    protocol: Any, store_url: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    collector = Collector(
        CollectorSettings(sites=SITES, store_url=store_url, partitions=PARTITIONS),
        keys=Keys(prefix),
        clock=lambda: NOON,
    )
    with served(collector, protocol) as port:
        assert asked(port) == 204
        monkeypatch.setattr("tracker.commit.GroupCommit.put", stumble)
        assert asked(port) == 500
        monkeypatch.undo()
        assert asked(port) == 204


def test_nor_is_one_that_comes_while_the_salt_is_asked_for(
    store_url: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = CollectorSettings(sites=SITES, store_url=store_url, partitions=PARTITIONS)
    with served(Collector(settings, keys=Keys(prefix), clock=lambda: NOON), BeaconProtocol) as port:
        monkeypatch.setattr(Collector, "accept", without_salt)
        monkeypatch.setattr(Collector, "take", stumble)
        assert asked(port) == 500
        monkeypatch.setattr(Collector, "take", stumble_later)
        assert asked(port) == 500
        monkeypatch.undo()
        assert asked(port) == 204


def asked(port: int) -> int:
    """The status of a beacon on a connection of its own."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("POST", "/e", beacon(), {"user-agent": FIREFOX, "content-type": "text/plain"})
        return connection.getresponse().status


def stumble(*_: Any, **__: Any) -> None:
    raise RuntimeError("a fault of ours")


async def stumble_later(*_: Any, **__: Any) -> None:
    stumble()


def without_salt(*_: Any, **__: Any) -> None:
    raise SaltMissingError(ZoneInfo("Europe/Amsterdam"), 0)


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

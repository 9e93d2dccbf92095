# SPDX-License-Identifier: EUPL-1.2
"""What strangers send on purpose: the process lives, nothing of it is stored, and the next beacon is."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import zlib
from collections.abc import Iterator
from uuid import uuid4

import pytest
import redis

from tests.conftest import url_of
from tests.tracker.beacons import beacon, event
from tests.tracker.under_attack import (
    BAD,
    CHUNKED,
    GOOD,
    PARTITIONS,
    Target,
    answer_on,
    pages,
    post,
    served,
    stored,
)
from tracker.keys import Keys


@pytest.fixture(scope="module")
def one_server(_embedded: redis.Redis) -> Iterator[tuple[Target, str]]:
    prefix = f"test:attacks:{uuid4().hex[:12]}:"
    with served(url_of(_embedded), prefix) as target:
        yield target, prefix


@pytest.fixture
def prefix(one_server: tuple[Target, str], store: redis.Redis) -> str:
    """The one server's prefix, with nothing stored under it."""
    _, prefix = one_server
    if left := list(store.scan_iter(f"{prefix}{{*}}:events")):
        store.delete(*left)
    return prefix


@pytest.fixture
def target(one_server: tuple[Target, str], prefix: str) -> Target:
    """One server for all attacks, which each must leave in order."""
    target, _ = one_server
    target.logged.clear()
    return target


TO_MATOMO = "POST /matomo.php HTTP/1.1"
A_HIT = b"?idsite=1&rec=1&url=https://www.voorbeeldstad.nl/kwaad&pv_id=abcdef"
HITS = b'{"requests":["%b"],"send_image":0}' % A_HIT
REFUSED = {
    "gzip": post(gzip.compress(BAD), "content-encoding: gzip"),
    "deflate": post(zlib.compress(BAD), "content-encoding: deflate"),
    "a gzip bomb": post(gzip.compress(b"0" * 10_000_000), "content-encoding: gzip"),
    "two lengths": post(BAD, "content-length: 5"),
    "a length and chunks": post(b"0\r\n\r\n" + BAD, CHUNKED),
    "a length below zero": post(BAD, length=-2),
    "a length of hex": post(BAD, "content-length: 0x10", length=-1),
    "a chunk of a word": post(b"many\r\n" + BAD + b"\r\n0\r\n\r\n", CHUNKED, length=-1),
    "a chunk of 2^64 bytes": post(b"fffffffffffffffff\r\n" + BAD + b"\r\n0\r\n\r\n", CHUNKED, length=-1),
    "too much in small chunks": post(b"1\r\nx\r\n" * 60_001 + b"0\r\n\r\n", CHUNKED, length=-1),
    "a header without a name": post(BAD, ": nothing"),
    "a header with a space": post(BAD, "x y: z"),
    "a folded header": post(BAD, "x: y", "\tz"),
    "a NUL in a header": post(BAD, "origin: https://www.voorbeeldstad.nl\0.elders.nl"),
    "a bare carriage return": post(BAD, "origin: https://www.voorbeeldstad.nl\rset-cookie: a=b"),
    "a line break in the method": b"PO\nST /e HTTP/1.1\r\n\r\n",
    "a path beyond ASCII": post(BAD, start="POST /\xe9 HTTP/1.1"),
    "a path with a NUL": post(BAD, start="POST /e\0 HTTP/1.1"),
    "another version": post(BAD, start="POST /e HTTP/9.9"),
    "version 2's greeting": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 200,
    "Redis' own": b"*1\r\n$8\r\nFLUSHALL\r\n",
    "nothing but lines": b"\r\n" * 5000 + b"x",
    "an authority": post(BAD, start="CONNECT www.voorbeeldstad.nl:443 HTTP/1.1"),
    "a star": post(BAD, start="OPTIONS * HTTP/1.1"),
    "a method unknown": post(BAD, start="BREW /e HTTP/1.1"),
    "two types": post(BAD, "content-type: application/json"),
    "nested too deep": post(b'{"v":1,"z":' + b"[" * 30_000),
    "a number too long": post(b'{"v":1,"b":' + b"9" * 50_000 + b"}"),
    "a million of nothing": post(b'{"v":1e999999999}'),
    "Matomo: gzip": post(gzip.compress(HITS), "content-encoding: gzip", start=TO_MATOMO),
    "Matomo: a gzip bomb": post(gzip.compress(b"0" * 90_000_000), "content-encoding: gzip", start=TO_MATOMO),
    "Matomo: nested too deep": post(b'{"requests":' + b"[" * 200_000, start=TO_MATOMO),
    "Matomo: a body too large": post(HITS + b" " * 1_000_000, start=TO_MATOMO),
    "Matomo: too many hits": post(b'{"requests":[' + b'"?",' * 1_000 + b'"?"]}', start=TO_MATOMO),
    "Matomo: too many parameters": post(b"a=1&" * 200_000, start=TO_MATOMO),
    "Matomo: the token of nobody": post(HITS.replace(b"{", b'{"token_auth":"geraden",', 1), start=TO_MATOMO),
    "Matomo: two lengths": post(HITS, "content-length: 5", start=TO_MATOMO),
    "half a surrogate": post(
        beacon(p="bad_beacon_1", **event(k="view", t="x")).replace(b'"x"', b'"\\ud800"')
    ),
}


@pytest.mark.parametrize("attack", REFUSED)
def test_is_refused(attack: str, target: Target, store: redis.Redis, prefix: str) -> None:
    answer = target.say(REFUSED[attack], half_close=True)
    assert not answer.startswith(b"HTTP/1.1 2"), answer
    assert not answer.startswith(b"HTTP/1.1 5"), answer
    assert b"set-cookie" not in answer.lower()
    assert target.takes_a_good_beacon()
    assert pages(store, prefix) == {"good_beacon1"}
    assert [line for line in target.logged if "Traceback" in line] == []


HALVES = {
    "half a beacon": post(BAD)[:-10],
    "half its headers": post(BAD)[:60],
    "half a chunk": post(b"ff\r\n" + BAD[:100], CHUNKED, length=-1),
    "half of Matomo's hits": post(HITS, start=TO_MATOMO)[:-10],
    "half a chunk of Matomo's": post(b"ff\r\n" + HITS[:50], CHUNKED, length=-1, start=TO_MATOMO),
    "no end to the chunks": post(b"%x\r\n%b\r\n" % (len(BAD), BAD), CHUNKED, length=-1),
}


@pytest.mark.parametrize("half", HALVES)
def test_half_a_request_is_nobodys(half: str, target: Target, store: redis.Redis, prefix: str) -> None:
    assert b" 20" not in target.say(HALVES[half], half_close=True)
    assert target.takes_a_good_beacon()
    assert pages(store, prefix) == {"good_beacon1"}


@pytest.mark.parametrize("whole", [post(BAD), post(HITS, start=TO_MATOMO)], ids=["beacons", "Matomo's hits"])
def test_slow_senders_stop_nobody(whole: bytes, target: Target, store: redis.Redis, prefix: str) -> None:
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(target.connect()) for _ in range(300)]
        for number, connection in enumerate(slow):
            connection.sendall(whole[: min(20 + number, len(whole) - 10)])
        assert target.takes_a_good_beacon()
        for connection in slow:
            connection.sendall(b"x")
        assert target.takes_a_good_beacon()
    assert pages(store, prefix) == {"good_beacon1"}


def test_a_client_that_never_reads_stops_nobody(target: Target) -> None:
    with target.connect() as deaf:
        deaf.settimeout(0.2)
        with contextlib.suppress(TimeoutError, ConnectionResetError, BrokenPipeError):
            for _ in range(200):
                deaf.sendall(post(b"{}"))
        assert target.takes_a_good_beacon()


def test_many_beacons_in_one_breath_are_each_stored_or_not_answered(
    target: Target, store: redis.Redis, prefix: str
) -> None:
    many = [post(beacon(p=f"page{number:08d}")) for number in range(50)]
    with target.connect() as connection:
        connection.sendall(b"".join(many))
        answer = received = answer_on(connection)
        with contextlib.suppress(ConnectionResetError):
            while b"connection: close" not in received and (answer := connection.recv(65_536)):
                received += answer
    answered = received.count(b"HTTP/1.1 204")
    assert 1 <= answered <= len(pages(store, prefix))
    assert target.takes_a_good_beacon()


def test_a_beacon_smuggled_behind_another_is_not_anothers(
    target: Target, store: redis.Redis, prefix: str
) -> None:
    inner = post(BAD)
    with target.connect() as connection:
        connection.sendall(post(GOOD + inner, length=len(GOOD)))
        first = answer_on(connection)
    assert first.startswith(b"HTTP/1.1 204")
    assert pages(store, prefix) <= {"good_beacon1", "bad_beacon_1"}
    assert target.takes_a_good_beacon()


def test_huge_headers_cost_no_memory(target: Target, store: redis.Redis, prefix: str) -> None:
    head = post(BAD)[: -len(BAD) - 2]
    sent = 0
    with target.connect() as connection, contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.sendall(head + b"x-forwarded-for: ")
        for _ in range(24):
            connection.sendall(b"a" * 1_000_000)
            sent += 1
        connection.sendall(b"\r\n\r\n" + BAD)
        assert not answer_on(connection).startswith(b"HTTP/1.1 2")
    assert sent < 24  # it hung up before it had heard all
    assert target.takes_a_good_beacon()
    assert pages(store, prefix) == {"good_beacon1"}


def test_a_header_said_a_hundred_thousand_times_is_refused(
    target: Target, store: redis.Redis, prefix: str
) -> None:
    head = post(BAD)[: -len(BAD) - 2]
    answer = target.say(head, b"dnt: 0\r\n" * 100_000, b"\r\n" + BAD)
    assert not answer.startswith(b"HTTP/1.1 2"), answer[:100]
    assert target.takes_a_good_beacon()
    assert pages(store, prefix) == {"good_beacon1"}


@pytest.mark.parametrize("upgrade", ["websocket", "h2c", "TLS/1.0", "\xe9"])
@pytest.mark.parametrize("start", ["POST /e HTTP/1.1", "GET /e HTTP/1.1", "GET /healthz HTTP/1.1"])
def test_no_other_protocol_is_taken_up(start: str, upgrade: str, target: Target) -> None:
    target.say(
        post(BAD, "connection: upgrade", f"upgrade: {upgrade}", "sec-websocket-key: eA==", start=start),
        half_close=True,
    )
    assert target.takes_a_good_beacon()
    assert [line for line in target.logged if "Traceback" in line] == []


def test_nothing_a_stranger_says_is_logged(target: Target) -> None:
    secret = "999990019 jan@example.nl\x1b[31m"
    for start in (
        f"GET /{secret} HTTP/1.1",
        "POST /e HTTP/1.1",
        f"{secret} / HTTP/1.1",
        "GET /e.gif?u=999990019 HTTP/1.1",
    ):
        target.say(
            post(b"{" + secret.encode(), f"origin: {secret}", f"x-{secret}: y", start=start), half_close=True
        )
    assert target.takes_a_good_beacon()
    assert not any("999990019" in line or "example" in line for line in target.logged)


def test_no_header_of_ours_is_a_strangers_to_write(target: Target) -> None:
    for origin in (
        "https://www.voorbeeldstad.nl\r\nset-cookie: a=b",
        "https://www.voorbeeldstad.nl%0d%0aset-cookie:a=b",
        "https://www.voorbeeldstad.nl@elders.nl",
        "https://www.voorbeeldstad.nl.elders.nl",
        "https://elders.nl/https://www.voorbeeldstad.nl",
        "null",
        "*",
    ):
        head = target.say(post(GOOD, f"origin: {origin}")).partition(b"\r\n\r\n")[0].lower()
        assert b"\r\nset-cookie" not in head, origin
        assert b"elders" not in head, origin
        assert b"allow-origin: *" not in head, origin


class TestPagesElsewhere:
    """A page of another site can't write in ours, with the browsers of its visitors."""

    def test_with_the_script(self, target: Target) -> None:
        assert b"klantreis-dropped: unknown_site" in target.say(post(BAD, "origin: https://elders.nl"))

    def test_with_the_pixel(self, target: Target, store: redis.Redis, prefix: str) -> None:
        start = "GET /e.gif?u=https://www.voorbeeldstad.nl/afval HTTP/1.1"
        target.say(post(b"", "referer: https://elders.nl/pagina", start=start))
        assert pages(store, prefix) == set()

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "GET", "HEAD", "TRACE"])
    def test_with_another_method(self, method: str, target: Target, store: redis.Redis, prefix: str) -> None:
        answer = target.say(post(BAD, start=f"{method} /e HTTP/1.1"))
        assert answer.startswith(b"HTTP/1.1 405"), answer
        assert pages(store, prefix) == set()


def test_a_host_with_personal_data_in_it_leaves_none(target: Target, store: redis.Redis, prefix: str) -> None:
    body = beacon(p="bad_beacon_1", r="https://999990019.example.nl/afval")
    target.say(post(body))
    assert not any("999990019" in (event.referrer or "") for event in stored(store, prefix))


def test_a_name_of_an_experiment_carries_no_number(target: Target, store: redis.Redis, prefix: str) -> None:
    target.say(post(beacon(p="bad_beacon_1", x={"a999990019": "b"}, f=["a999990019"])))
    target.say(post(beacon(p="bad_beacon_1", l="nl-99999001-9")))
    raw = str([store.xrange(Keys(prefix).events(partition)) for partition in range(PARTITIONS)])
    assert "99999001" not in raw


def test_http_itself_still_works(target: Target) -> None:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", target.port, timeout=10)) as connection:
        connection.request("GET", "/healthz")
        assert connection.getresponse().status == 200

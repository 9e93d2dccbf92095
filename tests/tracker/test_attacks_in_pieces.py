# SPDX-License-Identifier: EUPL-1.2
"""Requests in as many pieces as HTTP allows: each piece is handled once, however many there are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from tests.tracker.beacons import beacon, event
from tests.tracker.under_attack import CHUNKED, GOOD, post, served
from tracker import beacon_protocol
from tracker.asgi import body_of, joined
from tracker.beacon_protocol import BeaconProtocol


class _Chunk(bytes):
    """What came of a body in one piece; it counts what is copied where it is added to what came before."""

    copied = 0

    def __radd__(self, before: bytes | bytearray) -> bytes | bytearray:
        if isinstance(before, bytearray):  # has room to grow, which uvicorn relies on
            before.extend(self)
            return before
        type(self).copied += len(before)
        return before + bytes(self)


@pytest.fixture
def chunk(monkeypatch: pytest.MonkeyPatch) -> type[_Chunk]:
    monkeypatch.setattr(_Chunk, "copied", 0)
    return _Chunk


class _Counting(BeaconProtocol):
    """Gives chunks that count."""

    def on_body(self, body: bytes) -> None:
        super().on_body(_Chunk(body))


@pytest.mark.parametrize("start", ["POST /e HTTP/1.1", "POST /e?x HTTP/1.1"])
def test_a_body_in_chunks_of_one_byte_is_not_copied_for_each(
    start: str, store_url: str, prefix: str, chunk: type[_Chunk]
) -> None:
    """HTTP lets a client send it so; copied whole for every byte, 60 kB would be two gigabytes."""
    long = beacon(**event(k="view", t="a" * 900)) + b" " * 50_000
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in long)
    with served(store_url, prefix, _Counting) as target:
        answer = target.say(post(chunks + b"0\r\n\r\n", CHUNKED, length=-1, start=start))
        assert answer.startswith(b"HTTP/1.1 204"), answer
        assert target.takes_a_good_beacon()
    assert chunk.copied < 10 * len(long)


def test_nor_is_one_that_comes_in_a_message_each(chunk: type[_Chunk]) -> None:
    messages = [{"body": chunk(b"a"), "more_body": True}] * 20_000

    async def receive() -> dict[str, object]:
        return messages.pop() if messages else {"body": chunk(b"z"), "more_body": False}

    body = asyncio.run(body_of(receive, 1_000_000))
    assert body == b"a" * 20_000 + b"z"
    assert chunk.copied < 10 * len(body)


def test_a_header_said_thousands_of_times_is_joined_once(
    store_url: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Joined as they come, a quarter of a megabyte of them would be copied ten thousand times."""
    heard: list[Sequence[tuple[str, str]]] = []

    def note(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
        heard.append(pairs)
        return joined(pairs)

    monkeypatch.setattr(beacon_protocol, "joined", note)
    behind = b"%x\r\n%b\r\n0\r\n" % (len(GOOD), GOOD) + b"via: x\r\n" * 5_000 + b"\r\n"
    with served(store_url, prefix) as target:
        answer = target.say(post(behind, CHUNKED, *["via: x"] * 5_000, length=-1))
        assert answer.startswith(b"HTTP/1.1 204"), answer
    (pairs,) = heard
    assert [name for name, _ in pairs].count("via") == 5_000  # those behind the body are not kept at all
    assert joined(pairs)["via"] == ",".join(["x"] * 5_000)

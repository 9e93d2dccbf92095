# SPDX-License-Identifier: EUPL-1.2
"""What the tracker's ASGI applications read of a request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping, Sequence
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

WANTED = {
    name.encode(): name
    for name in (
        "accept-encoding",
        "accept-language",
        "authorization",
        "content-type",
        "dnt",
        "expect",
        "forwarded",
        "from",
        "host",
        "if-none-match",
        "origin",
        "referer",
        "sec-ch-ua",
        "sec-gpc",
        "user-agent",
        "via",
        "x-forwarded-for",
        "x-real-ip",
    )
}


def wanted(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers that admission and answers depend on, of those of a request (names in lower case)."""
    found = [(known, value.decode("latin-1")) for name, value in headers if (known := WANTED.get(name))]
    return joined(found)


def joined(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Wanted headers by name; where one came several times, for all of these that means one list."""
    found = dict(pairs)
    if len(found) < len(pairs):
        for repeated in found:
            found[repeated] = ",".join([value for name, value in pairs if name == repeated])
    return found


def client_of(scope: Scope) -> str:
    """Address of the other end of the connection."""
    client = scope.get("client")
    return client[0] if client else ""


async def body_of(receive: Receive, most: int) -> bytes:
    """The request's body, or its beginning where it is more than `most` bytes: no more is ever held.

    However small the chunks are in which it comes, none is copied more than a few times.
    """
    message = await receive()
    if not message.get("more_body"):
        whole: bytes = message.get("body", b"")
        return whole
    body = bytearray(message.get("body", b""))
    while message.get("more_body") and len(body) <= most:
        message = await receive()
        body.extend(message.get("body", b""))
    return bytes(body)

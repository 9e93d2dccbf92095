# SPDX-License-Identifier: EUPL-1.2
"""XADD commands as they go over the wire to Redis (RESP 2, an array of bulk strings).

A client library packs any command from its parts; these differ in a few texts only, and there is one for
every event, so they are written down directly. What the events of a beacon share is packed once.
Source: the Redis serialization protocol specification.
"""

from __future__ import annotations

from collections.abc import Sequence

from tracker.stream import FIELDS, OWN, SHARED

# Looking a length up takes a tenth of the time of writing it down in decimals.
_LENGTHS = tuple(f"${length}\r\n" for length in range(1024))


def head(key: str) -> str:
    """The beginning of every command that adds an entry to the stream `key` (ASCII)."""
    return f"*{3 + 2 * len(FIELDS)}\r\n$4\r\nXADD\r\n${len(key)}\r\n{key}\r\n$1\r\n*\r\n"


def shared(visitor: int, page_view: str, place: str, origin: str, referrer: str, context: str) -> str:
    """The fields that the events of one beacon share, from `v` to `x` (`tracker.stream.SHARED`)."""
    v, lengths = str(visitor), _LENGTHS
    try:
        text = (
            f"$1\r\nv\r\n{lengths[len(v)]}{v}\r\n$1\r\np\r\n{lengths[len(page_view)]}{page_view}\r\n"
            f"$1\r\nu\r\n{lengths[len(place)]}{place}\r\n$1\r\no\r\n{lengths[len(origin)]}{origin}\r\n"
            f"$1\r\nr\r\n{lengths[len(referrer)]}{referrer}\r\n$1\r\nx\r\n{lengths[len(context)]}{context}\r\n"
        )
    except IndexError:  # a text longer than the table
        return _fields(SHARED, (v, page_view, place, origin, referrer, context))
    return text if text.isascii() else _fields(SHARED, (v, page_view, place, origin, referrer, context))


def own(time: int, index: str, detail: str) -> str:
    """The fields that are an event's own, `t`, `i` and `d` (`tracker.stream.OWN`)."""
    t, lengths = str(time), _LENGTHS
    try:
        text = (
            f"$1\r\nt\r\n{lengths[len(t)]}{t}\r\n$1\r\ni\r\n{lengths[len(index)]}{index}\r\n"
            f"$1\r\nd\r\n{lengths[len(detail)]}{detail}\r\n"
        )
    except IndexError:
        return _fields(OWN, (t, index, detail))
    return text if text.isascii() else _fields(OWN, (t, index, detail))


def commands(start: str, common: str, each: Sequence[str]) -> bytes:
    """One command for each event: `start` of `head`, `common` of `shared`, `each` of `own`."""
    if len(each) == 1:  # nearly always
        return f"{start}{common}{each[0]}".encode()
    return "".join([f"{start}{common}{fields}" for fields in each]).encode()


def _fields(names: Sequence[str], values: Sequence[str]) -> str:
    """The same for texts of which the length in bytes isn't that in characters, or isn't in the table."""
    pairs = zip(names, values, strict=True)
    return "".join([f"$1\r\n{name}\r\n${len(text.encode())}\r\n{text}\r\n" for name, text in pairs])

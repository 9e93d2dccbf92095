# SPDX-License-Identifier: EUPL-1.2
"""An event as a stream entry: the same few fields for every kind, readable with `redis-cli XRANGE`.

A stream keeps the field names of the first entry of each node only, as long as the next ones have the same;
so every entry has all of them, in this order. Integers are written in decimals, which Redis packs.

| field | holds | example |
| --- | --- | --- |
| `s` | site | `voorbeeldstad` |
| `v` | visitor | `-5208153413498116811` |
| `t` | time in ms | `1763784000123` |
| `p` | page view | `k3j9x0q2m5Tz` |
| `i` | index | `0` |
| `k` | kind | `view` |
| `u` | path, with the kept parameters | `/afval?q=x` |
| `o` | origin | `Qm81xPz0aB2c` |
| `r` | referrer; `//` for `https://` | `//www.google.com/` |
| `x` | bucket, then exposures, `!` after the ones met for the first time | `417 zwerfvuil=redesign!` |
| `c` | language, viewport, then rare marks | `nl s`, `- - bot`, `nl l consented run=storm-1` |
| `d` | what the kind adds: a view's title as it is, else JSON | `Afval`, `{"q":"grofvuil","n":8}` |

What the browser didn't say is empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tracker.errors import UndecodableError
from tracker.event import Event, Kind

FIELDS = (b"s", b"v", b"t", b"p", b"i", b"k", b"u", b"o", b"r", b"x", b"c", b"d")

# The names of the wire for what a kind adds, and the fields of `Event` in which it is kept.
DETAILS: Mapping[Kind, Mapping[str, str]] = {
    Kind.VIEW: {"t": "title"},
    Kind.SEARCH: {"q": "query", "n": "results", "a": "answered_here"},
    Kind.RESULT: {"q": "query", "rank": "rank", "to": "target"},
    Kind.ENGAGE: {"s": "visible_s", "y": "depth"},
    Kind.FORM: {"f": "form", "a": "action", "n": "step"},
    Kind.GOAL: {"g": "goal"},
    Kind.CONTACT: {"c": "channel"},
    Kind.FEEDBACK: {"h": "heartbeat"},
    Kind.LINK: {"to": "target"},
    Kind.FILE: {"to": "target"},
    Kind.FRICTION: {"c": "friction"},
}
_KINDS = {kind.value.encode(): kind for kind in Kind}
_json = msgspec.json.Encoder()
_parse = msgspec.json.Decoder(dict[str, Any])


def encode(event: Event) -> dict[bytes, bytes]:
    """Stream entry of an event; every entry has all of `FIELDS`."""
    return dict(zip(FIELDS, values(event), strict=True))


def values(event: Event) -> list[bytes]:
    """Values of the entry, in the order of `FIELDS`."""
    kind = event.kind
    path = f"{event.path}?{event.parameters}" if event.parameters else event.path
    referrer = event.referrer or ""
    if kind is Kind.VIEW:
        detail = (event.title or "").encode()
    else:
        said = ((name, getattr(event, field)) for name, field in DETAILS[kind].items())
        detail = _json.encode({name: value for name, value in said if value is not None})
    return [
        event.site.encode(),
        b"%d" % event.visitor,
        b"%d" % event.time,
        event.page_view.encode(),
        b"%d" % event.index,
        kind.encode(),
        path.encode(),
        event.origin.encode() if event.origin else b"",
        (referrer[6:] if referrer.startswith("https://") else referrer).encode(),
        _exposures(event.bucket, event.exposures, event.first),
        _context(event),
        detail,
    ]


def _exposures(bucket: int | None, exposures: str, first: str) -> bytes:
    if not exposures:
        return b"" if bucket is None else b"%d" % bucket
    if first:
        firsts = first.split(",")
        exposures = ",".join(
            f"{pair}!" if pair.partition("=")[0] in firsts else pair for pair in exposures.split(","))
    return f"{'' if bucket is None else bucket} {exposures}".encode()


def _context(event: Event) -> bytes:
    language, viewport = event.language, event.viewport
    if not (event.consented or event.run or event.automated):
        return f"{language or '-'} {viewport or '-'}".encode() if language or viewport else b""
    marks = [language or "-", viewport or "-"]
    if event.consented:
        marks.append("consented")
    if event.run:
        marks.append(f"run={event.run}")
    if event.automated:
        marks.append("bot")
    return " ".join(marks).encode()


def decode(entry_id: bytes, fields: Mapping[bytes, bytes]) -> Event:
    """The event of a stream entry.

    Raises `UndecodableError`, which names the entry, where it isn't of this module's shape.
    """
    try:
        return _decode(fields)
    except (KeyError, ValueError, TypeError, msgspec.MsgspecError) as error:
        raise UndecodableError(
            f"entry {entry_id.decode(errors='replace')} isn't an event ({type(error).__name__}: {error}); "
            f"expected the fields {b' '.join(FIELDS).decode()}. Another program or a newer version wrote it."
        ) from None


def _decode(fields: Mapping[bytes, bytes]) -> Event:
    kind = _KINDS[fields[b"k"]]
    path, _, parameters = fields[b"u"].decode().partition("?")
    referrer = fields[b"r"].decode()
    bucket, exposures, first = _read_exposures(fields[b"x"].decode())
    language, viewport, *marks = fields[b"c"].decode().split(" ") if fields[b"c"] else ("-", "-")
    if kind is Kind.VIEW:
        said: dict[str, Any] = {"title": fields[b"d"].decode() or None}
    else:
        names = DETAILS[kind]
        said = {names[name]: value for name, value in _parse.decode(fields[b"d"]).items()}
    return Event(
        site=fields[b"s"].decode(), visitor=int(fields[b"v"]), time=int(fields[b"t"]),
        page_view=fields[b"p"].decode(), index=int(fields[b"i"]), kind=kind, path=path, parameters=parameters,
        origin=fields[b"o"].decode() or None,
        referrer=(f"https:{referrer}" if referrer.startswith("//") else referrer) or None,
        bucket=bucket, exposures=exposures, first=first,
        consented="consented" in marks, automated="bot" in marks,
        run=next((mark[4:] for mark in marks if mark.startswith("run=")), None),
        language=None if language == "-" else language, viewport=None if viewport == "-" else viewport,
        **said)


def _read_exposures(text: str) -> tuple[int | None, str, str]:
    bucket, _, marked = text.partition(" ")
    pairs = marked.split(",") if "!" in marked else ()
    first = ",".join(pair.partition("=")[0] for pair in pairs if pair.endswith("!"))
    return int(bucket) if bucket else None, marked.replace("!", ""), first

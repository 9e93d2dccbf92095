# SPDX-License-Identifier: EUPL-1.2
"""An event as a stream entry: the same few fields for every kind, readable with `redis-cli XRANGE`.

A stream keeps the field names of the first entry of each node only, as long as the next ones have the same;
so every entry has all of them, in this order. Integers are written in decimals, which Redis packs.

| field | holds | example |
| --- | --- | --- |
| `v` | visitor | `-5208153413498116811` |
| `p` | page view | `k3j9x0q2m5Tz` |
| `u` | site and path, with the kept parameters | `voorbeeldstad/afval?q=x` |
| `o` | origin | `Qm81xPz0aB2c` |
| `r` | referrer, without `https://` and a lone `/` at its end | `www.google.com` |
| `x` | language, viewport, bucket, exposures with `!` after those met for the first time, rare marks | \
`nl s 417 zwerfvuil=redesign!`, `nl l - - consented run=storm-1` |
| `t` | time in ms | `1763784000123` |
| `i` | index, and the kind unless it is a view | `0`, `1 search` |
| `d` | what the kind adds: a view's title as it is, else JSON | `Afval`, `{"q":"grofvuil","n":8}` |

In `u` the site, in `x` the exposures and in `r` a referrer may be a code of `tracker.words` instead of the
text. What the browser didn't say is empty, or `-` among others. The fields up to `x` are the same for all
events of a beacon.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tracker.errors import UndecodableError, UnknownWordError
from tracker.event import Event, Kind
from tracker.words import MARK

SHARED = ("v", "p", "u", "o", "r", "x")
OWN = ("t", "i", "d")
FIELDS = tuple(name.encode() for name in (*SHARED, *OWN))

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
_VIEW = Kind.VIEW  # looking a member up in its class takes longer than the rest of `index`
_SECURE = "https://"
NO_WORDS: Mapping[str, str] = {}
_json = msgspec.json.Encoder()
_parse = msgspec.json.Decoder(dict[str, Any])


def encode(event: Event) -> dict[bytes, bytes]:
    """Stream entry of an event; every entry has all of `FIELDS`."""
    said = ((name, getattr(event, field)) for name, field in DETAILS[event.kind].items())
    values = (
        event.visitor,
        event.page_view,
        place(event.site, event.path, event.parameters),
        event.origin or "",
        short(event.referrer) if event.referrer else "",
        context(
            event.language,
            event.viewport,
            event.bucket,
            _with_firsts(event.exposures, event.first),
            marks(consented=event.consented, run=event.run, automated=event.automated),
        ),
        event.time,
        index(event.index, event.kind),
        event.title or "" if event.kind is Kind.VIEW else detail(dict(said)),
    )
    return dict(zip(FIELDS, (str(value).encode() for value in values), strict=True))


def place(site: str, path: str, parameters: str) -> str:
    """Value of `u`."""
    return f"{site}{path}?{parameters}" if parameters else f"{site}{path}"


def index(number: int, kind: Kind) -> str:
    """Value of `i`."""
    return str(number) if kind is _VIEW else f"{number} {kind}"


def detail(said: Mapping[str, Any]) -> str:
    """Value of `d` for every kind but a view: its own fields by their names on the wire."""
    return _json.encode({name: value for name, value in said.items() if value is not None}).decode()


def short(referrer: str) -> str:
    """Value of `r`."""
    if not referrer.startswith(_SECURE):
        return referrer
    short = referrer[len(_SECURE) :]
    return short[:-1] if short.find("/") == len(short) - 1 else short


def _long(short: str) -> str | None:
    if not short or "://" in short.partition("?")[0]:
        return short or None
    return f"{_SECURE}{short}" if "/" in short else f"{_SECURE}{short}/"


def context(
    language: str | None, viewport: str | None, bucket: int | None, exposures: str, marks: str = ""
) -> str:
    """Value of `x`; `exposures` with the `!` of the first ones, `marks` as `marks` makes them."""
    if bucket is not None and not marks:
        return f"{language or '-'} {viewport or '-'} {bucket} {exposures}".rstrip()
    number = "-" if bucket is None else bucket
    text = f"{language or '-'} {viewport or '-'} {number} {exposures or '-'}{marks}"
    while text.endswith(" -"):
        text = text[:-2]
    return "" if text == "-" else text


def marks(*, consented: bool, run: str | None, automated: bool = False) -> str:
    """The rare words at the end of `x`."""
    words = (" consented" if consented else "", f" run={run}" if run else "", " bot" if automated else "")
    return "".join(words)


def _with_firsts(exposures: str, first: str) -> str:
    firsts = first.split(",") if first else ()
    pairs = exposures.split(",")
    return ",".join([f"{pair}!" if pair.partition("=")[0] in firsts else pair for pair in pairs])


def decode(entry_id: bytes, fields: Mapping[bytes, bytes], words: Mapping[str, str] = NO_WORDS) -> Event:
    """The event of a stream entry; `words` are the texts by their codes (`tracker.words.dictionary`).

    Raises `UnknownWordError` where a code isn't among them, and `UndecodableError` where the entry isn't of
    this module's shape; both name it.
    """
    try:
        return _decode(fields, words)
    except UnknownWordError as error:
        raise UnknownWordError(
            f"entry {entry_id.decode(errors='replace')} has the code {error}, which the store's dictionary "
            f"doesn't hold; expected it there within a minute. The collector that wrote it must run again."
        ) from None
    except (KeyError, ValueError, TypeError, msgspec.MsgspecError) as error:
        raise UndecodableError(
            f"entry {entry_id.decode(errors='replace')} isn't an event ({type(error).__name__}: {error}); "
            f"expected the fields {b' '.join(FIELDS).decode()}. Another program or a newer version wrote it."
        ) from None


def whole(text: str, words: Mapping[str, str]) -> str:
    """A text that may be a code. Raises `UnknownWordError`."""
    if not text.startswith(MARK):
        return text
    if text not in words:
        raise UnknownWordError(text)
    return words[text]


def _decode(fields: Mapping[bytes, bytes], words: Mapping[str, str]) -> Event:
    index, _, word = fields[b"i"].decode().partition(" ")
    kind = Kind(word or "view")
    address, _, parameters = fields[b"u"].decode().partition("?")
    site, slash, path = address.partition("/")
    language, viewport, bucket, exposures, *marks = _positions(fields[b"x"])
    if kind is Kind.VIEW:
        said: dict[str, Any] = {"title": fields[b"d"].decode() or None}
    else:
        names = DETAILS[kind]
        said = {names[name]: value for name, value in _parse.decode(fields[b"d"]).items()}
    exposures = whole(exposures or "", words)
    pairs = exposures.split(",") if exposures else ()
    return Event(
        site=whole(site, words),
        path=slash + path,
        parameters=parameters,
        kind=kind,
        visitor=int(fields[b"v"]),
        time=int(fields[b"t"]),
        page_view=fields[b"p"].decode(),
        index=int(index),
        origin=fields[b"o"].decode() or None,
        referrer=_long(whole(fields[b"r"].decode(), words)),
        language=language,
        viewport=viewport,
        bucket=None if bucket is None else int(bucket),
        exposures=exposures.replace("!", ""),
        first=",".join([pair.partition("=")[0] for pair in pairs if pair.endswith("!")]),
        consented="consented" in marks,
        automated="bot" in marks,
        run=next((mark[4:] for mark in marks if mark and mark.startswith("run=")), None),
        **said,
    )


def _positions(context: bytes) -> list[str | None]:
    """The words of `x`, at least four, None for `-` and for what was left out at the end."""
    words = [None if word in {"", "-"} else word for word in context.decode().split(" ")]
    return words + [None] * (4 - len(words))

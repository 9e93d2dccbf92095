# SPDX-License-Identifier: EUPL-1.2
"""Wire v1: what a browser sends, decoded and validated in one pass.

The types below are the whole definition. Fields that they don't name are skipped, not refused: a script that
was renewed before the collector was must not cost a single visit, and what isn't named is never stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, get_args

import msgspec
from msgspec import Meta

from tracker import address
from tracker.errors import TrackerError
from tracker.spelling import NAME, SPELLING, well_spelt

MAX_BYTES = 60_000
MAX_EVENTS = 100
STALE_MS = 3_600_000

Page = TypeVar("Page")
PageView = Annotated[str, Meta(max_length=12)]
Index = Annotated[int, Meta(ge=0, le=32_767)]
Delay = Annotated[int, Meta(ge=0, le=86_400_000)]
Ordinal = Annotated[int, Meta(ge=1, le=32_767)]
Count = Annotated[int, Meta(ge=0, le=2_147_483_647)]
Text = Annotated[str, Meta(max_length=1000)]
Label = Annotated[str, Meta(min_length=1, max_length=200)]
Url = Annotated[str, Meta(max_length=2048)]
Referrer = Annotated[str, Meta(max_length=4096)]  # what browsers send at most
Name = Annotated[str, Meta(max_length=32)]


class _Event(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag_field="k"):
    i: Index  # counter within the page view
    d: Delay  # milliseconds between event and sending


class View(_Event, frozen=True, kw_only=True, gc=False, tag="view"):
    t: Text | None = None


class Search(_Event, frozen=True, kw_only=True, gc=False, tag="search"):
    q: Text
    n: Count | None = None
    a: bool | None = None


class Result(_Event, frozen=True, kw_only=True, gc=False, tag="result"):
    rank: Ordinal
    to: Url
    q: Text | None = None


class Engage(_Event, frozen=True, kw_only=True, gc=False, tag="engage"):
    s: Annotated[float, Meta(ge=0, le=86_400)]
    y: Annotated[int, Meta(ge=0, le=100)] | None = None


class Form(_Event, frozen=True, kw_only=True, gc=False, tag="form"):
    f: Label
    a: Literal["start", "step", "error", "submit", "abandon"]
    n: Ordinal | None = None


class Goal(_Event, frozen=True, kw_only=True, gc=False, tag="goal"):
    g: Label


class Contact(_Event, frozen=True, kw_only=True, gc=False, tag="contact"):
    c: Literal["tel", "mail", "chat", "appointment", "counter"]


class Feedback(_Event, frozen=True, kw_only=True, gc=False, tag="feedback"):
    h: Literal[-1, 0, 1]


class Link(_Event, frozen=True, kw_only=True, gc=False, tag="link"):
    to: Url


class File(_Event, frozen=True, kw_only=True, gc=False, tag="file"):
    to: Url


class Friction(_Event, frozen=True, kw_only=True, gc=False, tag="friction"):
    c: Literal["rage", "dead"]


AnyEvent = View | Search | Result | Engage | Form | Goal | Contact | Feedback | Link | File | Friction


class Beacon(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One sending: what all its events share, and the events."""

    v: Literal[1]
    p: PageView
    u: Url
    e: Annotated[list[AnyEvent], Meta(min_length=1, max_length=MAX_EVENTS)]
    o: PageView | None = None
    r: Referrer | None = None
    b: Annotated[int, Meta(ge=0, le=999)] | None = None
    x: Annotated[dict[Name, Name], Meta(max_length=32)] | None = None
    f: Annotated[list[Name], Meta(max_length=32)] | None = None
    c: Annotated[str, Meta(max_length=64)] | None = None
    l: Annotated[str, Meta(max_length=32)] | None = None  # noqa: E741
    w: Literal["s", "m", "l"] | None = None
    run: Annotated[str, Meta(max_length=129)] | None = None


class Problem(NamedTuple):
    """One thing wrong with a beacon: where (a JSON path) and what."""

    path: str
    detail: str


TWICE = Problem("$", "a field occurs twice in one object; expected each once")
NOT_A_PAGE = Problem("$.u", "not the address of a page; expected http(s)://host/path")


class MalformedError(TrackerError):
    """A beacon that breaks the format; `problems` lists everything that is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{problem.path}: {problem.detail}" for problem in problems))
        self.problems = problems


_decoder = msgspec.json.Decoder(Beacon)


def decode(body: bytes) -> tuple[Beacon, address.Address]:
    """The beacon in a request's body (at most `MAX_BYTES`, which the caller has checked), and its page.

    Raises `MalformedError` with all problems together.
    """
    return decode_with(address.split, body)


def decode_with(split: Callable[[str], Page | None], body: bytes) -> tuple[Beacon, Page]:
    """`decode` where someone else takes the address of the page apart, and may remember what came out."""
    try:
        beacon = _decoder.decode(body)
        # The decoder skips unknown fields without looking inside; text that isn't UTF-8 is refused there too.
        if not body.isascii():
            body.decode()
        if b"\\u0000" not in body or not _nul_bytes(msgspec.json.decode(body)):
            page = split(beacon.u)
            if page is not None and well_spelt(beacon) and not _between_fields(beacon):
                return beacon, page
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass  # the second pass says what is wrong
    # What the decoder refuses and the slow pass doesn't: a field that occurs twice, as two things.
    raise MalformedError(_all_problems(body) or [TWICE])


def _between_fields(beacon: Beacon) -> list[Problem]:
    """Rules that a type cannot say."""
    found: list[Problem] = []
    events = beacon.e
    if len(events) > 1 and len({event.i for event in events}) != len(events):
        met: set[int] = set()
        for position, event in enumerate(events):
            if event.i in met:
                found.append(Problem(f"$.e[{position}].i", f"{event.i} occurs twice in this beacon"))
            met.add(event.i)
    if beacon.x and beacon.b is None:
        found.append(Problem("$.x", "experiments without a bucket; expected `b` beside them"))
    if beacon.f and (strange := [name for name in beacon.f if name not in (beacon.x or {})]):
        found.append(Problem("$.f", f"{', '.join(strange)} not among the experiments in `x`"))
    return found


def _all_problems(body: bytes) -> list[Problem]:
    """The slow, complete pass over what the decoder refused; it stops at the first problem, this doesn't."""
    try:
        body.decode()
        raw = msgspec.json.decode(body)
    except UnicodeDecodeError as error:
        return [Problem("$", f"not UTF-8: byte 0x{error.object[error.start]:02x} at position {error.start}")]
    except RecursionError:
        return [Problem("$", "nested too deep")]
    except msgspec.DecodeError as error:
        return [Problem("$", f"not JSON: {error}")]
    if not isinstance(raw, dict):
        return [Problem("$", f"expected object, got {_name(raw)}")]
    found = _nul_bytes(raw)
    for field in msgspec.structs.fields(Beacon):
        path = f"$.{field.encode_name}"
        if field.encode_name not in raw:
            if field.required:
                found.append(Problem(path, "missing"))
        elif field.name == "e":
            found += _in_events(raw["e"])
        elif field.name in {"x", "f"}:
            found += _in_names(raw[field.name], field.type, path)
        elif field.name == "u" and isinstance(raw["u"], str) and address.split(raw["u"]) is None:
            found.append(NOT_A_PAGE)
        else:
            found += _in_value(raw[field.encode_name], field.type, path, SPELLING.get(field.name))
    try:
        return found + _between_fields(msgspec.convert(raw, Beacon))
    except msgspec.ValidationError:
        return found


KINDS = {kind.__struct_config__.tag: kind for kind in get_args(AnyEvent)}


def _in_events(raw: Any) -> list[Problem]:
    if not isinstance(raw, list):
        return [Problem("$.e", f"expected array, got {_name(raw)}")]
    found = []
    if not 1 <= len(raw) <= MAX_EVENTS:
        found.append(Problem("$.e", f"{len(raw)} events; expected 1 to {MAX_EVENTS}"))
    for position, event in enumerate(raw[:MAX_EVENTS]):
        path = f"$.e[{position}]"
        if not isinstance(event, dict):
            found.append(Problem(path, f"expected object, got {_name(event)}"))
            continue
        tag = event.get("k")
        kind = KINDS.get(tag) if isinstance(tag, str) else None
        if kind is None:
            came = f"{tag[:40]!r}" if isinstance(tag, str) else _name(tag)
            found.append(Problem(f"{path}.k", f"unknown kind {came}; expected one of {', '.join(KINDS)}"))
        for field in msgspec.structs.fields(kind or _Event):
            if field.encode_name in event:
                found += _in_value(event[field.encode_name], field.type, f"{path}.{field.encode_name}")
            elif field.required:
                found.append(Problem(f"{path}.{field.encode_name}", "missing"))
    return found


def _in_names(raw: Any, kind: Any, path: str) -> list[Problem]:
    """Problems in the experiments and variants of `x`, or in the experiments of `f`."""
    pairs = enumerate(raw) if isinstance(raw, list) else raw.items() if isinstance(raw, dict) else ()
    found = []
    for key, value in pairs:
        inside = f"{path}[{key}]" if isinstance(key, int) else f"{path}.{key[:40]}"
        if isinstance(key, str):
            found += _in_value(key, Name, inside, NAME)
        found += _in_value(value, Name, inside, NAME)
    return found or _in_value(raw, kind, path)


def _in_value(raw: Any, kind: Any, path: str, spelling: re.Pattern[str] | None = None) -> list[Problem]:
    try:
        msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        return [Problem(path, str(error).partition(" - at ")[0])]
    if spelling is not None and isinstance(raw, str) and not spelling.match(raw):
        expected = spelling.pattern.removesuffix(r"\Z")
        return [Problem(path, f"{raw!r} is spelt wrong; expected {expected}")]
    return []


def _nul_bytes(raw: Any) -> list[Problem]:
    found, todo = [], [("$", raw)]
    while todo:  # no recursion: the nesting is the sender's choice
        path, item = todo.pop()
        if isinstance(item, str) and "\0" in item:
            found.append(Problem(path, "NUL byte in a text"))
        elif isinstance(item, list):
            todo += [(f"{path}[{position}]", inner) for position, inner in enumerate(item)]
        elif isinstance(item, dict):
            todo += [(path, key) for key in item]
            todo += [(f"{path}.{key[:40]}", inner) for key, inner in item.items()]
    return found


def _name(raw: Any) -> str:
    names = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(raw), "number")

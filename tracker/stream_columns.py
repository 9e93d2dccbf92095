# SPDX-License-Identifier: EUPL-1.2
"""Many stream entries at once, as columns of the archive.

What an entry means is said by `tracker.stream.decode` alone. This is the same, column by column, for the
archiver: it parses a text that comes again (a page, a context) once, and makes no object for each event. An
entry that it cannot take goes to `decode`, which either can, or says why nobody can.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa

from tracker.archive_format import SCHEMA
from tracker.errors import UndecodableError, UnknownWordError
from tracker.event import Event, Kind
from tracker.stream import DETAILS, FIELDS, NO_WORDS, decode

Entry = Sequence[Any]  # [id, [name, value, name, value …]], as the store answers
BEYOND_COLUMN = (pa.ArrowInvalid, pa.ArrowTypeError, TypeError, OverflowError)
NOT_PLAIN = (KeyError, ValueError, TypeError, OverflowError, msgspec.MsgspecError, pa.ArrowException)
REMEMBERED = 20_000  # texts of each sort, over all chunks

_VALUES = attrgetter(*SCHEMA.names)
_PAGE = ("site", "path", "parameters")
_COMMON = (*_PAGE, "visitor", "time", "page_view", "index", "kind", "origin", "referrer")
_CONTEXT = ("language", "viewport", "bucket", "exposures", "first", "consented", "automated", "run")
_SAID = tuple(name for name in SCHEMA.names if name not in {*_COMMON, *_CONTEXT})
_FIELDS_OF_KIND = {kind.value.encode(): (kind.value, DETAILS[kind]) for kind in Kind}
_NAMES = list(FIELDS)
_EMPTY = {**dict.fromkeys(FIELDS, b""), b"v": b"0", b"t": b"0", b"i": b"0", b"u": b"/"}
_parse = msgspec.json.Decoder(dict[str, Any]).decode
_context_of = attrgetter(*_CONTEXT)


class Columns(NamedTuple):
    """What entries say: a row for each that is an event, and the ids of those entries, in their order.

    `waiting` have a code that the dictionary does not hold yet; `unreadable` are those that nobody can read.
    """

    table: pa.Table
    ids: list[bytes]
    waiting: list[Entry]
    unreadable: list[Entry]


class EntryReader:
    """Reads entries of one store; what it read once, it knows."""

    def __init__(self) -> None:
        self._words: Mapping[str, str] = NO_WORDS
        # A code stands for one text as long as there is a store, so what was made of it stays true.
        self._page = lru_cache(maxsize=REMEMBERED)(self._read_page)
        self._referrer = lru_cache(maxsize=REMEMBERED)(self._read_referrer)
        self._context = lru_cache(maxsize=REMEMBERED)(self._read_context)

    def columns(self, entries: Sequence[Entry], words: Mapping[str, str] = NO_WORDS) -> Columns:
        """The entries as columns of `arrow_schema`; `words` are the texts by their codes."""
        self._words = words
        try:
            return Columns(self._at_once(entries), [entry_id for entry_id, _ in entries], [], [])
        except (UndecodableError, *NOT_PLAIN):
            return _one_by_one(entries, words)

    def _at_once(self, entries: Sequence[Entry]) -> pa.Table:
        for _, pairs in entries:
            if pairs[::2] != _NAMES:
                raise ValueError(f"an entry has the fields {pairs[::2]}")
        said = zip(*(pairs[1::2] for _, pairs in entries), strict=True)
        of = dict(zip(FIELDS, said, strict=True))
        numbers, kinds = zip(*map(_index, of[b"i"]), strict=True)
        column: dict[str, Any] = {
            "visitor": pa.array(list(map(int, of[b"v"])), pa.int64()),
            "time": pa.array(list(map(int, of[b"t"])), pa.int64()),
            "page_view": _texts(of[b"p"]),
            "origin": _texts([origin or None for origin in of[b"o"]]),
            "index": pa.array(numbers, pa.int16()),
            "kind": pa.array([_FIELDS_OF_KIND[kind][0] for kind in kinds], pa.string()),
            **_looked_up(_PAGE, of[b"u"], self._page),
            **_looked_up(("referrer",), of[b"r"], self._referrer),
            **_looked_up(_CONTEXT, of[b"x"], self._context),
            **_said(kinds, of[b"d"]),
        }
        table = pa.Table.from_arrays([column[field.name] for field in SCHEMA], schema=SCHEMA)
        for field in SCHEMA:
            if not field.nullable and table[field.name].null_count:
                raise ValueError(f"{field.name} is absent")
        return table

    def _like(self, **fields: bytes) -> Event:
        """The event of a made-up entry with these fields: so `decode` stays the only one who reads them."""
        made = {**_EMPTY, **{name.encode(): value for name, value in fields.items()}}
        return decode(b"0-0", made, self._words)

    def _read_page(self, address: bytes) -> tuple[str, str, str]:
        event = self._like(u=address)
        return event.site, event.path, event.parameters

    def _read_referrer(self, short: bytes) -> tuple[str | None]:
        return (self._like(r=short).referrer,)

    def _read_context(self, words: bytes) -> tuple[Any, ...]:
        found: tuple[Any, ...] = _context_of(self._like(x=words))
        return found


def _texts(values: Sequence[bytes | None]) -> pa.Array[Any]:
    return pa.array(values, pa.binary()).cast(pa.string())  # refuses what is not UTF-8


@lru_cache(maxsize=REMEMBERED)
def _index(text: bytes) -> tuple[int, bytes]:
    number, _, kind = text.partition(b" ")
    return int(number), kind or b"view"


def _looked_up(
    names: Sequence[str], keys: Sequence[bytes], read: Callable[[bytes], Sequence[Any]]
) -> dict[str, pa.Array[Any]]:
    """Columns that hang together, each different text read once."""
    places: dict[bytes, int] = {}
    at = pa.array([places.setdefault(key, len(places)) for key in keys], pa.int32())
    rows = [read(key) for key in places]
    return {
        name: pa.array([row[number] for row in rows], SCHEMA.field(name).type).take(at)
        for number, name in enumerate(names)
    }


def _said(kinds: Sequence[bytes], details: Sequence[bytes]) -> dict[str, Any]:
    """What each kind adds; views are most of the entries, and their titles come again and again."""
    empty: list[Any] = [None] * len(kinds)
    columns: dict[str, list[Any]] = dict.fromkeys(_SAID, empty)
    columns["title"] = titles = empty.copy()
    for row, (kind, detail) in enumerate(zip(kinds, details, strict=True)):
        if kind == b"view":
            titles[row] = detail or None
            continue
        names = _FIELDS_OF_KIND[kind][1]
        for short, value in _parse(detail).items():
            name = names[short]
            if (column := columns[name]) is empty:
                column = columns[name] = empty.copy()
            column[row] = value
    made: dict[str, Any] = {name: pa.array(columns[name], SCHEMA.field(name).type) for name in _SAID[1:]}
    return {"title": _texts(titles), **made}


def _one_by_one(entries: Sequence[Entry], words: Mapping[str, str]) -> Columns:
    rows, ids, waiting, unreadable = [], [], [], []
    for entry in entries:
        entry_id, pairs = entry
        try:
            rows.append(table_of([decode(entry_id, as_mapping(pairs), words)]))
            ids.append(entry_id)
        except UnknownWordError:
            waiting.append(entry)
        except (UndecodableError, *BEYOND_COLUMN):
            unreadable.append(entry)
    return Columns(pa.concat_tables(rows) if rows else SCHEMA.empty_table(), ids, waiting, unreadable)


def as_mapping(pairs: Sequence[bytes]) -> dict[bytes, bytes]:
    """The fields of an entry by name."""
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


def table_of(events: Sequence[Event]) -> pa.Table:
    """Events as a table of the archive's columns, a row each, in their order.

    Raises `pyarrow.ArrowInvalid`, `TypeError` or `OverflowError` when a value is beyond its column.
    """
    columns = zip(*map(_VALUES, events), strict=True) if events else ([] for _ in SCHEMA)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)

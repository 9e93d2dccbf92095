# SPDX-License-Identifier: EUPL-1.2
"""Many stream entries at once, as columns of the archive.

What an entry means is said by `tracker.stream.decode` alone. This is the same, column by column, for the
archiver: it parses a text that comes again (a page, a context) once, and makes no object for each event. An
entry that it cannot take goes to `decode`, which either can, or says why nobody can.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec
import pyarrow as pa

from tracker.archive_format import SCHEMA
from tracker.errors import UndecodableError
from tracker.event import Event, Kind
from tracker.stream import DETAILS, FIELDS, decode

Entry = Sequence[Any]  # [id, [name, value, name, value …]], as the store answers
BEYOND_COLUMN = (pa.ArrowInvalid, pa.ArrowTypeError, TypeError, OverflowError)
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


def columns_of(entries: Sequence[Entry]) -> tuple[pa.Table, list[bytes], list[Entry]]:
    """A row for each entry that is an event, the ids of those entries, and the ones that nobody can read.

    The rows are in the order of the entries they come from, columns as `arrow_schema` says.
    """
    try:
        return _at_once(entries), [entry_id for entry_id, _ in entries], []
    except (KeyError, ValueError, TypeError, OverflowError, msgspec.MsgspecError, pa.ArrowException):
        return _one_by_one(entries)


def _at_once(entries: Sequence[Entry]) -> pa.Table:
    for _, pairs in entries:
        if pairs[::2] != _NAMES:
            raise ValueError(f"an entry has the fields {pairs[::2]}")
    visitors, times, views, indexes, pages, origins, referrers, contexts, details = zip(
        *(pairs[1::2] for _, pairs in entries), strict=True
    )
    column: dict[str, Any] = {
        "visitor": pa.array(list(map(int, visitors)), pa.int64()),
        "time": pa.array(list(map(int, times)), pa.int64()),
        "page_view": _texts(views),
        "origin": _texts([origin or None for origin in origins]),
    }
    numbers, kinds = zip(*map(_index, indexes), strict=True)
    column["index"] = pa.array(numbers, pa.int16())
    column["kind"] = pa.array([_FIELDS_OF_KIND[kind][0] for kind in kinds], pa.string())
    column |= _looked_up(_PAGE, pages, _page)
    column |= _looked_up(("referrer",), referrers, _referrer)
    column |= _looked_up(_CONTEXT, contexts, _context)
    column |= _said(kinds, details)
    table = pa.Table.from_arrays([column[field.name] for field in SCHEMA], schema=SCHEMA)
    for field in SCHEMA:
        if not field.nullable and table[field.name].null_count:
            raise ValueError(f"{field.name} is absent")
    return table


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


def _like(**fields: bytes) -> Event:
    """The event of a made-up entry that has these fields: so `decode` stays the only one who reads them."""
    return decode(b"0-0", {**_EMPTY, **{name.encode(): value for name, value in fields.items()}})


@lru_cache(maxsize=REMEMBERED)
def _page(address: bytes) -> tuple[str, str, str]:
    event = _like(u=address)
    return event.site, event.path, event.parameters


@lru_cache(maxsize=REMEMBERED)
def _referrer(short: bytes) -> tuple[str | None]:
    return (_like(r=short).referrer,)


@lru_cache(maxsize=REMEMBERED)
def _context(words: bytes) -> tuple[Any, ...]:
    found: tuple[Any, ...] = _context_of(_like(x=words))
    return found


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


def _one_by_one(entries: Sequence[Entry]) -> tuple[pa.Table, list[bytes], list[Entry]]:
    rows, readable, unreadable = [], [], []
    for entry in entries:
        entry_id, pairs = entry
        try:
            rows.append(table_of([decode(entry_id, as_mapping(pairs))]))
            readable.append(entry_id)
        except (UndecodableError, *BEYOND_COLUMN):
            unreadable.append(entry)
    return pa.concat_tables(rows) if rows else SCHEMA.empty_table(), readable, unreadable


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

# SPDX-License-Identifier: EUPL-1.2
"""How a file of the archive says an event in few bytes, and how the event is read out of it again.

Page view ids are most of what an archive holds, and random; so a file of version 2 differs from the columns
that readers get in three things:

- Rows lie by (partition,) visitor, start of the page view, page view, index: neighbours say the same.
- `page_view` and `origin` are the 9 bytes of which their 12 characters are the base64 (RFC 4648, section 5).
  An id of another shape lies as text in `page_view_text` or `origin_text`.
- An `origin` that is a page view of the same file is only a number, `origin_back`: how many page views
  further up that one lies (its last place, where it has several; below zero: further down).

A column in which nothing stands is left out. `partition` is there where a file joins several.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute

from tracker.archive_schema import ARCHIVE_VERSION, DEFAULTS, VERSION_KEY, arrow_schema

SCHEMA = arrow_schema()
pc: Any = pyarrow.compute  # its stubs ask for the exact class of every array
PARTITION = pa.field("partition", pa.int16(), nullable=False)
Values: TypeAlias = Any  # pa.Array or pa.ChunkedArray
Numbers = npt.NDArray[np.int64]

ID_SIGNS, ID_BYTES = 12, 9
_IDS = {"page_view", "origin"}
_NOT_OF_AN_ID = re.compile(rb"[^A-Za-z0-9_-]")
# Encodings by column; every other one has a dictionary. Random bytes and numbers that grow have none to gain.
ENCODINGS = {
    "page_view": "PLAIN",
    "origin": "PLAIN",
    "time": "BYTE_STREAM_SPLIT",
    "visitor": "DELTA_BINARY_PACKED",
}


def pack(table: pa.Table) -> pa.Table:
    """The rows of a table (columns of `arrow_schema`, perhaps also `partition`) as a file holds them."""
    numbered = _whole(table["page_view"]).dictionary_encode()
    views: Numbers = numbered.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    order = _order(table, views)
    table, views = table.take(order), views[order]
    columns: dict[str, Any] = {}
    if PARTITION.name in table.column_names:
        columns[PARTITION.name] = table[PARTITION.name].cast(PARTITION.type)
    for name in SCHEMA.names:
        if name not in _IDS:
            columns[name] = table[name]
    back = _back(table["origin"], numbered.dictionary, views)
    columns["origin_back"] = back
    columns |= _ids("page_view", table["page_view"])
    columns |= _ids("origin", pc.if_else(back.is_valid(), pa.scalar(None, pa.string()), table["origin"]))
    kept = {name: values for name, values in columns.items() if values.null_count < max(len(values), 1)}
    return pa.table(kept).replace_schema_metadata({VERSION_KEY: str(ARCHIVE_VERSION)})


def columns_for(wanted: Sequence[str], version: int) -> list[str]:
    """The columns a file must be asked for, so that `unpack` can give the wanted ones."""
    if version < ARCHIVE_VERSION:
        return list(wanted)
    needed = [name for name in wanted if name not in _IDS]
    if _IDS & set(wanted):
        needed += ["page_view", "page_view_text"]
    if "origin" in wanted:
        needed += ["origin", "origin_text", "origin_back"]
    return needed


def unpack(packed: pa.Table, wanted: Sequence[str], version: int) -> pa.Table:
    """The wanted columns of all rows of one file, in the file's order.

    What a file does not say is null, but what every event says (a flag, a text that may be empty) is as
    `Event` has it by default: null would be neither true nor false to who filters.
    `packed` holds what `columns_for` asked for, as far as the file has it.
    """
    rows = packed.num_rows
    made: dict[str, Any] = {}
    if version >= ARCHIVE_VERSION and _IDS & set(wanted):
        page_views = _texts(packed, "page_view")
        made["page_view"] = page_views
        if "origin" in wanted:
            made["origin"] = _origins(packed, page_views)
    columns: list[Any] = []
    for name in wanted:
        field = SCHEMA.field(name)
        values = made.get(name)
        if values is None:
            values = packed[name] if name in packed.column_names else _unsaid(name, rows)
        columns.append(values.cast(field.type))
    return pa.table(columns, names=list(wanted))


def _unsaid(name: str, rows: int) -> Values:
    """A column that a file does not know."""
    return pa.repeat(pa.scalar(DEFAULTS.get(name), SCHEMA.field(name).type), rows)


def _order(table: pa.Table, views: Numbers) -> Numbers:
    """The order of the rows in a file: an array of row numbers."""
    time: Numbers = table["time"].to_numpy()
    starts = np.full(views.max(initial=-1) + 1, np.iinfo(np.int64).max)
    np.minimum.at(starts, views, time)
    keys = [time, table["index"].to_numpy(), views, starts[views], table["visitor"].to_numpy()]
    if PARTITION.name in table.column_names:
        keys.append(table[PARTITION.name].to_numpy())
    return np.lexsort(keys)


def _whole(values: Values) -> pa.Array[Any]:
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def _runs(views: Numbers) -> Numbers:
    """Number of the page view of each row, from 0: a new one wherever it is another than above."""
    return np.cumsum(np.diff(views, prepend=views[:1]) != 0)


def _back(origins: Values, ids: Values, views: Numbers) -> pa.Array[Any]:
    """How many page views before each row its origin lies; null where there is none among `ids`."""
    runs = _runs(views)
    last = np.zeros(len(ids), np.int64)
    last[views] = runs  # of several places of one page view the last one stays
    at = pc.index_in(_whole(origins), value_set=ids)
    back = runs - last[at.fill_null(0).to_numpy(zero_copy_only=False)] if len(ids) else runs
    return pa.array(back, pa.int32(), mask=at.is_null().to_numpy(zero_copy_only=False))


def _ids(name: str, texts: Values) -> dict[str, pa.Array[Any]]:
    """The column of 9 bytes and the one of text for ids of another shape; one of both is null in each row."""
    whole = _whole(texts)
    short = pc.fill_null(pc.equal(pc.binary_length(whole), ID_SIGNS), fill_value=False)
    signs = _joined(whole.filter(short))
    if _NOT_OF_AN_ID.search(signs):  # an import's own ids, perhaps
        short = pc.fill_null(pc.match_substring_regex(whole, "^[A-Za-z0-9_-]{12}$"), fill_value=False)
        signs = _joined(whole.filter(short))
    plain = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(ID_BYTES), len(signs) // ID_SIGNS, [None, pa.py_buffer(base64.urlsafe_b64decode(signs))]
    )
    places = pc.if_else(short, pc.subtract(pc.cumulative_sum(short.cast(pa.int64())), 1), None)
    return {
        name: plain.take(places),
        f"{name}_text": pc.if_else(short, pa.scalar(None, pa.string()), whole),
    }


def _joined(values: Values) -> bytes:
    return b"".join(values.cast(pa.binary()).to_pylist())


def _texts(packed: pa.Table, name: str) -> Values:
    """The ids of a column as readers know them."""
    as_text = f"{name}_text"
    other = packed[as_text].combine_chunks() if as_text in packed.column_names else None
    if name not in packed.column_names:
        return other if other is not None else pa.nulls(packed.num_rows, pa.string())
    column = packed[name].combine_chunks()
    present: Any = column.drop_null()
    signs = base64.urlsafe_b64encode(_joined(present))
    offsets: Any = np.arange(0, len(signs) + 1, ID_SIGNS, dtype=np.int32)
    texts: Any = pa.StringArray.from_buffers(len(present), pa.py_buffer(offsets), pa.py_buffer(signs))
    if column.null_count:
        valid = column.is_valid()
        texts = texts.take(pc.if_else(valid, pc.subtract(pc.cumulative_sum(valid.cast(pa.int64())), 1), None))
    return texts if other is None else pc.coalesce(texts, other)


def _origins(packed: pa.Table, page_views: pa.Array[Any]) -> Values:
    told = _texts(packed, "origin")
    if "origin_back" not in packed.column_names:
        return told
    numbers = page_views.dictionary_encode().indices
    runs = _runs(numbers.to_numpy(zero_copy_only=False).astype(np.int64))
    starts = np.flatnonzero(np.diff(runs, prepend=-1))  # the first row of each page view
    back = packed["origin_back"].combine_chunks()
    at = runs - back.fill_null(0).to_numpy(zero_copy_only=False)
    places = pc.if_else(back.is_valid(), pa.array(starts[at]), pa.scalar(None, pa.int64()))
    return pc.coalesce(page_views.take(places), told)

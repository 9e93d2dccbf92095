# SPDX-License-Identifier: EUPL-1.2
"""The archive's columns; apart from `tracker.event`, since the collector must not carry pyarrow."""

from __future__ import annotations

import msgspec
import pyarrow as pa

from tracker.event import Event, Kind

ARCHIVE_VERSION = 2  # 1: the columns of `arrow_schema` as they are; 2: packed by `tracker.archive_format`
VERSION_KEY = b"klantreis.archive"
#: What an event says where nothing was said, of the columns that are never null.
DEFAULTS = {
    field.name: field.default
    for field in msgspec.structs.fields(Event)
    if field.default is not None and field.default is not msgspec.NODEFAULT
}


def arrow_schema() -> pa.Schema:
    """What readers of the archive get: the fields of `Event`, in their order, one row an event."""
    types: dict[object, pa.DataType] = {
        str: pa.string(),
        int: pa.int32(),
        float: pa.float32(),
        bool: pa.bool_(),
        Kind: pa.string(),
    }
    wide: dict[str, pa.DataType] = {"visitor": pa.int64(), "time": pa.int64()}
    narrow: dict[str, pa.DataType] = {
        "index": pa.int16(),
        "bucket": pa.int16(),
        "rank": pa.int16(),
        "depth": pa.int16(),
        "step": pa.int16(),
        "heartbeat": pa.int8(),
    }
    fields = []
    for field in msgspec.structs.fields(Event):
        plain = getattr(field.type, "__args__", (field.type,))[0]
        kind = wide.get(field.name) or narrow.get(field.name) or types[plain]
        nullable = field.default is None
        fields.append(pa.field(field.name, kind, nullable=nullable))
    return pa.schema(fields, metadata={VERSION_KEY: str(ARCHIVE_VERSION)})

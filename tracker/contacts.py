# SPDX-License-Identifier: EUPL-1.2
"""Contacts at the counter of a municipality, and what residents said of them: side tables of the archive.

A contact record and a survey answer belong to no visitor: they are joined to a question only by a **call
code** that the resident read out, and else count per subject and DAY. So they are no events, and lie beside
them:

    ARCHIVE/contacts/day=2026-11-22/NAME-0000.parquet   one row a call, a mail, a visit to the counter …
    ARCHIVE/surveys/day=2026-11-22/NAME-0000.parquet    one row an answer

A row's `record` is made of its content, so the same row in two exports is one row to a reader.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tracker.archive_files import ArchiveError

VERSION = 1


class Channel(StrEnum):
    """How a resident turned to the municipality."""

    TEL = "tel"
    MAIL = "mail"
    CHAT = "chat"
    APPOINTMENT = "appointment"
    COUNTER = "counter"
    LETTER = "letter"
    SOCIAL = "social"
    WEB = "web"
    OTHER = "other"


class SideTable(StrEnum):
    """A table of the archive beside the events; the value names its folder."""

    CONTACTS = "contacts"
    SURVEYS = "surveys"


_SHARED: list[pa.Field[Any]] = [
    pa.field("record", pa.string(), nullable=False),  # 12 signs, the identity of the row
    pa.field("site", pa.string(), nullable=False),
    pa.field("time", pa.int64(), nullable=False),  # milliseconds since 1970, UTC: when it began
    pa.field("subject", pa.string()),  # as the centre or the survey words it, scrubbed
    pa.field("call_code", pa.string()),  # four digits that the caller read out
]
SCHEMAS = {
    SideTable.CONTACTS: pa.schema([*_SHARED, pa.field("channel", pa.string(), nullable=False)]),
    SideTable.SURVEYS: pa.schema([
        *_SHARED,
        pa.field("path", pa.string()),  # the page that the answer is about, scrubbed
        pa.field("heartbeat", pa.int8(), nullable=False),  # -1, 0, 1
        pa.field("remark", pa.string()),  # free text, scrubbed
    ]),
}  # fmt: skip


def folder_of(root: Path, table: SideTable, day: date) -> Path:
    """Where the rows of a DAY lie."""
    return root / table.value / f"day={day.isoformat()}"


def recorded_days(root: Path, table: SideTable) -> list[date]:
    """Every DAY with at least one row, in order."""
    folders = {path.parent.name for path in (root / table.value).glob("day=*/*.parquet")}
    return sorted(date.fromisoformat(name.removeprefix("day=")) for name in folders)


def read_contacts(root: Path, day: date) -> pa.Table:
    """Contacts that began on a DAY; one row is a contact, with the columns of `SCHEMAS`. Sorted by time.

    Raises `ArchiveError` where a file is damaged.
    """
    return _read(root, SideTable.CONTACTS, day)


def read_surveys(root: Path, day: date) -> pa.Table:
    """Answers of a DAY; one row is an answer, with the columns of `SCHEMAS`. Sorted by time.

    Raises `ArchiveError` where a file is damaged.
    """
    return _read(root, SideTable.SURVEYS, day)


def _read(root: Path, table: SideTable, day: date) -> pa.Table:
    import polars as pl

    schema = SCHEMAS[table]
    parts = [_part(path, schema) for path in sorted(folder_of(root, table, day).glob("*.parquet"))]
    if not parts:
        return schema.empty_table()
    rows = pl.DataFrame(pa.concat_tables(parts)).unique("record", keep="first", maintain_order=True)
    return rows.sort("time", "record").to_arrow().cast(schema)


def _part(path: Path, schema: pa.Schema) -> pa.Table:
    try:
        return pq.read_table(path, partitioning=None).select(schema.names).cast(schema)
    except (pa.ArrowException, KeyError) as error:
        raise ArchiveError(
            f"{path} is not a whole file of {path.parent.parent.name} ({error}). Put it back from a backup, "
            "or take it away."
        ) from None

# SPDX-License-Identifier: EUPL-1.2
"""The files of the archive: where they lie, how they come to be there for good.

    ARCHIVE/partitions                                      the number of partitions, for ever
    ARCHIVE/day=2026-11-22/partition=03/FIRST-LAST.parquet  events of one visitor's partition on one DAY
    ARCHIVE/imports/NAME.json                               an import that was finished
    ARCHIVE/unreadable/partition=03/FIRST-LAST.jsonl        stream entries that nobody could read

A file is written aside, fsynced, renamed into place and its folder fsynced: it is whole or not there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from operator import attrgetter
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from tracker.archive_schema import ARCHIVE_VERSION, arrow_schema
from tracker.errors import TrackerError
from tracker.event import Event

ASIDE = ".aside"  # ending of a file that is still being written
ROWS_OF_A_GROUP = 65_536
STREAM_FILE = re.compile(r"(\d+-\d+)-(\d+-\d+)\.parquet")

SCHEMA = arrow_schema()
_VALUES = attrgetter(*SCHEMA.names)
ORDER = ("time", "page_view", "index")


class ArchiveError(TrackerError):
    """The archive cannot be read or written."""


def settle_partitions(root: Path, partitions: int) -> None:
    """Write down the number of partitions at the first time, refuse another number ever after."""
    stored = stored_partitions(root)
    if stored is None:
        write_durably(root / "partitions", lambda file: file.write(f"{partitions}\n".encode()))
    elif stored != partitions:
        raise ArchiveError(
            f"The archive {root} has {stored} partitions and the settings say {partitions}. Set partitions = "
            f"{stored}, or give another data folder with --data."
        )


def stored_partitions(root: Path) -> int | None:
    """The archive's number of partitions; None while it is empty. Raises `ArchiveError`."""
    try:
        text = (root / "partitions").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ArchiveError(f"{root / 'partitions'} cannot be read ({error}). Mend its rights.") from None
    if not text.isdecimal():
        raise ArchiveError(f'{root / "partitions"} says "{text}"; expected a whole number. Put it back.')
    return int(text)


def folder_of(root: Path, day: date, partition: int) -> Path:
    return root / f"day={day.isoformat()}" / f"partition={partition:02d}"


def files_of(root: Path, day: date, partition: int | None = None) -> list[Path]:
    """The finished files of a DAY, or of one of its partitions, by name."""
    folder = "partition=*" if partition is None else f"partition={partition:02d}"
    return sorted((root / f"day={day.isoformat()}").glob(f"{folder}/*.parquet"))


def partition_of(path: Path) -> int:
    """The partition in whose folder a file lies."""
    return int(path.parent.name.removeprefix("partition="))


def table_of(events: Sequence[Event]) -> pa.Table:
    """Events as a table of the archive's schema, in the archive's order.

    Raises `pyarrow.ArrowInvalid`, `TypeError` or `OverflowError` when a value is beyond its column.
    """
    columns = zip(*map(_VALUES, events), strict=True) if events else ([] for _ in SCHEMA)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=SCHEMA).sort_by([(name, "ascending") for name in ORDER])


def write_table(path: Path, table: pa.Table) -> None:
    """Put a table into place for good."""
    write_durably(
        path, lambda file: pq.write_table(table, file, compression="zstd", row_group_size=ROWS_OF_A_GROUP)
    )


def read_tables(paths: Iterable[Path], columns: Sequence[str]) -> list[tuple[Path, pa.Table]]:
    """The given columns of each file; a column that an older version did not know is null.

    Raises `FileNotFoundError` when a file was compacted away meanwhile, `ArchiveError` when it is damaged.
    """
    return [(path, _read_table(path, columns)) for path in paths]


def _read_table(path: Path, columns: Sequence[str]) -> pa.Table:
    try:
        with pq.ParquetFile(path) as file:
            _refuse_newer(path, file.schema_arrow.metadata or {})
            present = set(file.schema_arrow.names)
            table: pa.Table = file.read(columns=[name for name in columns if name in present])
    except pa.ArrowInvalid as error:
        raise ArchiveError(
            f"{path} is not a whole Parquet file ({error}). Put it back from a backup, or take it away."
        ) from None
    for at, name in enumerate(columns):
        if name not in present:
            table = table.add_column(at, name, pa.nulls(table.num_rows, SCHEMA.field(name).type))
    return table.select(columns).cast(pa.schema([SCHEMA.field(name) for name in columns]))


def _refuse_newer(path: Path, metadata: Mapping[bytes, bytes]) -> None:
    version = metadata.get(b"klantreis.archive", b"0")
    if not version.isdigit() or int(version) > ARCHIVE_VERSION:
        raise ArchiveError(
            f"{path} is of archive version {version.decode(errors='replace')}; this klantreis reads up to "
            f"{ARCHIVE_VERSION}. Upgrade klantreis."
        )


def write_durably(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file aside, and put it into place so that it survives a power cut. Raises `ArchiveError`."""
    aside = path.with_name(path.name + ASIDE)
    try:
        _make_folder(path.parent)
        with aside.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        aside.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise ArchiveError(
            f"{path} cannot be written ({error.strerror or error}). Make room on the disk, or mend its "
            "rights, and run it again."
        ) from None


def sync_folder(folder: Path) -> None:
    """Make what was renamed or removed in a folder last."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)

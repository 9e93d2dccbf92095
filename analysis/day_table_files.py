# SPDX-License-Identifier: EUPL-1.2
"""The files of day tables: where each lies, which partitions it holds, and how it is written and read.

    TABLES/<table>/day=2026-11-22/partition=03.parquet      or partition=00-15.parquet: all of a small DAY,
                                                            and of any DAY what adds up over partitions
    TABLES/words/day=2026-11-22/whole.parquet               of a table that no partition has by itself

A file is written aside, fsynced and renamed: it is whole or not there, also for who reads meanwhile.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.errors import TableError
from analysis.tables import TABLES_VERSION, Column
from tracker.folders import sync_folder

_VERSION = b"klantreis.tables"
_TASKS = b"klantreis.tasks"  # by site, the fingerprint of each task with which the DAY was rebuilt

#: By site, the fingerprint of each of its tasks by name, as `analysis.task_promise` makes them.
TaskDigests = Mapping[str, Mapping[str, str]]


def folder_of(root: Path, table: str, day: date) -> Path:
    return root / table / f"day={day.isoformat()}"


def name_of(first: int, last: int) -> str:
    return f"partition={first:02d}" + (f"-{last:02d}" if last > first else "") + ".parquet"


def span_of(path: Path) -> tuple[int, int]:
    """The first and the last partition in a file."""
    low, _, high = path.stem.removeprefix("partition=").partition("-")
    return int(low), int(high or low)


def paths_of(root: Path, table: str, day: date) -> list[Path]:
    """The files of a table and a DAY, in the order of their partitions."""
    return sorted(folder_of(root, table, day).glob("[!.]*.parquet"))


def write_partitions(
    folder: Path, first: int, last: int, frame: pd.DataFrame, tasks: TaskDigests | None
) -> None:
    """Write the rows of adjoining partitions in place of all that is there of them. Raises `OSError`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name_of(first, last)
    spans = {other: span_of(other) for other in folder.glob("partition=*.parquet") if other != path}
    replaced = [other for other, (low, high) in spans.items() if low <= last and high >= first]
    write_file(path, frame, replaced, tasks)


def write_file(
    path: Path, frame: pd.DataFrame, replaced: Sequence[Path] = (), tasks: TaskDigests | None = None
) -> None:
    """Write a file that takes the place of those `replaced`. They go at the last moment, but before and not
    after: a DAY that is half there is closed again, one that is there twice would be believed."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    written_with = {} if tasks is None else {_TASKS: json.dumps(tasks, sort_keys=True)}
    table = table.replace_schema_metadata({_VERSION: str(TABLES_VERSION), **written_with})
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    with aside.open("wb") as file:
        pq.write_table(table, file, compression="zstd")
        file.flush()
        os.fsync(file.fileno())
    for other in replaced:
        other.unlink(missing_ok=True)  # another process may rebuild its neighbour just now
    aside.replace(path)
    sync_folder(path.parent)


def read_file(path: Path, columns: Mapping[str, Column], *, coded: Sequence[str] = ()) -> pa.Table:
    """The columns of a file; `coded` ones as places in their different texts, which adds up faster.

    Raises `TableError` for a file that is damaged or of another version.
    """
    try:
        with pq.ParquetFile(path, read_dictionary=list(coded)) as file:
            version = _version_of(file.schema_arrow)
            if version != str(TABLES_VERSION):
                raise TableError(
                    f"{path} is of version {version}, this klantreis reads {TABLES_VERSION}. "
                    "Close its day again while the events are there: klantreis close DAY."
                )
            held = file.read(columns=list(columns))
    except pa.ArrowInvalid as error:
        raise TableError(
            f"{path} is no whole Parquet file ({error}). Close its day again: klantreis close DAY."
        ) from None
    for name, column in columns.items():
        if column.absent is not None and name not in held.column_names:
            told = pa.repeat(pa.scalar(column.absent, pa.large_string()), held.num_rows)
            held = held.append_column(name, told)
    return held.select(list(columns)).replace_schema_metadata(None)


def tasks_in(path: Path) -> TaskDigests | None:
    """The fingerprints of the tasks with which a file was made; None where it does not tell."""
    try:
        told = (pq.read_schema(path).metadata or {}).get(_TASKS)
    except pa.ArrowInvalid:  # whoever reads its rows says so
        told = None
    return None if told is None else json.loads(told)


def is_readable(path: Path) -> bool:
    """Whether a file is of this version."""
    return _version_of(pq.read_schema(path)) == str(TABLES_VERSION)


def _version_of(schema: pa.Schema) -> str:
    return (schema.metadata or {}).get(_VERSION, b"0").decode()


def not_written(root: Path, error: OSError) -> TableError:
    return TableError(
        f"The day tables under {root} cannot be written ({error.strerror}). "
        "Give a folder with --data that this user may write, with room on its disk."
    )

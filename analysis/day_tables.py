# SPDX-License-Identifier: EUPL-1.2
"""Day tables on disk: what is kept after the events are gone, and all that a report reads.

    TABLES/<table>/day=2026-11-22/partition=03.parquet      or partition=00-15.parquet: all of a small DAY,
                                                            and of any DAY what adds up over partitions
    TABLES/words/day=2026-11-22/whole.parquet               of a table that no partition has by itself

A file is written aside, fsynced and renamed: it is whole or not there, also for who reads meanwhile.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.buckets import KEYS, TIME_KEYS
from analysis.errors import TableError
from analysis.flows import FLOW_KEYS, TRANSITION_KEYS
from analysis.frames import added_up, conform, nothing, published
from analysis.reach import EXPOSED_KEYS
from analysis.reconstruct import TABLES
from analysis.tables import TABLES_VERSION, TITLES, WORDS, Column
from analysis.touchpoints import HEARTBEAT_KEYS, TOUCHPOINT_KEYS
from analysis.values import SAID_KEYS, STRATUM_KEYS, VALUE_KEYS
from analysis.volumes import SECOND_KEYS, VOLUME_KEYS
from tracker.folders import sync_folder

_VERSION = b"klantreis.tables"
_TASKS = b"klantreis.tasks"  # by site, the fingerprint of each task with which the DAY was rebuilt

#: Tables that only a whole DAY has: what five visitors typed, they may have typed in five partitions.
WHOLE: Mapping[str, Mapping[str, Column]] = {"words": WORDS, "titles": TITLES}
KNOWN = {**TABLES, **WHOLE}

#: By site, the fingerprint of each of its tasks by name, as `analysis.task_promise` makes them.
TaskDigests = Mapping[str, Mapping[str, str]]

#: Tables whose rows of equal key add up over partitions and days.
ADDED: Mapping[str, Sequence[str]] = {
    "buckets": KEYS,
    "times": TIME_KEYS,
    "values": VALUE_KEYS,
    "strata": STRATUM_KEYS,
    "exposed": EXPOSED_KEYS,
    "said": SAID_KEYS,
    "flows": FLOW_KEYS,
    "transitions": TRANSITION_KEYS,
    "heartbeats": HEARTBEAT_KEYS,
    "touchpoints": TOUCHPOINT_KEYS,
    "volumes": VOLUME_KEYS,
    "seconds": SECOND_KEYS,
}


def write(root: Path, day: date, partition: int, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write all tables of a (DAY, partition), in place of what was there.

    Raises `TableError` where a table is not as declared, or the folder cannot be written.
    """
    write_together(root, day, (partition,), tables)


def write_together(
    root: Path,
    day: date,
    partitions: Sequence[int],
    tables: Mapping[str, pd.DataFrame],
    *,
    tasks: TaskDigests | None = None,
) -> None:
    """The same for adjoining partitions, one file for all: a small DAY is not worth sixteen.

    `tasks` are the fingerprints of those with which they were made, for `tasks_of`.
    """
    first, last = min(partitions), max(partitions)
    file = _file_of(first, last)
    try:
        for name, columns in TABLES.items():
            folder = _folder(root, name, day)
            folder.mkdir(parents=True, exist_ok=True)
            _write(folder / file, conform(tables[name], columns), _others(folder, first, last, file), tasks)
            sync_folder(folder)
    except OSError as error:
        raise _not_written(root, error) from None


def join(root: Path, day: date, *, tasks: TaskDigests | None = None) -> None:
    """Add up, over the partitions of a DAY, the tables that add up: one file each in place of one per
    partition, to be read many times. Cut off in between, the DAY is to be closed again.

    Raises `TableError` as `write` does.
    """
    for name, keys in ADDED.items():
        folder = _folder(root, name, day)
        paths = sorted(folder.glob("partition=*.parquet"))
        if len(paths) < 2:
            continue
        spans = [_span(path) for path in paths]
        first, last = spans[0][0], max(last for _, last in spans)
        rows = pl.concat([pl.DataFrame(_read(path, TABLES[name])) for path in paths])
        file = _file_of(first, last)
        whole = published(added_up(rows, TABLES[name], keys), TABLES[name])
        try:
            _write(folder / file, whole, _others(folder, first, last, file), tasks)
            sync_folder(folder)
        except OSError as error:
            raise _not_written(root, error) from None


def remove(root: Path, day: date) -> None:
    """Take away the tables of a DAY that is half there: it is to be closed again. What only whole DAYs have
    stays."""
    for name in TABLES:  # sessions first: from then on the DAY is not closed
        shutil.rmtree(_folder(root, name, day), ignore_errors=True)


def write_whole(root: Path, day: date, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write tables of `WHOLE`, in place of what was there. Raises `TableError` as `write` does."""
    try:
        for name, frame in tables.items():
            folder = _folder(root, name, day)
            folder.mkdir(parents=True, exist_ok=True)
            _write(folder / "whole.parquet", conform(frame, WHOLE[name]))
            sync_folder(folder)
    except OSError as error:
        raise _not_written(root, error) from None


def read(
    root: Path,
    table: str,
    days: Iterable[date] | None = None,
    experiment: str | None = None,
    *,
    columns: Sequence[str] | None = None,
) -> pd.DataFrame:
    """A table over all partitions of the given DAYs (all by default), one below the other.

    With `experiment` only its rows; of what was set aside also the rows that concern every experiment. With
    `columns` only those of the table. Empty where nothing was closed yet. Raises `TableError` for an unknown
    table or one of another version.
    """
    if table not in KNOWN:
        raise TableError(f'There is no table "{table}"; there are {", ".join(KNOWN)}.')
    declared = KNOWN[table] if columns is None else {name: KNOWN[table][name] for name in columns}
    wanted = closed_days(root) if days is None else sorted(set(days))
    paths = [path for day in wanted for path in sorted(_folder(root, table, day).glob("[!.]*.parquet"))]
    parts = [part for path in paths if (part := _read(path, declared)).num_rows]
    if not parts:
        return nothing(declared)
    joined = pa.concat_tables(parts).to_pandas()
    frame = conform(joined.astype({name: column.dtype for name, column in declared.items()}), declared)
    if experiment is None:
        return frame
    if "experiment" not in declared:
        raise TableError(f'Table "{table}" does not know experiments; leave the experiment out.')
    chosen = [experiment, ""] if table == "set_aside" else [experiment]
    return frame[frame["experiment"].isin(chosen)].reset_index(drop=True)


def read_added(
    root: Path, table: str, days: Iterable[date], experiment: str, *, by_day: bool = False
) -> pd.DataFrame:
    """A table that adds up, of one experiment: rows with equal keys added over partitions and days.

    With `by_day` a column `day` keeps the days apart, for everyone as promised; segments and other
    definitions are added over the days all the same (day ''), since nobody looks at one on the way. A day's
    rows are added as soon as they are read, so that an experiment of any size fits.
    """
    keys = ADDED[table]
    parts = []
    for day in sorted(set(days)):
        rows = _of_day(root, table, day, experiment)
        if rows is None:
            continue
        if by_day:
            whole_only = [pl.col(name) == "" for name in ("segment", "definition") if name in keys]
            everyone = pl.all_horizontal(whole_only) if whole_only else pl.lit(value=True)
            rows = rows.with_columns(
                day=pl.when(everyone).then(pl.lit(day.isoformat())).otherwise(pl.lit(""))
            )
        parts.append(rows)
    if not parts:
        none = nothing(TABLES[table])
        return none.assign(day="") if by_day else none
    apart = ("day", *keys) if by_day else keys
    whole = _added(pl.concat(parts), apart).sort(apart)
    return whole.to_arrow(compat_level=pl.CompatLevel.oldest()).to_pandas()


def _of_day(root: Path, table: str, day: date, experiment: str) -> pl.DataFrame | None:
    """One day's rows of an experiment, added over its partitions; None where there are none."""
    texts = [name for name, column in TABLES[table].items() if column.dtype == "str"]
    paths = sorted(_folder(root, table, day).glob("partition=*.parquet"))
    files = [part for path in paths if (part := _read(path, TABLES[table], coded=texts)).num_rows]
    if not files:
        return None
    rows = pl.from_arrow(pa.concat_tables(files).unify_dictionaries())
    if not isinstance(rows, pl.DataFrame):
        return None
    mine = _added(rows.filter(pl.col("experiment") == experiment), ADDED[table])
    return mine.with_columns(pl.col(texts).cast(pl.String))


def _added(rows: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    return rows.group_by(keys).agg(pl.exclude(*keys).sum())


def closed_days(root: Path) -> list[date]:
    """Every DAY that was closed, in order."""
    folders = root.glob("sessions/day=*")
    return sorted(date.fromisoformat(folder.name.removeprefix("day=")) for folder in folders)


def readable_days(root: Path) -> list[date]:
    """Those of the closed DAYs whose tables are of this version; others are to be closed again."""
    found = []
    for day in closed_days(root):
        paths = _folder(root, "sessions", day).glob("[!.]*.parquet")
        if all(_version(pq.read_schema(path)) == str(TABLES_VERSION) for path in paths):
            found.append(day)
    return found


def tasks_of(root: Path, day: date) -> list[TaskDigests | None]:
    """The fingerprints of the tasks with which each file of a DAY was made; None where it does not tell."""
    found: list[TaskDigests | None] = []
    for path in sorted(_folder(root, "sessions", day).glob("partition=*.parquet")):
        try:
            told = (pq.read_schema(path).metadata or {}).get(_TASKS)
        except pa.ArrowInvalid:  # whoever reads its rows says so
            told = None
        found.append(None if told is None else json.loads(told))
    return found


days = closed_days


def _version(schema: pa.Schema) -> str:
    return (schema.metadata or {}).get(_VERSION, b"0").decode()


def _not_written(root: Path, error: OSError) -> TableError:
    return TableError(
        f"The day tables under {root} cannot be written ({error.strerror}). "
        "Give a folder with --data that this user may write, with room on its disk."
    )


def _folder(root: Path, table: str, day: date) -> Path:
    return root / table / f"day={day.isoformat()}"


def _file_of(first: int, last: int) -> str:
    return f"partition={first:02d}" + (f"-{last:02d}" if last > first else "") + ".parquet"


def _span(path: Path) -> tuple[int, int]:
    """The first and the last partition in a file."""
    low, _, high = path.stem.removeprefix("partition=").partition("-")
    return int(low), int(high or low)


def _others(folder: Path, first: int, last: int, file: str) -> list[Path]:
    """Files of the same partitions under another name."""
    spans = {path: _span(path) for path in folder.glob("partition=*.parquet") if path.name != file}
    return [path for path, (low, high) in spans.items() if low <= last and high >= first]


def _write(
    path: Path, frame: pd.DataFrame, others: Sequence[Path] = (), tasks: TaskDigests | None = None
) -> None:
    """Write a file that takes the place of `others`. They go at the last moment, but before and not after: a
    DAY that is half there is closed again, one that is there twice would be believed."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    written_with = {} if tasks is None else {_TASKS: json.dumps(tasks, sort_keys=True)}
    table = table.replace_schema_metadata({_VERSION: str(TABLES_VERSION), **written_with})
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    with aside.open("wb") as file:
        pq.write_table(table, file, compression="zstd")
        file.flush()
        os.fsync(file.fileno())
    for other in others:
        other.unlink(missing_ok=True)  # another process may rebuild its neighbour just now
    aside.replace(path)


def _read(path: Path, columns: Mapping[str, Column], *, coded: Sequence[str] = ()) -> pa.Table:
    """The columns of a file; `coded` ones as places in their different texts, which adds up faster."""
    try:
        with pq.ParquetFile(path, read_dictionary=list(coded)) as file:
            version = _version(file.schema_arrow)
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

# SPDX-License-Identifier: EUPL-1.2
"""Day tables on disk: what is kept after the events are gone, and all that a report reads.

Where their files lie, and why each is whole or not there, is said in `analysis.day_table_files`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa

from analysis.buckets import KEYS, TIME_KEYS
from analysis.day_table_files import (
    TaskDigests,
    folder_of,
    is_readable,
    not_written,
    paths_of,
    read_file,
    span_of,
    tasks_in,
    write_file,
    write_partitions,
)
from analysis.errors import TableError
from analysis.flows import FLOW_KEYS, TRANSITION_KEYS
from analysis.frames import added_up, conform, nothing, published
from analysis.reach import EXPOSED_KEYS
from analysis.reconstruct import TABLES
from analysis.tables import TITLES, WORDS, Column
from analysis.touchpoints import HEARTBEAT_KEYS, TOUCHPOINT_KEYS
from analysis.values import SAID_KEYS, STRATUM_KEYS, VALUE_KEYS
from analysis.volumes import SECOND_KEYS, VOLUME_KEYS

#: Tables that only a whole DAY has: what five visitors typed, they may have typed in five partitions.
WHOLE: Mapping[str, Mapping[str, Column]] = {"words": WORDS, "titles": TITLES}
KNOWN = {**TABLES, **WHOLE}

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
    try:
        for name, columns in TABLES.items():
            frame = conform(tables[name], columns)
            write_partitions(folder_of(root, name, day), first, last, frame, tasks)
    except OSError as error:
        raise not_written(root, error) from None


def join(root: Path, day: date, *, tasks: TaskDigests | None = None) -> None:
    """Add up, over the partitions of a DAY, the tables that add up: one file each in place of one per
    partition, to be read many times. Cut off in between, the DAY is to be closed again.

    Raises `TableError` as `write` does.
    """
    for name, keys in ADDED.items():
        paths = paths_of(root, name, day)
        if len(paths) < 2:
            continue
        spans = [span_of(path) for path in paths]
        first, last = spans[0][0], max(last for _, last in spans)
        rows = pl.concat([pl.DataFrame(read_file(path, TABLES[name])) for path in paths])
        whole = published(added_up(rows, TABLES[name], keys), TABLES[name])
        try:
            write_partitions(folder_of(root, name, day), first, last, whole, tasks)
        except OSError as error:
            raise not_written(root, error) from None


def remove(root: Path, day: date) -> None:
    """Take away the tables of a DAY that is half there: it is to be closed again. What only whole DAYs have
    stays."""
    for name in TABLES:  # sessions first: from then on the DAY is not closed
        shutil.rmtree(folder_of(root, name, day), ignore_errors=True)


def write_whole(root: Path, day: date, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write tables of `WHOLE`, in place of what was there. Raises `TableError` as `write` does."""
    try:
        for name, frame in tables.items():
            folder = folder_of(root, name, day)
            folder.mkdir(parents=True, exist_ok=True)
            write_file(folder / "whole.parquet", conform(frame, WHOLE[name]))
    except OSError as error:
        raise not_written(root, error) from None


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
    paths = [path for day in wanted for path in paths_of(root, table, day)]
    parts = [part for path in paths if (part := read_file(path, declared)).num_rows]
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


def parts(root: Path, day: date, tables: Mapping[str, Sequence[str]]) -> Iterator[tuple[pl.DataFrame, ...]]:
    """The given columns of several tables of a DAY, the same partitions of each together.

    One after the other, for what is too much to be read at once; a visitor is in one of them. Raises
    `TableError` as `read` does.
    """
    first, *_ = tables
    declared = {name: {one: KNOWN[name][one] for one in columns} for name, columns in tables.items()}
    for path in paths_of(root, first, day):
        yield tuple(
            pl.DataFrame(read_file(folder_of(root, name, day) / path.name, columns))
            for name, columns in declared.items()
        )


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
    paths = paths_of(root, table, day)
    files = [part for path in paths if (part := read_file(path, TABLES[table], coded=texts)).num_rows]
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
    return [day for day in closed_days(root) if all(map(is_readable, paths_of(root, "sessions", day)))]


def tasks_of(root: Path, day: date) -> list[TaskDigests | None]:
    """The fingerprints of the tasks with which each file of a DAY was made; None where it does not tell."""
    return [tasks_in(path) for path in paths_of(root, "sessions", day)]


days = closed_days

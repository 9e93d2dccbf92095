# SPDX-License-Identifier: EUPL-1.2
"""Reading the archive: every event exactly once, whatever happened while it was written.

Repeats are removed by the identity of an event (site, page_view, index) over all partitions of the DAY and
of its neighbours: the earliest one counts, wherever it lies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from tracker.archive_files import (
    ORDER,
    ArchiveError,
    files_of,
    read_tables,
)
from tracker.archive_format import PARTITION, SCHEMA
from tracker.archive_repeats import IDENTITY, Identity, Listing

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

T = TypeVar("T")

PRECEDENCE = ("time", "visitor", "day", "partition")  # of several with one identity, the lowest counts


def days(root: Path) -> list[date]:
    """Every DAY with at least one event, in order."""
    folders = {path.parent.parent.name for path in root.glob("day=*/partition=*/*.parquet")}
    return sorted(date.fromisoformat(name.removeprefix("day=")) for name in folders)


def read_events(
    root: Path,
    day: date,
    partition: int | None = None,
    columns: Sequence[str] | None = None,
    *,
    repeated: Sequence[Identity] | None = None,
) -> pa.Table:
    """Events of a DAY, or of one of its partitions, without repeats; one row is an event.

    `columns` are names of `Event` (all by default). Sorted by (time, page_view, index). Empty where there is
    nothing. Who reads all partitions one by one gives what `archive_repeats.repeated` says of the DAY; else
    each looks through all the others. Raises `ArchiveError`.
    """
    wanted = list(columns) if columns is not None else SCHEMA.names
    unknown = set(wanted) - set(SCHEMA.names)
    if unknown:
        raise ArchiveError(f"An event has no {', '.join(sorted(unknown))}; it has {SCHEMA.names}.")
    needed = list(dict.fromkeys([*wanted, *IDENTITY, "time", "visitor"]))
    kept = listed_again(root, day, lambda: without_repeats(root, day, partition, needed, repeated=repeated))
    schema = pa.schema([SCHEMA.field(name) for name in wanted])
    return kept.select(wanted).to_arrow().cast(schema)


def read_frame(
    root: Path,
    day: date,
    partition: int | None = None,
    columns: Sequence[str] | None = None,
    *,
    repeated: Sequence[Identity] | None = None,
) -> pd.DataFrame:
    """The same as a pandas frame; numbers that may be absent are floats with NaN, flags objects with None."""
    return read_events(root, day, partition, columns, repeated=repeated).to_pandas()


def identities_of_run(root: Path, run: str) -> set[tuple[str, str, int]]:
    """(site, page_view, index) of every archived event of a load-test run, over all days."""
    found: set[tuple[str, str, int]] = set()
    for day in days(root):
        for table in listed_again(root, day, partial(_tables_of, root, day, (*IDENTITY, "run"))):
            rows = table.filter(pc.equal(table["run"], pa.scalar(run)))
            found.update(zip(*(rows[name].to_pylist() for name in IDENTITY), strict=True))
    return found


def _tables_of(root: Path, day: date, columns: Sequence[str]) -> list[pa.Table]:
    return read_tables(files_of(root, day), columns)


def listed_again(root: Path, day: date, read: Callable[[], T]) -> T:
    """What `read` makes of the files of a DAY, which it must list itself.

    Where compaction took a file between its listing and its reading, it does both again. Raises
    `ArchiveError`.
    """
    for _ in range(3):
        with suppress(FileNotFoundError):
            return read()
    raise ArchiveError(f"Files of {day} in {root} keep vanishing while they are read. Try again.")


def without_repeats(
    root: Path,
    day: date,
    partition: int | None,
    columns: list[str],
    *,
    listing: Listing = files_of,
    repeated: Sequence[Identity] | None = None,
) -> pl.DataFrame:
    """The rows that count, with `day` and `partition`, in the archive's order; `listing` gives the files.

    `columns` have at least those of an event's identity, time and visitor; `repeated` is as in `read_events`.
    Raises `FileNotFoundError` when a file vanished meanwhile.
    """
    import polars as pl

    mine = _frame(listing(root, day, partition), day, columns, only=partition)
    mine = mine.sort(PRECEDENCE).unique(IDENTITY, keep="first", maintain_order=True)
    if repeated is not None:
        known = pl.DataFrame(list(repeated), {name: mine.schema[name] for name in IDENTITY}, orient="row")
        if not mine.join(known, on=IDENTITY, how="semi").height:
            return mine.sort(ORDER)
    keys = [*IDENTITY, "time", "visitor"]
    others = [
        _frame(listing(root, neighbour, None), neighbour, keys)
        for neighbour in (day - timedelta(days=1), day + timedelta(days=1))
    ]
    if partition is not None:
        others.append(_frame(listing(root, day, None), day, keys, apart_from=partition))
    elsewhere = pl.concat(others).join(mine, on=IDENTITY, how="semi")
    if elsewhere.height:  # rare: a retry under another pseudonym
        claims = pl.concat([mine.select(elsewhere.columns), elsewhere])
        first = claims.sort(PRECEDENCE).unique(IDENTITY, keep="first", maintain_order=True)
        mine = mine.join(first, on=[*IDENTITY, *PRECEDENCE], how="semi")
    return mine.sort(ORDER)


def _frame(
    paths: Sequence[Path],
    day: date,
    columns: list[str],
    *,
    only: int | None = None,
    apart_from: int | None = None,
) -> pl.DataFrame:
    import polars as pl

    schema = pa.schema([*(SCHEMA.field(name) for name in columns), PARTITION])
    tables = []
    for table in read_tables(paths, columns):
        partition = table[PARTITION.name]
        if only is not None:
            table = table.filter(pc.equal(partition, pa.scalar(only)))
        elif apart_from is not None:
            table = table.filter(pc.not_equal(partition, pa.scalar(apart_from)))
        tables.append(table.cast(schema))
    joined = pa.concat_tables(tables) if tables else schema.empty_table()
    return pl.DataFrame(joined).with_columns(day=pl.lit(day))

# SPDX-License-Identifier: EUPL-1.2
"""Reading the archive: every event exactly once, whatever happened while it was written.

Repeats are removed by the identity of an event (site, page_view, index) over all partitions of the DAY and
of its neighbours: the earliest one counts, wherever it lies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from tracker.archive_files import (
    ORDER,
    SCHEMA,
    STREAM_FILE,
    ArchiveError,
    files_of,
    folder_of,
    partition_of,
    read_tables,
    sync_folder,
    write_table,
)

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

IDENTITY = ("site", "page_view", "index")
PRECEDENCE = ("time", "visitor", "day", "partition")  # of several with one identity, the lowest counts


def days(root: Path) -> list[date]:
    """Every DAY with at least one event, in order."""
    folders = {path.parent.parent.name for path in root.glob("day=*/partition=*/*.parquet")}
    return sorted(date.fromisoformat(name.removeprefix("day=")) for name in folders)


def read_events(
    root: Path, day: date, partition: int | None = None, columns: Sequence[str] | None = None
) -> pa.Table:
    """Events of a DAY, or of one of its partitions, without repeats; one row is an event.

    `columns` are names of `Event` (all by default). Sorted by (time, page_view, index). Empty where there is
    nothing. Raises `ArchiveError`.
    """
    wanted = list(columns) if columns is not None else SCHEMA.names
    unknown = set(wanted) - set(SCHEMA.names)
    if unknown:
        raise ArchiveError(f"An event has no {', '.join(sorted(unknown))}; it has {SCHEMA.names}.")
    needed = list(dict.fromkeys([*wanted, *IDENTITY, "time", "visitor"]))
    for _ in range(3):
        try:
            kept = _without_repeats(root, day, partition, needed)
            break
        except FileNotFoundError:  # compaction took a file between our listing and our reading: list again
            continue
    else:
        raise ArchiveError(f"Files of {day} in {root} keep vanishing while they are read. Try again.")
    schema = pa.schema([SCHEMA.field(name) for name in wanted])
    return kept.select(wanted).to_arrow().cast(schema)


def read_frame(
    root: Path, day: date, partition: int | None = None, columns: Sequence[str] | None = None
) -> pd.DataFrame:
    """The same as a pandas frame; numbers that may be absent are floats with NaN, flags objects with None."""
    return read_events(root, day, partition, columns).to_pandas()


def identities_of_run(root: Path, run: str) -> set[tuple[str, str, int]]:
    """(site, page_view, index) of every archived event of a load-test run, over all days."""
    found: set[tuple[str, str, int]] = set()
    for day in days(root):
        for _, table in read_tables(files_of(root, day), [*IDENTITY, "run"]):
            rows = table.filter(pc.equal(table["run"], pa.scalar(run)))
            found.update(zip(*(rows[name].to_pylist() for name in IDENTITY), strict=True))
    return found


def _without_repeats(root: Path, day: date, partition: int | None, columns: list[str]) -> pl.DataFrame:
    """Rows that count, in the archive's order."""
    import polars as pl

    mine = _frame(root, day, partition, columns)
    mine = mine.sort(PRECEDENCE).unique(IDENTITY, keep="first", maintain_order=True)
    keys = [*IDENTITY, "time", "visitor"]
    others = [
        _frame(root, neighbour, None, keys)
        for neighbour in (day - timedelta(days=1), day + timedelta(days=1))
    ]
    if partition is not None:
        others.append(_frame(root, day, None, keys, apart_from=partition))
    elsewhere = pl.concat(others).join(mine, on=IDENTITY, how="semi")
    if elsewhere.height:  # rare: a retry under another pseudonym
        claims = pl.concat([mine.select(elsewhere.columns), elsewhere])
        first = claims.sort(PRECEDENCE).unique(IDENTITY, keep="first", maintain_order=True)
        mine = mine.join(first, on=[*IDENTITY, *PRECEDENCE], how="semi")
    return mine.sort(ORDER)


def _frame(
    root: Path, day: date, partition: int | None, columns: list[str], *, apart_from: int | None = None
) -> pl.DataFrame:
    import polars as pl

    paths = [path for path in files_of(root, day, partition) if partition_of(path) != apart_from]
    parts = [
        table.append_column("partition", pa.repeat(pa.scalar(partition_of(path), pa.int32()), table.num_rows))
        for path, table in read_tables(paths, columns)
    ]
    fields = [*(SCHEMA.field(name) for name in columns), pa.field("partition", pa.int32())]
    joined = pa.concat_tables(parts) if parts else pa.schema(fields).empty_table()
    frame = pl.from_arrow(joined)
    if not isinstance(frame, pl.DataFrame):
        raise TypeError("a table became something else than a frame")
    return frame.with_columns(day=pl.lit(day))


def compact(root: Path, day: date) -> int:
    """Join the archiver's files of a DAY to one for each partition; returns how many files that spared.

    Best after the DAY is over. Nothing is lost when it is interrupted: repeats are removed in reading.
    """
    spared = 0
    by_partition: dict[int, list[Path]] = defaultdict(list)
    for path in files_of(root, day):
        if STREAM_FILE.fullmatch(path.name):
            by_partition[partition_of(path)].append(path)
    for partition, paths in by_partition.items():
        if len(paths) > 1:
            _compact(folder_of(root, day, partition), paths)
            spared += len(paths) - 1
    return spared


def _compact(folder: Path, paths: list[Path]) -> None:
    import polars as pl

    joined = pa.concat_tables(table for _, table in read_tables(paths, SCHEMA.names))
    frame = pl.DataFrame(joined).sort("time", "visitor").unique(IDENTITY, keep="first", maintain_order=True)
    ids = [found.groups() for path in paths if (found := STREAM_FILE.fullmatch(path.name))]
    first, last = (pick((pair[at] for pair in ids), key=_moment) for at, pick in ((0, min), (1, max)))
    target = folder / f"{first}-{last}.parquet"
    write_table(target, frame.sort(ORDER).to_arrow().cast(SCHEMA))
    for path in paths:
        if path != target:
            path.unlink()
    sync_folder(folder)


def _moment(stream_id: str) -> tuple[int, int]:
    milliseconds, _, sequence = stream_id.partition("-")
    return int(milliseconds), int(sequence)

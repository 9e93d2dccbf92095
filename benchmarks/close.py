# SPDX-License-Identifier: EUPL-1.2
"""A hundred million events through `klantreis close`: from the archive to the day tables and the pages.

    python benchmarks/close.py [--data DIR] [--events 100000000] [--keep FOLDER]

The events are those of `journeys.py`, ten million a DAY in 16 partitions, written as the archive keeps them
(about 1 GB; FOLDER keeps them for a second run). DIR holds a demonstration that was run; without it a small
one is run first. Then `klantreis close` runs as anybody would run it. Printed are the events per second by
the clock, with the reading of files, the writing of tables and the renewal of pages, and the peak of memory
of its largest process: it grows with a DAY at most, not with the archive.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import journeys
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from klantreis.settings import load
from tracker.archive_files import folder_of, settle_partitions, write_table
from tracker.archive_format import SCHEMA

EVENTS_OF_A_DAY = 10_000_000
DAY_MS = 86_400_000
INSTALLATION = ("klantreis.toml", "tasks.toml", "experiments")


def main() -> None:
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=shape)
    parser.add_argument("--data", type=Path, help="folder of a demonstration that was run")
    parser.add_argument("--events", type=int, default=100_000_000)
    parser.add_argument("--keep", type=Path, help="folder for what is made")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as aside:
        folder = wanted.keep or Path(aside) / "large"
        events, size = made(folder, wanted.data or journeys.small_demo(Path(aside)), wanted.events)
        print(f"{events:,} events in the archive, {size / 1e9:.2f} GB", flush=True)
        closed(folder, events)


def made(folder: Path, demo: Path, events: int) -> tuple[int, int]:
    """An installation whose archive holds so many events; how many there are, and their bytes."""
    days = max(1, round(events / EVENTS_OF_A_DAY))
    archive, complete = folder / "archive", folder / "complete"
    if not complete.exists():
        shutil.rmtree(folder, ignore_errors=True)
        archive.mkdir(parents=True)
        for name in INSTALLATION:
            copy = shutil.copytree if (demo / name).is_dir() else shutil.copy
            copy(demo / name, folder / name)
        settle_partitions(archive, journeys.PARTITIONS)
        known, written = journeys.source(load(demo)), 0
        random = np.random.default_rng(1)
        for number in range(journeys.PARTITIONS):
            frame = journeys.partition(known, events // days // journeys.PARTITIONS, random, number)
            table = pa.Table.from_pandas(frame[SCHEMA.names], schema=SCHEMA, preserve_index=False)
            for place in range(days):
                path = folder_of(archive, journeys.DAY + timedelta(days=place), number)
                path.mkdir(parents=True)
                write_table(path / "0-1.parquet", _on_another_day(table, place))
                written += len(table)
            print(f"\rwritten: {written:,} events", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        complete.write_text(str(written), encoding="ascii")
    size = sum(path.stat().st_size for path in archive.rglob("*.parquet"))
    return int(complete.read_text(encoding="ascii")), size


def _on_another_day(table: pa.Table, place: int) -> pa.Table:
    """The same events so many DAYs later, in other page views, by visitors of other pseudonyms."""
    later = {
        "time": pa.array(table["time"].to_numpy() + place * DAY_MS),
        "visitor": pa.array(table["visitor"].to_numpy() ^ (place << 48)),
        **{name: pc.utf8_replace_slice(table[name], 0, 2, f"{place:02}") for name in ("page_view", "origin")},
    }
    return pa.table([later.get(name, table[name]) for name in SCHEMA.names], schema=SCHEMA)


def closed(folder: Path, events: int) -> None:
    shutil.rmtree(folder / "tables", ignore_errors=True)
    began, before = time.perf_counter(), os.times()
    subprocess.run([sys.executable, "-m", "klantreis", "close", "--data", str(folder)], check=True)
    took, after = time.perf_counter() - began, os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / (1 << 20)
    tables = sum(path.stat().st_size for path in (folder / "tables").rglob("*.parquet"))
    print(
        f"  {events / took:,.0f} events/s by the clock ({took:.0f} s), {events / used:,.0f} of the processor"
    )
    print(f"  peak memory of the largest process {peak:.2f} GiB; tables of {tables / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()

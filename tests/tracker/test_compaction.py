# SPDX-License-Identifier: EUPL-1.2
"""Compaction: fewer files, every event once, whenever it dies."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.archives import append
from tests.tracker.archived import (
    AFTER,
    BEFORE,
    DAY,
    NOON,
    PARTITIONS,
    SITE,
    SITES,
    Streams,
    event,
    identities,
    put,
)
from tracker import archive_files, compaction
from tracker.archive import (
    compact,
    read_events,
)
from tracker.archive_files import BusyError, alone, files_of


def test_compaction_leaves_one_file_and_every_event(streams: Streams) -> None:
    for number in range(6):
        streams.add(event(4 * number), event(4 * number + 1))
        streams.archiver().run_once()
    before = read_events(streams.root, DAY)
    done = compact(streams.root, DAY)
    assert (done.before, done.after, done.events, done.repeats) == (12, 1, 12, 0)
    (path,) = files_of(streams.root, DAY)
    assert path == streams.root / f"day={DAY}" / "partition=00-01" / "joined-1.parquet"
    assert read_events(streams.root, DAY).equals(before)
    assert [read_events(streams.root, DAY, number).num_rows for number in range(3)] == [6, 6, 0]
    assert compact(streams.root, DAY).events == 0  # nothing to do


def test_compaction_that_died_before_removing_makes_no_repeats(tmp_path: Path) -> None:
    put(tmp_path, DAY, 0, "1-0-2-0", event(4), event(8))
    put(tmp_path, DAY, 0, "1-0-3-0", event(4), event(8), event(12))  # the compacted file, and a part of it
    assert read_events(tmp_path, DAY).num_rows == 3
    compact(tmp_path, DAY)
    assert [path.name for path in files_of(tmp_path, DAY)] == ["joined-1.parquet"]
    assert read_events(tmp_path, DAY).num_rows == 3


# Every moment at which compaction may die: while it writes, and after each file that it takes away.
STOPS = {
    "before anything": (archive_files, "write_packed", 1),
    "at the second file": (archive_files, "write_packed", 2),
    "before it is in place": (Path, "rename", 1), "before the first goes": (Path, "unlink", 1),
    "before the third goes": (Path, "unlink", 3), "before the last goes": (Path, "unlink", 5),
}  # fmt: skip


@pytest.mark.parametrize("stop", STOPS.values(), ids=STOPS)
def test_compaction_may_die_at_any_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: tuple[Any, str, int]
) -> None:
    monkeypatch.setattr(compaction, "ROWS_OF_A_FILE", 4)  # two joined files
    for number in range(6):
        put(tmp_path, DAY, number % 2, f"{number}-0-{number}-9", event(number), event(number + 2))
    put(tmp_path, AFTER, 0, "9-0-9-0", event(4, visitor=40, time=NOON + 86_400_000))  # a repeat
    before = [read_events(tmp_path, day).to_pylist() for day in (DAY, AFTER)]
    assert [len(rows) for rows in before] == [8, 0]
    where, what, nth = stop
    run, calls = getattr(where, what), []

    def die(*given: Any, **other: Any) -> Any:
        calls.append(given)
        if len(calls) == nth:
            raise KeyboardInterrupt
        return run(*given, **other)

    with monkeypatch.context() as patch:
        patch.setattr(where, what, die)
        with pytest.raises(KeyboardInterrupt):
            compact(tmp_path, DAY)
    assert [read_events(tmp_path, day).to_pylist() for day in (DAY, AFTER)] == before
    compact(tmp_path, DAY)
    assert len(files_of(tmp_path, DAY)) == 2
    assert [read_events(tmp_path, day).to_pylist() for day in (DAY, AFTER)] == before


def test_compaction_removes_what_came_first_elsewhere(tmp_path: Path) -> None:
    """Over partitions and neighbouring DAYs: afterwards the repeat is nowhere, also with its DAY alone."""
    put(tmp_path, BEFORE, 0, "1-0-1-0", event(0, time=NOON - 86_400_000))
    put(tmp_path, DAY, 1, "1-0-1-0", event(0, visitor=1, time=NOON), event(5))
    put(tmp_path, DAY, 2, "1-0-1-0", event(5, visitor=6, time=NOON + 90))
    done = compact(tmp_path, DAY)
    assert (done.before, done.after, done.events, done.repeats) == (2, 1, 1, 2)
    for path in files_of(tmp_path, BEFORE):
        path.unlink()  # as retention does
    assert identities(read_events(tmp_path, DAY)) == [(SITE.name, "page00000005", 0)]


def test_compaction_does_not_make_a_day_look_as_if_it_grew(tmp_path: Path) -> None:
    put(tmp_path, DAY, 0, "1-0-1-0", event(4))
    put(tmp_path, DAY, 0, "2-0-2-0", event(8))
    for number, path in enumerate(files_of(tmp_path, DAY)):
        os.utime(path, (1_000 + number, 1_000 + number))
    compact(tmp_path, DAY)
    assert [path.stat().st_mtime for path in files_of(tmp_path, DAY)] == [1_001]


def test_an_import_that_goes_on_is_not_joined(tmp_path: Path) -> None:
    append(tmp_path, [event(4)], name="done", sites=SITES, partitions=PARTITIONS)
    put(tmp_path, DAY, 0, "import-log-0000", event(8))
    put(tmp_path, DAY, 0, "1-0-1-0", event(12))
    compact(tmp_path, DAY)
    names = sorted(path.name for path in files_of(tmp_path, DAY))
    assert names == ["import-log-0000.parquet", "joined-1.parquet"]


def test_a_large_day_is_joined_partition_by_partition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(8):
        put(tmp_path, DAY, number % 4, f"{number}-0-{number}-0", event(number))
    whole = read_events(tmp_path, DAY)
    monkeypatch.setattr(compaction, "AT_ONCE_ROWS", 1)
    monkeypatch.setattr(compaction, "ROWS_OF_A_FILE", 4)
    compact(tmp_path, DAY)
    assert [path.parent.name for path in files_of(tmp_path, DAY)] == ["partition=00-01", "partition=02-03"]
    assert read_events(tmp_path, DAY).equals(whole)
    assert [read_events(tmp_path, DAY, number).num_rows for number in range(4)] == [2, 2, 2, 2]


def test_two_do_not_rewrite_the_archive_at_once(tmp_path: Path) -> None:
    with alone(tmp_path, "This test"), pytest.raises(BusyError, match="another process is rewriting"):
        compact(tmp_path, DAY)

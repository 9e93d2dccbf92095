# SPDX-License-Identifier: EUPL-1.2
"""Readers of the archive: everything comes out exactly once, also of what an older version wrote."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tracker.archived import (
    AFTER,
    BEFORE,
    COMMON,
    DAY,
    NOON,
    OF_KIND,
    PARTITIONS,
    SITE,
    SITES,
    event,
    identities,
    put,
    put_version_1,
)
from tracker import archive_files, archive_reader, hours
from tracker.archive import (
    ArchiveError,
    compact,
    identities_of_run,
    read_events,
    read_frame,
)
from tracker.archive_files import files_of, folder_of
from tracker.archive_repeats import repeated
from tracker.archive_schema import arrow_schema
from tracker.event import Event, Kind
from tracker.hours import look
from tracker.silence import Verdicts
from tracker.stream_columns import table_of

# An event that came again: under another pseudonym (another network), after 04:00, or just as it was.
REPEATS = {
    "same file twice": [(DAY, 0, "1-0-1-0", event(4)), (DAY, 0, "1-0-2-0", event(4))],
    "another partition": [(DAY, 0, "1-0-1-0", event(4)), (DAY, 1, "1-0-1-0", event(4, visitor=5))],
    "the next day": [
        (DAY, 0, "1-0-1-0", event(4)),
        (AFTER, 1, "1-0-1-0", event(4, visitor=5, time=NOON + 90)),
    ],
}


@pytest.mark.parametrize("copies", REPEATS.values(), ids=REPEATS)
def test_an_event_counts_once_in_the_place_where_it_came_first(
    tmp_path: Path, copies: list[tuple[date, int, str, Event]]
) -> None:
    for day, partition, name, one in copies:
        put(tmp_path, day, partition, name, one)
    everywhere = [read_events(tmp_path, day).num_rows for day in (BEFORE, DAY, AFTER)]
    by_partition = {
        (day, number): read_events(tmp_path, day, number).num_rows
        for day in (DAY, AFTER)
        for number in range(PARTITIONS)
    }
    assert everywhere == [0, 1, 0]
    assert {place for place, rows in by_partition.items() if rows} == {(DAY, 0)}
    assert by_partition == {
        (day, number): read_events(tmp_path, day, number, repeated=repeated(tmp_path, day)).num_rows
        for day, number in by_partition
    }


def test_only_the_asked_columns_come_in_the_asked_order(tmp_path: Path) -> None:
    put(tmp_path, DAY, 0, "1-0-2-0", event(8), event(4, query="x"))
    table = read_events(tmp_path, DAY, columns=["query", "kind"])
    assert table.to_pydict() == {"query": ["x", None], "kind": ["view", "view"]}
    assert read_events(tmp_path, AFTER, columns=["query"]).to_pydict() == {"query": []}
    with pytest.raises(ArchiveError, match="An event has no colour"):
        read_events(tmp_path, DAY, columns=["colour"])


def test_the_order_is_that_of_time_page_view_and_index(tmp_path: Path) -> None:
    shuffled = [event(n, time=NOON + n // 4, page_view=f"page{n % 2:08d}", index=n) for n in range(40)]
    random.Random(1).shuffle(shuffled)
    put(tmp_path, DAY, 0, "1-0-1-0", *shuffled[:20])
    put(tmp_path, DAY, 1, "1-0-1-0", *shuffled[20:])
    rows = read_events(tmp_path, DAY, columns=["time", "page_view", "index"]).to_pylist()
    assert rows == sorted(rows, key=lambda row: (row["time"], row["page_view"], row["index"]))
    assert len(rows) == 40


def test_a_frame_has_the_same_types_whether_values_are_absent_or_not(tmp_path: Path) -> None:
    put(tmp_path, DAY, 0, "1-0-1-0", event(1))
    put(tmp_path, AFTER, 0, "1-0-1-0", event(1, time=NOON + 86_400_000))
    frame = read_frame(tmp_path, DAY)
    assert list(frame.columns) == arrow_schema().names
    assert (frame.dtypes["time"], frame.dtypes["index"]) == ("int64", "int16")
    assert frame["bucket"].isna().all()


def test_a_column_that_an_older_file_did_not_know_is_absent(tmp_path: Path) -> None:
    old = table_of([event(1)]).drop_columns(["friction", "rank"])
    put_version_1(tmp_path, DAY, 0, "1-0-1-0", old)
    table = read_events(tmp_path, DAY, columns=["rank", "path"])
    assert table.to_pydict() == {"rank": [None], "path": ["/afval"]}


def test_what_every_event_says_an_older_file_says_by_its_silence(tmp_path: Path) -> None:
    """A flag that did not exist yet was nowhere up; null would be neither up nor down to who filters."""
    told = ["automated", "consented", "parameters", "exposures", "first"]
    put_version_1(tmp_path, DAY, 0, "1-0-1-0", table_of([event(1)]).drop_columns(told))
    table = read_events(tmp_path, DAY, columns=told)
    assert table.to_pylist() == [
        {"automated": False, "consented": False, "parameters": "", "exposures": "", "first": ""}
    ]
    assert msgspec.convert(read_events(tmp_path, DAY).to_pylist(), list[Event]) == [event(1)]


def test_a_file_of_a_newer_version_is_refused_with_words(tmp_path: Path) -> None:
    path = folder_of(tmp_path, DAY, 0) / "1-0-1-0.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(table_of([event(1)]).replace_schema_metadata({"klantreis.archive": "3"}), path)
    with pytest.raises(ArchiveError, match=r"is of archive version 3.*Upgrade"):
        read_events(tmp_path, DAY)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    put(tmp_path, DAY, 0, "1-0-1-0", event(1))
    (path,) = files_of(tmp_path, DAY)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ArchiveError, match=r"1-0-1-0\.parquet is not a whole Parquet file"):
        read_events(tmp_path, DAY)


def test_files_of_version_1_are_read_joined_and_imported_beside_new_ones(tmp_path: Path) -> None:
    """An archive that klantreis 0.1 left behind: nothing needs to be done to go on with it."""
    (tmp_path / "partitions").write_text("4\n")
    said = [{**COMMON, **OF_KIND[kind], "visitor": n, "kind": kind} for n, kind in enumerate(Kind)]
    old = [event(n, index=n, **one) for n, one in enumerate(said)]
    put_version_1(tmp_path, DAY, 0, "1-0-1-0", table_of(old[:6]))
    put_version_1(tmp_path, DAY, 1, "2-0-2-0", table_of(old[6:]))
    put(tmp_path, DAY, 1, "3-0-3-0", event(100), old[7])
    rows = read_events(tmp_path, DAY).to_pylist()
    assert [msgspec.convert(row, Event) for row in rows] == [*old, event(100)]
    compact(tmp_path, DAY)
    (path,) = files_of(tmp_path, DAY)
    assert pq.ParquetFile(path).metadata.metadata[b"klantreis.archive"] == b"2"
    assert read_events(tmp_path, DAY).to_pylist() == rows


def test_events_of_a_load_test_are_found_wherever_they_lie(tmp_path: Path) -> None:
    put(tmp_path, DAY, 0, "1-0-1-0", event(4, run="r1"), event(8, run="r2"), event(12))
    put(tmp_path, AFTER, 0, "1-0-1-0", event(4, run="r1"), event(16, run="r1", index=3))
    found = identities_of_run(tmp_path, "r1")
    assert found == {(SITE.name, "page00000004", 0), (SITE.name, "page00000016", 3)}


def joins_while(reader: Callable[[], object], monkeypatch: pytest.MonkeyPatch, root: Path) -> list[bool]:
    """Run a reader that loses its first file to compaction; whether that happened."""
    met, read = list[bool](), archive_files.read_tables

    def compacting(paths: Iterable[Path], columns: Sequence[str]) -> list[pa.Table]:
        listed = list(paths)
        if not met:
            met.append(True)
            compact(root, DAY)
        return read(listed, columns)

    for module in (archive_reader, hours):
        monkeypatch.setattr(module, "read_tables", compacting)
    reader()
    return met


@pytest.mark.parametrize("columns", [None, ["path"]], ids=["all columns", "one"])
def test_who_reads_while_files_are_joined_looks_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: list[str] | None
) -> None:
    for number in range(3):
        put(tmp_path, DAY, 0, f"{number}-0-{number}-0", event(4 * number, run="r1"))
    found: list[int] = []
    met = joins_while(
        lambda: found.append(read_events(tmp_path, DAY, columns=columns).num_rows), monkeypatch, tmp_path
    )
    assert (met, found) == ([True], [3])


def test_so_does_who_counts_a_load_test_and_who_listens_for_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        put(tmp_path / "runs", DAY, 0, f"{number}-0-{number}-0", event(4 * number, run="r1"))
        put(tmp_path / "hours", DAY, 0, f"{number}-0-{number}-0", event(4 * number))
    found: list[int] = []
    later_s = NOON / 1000 + 3_600 + 301
    readers: dict[str, Callable[[Path], int]] = {
        "runs": lambda root: len(identities_of_run(root, "r1")),
        "hours": lambda root: _seen(look(root, SITES, later_s)),
    }
    for name, reader in readers.items():
        root = tmp_path / name
        with monkeypatch.context() as patch:
            assert joins_while(lambda root=root, reader=reader: found.append(reader(root)), patch, root)
    assert found == [3, 3]


def _seen(verdicts: Verdicts) -> int:
    window = verdicts.sites[SITE.name].window
    return window.seen if window is not None else 0


PLACES = st.tuples(st.sampled_from([BEFORE, DAY, AFTER]), st.integers(0, 1), st.integers(0, 3))


@settings(max_examples=25, deadline=None)
@given(places=st.lists(PLACES, max_size=10))
def test_however_copies_are_spread_each_event_comes_once(
    tmp_path_factory: pytest.TempPathFactory, places: list[tuple[date, int, int]]
) -> None:
    root = tmp_path_factory.mktemp("archive")
    for number, (day, partition, identity) in enumerate(places):
        # Copies lie on neighbouring days at most: a retry ends within the hour.
        near = BEFORE if (day == AFTER and identity % 2) else day
        near = DAY if (day == BEFORE and not identity % 2) else near
        copy = event(identity, visitor=number, time=NOON + number)
        put(root, near, partition, f"{number}-0-{number}-0", copy)
    found = [
        one
        for day in (BEFORE, DAY, AFTER)
        for number in range(2)
        for one in identities(read_events(root, day, number))
    ]
    assert sorted(found) == sorted({(SITE.name, f"page{identity:08d}", 0) for *_, identity in places})
    assert found == [
        one
        for day in (BEFORE, DAY, AFTER)
        for number in range(2)
        for one in identities(read_events(root, day, number, repeated=repeated(root, day)))
    ]


def test_only_what_lies_in_several_places_is_repeated(tmp_path: Path) -> None:
    assert repeated(tmp_path, DAY) == ()
    for number in range(3):
        put(tmp_path, DAY, 0, f"{number}-0-{number}-0", event(0), event(1), event(number + 5))
    assert repeated(tmp_path, DAY) == ()  # a partition sees its own
    put(tmp_path, DAY, 1, "9-0-9-0", event(1, visitor=3))
    put(tmp_path, BEFORE, 3, "9-0-9-0", event(6, visitor=3))
    assert repeated(tmp_path, DAY) == ((SITE.name, "page00000001", 0), (SITE.name, "page00000006", 0))
    assert repeated(tmp_path, BEFORE) == ((SITE.name, "page00000006", 0),)
    assert repeated(tmp_path, AFTER) == ()

# SPDX-License-Identifier: EUPL-1.2
"""The archive: what was acknowledged goes in at least once and comes out exactly once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.archives import append
from tests.conftest import url_of
from tracker import archive as archive_module
from tracker import archive_files, compaction, leases
from tracker.archive import (
    ArchiveError,
    Archiver,
    compact,
    days,
    identities_of_run,
    read_events,
    read_frame,
)
from tracker.archive_files import ASIDE, BusyError, alone, files_of, folder_of, write_table
from tracker.archive_schema import arrow_schema
from tracker.compaction import check
from tracker.day import day_bounds
from tracker.event import Event, Kind
from tracker.keys import Keys
from tracker.site import Site, Sites
from tracker.stream import encode
from tracker.stream_columns import table_of
from tracker.words import code_of

SITE = Site(name="voorbeeldstad", hosts=frozenset({"www.voorbeeldstad.nl"}))
SITES = Sites([SITE])
DAY = date(2026, 11, 22)
BEFORE, AFTER = date(2026, 11, 21), date(2026, 11, 23)
NOON = day_bounds(DAY, SITE.zone)[0] + 8 * 3_600_000
PARTITIONS = 4


def event(number: int = 0, **other: Any) -> Event:
    facts = {
        "site": SITE.name, "visitor": number, "time": NOON + number, "page_view": f"page{number:08d}",
        "index": 0, "kind": Kind.VIEW, "path": "/afval",
    }
    return Event(**{**facts, **other})


def identities(table: pa.Table) -> list[tuple[str, str, int]]:
    return list(zip(*(table[name].to_pylist() for name in ("site", "page_view", "index")), strict=True))


class Streams:
    """The streams of one test, and an archiver of them."""

    def __init__(self, client: redis.Redis, prefix: str, root: Path) -> None:
        self.client, self.keys, self.root = client, Keys(prefix), root

    def add(self, *events: Event) -> None:
        for one in events:
            self.client.xadd(self.keys.events(one.visitor % PARTITIONS), encode(one))

    def archiver(self, client: Any = None, partitions: int = PARTITIONS, **other: Any) -> Archiver:
        return Archiver(client or self.client, self.root, SITES, partitions, self.keys, **other)

    def waiting(self) -> int:
        return sum(int(self.client.xlen(self.keys.events(number))) for number in range(PARTITIONS))


@pytest.fixture
def streams(stores: redis.Redis, prefix: str, tmp_path: Path) -> Iterator[Streams]:
    here = Streams(stores, prefix, tmp_path / "archive")
    yield here
    stores.delete(*(here.keys.events(number) for number in range(PARTITIONS)))


COMMON = {
    "visitor": -(2**63), "parameters": "q=grofvuil", "origin": "Qm81xPz0aB2c", "bucket": 417,
    "language": "nl", "referrer": "https://www.google.com/",
    "exposures": "schuldhulp=current,zwerfvuil=redesign",
    "first": "zwerfvuil", "consented": True, "viewport": "s", "run": "r1", "automated": True,
}
OF_KIND: dict[Kind, dict[str, Any]] = {
    Kind.VIEW: {"title": "Afval é €"},
    Kind.SEARCH: {"query": "grofvuil", "results": 8, "answered_here": True},
    Kind.RESULT: {"query": "grofvuil", "rank": 3, "target": "/x"},
    Kind.ENGAGE: {"visible_s": 12.5, "depth": 80},
    Kind.FORM: {"form": "melding", "action": "step", "step": 2},
    Kind.GOAL: {"goal": "melding_verzonden"},
    Kind.CONTACT: {"channel": "tel"},
    Kind.FEEDBACK: {"heartbeat": -1},
    Kind.LINK: {"target": "www.example.nl/x"},
    Kind.FILE: {"target": "/x.pdf"},
    Kind.FRICTION: {"friction": "rage"},
}


def test_every_field_of_every_kind_arrives(streams: Streams) -> None:
    sent = [event(n, index=n, kind=kind, **COMMON, **OF_KIND[kind]) for n, kind in enumerate(Kind)]
    lean = [event(100 + n, kind=kind) for n, kind in enumerate(Kind)]
    streams.add(*sent, *lean)
    result = streams.archiver().run_once()
    assert (result.events, result.unreadable, result.busy) == (2 * len(Kind), 0, 0)
    rows = read_events(streams.root, DAY).to_pylist()
    assert [msgspec.convert(row, Event) for row in rows] == [*sent, *lean]
    assert streams.waiting() == 0


def test_a_file_says_which_entries_it_holds(streams: Streams) -> None:
    streams.add(event(4), event(8))
    ids = [entry_id.decode() for entry_id, _ in streams.client.xrange(streams.keys.events(0))]
    streams.archiver().run_once()
    (path,) = files_of(streams.root, DAY)
    assert path == folder_of(streams.root, DAY, 0) / f"{ids[0]}-{ids[1]}.parquet"
    assert pq.ParquetFile(path).metadata.metadata[b"klantreis.archive"] == b"2"
    assert pq.ParquetFile(path).metadata.row_group(0).column(0).compression == "ZSTD"


def test_an_event_belongs_to_the_day_on_which_it_happened(streams: Streams) -> None:
    turn = day_bounds(DAY, SITE.zone)[1]
    streams.add(event(4, time=turn - 1), event(8, time=turn))
    streams.archiver().run_once()
    assert days(streams.root) == [DAY, AFTER]
    assert [read_events(streams.root, day).num_rows for day in (BEFORE, DAY, AFTER)] == [0, 1, 1]


class DiesBefore:
    """A client that is cut off before the nth run of a script: what a killed archiver looks like outside."""

    def __init__(self, client: redis.Redis, command: str, nth: int = 1) -> None:
        self._client, self._command, self._left = client, command, nth

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def register_script(self, text: str) -> Any:
        script = self._client.register_script(text)
        return self._dying(script) if self._command in text else script

    def _dying(self, script: Any) -> Any:
        def run(**arguments: Any) -> Any:
            self._left -= 1
            if not self._left:
                raise redis.ConnectionError("cut off")
            return script(**arguments)

        return run


def test_dying_between_writing_and_removing_makes_no_repeats(streams: Streams) -> None:
    streams.add(*(event(number) for number in range(40)))
    with pytest.raises(redis.ConnectionError):
        streams.archiver(DiesBefore(streams.client, "XDEL")).run_once()
    assert files_of(streams.root, DAY)
    assert streams.waiting() == 40
    streams.add(*(event(number) for number in range(40, 50)))  # the next batch is longer: another file name
    streams.archiver().run_once()
    assert len(files_of(streams.root, DAY)) == PARTITIONS + 1
    assert len(identities(read_events(streams.root, DAY))) == 50
    assert len(set(identities(read_events(streams.root, DAY)))) == 50
    assert streams.waiting() == 0


# An archiver in a process of its own that is killed for good where it would remove from the stream.
KILLED = """
import os, signal, sys
from pathlib import Path
import redis
from tests.tracker.test_archive import PARTITIONS, SITES
from tracker.archive import Archiver
from tracker.keys import Keys

class Killed(redis.Redis):
    def register_script(self, text):
        script = super().register_script(text)
        return script if "XDEL" not in text else lambda **_: os.kill(os.getpid(), signal.SIGKILL)

Archiver(Killed.from_url(sys.argv[1]), Path(sys.argv[2]), SITES, PARTITIONS, Keys(sys.argv[3])).run_once()
"""


def test_an_archiver_that_is_killed_leaves_its_work_to_the_next(streams: Streams) -> None:
    streams.add(*(event(4 * number) for number in range(20)))
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, url_of(streams.client), streams.root, streams.keys.prefix],
        cwd=Path(__file__).parents[2], timeout=60, check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert read_events(streams.root, DAY).num_rows == streams.waiting() == 20
    assert streams.archiver().run_once().busy == 1  # its lease lives on for a while
    assert 0 < streams.client.pttl(streams.keys.lease(0)) <= archive_module.LEASE_MS
    streams.client.delete(streams.keys.lease(0))
    assert streams.archiver().run_once().events == 20
    assert read_events(streams.root, DAY).num_rows == 20
    assert streams.waiting() == 0


def test_dying_in_the_middle_of_removing_loses_nothing(
    streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "TRIM_AT_ONCE", 3)
    streams.add(*(event(4 * number) for number in range(10)))
    with pytest.raises(redis.ConnectionError):
        streams.archiver(DiesBefore(streams.client, "XDEL", nth=3)).run_once()
    assert streams.waiting() == 4
    streams.archiver().run_once()
    assert read_events(streams.root, DAY).num_rows == 10


def test_what_comes_while_a_batch_is_written_stays_for_the_next(
    streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams.add(event(4))

    def write_while_one_comes(path: Path, table: pa.Table, **other: Any) -> None:
        streams.add(event(8))
        write_table(path, table, **other)

    monkeypatch.setattr(archive_module, "write_table", write_while_one_comes)
    streams.archiver().run_once()
    assert streams.waiting() == 1
    monkeypatch.undo()
    streams.archiver().run_once()
    assert read_events(streams.root, DAY).num_rows == 2


def test_a_disk_that_refuses_leaves_everything_in_the_stream(streams: Streams) -> None:
    streams.add(event(4))
    streams.root.mkdir()
    (streams.root / f"day={DAY}").write_text("a file where a folder belongs")
    with pytest.raises(ArchiveError, match="cannot be written"):
        streams.archiver().run_once()
    assert streams.waiting() == 1


def test_a_long_stream_is_drained_in_batches(streams: Streams, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "BATCH_ENTRIES", 7)
    streams.add(*(event(4 * number) for number in range(20)))
    result = streams.archiver().run_once()
    assert (result.events, result.files, streams.waiting()) == (20, 3, 0)


def test_however_long_a_stream_is_little_of_it_is_read_at_once(
    streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_module, "READ_ENTRIES", 4)
    monkeypatch.setattr(archive_module, "BATCH_ENTRIES", 10)
    asked: list[int] = []
    raw = archive_module._raw

    def counting(client: redis.Redis) -> Any:
        inner = raw(client)
        run = inner.xrange
        inner.xrange = lambda *given: (asked.append(given[3]), run(*given))[1]
        return inner

    monkeypatch.setattr(archive_module, "_raw", counting)
    streams.add(*(event(4 * number) for number in range(25)))
    result = streams.archiver().run_once()
    assert (result.events, result.files, streams.waiting()) == (25, 3, 0)
    assert max(asked) == 4
    assert read_events(streams.root, DAY)["visitor"].to_pylist() == list(range(0, 100, 4))


def test_a_partition_that_another_archiver_writes_is_left_alone(streams: Streams) -> None:
    streams.add(event(4), event(5))
    streams.client.set(streams.keys.lease(0), "another", px=60_000)
    result = streams.archiver().run_once()
    assert (result.events, result.busy) == (1, 1)
    assert streams.client.get(streams.keys.lease(0)) == b"another"
    assert not streams.client.exists(streams.keys.lease(1))


def test_an_entry_that_nobody_understands_is_kept_aside_and_stops_nobody(streams: Streams) -> None:
    streams.client.xadd(streams.keys.events(0), {"from": "another program", b"\xff": b"\x00"})
    streams.add(event(4), event(8, index=40_000))  # an index beyond its column
    result = streams.archiver().run_once()
    assert (result.events, result.unreadable, streams.waiting()) == (1, 2, 0)
    (aside,) = (streams.root / "unreadable" / "partition=00").iterdir()
    entries = [json.loads(line) for line in aside.read_text().splitlines()]
    assert entries[0]["fields"] == {"b'from'": "b'another program'", r"b'\xff'": r"b'\x00'"}
    assert len(entries) == 2


def test_an_entry_waits_for_its_word_and_is_set_aside_when_none_comes(streams: Streams) -> None:
    coded = encode(event(4, site=code_of("elders")))
    entry_id = streams.client.xadd(streams.keys.events(0), coded)
    streams.add(event(8))
    arrived_s = int(entry_id.split(b"-")[0]) / 1000
    soon = streams.archiver(clock=lambda: arrived_s + 3_599)
    result = soon.run_once()
    assert (result.events, result.unreadable, streams.waiting()) == (1, 0, 1)
    streams.client.hset(streams.keys.words, code_of("elders"), "elders")
    assert soon.run_once().events == 1
    assert sorted(read_events(streams.root, DAY)["site"].to_pylist()) == ["elders", SITE.name]
    streams.client.xadd(streams.keys.events(0), encode(event(12, site=code_of("nergens"))))
    late = streams.archiver(clock=lambda: arrived_s + 3_700)
    assert (late.run_once().unreadable, streams.waiting()) == (1, 0)


def test_another_number_of_partitions_is_refused(streams: Streams) -> None:
    streams.archiver().run_once()
    with pytest.raises(ArchiveError, match=r"has 4 partitions and the settings say 8"):
        streams.archiver(partitions=8).run_once()


def test_a_torn_file_is_not_read_and_goes_at_the_next_run(streams: Streams) -> None:
    torn = folder_of(streams.root, DAY, 1) / f"1-0-2-0.parquet{ASIDE}"
    torn.parent.mkdir(parents=True)
    torn.write_bytes(b"PAR1 and then the power went")
    assert read_events(streams.root, DAY).num_rows == 0
    assert days(streams.root) == []
    streams.archiver().run_once()
    assert not torn.exists()


def test_a_file_that_a_power_cut_tore_is_set_aside_and_made_again(streams: Streams) -> None:
    streams.add(*(event(4 * number) for number in range(20)))
    with pytest.raises(redis.ConnectionError):
        streams.archiver(DiesBefore(streams.client, "XDEL")).run_once()
    (path,) = files_of(streams.root, DAY)
    path.write_bytes(path.read_bytes()[:-100] + bytes(100))  # the disk had not kept what it promised
    streams.client.delete(streams.keys.lease(0))
    result = streams.archiver().run_once()
    assert (result.events, result.damaged) == (20, 1)
    assert (streams.root / "damaged" / path.relative_to(streams.root)).exists()
    assert read_events(streams.root, DAY).num_rows == 20
    assert streams.waiting() == 0


def test_one_changed_byte_in_a_page_is_found(streams: Streams) -> None:
    streams.add(*(event(4 * number, title=f"t{number}") for number in range(200)))
    streams.archiver().run_once()
    (path,) = files_of(streams.root, DAY)
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArchiveError, match="not a whole Parquet file"):
        read_events(streams.root, DAY)
    assert check(streams.root) == (1, 1)
    assert read_events(streams.root, DAY).num_rows == 0


def test_nothing_is_trimmed_before_its_file_was_read_back(
    streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write_half(file: Any, packed: pa.Table, level: int) -> None:
        archive_files.pq.write_table(packed.slice(1), file)

    monkeypatch.setattr(archive_files, "write_packed", write_half)
    streams.add(event(4), event(8))
    with pytest.raises(ArchiveError, match="does not say what was written"):
        streams.archiver().run_once()
    assert (streams.waiting(), files_of(streams.root, DAY)) == (2, [])


def test_a_name_that_is_taken_is_not_written_over(streams: Streams) -> None:
    """After a failover, other entries may have the ids of some that were archived before."""
    streams.add(event(4))
    (first,) = [entry_id for entry_id, _ in streams.client.xrange(streams.keys.events(0))]
    streams.archiver().run_once()
    streams.client.delete(streams.keys.events(0))
    streams.client.xadd(streams.keys.events(0), encode(event(8)), id=first)
    streams.archiver().run_once()
    assert [path.name for path in files_of(streams.root, DAY)] == [
        f"{first.decode()}-{first.decode()}.parquet", f"{first.decode()}-{first.decode()}~2.parquet",
    ]  # fmt: skip
    assert read_events(streams.root, DAY).num_rows == 2


def put(root: Path, day: date, partition: int, name: str, *events: Event) -> None:
    write_table(folder_of(root, day, partition) / f"{name}.parquet", table_of(events))


def put_version_1(root: Path, day: date, partition: int, name: str, table: pa.Table) -> None:
    """A file as klantreis 0.1 wrote it."""
    path = folder_of(root, day, partition) / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    ordered = table.sort_by([("time", "ascending"), ("page_view", "ascending"), ("index", "ascending")])
    pq.write_table(ordered.replace_schema_metadata({"klantreis.archive": "1"}), path, compression="zstd")


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
        one for day in (BEFORE, DAY, AFTER) for number in range(2)
        for one in identities(read_events(root, day, number))
    ]
    assert sorted(found) == sorted({(SITE.name, f"page{identity:08d}", 0) for *_, identity in places})

# SPDX-License-Identifier: EUPL-1.2
"""The archiver: what was acknowledged goes into the archive at least once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import redis

from tests.conftest import url_of
from tests.tracker.archived import (
    AFTER,
    BEFORE,
    COMMON,
    DAY,
    OF_KIND,
    PARTITIONS,
    SITE,
    Streams,
    event,
    identities,
)
from tracker import archive_files, leases, moving
from tracker.archive import (
    ArchiveError,
    days,
    read_events,
)
from tracker.archive_files import ASIDE, files_of, folder_of, write_table
from tracker.compaction import check
from tracker.day import day_bounds
from tracker.event import Event, Kind
from tracker.stream import encode
from tracker.words import code_of


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
from tests.tracker.archived import PARTITIONS, SITES
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
        cwd=Path(__file__).parents[2],
        timeout=60,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    assert read_events(streams.root, DAY).num_rows == streams.waiting() == 20
    assert streams.archiver().run_once().busy == 1  # its lease lives on for a while
    assert 0 < streams.client.pttl(streams.keys.lease(0)) <= leases.LEASE_MS
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

    monkeypatch.setattr(moving, "write_table", write_while_one_comes)
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
    monkeypatch.setattr(moving, "BATCH_ENTRIES", 7)
    streams.add(*(event(4 * number) for number in range(20)))
    result = streams.archiver().run_once()
    assert (result.events, result.files, streams.waiting()) == (20, 3, 0)


def test_however_long_a_stream_is_little_of_it_is_read_at_once(
    streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "READ_ENTRIES", 4)
    monkeypatch.setattr(moving, "BATCH_ENTRIES", 10)
    asked: list[int] = []
    raw = moving._raw

    def counting(client: redis.Redis) -> Any:
        inner = raw(client)
        run = inner.xrange
        inner.xrange = lambda *given: (asked.append(given[3]), run(*given))[1]
        return inner

    monkeypatch.setattr(moving, "_raw", counting)
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

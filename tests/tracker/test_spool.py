# SPDX-License-Identifier: EUPL-1.2
"""The spool: what was acknowledged is there afterwards, whatever happened to the process that wrote it."""

from __future__ import annotations

import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.spool import Spool, SpoolError
from tracker.spool_room import MIB, Occupancy, occupancy
from tracker.spool_segment import Segment

SMALL = MIB // 4  # the smallest segment
RECORDS = [b"first", b"second " * 20, b"third"]


def replay(spool: Spool, max_bytes: int = 1 << 30) -> list[bytes]:
    """Everything that waits, each forgotten once it was read."""
    found = []
    while batch := spool.read(max_bytes):
        found += batch
        spool.forget()
    return found


def adopted(root: Path) -> list[bytes]:
    """What another process finds in the spool."""
    spool = Spool(root, MIB)
    spool.adopt()
    try:
        return replay(spool)
    finally:
        spool.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.mark.parametrize(
    ("limit", "kept", "expected"),
    [
        pytest.param(MIB, [], True, id="nothing lies there"),
        pytest.param(SMALL, [b"little"], True, id="our own segment has room"),
        pytest.param(SMALL, [bytes(SMALL - 10_000)], False, id="our own segment is as good as full"),
        pytest.param(2 * SMALL - 1, [bytes(SMALL - 10_000)], False, id="less is left than a segment needs"),
        pytest.param(2 * SMALL, [bytes(SMALL - 10_000)], True, id="another segment can be made"),
        pytest.param(SMALL - 1, [], False, id="it may not even have one"),
    ],
)
def test_says_whether_it_has_room_for_a_beacon(
    root: Path, limit: int, kept: list[bytes], *, expected: bool
) -> None:
    spool = Spool(root, limit)
    for record in kept:
        spool.append(record)
    assert spool.has_room() is expected
    assert len(list(root.glob("*/*.segment"))) == len(kept)  # looking makes none
    spool.close()


def test_a_spool_that_may_not_be_written_has_no_room(tmp_path: Path) -> None:
    (tmp_path / "spool").write_bytes(b"a file where the folder should be")
    assert not Spool(tmp_path / "spool", MIB).has_room()


def left_behind(root: Path, records: list[bytes] = RECORDS) -> Path:
    """A spool whose process is gone; its one segment."""
    spool = Spool(root, MIB)
    for record in records:
        spool.append(record)
    spool.close()
    [segment] = root.glob("*/*.segment")
    return segment


@pytest.mark.parametrize("max_bytes", [1, 60, 1 << 20])
def test_gives_back_in_order_and_leaves_nothing(root: Path, max_bytes: int) -> None:
    spool = Spool(root, MIB)
    for record in RECORDS:
        spool.append(record)
    assert spool.waiting
    assert replay(spool, max_bytes) == RECORDS
    assert not spool.waiting
    assert occupancy(root) == Occupancy(segments=0, bytes=0, damaged=0)


def test_what_was_not_forgotten_is_read_again(root: Path) -> None:
    spool = Spool(root, MIB)
    spool.append(b"one")
    assert spool.read(1) == spool.read(1) == [b"one"]
    spool.append(b"two")
    spool.forget()
    assert replay(spool) == [b"two"]


def test_takes_over_what_a_closed_one_left(root: Path) -> None:
    left_behind(root)
    assert adopted(root) == RECORDS
    assert adopted(root) == []


def test_nobody_touches_the_folder_of_a_living_worker(root: Path) -> None:
    one, other = Spool(root, MIB), Spool(root, MIB)
    one.append(b"of one")
    other.append(b"of the other")
    assert other.adopt() == 0
    assert replay(other) == [b"of the other"]
    one.close()
    assert other.adopt() == 1
    assert replay(other) == [b"of one"]


def test_goes_on_in_another_file_when_one_is_full(root: Path) -> None:
    records = [bytes([n]) * (SMALL // 3) for n in range(8)]
    spool = Spool(root, 8 * SMALL)
    for record in records[:5]:
        spool.append(record)
    assert occupancy(root).segments == 3
    assert spool.read(SMALL // 2) == records[:2]
    spool.forget()
    for record in records[5:]:
        spool.append(record)
    assert replay(spool) == records[2:]


def test_a_group_larger_than_a_segment_has_its_own(root: Path) -> None:
    spool = Spool(root, 8 * SMALL)
    large = os.urandom(3 * SMALL)
    for record in (b"before", large, b"after"):
        spool.append(record)
    assert replay(spool) == [b"before", large, b"after"]


def test_is_bounded_for_all_workers_together(root: Path) -> None:
    one, other = Spool(root, 3 * SMALL), Spool(root, 3 * SMALL)
    half = os.urandom(SMALL // 2)
    for spool in (one, other, one):
        spool.append(half)
    with pytest.raises(SpoolError, match=r"is full \(0\.6 of 0\.8 MB\).*KLANTREIS_SPOOL_MB"):
        other.append(half)
    assert occupancy(root).bytes <= 3 * SMALL
    assert replay(one) == [half, half]
    other.append(half)
    assert replay(other) == [half, half]


def test_only_its_owner_may_read_it(root: Path) -> None:
    segment = left_behind(root)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (segment, segment.parent, root)]
    assert modes == [0o600, 0o700, 0o700]


@pytest.fixture
def full_disk() -> Iterator[Callable[[], None]]:
    """Call it, and this process can make no file longer than nothing: as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_without_room_for_the_first_segment_there_is_nothing_to_replay(
    root: Path, full_disk: Callable[[], None]
) -> None:
    spool = Spool(root, MIB)
    full_disk()
    with pytest.raises(SpoolError, match=r"cannot be written \(File too large\)"):
        spool.append(b"one")
    assert not spool.waiting
    assert spool.read(MIB) == []
    spool.forget()
    spool.close()
    assert occupancy(root) == Occupancy(segments=0, bytes=0, damaged=0)
    assert list(root.glob("[0-9]*")) == []


def test_says_in_a_sentence_that_it_cannot_be_written(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    spool = Spool(root, MIB)
    monkeypatch.setattr(os, "posix_fallocate", full_disk)
    with pytest.raises(SpoolError, match=r"cannot be written \(No space left on device\)"):
        spool.append(b"one")
    monkeypatch.undo()
    spool.append(b"two")
    assert replay(spool) == [b"two"]


class TestTornAndDamaged:
    """Killed in the middle of a write, or bytes turned on the disk."""

    @given(cut=st.integers(0, 40), tail=st.sampled_from([b"", b"\0" * 50, b"\xff" * 50, b"\xa7KR\x1e" * 9]))
    @settings(max_examples=60, deadline=None)
    def test_a_record_that_is_not_whole_was_never_acknowledged(
        self, tmp_path_factory: pytest.TempPathFactory, cut: int, tail: bytes
    ) -> None:
        segment = left_behind(tmp_path_factory.mktemp("torn") / "spool")
        whole = segment.read_bytes()
        begin = whole.rindex(b"\xa7KR\x1e")
        end = begin + 12 + len(RECORDS[-1])
        segment.write_bytes(whole[: min(begin + cut, end - 1)] + tail)
        root = segment.parents[1]
        assert adopted(root) == RECORDS[:-1]
        assert occupancy(root) == Occupancy(segments=0, bytes=0, damaged=0)

    def test_damage_in_the_middle_is_kept_and_the_rest_replayed(self, root: Path) -> None:
        segment = left_behind(root)
        content = bytearray(segment.read_bytes())
        content[content.index(b"second")] ^= 1
        segment.write_bytes(content)
        assert adopted(root) == [RECORDS[0], RECORDS[2]]
        [aside] = (root / "damaged").glob("*.segment")
        assert aside.read_bytes() == bytes(content)
        assert occupancy(root).damaged == 1

    def test_a_file_of_another_version_stays(self, root: Path) -> None:
        segment = left_behind(root)
        content = segment.read_bytes().replace(b"spool1", b"spool9")
        segment.write_bytes(content)
        assert adopted(root) == []
        assert segment.read_bytes() == content

    @pytest.mark.parametrize(
        "leave",
        [
            pytest.param(lambda folder: (folder / "000001.segment").unlink(), id="nothing but a lock"),
            pytest.param(lambda folder: (folder / "000001.segment").write_bytes(b""), id="an empty file"),
            pytest.param(lambda folder: (folder / "000001.segment").write_bytes(bytes(999)), id="only room"),
        ],
    )
    def test_a_worker_that_died_at_once_leaves_no_trace(
        self, root: Path, leave: Callable[[Path], None]
    ) -> None:
        folder = left_behind(root).parent
        leave(folder)
        assert adopted(root) == []
        assert not folder.exists()


WRITER = """
import sys
from pathlib import Path
from tracker.spool import MIB, Spool
spool = Spool(Path(sys.argv[1]), 64 * MIB)
number = 0
while True:
    spool.append(b"%d " % number * 200)
    print(number, flush=True)
    number += 1
"""


def test_survives_kill_9(root: Path) -> None:
    writer = subprocess.Popen([sys.executable, "-c", WRITER, root], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    acknowledged = [int(writer.stdout.readline()) for _ in range(200)]
    os.kill(writer.pid, signal.SIGKILL)
    acknowledged += [int(line) for line in writer.stdout if line.endswith("\n")]
    writer.wait()
    writer.stdout.close()
    found = [int(record.split()[0]) for record in adopted(root)]
    assert found[: len(acknowledged)] == acknowledged
    assert len(found) - len(acknowledged) <= 1  # written, and killed before it could say so


def test_a_write_that_failed_is_written_over(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root.mkdir()
    segment = Segment.create(root / "000001.segment", SMALL)
    segment.append(b"one")

    def broken_disk(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("tracker.spool_segment._sync", broken_disk)
    with pytest.raises(OSError, match="Input/output"):
        segment.append(b"refused, and longer than the next")
    monkeypatch.undo()
    segment.append(b"two")
    segment.close()
    again = Segment.open(root / "000001.segment")
    first = again.find(again.first)
    second = again.find(first.after)
    assert (first.content, second.content) == (b"one", b"two")
    assert again.find(second.after).content is None
    again.close()

# SPDX-License-Identifier: EUPL-1.2
"""Files of access logs: torn, hostile, given twice or interrupted; nothing is lost, nothing comes twice."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from tests.tracker.access_logs import BOT, SITE, imported, line, rows_of
from tracker.archive import days, read_events
from tracker.archive_files import ArchiveError, files_of
from tracker.imports import intake, opened
from tracker.imports.access_log import import_access_log
from tracker.imports.opened import ImportFileError


def test_what_is_no_log_is_refused_in_words(tmp_path: Path) -> None:
    log = tmp_path / "photo.jpg"
    log.write_bytes(bytes(range(256)) * 100)
    with pytest.raises(ImportFileError, match=r"photo\.jpg has no line in the Combined Log Format"):
        import_access_log([log], site=SITE, archive_root=tmp_path / "archive")
    assert days(tmp_path / "archive") == []


def test_a_torn_gzip_is_refused_in_words_and_can_be_imported_once_it_is_whole(tmp_path: Path) -> None:
    whole = gzip.compress("".join(line(f"/{number}") for number in range(999)).encode())
    log = tmp_path / "access.log.gz"
    log.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ImportFileError, match=r"access\.log\.gz cannot be read"):
        import_access_log([log], site=SITE, archive_root=tmp_path / "archive")
    log.write_bytes(whole)
    import_access_log([log], site=SITE, archive_root=tmp_path / "archive")
    assert read_events(tmp_path / "archive", date(2026, 11, 22)).num_rows == 999


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match=r"nowhere\.log cannot be read \(No such file"):
        import_access_log([tmp_path / "nowhere.log"], site=SITE, archive_root=tmp_path / "archive")


def test_an_empty_file_is_no_trouble(tmp_path: Path) -> None:
    summary, rows = imported(tmp_path)
    assert (summary.lines, rows) == (0, [])
    assert "0" in summary.text()


def test_progress_reaches_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opened, "BLOCK_BYTES", 1 << 20)
    log = tmp_path / "access.log"
    log.write_text(line() * 12_000)
    told: list[tuple[int, int]] = []
    import_access_log(
        [log], site=SITE, archive_root=tmp_path / "archive", progress=lambda *bytes_: told.append(bytes_)
    )
    size = log.stat().st_size
    assert told[-1] == (size, size)
    assert told == sorted(told)
    assert len(told) == 3


class _PowerCutError(Exception):
    """The end of an import in the middle."""


def test_an_interrupted_import_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "PIECE_EVENTS", 100)
    monkeypatch.setattr(intake, "ROWS_OF_A_FILE", 1)  # a file for each partition, to be cut off between two
    monkeypatch.setattr(opened, "BLOCK_BYTES", 4_000)
    files = [tmp_path / "access.log.1", tmp_path / "access.log"]
    for number, file in enumerate(files):
        said = (line(f"/{number}/{each % 7}", client=f"192.0.2.{each % 50}") for each in range(500))
        file.write_text("".join(said))
    written: list[Path] = []
    write_table = intake.write_table

    def stop_after(most: int) -> None:
        def write(path: Path, table: pa.Table, level: int) -> None:
            if len(written) >= most:
                raise _PowerCutError
            written.append(path)
            write_table(path, table, level=level)

        monkeypatch.setattr(intake, "write_table", write)

    for most in (20, 62):  # in the first file, and in the second
        stop_after(most)
        with pytest.raises(_PowerCutError):
            import_access_log(files, site=SITE, archive_root=tmp_path / "archive", partitions=8)
    (journal,) = (tmp_path / "archive" / "imports").glob("*.unfinished")
    assert journal.stat().st_mode & 0o077 == 0  # it holds salts
    monkeypatch.setattr(intake, "write_table", write_table)
    summary = import_access_log(files, site=SITE, archive_root=tmp_path / "archive", partitions=8)
    assert (summary.lines, summary.already, summary.resumed) == (1_000, 1, 1)
    assert "went on where an earlier import had stopped: 1 of 2 files" in summary.text()
    rows = rows_of(tmp_path / "archive")
    assert len(rows) == 1_000
    assert len({row["visitor"] for row in rows}) == 50  # pseudonyms outlived both interruptions
    assert not list((tmp_path / "archive" / "imports").glob("*.unfinished"))
    assert not list((tmp_path / "archive" / "imports").glob("*.lock"))


def test_partitions_of_a_day_share_a_file_and_are_read_apart(tmp_path: Path) -> None:
    days_of_may = [line(f"/{day}/{each}", client=f"192.0.2.{each}", time=f"{day}/May/2026:12:00:00 +0000")
                   for day in (11, 12) for each in range(100)]  # fmt: skip
    _, rows = imported(tmp_path, *days_of_may)
    root = tmp_path / "archive"
    first = date(2026, 5, 11)
    assert [len(files_of(root, day)) for day in days(root)] == [1, 1]
    apart = [read_events(root, first, partition) for partition in range(intake.DEFAULT_PARTITIONS)]
    for partition, events in enumerate(apart):
        visitors = events["visitor"].to_pylist()
        assert {visitor % intake.DEFAULT_PARTITIONS for visitor in visitors} <= {partition}
    assert sum(events.num_rows for events in apart) == 100
    assert len(rows) == 200


def test_a_file_of_an_import_holds_whole_partitions_of_one_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "ROWS_OF_A_FILE", 3)
    many = intake.Intake(tmp_path, "log", site=SITE, partitions=4, salts=intake.ImportSalts())
    noon = 1_795_345_200_000
    visitors = [0, 4, 1, 5, 9, 2, 3, 3]
    many.take(pa.table({
        "visitor": pa.array([*visitors, 2], pa.int64()),
        "time": pa.array([noon] * len(visitors) + [noon + 86_400_000], pa.int64()),
        "page_view": [f"{number:012d}" for number in range(9)], "site": ["log"] * 9, "kind": ["view"] * 9,
        "path": ["/"] * 9, "index": pa.array([0] * 9, pa.int16()),
    }))  # fmt: skip
    many.finish()
    found = [path.parent.name for day in days(tmp_path) for path in files_of(tmp_path, day)]
    assert found == ["partition=00-01", "partition=02-03", "partition=02"]


def test_after_two_days_an_interrupted_import_begins_anew(tmp_path: Path) -> None:
    def begun(at_s: float) -> intake.Intake:
        salts = intake.ImportSalts()
        return intake.Intake(tmp_path, "log", site=SITE, partitions=2, salts=salts, clock=lambda: at_s)

    day = date(2026, 11, 22)
    first = begun(1e9)
    salt = first.salt(day)
    first.write_journal()
    assert begun(1e9 + 3_600).salt(day) == salt
    assert begun(1e9 + intake.SALT_LIFE_S + 1).salt(day) != salt
    (journal,) = (tmp_path / "imports").glob("*.unfinished")
    written = journal.stat().st_mtime
    assert intake.forget_abandoned(tmp_path, written + intake.SALT_LIFE_S - 1) == 0
    assert intake.forget_abandoned(tmp_path, written + intake.SALT_LIFE_S + 1) == 1
    assert not journal.exists()


def test_two_imports_of_one_file_at_once_are_refused(tmp_path: Path) -> None:
    busy = pytest.raises(ArchiveError, match="by another process")
    with intake.alone(tmp_path, "log"), busy, intake.alone(tmp_path, "log"):
        pass


def test_the_same_file_twice_in_one_import_is_one(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text(line("/a") + line("/b"))
    summary = import_access_log([log, log], site=SITE, archive_root=tmp_path / "archive")
    assert (summary.files, summary.already) == (2, 1)
    assert len(rows_of(tmp_path / "archive")) == 2


def _of(*clients: int, hour: int) -> list[str]:
    """A line of each client in an hour; the log that grows has more of them."""
    return [line(client=f"192.0.2.{each}", time=f"22/Nov/2026:{hour:02d}:00:00 +0100") for each in clients]


def test_a_log_that_grew_counts_its_lines_once_and_says_which_visitors_are_two(tmp_path: Path) -> None:
    morning, evening = _of(*range(40), hour=9), _of(*range(20, 60), hour=19)
    first, before = imported(tmp_path, *morning)
    second, rows = imported(tmp_path, *morning, *evening)
    assert (first.again, first.split, second.again) == (0, 0, 40)
    assert len({row["page_view"] for row in rows}) == len(rows) == 80
    visitors = {row["visitor"] for row in rows}
    assert len(visitors) == 60 + second.split
    assert 0 < second.split < 20  # who came twice, and has the lower pseudonym in the first import
    kept = {row["page_view"]: row["visitor"] for row in before}
    assert any(kept.get(row["page_view"]) == row["visitor"] for row in rows)
    assert "counted once: 40 of 80 views" in second.text()
    assert f"visitors who count as two, by pseudonyms of both imports: {second.split}" in second.text()
    assert "counted once" not in first.text()


@pytest.mark.parametrize(
    ("earlier", "later", "again"),
    [
        pytest.param(_of(1, 2, hour=9), _of(1, 2, hour=10), 0, id="another part of the day"),
        pytest.param(_of(1, 2, hour=9), [line("/b", time="23/Nov/2026:12:00:00 +0100")], 0, id="another day"),
        pytest.param(_of(1, 2, hour=9), [*_of(1, 2, hour=9), line("/stijl.css")], 2, id="no new view"),
        pytest.param(_of(*range(30), hour=9), _of(*range(9, 50), hour=9), 21, id="nobody in both parts"),
    ],
)
def test_visitors_are_one_where_no_part_of_their_day_is_new(
    tmp_path: Path, earlier: list[str], later: list[str], again: int
) -> None:
    imported(tmp_path, *earlier)
    summary, _ = imported(tmp_path, *later)
    assert (summary.again, summary.split) == (again, 0)
    assert ("counted once" in summary.text()) is bool(again)
    assert "count as two" not in summary.text()


def test_programs_are_no_visitors_who_are_two(tmp_path: Path) -> None:
    crawled = [line(f"/{each}", client=f"192.0.2.{each}", agent=BOT) for each in range(20)]
    imported(tmp_path, *crawled)
    evening = [one.replace(":12:", ":20:") for one in crawled]
    summary, _ = imported(tmp_path, *crawled, *evening)
    assert (summary.again, summary.split) == (20, 0)


def test_files_of_one_import_share_their_pseudonyms(tmp_path: Path) -> None:
    files = [tmp_path / "access.log.1", tmp_path / "access.log"]
    for number, file in enumerate(files):
        file.write_text("".join([*_of(*range(20), hour=9), *_of(*range(20), hour=10 + number)]))
    summary = import_access_log(files, site=SITE, archive_root=tmp_path / "archive")
    assert (summary.again, summary.split) == (0, 0)
    assert len({row["visitor"] for row in rows_of(tmp_path / "archive")}) == 20


def test_a_file_that_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opened, "UNPACKED_FREELY", 1 << 20)
    monkeypatch.setattr(opened, "BLOCK_BYTES", 1 << 16)
    bomb = tmp_path / "access.log.gz"
    bomb.write_bytes(gzip.compress(bytes(4 << 20)))
    with pytest.raises(ImportFileError, match=r"access\.log\.gz unpacks to more than 200 times its size"):
        import_access_log([bomb], site=SITE, archive_root=tmp_path / "archive")


def test_a_line_without_end_is_one_malformed_line_in_little_memory(tmp_path: Path) -> None:
    import tracemalloc

    log = tmp_path / "access.log"
    log.write_bytes(line("/a").encode() + b"x" * (40 << 20) + b"\n" + line("/b").encode())
    tracemalloc.start()
    summary = import_access_log([log], site=SITE, archive_root=tmp_path / "archive")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (summary.lines, summary.views, summary.malformed) == (3, 2, 1)
    assert most < 30 << 20


def test_nul_bytes_cost_at_most_their_own_line(tmp_path: Path) -> None:
    summary, rows = imported(tmp_path, line("/a"), "\0" * 500 + "\n", line("/b\0c"), line("/d"))
    assert summary.lines == 4
    assert {"/a", "/d"} <= {str(row["path"]) for row in rows}
    assert "\0" not in str(rows)

# SPDX-License-Identifier: EUPL-1.2
"""Closing a day: from the archive to files that a report reads."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pandas as pd
import pyarrow.parquet as pq
import pytest

from analysis import day_tables
from analysis.close import CloseResult, close_day, close_days
from analysis.errors import TableError
from analysis.frames import conform
from analysis.journeys import from_archive, from_day_tables
from analysis.reconstruct import TABLES
from tests.analysis.stories import DAY, SITE, SITES, TASKS, Story, tables_of
from tests.analysis.test_units import ONE, busy_day
from tests.archives import append
from tracker.archive import ArchiveError
from tracker.archive_files import files_of


def archived(root: Path, story: Story, name: str = "verhaal", partitions: int = 16) -> Path:
    append(root / "archive", story.events, name=name, sites=SITES, partitions=partitions)
    return root


def close(root: Path, day: date = DAY, partitions: int = 16, now_ms: int | None = None) -> CloseResult:
    return close_day(
        root / "archive",
        root / "tables",
        day,
        sites=SITES,
        tasks={SITE.name: TASKS},
        experiments=[ONE],
        partitions=partitions,
        now_ms=now_ms,
    )


def files(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in (root / "tables").rglob("*.parquet")}


def test_a_closed_day_holds_what_the_events_say(tmp_path: Path) -> None:
    story = busy_day()
    result = close(archived(tmp_path, story))
    assert (result.events, result.visitors) == (len(story.events), 24)
    assert result.units == {"zwerfvuil": 21}
    whole = tables_of(story.frame(), experiments={"zwerfvuil": ONE})
    for name, columns in TABLES.items():
        read = conform(day_tables.read(tmp_path / "tables", name), columns)
        assert len(read) >= len(whole[name])
    read = day_tables.read(tmp_path / "tables", "buckets", experiment="zwerfvuil")
    keys = ["experiment", "variant", "bucket", "segment"]
    summed = read.groupby(keys, as_index=False).sum()
    pd.testing.assert_frame_equal(
        summed.sort_values(keys, ignore_index=True), whole["buckets"].sort_values(keys, ignore_index=True)
    )
    questions = day_tables.read(tmp_path / "tables", "questions")
    assert questions["events"].sum() == len(story.events)
    assert not questions.duplicated(["day", "partition", "question"]).any()


def test_closing_again_gives_the_same_files(tmp_path: Path) -> None:
    close(archived(tmp_path, busy_day()))
    before = files(tmp_path)
    close(tmp_path)
    assert files(tmp_path) == before
    assert all("partition=00-15" in name for name in before)


@pytest.mark.parametrize(
    ("imported", "goes_on", "minutes", "outcome"),
    [
        pytest.param(False, False, 5, "censored", id="closed while it was open"),
        pytest.param(False, False, 31, "abandoned", id="closed after a silence"),
        pytest.param(False, False, 3000, "abandoned", id="closed when the DAY was over"),
        pytest.param(True, False, 3000, "censored", id="a log that was copied at that moment"),
        pytest.param(True, True, 3000, "abandoned", id="a log that goes on the next DAY"),
    ],
)
def test_what_was_open_when_our_view_ended_is_not_judged(
    tmp_path: Path, imported: bool, goes_on: bool, minutes: int, outcome: str
) -> None:
    """Nobody knows how it went on, so it is no failure of the page; the same straight from the archive."""
    story = Story()
    story.page("/grofvuil", 10, came=story.search("grofvuil", 0))
    archived(tmp_path, story, partitions=1)
    if goes_on:
        later = Story(events=[msgspec.structs.replace(e, time=e.time + 86_400_000) for e in story.events])
        archived(tmp_path, later, name="next", partitions=1)
    (file,) = files_of(tmp_path / "archive", DAY)
    if not imported:
        file.rename(file.with_name("1-0-9-0.parquet"))
    moment = story.events[-1].time + minutes * 60_000
    close(tmp_path, partitions=1, now_ms=moment)
    found = from_archive(
        tmp_path / "archive", [DAY], sites=SITES, tasks={SITE.name: TASKS}, now_ms=moment
    ).questions
    for questions in (day_tables.read(tmp_path / "tables", "questions"), found):
        assert questions["outcome"].tolist() == [outcome]


def test_what_came_late_is_in_the_day_that_is_closed_again(tmp_path: Path) -> None:
    story = busy_day()
    late = Story(events=[event for event in story.events if event.visitor == 3])
    early = Story(events=[event for event in story.events if event.visitor != 3])
    close(archived(tmp_path, early))
    assert len(day_tables.read(tmp_path / "tables", "units")) == 20
    close(archived(tmp_path, late, name="later"))
    assert len(day_tables.read(tmp_path / "tables", "units")) == 21


def test_a_large_day_is_read_partition_by_partition(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    close(archived(tmp_path, busy_day()))
    at_once = {name: day_tables.read(tmp_path / "tables", name) for name in TABLES}
    monkeypatch.setattr("analysis.pieces.AT_ONCE_BYTES", 0)
    result = close(tmp_path)
    assert result.visitors == 24
    together = {Path(name).parts[1] for name in files(tmp_path) if "partition=00-15" in name}
    assert together == set(day_tables.ADDED)  # only what adds up, and each in one file
    for name, table in at_once.items():
        pd.testing.assert_frame_equal(day_tables.read(tmp_path / "tables", name), table)


def test_a_day_without_events_says_so(tmp_path: Path) -> None:
    archived(tmp_path, busy_day())
    result = close(tmp_path, DAY + timedelta(days=3))
    assert "no events" in result.sentence()
    assert day_tables.closed_days(tmp_path / "tables") == [DAY + timedelta(days=3)]
    assert day_tables.read(tmp_path / "tables", "questions").empty


def test_days_are_read_one_by_one_or_together(tmp_path: Path) -> None:
    story = busy_day()
    close(archived(tmp_path, story))
    close(tmp_path, DAY + timedelta(days=1))
    assert len(day_tables.read(tmp_path / "tables", "units", days=[DAY])) == 21
    assert day_tables.read(tmp_path / "tables", "units", days=[DAY + timedelta(days=1)]).empty
    assert day_tables.read(tmp_path / "tables", "units", experiment="iets").empty


def test_nothing_closed_is_an_empty_table(tmp_path: Path) -> None:
    for name, columns in TABLES.items():
        assert conform(day_tables.read(tmp_path, name), columns).empty


def test_another_number_of_partitions_is_refused(tmp_path: Path) -> None:
    archived(tmp_path, busy_day())
    with pytest.raises(ArchiveError, match="16 partitions"):
        close(tmp_path, partitions=8)


def test_what_was_set_aside_for_all_is_read_with_each_experiment(tmp_path: Path) -> None:
    story = busy_day()
    story.page("/", 0, visitor=99, automated=True)
    close(archived(tmp_path, story))
    aside = day_tables.read(tmp_path / "tables", "set_aside", experiment="zwerfvuil")
    assert set(aside["reason"]) == {"bot"}


def test_wrong_use_of_a_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(TableError, match='no table "question"'):
        day_tables.read(tmp_path, "question")
    close(archived(tmp_path, busy_day()))
    with pytest.raises(TableError, match="does not know experiments"):
        day_tables.read(tmp_path / "tables", "questions", experiment="zwerfvuil")


def test_a_table_of_another_version_is_refused(tmp_path: Path) -> None:
    close(archived(tmp_path, busy_day()))
    path = next((tmp_path / "tables" / "units").rglob("*.parquet"))
    table = pq.read_table(path)
    pq.write_table(table.replace_schema_metadata({"klantreis.tables": "0"}), path)
    with pytest.raises(TableError, match="Close its day again"):
        day_tables.read(tmp_path / "tables", "units")


def test_a_day_closed_before_a_column_was_there_is_read_without_it(tmp_path: Path) -> None:
    """The events may be gone, so that it cannot be closed again; a later DAY has the column."""
    story, tables = busy_day(), tmp_path / "tables"
    archived(tmp_path, story)
    close(tmp_path)
    for path in (tables / "questions").rglob("*.parquet"):
        table = pq.read_table(path)
        pq.write_table(table.drop_columns(["audience", "visit"]), path)
    later = [msgspec.structs.replace(event, time=event.time + 3 * 86_400_000) for event in story.events]
    archived(tmp_path, Story(events=later), name="later")
    close(tmp_path, DAY + timedelta(days=3))
    asked = day_tables.read(tables, "questions")
    conform(asked, TABLES["questions"])
    old, new = (asked[asked["day"] == str(day)] for day in sorted(set(asked["day"])))
    assert len(old) == len(new) > 0
    assert set(old["audience"]) == set(old["visit"]) == {""}
    assert set(new["visit"]) == {"first"}
    again = day_tables.read(tables, "questions", [DAY], columns=["visit"])
    assert again["visit"].tolist() == [""] * len(old)
    assert set(from_day_tables(tables).questions["visit"]) == {"", "first"}


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    close(archived(tmp_path, busy_day()))
    path = next((tmp_path / "tables" / "units").rglob("*.parquet"))
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(TableError, match=path.name):
        day_tables.read(tmp_path / "tables", "units")


@pytest.mark.parametrize("fault", ["unreadable events", "unwritable tables"])
def test_a_day_that_fails_keeps_no_other_from_being_closed(tmp_path: Path, fault: str) -> None:
    """Its earlier tables stay, unless it may be half there: reports would add up that half."""
    story, later = busy_day(), DAY + timedelta(days=3)
    others = [msgspec.structs.replace(event, time=event.time + 3 * 86_400_000) for event in story.events]
    archived(tmp_path, story)
    close(tmp_path)
    archived(tmp_path, Story(events=others), name="others")
    if fault == "unreadable events":
        at = files_of(tmp_path / "archive", DAY)[-1]
        at.write_bytes(at.read_bytes()[:100])
    else:
        at = tmp_path / "tables" / "units" / f"day={DAY}"
        shutil.rmtree(at)
        at.write_text("in the way")
    wrong: list[tuple[date, str]] = []
    results = close_days(
        tmp_path / "archive",
        tmp_path / "tables",
        [DAY, later],
        sites=SITES,
        tasks={SITE.name: TASKS},
        experiments=[ONE],
        failed=lambda day, error: wrong.append((day, str(error))),
    )
    assert [result.day for result in results] == [later]
    assert [day for day, _ in wrong] == [DAY]
    whole = fault == "unreadable events"
    assert (at.name in wrong[0][1]) == whole
    assert day_tables.closed_days(tmp_path / "tables") == ([DAY, later] if whole else [later])
    assert day_tables.read(tmp_path / "tables", "buckets", [DAY]).empty != whole


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    archived(tmp_path, busy_day())
    (tmp_path / "tables").write_text("in the way")
    with pytest.raises(TableError, match="cannot be written"):
        close(tmp_path)

# SPDX-License-Identifier: EUPL-1.2
"""When the round beside a server closes a DAY: not too early, not too seldom, and also after trouble."""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from analysis import day_tables
from analysis.errors import AnalysisError
from analysis.report import Status
from experiments.definition import Better, Metric
from klantreis.failures import AGAIN_S, Failures
from klantreis.jobs import archiver_of, close_days, make_report, now, register_of, task_digests
from klantreis.night import look_for_silence, must_be_closed, one_round, run_forever
from klantreis.settings import Settings, SiteFiles
from klantreis.store import open_store
from tests.archives import append
from tests.experiments.definitions import NOON, litter
from tests.klantreis.processes import klantreis
from tests.tracker.beacons import SITES
from tracker.archive import ArchiveResult
from tracker.archive_files import files_of
from tracker.archive_reader import days, read_events
from tracker.day import day_bounds
from tracker.event import Event, Kind
from tracker.keys import Keys
from tracker.site import Site, Sites
from tracker.stream import encode

DAY = date(2026, 6, 1)
SITE = Site("voorbeeldstad", frozenset({"www.voorbeeldstad.nl"}))
ENDS = day_bounds(DAY, SITE.zone)[1]
HOUR = 3_600_000


def _installation(data: Path, *, archived_s: int, closed_s: int | None) -> Settings:
    """One archived file and perhaps one table of the DAY, last written at those moments."""
    files = {"archive/day=2026-06-01/partition=00/1-2.parquet": archived_s}
    if closed_s is not None:
        files["tables/sessions/day=2026-06-01/partition=00-15.parquet"] = closed_s
    for name, written_s in files.items():
        path = data / name
        path.parent.mkdir(parents=True)
        path.touch()
        os.utime(path, (written_s, written_s))
    return Settings(data=data, sites=(SITE,))


def test_late_events_are_waited_for(tmp_path: Path) -> None:
    settings = _installation(tmp_path, archived_s=1000, closed_s=None)
    assert not must_be_closed(settings, DAY, ENDS)
    assert not must_be_closed(settings, DAY, ENDS + HOUR)
    assert must_be_closed(settings, DAY, ENDS + HOUR + 1)


def test_what_was_closed_after_its_last_event_is_left_alone(tmp_path: Path) -> None:
    settings = _installation(tmp_path, archived_s=ENDS // 1000, closed_s=ENDS // 1000 + 1)
    assert not must_be_closed(settings, DAY, ENDS + 2 * HOUR)


def test_a_day_that_was_closed_too_early_is_closed_again(tmp_path: Path) -> None:
    settings = _installation(tmp_path, archived_s=1001, closed_s=1000)
    assert must_be_closed(settings, DAY, ENDS + 2 * HOUR)


def test_what_was_closed_while_it_was_open_is_closed_again(tmp_path: Path) -> None:
    """Also where no event came after: those who were still busy then are judged now."""
    settings = _installation(tmp_path, archived_s=ENDS // 1000 - 7200, closed_s=ENDS // 1000 - 3600)
    assert must_be_closed(settings, DAY, ENDS + 2 * HOUR)


def test_a_day_closed_by_hand_leaves_open_what_is_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, _, last = _with_days(tmp_path, in_the_way=False)
    five_minutes_later = day_bounds(last, SITE.zone)[0] + 36_300_000
    monkeypatch.setattr("klantreis.jobs.now", lambda: datetime.fromtimestamp(five_minutes_later / 1000, UTC))
    (file,) = files_of(settings.archive, last)[:1]
    file.rename(file.with_name("1-0-9-0.parquet"))  # as from a collector
    close_days(settings, [last], [])
    assert set(day_tables.read(settings.tables, "questions")["outcome"]) == {"censored"}
    monkeypatch.undo()
    close_days(settings, [last], [])
    assert set(day_tables.read(settings.tables, "questions")["outcome"]) == {"abandoned"}


def test_what_fell_silent_is_told_to_who_watches(tmp_path: Path) -> None:
    """The archiver judges, in the store the collectors find it, and it says so in the log."""
    from tests.tracker.test_silence import NOW, archive
    from tracker.watching import verdicts_of

    archive(tmp_path / "archive", broken_page=True)
    settings = Settings(data=tmp_path, sites=tuple(SITES))
    with open_store(tmp_path) as store:
        look_for_silence(settings, store, NOW)
        told = verdicts_of(store.client().get(Keys().silence))
    assert told is not None
    assert told.checked_at == NOW
    assert not told.sites["voorbeeldstad"].silent
    assert list(told.pages["voorbeeldstad"]) == ["/afval"]


def test_a_round_archives_joins_and_keeps_house_once_a_day(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, sites=(SITE,), partitions=2)
    with open_store(tmp_path) as store:
        client, keys = store.client(), Keys()
        long_ago, lately = (int((now() - timedelta(days=ago)).timestamp() * 1000) for ago in (40, 5))
        for number in range(8):
            one = Event(
                site=SITE.name, visitor=number, time=(long_ago, lately)[number % 2] + number,
                page_view=f"page{number:08d}", index=0, kind=Kind.VIEW, path="/afval",
            )  # fmt: skip
            client.xadd(keys.events(number // 2 % 2), encode(one))
        one_round(settings, store, archiver := archiver_of(settings, store))
        (day,) = days(settings.archive)
        assert [path.name for path in files_of(settings.archive, day)] == ["joined-1.parquet"]
        assert read_events(settings.archive, day).num_rows == 4
        closed = sorted(path.name for path in settings.tables.glob("sessions/day=*"))
        assert len(closed) == 2, "the old DAY was closed before its events went"
        (record,) = (tmp_path / "retention").iterdir()
        before = record.stat().st_mtime_ns
        one_round(settings, store, archiver)
        assert record.stat().st_mtime_ns == before
        archiver.close()


def _with_days(data: Path, *, in_the_way: bool) -> tuple[Settings, date, date]:
    """An installation with two DAYs that are over, of which the first perhaps cannot have its tables."""
    first, second = (now().date() - timedelta(days=ago) for ago in (5, 3))
    for number, day in enumerate((first, second)):
        events = [
            Event(
                site=SITE.name, visitor=visitor, time=day_bounds(day, SITE.zone)[0] + 36_000_000 + visitor,
                page_view=f"page{number}{visitor:07d}", index=0, kind=Kind.VIEW, path="/afval",
            )
            for visitor in range(4)
        ]  # fmt: skip
        append(data / "archive", events, name=f"day{number}", sites=Sites([SITE]), partitions=2)
    if in_the_way:
        path = data / "tables" / "units" / f"day={first}"
        path.parent.mkdir(parents=True)
        path.write_text("in the way")
    return Settings(data=data, sites=(SITE,), partitions=2), first, second


class _Archiver:
    """One that finds the store empty; it says how often it was asked."""

    def __init__(self, stop: threading.Event, rounds: int) -> None:
        self._stop, self.left = stop, rounds

    def work(self, *, linger_s: float) -> ArchiveResult:
        self.left -= 1
        if self.left == 0:
            self._stop.set()
        return ArchiveResult()

    def close(self) -> None: ...


def _failed(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """What the log calls failed, with its sentence."""
    fields = [(vars(record).get("klantreis", {}), record.getMessage()) for record in caplog.records]
    return [(of["object"], sentence) for of, sentence in fields if of.get("result") == "failed"]


def test_one_day_that_cannot_be_closed_keeps_nothing_else_from_going_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The round goes on, the other DAY is closed, and the log says it once, not every ten seconds."""
    settings, bad, good = _with_days(tmp_path, in_the_way=True)
    stop = threading.Event()
    archiver = _Archiver(stop, rounds=3)
    monkeypatch.setattr("klantreis.night.archiver_of", lambda *_: archiver)
    with open_store(tmp_path) as store, caplog.at_level("INFO"):
        run_forever(settings, store, stop, every_s=0.0)
    assert archiver.left == 0
    told = [sentence for what, sentence in _failed(caplog) if what == f"day {bad}"]
    assert len(told) == 1
    assert "cannot be written" in told[0]
    assert day_tables.closed_days(settings.tables) == [good]


def test_a_day_that_failed_is_closed_once_it_can_be(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an hour, without a new start; and what fails for all DAYs ends no round either."""
    settings, first, second = _with_days(tmp_path, in_the_way=False)
    tasks = tmp_path / "tasks.toml"
    tasks.write_text("[task.afval\n")
    settings = replace(settings, files={SITE.name: SiteFiles(tasks=tasks)})
    clock = [0.0]
    failures = Failures(logging.getLogger("klantreis.night"), monotonic=lambda: clock[0])
    with open_store(tmp_path) as store:
        one_round(settings, store, archiver := archiver_of(settings, store), failures=failures)
        assert [what for what, _ in _failed(caplog)] == [f"day {first}", f"day {second}"]
        assert all("is not valid TOML" in sentence for _, sentence in _failed(caplog))
        tasks.write_text('[task.afval]\nquestion = "Afval"\npages = ["/afval"]\nanswers = ["/afval"]\n')
        one_round(settings, store, archiver, failures=failures)
        assert day_tables.closed_days(settings.tables) == []
        clock[0] += AGAIN_S
        one_round(settings, store, archiver, failures=failures)
        archiver.close()
    assert day_tables.closed_days(settings.tables) == [first, second]


def test_a_fault_of_ours_is_told_with_where_it_arose(caplog: pytest.LogCaptureFixture) -> None:
    failures = Failures(logging.getLogger("klantreis.night"))
    with failures.told("compute", "report of zwerfvuil"):
        raise ZeroDivisionError
    where, told = caplog.records
    assert where.exc_info is not None
    assert where.exc_info[0] is ZeroDivisionError
    assert "fault of klantreis (ZeroDivisionError)" in told.message
    with failures.told("close", "day 2026-11-02"):
        raise AnalysisError("The file tasks.toml names no task.")
    assert caplog.records[2].message == "The file tasks.toml names no task."
    assert len(caplog.records) == 3


def test_one_report_that_cannot_be_made_keeps_no_other_from_being_renewed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings, _, _ = _with_days(tmp_path, in_the_way=False)
    with open_store(tmp_path) as store:
        register = register_of(store)
        register.start(litter(name="a-bad", primary=Metric("nonsense", Better.HIGHER)), actor="t", now=NOON)
        register.start(litter(name="b-good"), actor="t", now=NOON)
        one_round(settings, store, archiver := archiver_of(settings, store))
        archiver.close()
    assert [what for what, _ in _failed(caplog)] == ["report of a-bad"]
    assert sorted(path.stem for path in settings.reports.glob("*.json")) == ["b-good"]


def test_a_command_does_the_rest_before_it_fails(tmp_path: Path) -> None:
    """`klantreis close` closes the other DAY, and then exits with 2 and the sentence."""
    settings, bad, good = _with_days(tmp_path, in_the_way=True)
    (tmp_path / "klantreis.toml").write_text(
        'partitions = 2\n[site.voorbeeldstad]\nhosts = ["www.voorbeeldstad.nl"]\n'
    )
    done = klantreis("close", "--data", tmp_path)
    assert done.returncode == 2
    assert "1 days closed" in done.stdout
    assert f"klantreis: day {bad}: " in done.stderr
    assert "Traceback" not in done.stderr
    assert day_tables.closed_days(settings.tables) == [good]


def test_a_report_tells_that_tasks_were_changed_since_the_start(tmp_path: Path) -> None:
    """From the command that starts to the report: the register keeps what an answer was."""
    settings, first, second = _with_days(tmp_path, in_the_way=False)
    tasks = tmp_path / "tasks.toml"
    text = '[task.zwerfvuil]\nquestion = "Afval"\npages = ["/afval"]\nanswers = ["/afval"]\n'
    tasks.write_text(text)
    settings = replace(settings, files={SITE.name: SiteFiles(tasks=tasks)})
    running = litter(starts=first, ends=second)
    with open_store(tmp_path) as store:
        register_of(store).start(running, actor="t", now=NOON, tasks=task_digests(settings, running.site))
        close_days(settings, [first], [running])
        tasks.write_text(text + 'goals = ["melding_verzonden"]\n')
        close_days(settings, [second], [running])
        report = make_report(settings, store, running.name)
    (check,) = [check for check in report.checks if check.name == "definitions"]
    assert check.status is Status.FAIL
    assert f"tasks.toml from {second} on (zwerfvuil)" in check.detail

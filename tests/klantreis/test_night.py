# SPDX-License-Identifier: EUPL-1.2
"""When the round beside a server closes a DAY: not too early, not too seldom, and also after trouble."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

from klantreis.jobs import archiver_of, now
from klantreis.night import look_for_silence, must_be_closed, one_round
from klantreis.settings import Settings
from klantreis.store import open_store
from tests.tracker.beacons import SITES
from tracker.archive_files import files_of
from tracker.archive_reader import days, read_events
from tracker.day import day_bounds
from tracker.event import Event, Kind
from tracker.keys import Keys
from tracker.site import Site
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
    settings = _installation(tmp_path, archived_s=1000, closed_s=1001)
    assert not must_be_closed(settings, DAY, ENDS + 2 * HOUR)


def test_a_day_that_was_closed_too_early_is_closed_again(tmp_path: Path) -> None:
    settings = _installation(tmp_path, archived_s=1001, closed_s=1000)
    assert must_be_closed(settings, DAY, ENDS + 2 * HOUR)


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

# SPDX-License-Identifier: EUPL-1.2
"""The round that goes on beside a server: archive every few seconds, close a DAY once it is over, keep house.

What fails, such as one DAY or one report, is told in the log and tried again an hour later; the rest goes on.

After each hour it looks which sites fell silent (`tracker.silence`), and tells the store for who watches. At
night it joins the files of finished DAYs and removes what is older than it may be.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING

import msgspec
import redis
from redis.exceptions import RedisClusterException

from klantreis.failures import Failures
from klantreis.jobs import (
    archiver_of,
    close_days,
    is_demonstration,
    now,
    promised_experiments,
    register_of,
    renew,
)
from tracker.archive import ArchiveResult
from tracker.archive import days as archived_days
from tracker.archive_files import BusyError, files_of
from tracker.contacts import SideTable
from tracker.day import day_bounds, day_of
from tracker.happenings import StoreWatch, happened
from tracker.hours import SETTLED_S, look
from tracker.keys import Keys
from tracker.silence import Verdicts
from tracker.wire import STALE_MS

TOO_MANY_FILES = 1_000  # of a DAY that is not over

if TYPE_CHECKING:
    from klantreis.settings import Settings
    from klantreis.store import Store
    from tracker.archive import Archiver

LOG = logging.getLogger(__name__)


def run_forever(
    settings: Settings, store: Store, stop: threading.Event, *, every_s: float, linger_s: float = 0.0
) -> None:
    """Go round until `stop` is set. A store that is away is waited for; nothing is lost meanwhile.

    Events may wait in the store for `linger_s` seconds, so that few visitors make few files.
    """
    watch, failures, looked_at = StoreWatch(LOG), Failures(LOG), 0
    archiver = archiver_of(settings, store)

    def listen() -> None:
        nonlocal looked_at
        now_s = now().timestamp()
        if looked_at != (hour := int(now_s - SETTLED_S) // 3600):
            if not is_demonstration(settings.data):  # its visitors came once and are silent for good
                look_for_silence(settings, store, now_s)
            looked_at = hour

    happened(LOG, "Archiving.", action="start", object="archiver", every_s=every_s)
    try:
        while not stop.is_set():
            try:
                one_round(settings, store, archiver, linger_s=linger_s, failures=failures, listen=listen)
                watch.answered()
            except (redis.RedisError, RedisClusterException) as error:
                watch.away(error)
            stop.wait(every_s)
    finally:
        with suppress(redis.RedisError):  # then the leases end by themselves
            archiver.close()
    happened(LOG, "Stopped archiving.", action="stop", object="archiver")


def one_round(
    settings: Settings,
    store: Store,
    archiver: Archiver,
    *,
    linger_s: float = 0.0,
    failures: Failures | None = None,
    listen: Callable[[], None] = lambda: None,
) -> None:
    """Archive, close what must be, `listen` for silence, keep house.

    Keeping house asks most of a store; one that refuses it must not make us deaf. Raises `redis.RedisError`
    while the store is away.
    """
    failures = failures or Failures(LOG)
    with failures.told("archive", "events"):
        moved = archiver.work(linger_s=linger_s)
        if moved.events or moved.unreadable:
            _report(moved)
    with failures.told("close", "days"):
        _close_finished(settings, store, failures)
    with failures.told("watch", "silence"):
        listen()
    with failures.told("compact", "archive"):
        _join_files(settings)
    with failures.told("retain", "events"):
        _remove_what_is_old(settings, store)


def _join_files(settings: Settings) -> None:
    """Join the files of a DAY after it was closed, or where there are too many. Another may be at it."""
    from klantreis.keeping import oldest_today
    from tracker.compaction import compact, is_due

    today = oldest_today(settings, now())
    with suppress(BusyError):
        for day in archived_days(settings.archive):
            crowded = len(files_of(settings.archive, day)) > TOO_MANY_FILES
            if crowded or (day < today and is_due(settings.archive, day)):
                compact(settings.archive, day)


def _remove_what_is_old(settings: Settings, store: Store) -> None:
    """Retention, once for each DAY."""
    from klantreis.keeping import oldest_today, retain

    today = oldest_today(settings, now())
    if (settings.data / "retention" / f"{today.isoformat()}.json").exists():
        return
    with suppress(BusyError):
        done = retain(settings, store)
        happened(
            LOG,
            "What is older than it may be was removed."
            if not done.rewrite.failed
            else f"What was removed is still in an append-only file, or may be; see {done.record}.",
            action="retain",
            object="events",
            result="failed" if done.rewrite.failed else "ok",
        )


def look_for_silence(settings: Settings, store: Store, now_s: float) -> Verdicts:
    """Judge every site, keep the verdicts in the store for collectors and `doctor`, log what fell silent."""
    verdicts = look(settings.archive, settings.registry(), now_s)
    store.client().set(Keys().silence, msgspec.json.encode(verdicts))
    for site, verdict in verdicts.sites.items():
        silent = [f"page {page} of {site}" for page in verdicts.pages[site]]
        for name in [f"site {site}", *silent] if verdict.silent else silent:
            happened(
                LOG,
                f"The {name} fell silent: far fewer views than in the same hours of earlier weeks.",
                action="watch",
                object=name,
                result="failed",
            )
    return verdicts


def _report(moved: ArchiveResult) -> None:
    happened(
        LOG,
        "Events were archived."
        if not moved.unreadable
        else "Some entries of the stream are not events; they are kept under archive/unreadable.",
        action="archive",
        object="events",
        result="failed" if moved.unreadable else "ok",
        events=moved.events,
        files=moved.files,
        unreadable=moved.unreadable,
    )


def must_be_closed(settings: Settings, day: date, now_ms: int) -> bool:
    """Whether a DAY is over, late events included, and its tables do not know it all: events came since, or
    it was closed while visitors were still at it."""
    last = now_ms - STALE_MS - 1  # a beacon may bring events of up to an hour ago
    if any(day >= day_of(last, site.zone) for site in settings.sites):
        return False
    places = (f"day={day}/**", *(f"{table}/day={day}" for table in SideTable))
    paths = [path for place in places for path in settings.archive.glob(f"{place}/*.parquet")]
    archived = [path.stat().st_mtime_ns for path in paths]
    closed = [path.stat().st_mtime_ns for path in settings.tables.glob(f"sessions/day={day}/*.parquet")]
    over = max((day_bounds(day, site.zone)[1] * 1_000_000 for site in settings.sites), default=0)
    return bool(archived) and (not closed or max(*archived, over) > min(closed))


def _close_finished(settings: Settings, store: Store, failures: Failures) -> None:
    """Close each DAY that must be, then renew the reports; also again where one of them failed."""
    now_ms = int(now().timestamp() * 1000)
    due = [
        day
        for day in archived_days(settings.archive)
        if must_be_closed(settings, day, now_ms) and not failures.rests(f"day {day}")
    ]
    again = failures.due_again("report", "pages")
    if not due and not again:
        return
    promised = promised_experiments(register_of(store))
    for day in due:
        with failures.told("close", f"day {day}"):
            close_days(settings, [day], promised.values())
    closed = [day for day in due if not failures.rests(f"day {day}")]
    if closed or again:
        renew(settings, store, promised, lambda what: failures.told("compute", what))
    for day in closed:
        happened(LOG, "A day is closed; reports and pages are renewed.", action="close", object=f"day {day}")

# SPDX-License-Identifier: EUPL-1.2
"""The round that goes on beside a server: archive every few seconds, close a DAY once it is over."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

import redis

from klantreis.jobs import archive_once, close_days, make_report, now, promised_experiments, register_of
from tracker.archive import days as archived_days
from tracker.day import day_of
from tracker.wire import STALE_MS

if TYPE_CHECKING:
    from klantreis.settings import Settings
    from klantreis.store import Store


def run_forever(
    settings: Settings, store: Store, stop: threading.Event, *, every_s: float, say: Callable[[str], None]
) -> None:
    """Go round until `stop` is set. A store that is away is waited for; nothing is lost meanwhile."""
    away = False
    while not stop.is_set():
        try:
            archive_once(settings, store)
            _close_finished(settings, store)
            away = False
        except (redis.ConnectionError, redis.TimeoutError) as error:
            if not away:
                say(f"The store is away ({error}); trying again every {every_s:g} s.")
            away = True
        stop.wait(every_s)


def must_be_closed(settings: Settings, day: date, now_ms: int) -> bool:
    """Whether a DAY is over, late events included, and has events that its tables do not know yet."""
    last = now_ms - STALE_MS - 1  # a beacon may bring events of up to an hour ago
    if any(day >= day_of(last, site.zone) for site in settings.sites):
        return False
    archived = [path.stat().st_mtime_ns for path in settings.archive.glob(f"day={day}/**/*.parquet")]
    closed = [path.stat().st_mtime_ns for path in settings.tables.glob(f"sessions/day={day}/*.parquet")]
    return bool(archived) and (not closed or max(archived) > min(closed))


def _close_finished(settings: Settings, store: Store) -> None:
    """Close each DAY that must be, then renew the reports."""
    now_ms = int(now().timestamp() * 1000)
    due = [day for day in archived_days(settings.archive) if must_be_closed(settings, day, now_ms)]
    if not due:
        return
    promised = promised_experiments(register_of(store))
    close_days(settings, due, promised.values())
    for name in promised:
        make_report(settings, store, name)

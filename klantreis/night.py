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

if TYPE_CHECKING:
    from klantreis.settings import Settings
    from klantreis.store import Store


def run_forever(
    settings: Settings, store: Store, stop: threading.Event, *, every_s: float, say: Callable[[str], None]
) -> None:
    """Go round until `stop` is set. A store that is away is waited for; nothing is lost meanwhile."""
    done: set[date] = set()
    away = False
    while not stop.is_set():
        try:
            archive_once(settings, store)
            _close_finished(settings, store, done)
            away = False
        except (redis.ConnectionError, redis.TimeoutError) as error:
            if not away:
                say(f"The store is away ({error}); trying again every {every_s:g} s.")
            away = True
        stop.wait(every_s)


def _close_finished(settings: Settings, store: Store, done: set[date]) -> None:
    """Close each DAY that has ended at every site and has no tables yet, then renew the reports."""
    today = min(
        (day_of(int(now().timestamp() * 1000), site.zone) for site in settings.sites), default=now().date()
    )
    closed = {path.name.removeprefix("day=") for path in settings.tables.glob("sessions/day=*")}
    for day in archived_days(settings.archive):
        if day >= today or day in done:
            continue
        done.add(day)
        if day.isoformat() in closed:
            continue
        promised = promised_experiments(register_of(store))
        close_days(settings, [day], promised.values())
        for name in promised:
            make_report(settings, store, name)

# SPDX-License-Identifier: EUPL-1.2
"""Weeks of visits to the real demo site, through the real collector, on a clock that only jumps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
import redis

from tests.web_demo.running_site import running_site
from tracker.collector import Collector, CollectorSettings
from tracker.day import day_of
from tracker.event import Event
from tracker.keys import Keys
from tracker.site import Site, Sites
from tracker.stream import decode
from tracker.words import dictionary
from web_demo.citizens.behaviour import Behaviour
from web_demo.citizens.daylight import Calendar
from web_demo.citizens.simulate import HOST, SimulationResult, simulate

START = date(2026, 11, 2)
ZONE = ZoneInfo("Europe/Amsterdam")
Simulated = Callable[..., "Run"]


@dataclass
class Run:
    """One simulation and everything that it left behind."""

    result: SimulationResult
    truth: pd.DataFrame
    events: list[Event]
    closed: list[date] = field(default_factory=list)
    stored_at_close: list[int] = field(default_factory=list)


class _Clock:
    def __init__(self) -> None:
        self.time_ms = 0

    def set(self, time_ms: int) -> None:
        self.time_ms = time_ms

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(self.time_ms / 1000, UTC)


@pytest.fixture
def simulated(store: redis.Redis, store_url: str, prefix: str, tmp_path: Path) -> Simulated:
    """`simulated(visitors, days, …)` runs a simulation of its own."""
    count = iter(range(100))

    def run(visitors: int, days: int, **options: Any) -> Run:
        number = next(count)
        keys, clock, truth = Keys(f"{prefix}{number}:"), _Clock(), tmp_path / f"truth-{number}.parquet"
        site = Site("voorbeeldstad", frozenset({HOST}))
        done = Run.__new__(Run)
        done.closed, done.stored_at_close = [], []

        def after_day(day: date) -> None:
            done.closed.append(day)
            done.stored_at_close.append(len(_events(store, keys)))

        async def visit() -> SimulationResult:
            collector = Collector(CollectorSettings(sites=Sites([site]), store_url=store_url), keys=keys)
            try:
                return await simulate(
                    site=running_site(clock, Random(1)).wsgi_app,
                    collector=collector,
                    visitors=visitors,
                    days=days,
                    seed=options.pop("seed", 1),
                    start=START,
                    clock=clock.set,
                    truth_path=truth,
                    after_day=after_day,
                    **options,
                )
            finally:
                await collector.close()

        done.result = asyncio.run(visit())
        done.truth, done.events = pd.read_parquet(truth), _events(store, keys)
        return done

    return run


def _events(store: redis.Redis, keys: Keys) -> list[Event]:
    words = dictionary(store.hgetall(keys.words))
    entries = [entry for part in range(16) for entry in store.xrange(keys.events(part))]
    return [decode(key, fields, words) for key, fields in entries]


def test_every_event_of_a_resident_is_stored_and_no_bot_s(simulated: Simulated) -> None:
    run = simulated(60, 3, behaviour=Behaviour(bot_share=0.1))
    assert run.result.crawlers == 6
    assert set(run.result.dropped) == {"bot"}
    assert len({(e.page_view, e.index) for e in run.events}) == len(run.events) > 500
    assert run.result.beacons > sum(run.result.dropped.values()) > 20
    views = {view for row in run.truth.page_views for view in row}
    assert {event.page_view for event in run.events} <= views


def test_the_truth_says_what_the_tracker_cannot_know(simulated: Simulated) -> None:
    run = simulated(60, 3)
    truth = run.truth
    goals = {event.page_view: event for event in run.events if event.goal}
    done = truth[(truth.ending == "done") & ~truth.opts_out]
    assert len(done) > 5
    assert all(any(view in goals for view in row) for row in done.page_views)
    gave_up = truth[truth.ending == "gave_up"]
    assert not any(view in goals for row in gave_up.page_views for view in row)
    assert (truth.answered == truth.ending.isin(["done", "found"])).all()
    assert truth.pages.sum() >= sum(len(row) for row in truth.page_views)
    shown = {event.exposures for event in run.events if event.exposures}
    assert any("zwerfvuil=redesign" in row for row in truth.exposures)
    assert any("zwerfvuil=redesign" in row for row in shown)


def test_who_opts_out_sends_nothing_and_sees_the_control(simulated: Simulated) -> None:
    run = simulated(40, 2, behaviour=Behaviour(gpc_share=1.0, bot_share=0.0))
    assert run.result.beacons == 0
    assert run.events == []
    assert run.result.page_views > 100
    assert run.truth.opts_out.all()
    assert (run.truth.exposures == "").all()
    assert not any(len(row) for row in run.truth.page_views)


def test_equal_seeds_give_equal_truths(simulated: Simulated) -> None:
    first, same, other = (simulated(25, 2, seed=seed).truth for seed in (7, 7, 8))
    pd.testing.assert_frame_equal(first, same)
    assert not first.equals(other)


def test_a_day_is_closed_when_all_its_beacons_are_stored(simulated: Simulated) -> None:
    run = simulated(40, 3)
    assert run.closed == [date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 4)]
    per_day = [sum(day_of(e.time, ZONE) <= day for e in run.events) for day in run.closed]
    assert run.stored_at_close == per_day


def test_people_come_by_day_and_hardly_at_night() -> None:
    calendar, random = Calendar(START, 14, ZONE), np.random.default_rng(3)
    moments = [calendar.first_visit(random) for _ in range(4000)]
    local = pd.to_datetime(pd.Series(moments), unit="ms", utc=True).dt.tz_convert(ZONE)
    hours = local.dt.hour
    assert hours.isin([0, 1, 2, 3, 4, 5]).mean() < 0.05
    assert hours.between(9, 11).mean() > 0.2
    assert hours.between(19, 21).mean() > hours.between(22, 23).mean() * 2
    days = {day_of(moment, ZONE) for moment in moments}
    assert (min(days), max(days), len(days)) == (START, date(2026, 11, 15), 14)


def test_a_day_of_25_hours_loses_nobody() -> None:
    calendar, random = Calendar(date(2026, 10, 24), 1, ZONE), np.random.default_rng(3)
    assert {day_of(calendar.first_visit(random), ZONE) for _ in range(500)} == {date(2026, 10, 24)}
    assert calendar.next_visit(calendar.opens_ms, 1, random) is None

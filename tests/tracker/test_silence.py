# SPDX-License-Identifier: EUPL-1.2
"""A site that falls silent is noticed, a quiet Christmas is not, and false alarms are as rare as promised."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import betabinom

from tests.tracker.archived import put, put_version_1
from tests.tracker.beacons import SITES
from tracker.day import day_of
from tracker.event import Event, Kind
from tracker.hours import last_hour, look
from tracker.silence import ALPHA, HOURS_OF_A_YEAR, SHAPE, WINDOWS, Window, judge, probability, windows_of
from tracker.site import Site
from tracker.stream_columns import table_of

if TYPE_CHECKING:
    from numpy.random import Generator

WEEK = 168


@given(st.integers(0, 300), st.lists(st.integers(0, 300), min_size=1, max_size=4))
def test_the_probability_is_the_one_of_scipy(seen: int, earlier: list[int]) -> None:
    window = Window(1, seen, tuple(earlier))
    whole = betabinom(seen + sum(earlier), SHAPE, SHAPE * len(earlier)).cdf(seen)
    assert probability(window) == pytest.approx(1.0 if seen >= window.expected else whole, rel=1e-9)


@pytest.mark.parametrize(
    ("seen", "earlier", "silent"),
    [
        pytest.param(0, (80, 75, 85, 80), True, id="nothing where eighty came"),
        pytest.param(0, (40, 40, 40, 40), False, id="nothing where forty came: too few to tell"),
        pytest.param(20, (1000, 1000, 1000, 1000), True, id="two per cent of the usual"),
        pytest.param(300, (1000, 1000, 1000, 1000), False, id="Christmas: three tenths of the usual"),
        pytest.param(0, (0, 0, 0, 0), False, id="a site that never sent"),
        pytest.param(0, (5000,), False, id="one week is no history"),
        pytest.param(9000, (10, 10, 10, 10), False, id="a storm"),
    ],
)
def test_what_counts_as_silence(seen: int, earlier: tuple[int, ...], silent: bool) -> None:
    assert judge([Window(1, seen, earlier)]).silent is silent


def year_of_views(random: Generator, *, weeks: int, hourly: float, shape: float | None) -> np.ndarray:
    """Views by hour of so many weeks: a day's rhythm, and levels that vary from week to week if told so."""
    rhythm = 1 + np.sin(np.arange(WEEK) * 2 * np.pi / 24)
    levels = np.ones(weeks) if shape is None else random.gamma(shape, 1 / shape, weeks)
    return random.poisson((levels[:, None] * rhythm * hourly).ravel())


@pytest.mark.parametrize("shape", [None, SHAPE], ids=["steady weeks", "weeks that vary by half"])
def test_false_alarms_are_at_most_as_frequent_as_promised(shape: float | None) -> None:
    """Sixty site-years: at most 0.44 a year are promised. An alarm lasts; hours in alarm are counted."""
    random, years, weeks = np.random.default_rng(7), 60, 52
    alarms = 0
    for _ in range(years):
        views = year_of_views(random, weeks=weeks + 4, hourly=100, shape=shape)
        sums = np.concatenate([[0], np.cumsum(views)])
        for hours in WINDOWS:
            at = np.arange(WEEK * 4 + 24, len(views)) + 1
            seen, *earlier = [sums[at - WEEK * week] - sums[at - WEEK * week - hours] for week in range(5)]
            low = np.flatnonzero(seen * 4 < sum(earlier) * 0.1)  # nothing above a tenth is ever an alarm
            windows = [Window(hours, int(seen[n]), tuple(int(week[n]) for week in earlier)) for n in low]
            alarms += sum(judge([window]).silent for window in windows)
    assert alarms / years <= ALPHA * HOURS_OF_A_YEAR * len(WINDOWS)


def test_an_outage_at_noon_is_seen_within_two_hours() -> None:
    random = np.random.default_rng(3)
    views = year_of_views(random, weeks=5, hourly=100, shape=None)
    outage = WEEK * 4 + 24 + 12
    hourly = {hour: int(count) for hour, count in enumerate(views) if hour < outage}
    assert not judge(windows_of(hourly, outage - 1, 4)).silent
    assert judge(windows_of(hourly, outage + 1, 4)).silent


NOW = datetime(2026, 6, 29, 12, 10, tzinfo=UTC).timestamp()  # a Monday, 14:10 in Amsterdam


def archive(
    root: Path, *, broken_page: bool = False, broken_site: bool = False, without: tuple[str, ...] = ()
) -> None:
    """Four weeks and a day of a view a minute on the home page and on /afval, every afternoon.

    `without` are columns that the files do not know, as those of an older version may not.
    """
    site = next(iter(SITES))
    for days_ago in (28, 27, 21, 14, 7, 0):
        events = [
            Event(
                site=site.name,
                path=path,
                kind=Kind.VIEW,
                visitor=1,
                time=int((NOW - days_ago * 86_400 - minute * 60) * 1000),
                page_view=f"{days_ago:02}{minute:04}{path[:6]:_<6}",
                index=0,
            )
            for minute in range(240)
            for path in ("/", "/afval")
            if not (days_ago == 0 and (broken_site or (broken_page and path == "/afval")))
        ]
        if events:
            day = day_of(events[0].time, site.zone)
            name = f"{days_ago + 1}-0-{days_ago + 1}-1"
            if without:
                put_version_1(root, day, 0, name, table_of(events).drop_columns(list(without)))
            else:
                put(root, day, 0, name, *events)


@pytest.mark.parametrize(
    ("faults", "silent", "pages"),
    [
        pytest.param({}, False, [], id="all is well"),
        pytest.param({"broken_page": True}, False, ["/afval"], id="a page lost its script"),
        pytest.param({"broken_site": True}, True, [], id="the site lost its script"),
        pytest.param(
            {"broken_site": True, "without": ("automated", "run")}, True, [], id="files of an older version"
        ),
    ],
)
def test_the_archive_tells(tmp_path: Path, faults: dict[str, Any], silent: bool, pages: list[str]) -> None:
    archive(tmp_path, **faults)
    found = look(tmp_path, SITES, NOW)
    assert found.sites["voorbeeldstad"].silent is silent
    assert list(found.pages["voorbeeldstad"]) == pages


def test_an_empty_archive_tells_nothing(tmp_path: Path) -> None:
    verdict = look(tmp_path, SITES, NOW).sites["voorbeeldstad"]
    assert not verdict.silent
    assert not verdict.enough_history


def test_hours_follow_the_clock_on_the_wall() -> None:
    """The same hour of the week before, also where the clock was put back in between."""
    site = Site("dorp", frozenset({"dorp.nl"}))
    before, after = (
        datetime(2026, 10, 21, 11, 30, tzinfo=UTC).timestamp(),  # 13:30, summer time
        datetime(2026, 10, 28, 12, 30, tzinfo=UTC).timestamp(),  # 13:30, winter time
    )
    assert last_hour(site, after) - last_hour(site, before) == WEEK

# SPDX-License-Identifier: EUPL-1.2
"""Measures of a question that no other page of tests is about: the part of the day in which it began."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from analysis.measures import DAYPARTS, dayparts
from analysis.scope import Scope
from analysis.tasks import Tasks
from analysis.thresholds import DEFAULTS
from tests.analysis.stories import NINE, SITE, Story
from tracker.day import day_bounds
from tracker.site import Site

AMSTERDAM = SITE.zone
# The clock is put forward or back in the night in which these DAYs end.
FORWARD, BACK = date(2026, 3, 28), date(2026, 10, 24)


@pytest.mark.parametrize(
    ("day", "clock", "part"),
    [
        (FORWARD, "05:59", "night"),
        (FORWARD, "11:30", "morning"),
        (FORWARD, "17:59", "afternoon"),
        (BACK, "06:00", "morning"),
        (BACK, "12:10", "afternoon"),
        (BACK, "18:00", "evening"),
        (FORWARD + timedelta(days=1), "11:30", "morning"),
        (BACK + timedelta(days=1), "12:10", "afternoon"),
    ],
)
def test_a_daypart_is_by_the_clock_of_its_own_moment(day: date, clock: str, part: str) -> None:
    began = datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=AMSTERDAM)
    story = Story()
    story.page("/paspoort", began.timestamp() - NINE / 1000)
    assert story.tables(day=day)["questions"]["daypart"].item() == part


def test_every_minute_of_a_day_on_which_clocks_change_has_the_daypart_that_they_show() -> None:
    """On sites in several time zones; Lord Howe puts its clock forward by half an hour."""
    names = ("Europe/Amsterdam", "America/Aruba", "Atlantic/Azores", "Australia/Lord_Howe")
    for day in (FORWARD, BACK, date(2026, 10, 3)):
        sites = [Site(name, frozenset(), timezone=name) for name in names]
        bounds = [day_bounds(day, site.zone) for site in sites]
        moments = [np.arange(begin, end, 60_000) for begin, end in bounds]
        of = np.repeat(np.arange(len(sites)), [len(each) for each in moments])
        scope = Scope(
            day=day.isoformat(),
            sites=sites,
            tasks=[Tasks()] * len(sites),
            ends_at=np.array([end for _, end in bounds]),
            thresholds=DEFAULTS,
        )
        shown = [
            ("night", "morning", "afternoon", "evening")[datetime.fromtimestamp(at, ZoneInfo(name)).hour // 6]
            for name, each in zip(names, moments, strict=True)
            for at in (each // 1000).tolist()
        ]
        found = dayparts(of, np.concatenate(moments), scope)
        assert [DAYPARTS[place] for place in found.tolist()] == shown
    assert not len(dayparts(np.empty(0, np.int64), np.empty(0, np.int64), scope))

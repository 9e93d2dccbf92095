# SPDX-License-Identifier: EUPL-1.2
"""Segments of a question: the part of the day, whom its task is for, whether the visitor came before."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given

from analysis.personas import DAYPARTS, dayparts
from analysis.reconstruct import reconstruct
from analysis.scope import Scope
from analysis.tasks import Tasks, loads
from analysis.thresholds import DEFAULTS
from tests.analysis.anything import RELAXED, stories
from tests.analysis.stories import DAY, NINE, SITE, Story
from tracker.day import day_bounds
from tracker.site import Site, Sites

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


TERRACE = """
[task.terras]
question = "Ik wil een terras"
audience = "business"
pages    = ["/terras"]
answers  = ["/terras"]
"""
PASSPORT = """
[task.paspoort]
question = "Ik heb een nieuw paspoort nodig"
pages    = ["/paspoort"]
answers  = ["/paspoort"]
"""


def test_a_question_is_for_whom_its_task_is_for() -> None:
    story = Story()
    for visitor, path in enumerate(("/terras", "/paspoort", "/wijken")):
        story.page(path, visitor, visitor=visitor)
    asked = story.tables(tasks=loads(TERRACE + PASSPORT))["questions"]
    assert asked[["task", "audience"]].values.tolist() == [
        ["terras", "business"],
        ["paspoort", "resident"],
        ["", ""],
    ]


def test_sites_differ_in_whom_a_task_of_one_name_is_for() -> None:
    """The site whose visitor comes last in the frame has the tasks that are given first."""
    names = ("dorp", "haven", "stad")
    of_sites = {
        "dorp": loads(TERRACE.replace("business", "resident") + PASSPORT),
        "stad": loads(PASSPORT + TERRACE),
    }
    story = Story()
    for visitor, name in enumerate(reversed(names)):
        story.page("/terras", visitor, visitor=visitor, site=name)
    sites = Sites([Site(name, frozenset()) for name in names])
    made = reconstruct(story.frame(), tasks=of_sites, experiments={}, day=DAY, sites=sites)["questions"]
    assert dict(zip(made["site"], made["audience"], strict=True)) == {
        "dorp": "resident",
        "haven": "",
        "stad": "business",
    }


HALF_HOUR = 1800
# What visitor 1 opens and at which second, and whether each question began in the first visit
VISITS = {
    "one question": ([("/paspoort", 0)], ["first"]),
    "two in one visit": ([("/paspoort", 0), ("/grofvuil", 60)], ["first", "first"]),
    "silence of just half an hour": ([("/paspoort", 0), ("/grofvuil", HALF_HOUR)], ["first", "first"]),
    "another after silence": ([("/paspoort", 0), ("/grofvuil", HALF_HOUR + 1)], ["first", "repeat"]),
    "three visits": ([("/paspoort", 0), ("/grofvuil", 4000), ("/", 8000)], ["first", "repeat", "repeat"]),
    "the same one, taken up again": ([("/paspoort", 0), ("/paspoort", 4000)], ["first"]),
}


@pytest.mark.parametrize(("opened", "expected"), VISITS.values(), ids=VISITS)
def test_a_visit_is_the_first_of_its_day_or_a_repeat(
    opened: list[tuple[str, float]], expected: list[str]
) -> None:
    story = Story()
    for path, at in opened:
        story.page(path, at)
    story.page("/paspoort", 9000, visitor=2)  # who comes late on the DAY comes for the first time too
    asked = story.tables()["questions"]
    assert [*asked.loc[asked["visitor"] == 0, "visit"]] == expected
    assert [*asked.loc[asked["visitor"] == 1, "visit"]] == ["first"]


@RELAXED
@given(stories())
def test_a_repeat_is_a_question_that_began_after_a_session_of_its_visitor_was_over(story: Story) -> None:
    tables = story.tables()
    ended = tables["sessions"].groupby("visitor")["ended_at"].min()
    for question in tables["questions"].itertuples():
        before = question.started_at > ended[question.visitor]
        assert question.visit == ("repeat" if before else "first")


def test_a_persona_is_all_segments_and_says_where_one_is_not_known() -> None:
    story = Story()
    for at in (0, 4000):
        story.page("/terras", at, viewport="s", referrer="https://www.google.nl/")
    story.page("/wijken", 0, visitor=2)
    asked = story.tables(tasks=loads(TERRACE))["questions"]
    assert asked["persona"].tolist()[0] == "search_engine/s/morning/business/first"
    assert asked["persona"].tolist()[-1] == "direct//morning//first"
    segments = asked[["entry", "viewport", "daypart", "audience", "visit"]]
    assert asked["persona"].tolist() == ["/".join(each) for each in segments.itertuples(index=False)]

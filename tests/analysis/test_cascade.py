# SPDX-License-Identifier: EUPL-1.2
"""The cascade decides what its specification decides, interpreted and compiled, and does not choke on
anyone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from analysis import cascade, compiled, questions
from analysis.intake import prepare
from analysis.page_views import page_views
from analysis.questions import Questions, find_questions
from analysis.scope import Scope
from analysis.sessions import number_sessions
from analysis.tables import Start
from analysis.thresholds import DEFAULTS
from tests.analysis.anything import RELAXED, stories
from tests.analysis.specification import walk
from tests.analysis.stories import DAY, SITE, TASKS, Story, tables_of
from tracker.day import day_bounds


def both(frame: pd.DataFrame) -> tuple[Questions, Questions]:
    """The questions by the cascade and by its specification."""
    bounds = day_bounds(DAY, SITE.zone)
    events = prepare(frame, DEFAULTS, lambda _: bounds).events
    scope = Scope(
        day=DAY.isoformat(),
        sites=[SITE] * len(events.site.texts),
        tasks=[TASKS] * len(events.site.texts),
        ends_at=np.array([bounds[1]] * len(events.site.texts)),
        thresholds=DEFAULTS,
    )
    views = page_views(events, number_sessions(events, DEFAULTS.session_gap_s), scope)
    return find_questions(events, views, scope), walk.find_questions(events, views, scope)


def assert_equal(one: Questions, other: Questions) -> None:
    for name in ("of_row", "of_view", "reached_from", "visitor", "site", "task", "start"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


@settings(RELAXED, max_examples=100)
@given(stories(most=30))
def test_the_cascade_decides_what_its_specification_decides(story: Story) -> None:
    assert_equal(*both(story.frame()))


@pytest.fixture(scope="module")
def numba() -> Any:
    return pytest.importorskip("numba")


@settings(RELAXED, max_examples=25)
@given(stories(most=30))
def test_compiled_or_not_the_tables_are_equal(numba: Any, story: Story) -> None:
    frame = story.frame()
    interpreted = tables_of(frame)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "WORTH_COMPILING", 0)
        for name, table in tables_of(frame).items():
            pd.testing.assert_frame_equal(table, interpreted[name])


def test_without_a_compiler_everything_is_interpreted(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled.compiled.cache_clear()
    monkeypatch.setattr(compiled, "WORTH_COMPILING", 0)
    monkeypatch.setitem(__import__("sys").modules, "numba", None)
    story = Story()
    story.search("paspoort", 0)
    assert len(story.tables()["questions"]) == 1
    compiled.compiled.cache_clear()


def test_starts_have_the_numbers_that_the_cascade_knows() -> None:
    assert questions.STARTS[cascade.SITE_SEARCH] is Start.SITE_SEARCH
    assert questions.STARTS[cascade.SEARCH_ENGINE] is Start.SEARCH_ENGINE
    assert questions.STARTS[cascade.CAMPAIGN] is Start.CAMPAIGN
    assert questions.STARTS[cascade.TASK_PAGE] is Start.TASK_PAGE
    assert questions.STARTS[cascade.PROVISIONAL] is Start.PROVISIONAL


def test_a_tireless_searcher_is_no_reason_to_stop() -> None:
    """Thousands of different searches by one visitor: each is compared with the last few, not with all."""
    story = Story()
    for number in range(300):
        story.search(f"woord{number} ander{number % 7}", number)
    tables = story.tables()
    assert tables["questions"]["searches"].sum() == 300


def test_the_home_page_by_a_link_is_where_another_question_may_begin() -> None:
    story = Story()
    home = "https://www.voorbeeldstad.nl/paspoort"
    page = story.page("/paspoort", 0, referrer="https://www.google.nl/", seen=20)
    page = story.page("/", 30, came=page, referrer=home)
    page = story.search("zwerfvuil", 40, came=page, referrer="https://www.voorbeeldstad.nl/")
    story.page("/afval/zwerfvuil", 50, came=page, referrer="https://www.voorbeeldstad.nl/zoeken")
    assert story.tables()["questions"][["task", "pages"]].values.tolist() == [
        ["paspoort", 1],
        ["zwerfvuil", 3],
    ]


def test_the_home_page_on_the_way_back_stays_in_its_question() -> None:
    """Who goes back arrives with the referrer of old; and who goes on with the same subject never left it."""
    back, on = Story(), Story()
    page = back.page("/", 0)
    page = back.page("/paspoort", 5, came=page, referrer="https://www.voorbeeldstad.nl/")
    page = back.page("/", 15, came=page)
    back.page("/tarieven", 20, came=page, referrer="https://www.voorbeeldstad.nl/")
    page = on.page("/paspoort", 0)
    page = on.page("/", 15, came=page, referrer="https://www.voorbeeldstad.nl/paspoort")
    on.page("/paspoort", 20, came=page, referrer="https://www.voorbeeldstad.nl/")
    for story in (back, on):
        assert story.tables()["questions"]["task"].tolist() == ["paspoort"]

# SPDX-License-Identifier: EUPL-1.2
"""The day table of touchpoints: who came, who left, how it felt."""

from __future__ import annotations

import pandas as pd
from hypothesis import given

from tests.analysis.anything import RELAXED, stories
from tests.analysis.stories import Story
from tests.analysis.test_units import ONE, SHOWN, met
from tracker.event import Kind


def touchpoints(story: Story) -> pd.DataFrame:
    return story.tables(experiments={"zwerfvuil": ONE})["touchpoints"]


def rows(table: pd.DataFrame, *columns: str, variant: str = "") -> list[tuple[object, ...]]:
    mine = table[table["variant"] == variant]
    return list(mine[["touchpoint", *columns]].itertuples(index=False, name=None))


def test_a_question_counts_once_at_a_touchpoint_and_leaves_at_its_last() -> None:
    story = Story()
    first = story.page("/afval/zwerfvuil-melden", 0)
    second = story.page("/melding/stap-1", 10, came=first)
    story.page("/afval/zwerfvuil-melden", 20, came=second)
    assert rows(touchpoints(story), "phase", "visits", "questions", "last", "left") == [
        ("/afval/zwerfvuil-melden", "oriëntatie", 2, 1, 1, 1),
        ("/melding/stap-1", "uitvoering", 1, 1, 0, 0),
    ]


def test_who_is_answered_or_phones_did_not_leave() -> None:
    story = Story()
    page = story.page("/afval/zwerfvuil-melden", 0)
    story.on(page, Kind.CONTACT, 9, channel="tel")
    assert rows(touchpoints(story), "phase", "last", "left") == [
        ("tel", "contact", 1, 0),
        ("/afval/zwerfvuil-melden", "oriëntatie", 0, 0),
    ]


def test_marks_that_were_given_and_trouble_that_was_seen_stand_apart() -> None:
    story = Story()
    page = story.page("/melding/stap-1", 0)
    story.on(page, Kind.FORM, 5, action="error", step=1)
    story.on(page, Kind.FORM, 7, action="error", step=1)
    story.on(page, Kind.FEEDBACK, 9, heartbeat=-1)
    assert rows(touchpoints(story), "phase", "given", "given_sum", "given_bad", "hard") == [
        ("feedback", "evaluatie", 0, 0, 0, 0),
        ("/melding/stap-1", "uitvoering", 1, -1, 1, 1),
    ]


def test_a_page_is_in_the_furthest_phase_in_which_the_question_was_there() -> None:
    """It looks at the form of its task, goes away, and fills it in the second time."""
    story = Story()
    first = story.page("/melding/aanvraag", 0)
    away = story.page("/afval/zwerfvuil-melden", 10, came=first)
    form = story.page("/melding/aanvraag", 20, came=away)
    story.on(form, Kind.FORM, 25, action="start", step=1)
    found = dict(rows(touchpoints(story), "phase"))
    assert found["/melding/aanvraag"] == "uitvoering"


def asked_twice() -> Story:
    """The first visitor sends the form, and only looks at it again later; the second looks at it once."""
    story = Story()
    form = story.page("/melding/aanvraag", 0, visitor=1, **met())
    story.on(form, Kind.FORM, 5, action="start", step=1)
    story.on(form, Kind.GOAL, 9, goal="melding_verzonden")
    story.page("/melding/aanvraag", 5000, visitor=1, **met(first=False))
    story.page("/melding/aanvraag", 0, visitor=2)
    return story


def test_who_comes_for_two_questions_is_one_visitor_in_the_furthest_phase() -> None:
    table = touchpoints(asked_twice())
    for variant, looked in (("", (2, 1)), (SHOWN, (1, 0))):
        assert rows(table, "phase", "questions", "visitors", variant=variant) == [
            ("/melding/aanvraag", "afronding", 1, 1),
            ("/melding/aanvraag", "oriëntatie", *looked),
        ]


def test_a_mark_on_a_page_that_was_never_opened_brings_no_visitor_there() -> None:
    story = Story()
    story.page("/afval/zwerfvuil-melden", 0)
    story.event(Kind.FEEDBACK, 5, page_view="elders000000", index=1, path="/melding/elders", heartbeat=1)
    found = rows(touchpoints(story), "questions", "given", "visitors")
    assert ("/melding/elders", 0, 1, 0) in found
    assert ("feedback", 1, 0, 1) in found


@RELAXED
@given(stories())
def test_visitors_add_up_over_the_phases(story: Story) -> None:
    tables = story.tables()
    asked = tables["questions"].query("task != ''")
    seen = tables["moves"].query("kind in ('view', 'search', 'contact')").merge(asked, on="question")
    came = seen.groupby(["task", "touchpoint"])["visitor"].nunique()
    counted = tables["touchpoints"].groupby(["task", "touchpoint"])["visitors"].sum()
    assert counted[counted > 0].to_dict() == came.to_dict()


def test_a_version_has_its_own_rows_and_everyone_all() -> None:
    story = Story()
    story.page("/afval/zwerfvuil-melden", 0, visitor=1, **met())
    story.page("/afval/zwerfvuil-melden", 0, visitor=2)
    table = touchpoints(story)
    assert rows(table, "questions") == [("/afval/zwerfvuil-melden", 2)]
    shown = table.loc[table["variant"] != "", "variant"].unique().item()
    assert rows(table, "questions", variant=shown) == [("/afval/zwerfvuil-melden", 1)]


def test_questions_without_a_task_have_no_touchpoints() -> None:
    story = Story()
    story.page("/iets-anders", 0)
    assert touchpoints(story).empty

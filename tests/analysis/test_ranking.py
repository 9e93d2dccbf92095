# SPDX-License-Identifier: EUPL-1.2
"""The ranking of tasks: known little cases."""

from __future__ import annotations

from dataclasses import replace as with_fields
from typing import Any

import pandas as pd
import polars as pl
import pytest
from msgspec.structs import replace

from analysis.journey_book import Ranked, ordered
from analysis.ranking import addresses, count, frame, ranking, split_small
from analysis.tables import Audience
from analysis.tasks import Tasks
from tests.analysis.journey_samples import books, town
from tests.analysis.stories import SITE, TASKS, Story
from tracker.event import Kind


def row(name: str, **counts: Any) -> Ranked:
    """A task of twenty questions about which nothing else is known."""
    nothing = Ranked(
        name=name, site="a", task=name, question=name, questions=20, visitors=9, answered=0, contacted=0,
        abandoned=0, unseen=0, effort=1.0, complaints=0, given=0,
    )  # fmt: skip
    return replace(nothing, **counts)


ROWS = [
    row("many", questions=100, abandoned=10),
    row("stuck", questions=10, abandoned=5, contacted=4),
    row("hard", questions=20, effort=9.5, abandoned=1, calls=3),
    row("angry", questions=30, complaints=7, given=8),
]
ORDERS = {
    "unanswered": ["many", "stuck", "hard", "angry"],
    "volume": ["many", "angry", "hard", "stuck"],
    "share": ["stuck", "many", "hard", "angry"],
    "effort": ["hard", "many", "angry", "stuck"],
    "complaints": ["angry", "many", "hard", "stuck"],
    "calls": ["hard", "many", "angry", "stuck"],
}


@pytest.mark.parametrize(("by", "expected"), ORDERS.items(), ids=ORDERS)
def test_a_team_chooses_what_stands_on_top(by: str, expected: list[str]) -> None:
    assert [one.name for one in ordered(ROWS, by)] == expected


def test_the_share_leaves_out_whose_end_was_not_seen() -> None:
    assert row("x", questions=12, abandoned=4, contacted=1, unseen=2).share_unanswered == 0.5
    assert row("x", questions=3, unseen=3).share_unanswered == 0


def ranked(story: Story, known: Tasks = TASKS) -> list[Ranked]:
    """The ranking of a story by the tasks of today, without anything from the contact centre."""
    tables = story.tables()
    return ranking(
        [count(pl.from_pandas(tables["questions"]))],
        tables["touchpoints"],
        {SITE.name: known},
        contacts=tables["contacts"],
        answers=tables["answers"],
    )


def test_tasks_of_few_visitors_are_counted_and_not_named() -> None:
    story = Story()
    for visitor in range(5):
        story.page("/paspoort", visitor, visitor=visitor)
    for again in range(7):
        page = story.page("/melding/stap-1", 1000 * again, visitor=9)
        story.on(page, Kind.GOAL, 1000 * again + 5, goal="melding_verzonden")
    found = ranked(story)
    assert {one.task: (one.questions, one.visitors) for one in found} == {
        "paspoort": (5, 5),
        "zwerfvuil": (7, 1),
    }
    shown, small = split_small(found)
    assert ([one.task for one in shown], small) == (["paspoort"], 7)


def test_an_answer_seen_among_the_results_is_neither_found_nor_missed() -> None:
    """As in a report: answered is answered or read."""
    story = Story()
    story.search("paspoort", 0, answered=True, visitor=1)
    story.page("/paspoort", 0, seen=60, visitor=2)
    (passport,) = ranked(story)
    assert (passport.questions, passport.answered, passport.on_results) == (2, 1, 1)
    assert passport.unanswered == 0


def test_a_task_is_for_whom_the_task_file_says_today() -> None:
    story = Story()
    story.page("/paspoort", 0)
    story.page("/grofvuil", 0, visitor=2)
    (today,) = (task for task in TASKS if task.name == "grofvuil")
    found = ranked(story, Tasks((with_fields(today, audience=Audience.BUSINESS),)))
    assert {one.task: one.audience for one in found} == {"paspoort": "resident", "grofvuil": "business"}


def test_two_sites_with_one_task_have_two_pages() -> None:
    found = addresses([("Stad A", "paspoort"), ("dorp", "paspoort"), ("dorp", "afval")])
    assert found == {
        ("Stad A", "paspoort"): "stad-a.paspoort",
        ("dorp", "paspoort"): "dorp.paspoort",
        ("dorp", "afval"): "afval",
    }


def test_every_question_of_the_town_is_in_the_overview() -> None:
    overview = books().overview
    assert sum(one.questions for one in overview.ranking) + overview.small + overview.no_task == 38 + 7 + 2
    litter = overview.ranking[0]
    assert (litter.task, litter.questions, litter.answered, litter.contacted) == ("zwerfvuil", 38, 16, 10)
    assert (litter.unanswered, litter.complaints, litter.given) == (22, 12, 28)
    assert litter.question == "Ik wil zwerfvuil melden"
    assert overview.small == 2
    assert overview.no_task == 0


def test_calls_and_survey_answers_count_for_their_task_and_no_answer_twice() -> None:
    tables = town().tables()
    keys = {"site": SITE.name, "day": "2026-06-10", "task": "paspoort"}
    contacts = [{**keys, "joined": "no code", "channel": "tel", "contacts": 4}]
    answers = [
        {**keys, "joined": "no code", "heartbeat": -1, "answers": 2},
        {**keys, "joined": "no page view", "heartbeat": 1, "answers": 3},
        {**keys, "joined": "page view", "heartbeat": -1, "answers": 9},  # a mark of its question already
    ]
    found = ranking(
        [count(pl.from_pandas(tables["questions"]))],
        tables["touchpoints"],
        {SITE.name: TASKS},
        contacts=pd.DataFrame(contacts),
        answers=pd.DataFrame(answers),
    )
    passport = next(one for one in found if one.task == "paspoort")
    assert (passport.calls, passport.complaints, passport.given) == (4, 2, 5)
    assert sum(one.calls for one in found) == 4


def test_the_terminal_ranks_alike() -> None:
    tables = town().tables()
    found = frame(tables["questions"], tables["moves"])
    assert found[["task", "questions", "unanswered", "bad_marks", "marks"]].values.tolist() == [
        ["zwerfvuil", 38, 22, 12, 28],
        ["grofvuil", 2, 2, 0, 0],
        ["paspoort", 7, 0, 0, 0],
    ]


def test_nobody_marked_anything() -> None:
    story = Story()
    story.on(story.page("/paspoort", 0), Kind.CONTACT, 5, channel="tel")
    tables = story.tables()
    assert frame(tables["questions"], tables["moves"])[["bad_marks", "marks"]].values.tolist() == [[0, 0]]

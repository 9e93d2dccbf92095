# SPDX-License-Identifier: EUPL-1.2
"""How a question ended: every outcome, and which one comes first."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analysis.tasks import loads
from analysis.thresholds import Thresholds
from tests.analysis.stories import NINE, Story
from tracker.event import Kind

TURN = 19 * 3600  # seconds from nine to four in the morning


def goal(story: Story) -> None:
    page = story.page("/melding/bedankt", 60)
    story.on(page, Kind.GOAL, 60, goal="melding_verzonden")


def call(story: Story) -> None:
    page = story.page("/afval/zwerfvuil", 100)
    story.on(page, Kind.CONTACT, 110, channel="tel")


def read(story: Story) -> None:
    story.page("/paspoort", 60, seen=30)


def answered(story: Story) -> None:
    goal(story)


def called_before_the_goal(story: Story) -> None:
    page = story.page("/afval/zwerfvuil", 0)
    story.on(page, Kind.CONTACT, 10, channel="tel")
    goal(story)


def called_after_reading(story: Story) -> None:
    read(story)
    story.on(story.events[0].page_view, Kind.CONTACT, 95, channel="mail")


def read_too_shortly(story: Story) -> None:
    story.page("/paspoort", 0, seen=29)


def read_in_two_visits(story: Story) -> None:
    page = story.page("/paspoort", 0, seen=16)
    page = story.page("/tarieven", 20, came=page)
    story.page("/paspoort", 40, came=page, seen=15)


def read_without_knowing(story: Story) -> None:
    story.page("/paspoort", 0)


def read_then_searched(story: Story) -> None:
    page = story.page("/paspoort", 0, seen=45)
    story.search("paspoort kosten", 600, came=page)


def read_then_went_back_to_the_results(story: Story) -> None:
    results = story.search("paspoort", 0)
    page = story.page("/paspoort", 5, came=results, seen=45)
    story.search("paspoort", 60, came=page)


def read_then_went_back_and_searched(story: Story) -> None:
    read_then_went_back_to_the_results(story)
    story.search("paspoort kosten", 90, came=story.events[-1].page_view)


def read_then_searched_much_later(story: Story) -> None:
    story.page("/paspoort", 0, seen=45)
    story.search("paspoort", 3600)


def read_an_answer_to_something_else(story: Story) -> None:
    results = story.search("zwerfvuil", 0)
    story.page("/paspoort", 10, came=results, seen=60)


def read_where_they_ended_up(story: Story) -> None:
    page = story.page("/grofvuil", 0, referrer="https://www.google.nl/", seen=8)
    story.page("/paspoort", 10, came=page, seen=45)


def answer_on_the_results(story: Story) -> None:
    story.search("openingstijden", 0, answered=True)


def answer_on_the_results_then_a_click(story: Story) -> None:
    page = story.search("openingstijden", 0, answered=True)
    story.on(page, Kind.RESULT, 5, target="/contact", query="openingstijden", rank=1)


def answer_on_the_results_then_a_reformulation(story: Story) -> None:
    page = story.search("openingstijden", 0, answered=True)
    story.search("openingstijden stadhuis", 20, came=page)


def answer_on_the_results_of_nothing(story: Story) -> None:
    story.search("openingstijden", 0, answered=True, results=0)


def answer_on_the_results_then_a_call(story: Story) -> None:
    page = story.search("openingstijden", 0, answered=True)
    story.on(page, Kind.CONTACT, 5, channel="tel")


def left_for_another_host(story: Story) -> None:
    page = story.page("/belasting", 0)
    story.on(page, Kind.LINK, 5, target="mijn.overheid.nl")


def left_for_another_host_and_came_back(story: Story) -> None:
    page = story.page("/belasting", 0)
    story.on(page, Kind.LINK, 5, target="mijn.overheid.nl")
    story.page("/tarieven", 60, came=page)


def left_for_another_host_and_came_back_much_later(story: Story) -> None:
    left_for_another_host(story)
    story.page("/belasting", 7200, came=story.events[0].page_view)


def left_for_another_host_and_came_back_for_something_else(story: Story) -> None:
    left_for_another_host(story)
    story.page("/grofvuil", 60, referrer="https://mijn.overheid.nl/")


def left_for_another_host_and_then_gave_a_mark(story: Story) -> None:
    left_for_another_host(story)
    story.on(story.events[0].page_view, Kind.FEEDBACK, 20, heartbeat=-1)


def active_at_the_turn_of_the_day(story: Story) -> None:
    story.page("/belasting", TURN - 600)


def away_before_the_turn_of_the_day(story: Story) -> None:
    story.page("/belasting", TURN - 1801)


def reading_at_the_turn_of_the_day(story: Story) -> None:
    story.page("/paspoort", TURN - 600, seen=60)


def gave_up(story: Story) -> None:
    page = story.search("belasting", 0)
    story.page("/belasting", 10, came=page, seen=5)


def a_goal_of_another_task(story: Story) -> None:
    page = story.search("zwerfvuil", 0)
    page = story.page("/afval/zwerfvuil", 5, came=page)
    story.on(page, Kind.GOAL, 9, goal="nieuwsbrief")


# outcome, cause, seconds to it
ENDS: dict[Callable[[Story], None], tuple[str, str, float]] = {
    answered: ("answered", "answered", 0),
    called_before_the_goal: ("answered", "answered", 60),
    call: ("channel_shift", "channel_shift", 10),
    called_after_reading: ("channel_shift", "channel_shift", 35),
    read: ("read", "answered", 0),
    read_in_two_visits: ("read", "answered", 0),
    read_then_searched_much_later: ("read", "answered", 0),
    read_too_shortly: ("abandoned", "abandoned", 29),
    read_without_knowing: ("abandoned", "abandoned", 0),
    read_then_searched: ("abandoned", "abandoned", 600.012),
    read_then_went_back_to_the_results: ("read", "answered", 5),
    read_then_went_back_and_searched: ("abandoned", "abandoned", 90.012),
    read_an_answer_to_something_else: ("abandoned", "abandoned", 70),
    read_where_they_ended_up: ("read", "answered", 10),
    answer_on_the_results: ("answered_on_results", "abandoned", 0.012),
    answer_on_the_results_then_a_click: ("abandoned", "abandoned", 5),
    answer_on_the_results_then_a_reformulation: ("abandoned", "abandoned", 20.012),
    answer_on_the_results_of_nothing: ("abandoned", "abandoned", 0.012),
    answer_on_the_results_then_a_call: ("channel_shift", "channel_shift", 5),
    left_for_another_host: ("censored", "censored", 5),
    left_for_another_host_and_came_back: ("abandoned", "abandoned", 60),
    left_for_another_host_and_came_back_much_later: ("abandoned", "abandoned", 7200),
    left_for_another_host_and_came_back_for_something_else: ("censored", "censored", 5),
    left_for_another_host_and_then_gave_a_mark: ("censored", "censored", 20),
    active_at_the_turn_of_the_day: ("censored", "censored", 0),
    reading_at_the_turn_of_the_day: ("censored", "censored", 60),
    away_before_the_turn_of_the_day: ("abandoned", "abandoned", 0),
    gave_up: ("abandoned", "abandoned", 15),
    a_goal_of_another_task: ("abandoned", "abandoned", 9),
}


@pytest.mark.parametrize(("tell", "end"), ENDS.items(), ids=[tell.__name__ for tell in ENDS])
def test_end(tell: Callable[[Story], None], end: tuple[str, str, float]) -> None:
    story = Story()
    tell(story)
    question = story.tables()["questions"].iloc[0]
    assert (question["outcome"], question["cause"], question["time_s"]) == end
    assert question["success"] == (end[1] == "answered")


@pytest.mark.parametrize(("seen", "words", "read_s", "outcome"), [
    (25.3, 100, 30, "read"),  # 100 words take 25.2 s at 238 a minute
    (25.1, 100, 30, "abandoned"),
    (29, 400, 30, "abandoned"),  # a long answer never takes longer than any other
    (30, 400, 30, "read"),
    (9, 5, 30, "abandoned"),  # a glance reads nothing
    (10, 5, 30, "read"),
    (15, 100, 15, "read"),  # nor does a short one take longer than the threshold
])  # fmt: skip
def test_a_short_answer_is_read_sooner(seen: float, words: int, read_s: float, outcome: str) -> None:
    tasks = loads(
        '[task.paspoort]\nquestion = "?"\npages = ["/paspoort"]\nanswers = ["/paspoort"]\n'
        f'words = {{ "/paspoort" = {words} }}\n'
    )
    story = Story()
    story.page("/paspoort", 0, seen=seen)
    definitions = Thresholds(read_s=read_s)
    assert story.tables(tasks=tasks, definitions=definitions)["questions"]["outcome"].item() == outcome


def test_a_contact_after_the_goal_confirms() -> None:
    story = Story()
    page = story.page("/melding/bedankt", 0)
    story.on(page, Kind.GOAL, 0, goal="melding_verzonden")
    story.on(page, Kind.CONTACT, 30, channel="tel")
    question = story.tables()["questions"].iloc[0]
    assert (question["outcome"], question["confirming_contact"]) == ("answered", True)


def test_a_contact_before_the_goal_confirms_nothing() -> None:
    story = Story()
    called_before_the_goal(story)
    assert not story.tables()["questions"]["confirming_contact"].item()


def test_the_soft_definition_counts_an_answer_on_the_results() -> None:
    story = Story()
    answer_on_the_results(story)
    question = story.tables(definitions=Thresholds(soft_answer=True))["questions"].iloc[0]
    assert (question["outcome"], question["cause"]) == ("answered_on_results", "answered")
    assert question["success"]


def test_the_study_can_end_before_the_day_turns() -> None:
    story = Story()
    gave_up(story)
    assert story.tables(ends_at=NINE + 60_000)["questions"]["outcome"].item() == "censored"


def test_time_runs_to_the_arrival_on_the_answer() -> None:
    story = Story()
    page = story.page("/", 0)
    page = story.page("/paspoort", 25, came=page, seen=90)
    assert story.tables()["questions"]["time_s"].item() == 25


def test_reading_time_is_unknown_where_the_last_page_did_not_say() -> None:
    story = Story()
    page = story.page("/nieuws", 0)
    page = story.page("/tarieven", 12, came=page, seen=7)
    assert story.tables()["questions"]["reading_s"].item() == 19
    story.page("/wijken", 30, came=page)
    assert story.tables()["questions"]["reading_s"].isna().item()

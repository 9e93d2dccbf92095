# SPDX-License-Identifier: EUPL-1.2
"""When a question starts, and which page views belong to which question."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.tables import Start
from analysis.thresholds import Thresholds
from tests.analysis.stories import Story
from tracker.event import Kind

GOOGLE = "https://www.google.nl/"
OWN = "https://www.voorbeeldstad.nl"


def asked(story: Story, **settings: Any) -> list[tuple[str, str, int]]:
    """(start, task, pages) of every question in order."""
    questions = story.tables(**settings)["questions"].sort_values("question")
    return list(zip(questions["start"], questions["task"], questions["pages"].tolist(), strict=True))


def started_by(**page: Any) -> str:
    story = Story()
    story.page(page.pop("path"), 0, **page)
    return str(story.tables()["questions"]["start"].item())


STARTS = {
    "search engine on a task page": ({"path": "/paspoort", "referrer": GOOGLE}, Start.SEARCH_ENGINE),
    "search engine on the home page": ({"path": "/", "referrer": GOOGLE}, Start.SEARCH_ENGINE),
    "search bar of a phone": (
        {"path": "/", "referrer": "https://com.google.android.googlequicksearchbox/"},
        Start.SEARCH_ENGINE,
    ),
    "a letter with a short code": ({"path": "/paspoort", "parameters": "kr_code=0423"}, Start.CAMPAIGN),
    "a newsletter in a mail program on the web": (
        {"path": "/", "referrer": "https://mail.google.com/", "parameters": "utm_campaign=mei"},
        Start.CAMPAIGN,
    ),
    "directly on a task page": ({"path": "/paspoort"}, Start.TASK_PAGE),
    "by a link elsewhere on a task page": (
        {"path": "/paspoort", "referrer": "https://buurt.nl/"},
        Start.TASK_PAGE,
    ),
    "directly on the home page": ({"path": "/"}, Start.PROVISIONAL),
    "by a link elsewhere on another page": (
        {"path": "/nieuws", "referrer": "https://fb.com/"},
        Start.PROVISIONAL,
    ),
}


@pytest.mark.parametrize(("page", "start"), STARTS.values(), ids=STARTS)
def test_start(page: dict[str, Any], start: Start) -> None:
    assert started_by(**page) == start


def test_a_site_search_starts_a_question_before_where_it_came_from_counts() -> None:
    story = Story()
    story.search("paspoort", 0, referrer=GOOGLE)
    assert asked(story) == [("site_search", "paspoort", 1)]


def test_a_provisional_question_takes_the_label_of_its_first_search() -> None:
    story = Story()
    home = story.page("/", 0)
    story.search("zwerfvul", 20, came=home)
    assert asked(story) == [("provisional", "zwerfvuil", 2)]


def test_a_provisional_question_takes_the_label_of_its_first_task_page() -> None:
    story = Story()
    home = story.page("/", 0)
    hub = story.page("/afval", 5, came=home)
    story.page("/grofvuil", 9, came=hub)
    assert asked(story) == [("provisional", "grofvuil", 3)]


SAME = {
    "the same words": ("belasting", "belasting"),
    "the same but for the spelling": ("kwijtschelding", "kwijtscheldng"),
    "a word added": ("belasting", "belasting betalen"),
    "a word removed": ("belasting betalen", "betalen"),
    "the same task in other words": ("zwerfvuil", "rommel op straat"),
    "alike": ("afvalstoffenheffing", "afvalstoffenbelasting"),
}
NEW = {
    "other words": ("belasting", "trouwen"),
    "other short words": ("wmo", "woz"),
    "an empty query": ("belasting", ""),
    "a query that was redacted whole": ("[bsn]", "[bsn]"),
    "another task": ("zwerfvuil", "paspoort"),
}


@pytest.mark.parametrize(("first", "second"), SAME.values(), ids=SAME)
def test_a_search_again_for_the_same_question(first: str, second: str) -> None:
    story = Story()
    results = story.search(first, 0)
    page = story.page("/nieuws", 20, came=results)
    story.search(second, 60, came=page)
    assert len(asked(story)) == 1


@pytest.mark.parametrize(("first", "second"), NEW.values(), ids=NEW)
def test_a_search_for_something_else(first: str, second: str) -> None:
    story = Story()
    results = story.search(first, 0)
    page = story.page("/nieuws", 20, came=results)
    story.search(second, 60, came=page)
    assert len(asked(story)) == 2


def test_likeness_counts_for_less_after_hours() -> None:
    story = Story()
    story.search("afvalstoffenheffing", 0)
    story.search("afvalstoffenbelasting", 6 * 3600)
    assert len(asked(story)) == 2
    assert len(asked(story, definitions=Thresholds(trigram_half_life_s=1e9))) == 1


def test_equal_words_are_the_same_question_also_after_hours() -> None:
    story = Story()
    story.search("belasting", 0)
    story.search("belasting", 8 * 3600)
    assert len(asked(story)) == 1


def test_a_question_is_open_no_longer_than_the_setting() -> None:
    story = Story()
    story.search("belasting", 0)
    story.search("belasting", 8 * 3600)
    assert len(asked(story, definitions=Thresholds(question_open_s=4 * 3600))) == 2


def test_a_clicked_page_in_common_makes_one_question() -> None:
    story = Story()
    one = story.search("struik snoeien", 0)
    story.on(one, Kind.RESULT, 3, target="/groen/onderhoud", query="struik snoeien", rank=1)
    story.page("/groen/onderhoud", 4, came=one)
    two = story.search("overhangende takken", 100)
    story.on(two, Kind.RESULT, 103, target="/groen/onderhoud", query="overhangende takken", rank=2)
    story.page("/groen/onderhoud", 104, came=two)
    assert [pages for _, _, pages in asked(story)] == [4]


def test_a_task_in_common_makes_one_question() -> None:
    story = Story()
    story.page("/grofvuil", 0, referrer=GOOGLE)
    results = story.search("oude bank", 100)
    story.page("/grofvuil/ophalen", 110, came=results)
    assert asked(story) == [("search_engine", "grofvuil", 3)]


def test_interleaved_questions_are_told_apart_by_where_a_page_was_opened() -> None:
    """Two tabs: the pages without a task of their own follow the tab in which they were opened."""
    story = Story()
    litter = story.search("zwerfvuil", 0)
    passport = story.search("paspoort", 10)
    one = story.page("/nieuws", 20, came=litter)
    two = story.page("/tarieven", 30, came=passport)
    story.page("/contactgegevens", 40, came=one)
    story.page("/openingstijden", 50, came=two)
    story.page("/wijken", 60, came=one)
    assert [(task, pages) for _, task, pages in asked(story)] == [("zwerfvuil", 4), ("paspoort", 3)]


def test_without_an_origin_the_referrer_tells() -> None:
    story = Story()
    story.page("/paspoort", 0)
    story.page("/grofvuil", 10, referrer=GOOGLE)
    story.page("/tarieven", 20, referrer=OWN + "/paspoort")
    assert [(task, pages) for _, task, pages in asked(story)] == [("paspoort", 2), ("grofvuil", 1)]


def test_without_either_the_newest_open_question_gets_the_page() -> None:
    story = Story()
    story.page("/paspoort", 0)
    story.page("/grofvuil", 10, referrer=GOOGLE)
    story.page("/tarieven", 20)
    assert [(task, pages) for _, task, pages in asked(story)] == [("paspoort", 1), ("grofvuil", 2)]


def test_the_home_page_in_a_second_tab_begins_another_question() -> None:
    story = Story()
    litter = story.page("/afval/zwerfvuil-melden", 0)
    home = story.page("/", 10)
    story.page("/melding/stap-1", 20, came=litter)
    story.search("paspoort", 30, came=home)
    assert [(task, pages) for _, task, pages in asked(story)] == [("zwerfvuil", 2), ("paspoort", 2)]


def test_the_home_page_in_a_second_tab_that_leads_nowhere_begins_nothing() -> None:
    story = Story()
    story.page("/afval/zwerfvuil-melden", 0)
    home = story.page("/", 10)
    story.page("/nieuws", 15, came=home)
    assert [(task, pages) for _, task, pages in asked(story)] == [("zwerfvuil", 3)]


def test_a_page_without_origin_in_a_later_session_starts_anew() -> None:
    story = Story()
    story.page("/paspoort", 0)
    story.page("/tarieven", 3 * 3600)
    assert len(asked(story)) == 2


def test_back_from_a_search_engine_on_the_same_task_is_the_same_question() -> None:
    story = Story()
    first = story.page("/afval/zwerfvuil-melden", 0, referrer=GOOGLE)
    story.page("/melding/stap-1", 200, referrer=GOOGLE, came=first)
    assert asked(story) == [("search_engine", "zwerfvuil", 2)]


def test_a_reload_of_the_landing_page_is_no_new_arrival() -> None:
    story = Story()
    first = story.page("/nieuws", 0, referrer=GOOGLE)
    story.page("/nieuws", 10, referrer=GOOGLE, came=first)
    assert asked(story) == [("search_engine", "", 2)]


def test_the_words_of_a_search_engine_are_compared_where_they_are_known() -> None:
    story = Story()
    story.page("/groen", 0, referrer="https://www.google.nl/?q=boom+kappen")
    story.search("bomen kappen", 50)
    assert len(asked(story)) == 1


def test_a_wrong_turn_stays_in_the_question() -> None:
    """Looking for litter, a resident lands on bulky waste, goes back and goes on."""
    story = Story()
    results = story.search("zwerfvuil", 0)
    wrong = story.page("/grofvuil", 5, came=results, seen=4)
    story.page("/afval/zwerfvuil-melden", 15, came=wrong)
    assert asked(story) == [("site_search", "zwerfvuil", 3)]


def test_another_task_after_a_reading_is_a_new_question() -> None:
    story = Story()
    passport = story.page("/paspoort", 0, referrer=GOOGLE, seen=60)
    home = story.page("/", 61, came=passport)
    story.page("/grofvuil", 70, came=home)
    assert [(start, task) for start, task, _ in asked(story)] == [
        ("search_engine", "paspoort"),
        ("task_page", "grofvuil"),
    ]


def test_another_task_after_silence_is_a_new_question() -> None:
    story = Story()
    bulky = story.page("/grofvuil", 0, seen=3)
    story.page("/paspoort", 2 * 3600, came=bulky)
    assert [task for _, task, _ in asked(story)] == ["grofvuil", "paspoort"]


def reported() -> tuple[Story, str]:
    """A resident who reported litter, and is on the page that says thanks."""
    story = Story()
    form = story.page("/melding/stap-1", 0)
    thanks = story.page("/melding/bedankt", 30, came=form)
    story.on(thanks, Kind.GOAL, 30, goal="melding_verzonden")
    return story, thanks


def test_a_question_is_closed_by_its_goal() -> None:
    story, _ = reported()
    story.search("zwerfvuil", 500)
    assert [pages for _, _, pages in asked(story)] == [2, 1]


def test_what_trails_an_answer_without_a_subject_belongs_to_it() -> None:
    story, thanks = reported()
    story.page("/", 40, came=thanks)
    assert [pages for _, _, pages in asked(story)] == [3]


def test_what_follows_an_answer_and_gets_a_subject_is_a_new_question() -> None:
    story, thanks = reported()
    home = story.page("/", 40, came=thanks)
    story.page("/paspoort", 50, came=home)
    assert [(task, pages) for _, task, pages in asked(story)] == [("zwerfvuil", 2), ("paspoort", 2)]


def test_the_goal_says_what_it_was_about() -> None:
    story = Story()
    page = story.page("/grofvuil", 0)
    page = story.page("/grofvuil/ophalen", 5, came=page, seen=2)
    page = story.page("/melding/stap-1", 9, came=page)
    story.on(page, Kind.GOAL, 20, goal="melding_verzonden")
    assert asked(story) == [("task_page", "zwerfvuil", 3)]


def test_results_that_appear_while_typing_can_change_the_question() -> None:
    story = Story()
    page = story.page("/zoeken", 0)
    story.on(page, Kind.SEARCH, 5, query="paspoort", results=3)
    story.on(page, Kind.SEARCH, 60, query="trouwen", results=2)
    story.on(page, Kind.FEEDBACK, 70, heartbeat=-1)
    questions = story.tables()["questions"]
    assert questions["task"].tolist() == ["paspoort", ""]
    assert questions["events"].tolist() == [2, 2]
    assert questions["heartbeat_last"].tolist()[1] == -1


def test_two_visitors_never_share_a_question() -> None:
    story = Story()
    one = story.search("paspoort", 0, visitor=1)
    story.page("/tarieven", 5, visitor=2, came=one, referrer=OWN + "/zoeken")
    assert len(asked(story)) == 2


def test_what_a_page_of_yesterday_still_sends_starts_nothing() -> None:
    story = Story()
    story.event(Kind.ENGAGE, 0, page_view="gisteren0000", index=5, path="/paspoort", visible_s=40.0)
    tables = story.tables()
    assert len(tables["questions"]) == 0
    assert tables["set_aside"].to_dict("records") == [
        {"table": "events", "experiment": "", "reason": "no question", "rows": 1}
    ]


def test_what_a_page_of_elsewhere_still_sends_joins_the_open_question() -> None:
    story = Story()
    story.page("/paspoort", 0)
    story.event(Kind.CONTACT, 9, page_view="anders000000", index=5, path="/paspoort", channel="tel")
    questions = story.tables()["questions"]
    assert (questions["events"].item(), questions["pages"].item()) == (2, 1)
    assert questions["outcome"].item() == "channel_shift"

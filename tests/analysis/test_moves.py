# SPDX-License-Identifier: EUPL-1.2
"""Moves inside a question: returns, reformulations, hops, phases and heartbeats."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from tests.analysis.stories import SITE, Story
from tracker.event import Kind
from tracker.site import Site, Sites


def moves(story: Story, *kinds: str) -> pd.DataFrame:
    table = story.tables()["moves"]
    return table[table["kind"].isin(kinds)] if kinds else table


def count(story: Story) -> dict[str, int]:
    question = story.tables()["questions"].iloc[0]
    names = ("reformulations", "pogo_sticks", "backtracks", "hops", "searches", "zero_results")
    return {name: int(question[name]) for name in names if question[name]}


def there_and_back(seen: float | None, away: float = 20) -> Story:
    story = Story()
    results = story.search("belasting", 0)
    page = story.page("/nieuws", 10, came=results, seen=seen)
    story.search("belasting", 10 + away, came=page)
    return story


RETURNS = {
    "visible for 15 s": (there_and_back(15.0, away=300), {"pogo_sticks": 1, "searches": 1}),
    "visible for 16 s": (there_and_back(16.0, away=300), {"backtracks": 1, "searches": 1}),
    "visible time unknown, back within 15 s": (there_and_back(None, 14), {"pogo_sticks": 1, "searches": 1}),
    "visible time unknown, back later": (there_and_back(None, 300), {"backtracks": 1, "searches": 1}),
}


@pytest.mark.parametrize(("story", "expected"), RETURNS.values(), ids=RETURNS)
def test_back_to_the_results(story: Story, expected: dict[str, int]) -> None:
    assert count(story) == expected


def test_back_over_two_pages_is_no_pogo_stick() -> None:
    story = Story()
    results = story.search("belasting", 0)
    page = story.page("/nieuws", 3, came=results, seen=2)
    page = story.page("/tarieven", 6, came=page, seen=2)
    story.search("belasting", 9, came=page)
    assert count(story) == {"backtracks": 1, "searches": 1}


def test_back_to_a_page_is_a_backtrack() -> None:
    story = Story()
    hub = story.page("/afval", 0)
    page = story.page("/grofvuil", 5, came=hub)
    story.page("/afval", 9, came=page)
    found = moves(story, "backtrack")
    assert found["touchpoint"].tolist() == ["/afval"]
    assert count(story) == {"backtracks": 1}


def test_a_page_once_left_by_going_back_is_new_again() -> None:
    """a > b > back to a > b: the second b is a step forward, not a return."""
    story = Story()
    a = story.page("/afval", 0)
    b = story.page("/grofvuil", 5, came=a)
    a = story.page("/afval", 9, came=b)
    story.page("/grofvuil", 12, came=a)
    assert count(story) == {"backtracks": 1}


def test_a_reload_is_no_move() -> None:
    story = Story()
    page = story.page("/afval", 0)
    story.page("/afval", 5, came=page)
    assert count(story) == {}


def test_two_tabs_are_two_branches() -> None:
    """From one page two tabs are opened; looking at them in turn is no going back and forth."""
    story = Story()
    hub = story.page("/afval", 0)
    one = story.page("/grofvuil", 5, came=hub)
    two = story.page("/tarieven", 6, came=hub)
    story.page("/grofvuil/ophalen", 10, came=one)
    story.page("/kwijtschelding", 12, came=two)
    assert count(story) == {}


@pytest.mark.parametrize(("seen", "kind"), [(6, "pogo_stick"), (20, "backtrack")])
def test_a_return_tells_what_was_left(seen: float, kind: str) -> None:
    """Not what was opened last: that stays open in another tab."""
    story = Story()
    results = story.search("grofvuil", 0)
    page = story.page("/grofvuil", 5, came=results, seen=seen)
    story.page("/tarieven", 8, came=results)
    story.search("grofvuil", 30, came=page)
    assert moves(story, kind)[["touchpoint", "source"]].values.tolist() == [["search", "/grofvuil"]]
    assert moves(story, "view")["source"].tolist() == ["", "search", "search", ""]


def test_a_return_without_an_origin_left_the_latest_page() -> None:
    story = Story()
    results = story.search("grofvuil", 0)
    story.page("/grofvuil", 5, came=results, seen=6)
    story.search("grofvuil", 12)
    assert moves(story, "pogo_stick")["source"].tolist() == ["/grofvuil"]


def test_paging_through_results_is_no_reformulation() -> None:
    story = Story()
    page = story.search("belasting", 0)
    story.search("belasting", 20, came=page)
    assert count(story) == {"searches": 1}


def test_reformulations_are_named() -> None:
    story = Story()
    page = story.search("belastng", 0, results=0)
    page = story.search("belasting", 20, came=page)
    page = story.search("belasting betalen", 30, came=page)
    story.search("betalen", 40, came=page)
    assert moves(story, "reformulation")["type"].tolist() == ["spelling", "added", "removed"]
    assert count(story) == {"searches": 4, "reformulations": 3, "zero_results": 1}


def test_the_same_query_typed_again_elsewhere_is_a_repeat() -> None:
    story = Story()
    story.search("belasting", 0)
    story.page("/", 4000)
    story.search("belasting", 4010, came=story.events[-1].page_view)
    assert moves(story, "reformulation")["type"].tolist() == ["repeat"]


def test_leaving_for_another_host_is_a_hop() -> None:
    story = Story()
    page = story.page("/belasting", 0)
    story.on(page, Kind.LINK, 5, target="mijn.overheid.nl/berichten")
    story.on(page, Kind.LINK, 9, target="www.voorbeeldstad.nl/afval")
    assert moves(story, "hop")["touchpoint"].tolist() == ["mijn.overheid.nl"]
    assert count(story) == {"hops": 1}


def test_another_site_of_our_own_is_another_host() -> None:
    library = Site("bibliotheek", frozenset({"www.bibliotheek.example"}))
    story = Story()
    page = story.page("/belasting", 0)
    story.on(page, Kind.LINK, 5, target="www.bibliotheek.example/leden")
    found = story.tables(sites=Sites([SITE, library]))["moves"]
    assert found[found["kind"] == "hop"]["touchpoint"].tolist() == ["www.bibliotheek.example"]


def test_moves_are_numbered_and_in_order() -> None:
    story = Story()
    page = story.search("zwerfvuil", 0)
    story.on(page, Kind.RESULT, 5, target="/melding/stap-1", query="zwerfvuil", rank=1)
    form = story.page("/melding/stap-1", 6, came=page)
    story.on(form, Kind.FORM, 8, action="start", step=1)
    story.on(form, Kind.FORM, 20, action="submit", step=1)
    done = story.page("/melding/bedankt", 21, came=form)
    story.on(done, Kind.GOAL, 21, goal="melding_verzonden")
    story.on(done, Kind.FEEDBACK, 30, heartbeat=1)
    table = moves(story)
    assert table["order"].tolist() == list(range(len(table)))
    assert list(zip(table["kind"], table["touchpoint"], table["phase"], strict=True)) == [
        ("view", "search", "oriëntatie"),
        ("search", "search", "oriëntatie"),
        ("result", "/melding/stap-1", "oriëntatie"),
        ("view", "/melding/stap-1", "uitvoering"),
        ("form", "/melding/stap-1", "uitvoering"),
        ("form", "/melding/stap-1", "uitvoering"),
        ("view", "/melding/bedankt", "afronding"),
        ("goal", "/melding/bedankt", "afronding"),
        ("feedback", "/melding/bedankt", "evaluatie"),
    ]


def test_a_task_may_map_its_own_pages() -> None:
    story = Story()
    story.page("/melding/stap-9", 0)
    assert moves(story, "view")["phase"].tolist() == ["uitvoering"]


def heartbeats(story: Story) -> list[tuple[str, float, bool]]:
    table = moves(story)
    known = table[table["heartbeat"].notna()]
    return list(zip(known["kind"], known["heartbeat"], known["given"], strict=True))


def test_heartbeats_are_given_or_inferred() -> None:
    story = Story()
    page = story.search("belasting", 0, results=0)
    page = story.page("/belasting", 5, came=page, seen=3)
    story.on(page, Kind.FRICTION, 6, friction="rage")
    story.on(page, Kind.FORM, 7, action="error", step=1)
    story.on(page, Kind.FEEDBACK, 9, heartbeat=1)
    assert heartbeats(story) == [
        ("search", -1.0, False),
        ("view", -1.0, False),
        ("form", -1.0, False),
        ("feedback", 1.0, True),
    ]
    question = story.tables()["questions"].iloc[0]
    assert [question[f"heartbeat_{name}"] for name in ("first", "worst", "peak", "last")] == [-1, -1, 1, 1]


def test_no_heartbeat_is_not_a_zero() -> None:
    story = Story()
    story.page("/belasting", 0)
    assert heartbeats(story) == []
    assert math.isnan(story.tables()["questions"]["heartbeat_last"].item())


PHASES = {
    "reading": ([], "oriëntatie"),
    "contact": ([(Kind.CONTACT, {"channel": "tel"})], "contact"),
    "filling in": ([(Kind.FORM, {"action": "start", "step": 1})], "uitvoering"),
    "a mark on the way": ([(Kind.FEEDBACK, {"heartbeat": -1})], "oriëntatie"),
    "the goal": ([(Kind.GOAL, {"goal": "x"})], "afronding"),
    "a mark after the goal": ([(Kind.GOAL, {"goal": "x"}), (Kind.FEEDBACK, {"heartbeat": 1})], "evaluatie"),
}


@pytest.mark.parametrize(("done", "phase"), PHASES.values(), ids=PHASES)
def test_furthest_phase(done: list[tuple[Kind, dict[str, object]]], phase: str) -> None:
    story = Story()
    page = story.page("/nieuws", 0)
    for at, (kind, fields) in enumerate(done):
        story.on(page, kind, 5 + at, **fields)
    assert story.tables()["questions"]["phase"].item() == phase

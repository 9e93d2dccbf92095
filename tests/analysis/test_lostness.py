# SPDX-License-Identifier: EUPL-1.2
"""How far people went beyond what they had to, and the other measures of trouble."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import AnalysisError
from analysis.lostness import (
    as_links,
    distances,
    fewest_pages,
    links_taken,
    lostness,
    read_links,
    smith,
    summary,
)
from benchmarks import wikispeedia
from tests.analysis.stories import Story
from tracker.event import Kind

OURS = "https://www.voorbeeldstad.nl"

# S, N, R and lostness by hand: Smith's own extremes, and a return that counts as a view
SMITH = {
    "straight": (4, 4, 4, 0.0),
    "one page twice": (5, 4, 4, 0.2),
    "twice as far as needed": (4, 4, 2, 0.5),
    "both": (8, 4, 2, np.hypot(0.5, 0.5)),
    "the start was the answer": (1, 1, 1, 0.0),
}


@pytest.mark.parametrize(("s", "n", "r", "expected"), SMITH.values(), ids=SMITH)
def test_smith(s: int, n: int, r: int, expected: float) -> None:
    assert smith(s, n, r) == pytest.approx(expected)


def test_distances_count_pages_and_not_clicks() -> None:
    links = as_links([("a", "b"), ("b", "c"), ("c", "d"), ("a", "c"), ("d", "a")])
    assert distances(links, "a") == {"a": 1, "b": 2, "c": 2, "d": 3}


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=40),
    st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), max_size=20),
)
def test_many_pairs_are_as_far_as_each_by_itself(
    ways: list[tuple[int, int]], pairs: list[tuple[int, int]]
) -> None:
    links = as_links((f"/{source}", f"/{target}") for source, target in ways)
    starts, answers = ([f"/{pair[end]}" for pair in pairs] for end in (0, 1))
    alone = [distances(links, pair[0]).get(pair[1], np.nan) for pair in zip(starts, answers, strict=True)]
    np.testing.assert_equal(fewest_pages(links, starts, answers), np.array(alone, float))


def test_more_starts_than_are_walked_from_at_once() -> None:
    links = as_links((f"/{place}", f"/{place + 1}") for place in range(1100))
    starts = [f"/{place}" for place in range(1099)]
    found = fewest_pages(links, starts, [f"/{place + 2}" for place in range(1099)])
    assert found.tolist() == [3.0] * 1099


def walked(story: Story, visitor: int, *paths: str, at: int = 0) -> None:
    """Someone follows links from page to page and reads the last one."""
    came, referrer = None, None
    for place, path in enumerate(paths):
        last = place == len(paths) - 1
        came = story.page(
            path, at + place * 10, visitor=visitor, came=came, referrer=referrer, seen=40 if last else 8
        )
        referrer = OURS + path


def town() -> Story:
    """Five go straight, one makes a detour, one gives up."""
    story = Story()
    for visitor in range(5):
        walked(story, visitor, "/identiteit", "/paspoort")
        walked(story, 10 + visitor, "/identiteit", "/tarieven", "/paspoort")
    walked(story, 20, "/identiteit", "/wijken", "/identiteit", "/paspoort")
    walked(story, 21, "/identiteit", "/wijken")
    return story


def test_only_links_that_five_visitors_took_count() -> None:
    tables = town().tables()
    links = links_taken(tables["questions"], tables["moves"])
    assert links == as_links(
        [("/identiteit", "/paspoort"), ("/identiteit", "/tarieven"), ("/tarieven", "/paspoort")]
    )


def test_lostness_of_those_who_were_answered() -> None:
    tables = town().tables()
    rows = lostness(tables["questions"], tables["moves"])
    assert len(rows) == 11
    assert rows["fewest"].tolist() == [2.0] * 11
    detour = rows.loc[rows["views"] == 4].iloc[0]
    assert (detour["distinct"], detour["excess"], detour["first_click"]) == (3, 2, 0.0)
    assert detour["lostness"] == pytest.approx(smith(4, 3, 2))
    assert rows.loc[rows["views"] == 2, "first_click"].tolist() == [1.0] * 5
    shown = summary(tables["questions"], tables["moves"], "outcome")
    assert shown.set_index("outcome").loc["read", "measured"] == 11
    assert shown.set_index("outcome").loc["abandoned", "share_success"] == 0


def test_a_crawl_says_what_no_visitor_found(tmp_path: Path) -> None:
    crawl = tmp_path / "links.csv"
    crawl.write_text("source,target\n/identiteit,/paspoort\n", encoding="utf-8")
    story = Story()
    walked(story, 1, "/identiteit", "/tarieven", "/paspoort")
    tables = story.tables()
    alone = lostness(tables["questions"], tables["moves"])
    assert alone["fewest"].isna().all() or alone["fewest"].item() == 3
    assert lostness(tables["questions"], tables["moves"], links=read_links(crawl))["fewest"].item() == 2


def test_a_crawl_that_is_none(tmp_path: Path) -> None:
    wrong = tmp_path / "links.csv"
    wrong.write_text("from,to\n/a,/b\n", encoding="utf-8")
    with pytest.raises(AnalysisError, match="expected source and target"):
        read_links(wrong)
    with pytest.raises(AnalysisError, match="cannot be read"):
        read_links(tmp_path / "none.csv")


def test_what_a_question_cost() -> None:
    story = Story()
    page = story.search("paspoort", 0, results=0)
    page = story.search("paspoort kosten", 20, came=page)
    story.on(page, Kind.FRICTION, 25)
    story.on(page, Kind.CONTACT, 30, channel="tel")
    question = story.tables()["questions"].iloc[0]
    assert (question["reformulated_added"], question["friction"], question["channel"]) == (1, 1, "tel")
    assert question["reformulations"] == 1
    # two pages, two searches, one reformulation, one search without results, one click in anger
    assert question["effort"] == 7
    assert (question["daypart"], question["persona"]) == ("morning", "direct//morning/resident/first")


def test_a_repeat_is_known_or_unknown_but_never_none() -> None:
    """A visitor exists for one DAY: that somebody never asked before cannot be said."""
    story = Story()
    page = story.page("/melding/bedankt", 0)
    story.on(page, Kind.GOAL, 0, goal="melding_verzonden")
    story.page("/afval/zwerfvuil", 3600)
    repeats = story.tables()["questions"]["repeat"]
    assert pd.isna(repeats.iloc[0])
    assert repeats.iloc[1] == 1


@pytest.mark.shared
def test_real_people_are_as_lost_as_is_known_of_them(shared: Path) -> None:
    """Wikispeedia: the harder people found it, the more lost they were."""
    known = wikispeedia.paths(shared / "data" / "wikispeedia")
    found = wikispeedia.figures(shared / "data" / "wikispeedia", known)
    assert (found.paths, found.questions) == (28_718, 28_718)
    assert round(found.use_back, 4) == 0.1612
    assert round(found.pages, 4) == 6.6727
    assert found.lostness[known["rating"].notna()].notna().all()
    by_rating = {rating: round(rows.mean(), 3) for rating, rows in found.by_rating(known["rating"]).items()}
    assert by_rating == {1: 0.169, 2: 0.285, 3: 0.391, 4: 0.489, 5: 0.521}

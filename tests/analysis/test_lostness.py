# SPDX-License-Identifier: EUPL-1.2
"""How far people went beyond what they had to, and the other measures of trouble."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.errors import AnalysisError
from analysis.lostness import as_links, distances, links_taken, lostness, read_links, smith, summary
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
    assert (question["daypart"], question["persona"]) == ("morning", "direct//morning")


def test_a_repeat_is_known_or_unknown_but_never_none() -> None:
    """A visitor exists for one DAY: that somebody never asked before cannot be said."""
    story = Story()
    page = story.page("/melding/bedankt", 0)
    story.on(page, Kind.GOAL, 0, goal="melding_verzonden")
    story.page("/afval/zwerfvuil", 3600)
    repeats = story.tables()["questions"]["repeat"]
    assert pd.isna(repeats.iloc[0])
    assert repeats.iloc[1] == 1

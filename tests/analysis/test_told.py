# SPDX-License-Identifier: EUPL-1.2
"""Stories: told only where they are like many, and with nothing in them that points at somebody."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.journey_book import Story as Told
from analysis.told import stories
from tests.analysis.journey_samples import books
from tests.analysis.stories import Story
from tracker.event import Kind


def told(story: Story) -> tuple[Told, ...]:
    tables = story.tables()
    asked = tables["questions"]
    asked = asked[asked["task"] == "zwerfvuil"]
    moves: pd.DataFrame = tables["moves"].merge(asked[["day", "partition", "question"]])
    return stories(asked, moves, keep_days=31)


def callers(count: int, *, through: str = "/melding/stap-1") -> Story:
    """Visitors who look at two pages and phone."""
    story = Story()
    for visitor in range(1, count + 1):
        page = story.page("/afval/zwerfvuil-melden", visitor, visitor=visitor)
        form = story.page(through.format(visitor), visitor + 31, came=page, visitor=visitor)
        story.on(form, Kind.CONTACT, visitor + 64, channel="tel")
    return story


def test_five_who_went_alike_make_a_story() -> None:
    (one,) = told(callers(5))
    assert (one.outcome, one.questions, one.visitors, one.variant) == ("channel_shift", 5, 5, "")
    assert [(scene.after_s, scene.kind, scene.touchpoint) for scene in one.scenes] == [
        (0, "view", "/afval/zwerfvuil-melden"),
        (30, "view", "/melding/stap-1"),
        (65, "contact", "tel"),
    ]
    assert one.until == "2026-07-11"


SILENT = {
    "four visitors": callers(4),
    "a page of which everybody has one of their own": callers(9, through="/melding/zaak-{}"),
}


@pytest.mark.parametrize("story", SILENT.values(), ids=SILENT)
def test_what_would_point_at_somebody_is_not_told(story: Story) -> None:
    assert told(story) == ()


def test_five_questions_of_one_visitor_are_one_visitor() -> None:
    story = Story()
    for place in range(5):
        at = place * 4000.0
        page = story.page("/afval/zwerfvuil-melden", at, referrer="https://www.google.nl/")
        story.on(page, Kind.CONTACT, at + 20, channel="tel")
    assert told(story) == ()


def test_the_story_is_the_one_most_like_the_others() -> None:
    story = callers(9)
    odd = story.page("/melding/stap-1", 500, visitor=99)
    for place in range(6):
        odd = story.page(
            ("/afval/zwerfvuil-melden", "/melding/stap-1")[place % 2], 510 + place, came=odd, visitor=99
        )
    story.on(odd, Kind.CONTACT, 560, channel="tel")
    (one,) = told(story)
    assert len(one.scenes) == 3
    assert one.questions == 10


def test_nothing_in_a_book_points_at_a_visitor() -> None:
    """No pseudonym, no moment of the clock, no word that fewer than five typed."""
    import msgspec

    from tests.analysis.stories import NINE

    book = next(one for one in books().books if one.task.task == "zwerfvuil")
    written = msgspec.json.encode(book).decode()
    assert {one.variant for one in book.stories} == {"current", "redesign"}
    assert len(book.stories) == 6
    assert 'visitor"' not in written
    assert str(NINE)[:6] not in written
    assert "woord1" not in written

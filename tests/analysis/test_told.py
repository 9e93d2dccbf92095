# SPDX-License-Identifier: EUPL-1.2
"""Stories: told only where they are like many, and with nothing in them that points at somebody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
import polars as pl
import pytest
from msgspec import structs

from analysis.journey_book import LostStory
from analysis.journey_book import Story as Told
from analysis.losses import lost_at
from analysis.told import Teller
from tests.analysis.journey_samples import books
from tests.analysis.stories import Story
from tracker.event import Kind


def told(story: Story) -> tuple[Told, ...]:
    tables = story.tables()
    asked = tables["questions"]
    asked = asked[asked["task"] == "zwerfvuil"]
    moves: pd.DataFrame = tables["moves"].merge(asked[["day", "partition", "question"]])
    return Teller(asked, moves, keep_days=31).typical()


def told_as_lost(
    story: Story, experiment: str = "", versions: tuple[str, ...] = ()
) -> Mapping[tuple[str, str, str, int], LostStory]:
    tables = story.tables()
    asked, moves = tables["questions"], tables["moves"]
    lost = lost_at(pl.from_pandas(asked), pl.from_pandas(moves)).to_pandas().assign(day=asked["day"].iloc[0])
    teller = Teller(asked[asked["task"] == "zwerfvuil"], moves, keep_days=31)
    found = teller.lost(lost, experiment=experiment, versions=versions)
    return {(one.exposure, one.kind, one.page, one.step): one for one in found}


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


def stuck(count: int, step: int, *, first: int = 1, calls: bool = False, variant: str = "") -> Story:
    """Visitors who get stuck at a step of the form."""
    story = Story()
    met: dict[str, Any] = {"exposures": f"zwerfvuil={variant}", "bucket": 1} if variant else {}
    for visitor in range(first, first + count):
        view = story.page("/afval/zwerfvuil-melden", visitor, visitor=visitor, **met)
        for place in range(1, step + 1):
            at = visitor + 20 * place
            view = story.page(f"/melding/stap-{place}", at, visitor=visitor, came=view, **met)
            story.on(view, Kind.FORM, at + 5, action="start" if place == 1 else "step", step=place)
        if calls:
            story.on(view, Kind.CONTACT, visitor + 99, channel="tel")
    return story


def both(*stories: Story) -> Story:
    whole = Story()
    for number, story in enumerate(stories):
        whole.events += [
            structs.replace(event, page_view=f"{number}{event.page_view}") for event in story.events
        ]
    return whole


def test_a_place_has_a_story_that_was_lost_there() -> None:
    """Most get stuck at step 1, so that is how a typical journey goes; the story of step 3 is another."""
    found = told_as_lost(both(stuck(12, 1), stuck(6, 3, first=50)))
    assert set(found) == {("", "form", "/melding/stap-1", 1), ("", "form", "/melding/stap-3", 3)}
    story = found["", "form", "/melding/stap-3", 3].story
    assert (story.outcome, story.questions, story.visitors) == ("abandoned", 6, 6)
    assert story.scenes[-1].touchpoint == "/melding/stap-3"
    assert found["", "form", "/melding/stap-1", 1].story.scenes[-1].touchpoint == "/melding/stap-1"


QUIET = {
    "four visitors": stuck(4, 2),
    "three who called and four who gave up": both(stuck(3, 2, calls=True), stuck(4, 2, first=50)),
}


@pytest.mark.parametrize("story", QUIET.values(), ids=QUIET)
def test_a_place_where_fewer_than_five_were_lost_alike_has_no_story(story: Story) -> None:
    assert told_as_lost(story) == {}


def test_the_more_common_end_at_a_place_is_told() -> None:
    (one,) = told_as_lost(both(stuck(5, 2, calls=True), stuck(7, 2, first=50))).values()
    assert (one.story.outcome, one.story.questions) == ("abandoned", 7)


def test_a_version_has_its_own_story_of_a_place_and_everyone_has_one() -> None:
    town = both(stuck(6, 1, variant="current"), stuck(6, 2, first=50, variant="redesign"))
    found = told_as_lost(town, "zwerfvuil", ("current", "redesign"))
    assert sorted((exposure, step) for exposure, _, _, step in found) == [
        ("", 1), ("", 2), ("zwerfvuil=current", 1), ("zwerfvuil=redesign", 2),
    ]  # fmt: skip
    assert found["zwerfvuil=redesign", "form", "/melding/stap-2", 2].story.variant == "redesign"


def test_stories_of_places_go_with_their_events() -> None:
    book = next(one for one in books().books if one.task.task == "zwerfvuil")
    assert {(one.exposure, one.page) for one in book.lost} >= {("", "/melding/stap-1")}
    assert book.on(date(2026, 7, 11)).lost == book.lost
    assert book.on(date(2026, 7, 12)).lost == ()


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

# SPDX-License-Identifier: EUPL-1.2
"""Sessions: where they are cut, and how visitors came in."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.entries import Entry, read_referrer
from analysis.thresholds import Thresholds
from tests.analysis.stories import SITE, Story
from tracker.event import Kind


def test_more_than_half_an_hour_of_silence_cuts() -> None:
    story = Story()
    story.page("/", 0)
    story.page("/nieuws", 1800)
    story.page("/tarieven", 3600.001)
    sessions = story.tables()["sessions"]
    assert sessions["pages"].tolist() == [2, 1]
    assert len(story.tables(definitions=Thresholds(session_gap_s=900))["sessions"]) == 3


def test_no_cut_at_midnight_nor_at_a_new_campaign() -> None:
    story = Story()
    before_midnight = 15 * 3600 - 60
    page = story.page("/", before_midnight)
    story.page("/nieuws", before_midnight + 120, came=page, parameters="utm_source=nieuwsbrief")
    assert len(story.tables()["sessions"]) == 1


def test_reading_on_is_no_silence() -> None:
    story = Story()
    page = story.page("/", 0, seen=1500)
    story.page("/nieuws", 3000, came=page)
    assert len(story.tables()["sessions"]) == 1


ENTRIES = {
    "nothing said": ({}, Entry.DIRECT),
    "google": ({"referrer": "https://www.google.nl/"}, Entry.SEARCH_ENGINE),
    "google abroad": ({"referrer": "https://www.google.co.uk/"}, Entry.SEARCH_ENGINE),
    "duckduckgo": ({"referrer": "https://duckduckgo.com/"}, Entry.SEARCH_ENGINE),
    "a search engine that carries a campaign": (
        {"referrer": "https://www.bing.com/", "parameters": "utm_campaign=x"},
        Entry.SEARCH_ENGINE,
    ),
    "mail of a search engine": ({"referrer": "https://mail.google.com/"}, Entry.REFERRAL),
    "a letter": ({"parameters": "kr_code=0423"}, Entry.CAMPAIGN),
    "an empty campaign": ({"parameters": "utm_source="}, Entry.DIRECT),
    "the site's own search parameter": ({"parameters": "q=afval"}, Entry.DIRECT),
    "social": ({"referrer": "https://m.facebook.com/"}, Entry.SOCIAL),
    "the short host of a social network": ({"referrer": "https://t.co/abc"}, Entry.SOCIAL),
    "another site": ({"referrer": "https://www.buurtkrant.nl/artikel"}, Entry.REFERRAL),
    "a page of our own": ({"referrer": "https://www.voorbeeldstad.nl/afval"}, Entry.INTERNAL),
    "no address at all": ({"referrer": "https://[broken"}, Entry.REFERRAL),
}


@pytest.mark.parametrize(("page", "entry"), ENTRIES.values(), ids=ENTRIES)
def test_entry(page: dict[str, Any], entry: Entry) -> None:
    story = Story()
    story.page("/landing", 0, viewport="s", language="nl", **page)
    session = story.tables()["sessions"].iloc[0]
    assert (session["entry"], session["landing"]) == (entry, "/landing")
    assert (session["viewport"], session["language"]) == ("s", "nl")


def test_words_of_a_search_engine() -> None:
    assert read_referrer("https://www.google.nl/search?q=grof+vuil", SITE).words == "grof vuil"
    assert read_referrer("https://www.voorbeeldstad.nl/zoeken?q=grof+vuil", SITE).words == ""


def test_a_session_counts_its_questions_and_searches() -> None:
    story = Story()
    page = story.search("paspoort", 0)
    story.search("trouwen", 30, came=page)
    later = story.search("paspoort", 8000)
    story.on(later, Kind.RESULT, 8003, target="/paspoort", query="paspoort", rank=1)
    sessions = story.tables()["sessions"]
    assert sessions["questions"].tolist() == [2, 0]
    assert sessions["searches"].tolist() == [2, 1]

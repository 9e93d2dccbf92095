# SPDX-License-Identifier: EUPL-1.2
"""The word gap: which typed words stand in a title, in which version, and which titles nobody types."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from analysis.frames import nothing
from analysis.journey_book import Gap
from analysis.tables import TITLES, WORDS
from analysis.word_gap import common_words, gap
from tests.analysis.journey_samples import books


def made(typed: dict[str, int], titles: dict[str, str], **given: Any) -> Gap:
    """The gap between words (with their visitors) and titles (with their exposures)."""
    words = pd.DataFrame(
        {"kind": "word", "words": list(typed), "visitors": list(typed.values()), "searches": 9}
    ).reindex(columns=list(WORDS), fill_value=0)
    words = words.assign(since="2026-06-01", site="a", task="t")
    shown = pd.DataFrame({"title": list(titles), "exposures": list(titles.values())})
    found = gap(words, shown.reindex(columns=list(TITLES), fill_value=""), until="2026-06-28", **given)
    assert found is not None
    return found


STANDS = {
    "as it is": ("paspoort", "Paspoort aanvragen", True),
    "in another form": ("paspoorten", "Paspoort aanvragen", True),
    "misspelled": ("paspoot", "Paspoort aanvragen", True),
    "as the beginning of a compound": ("afval", "Afvalkalender", True),
    "as the end of a compound": ("kaart", "Identiteitskaart", True),
    "a compound of which the title has a part": ("afvalkalender", "Afval", False),
    "a short word inside a longer one": ("wmo", "Wmoxyz", False),
    "another word": ("rommel", "Melding openbare ruimte", False),
}


@pytest.mark.parametrize(("typed", "title", "expected"), STANDS.values(), ids=STANDS)
def test_a_typed_word_stands_in_a_title(typed: str, title: str, expected: bool) -> None:
    assert bool(made({typed: 9}, {title: ""}).words[0].on) is expected


def test_a_title_counts_for_the_version_in_which_it_was_shown() -> None:
    titles = {"Meldpunt": "a=x,zwerfvuil=current", "Rommel": "zwerfvuil=redesign", "Afval": ""}
    found = made(
        {"rommel": 9, "meldpunt": 8, "afval": 7, "troep": 6},
        titles,
        experiment="zwerfvuil",
        versions=("current", "redesign"),
    )
    assert {one.words: one.on for one in found.words} == {
        "rommel": ("redesign",),
        "meldpunt": ("current",),
        "afval": ("current", "redesign"),
        "troep": (),
    }


def test_official_words_that_nobody_types_are_named() -> None:
    found = made({"rommel": 9}, {"Rommel en zwerfafval": ""}, official="melding openbare ruimte (algemeen)")
    assert found.unused == ("algemeen", "openbare", "ruimte", "zwerfafval")


def test_spellings_of_a_word_are_one_and_its_forms_are_not() -> None:
    found = made({"rommel": 30, "romel": 7, "container": 20, "kontainer": 6, "containers": 5}, {})
    assert [(one.words, one.also) for one in found.words] == [
        ("rommel", ("romel",)),
        ("container", ("kontainer",)),
        ("containers", ()),
    ]


def test_the_name_of_the_site_is_no_word_of_a_page() -> None:
    titles = [f"{page} - Gemeente Voorbeeldstad" for page in ("Afval", "Paspoort", "Parkeren", "Trouwen")]
    assert common_words(titles) == {"voorbeeldstad"}
    assert common_words(titles[:2]) == frozenset()


def test_nobody_searched() -> None:
    assert gap(nothing(WORDS), nothing(TITLES), until="2026-06-28") is None


def test_the_town_types_words_that_only_the_new_version_has() -> None:
    found = next(book for book in books().books if book.task.task == "zwerfvuil").gap
    assert found is not None
    assert {one.words: (one.visitors, one.on) for one in found.words} == {
        "rommel": (24, ()),
        "straat": (24, ()),
        "zwerfvuil": (14, ("redesign",)),
    }
    assert [one.words for one in found.queries] == ["rommel op straat"]
    assert found.rest == 14  # 'woord19 zwerfvuil' and such: each of one visitor
    assert "openbare" in found.unused

# SPDX-License-Identifier: EUPL-1.2
"""What residents type, compared: the steps of the cascade and the kinds of reformulation."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from analysis.words import Reformulation, alike, misspelling, normalise, reformulation, same_words

SAME = {
    "equal": ("zwerfvuil", "zwerfvuil"),
    "case and accents": ("Coöperatie", "cooperatie"),
    "generic words around it": ("paspoort", "paspoort aanvragen bij de gemeente"),
    "plural": ("afvalcontainer", "afvalcontainers"),
    "subset": ("grofvuil ophalen", "grofvuil"),
    "one letter wrong of eight": ("paspoort", "paspoirt"),
    "two letters wrong of ten": ("verhuizing", "verhiuzing"),
    "another order": ("vuil op straat", "straat vuil"),
    "a compound in pieces": ("zwerf vuil", "zwerfvuil"),
    "a compound in pieces and more": ("zwerf vuil", "zwerfvuil melden"),
    "only generic words, equal": ("contact", "contact"),
}
OTHER = {
    "wmo and woz": ("wmo", "woz"),
    "aow and ozb": ("aow", "ozb"),
    "woo and woz": ("woo", "woz"),
    "another subject with a generic word in common": ("paspoort aanvragen", "uittreksel aanvragen"),
    "a word in common, but each with its own": ("wmo hulp", "woz hulp"),
    "empty": ("", "zwerfvuil"),
    "both empty": ("", ""),
    "redacted whole": ("[bsn]", "[bsn]"),
    "redacted whole, marks of two kinds": ("[email] [phone]", "[email]"),
    "two short words in one longer one's reach": ("huur", "buur"),
}


@pytest.mark.parametrize(("a", "b"), SAME.values(), ids=SAME)
def test_same_question_by_its_words(a: str, b: str) -> None:
    assert same_words(normalise(a), normalise(b))
    assert same_words(normalise(b), normalise(a))


@pytest.mark.parametrize(("a", "b"), OTHER.values(), ids=OTHER)
def test_other_question_by_its_words(a: str, b: str) -> None:
    assert not same_words(normalise(a), normalise(b))
    assert not same_words(normalise(b), normalise(a))


def test_a_redaction_is_no_word() -> None:
    assert normalise("uittreksel [bsn]").words == ("uittreksel",)


REFORMULATIONS = {
    "again": ("zwerfvuil", "Zwerfvuil", Reformulation.REPEAT),
    "spelling mended": ("zwerfvul", "zwerfvuil", Reformulation.SPELLING),
    "written together": ("grof vuil", "grofvuil", Reformulation.SPELLING),
    "plural": ("boom kappen", "bomen kappen", Reformulation.SPELLING),
    "word added": ("grofvuil", "grofvuil ophalen", Reformulation.ADDED),
    "word added, spelling mended": ("grofvul", "grofvuil ophalen", Reformulation.ADDED),
    "word removed": ("grofvuil ophalen", "grofvuil", Reformulation.REMOVED),
    "word substituted": ("vuil ophalen", "vuil storten", Reformulation.SUBSTITUTED),
    "all substituted": ("rommel op straat", "zwerfvuil", Reformulation.SUBSTITUTED),
    "other order": ("straat vuil", "vuil straat", Reformulation.REORDERED),
}


@pytest.mark.parametrize(("before", "after", "kind"), REFORMULATIONS.values(), ids=REFORMULATIONS)
def test_how_a_query_became_the_next(before: str, after: str, kind: Reformulation) -> None:
    assert reformulation(normalise(before), normalise(after)) is kind


def test_likeness_fades_with_time() -> None:
    a, b = normalise("schuldhulpverlening"), normalise("schuldhulp")
    near = {"threshold": 0.5, "half_life_s": 3600.0}
    assert alike(a, b, gap_s=60, **near)
    assert not alike(a, b, gap_s=20_000, **near)
    assert not alike(a, normalise("paspoort"), gap_s=0, **near)


@given(st.text(max_size=30), st.text(max_size=30))
def test_sameness_is_mutual(a: str, b: str) -> None:
    one, other = normalise(a), normalise(b)
    assert same_words(one, other) == same_words(other, one)
    assert same_words(one, one) == bool(one)


@pytest.mark.shared
def test_product_names_are_not_taken_for_each_other(shared: Path) -> None:
    """Of 376 national product names of one word, the length rule takes fewer for each other than a flat 2."""
    text = (shared / "data/upl/upl_gemeente_burger.txt").read_text(encoding="utf-8")
    names = [name for line in text.splitlines() if (name := line.strip().lower()) and " " not in name]
    short = [*names, "wmo", "woz", "woo", "aow", "ozb"]
    flat = {pair for pair in combinations(short, 2) if Levenshtein.distance(*pair) <= 2}
    ours = {pair for pair in combinations(short, 2) if misspelling(*pair)}
    assert ours < flat
    assert not any(len(min(pair, key=len)) < 5 for pair in ours)

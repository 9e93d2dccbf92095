# SPDX-License-Identifier: EUPL-1.2
"""What residents type: normalised, compared, and how one query became the next.

Nothing here knows a visitor or a clock; the weighing against time is one argument.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from math import sqrt

import snowballstemmer
from rapidfuzz.distance import Levenshtein

_WORD = re.compile(r"[a-z0-9]+")
_REDACTED = re.compile(r"\[[a-z]+\]")  # the mark that scrubbing leaves in place of personal data
_STEMMER = snowballstemmer.stemmer("dutch")

_GENERIC = """
aan als bij dan dat de der deze die dit door een en er van voor het hoe ik in is je kan kun kunt mag me met
mij mijn moet na naar niet of om ons onze op over te tot u uit uw waar waarom wanneer wat we welke wie wil
zich zijn heb hebben hebt ga gaan graag moeten mogen krijg krijgen nodig
aanvraag aanvragen aangevraagd aanvraagformulier formulier formulieren gemeente gemeentelijke online digitaal
melden melding afspraak maken regelen doorgeven informatie info nieuw nieuwe kosten contact loket burger
inwoner website
a an and apply application can do for form get i information municipality my on or the to what when where with
"""
#: Words that say nothing about the subject: function words, and what every municipal product is called.
GENERIC = frozenset(_GENERIC.split())


class Reformulation(StrEnum):
    """How a query became the next one (after Huang & Efthimiadis, CIKM 2009)."""

    REPEAT = "repeat"
    SPELLING = "spelling"
    ADDED = "added"
    REMOVED = "removed"
    SUBSTITUTED = "substituted"
    REORDERED = "reordered"


@dataclass(frozen=True, slots=True)
class Query:
    """A query to compare: `words` as typed (lower case, no accents), `content` without the generic ones."""

    words: tuple[str, ...]
    content: tuple[str, ...]
    stems: frozenset[str]

    @property
    def has_subject(self) -> bool:
        """False where every word is generic, such as someone types to find the site itself."""
        return not GENERIC.issuperset(self.words)

    def __bool__(self) -> bool:
        """False for a query that is empty or was redacted whole: it matches nothing."""
        return bool(self.words)


@lru_cache(maxsize=65_536)
def normalise(text: str) -> Query:
    """Lower case, accents off, redactions out, generic words dropped (all kept where nothing else is left).

    >>> normalise("Grofvuil aanvrágen bij de gemeente").content
    ('grofvuil',)
    >>> bool(normalise("[bsn]"))
    False
    """
    plain = unicodedata.normalize("NFKD", _REDACTED.sub(" ", text.casefold()))
    words = tuple(_WORD.findall("".join(letter for letter in plain if not unicodedata.combining(letter))))
    content = tuple(word for word in words if word not in GENERIC) or words
    return Query(words, content, frozenset(stem(word) for word in content))


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """Dutch stem of one word in lower case."""
    return str(_STEMMER.stemWord(word))


#: Letters by which two words may differ at most and still be one.
FARTHEST = 2


def misspelling(a: str, b: str) -> bool:
    """Whether two words differ by no more than their length allows: 0 letters below 5, 1 below 9, else 2.

    With 2 for every length wmo, woz, woo, aow and ozb would be one question.

    >>> misspelling("wmo", "woz"), misspelling("paspoort", "paspoot"), misspelling("rijbewijs", "rijbewys")
    (False, True, False)
    """
    shorter = min(len(a), len(b))
    allowed = 0 if shorter < 5 else 1 if shorter < 9 else FARTHEST
    if not allowed or abs(len(a) - len(b)) > allowed:
        return a == b
    return Levenshtein.distance(a, b, score_cutoff=allowed) <= allowed


def same_word(a: str, b: str) -> bool:
    """Equal, of equal stem, or a misspelling of each other."""
    return a == b or stem(a) == stem(b) or misspelling(a, b)


def contains(larger: Query, smaller: Query) -> bool:
    """Whether every content word of `smaller` is in `larger`, misspellings forgiven."""
    if not larger or not smaller:
        return False
    return smaller.stems <= larger.stems or all(
        any(same_word(word, other) for other in larger.content) for word in smaller.content
    )


@lru_cache(maxsize=262_144)
def same_words(a: Query, b: Query) -> bool:
    """First step of the cascade: equal, subset or superset, or the same but for the spelling.

    >>> same_words(normalise("wmo"), normalise("wmo aanvragen"))
    True
    >>> same_words(normalise("wmo"), normalise("aow"))
    False
    >>> same_words(normalise("zwerf vuil"), normalise("zwerfvuil melden"))
    True
    """
    if not a or not b:
        return False
    if contains(a, b) or contains(b, a):
        return True
    return _written_apart(a, b) or _written_apart(b, a)


def _written_apart(apart: Query, whole: Query) -> bool:
    """A compound in pieces: "zwerf vuil" for "zwerfvuil"."""
    joined = "".join(apart.content)
    return len(apart.content) > 1 and any(misspelling(joined, word) for word in whole.content)


@lru_cache(maxsize=262_144)
def trigram_cosine(a: Query, b: Query) -> float:
    """Cosine (0-1) of the counts of character 3-grams of the content words; 0 where one is empty."""
    if not a or not b:
        return 0.0
    one, other = _trigrams(a.content), _trigrams(b.content)
    shared = sum(count * other[gram] for gram, count in one.items())
    return shared / sqrt(sum(n * n for n in one.values()) * sum(n * n for n in other.values()))


def _trigrams(words: Sequence[str]) -> Counter[str]:
    padded = (f" {word} " for word in words)
    return Counter(word[at : at + 3] for word in padded for at in range(len(word) - 2))


def alike(a: Query, b: Query, *, gap_s: float, threshold: float, half_life_s: float) -> bool:
    """Second step of the cascade: the cosine of 3-grams, halved every `half_life_s`, is enough."""
    cosine = trigram_cosine(a, b)
    return cosine >= threshold and cosine * 0.5 ** (gap_s / half_life_s) >= threshold


@lru_cache(maxsize=65_536)
def reformulation(before: Query, after: Query) -> Reformulation:
    """How `before` became `after`, both of the same question.

    >>> str(reformulation(normalise("grofvul"), normalise("grofvuil")))
    'spelling'
    >>> str(reformulation(normalise("grofvuil"), normalise("grofvuil ophalen")))
    'added'
    """
    old, new = before.words, after.words
    if old == new:
        return Reformulation.REPEAT
    if sorted(old) == sorted(new):
        return Reformulation.REORDERED
    if len(old) == len(new) and all(map(same_word, old, new)):
        return Reformulation.SPELLING
    if "".join(old) == "".join(new):
        return Reformulation.SPELLING
    if not Counter(old) - Counter(new) or (old and len(new) > len(old) and _all_in(old, new)):
        return Reformulation.ADDED
    if not Counter(new) - Counter(old) or (new and len(old) > len(new) and _all_in(new, old)):
        return Reformulation.REMOVED
    return Reformulation.SUBSTITUTED


def _all_in(few: Sequence[str], many: Sequence[str]) -> bool:
    return all(any(same_word(word, other) for other in many) for word in few)

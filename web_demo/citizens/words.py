# SPDX-License-Identifier: EUPL-1.2
"""What citizens want, in their own words, and how strongly a text smells of it.

Information scent (Pirolli & Card, *Psychological Review* 106(4), 1999): people follow the link whose words
are most associated with what they look for. Here the association is the citizen's own vocabulary, kept in
`words.toml`: resident's words, broad words and the official words that only some people know.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

import snowballstemmer

WORDS = Path(__file__).with_name("words.toml")
_WORD = re.compile(r"[a-z0-9€]+")
_COMPOUND_PART = 5
_COMPOUND_LOSS = 0.75


class WordsError(ValueError):
    """`words.toml` says something that cannot be a wish."""


class Kind(StrEnum):
    """A wish is to know something (a text answers it) or to get something done (a form does)."""

    KNOW = "know"
    DO = "do"


@dataclass(frozen=True, slots=True)
class Term:
    """One or more stems that together mean something to the citizen; `weight` is the association, 0-1."""

    stems: tuple[str, ...]
    weight: float
    official: bool = False


@dataclass(frozen=True, eq=False)
class Lexicon:
    """Terms that belong together. Compared by identity, so that what a text holds is looked up once."""

    terms: tuple[Term, ...]

    @lru_cache(maxsize=1 << 17)  # noqa: B019 - a vocabulary lives as long as the process
    def traces(self, text: str) -> tuple[tuple[int, float], ...]:
        """Which of the terms a text holds, as (place, certainty 0-1)."""
        words = stems(text)
        found = ((i, min(occurs(part, words) for part in term.stems)) for i, term in enumerate(self.terms))
        return tuple((place, sure) for place, sure in found if sure)

    def count(self, text: str) -> int:
        """How many of the terms a text holds."""
        return len(self.traces(text))

    def scent(self, weights: Sequence[float], text: str) -> float:
        """How strongly a text smells to someone whose associations are `weights`, 0-1 (noisy or)."""
        missed = 1.0
        for place, sure in self.traces(text):
            missed *= 1.0 - weights[place] * sure
        return 1.0 - missed


@dataclass(frozen=True, eq=False)
class Wish:
    """What a citizen comes for. `share` is its part of all wishes.

    `queries` are what residents type, the commonest first; `official_queries` what insiders type.
    `answer` holds terms that stand together in one block of text where the answer is given.
    """

    name: str
    kind: Kind
    share: float
    queries: tuple[str, ...]
    official_queries: tuple[str, ...]
    lexicon: Lexicon
    answer: tuple[tuple[str, ...], ...]

    def answered_by(self, text: str) -> bool:
        """Whether one block of text holds the answer: each group of `answer` is met by one of its ways."""
        words = stems(text)
        return bool(self.answer) and all(any(_said(way, words) for way in group) for group in self.answer)


def _said(way: str, words: frozenset[str]) -> bool:
    return all(occurs(stem(word), words) for word in tokens(way))


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Every wish, and the words that mean the same to all citizens."""

    wishes: tuple[Wish, ...]
    actions: Lexicon
    confirmations: Lexicon
    documents: Lexicon
    sensitive: Lexicon
    help: Lexicon

    def wish(self, name: str) -> Wish:
        """The wish of that name; a KeyError where there is none."""
        return next((w for w in self.wishes if w.name == name), None) or _unknown(name, self.wishes)


def _unknown(name: str, wishes: Sequence[Wish]) -> Wish:
    raise KeyError(f"no wish '{name}'; the wishes are {', '.join(w.name for w in wishes)}")


@lru_cache(maxsize=1 << 17)
def tokens(text: str) -> tuple[str, ...]:
    """Words of a text, lower case and without accents, in their order.

    >>> tokens("Zwerfvuil, één straat")
    ('zwerfvuil', 'een', 'straat')
    """
    plain = unicodedata.normalize("NFKD", text.lower())
    return tuple(_WORD.findall("".join(c for c in plain if not unicodedata.combining(c))))


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    return snowballstemmer.stemmer("dutch")


@lru_cache(maxsize=1 << 16)
def stem(word: str) -> str:
    """Dutch stem of one lower-case word.

    >>> stem("containers")
    'container'
    """
    found: str = _stemmer().stemWord(word)
    return found


@lru_cache(maxsize=1 << 17)
def stems(text: str) -> frozenset[str]:
    """The different stems of a text."""
    return frozenset(stem(word) for word in tokens(text))


def occurs(part: str, words: frozenset[str]) -> float:
    """How surely a stem is met among other stems: 1 as such, less inside a Dutch compound, else 0."""
    if part in words:
        return 1.0
    if len(part) >= _COMPOUND_PART and any(part in word for word in words):
        return _COMPOUND_LOSS
    return 0.0


def load(path: Path = WORDS) -> Vocabulary:
    """Read the vocabulary; a `WordsError` names the wish and the key that cannot be read."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    shared = raw["everyone"]
    return Vocabulary(
        wishes=tuple(_wish(name, table) for name, table in raw["wish"].items()),
        actions=Lexicon(_terms(shared["actions"])),
        confirmations=Lexicon(_terms(shared["confirmations"])),
        documents=Lexicon(_terms(shared["documents"])),
        sensitive=Lexicon(_terms(shared["sensitive"])),
        help=Lexicon(_terms(shared["help"])),
    )


_WEIGHTS = {"own": (0.7, False), "near": (0.45, False), "broad": (0.25, False), "official": (0.55, True)}


def _wish(name: str, table: Mapping[str, Any]) -> Wish:
    unknown = set(table) - {"kind", "share", "queries", "official_queries", "answer", *_WEIGHTS}
    if unknown or not table.get("queries"):
        raise WordsError(f"wish '{name}': unknown keys {sorted(unknown)} or no queries; see the other wishes")
    terms = tuple(
        term
        for key, (weight, official) in _WEIGHTS.items()
        for term in _terms(table.get(key, ()), weight, official)
    )
    return Wish(
        name=name,
        kind=Kind(table["kind"]),
        share=float(table["share"]),
        queries=tuple(table["queries"]),
        official_queries=tuple(table.get("official_queries", ())),
        lexicon=Lexicon(terms),
        answer=tuple(tuple(group.split("|")) for group in table.get("answer", ())),
    )


def _terms(phrases: Iterable[str], weight: float = 1.0, official: bool = False) -> tuple[Term, ...]:
    return tuple(Term(tuple(stem(w) for w in tokens(p)), weight, official) for p in phrases)

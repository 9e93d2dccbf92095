# SPDX-License-Identifier: EUPL-1.2
"""The word gap: what residents type against what the pages are called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
from msgspec.structs import replace

from analysis.exposures import parse
from analysis.journey_book import Gap, Typed
from analysis.vocabulary import QUERY, WORD
from analysis.words import GENERIC, misspelling, normalise, same_word, stem

#: A word in this share of all titles is the site's name or its frame and says nothing about a task.
EVERYWHERE = 0.6
#: Words that say nothing about a subject, beside those that no query is compared by.
_LITTLE_WORDS = """
naast onder boven achter tegen langs tussen zonder lukt gaat doen wilt weten zijn wij klopt fout dit kunnen
meer mee about near after without does want know this more our your
"""
_LITTLE = frozenset(_LITTLE_WORDS.split())
#: A typed word of so many letters stands in a compound that begins or ends with it.
_PART = 5
_SUMS = ("visitors", "searches", "zero_results", "again", "answered", "contacted", "abandoned")


def gap(
    words: pd.DataFrame,
    titles: pd.DataFrame,
    *,
    official: str = "",
    experiment: str = "",
    versions: Sequence[str] = (),
    frame: frozenset[str] = frozenset(),
    until: str,
) -> Gap | None:
    """The gap of one task, or of all; None where nobody searched.

    `words` and `titles` are rows of the day tables, windows side by side. `official` is the national name of
    the product; `frame` are the words of `common_words`. With an experiment a title counts for the version in
    which it was shown, and one that was shown without for all of them.
    """
    if not len(words):
        return None
    said = _title_words(titles, experiment, versions, frame)
    made = {kind: _typed(words[words["kind"] == kind], said, kind) for kind in (QUERY, WORD)}
    rest = words[(words["kind"] == QUERY) & (words["words"] == "")]
    typed = [one.words for one in made[WORD]]
    named = sorted({word for each in said.values() for word in each} | set(_content(official)) - frame)
    return Gap(
        since=str(words["since"].min()),
        until=until,
        queries=made[QUERY],
        words=made[WORD],
        rest=int(rest["searches"].sum()),
        unused=tuple(word for word in named if not any(same_word(word, other) for other in typed)),
        titles=int(titles["title"].nunique()),
    )


def common_words(titles: Iterable[str]) -> frozenset[str]:
    """Words in most of the titles of a site, such as its own name.

    >>> sorted(common_words([f"{page} - Gemeente Voorbeeldstad" for page in ("Afval", "Paspoort", "Parken")]))
    ['voorbeeldstad']
    """
    different = [frozenset(_content(title)) for title in set(titles)]
    every = frozenset[str]().union(*different)
    enough = max(3, EVERYWHERE * len(different))
    return frozenset(word for word in every if sum(word in each for each in different) >= enough)


def _title_words(
    titles: pd.DataFrame, experiment: str, versions: Sequence[str], frame: frozenset[str]
) -> dict[str, frozenset[str]]:
    """Words of the titles of each version; of '' where there are none."""
    found: dict[str, set[str]] = {version: set() for version in versions or ("",)}
    for title, shown in zip(titles["title"], titles["exposures"], strict=True):
        version = dict(parse(str(shown))).get(experiment)
        for name, words in found.items():
            if version is None or version == name:
                words.update(set(_content(str(title))) - frame)
    return {name: frozenset(words) for name, words in found.items()}


def _typed(rows: pd.DataFrame, said: Mapping[str, frozenset[str]], kind: str) -> tuple[Typed, ...]:
    rows = rows[rows["words"] != ""].groupby(["words", "task"], as_index=False)[list(_SUMS)].sum()
    rows = rows.sort_values(["visitors", "words"], ascending=[False, True])
    found: list[Typed] = []
    for row in rows.to_dict("records"):
        words, task = str(row["words"]), str(row["task"])
        known = next((n for n, one in enumerate(found) if one.task == task and _spelt(words, one.words)), -1)
        if kind == WORD and not _content(words):
            continue
        if kind == WORD and known >= 0:
            found[known] = replace(found[known], also=(*found[known].also, words))
            continue
        on = tuple(name for name, titled in said.items() if _stands(words, titled))
        sums: dict[str, Any] = {name: int(row[name]) for name in _SUMS}
        found.append(Typed(words=words, task=task, on=on, **sums))
    return tuple(found)


def _spelt(word: str, other: str) -> bool:
    """Whether a word is another, which more visitors typed, with other letters; its forms are words too."""
    return stem(word) != stem(other) and misspelling(word, other)


def _stands(typed: str, titles: frozenset[str]) -> bool:
    """Whether every word that says something stands in some title, in another form or misspelled."""
    said = _content(typed)
    if not said:
        return False
    joined = "".join(said)
    each = all(any(_says(other, word) for other in titles) for word in said)
    return each or (len(said) > 1 and any(same_word(joined, other) for other in titles))


def _says(titled: str, typed: str) -> bool:
    """Whether a title's word is the typed one, or a compound with it at an end.

    >>> _says("afvalkalender", "afval"), _says("afval", "afvalkalender")
    (True, False)
    """
    part = len(typed) >= _PART and (titled.startswith(typed) or titled.endswith(typed))
    return part or same_word(typed, titled)


def _content(text: str) -> list[str]:
    words = normalise(text).words
    dull = GENERIC | _LITTLE
    return [word for word in words if word not in dull and not word.isdigit() and len(word) > 1]

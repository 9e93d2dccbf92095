# SPDX-License-Identifier: EUPL-1.2
"""Site search: an index in memory that knows which results only some visitors get.

Pages of all variants lie in one index. A query runs once; what one visitor sees is what is left after the
other variants' pages are taken out. An experiment is *seen* on a results page only where that taking out
makes a difference (counterfactual triggering), and only then does the visit count as an exposure.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import product

import snowballstemmer
from markupsafe import Markup, escape
from rapidfuzz import fuzz
from rapidfuzz import process as fuzzy

from web_demo.content import Answer, Content, Page

WEIGHTS = (12.0, 5.0, 4.0, 1.0, 1.0)  # title, keywords, summary, text, stems
_WEIGHTS = ", ".join(map(str, WEIGHTS))
SNIPPET_WORDS = 28
CLOSE_ENOUGH = 76.0  # similarity in percent at which a word of the site is offered instead of a typing error
LONGEST_QUERY = 200
_WORD = re.compile(r"[a-z0-9]+")
_MARK = "\x01", "\x02"

_DUTCH = """
    aan al als bij dan dat de der deze die dit doe doen een en er gaan ga graag had heb hebben hebt het hier
    hoe ik in is je jullie kan kunnen kunt maar me meer met mij mijn moet moeten na naar niet nog of om ons
    onze ook op over te tot u uit uw van veel voor waar wat we wel wil willen word worden wordt ze zich zijn
    zo
"""
_ENGLISH = """
    a about an and are at be by can do for from get have how i in is it me my of on or the to want what when
    where with you your
"""
STOP_WORDS = {"nl": frozenset(_DUTCH.split()), "en": frozenset(_ENGLISH.split())}
# Words that mean the same to a resident. They are added to a page when it is indexed, so that the index, not
# the query, knows them. Nothing here may lead to litter or to debts: those words are what the variants test.
SYNONYMS: tuple[frozenset[str], ...] = tuple(
    frozenset(group.split())
    for group in (
        "paspoort pas reisdocument",
        "identiteitskaart idkaart id",
        "verhuizing verhuizen adreswijziging adres",
        "grofvuil grofafval",
        "afval vuilnis huisvuil",
        "container kliko vuilnisbak",
        "auto voertuig",
        "huwelijk trouwen bruiloft",
        "overlijden dood sterfgeval",
        "geboorte baby",
        "uitkering bijstand",
        "rolstoel scootmobiel hulpmiddel",
        "parkeren parkeervergunning",
        "kwijtschelding vrijstelling",
        "openingstijden open geopend",
        "afspraak reserveren",
        "telefoonnummer bellen telefoon",
        "uittreksel brp gba",
    )
)


@dataclass(frozen=True, slots=True)
class Hit:
    """One result: the page and the piece of its text that fits the query."""

    page: Page
    snippet: Markup


@dataclass(frozen=True, slots=True)
class Results:
    """What one visitor gets. `seen` are the experiments whose variants give different results here."""

    query: str
    hits: tuple[Hit, ...] = ()
    seen: tuple[str, ...] = ()
    answer: Answer | None = None
    suggestion: str | None = None


@dataclass(slots=True)
class SearchIndex:
    """Full-text index over the pages of one language.

    Args:
        content: all pages of the site.
        language: `nl` or `en`.
        limit: most results shown.
    """

    content: Content
    language: str
    limit: int = 10
    _pages: list[Page] = field(init=False, default_factory=list)
    _numbers: dict[int, int] = field(init=False, default_factory=dict)
    _variants: dict[str, list[str]] = field(init=False, default_factory=dict)
    _vocabulary: list[str] = field(init=False, default_factory=list)
    _answers: list[Answer] = field(init=False, default_factory=list)
    _stemmer: snowballstemmer.stemmer = field(init=False)
    _db: sqlite3.Connection = field(init=False)

    def __post_init__(self) -> None:
        self._stemmer = snowballstemmer.stemmer({"nl": "dutch", "en": "english"}[self.language])
        # SQLite serialises calls by itself (threadsafety 3); the index is never written again after this.
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        self._db.execute(
            "CREATE VIRTUAL TABLE pages USING fts5(title, keywords, summary, text, stems, "
            'tokenize = "unicode61 remove_diacritics 2")'
        )
        self._pages = [
            page for page in self.content.every_page() if page.language == self.language and page.findable
        ]
        stem = cache(self._stemmer.stemWord)
        self._numbers = {id(page): number for number, page in enumerate(self._pages)}
        for number, page in enumerate(self._pages):
            self._db.execute(
                "INSERT INTO pages(rowid, title, keywords, summary, text, stems) VALUES (?, ?, ?, ?, ?, ?)",
                (number, *self._columns(page, stem)),
            )
            if page.experiment and page.variant:
                self._variants.setdefault(page.experiment, []).append(page.variant)
        self._vocabulary = sorted(
            {
                word
                for page in self._pages
                for word in words(f"{page.title} {' '.join(page.keywords)}")
                if len(word) > 3 and page.experiment is None
            }
        )
        self._answers = [answer for answer in self.content.answers if answer.language == self.language]

    def search(self, query: str, variant_of: Callable[[str], str]) -> Results:
        """The results that one visitor sees.

        Args:
            query: what the visitor typed.
            variant_of: the visitor's variant of an experiment; asked only of experiments seen here, since
                asking is what counts as an exposure.
        """
        query = query[:LONGEST_QUERY]
        terms = self.terms(query)
        if not terms:
            return Results(query=query)
        ranked = _Ranked(narrow=self._ranked(" AND ".join(terms)))
        if any(not pages for pages in self._by_choice(ranked).values()):
            ranked = _Ranked(ranked.narrow, wide=self._ranked(" OR ".join(terms)))
        seen = self._seen(ranked)
        shown = ranked.shown({name: variant_of(name) for name in seen}, self.limit)
        return Results(
            query=query,
            hits=self._hits(shown, " OR ".join(terms)),
            seen=tuple(seen),
            answer=self._answer(query),
            suggestion=None if shown else self._suggestion(query),
        )

    def terms(self, query: str) -> list[str]:
        """The query as full-text terms: each word by its beginning or its stem, stop words left out."""
        typed = words(query)
        kept = [word for word in typed if word not in STOP_WORDS[self.language]] or typed
        return [self._term(word) for word in dict.fromkeys(kept)]

    def _term(self, word: str) -> str:
        stem = self._stemmer.stemWord(word)
        # A short stem is the beginning of too many words; a longer one may be cut anywhere.
        start = stem if len(stem) > 4 and word.startswith(stem) else word
        forms = [f'"{start}"*' if len(start) > 2 else f'"{start}"']
        if not stem.startswith(start):
            forms.append(f'"{stem}"*' if len(stem) > 4 else f'"{stem}"')
        return f"({' OR '.join(forms)})"

    def _columns(self, page: Page, stem: Callable[[str], str]) -> tuple[str, str, str, str, str]:
        keywords = " ".join((*page.keywords, page.upl or ""))
        told = words(f"{page.title} {keywords} {page.summary}")
        synonyms = {other for word in told for group in SYNONYMS if word in group for other in group}
        every = {*told, *words(page.text), *synonyms}
        stems = " ".join(sorted({stem(word) for word in every}))
        return page.title, " ".join((keywords, *sorted(synonyms))), page.summary, page.text, stems

    def _ranked(self, expression: str) -> list[Page]:
        rows = self._db.execute(
            f"SELECT rowid FROM pages WHERE pages MATCH ? ORDER BY bm25(pages, {_WEIGHTS}), rowid",  # noqa: S608
            (expression,),
        )
        return [self._pages[number] for (number,) in rows]

    def _hits(self, pages: list[Page], expression: str) -> tuple[Hit, ...]:
        numbers = [self._numbers[id(page)] for page in pages]
        # "+rowid" is filtered in one pass; a bare "rowid IN" would run the search anew for every page.
        rows = self._db.execute(
            f"SELECT rowid, snippet(pages, 3, ?, ?, ' … ', {SNIPPET_WORDS}) FROM pages "  # noqa: S608
            f"WHERE pages MATCH ? AND +rowid IN ({', '.join(map(str, numbers))})",
            (*_MARK, expression),
        )
        snippets = dict(rows.fetchall())
        return tuple(
            Hit(page, _marked(snippets[number], page)) for number, page in zip(numbers, pages, strict=True)
        )

    def _by_choice(self, ranked: _Ranked) -> dict[tuple[str, ...], list[Page]]:
        """The list for every combination of variants of the experiments that have a page in it."""
        present = ranked.experiments()
        return {
            choice: ranked.shown(dict(zip(present, choice, strict=True)), self.limit)
            for choice in product(*(self._choices(name) for name in present))
        }

    def _seen(self, ranked: _Ranked) -> list[str]:
        """The experiments whose variant changes this list, whatever the variants of the others are."""
        lists = self._by_choice(ranked)
        return [
            name
            for at, name in enumerate(ranked.experiments())
            if any(
                pages != lists[(*choice[:at], other, *choice[at + 1 :])]
                for choice, pages in lists.items()
                for other in self._choices(name)
            )
        ]

    def _choices(self, experiment: str) -> list[str]:
        return sorted(set(self._variants[experiment]))

    def _answer(self, query: str) -> Answer | None:
        typed = set(words(query))
        fitting = (answer for answer in self._answers if any(group <= typed for group in answer.words))
        return next(fitting, None)

    def _suggestion(self, query: str) -> str | None:
        typed = words(query)
        mended = [self._mend(word) for word in typed]
        return " ".join(mended) if mended != typed else None

    def _mend(self, word: str) -> str:
        if len(word) < 4 or word in STOP_WORDS[self.language]:
            return word
        best = fuzzy.extractOne(word, self._vocabulary, scorer=fuzz.ratio, score_cutoff=CLOSE_ENOUGH)
        return best[0] if best else word


def words(text: str) -> list[str]:
    """The words of a text in lower case, without accents."""
    bare = unicodedata.normalize("NFKD", text.lower())
    return _WORD.findall("".join(letter for letter in bare if not unicodedata.combining(letter)))


@dataclass(frozen=True, slots=True)
class _Ranked:
    """Pages of all variants, best first: those with every word, and those with any word."""

    narrow: list[Page]
    wide: list[Page] = field(default_factory=list)

    def experiments(self) -> list[str]:
        return sorted({page.experiment for page in (*self.narrow, *self.wide) if page.experiment})

    def shown(self, chosen: Mapping[str, str], limit: int) -> list[Page]:
        """What is left for one visitor; pages with any word only where none has every word."""
        return (_visible(self.narrow, chosen) or _visible(self.wide, chosen))[:limit]


def _visible(pages: Iterable[Page], chosen: Mapping[str, str]) -> list[Page]:
    return [page for page in pages if page.experiment is None or chosen.get(page.experiment) == page.variant]


def _marked(snippet: str, page: Page) -> Markup:
    start, end = _MARK
    if start not in snippet:
        return escape(page.summary)
    # Escaped before the marks become tags.
    return Markup(str(escape(snippet)).replace(start, "<mark>").replace(end, "</mark>"))  # noqa: S704

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
from itertools import product

import snowballstemmer
from markupsafe import Markup, escape
from rapidfuzz import fuzz
from rapidfuzz import process as fuzzy

from web_demo.content import Answer, Content, Page

WEIGHTS = (20.0, 5.0, 4.0, 1.0, 1.0)  # title, keywords, summary, text, stems
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


@dataclass(frozen=True, slots=True)
class _Found:
    page: Page
    snippet: str


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
    limit: int = 20
    _pages: list[Page] = field(init=False, default_factory=list)
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
            "tokenize = \"unicode61 remove_diacritics 2\")"
        )
        self._pages = [page for page in self.content.every_page() if page.language == self.language]
        for number, page in enumerate(self._pages):
            self._db.execute(
                "INSERT INTO pages(rowid, title, keywords, summary, text, stems) VALUES (?, ?, ?, ?, ?, ?)",
                (number, *self._columns(page)),
            )
            if page.experiment and page.variant:
                self._variants.setdefault(page.experiment, []).append(page.variant)
        self._vocabulary = sorted({
            word for page in self._pages for word in words(f"{page.title} {' '.join(page.keywords)}")
            if len(word) > 3 and page.experiment is None
        })
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
        narrow = self._match(" AND ".join(terms))
        wide = self._match(" OR ".join(terms)) if len(terms) > 1 else narrow
        seen = self._seen(narrow, wide)
        shown = self._shown(narrow, wide, {name: variant_of(name) for name in seen})
        hits = tuple(Hit(found.page, _marked(found.snippet, found.page)) for found in shown)
        return Results(
            query=query,
            hits=hits,
            seen=tuple(seen),
            answer=self._answer(query),
            suggestion=None if hits else self._suggestion(query),
        )

    def terms(self, query: str) -> list[str]:
        """The query as full-text terms: each word by its beginning or its stem, stop words left out."""
        typed = words(query)
        kept = [word for word in typed if word not in STOP_WORDS[self.language]] or typed
        return [self._term(word) for word in dict.fromkeys(kept)]

    def _term(self, word: str) -> str:
        stem = self._stemmer.stemWord(word)
        # A stem of three letters is the beginning of too many words; a longer one may be cut anywhere.
        by_stem = f'"{stem}"*' if len(stem) > 3 else f'"{stem}"'
        by_word = f'"{word}"*' if len(word) > 2 else f'"{word}"'
        return f"({by_word} OR {by_stem})"

    def _columns(self, page: Page) -> tuple[str, str, str, str, str]:
        keywords = " ".join((*page.keywords, page.upl or ""))
        told = words(f"{page.title} {keywords} {page.summary}")
        synonyms = {other for word in told for group in SYNONYMS if word in group for other in group}
        every = {*told, *words(page.text), *synonyms}
        stems = " ".join(sorted({self._stemmer.stemWord(word) for word in every}))
        return page.title, " ".join((keywords, *sorted(synonyms))), page.summary, page.text, stems

    def _match(self, expression: str) -> list[_Found]:
        rows = self._db.execute(
            f"SELECT rowid, snippet(pages, 3, ?, ?, ' … ', {SNIPPET_WORDS}) FROM pages WHERE pages MATCH ? "  # noqa: S608
            f"ORDER BY bm25(pages, {', '.join(map(str, WEIGHTS))}), rowid",
            (*_MARK, expression),
        )
        return [_Found(self._pages[number], snippet) for number, snippet in rows]

    def _shown(self, narrow: list[_Found], wide: list[_Found], chosen: Mapping[str, str]) -> list[_Found]:
        return (_visible(narrow, chosen) or _visible(wide, chosen))[: self.limit]

    def _seen(self, narrow: list[_Found], wide: list[_Found]) -> list[str]:
        """The experiments whose variant changes this list, whatever the variants of the others are."""
        present = sorted({found.page.experiment for found in (*narrow, *wide) if found.page.experiment})
        if not present:
            return []
        lists = {
            choice: self._shown(narrow, wide, dict(zip(present, choice, strict=True)))
            for choice in product(*(self._choices(name) for name in present))
        }
        return [
            name
            for at, name in enumerate(present)
            if any(
                found != lists[(*choice[:at], other, *choice[at + 1 :])]
                for choice, found in lists.items()
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


def _visible(found: Iterable[_Found], chosen: Mapping[str, str]) -> list[_Found]:
    return [
        one
        for one in found
        if one.page.experiment is None or chosen.get(one.page.experiment) == one.page.variant
    ]


def _marked(snippet: str, page: Page) -> Markup:
    start, end = _MARK
    if start not in snippet:
        return escape(page.summary)
    # Escaped before the marks become tags.
    return Markup(str(escape(snippet)).replace(start, "<mark>").replace(end, "</mark>"))  # noqa: S704

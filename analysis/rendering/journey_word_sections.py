# SPDX-License-Identifier: EUPL-1.2
"""The word gap as sections: of one task, and over all of them."""

from __future__ import annotations

from analysis import wording
from analysis.journey_book import Book, Gap, Overview, Typed
from analysis.rendering.journey_labels import JOURNEYS, PICTURES
from analysis.rendering.journey_parts import BARS, Section, figure, period_text
from analysis.rendering.journey_pictures import Bar, bars
from analysis.rendering.panels import WIDTHS
from analysis.rendering.pictures import Caption
from analysis.rendering.sections import Table


def words(book: Book, language: str) -> Section | None:
    """What residents type against what the pages are called."""
    gap = book.gap
    if gap is None or not gap.words:
        return None
    said = PICTURES["words"][language]
    versions = [version.name for version in book.versions]
    sentence = _missing(gap, versions, language)
    caption = Caption("words", said["title"], sentence)
    rows = [
        Bar(
            label=one.words,
            parts=((one.visitors, "part word" if one.on else "part open"),),
            shown=f"{wording.number(one.visitors, language)} · {_stands(one, versions, language)}",
        )
        for one in gap.words[:BARS]
    ]
    drawings = [bars(rows, caption, width=width) for width in WIDTHS]
    note = said["note"].format(period=period_text(gap.since, gap.until, language))
    unused = [f"‘{word}’" for word in gap.unused]
    more = [said["unused"].format(words=wording.listed(unused, language))] if unused else []
    if gap.rest:
        more.append(said["rest"].format(count=wording.number(gap.rest, language)))
    tables = [_words_table(gap, versions, language), queries_table(gap, language)]
    return figure("words", caption, drawings, tables, note, language, more=more)


def gap_figure(overview: Overview, language: str) -> Section | None:
    """Words that residents type and no title has, over all tasks."""
    gap = overview.gap
    if gap is None or not gap.words:
        return None
    said = PICTURES["words"][language]
    few = wording.listed([f"‘{one.words}’" for one in gap.words[:5]], language)
    caption = Caption("gap", said["all_title"], said["all_sentence"].format(words=few))
    questions = {row.task: row.question for row in overview.ranking}
    rows = [
        Bar(
            label=f"{one.words} – {questions.get(one.task, one.task)}",
            parts=((one.visitors, "part open"),),
            shown=wording.number(one.visitors, language),
        )
        for one in gap.words[:BARS]
    ]
    drawings = [bars(rows, caption, width=width) for width in WIDTHS]
    headers = (said["word"], JOURNEYS[language]["task"], said["visitors"], said["zero"], said["answered"])
    cells = tuple(
        (
            one.words,
            questions.get(one.task, one.task),
            wording.number(one.visitors, language),
            *_of_searches(one, language, "zero_results", "answered"),
        )
        for one in gap.words
    )
    note = said["all_note"].format(period=period_text(gap.since, gap.until, language))
    table = Table(said["all_title"], headers, cells, frozenset({2, 3, 4}))
    return figure("gap", caption, drawings, [table], note, language)


def queries_table(gap: Gap, language: str) -> Table:
    """Every query that at least five visitors typed, and what came after it."""
    said = PICTURES["words"][language]
    headers = tuple(said[key] for key in ("query", "visitors", "zero", "again", "answered"))
    cells = tuple(
        (
            one.words,
            wording.number(one.visitors, language),
            *_of_searches(one, language, "zero_results", "again", "answered"),
        )
        for one in gap.queries
    )
    return Table(said["queries"], headers, cells, frozenset({1, 2, 3, 4}))


def _missing(gap: Gap, versions: list[str], language: str) -> str:
    """The words that are missing most: from every title, else from those of the version that all see."""
    said = PICTURES["words"][language]
    nowhere = [one for one in gap.words if not one.on]
    apart = [one for one in gap.words if versions and versions[0] not in one.on]
    if not nowhere and not apart:
        return said["closed"]
    where = said["no_title"]
    if not nowhere:
        where = said["no_title_of"].format(version=wording.variant_name(versions[0], language))
    few = [
        said["typed"].format(word=one.words, count=wording.number(one.visitors, language))
        for one in (nowhere or apart)[:3]
    ]
    return said["sentence"].format(words=wording.listed(few, language), where=where)


def _stands(one: Typed, versions: list[str], language: str) -> str:
    said = PICTURES["words"][language]
    if not one.on:
        return said["in_none"]
    if versions and len(one.on) < len(versions):
        names = [wording.short_variant_name(name, language) for name in one.on]
        return said["only"].format(version=wording.listed(names, language))
    return said["in_titles"]


def _words_table(gap: Gap, versions: list[str], language: str) -> Table:
    said = PICTURES["words"][language]
    headers = (said["word"], said["visitors"], said["stands"], said["zero"], said["answered"])
    rows = tuple(
        (
            one.words + (f" ({said['also'].format(words=', '.join(one.also))})" if one.also else ""),
            wording.number(one.visitors, language),
            _stands(one, versions, language),
            *_of_searches(one, language, "zero_results", "answered"),
        )
        for one in gap.words
    )
    return Table(said["title"], headers, rows, frozenset({1, 3, 4}))


def _of_searches(one: Typed, language: str, *names: str) -> list[str]:
    searches = max(1, one.searches)
    return [wording.percentage(getattr(one, name) / searches, language) for name in names]

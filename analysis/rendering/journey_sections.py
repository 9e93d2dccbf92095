# SPDX-License-Identifier: EUPL-1.2
"""The parts of a task's page under /journeys/, in the order in which they are read.

Another part is another function in a list: it is given the book and the language, and gives a `Section`, or
None where it has nothing to say (`journey_pages.blueprint` takes more of them).
"""

from __future__ import annotations

from collections import defaultdict

from analysis import wording
from analysis.disclosure import FEWEST, OTHER
from analysis.journey_book import Book, Overview, Passage, Ranked
from analysis.rendering import path_panels, paths
from analysis.rendering.journey_labels import PICTURES
from analysis.rendering.journey_map_section import the_map
from analysis.rendering.journey_parts import BARS, Section, SectionMaker, figure, version_name
from analysis.rendering.journey_pictures import Bar, bars
from analysis.rendering.journey_stories import stories
from analysis.rendering.journey_word_sections import words
from analysis.rendering.panels import WIDTHS
from analysis.rendering.pictures import Caption
from analysis.rendering.sections import Table, labels


def sections(book: Book, language: str) -> list[Section]:
    """All parts of our own that have something to say."""
    makers: tuple[SectionMaker, ...] = (the_map, ways, words, stories)
    return [made for make in makers if (made := make(book, language)) is not None]


def ways(book: Book, language: str) -> Section | None:
    """What followed what, for each version."""
    versions = [version.name for version in book.versions] or [""]
    flows = [flow for flow in book.flows if flow.variant in versions]
    if not flows:
        return None
    said = PICTURES["ways"][language]
    panels, told = [], []
    for place, version in enumerate(versions):
        own = [flow for flow in flows if flow.variant == version]
        if not own:
            continue
        found = path_panels.followed(own, lambda steps, most: _named(flows, steps, most))
        ended = said["ended"].format(
            version=said["of"].format(version=wording.variant_name(version, language)) if version else "",
            **path_panels.of_hundred(found[0], language),
        )
        title = said["panel"].format(version=version_name(version, language))
        told.append(ended)
        drawings = path_panels.drawn(found, Caption(f"ways-{place}", title, ended), language)
        panels.append((version_name(version, language).capitalize(), drawings))
    caption = Caption("ways", said["title"], " ".join(told))
    return figure("ways", caption, panels, [_ways_table(flows, language)], said["note"], language)


def ranking_figure(overview: Overview, rows: list[Ranked], language: str) -> Section | None:
    """The picture on top of the overview, in the order of `rows`."""
    if not rows:
        return None
    said, most = PICTURES["ranking"][language], max(overview.ranking, key=lambda row: row.unanswered)
    top = sorted((row.unanswered for row in overview.ranking), reverse=True)
    key = "sentence" if len(top) > 3 else "sentence_one"
    sentence = said[key].format(
        question=most.question,
        unanswered=wording.number(most.unanswered, language),
        questions=wording.number(most.questions, language),
        share=wording.percentage(sum(top[:3]) / max(1, sum(top)), language),
    )
    caption = Caption("ranking", said["title"], sentence)
    shown = [
        Bar(
            label=row.question,
            parts=(
                (row.answered, "part good"),
                (row.on_results, "part results"),
                (row.unseen, "part unseen"),
                (row.contacted, "part contact"),
                (row.abandoned, "part gone"),
            ),
            shown=said["row"].format(
                unanswered=wording.number(row.unanswered, language),
                questions=wording.number(row.questions, language),
                share=wording.percentage(row.share_unanswered, language),
            ),
        )
        for row in rows[:BARS]
    ]
    drawings = [bars(shown, caption, width=width) for width in WIDTHS]
    return figure("ranking", caption, drawings, [], said["note"], language)


def _named(flows: list[Passage], steps: int, most: int) -> list[frozenset[str]]:
    """The touchpoints to name after each step; nothing that fewer than five visitors came to."""
    reached: defaultdict[tuple[int, str], int] = defaultdict(int)
    for flow in flows:
        reached[flow.order + 1, flow.target] += flow.visitors
    found = paths.common_touchpoints(flows, steps=steps, most=most)
    return [
        frozenset(name for name in names if reached[step, name] >= FEWEST and name != OTHER)
        for step, names in enumerate(found)
    ]


def _ways_table(flows: list[Passage], language: str) -> Table:
    """Every step of at least five visitors, and at least 1 in 200 questions; the rest is added up."""
    words = labels(language)
    totals: defaultdict[str, int] = defaultdict(int)
    for flow in flows:
        totals[flow.variant] += flow.questions if flow.order == 0 else 0
    rows: list[tuple[str, ...]] = []
    rest: defaultdict[str, int] = defaultdict(int)
    for flow in sorted(flows, key=lambda f: (list(totals).index(f.variant), f.order, -f.questions)):
        if flow.visitors < FEWEST or flow.questions * 200 < totals[flow.variant]:
            rest[flow.variant] += flow.questions
            continue
        ends = [wording.touchpoint_name(name, language) for name in (flow.source, flow.target)]
        counts = [wording.number(count, language) for count in (flow.order, flow.questions)]
        rows.append((version_name(flow.variant, language), counts[0], *ends, counts[1]))
    other = wording.touchpoint_name(OTHER, language)
    rows += [
        (version_name(name, language), "–", other, other, wording.number(count, language))
        for name, count in rest.items()
    ]
    headers = tuple(words[key] for key in ("version", "from_step", "source", "target", "count"))
    return Table(PICTURES["ways"][language]["title"], headers, tuple(rows), frozenset({1, 4}))

# SPDX-License-Identifier: EUPL-1.2
"""The parts of a task's page under /journeys/, in the order in which they are read.

Another part is another function in a list: it is given the book, the language and today's date, and gives a
`Section`, or None where it has nothing to say (`journey_pages.blueprint` takes more of them).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from analysis import wording
from analysis.journey_book import FEWEST, Book, Gap, Overview, Ranked, Scene, Typed
from analysis.journey_map import Beat, Figures, JourneyMap, Moment, Stop, is_line, map_of, moments
from analysis.rendering import paths
from analysis.rendering.html import unbroken
from analysis.rendering.journey_labels import JOURNEYS, PICTURES, SCENES
from analysis.rendering.journey_pictures import MAP_WIDTHS, Bar, MapWords, bars, journey_map
from analysis.rendering.panels import WIDTHS
from analysis.rendering.pictures import Caption
from analysis.rendering.sections import Table, labels
from analysis.report import Flow
from analysis.tables import Outcome

TEMPLATES = Path(__file__).parents[1] / "templates" / "journeys"
_BARS = 12  # rows of a picture of bars; the table has all
_PATHS = ((540.0, 3, 5), (340.0, 2, 4))  # width, steps, named touchpoints of a step


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page; `name` is its place in the address."""

    name: str
    title: str
    body: Markup


SectionMaker = Callable[[Book, str, date], Section | None]


def sections(book: Book, language: str, today: date) -> list[Section]:
    """All parts of our own that have something to say."""
    makers: tuple[SectionMaker, ...] = (the_map, ways, words, stories)
    return [made for make in makers if (made := make(book, language, today)) is not None]


def the_map(book: Book, language: str, today: date) -> Section | None:  # noqa: ARG001  as every section
    """Phases, touchpoints and the heartbeat line."""
    shown = map_of(book)
    if not any(shown.stops.values()):
        return None
    said = PICTURES["map"][language]
    sentence = f"{_leaving_most(shown, language)} {_low(shown, language)}".strip()
    caption = Caption("map", said["title"], sentence)
    worded = MapWords(
        version=lambda name: _version(name, language),
        phase=lambda phase: wording.phase_name(phase, language),
        touchpoint=lambda name: _place(name, language),
        share=lambda share: wording.percentage(share, language),
        leaving=lambda share: said["stops"].format(share=wording.percentage(share, language)),
        more=lambda count: JOURNEYS[language]["more_places" if count > 1 else "more_place"].format(
            count=wording.number(count, language)
        ),
        moment=lambda moment: said[moment.value],
        given=said["given"],
        hard=said["hard"],
        key=said["key"],
        feelings=(said["bad"], said["neutral"], said["good"]),
    )
    drawings = [journey_map(shown, worded, caption, width=width) for width in MAP_WIDTHS]
    return _figure(
        "map", caption, drawings, [_stops_table(shown, language), _line_table(shown, language)],
        said["note"], language,
    )  # fmt: skip


def ways(book: Book, language: str, today: date) -> Section | None:  # noqa: ARG001
    """What followed what, for each version."""
    versions = [version.name for version in book.versions] or [""]
    flows = [
        Flow(variant=f.variant, order=f.order, source=f.source, target=f.target, questions=f.questions)
        for f in book.flows
        if f.variant in versions
    ]
    if not flows:
        return None
    said = PICTURES["ways"][language]
    panels, told = [], []
    for place, version in enumerate(versions):
        own = [flow for flow in flows if flow.variant == version]
        if not own:
            continue
        drawings = []
        for width, steps, most in _PATHS:
            followed = paths.follow(own, _named(flows, steps, most))
            sentence = _ended(followed, version, language)
            title = said["panel"].format(version=_version(version, language))
            drawings.append(
                paths.draw(
                    followed,
                    Caption(f"ways-{place}", title, sentence),
                    width=width,
                    name_of=lambda name: wording.touchpoint_name(name, language),
                    share_of=lambda share: wording.percentage(share, language),
                    columns=said["columns"].split("|"),
                )
            )
        told.append(sentence)
        panels.append((_version(version, language).capitalize(), drawings))
    caption = Caption("ways", said["title"], " ".join(told))
    return _figure("ways", caption, panels, [_ways_table(flows, language)], said["note"], language)


def words(book: Book, language: str, today: date) -> Section | None:  # noqa: ARG001
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
        for one in gap.words[:_BARS]
    ]
    drawings = [bars(rows, caption, width=width) for width in WIDTHS]
    note = said["note"].format(period=_period(gap.since, gap.until, language))
    unused = [f"‘{word}’" for word in gap.unused]
    more = [said["unused"].format(words=_listed(unused, language))] if unused else []
    if gap.rest:
        more.append(said["rest"].format(count=wording.number(gap.rest, language)))
    tables = [_words_table(gap, versions, language), queries_table(gap, language)]
    return _figure("words", caption, drawings, tables, note, language, more=more)


def stories(book: Book, language: str, today: date) -> Section | None:
    """Single journeys to read, for as long as they may be shown."""
    shown = [story for story in book.stories if story.until >= today.isoformat()]
    if not shown:
        return None
    said = PICTURES["stories"][language]
    told = []
    for story in shown:
        heading = said["heading" if story.variant else "heading_all"].format(
            outcome=SCENES[f"end_{story.outcome}"][language],
            version=wording.variant_name(story.variant, language),
        )
        like = said["like"].format(questions=wording.number(story.questions, language))
        scenes = [
            (
                wording.duration(one.after_s, language) if one.after_s >= 10 else f"{one.after_s} s",
                _scene(one, language),
            )
            for one in story.scenes
        ]
        told.append((heading, like, scenes, SCENES[f"end_{story.outcome}"][language]))
    body = _render("stories.html", intro=said["intro"], stories=told)
    return Section("stories", said["title"], body)


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
        for row in rows[:_BARS]
    ]
    drawings = [bars(shown, caption, width=width) for width in WIDTHS]
    return _figure("ranking", caption, drawings, [], said["note"], language)


def gap_figure(overview: Overview, language: str) -> Section | None:
    """Words that residents type and no title has, over all tasks."""
    gap = overview.gap
    if gap is None or not gap.words:
        return None
    said = PICTURES["words"][language]
    few = _listed([f"‘{one.words}’" for one in gap.words[:5]], language)
    caption = Caption("gap", said["all_title"], said["all_sentence"].format(words=few))
    questions = {row.task: row.question for row in overview.ranking}
    rows = [
        Bar(
            label=f"{one.words} – {questions.get(one.task, one.task)}",
            parts=((one.visitors, "part open"),),
            shown=wording.number(one.visitors, language),
        )
        for one in gap.words[:_BARS]
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
    note = said["all_note"].format(period=_period(gap.since, gap.until, language))
    table = Table(said["all_title"], headers, cells, frozenset({2, 3, 4}))
    return _figure("gap", caption, drawings, [table], note, language)


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


def _figure(
    name: str,
    caption: Caption,
    drawings: list[Markup] | list[tuple[str, list[Markup]]],
    tables: list[Table],
    note: str,
    language: str,
    *,
    more: list[str] | None = None,
) -> Section:
    """Drawings (in panels with a heading, where there are several) with their sentence, note and tables."""
    panels = [one if isinstance(one, tuple) else ("", [one]) for one in drawings]
    if panels and not panels[0][0]:
        panels = [("", [drawing for _, each in panels for drawing in each])]
    body = _render(
        "figure.html", name=name, sentence=caption.description, panels=panels, tables=tables, note=note,
        more=more or [], numbers=JOURNEYS[language]["numbers"],
    )  # fmt: skip
    return Section(name, caption.title, body)


def _version(name: str, language: str) -> str:
    return wording.short_variant_name(name, language) if name else JOURNEYS[language]["all"]


def _place(name: str, language: str) -> str:
    return JOURNEYS[language]["other"] if name == "other" else wording.touchpoint_name(name, language)


def _leaving_most(shown: JourneyMap, language: str) -> str:
    """The place where most visitors gave up, with the share of each version."""
    said = PICTURES["map"][language]
    stops = [stop for stops in shown.stops.values() for stop in stops if stop.touchpoint != "other"]

    def lost(stop: Stop) -> float:
        return max(one.leaving * one.share for one in stop.figures.values())

    worst = max(stops, key=lost)
    if lost(worst) < 0.01:
        return said["calm"]
    told = [
        said["told" if name else "told_all"].format(
            version=wording.variant_name(name, language),
            count=wording.number(100 * one.leaving, language),
        )
        for name, one in worst.figures.items()
        if one.questions >= FEWEST
    ]
    return said["sentence"].format(place=_place(worst.touchpoint, language), told=_listed(told, language))


def _low(shown: JourneyMap, language: str) -> str:
    """Where each version has its low, by what residents said themselves."""
    said = PICTURES["map"][language]
    phase_of = {
        version: wording.phase_name(shown.phases[found[Moment.WORST]], language)
        for version in shown.versions
        if is_line({version: shown.given[version]}) and (found := moments(shown.given[version]))
    }
    if not phase_of:
        return ""
    if "" in phase_of:
        return said["felt"].format(where=said["felt_all"].format(phase=phase_of[""]))
    if len(phase_of) > 1 and len(set(phase_of.values())) == 1:
        return said["felt"].format(where=said["felt_every"].format(phase=next(iter(phase_of.values()))))
    told = [
        said["felt_at"].format(version=wording.variant_name(version, language), phase=phase)
        for version, phase in phase_of.items()
    ]
    return said["felt"].format(where=_listed(told, language))


def _stops_table(shown: JourneyMap, language: str) -> Table:
    words = JOURNEYS[language]
    apart = shown.versions != ("",)
    headers = ["place", "phase", *(["version"] if apart else []), "visits", "came", "leaving", "mark", "hard"]
    rows = [
        _stop_row(stop, phase, version, one, language, apart=apart)
        for phase in shown.phases
        for stop in shown.stops[phase]
        for version, one in stop.figures.items()
        if one.questions
    ]
    return Table(
        PICTURES["map"][language]["title"],
        tuple(words[key] for key in headers),
        tuple(rows),
        frozenset(range(2 + apart, 7 + apart)),
    )


def _stop_row(
    stop: Stop, phase: str, version: str, one: Figures, language: str, *, apart: bool
) -> tuple[str, ...]:
    pooled = stop.touchpoint == "other"  # a question that came to two of them is in it twice
    mark = "–" if one.mark is None else wording.number(one.mark, language, decimals=2, signed=True)
    return (
        _place(stop.touchpoint, language),
        wording.phase_name(phase, language),
        *([_version(version, language)] if apart else []),
        wording.number(one.visits, language),
        "–" if pooled else wording.percentage(one.share, language),
        "–" if pooled else wording.percentage(one.leaving, language),
        f"{mark} ({wording.number(one.given, language)})" if one.mark is not None else "–",
        wording.percentage(one.hard, language),
    )


def _line_table(shown: JourneyMap, language: str) -> Table:
    """The line of the heartbeat in figures, with the names of its moments."""
    said = PICTURES["map"][language]
    rows = []
    for kind, lines, low_is_good in (("given", shown.given, False), ("hard", shown.hard, True)):
        for version in shown.versions:
            named: defaultdict[int, list[str]] = defaultdict(list)
            for moment, where in moments(lines[version], low_is_good=low_is_good).items():
                named[where].append(said[moment.value])
            cells = [_beat(beat, named[place], kind, language) for place, beat in enumerate(lines[version])]
            first = f"{said[kind]}: {_version(version, language)}" if version else said[kind]
            rows.append((first, *cells))
    headers = (said["line_kind"], *(wording.phase_name(phase, language) for phase in shown.phases))
    return Table(said["line"], headers, tuple(rows), frozenset(range(1, len(headers))))


def _beat(beat: Beat, named: list[str], kind: str, language: str) -> str:
    if beat.value is None:
        return "–"
    if kind == "given":
        value = wording.number(beat.value, language, decimals=2, signed=True)
    else:
        value = wording.percentage(beat.value, language, decimals=1)
    return f"{value} ({', '.join(named)})" if named else value


def _named(flows: list[Flow], steps: int, most: int) -> list[frozenset[str]]:
    """The touchpoints to name after each step; nothing that fewer than five questions came to."""
    reached: defaultdict[tuple[int, str], int] = defaultdict(int)
    for flow in flows:
        reached[flow.order + 1, flow.target] += flow.questions
    found = paths.common_touchpoints(flows, steps=steps, most=most)
    return [
        frozenset(name for name in names if reached[step, name] >= FEWEST and name != paths.OTHER)
        for step, names in enumerate(found)
    ]


def _ended(followed: paths.Paths, version: str, language: str) -> str:
    said, last = PICTURES["ways"][language], followed.columns[-1]
    total = max(1, followed.total)

    def of_hundred(*outcomes: Outcome) -> str:
        return wording.number(100 * sum(last.get(one.value, 0) for one in outcomes) / total, language)

    return said["ended"].format(
        version=said["of"].format(version=wording.variant_name(version, language)) if version else "",
        answered=of_hundred(Outcome.ANSWERED, Outcome.ANSWERED_ON_RESULTS),
        contact=of_hundred(Outcome.CHANNEL_SHIFT),
        abandoned=of_hundred(Outcome.ABANDONED),
    )


def _ways_table(flows: list[Flow], language: str) -> Table:
    """Every step of at least five questions, and at least 1 in 200; the rest is added up."""
    words = labels(language)
    totals: defaultdict[str, int] = defaultdict(int)
    for flow in flows:
        totals[flow.variant] += flow.questions if flow.order == 0 else 0
    rows: list[tuple[str, ...]] = []
    rest: defaultdict[str, int] = defaultdict(int)
    for flow in sorted(flows, key=lambda f: (list(totals).index(f.variant), f.order, -f.questions)):
        if flow.questions < max(FEWEST, totals[flow.variant] / 200):
            rest[flow.variant] += flow.questions
            continue
        ends = [wording.touchpoint_name(name, language) for name in (flow.source, flow.target)]
        counts = [wording.number(count, language) for count in (flow.order, flow.questions)]
        rows.append((_version(flow.variant, language), counts[0], *ends, counts[1]))
    other = wording.touchpoint_name("other", language)
    rows += [
        (_version(name, language), "–", other, other, wording.number(count, language))
        for name, count in rest.items()
    ]
    headers = tuple(words[key] for key in ("version", "from_step", "source", "target", "count"))
    return Table(PICTURES["ways"][language]["title"], headers, tuple(rows), frozenset({1, 4}))


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
    return said["sentence"].format(words=_listed(few, language), where=where)


def _stands(one: Typed, versions: list[str], language: str) -> str:
    said = PICTURES["words"][language]
    if not one.on:
        return said["in_none"]
    if versions and len(one.on) < len(versions):
        names = [wording.short_variant_name(name, language) for name in one.on]
        return said["only"].format(version=_listed(names, language))
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


def _scene(scene: Scene, language: str) -> str:
    """What the visitor did, in words."""
    key = scene.kind
    if key == "feedback":
        key += {1: "_good", 0: "_neutral", -1: "_bad"}[scene.heartbeat or 0]
    elif key in ("search", "reformulation", "form") and (scene.heartbeat or 0) < 0:
        key += "_bad"
    elif key == "view" and scene.touchpoint == "search":
        key = "view_search"
    if key not in SCENES:
        return scene.touchpoint
    return SCENES[key][language].format(place=wording.touchpoint_name(scene.touchpoint, language))


def _period(first: str, last: str, language: str) -> str:
    return wording.period(date.fromisoformat(first), date.fromisoformat(last), language)


def _listed(parts: list[str], language: str) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {'en' if language == 'nl' else 'and'} {parts[-1]}"


def _render(template: str, **values: object) -> Markup:
    return Markup(_templates().get_template(template).render(**values))  # noqa: S704  the template escapes


@lru_cache(maxsize=1)
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["unbroken"] = unbroken
    return environment

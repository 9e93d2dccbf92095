# SPDX-License-Identifier: EUPL-1.2
"""The journey map as a section: the picture, what it says in a sentence, and its tables."""

from __future__ import annotations

from collections import defaultdict

from analysis import wording
from analysis.disclosure import FEWEST, OTHER
from analysis.journey_book import Book
from analysis.journey_map import Beat, Figures, JourneyMap, Moment, Stop, is_line, map_of, moments
from analysis.rendering.journey_labels import JOURNEYS, PICTURES
from analysis.rendering.journey_parts import Section, figure, version_name
from analysis.rendering.journey_pictures import MAP_WIDTHS, MapWords, journey_map
from analysis.rendering.pictures import Caption
from analysis.rendering.sections import Table


def the_map(book: Book, language: str) -> Section | None:
    """Phases, touchpoints and the heartbeat line."""
    shown = map_of(book)
    if not any(shown.stops.values()):
        return None
    said = PICTURES["map"][language]
    sentence = f"{_leaving_most(shown, language)} {_low(shown, language)}".strip()
    caption = Caption("map", said["title"], sentence)
    worded = MapWords(
        version=lambda name: version_name(name, language),
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
    return figure(
        "map", caption, drawings, [_stops_table(shown, language), _line_table(shown, language)],
        said["note"], language,
    )  # fmt: skip


def _place(name: str, language: str) -> str:
    return JOURNEYS[language]["other"] if name == OTHER else wording.touchpoint_name(name, language)


def _leaving_most(shown: JourneyMap, language: str) -> str:
    """The place where most visitors gave up, with the share of each version."""
    said = PICTURES["map"][language]
    stops = [stop for stops in shown.stops.values() for stop in stops if stop.touchpoint != OTHER]

    def lost(stop: Stop) -> float:
        return max((one.leaving * one.share for one in _told(stop).values()), default=0.0)

    worst = max(stops, key=lost, default=None)
    if worst is None or lost(worst) < 0.01:
        return said["calm"]
    told = [
        said["told" if name else "told_all"].format(
            version=wording.variant_name(name, language),
            count=wording.number(100 * one.leaving, language),
        )
        for name, one in _told(worst).items()
    ]
    return said["sentence"].format(
        place=_place(worst.touchpoint, language), told=wording.listed(told, language)
    )


def _told(stop: Stop) -> dict[str, Figures]:
    """The figures of those versions of which enough visitors came."""
    return {name: one for name, one in stop.figures.items() if one.visitors >= FEWEST}


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
    return said["felt"].format(where=wording.listed(told, language))


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
    pooled = stop.touchpoint == OTHER  # a question that came to two of them is in it twice
    mark = "–" if one.mark is None else wording.number(one.mark, language, decimals=2, signed=True)
    return (
        _place(stop.touchpoint, language),
        wording.phase_name(phase, language),
        *([version_name(version, language)] if apart else []),
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
            first = f"{said[kind]}: {version_name(version, language)}" if version else said[kind]
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

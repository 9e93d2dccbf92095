# SPDX-License-Identifier: EUPL-1.2
"""The pictures of the pages /journeys/: bars of tasks and words, and the journey map."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from analysis.disclosure import OTHER
from analysis.journey_map import Beat, JourneyMap, Moment, Stop, is_line, moments
from analysis.rendering.pictures import NARROW, Caption
from analysis.rendering.scales import Linear
from analysis.rendering.svg import element, line, marker, picture, shorten, text, width_of

#: Widths of the map: of a wide page, of a phone.
MAP_WIDTHS = (1040.0, 340.0)
_STOPS = 5  # touchpoints of a phase that are drawn
_GAP = 16.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of stacked parts: (size, class) from left to right. `shown` are the figures in words."""

    label: str
    parts: tuple[tuple[float, str], ...]
    shown: str


def bars(rows: Sequence[Bar], caption: Caption, *, width: float) -> Markup:
    """Rows on one scale, each with its name above and its figures beside, or below on a phone."""
    narrow = width < NARROW
    most = max((sum(size for size, _ in row.parts) for row in rows), default=1.0)
    room = 0.0 if narrow else max(width_of(row.shown, 13) for row in rows) + 16
    scale = (width - room - 2) / max(most, 1e-9)
    height = 58.0 if narrow else 42.0
    drawn: list[Markup] = []
    for place, row in enumerate(rows):
        y = height * place
        drawn.append(text(0, y + 14, shorten(row.label, width, 14), "label strong"))
        x = 0.0
        for size, looks in row.parts:
            wide = size * scale
            drawn.append(element("rect", x=x, y=y + 20, width=max(wide, 0.5), height=12, class_=looks))
            x += wide
        if narrow:
            drawn.append(text(0, y + 47, row.shown, "note"))
        else:
            drawn.append(text(x + 8, y + 31, row.shown, "note"))
    return _whole(width, height * len(rows), caption, drawn)


@dataclass(frozen=True, slots=True)
class MapWords:
    """How the map words what it shows."""

    version: Callable[[str], str]
    phase: Callable[[str], str]
    touchpoint: Callable[[str], str]
    share: Callable[[float], str]
    leaving: Callable[[float], str]
    more: Callable[[int], str]
    moment: Callable[[Moment], str]
    given: str
    hard: str
    key: str
    feelings: tuple[str, str, str]  # bad, neutral, good


def journey_map(shown: JourneyMap, words: MapWords, caption: Caption, *, width: float) -> Markup:
    """Phases with their touchpoints, and below them the lines of the heartbeat. On a phone the phases stand
    below each other."""
    narrow = width < NARROW
    drawn, y = _key(shown, words, width)
    left = 66.0
    columns = _columns(shown, 0.0 if narrow else left, width)
    if narrow:
        for phase in shown.phases:
            if shown.stops[phase]:
                made, y = _column(shown, phase, words, 0.0, width, y)
                drawn += made
                y += 10
        step = (width - left) / len(shown.phases)
        columns = [(left + step * place, step) for place in range(len(shown.phases))]
    else:
        ends = []
        for phase, (x, wide) in zip(shown.phases, columns, strict=True):
            made, end = _column(shown, phase, words, x, wide, y)
            drawn += made
            ends.append(end)
        y = max(ends)
    centres = [x + wide / 2 for x, wide in columns]
    if is_line(shown.given):
        made, y = _line(
            shown, shown.given, centres, y + 26, width, left=left, title=words.given, words=words,
            ticks=((1.0, words.feelings[2]), (0.0, words.feelings[1]), (-1.0, words.feelings[0])),
        )  # fmt: skip
        drawn += made
    worst = max((beat.value or 0.0 for beats in shown.hard.values() for beat in beats), default=0.0)
    if worst > 0 and is_line(shown.hard):
        reach = next((r for r in (0.02, 0.04, 0.06, 0.1, 0.16, 0.2, 0.3, 0.5) if worst <= r), 1.0)
        made, y = _line(
            shown, shown.hard, centres, y + 26, width, left=left, title=words.hard, words=words,
            ticks=((0.0, words.share(0.0)), (reach / 2, ""), (reach, words.share(reach))), low_is_good=True,
        )  # fmt: skip
        drawn += made
    if narrow:
        drawn += [
            text(x, y + (14 if place % 2 == 0 else 30), words.phase(phase), "tick", anchor="middle")
            for place, (phase, x) in enumerate(zip(shown.phases, centres, strict=True))
        ]
        y += 34
    return _whole(width, y + 6, caption, drawn)


def _key(shown: JourneyMap, words: MapWords, width: float) -> tuple[list[Markup], float]:
    """Which mark is which version, and what the dark end of a bar is."""
    drawn: list[Markup] = []
    x, y = 8.0, 12.0
    if shown.versions != ("",):
        for place, version in enumerate(shown.versions):
            label = words.version(version)
            if x > 8 and x + 14 + width_of(label, 14) > width:
                x, y = 8.0, y + 22
            drawn.append(marker(place, x, y - 4, f"mark v{place}", size=5))
            drawn.append(text(x + 12, y, label, f"label strong v{place}"))
            x += 36 + width_of(label, 14)
    if x > 8 and x + 24 + width_of(words.key, 13) > width:
        x, y = 8.0, y + 22
    drawn.append(element("rect", x=x - 6, y=y - 9, width=16, height=9, class_="part gone"))
    drawn.append(text(x + 16, y, words.key, "note"))
    return drawn, y + 18


def _columns(shown: JourneyMap, left: float, width: float) -> list[tuple[float, float]]:
    """Place and width of every phase; one where little happens needs less room."""
    weights = [0.6 + 0.2 * min(3, len(shown.stops[phase])) for phase in shown.phases]
    unit = (width - left - _GAP * (len(weights) - 1)) / sum(weights)
    places, x = [], left
    for weight in weights:
        places.append((x, unit * weight))
        x += unit * weight + _GAP
    return places


def _column(
    shown: JourneyMap, phase: str, words: MapWords, x: float, width: float, y: float
) -> tuple[list[Markup], float]:
    """One phase: its name, its touchpoints, and how many more there are; and where it ends."""
    drawn = [
        element("rect", x=x, y=y, width=width, height=26, class_="phase"),
        text(x + 10, y + 18, words.phase(phase), "label strong"),
    ]
    y += 34
    stops = [stop for stop in shown.stops[phase] if stop.touchpoint != OTHER]
    for stop in stops[:_STOPS]:
        made, y = _stop(shown, stop, words, x, width, y)
        drawn += made
    rest = len(stops) - _STOPS
    if rest > 0 or len(stops) < len(shown.stops[phase]):
        told = words.more(rest) if rest > 0 else words.touchpoint(OTHER)
        drawn.append(text(x, y + 14, told, "note"))
        y += 22
    return drawn, y


def _stop(
    shown: JourneyMap, stop: Stop, words: MapWords, x: float, width: float, y: float
) -> tuple[list[Markup], float]:
    """A touchpoint: for each version a bar of who came, its dark end who left."""
    name = words.touchpoint(stop.touchpoint)
    drawn = [_named(x, y + 14, name, width)]
    room = width_of(f"{words.share(1)} · {words.leaving(0.88)}", 12.5) + 6
    y += 20
    for place, version in enumerate(shown.versions):
        one = stop.figures[version]
        long = (width - room) * one.share
        gone = long * one.leaving
        drawn.append(element("rect", x=x, y=y, width=max(long, 1.0), height=9, class_=f"part v{place}"))
        if gone >= 0.5:
            drawn.append(element("rect", x=x + long - gone, y=y, width=gone, height=9, class_="part gone"))
        told = words.share(one.share)
        if one.leaving >= 0.005:
            told += f" · {words.leaving(one.leaving)}"
        drawn.append(text(x + max(long, 1.0) + 5, y + 9, told, "note"))
        y += 14
    return drawn, y + 8


def _named(x: float, y: float, name: str, width: float) -> Markup:
    """The name of a touchpoint, cut where it does not fit; the whole of it is its tip."""
    return element("text", element("title", name), shorten(name, width - 14, 13), x=x, y=y, class_="label")


def _line(
    shown: JourneyMap,
    lines: Mapping[str, Sequence[Beat]],
    centres: Sequence[float],
    y: float,
    width: float,
    *,
    left: float,
    title: str,
    words: MapWords,
    ticks: Sequence[tuple[float, str]],
    low_is_good: bool = False,
) -> tuple[list[Markup], float]:
    """The heartbeat of every version through the phases, up is better, with its moments named."""
    top, bottom = y + 34, y + 134
    axis = Linear(ticks[-1][0], ticks[0][0], bottom, top)
    drawn = [text(0, y, title, "label strong")]
    for value, words_of_tick in ticks:
        drawn.append(line(left, axis(value), width, axis(value), "grid"))
        if words_of_tick:
            drawn.append(text(left - 8, axis(value) + 4, words_of_tick, "tick", anchor="end"))
    kept = (Moment.PEAK, Moment.WORST) if width < NARROW else tuple(Moment)
    named: list[_Name] = []
    ends: dict[int, list[float]] = {}
    for place, version in enumerate(shown.versions):
        beats = lines[version]
        shift = (place - 0.5 * (len(shown.versions) - 1)) * 8
        spots = [
            None if beat.value is None else (x + shift, axis(beat.value))
            for x, beat in zip(centres, beats, strict=True)
        ]
        present = [spot for spot in spots if spot]
        drawn += [line(*a, *b, f"curve v{place}") for a, b in pairwise(present)]
        drawn += [marker(place, *spot, f"mark v{place}", size=5) for spot in present]
        found = moments(beats, low_is_good=low_is_good)
        for column, spot in enumerate(spots):
            if spot:
                ends.setdefault(column, []).append(spot[1])
            told = [words.moment(one) for one in kept if found.get(one) == column]
            if spot and told and not (low_is_good and told == [words.moment(Moment.PEAK)]):
                named.append(_Name(column, *spot, ", ".join(told), place))
    drawn += _names(named, ends, (top + bottom) / 2, left, width)
    return drawn, bottom + 34


@dataclass(frozen=True, slots=True)
class _Name:
    """What a point of a line is called."""

    column: int
    x: float
    y: float
    words: str
    series: int


def _names(
    named: Sequence[_Name], ends: Mapping[int, Sequence[float]], middle: float, left: float, width: float
) -> list[Markup]:
    """The names above all points of a column in the upper half, and below them in the lower; `ends` are the
    heights of the points of every column."""
    drawn = []
    taken: dict[tuple[int, bool], float] = {}
    for one in sorted(named, key=lambda one: (one.column, abs(one.y - middle), one.series)):
        above = one.y < middle
        key = (one.column, above)
        first = min(ends[one.column]) - 10 if above else max(ends[one.column]) + 19
        y = first if key not in taken else taken[key] + (-14 if above else 14)
        taken[key] = y
        half = width_of(one.words, 12.5) / 2
        x = min(max(one.x, left + half), width - half)
        drawn.append(text(x, y, one.words, f"note moment v{one.series}", anchor="middle"))
    return drawn


def _whole(width: float, height: float, caption: Caption, drawn: Sequence[Markup]) -> Markup:
    narrow = "narrow" if width < NARROW else "wide"
    name = f"{caption.name}-{narrow}"
    return picture(width, height, name, caption.title, caption.description, *drawn, class_=narrow)

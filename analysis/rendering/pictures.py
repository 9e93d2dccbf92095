# SPDX-License-Identifier: EUPL-1.2
"""The pictures of a report: numbers in, SVG out.

Every function draws at the width it is given, so that a phone gets a drawing of its own instead of a small
one. Variants differ by shape and dash besides colour, and carry their name beside the mark.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from markupsafe import Markup

from analysis.rendering.scales import Linear, clock_ticks, nice_ticks, spread_labels
from analysis.rendering.svg import element, in_two, line, marker, path, picture, shorten, text, width_of

NARROW = 480  # below this width a picture is drawn for a phone
_MARGIN = 10.0
_TICK = 12.5  # the size of the letters at a mark

Format = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Point:
    """A value with its interval. `series` is the place of its variant, 0 for the control."""

    label: str
    note: str
    series: int
    value: float
    low: float
    high: float
    shown: str


@dataclass(frozen=True, slots=True)
class Difference:
    """How much better (positive) or worse a variant does on one metric, relative to the control.

    `shown` is the difference in the metric's own unit, `sure` how sure that is; both are words. `note` names
    the variant where there are several.
    """

    label: str
    note: str
    series: int
    value: float
    low: float
    high: float
    shown: str
    sure: str
    is_clear: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A curve with its band; `points` are (x, y, low, high), ascending in x."""

    label: str
    series: int
    points: tuple[tuple[float, float, float, float], ...]
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Steps:
    """Values over named steps; None where a step has none."""

    label: str
    series: int
    values: tuple[float | None, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Caption:
    """What a picture is called: `name` is unique in the page."""

    name: str
    title: str
    description: str


def intervals(points: Sequence[Point], caption: Caption, *, width: float, format_tick: Format) -> Markup:
    """One row per point: a mark at the value, a bar over its interval, the value beside it."""
    narrow = width < NARROW
    left = _MARGIN if narrow else 210.0
    row = 72.0 if narrow else 54.0
    ticks = nice_ticks(min(p.low for p in points), max(p.high for p in points), 4 if narrow else 6)
    axis = Linear(ticks[0], ticks[-1], left + 16, width - 34)
    top = 8.0
    bottom = top + row * len(points)
    drawn = [_grid(axis, ticks, top, bottom, format_tick)]
    for place, point in enumerate(points):
        y = top + row * (place + 0.5) + (8 if narrow else 2)
        x, colour = axis(point.value), f"v{point.series}"
        if narrow:
            drawn.append(text(left, y - 20, f"{point.label} · {point.note}", f"label {colour}"))
        else:
            drawn.append(text(left - 10, y - 2, point.label, f"label strong {colour}", anchor="end"))
            drawn.append(text(left - 10, y + 15, point.note, "note", anchor="end"))
        drawn.append(line(axis(point.low), y, axis(point.high), y, f"range {colour}"))
        drawn.extend(
            line(axis(end), y - 5, axis(end), y + 5, f"cap {colour}") for end in (point.low, point.high)
        )
        drawn.append(marker(point.series, x, y, f"mark {colour}"))
        half = width_of(point.shown, 14) / 2 + 2
        at = min(max(x, half), width - half)
        drawn.append(text(at, y + (23 if narrow else -12), point.shown, f"value {colour}", anchor="middle"))
    return whole(width, bottom + 26, caption, drawn)


def forest(
    rows: Sequence[Difference],
    caption: Caption,
    *,
    width: float,
    format_tick: Format,
    worse: str,
    better: str,
) -> Markup:
    """One row per comparison: to the right of the middle line the variant does better, to the left worse."""
    narrow = width < NARROW
    left, right = (_MARGIN, width - _MARGIN) if narrow else (236.0, width - 196.0)
    row = 76.0 if narrow else 46.0
    reach = _reach(rows)
    ticks = nice_ticks(-reach[0], reach[1], 4 if narrow else 5)
    axis = Linear(ticks[0], ticks[-1], left + 18, right - 18)
    zero = axis(0)
    top = 30.0
    bottom = top + row * len(rows)
    drawn = [
        _grid(axis, ticks, top, bottom, format_tick),
        line(zero, top - 6, zero, bottom, "zero"),
        text(zero - 8, top - 12, f"← {worse}", "note strong", anchor="end"),
        text(zero + 8, top - 12, f"{better} →", "note strong"),
    ]
    for place, one in enumerate(rows):
        y = top + row * (place + 0.5) + (2 if narrow else 0)
        colour = f"v{one.series}"
        if narrow:
            drawn.append(
                text(
                    left,
                    y - 15,
                    shorten(f"{one.label} · {one.note}" if one.note else one.label, width - 20, 13),
                    f"label {colour}",
                )
            )
            drawn.append(text(left, y + 22, f"{one.shown} · {one.sure}", "note"))
        else:
            label = [(part, f"label {colour}") for part in in_two(one.label, left - 12, 14)]
            note = [(shorten(one.note, left - 12, 13), "note")] if one.note else []
            drawn += beside(left - 10, y, [*label, *note][:2] if len(label) == 1 else label)
            drawn.append(text(right + 10, y - 2, one.shown, f"value {colour}"))
            drawn.append(text(right + 10, y + 14, one.sure, "note"))
        drawn.append(line(axis.clamped(one.low), y, axis.clamped(one.high), y, f"range {colour}"))
        drawn.extend(_end(axis, end, y, colour) for end in (one.low, one.high))
        hollow = "" if one.is_clear else " hollow"
        drawn.append(marker(one.series, axis.clamped(one.value), y, f"mark {colour}{hollow}"))
    return whole(width, bottom + 26, caption, drawn)


def curves(
    lines: Sequence[Line],
    caption: Caption,
    *,
    width: float,
    format_x: Format,
    format_y: Format,
    x_title: str,
) -> Markup:
    """Shares that grow with time, each with its band and its name at the end of the line."""
    narrow = width < NARROW
    left = 44.0
    labels = [f"{one.label} {one.shown}".strip() for one in lines]
    right = width - _MARGIN if narrow else width - max(width_of(label, 14) for label in labels) - 24
    top = 14.0 + (20.0 * len(lines) if narrow else 0.0)
    bottom = top + (230.0 if narrow else 300.0)
    x_ticks = clock_ticks(max(one.points[-1][0] for one in lines), 4 if narrow else 6)
    y_ticks = nice_ticks(0, max(point[3] for one in lines for point in one.points), 5)
    x_axis = Linear(0, x_ticks[-1], left, right)
    y_axis = Linear(0, y_ticks[-1], bottom, top)
    drawn = [_levels(y_axis, y_ticks, left, right, format_y)]
    for tick in x_ticks:
        anchor = "middle" if tick != x_ticks[-1] or not narrow else "end"
        drawn.append(text(x_axis(tick), bottom + 20, format_x(tick), "tick", anchor=anchor))
        drawn.append(line(x_axis(tick), bottom, x_axis(tick), bottom + 4, "axis"))
    drawn.append(text(right, bottom + 40, x_title, "note", anchor="end"))
    drawn.extend(_band(one, x_axis, y_axis) for one in lines)
    for one in lines:
        steps = _staircase([(x_axis(x), y_axis(y)) for x, y, _, _ in one.points])
        drawn.append(path(steps, f"curve v{one.series}"))
    wanted = [y_axis(one.points[-1][1]) for one in lines]
    if narrow:
        for place, (one, label) in enumerate(zip(lines, labels, strict=True)):
            y = 16.0 + 20.0 * place
            drawn.append(line(left, y - 4, left + 30, y - 4, f"curve v{one.series}"))
            drawn.append(text(left + 38, y, label, f"label strong v{one.series}"))
    else:
        for one, label, y in zip(lines, labels, spread_labels(wanted, 22, top, bottom), strict=True):
            drawn.append(text(x_axis(one.points[-1][0]) + 10, y + 5, label, f"label strong v{one.series}"))
    return whole(width, bottom + 46, caption, drawn)


def steps(
    series: Sequence[Steps],
    names: Sequence[str],
    caption: Caption,
    *,
    width: float,
    low: float,
    high: float,
    format_y: Format,
    y_ticks: Sequence[float] | None = None,
) -> Markup:
    """Values over named steps as marked lines; a line breaks where a step has no value."""
    narrow = width < NARROW
    ticks = y_ticks or nice_ticks(low, high, 4)
    left = 14 + max(width_of(format_y(tick), 13) for tick in ticks)
    key = 22.0
    top = 18.0 + key * ((len(series) + 1) // 2 if not narrow else len(series))
    bottom = top + (170.0 if narrow else 210.0)
    axis = Linear(ticks[0], ticks[-1], bottom, top)
    gap = (width - left - _MARGIN) / max(1, len(names))
    drawn = [_levels(axis, ticks, left, width - _MARGIN, format_y)]
    for place, name in enumerate(names):
        x = left + gap * (place + 0.5)
        y = bottom + (20 if not narrow or place % 2 == 0 else 36)
        drawn.append(text(x, y, name, "tick", anchor="middle"))
    for place, one in enumerate(series):
        column, row = (0, place) if narrow else (place % 2, place // 2)
        at_x, at_y = left + column * (width - left) / 2, 14 + key * row
        drawn.append(line(at_x, at_y - 4, at_x + 34, at_y - 4, f"curve v{one.series}"))
        drawn.append(marker(one.series, at_x + 17, at_y - 4, f"mark v{one.series}", size=5))
        drawn.append(text(at_x + 42, at_y, one.label, f"label strong v{one.series}"))
        shift = (place - (len(series) - 1) / 2) * 9
        spots = [
            None if value is None else (left + gap * (index + 0.5) + shift, axis.clamped(value))
            for index, value in enumerate(one.values)
        ]
        for first, second in pairwise(spots):
            if first and second:
                drawn.append(line(*first, *second, f"curve v{one.series}"))
        drawn.extend(marker(one.series, *spot, f"mark v{one.series}") for spot in spots if spot)
    return whole(width, bottom + (46 if narrow else 30), caption, drawn)


def thinned(
    points: Sequence[tuple[float, float, float, float]], most: int = 240
) -> tuple[tuple[float, float, float, float], ...]:
    """At most about `most` of the points, first and last included: more than that no screen shows."""
    if len(points) <= most:
        return tuple(points)
    stride = len(points) / (most - 1)
    kept = [points[int(place * stride)] for place in range(most - 1)]
    return (*kept, points[-1])


def whole(width: float, height: float, caption: Caption, drawn: Sequence[Markup]) -> Markup:
    """The picture of what was drawn, its ids told apart by width."""
    narrow = "narrow" if width < NARROW else "wide"
    name = f"{caption.name}-{narrow}"
    return picture(width, height, name, caption.title, caption.description, *drawn, class_=narrow)


def beside(x: float, y: float, lines: Sequence[tuple[str, str]]) -> list[Markup]:
    """One or two lines (words, class) that end at `x`, around the height `y`."""
    first = y + 5 - 8 * (len(lines) - 1)
    return [
        text(x, first + 16 * place, words, looks, anchor="end") for place, (words, looks) in enumerate(lines)
    ]


def _grid(axis: Linear, ticks: Sequence[float], top: float, bottom: float, shown: Format) -> Markup:
    """Vertical lines at the marks, with the values of as many below as there is room for, 0 among them."""
    widest = max(width_of(shown(tick), _TICK) for tick in ticks) + _TICK / 2
    each = math.ceil(widest / (axis(ticks[1]) - axis(ticks[0])))
    start = ticks.index(0) % each if 0 in ticks else 0
    return element(
        "g",
        *[line(axis(tick), top, axis(tick), bottom, "grid") for tick in ticks],
        *[text(axis(tick), bottom + 18, shown(tick), "tick", anchor="middle") for tick in ticks[start::each]],
    )


def _levels(axis: Linear, ticks: Sequence[float], left: float, right: float, shown: Format) -> Markup:
    """Horizontal lines at the marks, with their values to the left."""
    return element(
        "g",
        *[line(left, axis(tick), right, axis(tick), "grid") for tick in ticks],
        *[
            text(left - 8, axis(tick) + 4, words, "tick", anchor="end")
            for tick in ticks
            if (words := shown(tick))
        ],
    )


def _reach(rows: Sequence[Difference]) -> tuple[float, float]:
    """How far the axis goes to worse and to better: all intervals, but never so far that values drown."""
    values = max(abs(one.value) for one in rows) or 0.01
    most = max(4 * values, 0.05)
    worse = max(0.0, *(-one.low for one in rows), 0.2 * values)
    better = max(0.0, *(one.high for one in rows), 0.2 * values)
    return min(worse, most), min(better, most)


def _end(axis: Linear, value: float, y: float, colour: str) -> Markup:
    """The end of an interval: a cap, or an arrow where it goes on beyond the picture."""
    x = axis.clamped(value)
    if axis.first <= value <= axis.last:
        return line(x, y - 5, x, y + 5, f"cap {colour}")
    out = 9 if value > axis.last else -9
    return path([(x, y - 6), (x + out, y), (x, y + 6)], f"mark {colour}", closed=True)


def _staircase(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """A share holds until the next moment at which it grows."""
    if len(points) > 120:  # steps of two pixels are a slope
        return list(points)
    drawn = [points[0]]
    for x, y in points[1:]:
        drawn.append((x, drawn[-1][1]))
        if y != drawn[-1][1]:
            drawn.append((x, y))
    return drawn


def _band(one: Line, x_axis: Linear, y_axis: Linear) -> Markup:
    upper = _staircase([(x_axis(x), y_axis(high)) for x, _, _, high in one.points])
    lower = _staircase([(x_axis(x), y_axis(low)) for x, _, low, _ in one.points])
    return path([*upper, *reversed(lower)], f"band v{one.series}", closed=True)

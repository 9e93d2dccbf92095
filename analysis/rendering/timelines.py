# SPDX-License-Identifier: EUPL-1.2
"""Counts by day with what is expected, and bars by hour or weekday: numbers in, SVG out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from markupsafe import Markup

from analysis.rendering.pictures import NARROW, Caption
from analysis.rendering.scales import Linear, nice_ticks
from analysis.rendering.svg import element, line, marker, path, picture, text, width_of

Format = Callable[[float], str]
DateFormat = Callable[[date], str]
_RIGHT = 10.0


@dataclass(frozen=True, slots=True)
class Moment:
    """A day with its value; low and high are those of its interval, equal to it where it has none."""

    day: date
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Span:
    """Days to be marked in the picture, with the sign that the table explains."""

    first: date
    last: date
    sign: str


def timeline(
    seen: Sequence[Moment],
    ahead: Sequence[Moment],
    spans: Sequence[Span],
    caption: Caption,
    *,
    width: float,
    format_y: Format,
    format_day: DateFormat,
    mark_points: bool = False,
) -> Markup:
    """What came as a line, what is expected as another one in its band, and events as marked days.

    With `mark_points` each value of `seen` has a mark and a bar over its interval, as a share has.
    """
    narrow = width < NARROW
    both = [*seen, *ahead]
    ticks = nice_ticks(0, max(moment.high for moment in both) or 1.0, 4 if narrow else 5)
    left = 16 + max(width_of(format_y(tick), 13) for tick in ticks)
    top, height = 34.0, 210.0 if narrow else 280.0
    bottom = top + height
    first, last = both[0].day, both[-1].day
    x = Linear(first.toordinal() - 0.5, last.toordinal() + 0.5, left, width - _RIGHT)
    y = Linear(0, ticks[-1], bottom, top)
    drawn = [_levels(y, ticks, left, width - _RIGHT, format_y)]
    for span in spans:
        start, end = max(span.first, first), min(span.last, last)
        if start <= end:
            drawn += _marked(x(start.toordinal() - 0.5), x(end.toordinal() + 0.5), top, bottom, span.sign)
    drawn += _days(first, last, x, bottom, format_day, 3 if narrow else 7)
    if ahead:
        upper = [(x(one.day.toordinal()), y(one.high)) for one in ahead]
        lower = [(x(one.day.toordinal()), y(one.low)) for one in ahead]
        drawn.append(path([*upper, *reversed(lower)], "band v1", closed=True))
        drawn.append(path([(x(one.day.toordinal()), y(one.value)) for one in ahead], "curve v1"))
    for one, after in pairwise(seen):
        places = [(x(each.day.toordinal()), y(each.value)) for each in (one, after)]
        drawn.append(path(places, "curve solid v0"))
    if mark_points:
        for one in seen:
            at = x(one.day.toordinal())
            drawn.append(line(at, y(one.low), at, y(one.high), "range v0"))
            drawn.append(marker(0, at, y(one.value), "mark v0", size=4.5))
    return _whole(width, bottom + 30, caption, drawn)


def bars(
    names: Sequence[str], values: Sequence[float], caption: Caption, *, width: float, format_y: Format
) -> Markup:
    """One bar for each name; on a phone every third name is written where there are many."""
    narrow = width < NARROW
    ticks = nice_ticks(0, max(values) or 1.0, 4)
    left = 16 + max(width_of(format_y(tick), 13) for tick in ticks)
    top, bottom = 10.0, 180.0 if narrow else 210.0
    y = Linear(0, ticks[-1], bottom, top)
    gap = (width - _RIGHT - left) / len(names)
    each = 1 if len(names) <= 12 else 3 if narrow else 2
    drawn = [_levels(y, ticks, left, width - _RIGHT, format_y)]
    for place, (name, value) in enumerate(zip(names, values, strict=True)):
        at = left + gap * place
        drawn.append(
            element(
                "rect", x=at + gap * 0.14, y=y(value), width=gap * 0.72, height=max(0.0, bottom - y(value)),
                class_="bar v0",
            )
        )  # fmt: skip
        if place % each == 0:
            drawn.append(text(at + gap / 2, bottom + 18, name, "tick", anchor="middle"))
    return _whole(width, bottom + 28, caption, drawn)


def _levels(y: Linear, ticks: Sequence[float], left: float, right: float, shown: Format) -> Markup:
    return element(
        "g",
        *[line(left, y(tick), right, y(tick), "grid") for tick in ticks],
        *[text(left - 8, y(tick) + 4, shown(tick), "tick", anchor="end") for tick in ticks],
    )


def _marked(start: float, end: float, top: float, bottom: float, sign: str) -> list[Markup]:
    wide = max(end - start, 3.0)
    return [
        element("rect", x=start, y=top, width=wide, height=bottom - top, class_="span"),
        text(start + wide / 2, top - 8, sign, "note strong", anchor="middle"),
    ]


def _days(first: date, last: date, x: Linear, bottom: float, shown: DateFormat, most: int) -> list[Markup]:
    """Mondays, as many as there is room for."""
    monday = first + timedelta(days=-first.weekday() % 7)
    mondays = [monday + timedelta(days=7 * week) for week in range((last - monday).days // 7 + 1)]
    if not mondays:
        mondays = [first]
    stride = -(-len(mondays) // most)
    drawn = []
    for day in mondays[::stride]:
        at = x(day.toordinal())
        anchor = "end" if at > x.end - 30 else "middle"
        drawn.append(line(at, bottom, at, bottom + 4, "axis"))
        drawn.append(text(at, bottom + 20, shown(day), "tick", anchor=anchor))
    return drawn


def _whole(width: float, height: float, caption: Caption, drawn: Sequence[Markup]) -> Markup:
    narrow = "narrow" if width < NARROW else "wide"
    name = f"{caption.name}-{narrow}"
    return picture(width, height, name, caption.title, caption.description, *drawn, class_=narrow)

# SPDX-License-Identifier: EUPL-1.2
"""More pictures of a comparison: what changed from one version to the other, and the way to a verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from analysis.rendering.pictures import NARROW, Caption, beside, whole
from analysis.rendering.scales import Linear, nice_ticks
from analysis.rendering.svg import element, line, marker, path, shorten, text, width_of

Format = Callable[[float], str]
_MARGIN = 10.0


@dataclass(frozen=True, slots=True)
class Marked:
    """A value of one version; `series` is its place, 0 for the control."""

    series: int
    value: float
    shown: str


@dataclass(frozen=True, slots=True)
class Change:
    """The same thing in the control and in a variant."""

    parts: tuple[str, str]  # of its name, which may stand on two lines
    note: str
    before: Marked
    after: Marked
    is_clear: bool

    @property
    def label(self) -> str:
        return " ".join(self.parts)


def dumbbells(
    rows: Sequence[Change],
    caption: Caption,
    *,
    width: float,
    key: Sequence[tuple[int, str]],
    title: str,
    format_tick: Format,
) -> Markup:
    """One row per thing: a mark for each version, and a line between them."""
    narrow = width < NARROW
    left = _MARGIN if narrow else 300.0
    row, head = (64.0 if narrow else 44.0), 30.0
    ticks = nice_ticks(0, max(max(one.before.value, one.after.value) for one in rows), 4 if narrow else 5)
    axis = Linear(0, ticks[-1], left + 30, width - 44)
    bottom = head + row * len(rows)
    drawn = [_key(key, left + 30)]
    drawn += [
        element(
            "g",
            line(axis(tick), head, axis(tick), bottom, "grid"),
            text(axis(tick), bottom + 18, format_tick(tick), "tick", anchor="middle"),
        )
        for tick in ticks
    ]
    for place, one in enumerate(rows):
        y = head + row * (place + 0.5) + (10 if narrow else 0)
        if narrow:
            name = f"{one.label} · {one.note}" if one.note else one.label
            drawn.append(text(left, y - 22, shorten(name, width - 20, 13), "label"))
        else:
            drawn += beside(left - 10, y, _name(one, left - 12))
        ends = sorted((one.before, one.after), key=lambda mark: mark.value)
        drawn.append(line(axis(ends[0].value), y, axis(ends[1].value), y, f"range v{one.after.series}"))
        for mark, anchor, out in ((ends[0], "end", -11), (ends[1], "start", 11)):
            hollow = "" if one.is_clear or mark.series == 0 else " hollow"
            drawn.append(marker(mark.series, axis(mark.value), y, f"mark v{mark.series}{hollow}"))
            drawn.append(
                text(axis(mark.value) + out, y + 5, mark.shown, f"value v{mark.series}", anchor=anchor)
            )
    drawn.append(text(width - _MARGIN, bottom + 38, title, "note", anchor="end"))
    return whole(width, bottom + 44, caption, drawn)


def boundary(
    looks: Sequence[tuple[float, float, float]],
    planned: float,
    caption: Caption,
    *,
    width: float,
    series: int,
    format_tick: Format,
    better: str,
    worse: str,
    label: str,
) -> Markup:
    """The statistic of each look (units, z, bound) between its boundaries; up is better."""
    narrow = width < NARROW
    left, right, top = 44.0, width - _MARGIN - 14, 26.0
    bottom = top + (220.0 if narrow else 280.0)
    most = min(6.0, max(4.0, *(abs(z) for _, z, _ in looks)) + 0.5)
    x_ticks = nice_ticks(0, max(planned, looks[-1][0]), 3 if narrow else 5)
    x_axis, y_axis = Linear(0, x_ticks[-1], left, right), Linear(-most, most, bottom, top)
    levels = [float(level) for level in range(-2 * int(most // 2), int(most) + 1, 2)]
    drawn = [
        element("g", *[line(left, y_axis(level), right, y_axis(level), "grid") for level in levels]),
        line(left, y_axis(0), right, y_axis(0), "zero"),
        line(x_axis(planned), top, x_axis(planned), bottom, "axis"),
        text(left - 6, y_axis(0) + 4, "0", "tick", anchor="end"),
        text(left, top - 10, f"↑ {better}", "note strong"),
        text(left, bottom + 40, f"↓ {worse}", "note strong"),
        text(x_axis(planned), top - 10, label, "note", anchor="end"),
    ]
    drawn += [text(x_axis(tick), bottom + 18, format_tick(tick), "tick", anchor="middle") for tick in x_ticks]
    for side in (1, -1):
        bounds = [(x_axis(n), y_axis.clamped(side * bound)) for n, _, bound in looks]
        drawn.append(path(bounds, "bound"))
    steps = [(x_axis(0), y_axis(0)), *((x_axis(n), y_axis.clamped(z)) for n, z, _ in looks)]
    drawn.append(path(steps, f"curve v{series}"))
    drawn += [marker(series, x, y, f"mark v{series}", size=4) for x, y in steps[1:]]
    return whole(width, bottom + 48, caption, drawn)


def filled(
    upto: Sequence[float],
    planned: float,
    caption: Caption,
    *,
    width: float,
    series: int,
    format_tick: Format,
    label: str,
) -> Markup:
    """How much of the plan is in: a bar with a mark for every day, and a line where the plan is reached."""
    left, right, top = _MARGIN + 6, width - 30.0, 34.0
    bottom = top + 34.0
    ticks = nice_ticks(0, max(planned, upto[-1]), 3 if width < NARROW else 5)
    axis = Linear(0, ticks[-1], left, right)
    drawn = [
        element("rect", x=left, y=top, width=axis(ticks[-1]) - left, height=34.0, class_="rail"),
        element("rect", x=left, y=top, width=axis(upto[-1]) - left, height=34.0, class_=f"fill v{series}"),
        *[line(axis(n), top, axis(n), bottom, "notch") for n in upto[:-1]],
        line(axis(planned), top - 8, axis(planned), bottom + 6, "zero"),
    ]
    told = f"{label} {format_tick(planned)}"
    half = width_of(told, 13) / 2 + 8
    at = min(max(axis(planned), half), width - half)
    drawn.append(text(at, top - 14, told, "note strong", anchor="middle"))
    drawn += [text(axis(tick), bottom + 22, format_tick(tick), "tick", anchor="middle") for tick in ticks]
    return whole(width, bottom + 30, caption, drawn)


def _name(one: Change, room: float) -> list[tuple[str, str]]:
    """Its name on one line, with a note below it; or on two."""
    if width_of(one.label, 14) > room:
        return [(shorten(part, room, 14), "label") for part in one.parts]
    return [(one.label, "label"), *([(shorten(one.note, room, 13), "note")] if one.note else [])]


def _key(key: Sequence[tuple[int, str]], left: float) -> Markup:
    drawn, x = [], left
    for series, name in key:
        drawn.append(marker(series, x, 10, f"mark v{series}", size=5))
        drawn.append(text(x + 12, 14, name, f"label strong v{series}"))
        x += 36 + width_of(name, 14) * 1.08
    return element("g", *drawn)


def power(
    points: Sequence[tuple[float, float]],
    effect: float,
    wanted: float,
    caption: Caption,
    *,
    width: float,
    format_x: Format,
    format_y: Format,
) -> Markup:
    """The chance to see a difference, by its size; a line where the plan wants to be."""
    narrow = width < NARROW
    left, right, top = 52.0, width - _MARGIN - 24, 16.0
    bottom = top + (200.0 if narrow else 260.0)
    sizes = sorted((abs(size), size, chance) for size, chance in points)
    x_axis, y_axis = Linear(0, sizes[-1][0], left, right), Linear(0, 1, bottom, top)
    drawn = [
        element(
            "g",
            line(left, y_axis(level), right, y_axis(level), "grid"),
            text(left - 8, y_axis(level) + 4, format_y(level), "tick", anchor="end"),
        )
        for level in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    ]
    shown = sizes[1::2] if not narrow else sizes[3::4]
    drawn += [
        text(x_axis(size), bottom + 20, format_x(signed), "tick", anchor="middle")
        for size, signed, _ in shown
    ]
    drawn.append(line(left, y_axis(wanted), right, y_axis(wanted), "axis"))
    drawn.append(line(x_axis(abs(effect)), top, x_axis(abs(effect)), bottom, "axis"))
    drawn.append(path([(x_axis(size), y_axis(chance)) for size, _, chance in sizes], "curve v1"))
    drawn += [marker(1, x_axis(size), y_axis(chance), "mark v1", size=4) for size, _, chance in sizes]
    return whole(width, bottom + 30, caption, drawn)

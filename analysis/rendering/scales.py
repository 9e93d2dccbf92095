# SPDX-License-Identifier: EUPL-1.2
"""From a value to a place in a picture, with marks at round numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

#: Distances between marks on a clock, in seconds.
_CLOCK_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)


@dataclass(frozen=True, slots=True)
class Linear:
    """Maps `first..last` of the data on `start..end` of the picture.

    >>> Linear(0, 10, 100, 200)(5)
    150.0
    """

    first: float
    last: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        span = self.last - self.first
        return self.start if span == 0 else self.start + (value - self.first) / span * (self.end - self.start)

    def clamped(self, value: float) -> float:
        """The place of `value`, or the end of the scale beyond which it lies."""
        return self(min(max(value, self.first), self.last))


def nice_step(span: float, count: int) -> float:
    """A step of 1, 2, 2.5 or 5 times a power of ten, so that about `count` of them cover `span`.

    >>> nice_step(0.38, 5), nice_step(41, 5)
    (0.1, 10.0)
    """
    if span <= 0 or not math.isfinite(span):
        return 1.0
    raw = span / max(1, count)
    size = 10.0 ** math.floor(math.log10(raw))
    for factor in (1.0, 2.0, 2.5, 5.0):
        if raw <= factor * size * 1.0001:
            return factor * size
    return 10.0 * size


def nice_ticks(low: float, high: float, count: int = 5) -> tuple[float, ...]:
    """Round numbers from at or below `low` to at or above `high`, about `count` apart evenly.

    >>> nice_ticks(0.47, 0.6)
    (0.45, 0.5, 0.55, 0.6)
    """
    if high <= low:
        low, high = low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0)
    step = nice_step(high - low, count)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    digits = max(0, 2 - math.floor(math.log10(step)))
    return tuple(round(place * step, digits) for place in range(first, last + 1))


def clock_ticks(longest_s: float, count: int = 5) -> tuple[float, ...]:
    """Marks in seconds from 0 to at or beyond `longest_s`, at steps that people read off a clock.

    >>> clock_ticks(1750)
    (0.0, 600.0, 1200.0, 1800.0)
    """
    longest_s = max(longest_s, 1.0)
    days = math.ceil(longest_s / count / 86400)
    step = next((step for step in _CLOCK_STEPS if longest_s / step <= count), days * 86400)
    return tuple(float(place * step) for place in range(math.ceil(longest_s / step - 1e-9) + 1))


def spread_labels(places: Sequence[float], distance: float, low: float, high: float) -> list[float]:
    """Places as near as they can be to those wanted, `distance` apart and within `low..high`, order kept.

    >>> spread_labels([10, 12, 40], 10, 0, 100)
    [6.0, 16.0, 40.0]
    """
    order = sorted(range(len(places)), key=lambda index: places[index])
    groups: list[tuple[list[int], float]] = []  # members, their wanted centre
    for index in order:
        members, wanted = [index], float(places[index])
        while groups:
            above, above_wanted = groups[-1]
            apart = distance * (len(above) + len(members)) / 2
            inside = _inside(wanted, len(members), distance, low, high)
            if inside - _inside(above_wanted, len(above), distance, low, high) >= apart:
                break
            groups.pop()
            wanted = (above_wanted * len(above) + wanted * len(members)) / (len(above) + len(members))
            members = above + members
        groups.append((members, wanted))
    result = [0.0] * len(places)
    for members, wanted in groups:
        centre = _inside(wanted, len(members), distance, low, high)
        for place, index in enumerate(members):
            result[index] = centre + distance * (place - (len(members) - 1) / 2)
    return result


def _inside(centre: float, count: int, distance: float, low: float, high: float) -> float:
    half = distance * (count - 1) / 2
    return max(low + half, min(high - half, centre))

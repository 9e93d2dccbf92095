# SPDX-License-Identifier: EUPL-1.2
"""The journey map of a task: its touchpoints by phase, and the heartbeat line through the phases.

Every version has its own figures at the same touchpoint. Marks that residents gave and trouble inferred from
behaviour are two lines, never one mean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from analysis.disclosure import FEWEST, OTHER
from analysis.journey_book import Book, Touch
from analysis.tables import Phase

#: Touchpoints at which trouble can be seen: pages and the search, not a call or a mark.
_SEEN = ("/", "search")


@dataclass(frozen=True, slots=True)
class Figures:
    """One version at one touchpoint. Shares are of 1: `share` of its questions that came here, `leaving` of
    those that ended here without an answer. `mark` is the mean of the marks given here, None below five."""

    visits: int
    questions: int
    visitors: int
    share: float
    leaving: float
    given: int
    mark: float | None
    hard: float


@dataclass(frozen=True, slots=True)
class Stop:
    touchpoint: str
    figures: Mapping[str, Figures]


@dataclass(frozen=True, slots=True)
class Beat:
    """The heartbeat of a version in a phase: `value` out of `count`; None where fewer than five gave it."""

    value: float | None
    count: int


class Moment(StrEnum):
    """The places of a line that stay in memory (the peak-end rule)."""

    START = "start"
    PEAK = "peak"
    WORST = "worst"
    END = "end"


@dataclass(frozen=True, slots=True)
class JourneyMap:
    """`stops` by phase, most visited first; a beat per phase for each version. `given` runs from -1 to 1;
    `hard` is the share of pages and searches reached at which there was trouble."""

    versions: tuple[str, ...]
    phases: tuple[str, ...]
    stops: Mapping[str, tuple[Stop, ...]]
    given: Mapping[str, tuple[Beat, ...]]
    hard: Mapping[str, tuple[Beat, ...]]


def map_of(book: Book) -> JourneyMap:
    """The map of a task over its versions, or over everyone where there is no experiment."""
    versions = tuple(version.name for version in book.versions) or ("",)
    totals = {version.name: version.questions for version in book.versions} or {"": book.task.questions}
    phases = tuple(phase.value for phase in Phase)
    phase_of = _phases(book.touchpoints)
    mine = [touch for touch in book.touchpoints if touch.variant in versions]
    found: dict[str, dict[str, list[Touch]]] = {phase: {} for phase in phases}
    for touch in mine:
        found[phase_of[touch.touchpoint]].setdefault(touch.touchpoint, []).append(touch)
    stops = {
        phase: _sorted(
            Stop(name, {v: _figures([t for t in touches if t.variant == v], totals[v]) for v in versions})
            for name, touches in places.items()
        )
        for phase, places in found.items()
    }
    return JourneyMap(
        versions=versions,
        phases=phases,
        stops=stops,
        given={v: tuple(_given(found[p], v) for p in phases) for v in versions},
        hard={v: tuple(_hard(found[p], v) for p in phases) for v in versions},
    )


def moments(beats: Sequence[Beat], *, low_is_good: bool = False) -> dict[Moment, int]:
    """The places in `beats` of start, peak, worst and end; of equal ones the first. Empty without any value.

    >>> line = [Beat(0.2, 9), Beat(None, 1), Beat(-0.5, 9), Beat(0.8, 9)]
    >>> {moment.value: place for moment, place in moments(line).items()}
    {'start': 0, 'peak': 3, 'worst': 2, 'end': 3}
    """
    values = {place: beat.value for place, beat in enumerate(beats) if beat.value is not None}
    if not values:
        return {}
    high, low = max(values, key=lambda p: values[p]), min(values, key=lambda p: values[p])
    peak, worst = (low, high) if low_is_good else (high, low)
    return {Moment.START: min(values), Moment.PEAK: peak, Moment.WORST: worst, Moment.END: max(values)}


def is_line(lines: Mapping[str, Sequence[Beat]]) -> bool:
    """Whether some version has a value in two phases: a single point has no start, peak, low and end."""
    return any(sum(beat.value is not None for beat in beats) > 1 for beats in lines.values())


def _phases(touchpoints: Sequence[Touch]) -> dict[str, str]:
    """One phase for each touchpoint: that of most questions, so that a page stands in one place."""
    counted: dict[str, Counter[str]] = {}
    for touch in touchpoints:
        counted.setdefault(touch.touchpoint, Counter())[touch.phase] += touch.questions
    order = [phase.value for phase in Phase]
    return {name: max(order, key=lambda p: (of[p], -order.index(p))) for name, of in counted.items()}


def _figures(touches: Sequence[Touch], total: int) -> Figures:
    questions = sum(touch.questions for touch in touches)
    given = sum(touch.given for touch in touches)
    return Figures(
        visits=sum(touch.visits for touch in touches),
        questions=questions,
        visitors=sum(touch.visitors for touch in touches),
        share=min(1.0, questions / max(1, total)),
        leaving=sum(touch.left for touch in touches) / max(1, questions),
        given=given,
        mark=sum(touch.given_sum for touch in touches) / given if given >= FEWEST else None,
        hard=sum(touch.hard for touch in touches) / max(1, questions),
    )


def _sorted(stops: Iterable[Stop]) -> tuple[Stop, ...]:
    """Most visited first, what is pooled last; without those of fewer than five visitors."""
    kept = [stop for stop in stops if sum(one.visitors for one in stop.figures.values()) >= FEWEST]

    def place(stop: Stop) -> tuple[bool, float, str]:
        return (
            stop.touchpoint == OTHER,
            -max(one.share for one in stop.figures.values()),
            stop.touchpoint,
        )

    return tuple(sorted(kept, key=place))


def _given(places: Mapping[str, Sequence[Touch]], version: str) -> Beat:
    touches = [touch for each in places.values() for touch in each if touch.variant == version]
    count = sum(touch.given for touch in touches)
    mean = sum(touch.given_sum for touch in touches) / count if count >= FEWEST else None
    return Beat(mean, count)


def _hard(places: Mapping[str, Sequence[Touch]], version: str) -> Beat:
    touches = [
        touch
        for each in places.values()
        for touch in each
        if touch.variant == version and touch.touchpoint.startswith(_SEEN)
    ]
    count = sum(touch.questions for touch in touches)
    came = Counter[str]()
    for touch in touches:
        came[touch.touchpoint] += touch.visitors
    # Who came to several places is in each, so that only one place says of five that they are five.
    told = max(came.values(), default=0) >= FEWEST
    return Beat(sum(touch.hard for touch in touches) / count if told else None, count)

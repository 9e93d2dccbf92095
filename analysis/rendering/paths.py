# SPDX-License-Identifier: EUPL-1.2
"""The paths through one version as bands: what followed what, and how it ended.

Every column holds all questions, so widths add up everywhere: a question that has ended stays in the lane of
its outcome, answered on top and the others below, up to the last column.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from analysis.disclosure import OTHER
from analysis.journey_book import Passage
from analysis.rendering.pictures import NARROW, Caption
from analysis.rendering.scales import spread_labels
from analysis.rendering.svg import element, picture, shorten, text
from analysis.report import Flow
from analysis.tables import Outcome

CONTINUES = "continues"

#: Lanes from top to bottom; what is not named here is a touchpoint and lies between the two groups.
_TOP = (Outcome.ANSWERED.value, Outcome.ANSWERED_ON_RESULTS.value)
_BOTTOM = (CONTINUES, Outcome.CHANNEL_SHIFT.value, Outcome.ABANDONED.value, Outcome.CENSORED.value)
ENDS = frozenset(outcome.value for outcome in Outcome)
_LOOKS: Mapping[str, str] = {
    Outcome.ANSWERED.value: "good",
    Outcome.ANSWERED_ON_RESULTS.value: "good",
    Outcome.CHANNEL_SHIFT.value: "contact",
    Outcome.ABANDONED.value: "gone",
    Outcome.CENSORED.value: "unseen",
}


@dataclass(frozen=True, slots=True)
class Paths:
    """`columns[k]`: questions per node after k steps; `links[k]`: those between columns k and k + 1."""

    columns: tuple[Mapping[str, int], ...]
    links: tuple[Mapping[tuple[str, str], int], ...]

    @property
    def total(self) -> int:
        return sum(self.columns[0].values())


def common_touchpoints(flows: Iterable[Flow | Passage], *, steps: int, most: int) -> list[frozenset[str]]:
    """The touchpoints to name after each step: the largest over all variants, so equal for all."""
    reached: defaultdict[int, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    totals: Counter[str] = Counter()
    flows = list(flows)
    first = min((flow.order for flow in flows), default=0)
    for flow in flows:
        totals[flow.variant] += flow.questions if flow.order == first else 0
    for flow in flows:
        if flow.target not in ENDS and totals[flow.variant]:
            reached[flow.order - first + 1][flow.target] += flow.questions / totals[flow.variant]
    return [
        frozenset(
            name
            for name, share in sorted(reached[step].items(), key=lambda item: (-item[1], item[0]))[:most]
            if share >= 0.02
        )
        for step in range(steps + 1)
    ]


def follow(flows: Iterable[Flow | Passage], named: Sequence[frozenset[str]]) -> Paths:
    """One variant's flows as columns: the start, `len(named) - 1` steps, what came later, the outcome."""
    flows = list(flows)
    first = min((flow.order for flow in flows), default=0)
    by_step: defaultdict[int, Counter[tuple[str, str]]] = defaultdict(Counter)
    outcomes: Counter[str] = Counter()
    for flow in flows:
        target = _lane(flow.target)
        by_step[flow.order - first][flow.source, target] += flow.questions
        if target in ENDS:
            outcomes[target] += flow.questions

    columns: list[Counter[str]] = [Counter()]
    for (source, _), questions in by_step[0].items():
        columns[0][_shown(source, frozenset((source,)))] += questions
    links: list[Counter[tuple[str, str]]] = []
    for step in range(len(named) - 1):
        known = frozenset(columns[0]) if step == 0 else named[step]
        links.append(_between(columns[-1], by_step[step], known, named[step + 1]))
        columns.append(_arrivals(links[-1]))
    links.append(_gather(columns[-1]))
    columns.append(_arrivals(links[-1]))
    links.append(_finish(columns[-1], outcomes))
    columns.append(_arrivals(links[-1]))
    return Paths(tuple(columns), tuple(links))


def _lane(name: str) -> str:
    """Answered and read are one lane: both are success."""
    return Outcome.ANSWERED.value if name == Outcome.READ.value else name


def _shown(name: str, named: frozenset[str]) -> str:
    return name if name in named or name in ENDS else OTHER


def _between(
    column: Mapping[str, int],
    step: Mapping[tuple[str, str], int],
    here: frozenset[str],
    there: frozenset[str],
) -> Counter[tuple[str, str]]:
    """What leaves each node of a column; ended questions stay, and what left unseen goes on to the rest."""
    links: Counter[tuple[str, str]] = Counter()
    for (source, target), questions in step.items():
        links[_shown(source, here), _shown(target, there)] += questions
    left = Counter[str]()
    for (source, _), questions in links.items():
        left[source] += questions
    for name, questions in column.items():
        if name in ENDS:
            links[name, name] += questions
        elif questions > left[name]:
            links[name, OTHER] += questions - left[name]
    return links


def _gather(column: Mapping[str, int]) -> Counter[tuple[str, str]]:
    """Whoever is still on the way after the last step shown goes on in one lane."""
    return Counter({(name, name if name in ENDS else CONTINUES): count for name, count in column.items()})


def _finish(column: Mapping[str, int], outcomes: Mapping[str, int]) -> Counter[tuple[str, str]]:
    """How those still on the way ended: the outcomes of all questions less those that ended before."""
    links = Counter({(name, name): count for name, count in column.items() if name != CONTINUES})
    open_questions = column.get(CONTINUES, 0)
    for name, count in outcomes.items():
        later = min(open_questions, count - column.get(name, 0))
        if later > 0:
            links[CONTINUES, name] += later
            open_questions -= later
    if open_questions:
        links[CONTINUES, Outcome.CENSORED.value] += open_questions
    return links


def _arrivals(links: Mapping[tuple[str, str], int]) -> Counter[str]:
    arrived: Counter[str] = Counter()
    for (_, target), questions in links.items():
        arrived[target] += questions
    return arrived


@dataclass(frozen=True, slots=True)
class _Box:
    x: float
    top: float
    bottom: float


_GAP = 7.0
_BAR = 7.0


def draw(
    paths: Paths,
    caption: Caption,
    *,
    width: float,
    name_of: Callable[[str], str],
    share_of: Callable[[float], str],
    columns: Sequence[str],
) -> Markup:
    """The bands of one variant.

    `name_of` words a node, `share_of` writes a share (1.0 is all questions); `columns` names the start, a
    step (with `{step}`), what came later, and the end.
    """
    narrow = width < NARROW
    height, top = (300.0 if narrow else 330.0), 28.0
    room = 122.0 if narrow else 130.0
    places = _places(len(paths.columns), width - room - _BAR - 2, first=0.5 if narrow else 0.8)
    most = max(len(column) for column in paths.columns)
    scale = (height - _GAP * (most - 1)) / max(1, *(sum(column.values()) for column in paths.columns))
    boxes = [_stack(column, x, top, height, scale) for x, column in zip(places, paths.columns, strict=True)]
    bands = [
        band
        for place, links in enumerate(paths.links)
        for band in _bands(links, boxes[place], boxes[place + 1], scale)
    ]
    nodes: list[Markup] = []
    labels = [
        text(x + _BAR / 2, 14, heading, "tick", anchor="middle")
        for x, heading in zip(places[1:], _headings(columns, len(places)), strict=True)
    ]
    if not narrow:
        labels.append(text(places[0], 14, columns[0], "tick"))
    for place, column in enumerate(paths.columns):
        is_last = place == len(paths.columns) - 1
        for name, box in boxes[place].items():
            share = column[name] / max(1, paths.total)
            if name in ENDS and not is_last:
                continue
            tip = element("title", f"{name_of(name)}: {share_of(share)}")
            looks = f"node {_LOOKS.get(name, 'way')}"
            nodes.append(
                element(
                    "rect",
                    tip,
                    x=box.x,
                    y=box.top,
                    width=_BAR,
                    height=max(1.0, box.bottom - box.top),
                    class_=looks,
                )
            )
            if not is_last and name != CONTINUES and place and box.bottom - box.top >= 15:
                words = shorten(_short(name_of(name)), places[place + 1] - box.x - _BAR - 6, 12)
                labels.append(text(box.x + _BAR + 4, (box.top + box.bottom) / 2 + 4, words, "node-label"))
    last = boxes[-1]
    wanted = spread_labels(
        [(box.top + box.bottom) / 2 for box in last.values()], 31, top + 6, top + height - 12
    )
    for (name, box), y in zip(last.items(), wanted, strict=True):
        share = paths.columns[-1][name] / max(1, paths.total)
        labels.append(text(box.x + _BAR + 6, y, share_of(share), f"end-share {_LOOKS.get(name, 'way')}"))
        labels.append(text(box.x + _BAR + 6, y + 14, name_of(name), "note"))
    form = "narrow" if narrow else "wide"
    return picture(
        width, top + height + 8, f"{caption.name}-{form}", caption.title, caption.description,
        *bands, *nodes, *labels, class_=form,
    )  # fmt: skip


def _places(count: int, room: float, *, first: float) -> list[float]:
    """Where the columns stand: the start near the first step, more room where touchpoints are named."""
    weights = [first, *[1.2] * (count - 3), 0.85]
    unit = room / sum(weights)
    return [2 + unit * sum(weights[:place]) for place in range(count)]


def _headings(columns: Sequence[str], count: int) -> list[str]:
    """Names of all columns but the first."""
    _, step, later, end = columns
    return [*[step.format(step=place) for place in range(1, count - 2)], later, end]


def _order(name: str) -> int:
    if name in _TOP:
        return _TOP.index(name)
    if name in _BOTTOM:
        return 20 + _BOTTOM.index(name)
    return 11 if name == OTHER else 10


def _stack(column: Mapping[str, int], x: float, top: float, height: float, scale: float) -> dict[str, _Box]:
    """The nodes of a column from top to bottom; lanes of the outcomes lean against the edges."""
    names = sorted(
        (name for name, count in column.items() if count), key=lambda n: (_order(n), -column[n], n)
    )
    upper = [name for name in names if _order(name) < 20]
    lower = [name for name in names if _order(name) >= 20]
    boxes: dict[str, _Box] = {}
    y = top
    for name in upper:
        boxes[name] = _Box(x, y, y + column[name] * scale)
        y = boxes[name].bottom + _GAP
    y = top + height
    for name in reversed(lower):
        boxes[name] = _Box(x, y - column[name] * scale, y)
        y = boxes[name].top - _GAP
    return {name: boxes[name] for name in names}


def _bands(
    links: Mapping[tuple[str, str], int], left: Mapping[str, _Box], right: Mapping[str, _Box], scale: float
) -> Iterable[Markup]:
    """One band per link, stacked in the order of the nodes on the other side so that few of them cross."""
    ranks = {name: rank for rank, name in enumerate(right)}
    sources = {name: rank for rank, name in enumerate(left)}
    leaving = {name: box.top for name, box in left.items()}
    arriving = {name: box.top for name, box in right.items()}
    starts: dict[tuple[str, str], float] = {}
    present = [link for link, count in links.items() if count and link[0] in left and link[1] in right]
    for link in sorted(present, key=lambda link: (sources[link[0]], ranks[link[1]])):
        starts[link] = leaving[link[0]]
        leaving[link[0]] += links[link] * scale
    for link in sorted(present, key=lambda link: (ranks[link[1]], sources[link[0]])):
        source, target = link
        thick = links[link] * scale
        y0, y1 = starts[link], arriving[target]
        arriving[target] += thick
        x0 = left[source].x + (0 if source in ENDS else _BAR)
        yield _band(x0, y0, right[target].x, y1, thick, f"flow {_LOOKS.get(target, 'way')}")


def _band(x0: float, y0: float, x1: float, y1: float, thick: float, class_: str) -> Markup:
    middle = (x0 + x1) / 2
    there = f"M{x0:.1f},{y0:.1f}C{middle:.1f},{y0:.1f} {middle:.1f},{y1:.1f} {x1:.1f},{y1:.1f}"
    y0, y1 = y0 + thick, y1 + thick
    back = f"L{x1:.1f},{y1:.1f}C{middle:.1f},{y1:.1f} {middle:.1f},{y0:.1f} {x0:.1f},{y0:.1f}Z"
    return element("path", d=there + back, class_=class_)


def _short(name: str) -> str:
    """The last part of a page's path: the picture's tip and the table have all of it."""
    return name.rstrip("/").rpartition("/")[2] or name

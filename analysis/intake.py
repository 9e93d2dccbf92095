# SPDX-License-Identifier: EUPL-1.2
"""Events of one (DAY, partition), made ready: checked, what does not count set aside, sorted, coded.

Texts become whole numbers here, once; everything after works on sorted NumPy columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeVar

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from analysis.errors import EventsError
from analysis.thresholds import Thresholds
from tracker.event import Event, Kind

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

Codes = NDArray[np.integer[Any]]
Texts = Any  # an Arrow array of texts
Encoded = Any  # an Arrow array of places in texts

T = TypeVar("T")

LOAD_TEST = "load test"
BOT = "bot"
REPEAT = "duplicate"
OUTSIDE_DAY = "outside the day"
UNKNOWN_KIND = "unknown kind"
TOO_MANY = "too many events by one visitor"
#: The first that holds, in this order.
REASONS = (UNKNOWN_KIND, LOAD_TEST, BOT, OUTSIDE_DAY, REPEAT, TOO_MANY)
_REPEAT, _TOO_MANY = REASONS.index(REPEAT), REASONS.index(TOO_MANY)


class K(IntEnum):
    """Kinds of events as numbers, in the order of `Kind`."""

    VIEW = 0
    SEARCH = 1
    RESULT = 2
    ENGAGE = 3
    FORM = 4
    GOAL = 5
    CONTACT = 6
    FEEDBACK = 7
    LINK = 8
    FILE = 9
    FRICTION = 10


KINDS = tuple(kind.value for kind in Kind)

_TEXTS = (
    "path",
    "exposures",
    "first",
    "language",
    "viewport",
    "query",
    "target",
    "action",
    "goal",
    "channel",
)
_VIEW_TEXTS = ("parameters", "referrer")
_NUMBERS = ("bucket", "results", "visible_s", "step", "heartbeat")
_REQUIRED = ("site", "visitor", "time", "page_view", "index", "kind", "path")


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of texts as numbers: `texts[codes[row]]`, -1 where there is none."""

    codes: Ints
    texts: tuple[str, ...]

    def map(self, rule: Callable[[str], T]) -> list[T]:
        """The rule's answer for every different text, in the order of the codes."""
        return [rule(text) for text in self.texts]

    def take(self, rows: Ints | Flags) -> Coded:
        return Coded(self.codes[rows], self.texts)

    def decode(self, rows: Ints | Flags | slice = slice(None)) -> NDArray[np.object_]:
        """The texts of the rows, empty where there is none."""
        return np.array([*self.texts, ""], dtype=object)[self.codes[rows]]


@dataclass(frozen=True, slots=True)
class Events:
    """Events sorted by (visitor, time, page view, index), a column each.

    `visitor` counts from 0 by first appearance; `page_view` counts from 0 by first event and belongs to one
    visitor. `origin` has one number per page view: the one it was reached from, -1 where that is not known
    here. What the browser did not say is -1 (texts) or NaN (numbers).
    """

    site: Coded
    visitor: Ints
    time: Ints
    page_view: Ints
    kind: Ints
    answered_here: Flags
    text: Mapping[str, Coded]
    number: Mapping[str, Floats]
    origin: Ints
    #: What is said once for a page view: its parameters and its referrer, with a place per page view.
    view_text: Mapping[str, Coded]

    def __len__(self) -> int:
        return len(self.time)

    def keep(self, rows: Flags) -> Events:
        """Only those rows; page views and visitors keep their numbers."""
        return Events(
            site=self.site.take(rows),
            visitor=self.visitor[rows],
            time=self.time[rows],
            page_view=self.page_view[rows],
            kind=self.kind[rows],
            answered_here=self.answered_here[rows],
            text={name: coded.take(rows) for name, coded in self.text.items()},
            number={name: column[rows] for name, column in self.number.items()},
            origin=self.origin,
            view_text=self.view_text,
        )


@dataclass(frozen=True, slots=True)
class Intake:
    """Events ready to be read, and what was set aside: events by reason, and their visitors."""

    events: Events
    aside: Mapping[str, int]
    aside_visitors: Mapping[str, int]
    _ids: Texts
    _places: Ints

    def page_view_ids(self) -> NDArray[np.object_]:
        """The id of every page view, in the order of their numbers; no table holds them."""
        ids: NDArray[np.object_] = self._ids.take(self._places).to_numpy(zero_copy_only=False)
        return ids


def prepare(frame: pd.DataFrame, thresholds: Thresholds, bounds: Mapping[str, tuple[int, int]]) -> Intake:
    """Sort and code the events of one (DAY, partition), in whatever order they come.

    `bounds` gives for each site the first millisecond of the DAY and of the next one; events outside are
    set aside, as are those of load tests, bots, repeats and visitors beyond any resident.

    Raises `EventsError` where the frame lacks a column or holds something else in it.
    """
    _check(frame)
    site, views = _coded(frame["site"]), _encoded(frame["page_view"])
    visitor, time, index = (frame[name].to_numpy(np.int64) for name in ("visitor", "time", "index"))
    kind = _numbered(_coded(frame["kind"]), KINDS)
    view = _codes(views)

    reason = np.full(len(frame), -1, np.int8)
    first, last = _day(site, bounds)
    holds = (kind < 0, _given(frame, "run"), _flags(frame, "automated"), (time < first) | (time >= last))
    for number, flags in enumerate(holds):
        reason[(reason < 0) & flags] = number
    kept = _kept(reason)
    reason[kept[_repeats(site.codes[kept], view[kept], index[kept], time[kept], visitor[kept])]] = _REPEAT
    kept = _kept(reason)
    person = _numbered_people(site.codes[kept], visitor[kept])
    reason[kept[np.bincount(person)[person] > thresholds.events_per_visitor]] = _TOO_MANY

    counted = reason[kept] < 0
    kept, person = kept[counted], person[counted]
    order, who = _order(person, time[kept], view[kept], index[kept], views.dictionary)
    rows = kept[order]
    page_view, keys = _page_views(who, view[rows], len(views.dictionary))
    opening = rows[first_rows(page_view, len(keys))]
    events = Events(
        site=site.take(rows),
        visitor=who,
        time=time[rows],
        page_view=page_view,
        kind=kind[rows],
        answered_here=_flags(frame, "answered_here")[rows],
        text={name: _text(frame, name, rows) for name in _TEXTS},
        number={name: _numbers(frame, name)[rows] for name in _NUMBERS},
        origin=_origins(frame, views.dictionary, opening, keys),
        view_text={name: _text(frame, name, opening) for name in _VIEW_TEXTS},
    )
    places = keys % max(len(views.dictionary), 1)
    return Intake(events, _counts(reason), _people(reason, site.codes, visitor), views.dictionary, places)


def _kept(reason: Codes) -> Ints:
    return np.flatnonzero(reason < 0)


def _counts(reason: Codes) -> dict[str, int]:
    counts = np.bincount(reason[reason >= 0], minlength=len(REASONS)).tolist()
    return {name: count for name, count in zip(REASONS, counts, strict=True) if count}


def _people(reason: Codes, site: Ints, visitor: Ints) -> dict[str, int]:
    """How many visitors with the events that were set aside because of who sent them."""
    found = {}
    for name in (LOAD_TEST, BOT, TOO_MANY):
        rows = np.flatnonzero(reason == REASONS.index(name))
        if len(rows):
            found[name] = len(set(zip(site[rows].tolist(), visitor[rows].tolist(), strict=True)))
    return found


def _check(frame: pd.DataFrame) -> None:
    missing = [name for name in _REQUIRED if name not in frame]
    if missing:
        known = ", ".join(each.name for each in msgspec.structs.fields(Event))
        raise EventsError(
            f"The events lack {', '.join(missing)}. Expected the columns of the archive: {known}."
        )
    twice = sorted(set(frame.columns[frame.columns.duplicated()]))
    if twice:
        raise EventsError(f"The events have {', '.join(twice)} twice. Keep one column of each name.")
    for name in ("visitor", "time", "index"):
        if not pd.api.types.is_integer_dtype(frame[name]) or frame[name].hasnans:
            raise EventsError(
                f"Column {name} of the events is {frame[name].dtype}; expected whole numbers without gaps. "
                "Read the events with tracker.archive, or convert that column."
            )
    for name in ("site", "page_view", "kind", "path"):
        if frame[name].isna().any():
            raise EventsError(f"Column {name} of the events has gaps; every event has one.")
        if len(frame) and not pd.api.types.is_string_dtype(frame[name]):
            raise EventsError(f"Column {name} of the events is {frame[name].dtype}; expected text.")


def _encoded(column: pd.Series[Any]) -> Encoded:
    """The column as places in its different texts."""
    try:
        encoded: Any = pa.array(column, from_pandas=True)
        if isinstance(encoded, pa.ChunkedArray):
            encoded = encoded.combine_chunks()
        if not isinstance(encoded, pa.DictionaryArray):
            encoded = encoded.cast(pa.large_string()).dictionary_encode()
    except (pa.ArrowException, TypeError) as error:
        raise EventsError(f"Column {column.name} of the events does not hold text: {error}") from None
    return encoded


def _codes(encoded: Encoded) -> NDArray[np.int32]:
    indices = encoded.indices.cast(pa.int32())
    codes: NDArray[np.int32] = (indices.fill_null(-1) if indices.null_count else indices).to_numpy()
    return codes


def _coded(column: pd.Series[Any], rows: Ints | slice = slice(None)) -> Coded:
    encoded = _encoded(column)
    texts = tuple(map(str, encoded.dictionary.to_pylist()))
    return Coded(_codes(encoded)[rows].astype(np.int64), texts)


def _text(frame: pd.DataFrame, name: str, rows: Ints) -> Coded:
    """The column at those rows; nothing where there is none."""
    if name not in frame:
        return Coded(np.full(len(rows), -1, np.int64), ())
    if len(rows) * 2 < len(frame):  # coding fewer texts is worth taking them apart
        return _coded(frame[name].iloc[rows])
    return _coded(frame[name], rows)


def _numbered(coded: Coded, known: Sequence[str]) -> Ints:
    numbers = {text: number for number, text in enumerate(known)}
    table = np.array([*(numbers.get(text, -1) for text in coded.texts), -1], np.int64)
    return table[coded.codes]


def _alphabetical(view: Codes, texts: Texts) -> Ints:
    """For each of those places in the texts its place in the alphabet, so that nothing depends on the order
    of the rows."""
    different, place = np.unique(view, return_inverse=True)
    order = pc.sort_indices(texts.take(different)).to_numpy()
    ranks = np.empty(len(different), np.int64)
    ranks[order] = np.arange(len(different))
    ranked: Ints = ranks[place]
    return ranked


def _day(site: Coded, bounds: Mapping[str, tuple[int, int]]) -> tuple[Ints, Ints]:
    for name in site.texts:
        if name not in bounds:
            known = ", ".join(sorted(bounds)) or "none"
            raise EventsError(f'Events of site "{name}", of which no DAY is given; known: {known}.')
    table = np.array([bounds[name] for name in site.texts], np.int64).reshape(-1, 2)
    return table[site.codes, 0], table[site.codes, 1]


def _repeats(site: Ints, view: Codes, index: Ints, time: Ints, visitor: Ints) -> Ints:
    """Positions of events whose identity (site, page view, index) was there earlier."""
    identity = (site * (view.max(initial=0) + 1) + view) * (index.max(initial=0) + 1) + index
    in_order = np.sort(identity)
    if not (in_order[1:] == in_order[:-1]).any():  # nearly always, and quickly seen
        return np.empty(0, np.int64)
    order = np.lexsort((visitor, time, identity))
    again: Ints = order[1:][np.diff(identity[order]) == 0]
    return again


def _numbered_people(site: Ints, visitor: Ints) -> Ints:
    """A number for every visitor of a site, in no order that means anything."""
    person, people = pd.factorize(visitor)
    if len(site) and site.max() > 0:
        person = pd.factorize(site * len(people) + person)[0]
    numbers: Ints = person
    return numbers


def _order(person: Ints, time: Ints, view: Codes, index: Ints, texts: Texts) -> tuple[Ints, Ints]:
    """The order of the rows and, in that order, the visitors as numbers from 0 by first appearance."""
    order = _by_time(time)
    order = order[np.argsort(person[order].astype(np.int32), kind="stable")]
    _settle_ties(order, texts, (person, time), view, index)
    change = _changes(person[order])
    firsts = order[change]
    by_appearance = np.argsort(time[firsts], kind="stable")
    _settle_ties(by_appearance, texts, (time[firsts],), view[firsts], np.zeros(len(firsts), np.int64))
    number = np.empty(len(firsts), np.int64)
    number[by_appearance] = np.arange(len(firsts))
    who = number[np.cumsum(change) - 1]
    again = np.argsort(who.astype(np.int32), kind="stable")
    return order[again], who[again]


def _by_time(time: Ints) -> Ints:
    """The order by time: at once where the archive gave it so."""
    if (time[1:] >= time[:-1]).all():
        return np.arange(len(time))
    return np.argsort(time, kind="stable")


def _settle_ties(order: Ints, texts: Texts, keys: Sequence[Ints], view: Codes, index: Ints) -> None:
    """Where rows that follow each other have equal keys: by page view, in the alphabet, then by index."""
    tied = np.ones(max(len(order) - 1, 0), bool)
    for key in keys:
        tied &= key[order[1:]] == key[order[:-1]]
    one, next_one = order[:-1][tied], order[1:][tied]
    right = (view[one] == view[next_one]) & (index[one] <= index[next_one])
    if right.all():
        return
    group = np.cumsum(np.insert(~tied, 0, True))
    wrong = np.zeros(len(order) + 1, bool)
    wrong[group[1:][tied][~right]] = True
    places = np.flatnonzero(wrong[group])
    group, rows = group[places], order[places]
    order[places] = rows[np.lexsort((index[rows], _alphabetical(view[rows], texts), group))]


def _changes(column: Ints) -> Flags:
    """Where a row differs from the one before; the first row does."""
    change = np.ones(len(column), bool)
    change[1:] = column[1:] != column[:-1]
    return change


def _page_views(who: Ints, view: Codes, width: int) -> tuple[Ints, Ints]:
    """Page views as numbers from 0 by first event, and the key (visitor, place of its id) of each."""
    numbers, keys = pd.factorize(who * width + view)
    return numbers, keys


def _origins(frame: pd.DataFrame, views: Texts, opening: Ints, keys: Ints) -> Ints:
    """For every page view the number of the one it was reached from, -1 where that is not known."""
    origins = np.full(len(keys), -1, np.int64)
    if "origin" not in frame or not len(keys):
        return origins
    origin = pa.array(frame["origin"].iloc[opening], pa.large_string(), from_pandas=True)
    view = pc.index_in(origin, value_set=views).fill_null(-1).to_numpy().astype(np.int64)
    wanted = np.where(view >= 0, keys // len(views) * len(views) + view, -1)
    found = pd.Index(keys).get_indexer(pd.Index(wanted))
    hit = (found >= 0) & (found != np.arange(len(keys)))
    origins[hit] = found[hit]
    return origins


def first_rows(page_view: Ints, count: int) -> Ints:
    """The first row of every page view."""
    first = np.empty(count, np.int64)
    first[page_view[::-1]] = np.arange(len(page_view))[::-1]
    return first


def _flags(frame: pd.DataFrame, name: str) -> Flags:
    if name not in frame:
        return np.zeros(len(frame), bool)
    column = frame[name]
    return (column == True).fillna(value=False).to_numpy(bool)  # noqa: E712  None is no


def _given(frame: pd.DataFrame, name: str) -> Flags:
    return frame[name].notna().to_numpy(bool) if name in frame else np.zeros(len(frame), bool)


def _numbers(frame: pd.DataFrame, name: str) -> Floats:
    if name not in frame:
        return np.full(len(frame), np.nan)
    return pd.to_numeric(frame[name], errors="coerce").to_numpy(np.float64, na_value=np.nan)

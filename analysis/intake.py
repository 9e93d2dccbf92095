# SPDX-License-Identifier: EUPL-1.2
"""Events of a DAY, made ready: checked, what does not count set aside, sorted, coded.

Texts become whole numbers here, once; everything after works on sorted NumPy columns (`analysis.events`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.coding import Texts, code, code_at, code_together, flags, given, numbered, numbers
from analysis.errors import EventsError
from analysis.event_order import in_order, number_page_views, number_people, repeats
from analysis.events import KINDS, Coded, Events, Flags, Ints
from analysis.thresholds import Thresholds
from tracker.event import Event

LOAD_TEST = "load test"
BOT = "bot"
REPEAT = "duplicate"
OUTSIDE_DAY = "outside the day"
UNKNOWN_KIND = "unknown kind"
TOO_MANY = "too many events by one visitor"
#: The first that holds, in this order.
REASONS = (UNKNOWN_KIND, LOAD_TEST, BOT, OUTSIDE_DAY, REPEAT, TOO_MANY)
_REPEAT, _TOO_MANY = REASONS.index(REPEAT), REASONS.index(TOO_MANY)

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
class Intake:
    """Events ready to be read, and what was set aside: the partitions of the events by reason, and of their
    visitors."""

    events: Events
    aside: Mapping[str, Ints]
    aside_visitors: Mapping[str, Ints]
    _ids: Texts
    _places: Ints

    def page_view_ids(self) -> NDArray[np.object_]:
        """The id of every page view, in the order of their numbers; no table holds them."""
        ids: NDArray[np.object_] = self._ids.take(self._places).to_numpy(zero_copy_only=False)
        return ids


def prepare(
    frame: pd.DataFrame,
    thresholds: Thresholds,
    bounds: Callable[[str], tuple[int, int]],
    partition: int | Ints = 0,
) -> Intake:
    """Sort and code the events of a DAY, in whatever order they come; `partition` is that of all or of each.

    `bounds` gives for a site the first millisecond of the DAY and of the next one; events outside are
    set aside, as are those of load tests, bots, repeats and visitors beyond any resident.

    Raises `EventsError` where the frame lacks a column or holds something else in it.
    """
    _check(frame)
    site, (ids, view, origin) = code(frame["site"]), _ids(frame)
    visitor, time, index = (frame[name].to_numpy(np.int64) for name in ("visitor", "time", "index"))
    kind = numbered(code(frame["kind"]), KINDS)
    partition = np.broadcast_to(np.asarray(partition, np.int64), len(frame))

    reason = np.full(len(frame), -1, np.int8)
    outside = _outside(time, site, bounds)
    for number, held in enumerate((kind < 0, given(frame, "run"), flags(frame, "automated"), outside)):
        reason[(reason < 0) & held] = number
    kept = _kept(reason)
    identity = (partition[kept], site.codes[kept], view[kept], index[kept])
    _set_aside(reason, kept, repeats(*identity, time[kept], visitor[kept]), _REPEAT)
    kept = _kept(reason)
    person = number_people(site.codes[kept], visitor[kept])
    busy = np.bincount(person) > thresholds.events_per_visitor
    if busy.any():
        _set_aside(reason, kept, np.flatnonzero(busy[person]), _TOO_MANY)
        kept, person = _kept(reason), person[~busy[person]]

    order, who = in_order(partition[kept], person, time[kept], view[kept], index[kept], ids)
    rows = order if isinstance(kept, slice) else kept[order]
    views = number_page_views(who, view[rows])
    opening = rows[views.first_row]
    events = Events(
        site=site.take(rows),
        partition=partition[rows[np.diff(who, prepend=-1) != 0]],
        visitor=who,
        time=time[rows],
        page_view=views.of_row,
        kind=kind[rows],
        answered_here=flags(frame, "answered_here")[rows],
        text={name: code_at(frame, name, rows) for name in _TEXTS},
        number={name: numbers(frame, name)[rows] for name in _NUMBERS},
        origin=views.find(origin[opening]),
        view_text={name: code_at(frame, name, opening) for name in _VIEW_TEXTS},
    )
    aside = {name: np.flatnonzero(reason == number) for number, name in enumerate(REASONS)}
    people = {name: _one_each(aside[name], site.codes, visitor) for name in (LOAD_TEST, BOT, TOO_MANY)}
    return Intake(
        events,
        {name: partition[rows] for name, rows in aside.items()},
        {name: partition[rows] for name, rows in people.items()},
        ids,
        views.id,
    )


def _ids(frame: pd.DataFrame) -> tuple[Texts, NDArray[np.int32], NDArray[np.int32]]:
    """The ids of page views, and for every row that of its own page view and of the one that led to it."""
    if "origin" in frame:
        ids, (view, origin) = code_together(frame["page_view"], frame["origin"])
    else:
        ids, (view,) = code_together(frame["page_view"])
        origin = np.full(len(frame), -1, np.int32)
    return ids, view, origin


def _kept(reason: NDArray[np.int8]) -> Ints | slice:
    """The rows that are not set aside. Mostly that is all of them, which need not be copied."""
    kept = reason < 0
    return slice(None) if kept.all() else np.flatnonzero(kept)


def _set_aside(reason: NDArray[np.int8], kept: Ints | slice, places: Ints, why: int) -> None:
    """Set aside those at these places among the kept."""
    reason[places if isinstance(kept, slice) else kept[places]] = why


def _one_each(rows: Ints, site: Ints, visitor: Ints) -> Ints:
    """One of the rows for every visitor of a site in them."""
    _, first = np.unique(number_people(site[rows], visitor[rows]), return_index=True)
    one: Ints = rows[first]
    return one


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


def _outside(time: Ints, site: Coded, bounds: Callable[[str], tuple[int, int]]) -> Flags:
    """Events before the DAY of their site or after it."""
    first, last = np.array([bounds(name) for name in site.texts], np.int64).reshape(-1, 2).T
    outside: Flags = (time < first[site.codes]) | (time >= last[site.codes])
    return outside

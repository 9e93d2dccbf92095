# SPDX-License-Identifier: EUPL-1.2
"""Sessions: the events of one visitor without a long silence. No cut at midnight or at a new campaign."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from analysis.events import Events, Flags, Ints, K
from analysis.frames import build, texts
from analysis.page_views import ENTRIES, PageViews
from analysis.scope import Scope
from analysis.tables import SESSIONS


def number_sessions(events: Events, gap_s: int) -> Ints:
    """The session of every event, from 0: a new visitor or more than `gap_s` of silence begins one."""
    new = np.ones(len(events), bool)
    new[1:] = (np.diff(events.visitor) != 0) | (np.diff(events.time) > gap_s * 1000)
    return np.cumsum(new) - 1


@dataclass(frozen=True, slots=True)
class Sessions:
    """`of_row` is the session of every event. The other columns have one place per session: its first and
    last row, the row of the first page seen (else of the first event), and a place in `ENTRIES`."""

    of_row: Ints
    first_row: Ints
    last_row: Ints
    landing_row: Ints
    entry: Ints

    def __len__(self) -> int:
        return len(self.first_row)


def find_sessions(events: Events, views: PageViews, gap_s: int) -> Sessions:
    """The sessions of all visitors, and how each began."""
    of_row = number_sessions(events, gap_s)
    first = np.flatnonzero(np.diff(of_row, prepend=-1))
    landing = first.copy()
    seen = np.flatnonzero(events.kind == K.VIEW)[::-1]
    landing[of_row[seen]] = seen
    return Sessions(
        of_row=of_row,
        first_row=first,
        last_row=np.append(first[1:], len(events)) - 1,
        landing_row=landing,
        entry=views.entry[events.page_view[landing]],
    )


def sessions_table(
    events: Events,
    views: PageViews,
    scope: Scope,
    sessions: Sessions,
    *,
    started_in: Ints,
    submitted: Flags,
) -> pl.DataFrame:
    """`SESSIONS`: one row is one session.

    `started_in` is the session in which every question started; `submitted` are the searches that were really
    made.
    """
    count, first, landing = len(sessions), sessions.first_row, sessions.landing_row

    def counted(flags: Flags) -> Ints:
        return np.bincount(sessions.of_row[flags], minlength=count)

    return build(
        {
            "site": texts(events.site.codes[first], events.site.texts),
            "day": scope.day,
            "partition": events.partition[events.visitor[first]],
            "visitor": events.visitor[first],
            "session": np.arange(count),
            "started_at": events.time[first],
            "ended_at": events.time[sessions.last_row],
            "events": sessions.last_row - first + 1,
            "pages": counted(events.kind == K.VIEW),
            "searches": counted(submitted),
            "questions": np.bincount(started_in, minlength=count),
            "entry": texts(sessions.entry, ENTRIES),
            "landing": texts(views.page[events.page_view[landing]], [page.path for page in views.pages]),
            "viewport": texts(events.text["viewport"].codes[landing], events.text["viewport"].texts),
            "language": texts(events.text["language"].codes[landing], events.text["language"].texts),
        },
        SESSIONS,
    )

# SPDX-License-Identifier: EUPL-1.2
"""Sessions: the events of one visitor without a long silence. No cut at midnight or at a new campaign."""

from __future__ import annotations

import numpy as np
import polars as pl

from analysis.events import Events, Ints, K
from analysis.frames import build, texts
from analysis.page_views import ENTRIES, PageViews
from analysis.scope import Scope
from analysis.tables import SESSIONS


def number_sessions(events: Events, gap_s: int) -> Ints:
    """The session of every event, from 0: a new visitor or more than `gap_s` of silence begins one."""
    new = np.ones(len(events), bool)
    new[1:] = (np.diff(events.visitor) != 0) | (np.diff(events.time) > gap_s * 1000)
    return np.cumsum(new) - 1


def sessions_table(
    events: Events,
    views: PageViews,
    scope: Scope,
    *,
    session: Ints,
    question_session: Ints,
    submitted: Ints,
) -> pl.DataFrame:
    """`SESSIONS`: one row is one session.

    `session` is that of every event, `question_session` that in which every question started; `submitted`
    are the rows of the searches that were really made.
    """
    starts = np.flatnonzero(np.diff(session, prepend=-1))
    ends = np.append(starts[1:], len(events)) - 1
    count = len(starts)
    opened = events.kind == K.VIEW
    landing = starts.copy()  # the first page seen, else the first event
    seen = np.flatnonzero(opened)[::-1]
    landing[session[seen]] = seen
    view = events.page_view[landing]
    return build(
        {
            "site": texts(events.site.codes[starts], events.site.texts),
            "day": scope.day,
            "partition": events.partition[events.visitor[starts]],
            "visitor": events.visitor[starts],
            "session": np.arange(count),
            "started_at": events.time[starts],
            "ended_at": events.time[ends],
            "events": np.bincount(session, minlength=count),
            "pages": np.bincount(session[opened], minlength=count),
            "searches": np.bincount(session[submitted], minlength=count),
            "questions": np.bincount(question_session, minlength=count),
            "entry": texts(views.entry[view], ENTRIES),
            "landing": texts(views.page[view], [page.path for page in views.pages]),
            "viewport": texts(events.text["viewport"].codes[landing], events.text["viewport"].texts),
            "language": texts(events.text["language"].codes[landing], events.text["language"].texts),
        },
        SESSIONS,
    )

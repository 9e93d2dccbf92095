# SPDX-License-Identifier: EUPL-1.2
"""Trails: every page view of a question knows the chain of pages by which it was reached.

So a return is found by state, not by the browser's back button, and two tabs are two branches, not one
zig-zag. Interpreted or compiled, as `analysis.cascade` is.
"""

from __future__ import annotations

from typing import Any

from analysis.compiled import lent

#: What a page view is to its question; the last two are returns.
AHEAD, AGAIN, POGO_STICK, BACKTRACK = range(4)

#: `shows` is the page with its query; `results` says that it is one of results, `quick_s` the visible seconds
#: after which a return to the results is no pogo-stick. The walk adds `parent` and what the view `is_a`, and
#: makes `reached` the page view before it on its trail: for a return that is the one that was left.
TRAIL = ("question", "reached", "shows", "results", "shown", "session", "time", "visible_s", "parent", "is_a")

#: Moments, and pages with their query; everything else fits 32 bits.
WIDE = frozenset(["time", "shows"])

Rows = Any  # an array of records, or a list of objects


def follow(views: Rows, latest: Rows, quick_s: float) -> None:
    """Follow the trail of every question; `latest` has a place for each question."""
    views, latest = lent(views), lent(latest)
    for view in range(len(views)):
        seen = views[view]
        if seen.question < 0 or not seen.shown:
            continue
        source = came_from(seen, views, latest)
        latest[seen.question] = view
        if source < 0:
            continue
        seen.reached = source
        before = views[source]
        if before.shows == seen.shows:  # a reload, or the next page of the results: no move at all
            seen.is_a = AGAIN
            seen.parent = before.parent
            continue
        earlier = before.parent
        while earlier >= 0 and views[earlier].shows != seen.shows:
            earlier = views[earlier].parent
        if earlier < 0:
            seen.parent = source
            continue
        seen.parent = views[earlier].parent
        straight_back = seen.results and earlier == before.parent
        seen.is_a = POGO_STICK if straight_back and visible_s(before, seen) <= quick_s else BACKTRACK


def came_from(seen: Rows, views: Rows, latest: Rows) -> Any:
    """The page view before it on its trail: the one it was reached from, else the question's latest one of
    the session."""
    source = seen.reached
    if source >= 0 and views[source].question == seen.question:
        return source
    source = latest[seen.question]
    return source if source >= 0 and views[source].session == seen.session else -1


def visible_s(before: Rows, seen: Rows) -> Any:
    """Visible seconds of a page; where unknown, the whole time until the next, which is never shorter."""
    if before.visible_s == before.visible_s:
        return before.visible_s
    return (seen.time - before.time) / 1000

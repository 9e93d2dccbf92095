# SPDX-License-Identifier: EUPL-1.2
"""Steps that tell of trouble: returns, searches made once more, links that lead away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from analysis import trails
from analysis.compiled import records, run
from analysis.events import Events, Flags, Ints, K
from analysis.page_views import PageViews
from analysis.questions import Questions
from analysis.scope import Scope
from analysis.tables import REFORMULATIONS
from analysis.thresholds import Thresholds
from analysis.words import reformulation


@dataclass(frozen=True, slots=True)
class Steps:
    """What the chains of pages tell. Per page view: `pogo_stick`, `backtrack`, and the page view that such a
    return `left`, else -1. Per event: `submitted`, a search that was really made, not its results opened
    again; `reformulated`, a place in `REFORMULATIONS` or -1; `hop`, a link to another host."""

    pogo_stick: Flags
    backtrack: Flags
    left: Ints
    submitted: Flags
    reformulated: Ints
    hop: Flags


def find_steps(events: Events, views: PageViews, questions: Questions, scope: Scope) -> Steps:
    """Read the trails of every question."""
    what, left = _trails(views, questions, scope.thresholds)
    submitted, reformulated = _searches(events, views, questions, what != trails.AHEAD)
    hosts = [host(target) for target in events.text["target"].texts]
    leaves = np.array(
        [[bool(name) and name not in site.hosts for name in hosts] + [False] for site in scope.sites]
    )
    hop = events.kind == K.LINK
    hop[hop] = leaves[events.site.codes[hop], events.text["target"].codes[hop]]
    return Steps(what == trails.POGO_STICK, what == trails.BACKTRACK, left, submitted, reformulated, hop)


def _trails(views: PageViews, questions: Questions, thresholds: Thresholds) -> tuple[Ints, Ints]:
    """What every page view is to its question: a step ahead, the same page again, or a return; and which one
    a return left."""
    results = views.query >= 0
    given: dict[str, Any] = {
        "question": questions.of_view,
        "reached": questions.reached_from,
        "shows": views.page * (len(views.queries) + 1) + views.query + 1,
        "results": results,
        "shown": views.opened | results,
        "session": views.session,
        "time": views.time,
        "visible_s": views.visible_s,
        "parent": -1,
        "is_a": trails.AHEAD,
    }
    rows = records(trails.TRAIL, given, len(views), wide=trails.WIDE)
    latest = np.full(len(questions), -1, np.int64)
    quick_s = float(thresholds.pogo_stick_s)
    writes = frozenset(["reached", "parent", "is_a"])
    run(trails.follow, trails, rows, latest, quick_s, rows=len(views), writes=writes)
    what: Ints = rows["is_a"].astype(np.int64)
    left = np.full(len(views), -1, np.int64)
    returned = np.flatnonzero(what >= trails.POGO_STICK)
    left[returned] = rows["reached"][returned]
    return what, left


def _searches(
    events: Events, views: PageViews, questions: Questions, shown_again: Flags
) -> tuple[Flags, Ints]:
    """Which searches were really made, and what each made of the one before in the same question."""
    rows = np.flatnonzero(events.kind == K.SEARCH)
    view, query = events.page_view[rows], views.row_query[rows]
    on_view, in_question = _before(view), _before(questions.of_row[rows])
    fresh = np.where(on_view >= 0, query != query[on_view], ~shown_again[view])
    submitted = np.zeros(len(events), bool)
    submitted[rows[fresh]] = True
    reformulated = np.full(len(events), -1, np.int64)
    filled = np.array([bool(each) for each in views.queries])
    compared = fresh & (in_question >= 0)
    compared &= filled[query] & filled[query[in_question]]
    pair = query[in_question][compared] * len(views.queries) + query[compared]
    pairs, place = np.unique(pair, return_inverse=True)
    kinds = [
        REFORMULATIONS.index(reformulation(views.queries[old], views.queries[new]))
        for old, new in zip(
            (pairs // len(views.queries)).tolist(), (pairs % len(views.queries)).tolist(), strict=True
        )
    ]
    reformulated[rows[compared]] = np.array(kinds, np.int64)[place]
    return submitted, reformulated


def _before(keys: Ints) -> Ints:
    """For each place the one before it with an equal key, -1 where there is none."""
    order = np.argsort(keys, kind="stable")
    before = np.full(len(keys), -1, np.int64)
    again = np.flatnonzero(keys[order][1:] == keys[order][:-1])
    before[order[again + 1]] = order[again]
    return before


def host(target: str) -> str:
    """Host of a link that leaves the site; empty for a path of our own."""
    if target.startswith("/") and not target.startswith("//"):
        return ""
    try:
        return (urlsplit(target if "//" in target else f"//{target}").hostname or "").lower()
    except ValueError:
        return target

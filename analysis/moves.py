# SPDX-License-Identifier: EUPL-1.2
"""Moves: the steps inside a question, among them those that tell of trouble.

Returns are found by state, not by the browser's back button: every page view knows the chain of pages by
which it was reached, so two tabs are two branches and not one zig-zag.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

import numpy as np
import polars as pl

from analysis.frames import build, texts
from analysis.intake import Coded, Events, Flags, Floats, Ints, K
from analysis.page_views import PageViews
from analysis.questions import Questions
from analysis.scope import Scope
from analysis.tables import MOVES, Phase
from analysis.thresholds import Thresholds
from analysis.words import Reformulation, reformulation
from tracker.event import Kind

PHASES = tuple(Phase)
REFORMULATIONS = tuple(Reformulation)

#: Kinds of moves: those of events, then those that are found.
MOVE_KINDS = (*(kind.value for kind in Kind), "reformulation", "pogo_stick", "backtrack", "hop")
REFORMULATED, POGO_STICK, BACKTRACK, HOP = range(len(Kind), len(MOVE_KINDS))
_SHOWN = (K.VIEW, K.SEARCH, K.RESULT, K.FORM, K.CONTACT, K.GOAL, K.FEEDBACK)
_SHOWS_PAGE = (K.VIEW, POGO_STICK, BACKTRACK)
_EXECUTING = ("start", "step", "error", "submit")


@dataclass(frozen=True, slots=True)
class Steps:
    """What the chains of pages tell. Per page view: `pogo_stick`, `backtrack`. Per event: `submitted`, a
    search that was really made, not its results opened again; `reformulated`, a place in `REFORMULATIONS`
    or -1; `hop`, a link to another host."""

    pogo_stick: Flags
    backtrack: Flags
    submitted: Flags
    reformulated: Ints
    hop: Flags


def find_steps(events: Events, views: PageViews, questions: Questions, scope: Scope) -> Steps:
    """Read the chains of pages of every question."""
    again, pogo_stick, backtrack = _returns(views, questions, scope.thresholds)
    submitted, reformulated = _searches(events, views, questions, again | pogo_stick | backtrack)
    hosts = [_host(target) for target in events.text["target"].texts]
    leaves = np.array(
        [[bool(host) and host not in site.hosts for host in hosts] + [False] for site in scope.sites]
    )
    hop = events.kind == K.LINK
    hop[hop] = leaves[events.site.codes[hop], events.text["target"].codes[hop]]
    return Steps(pogo_stick, backtrack, submitted, reformulated, hop)


def _returns(views: PageViews, questions: Questions, thresholds: Thresholds) -> tuple[Flags, Flags, Flags]:
    """Page views that show the same page again, that are a quick return to the results, that are another
    return. A reload and the next page of the results are no move at all."""
    count = len(views)
    keys = (views.page * (len(views.queries) + 1) + views.query + 1).tolist()
    of_view, reached = questions.of_view.tolist(), questions.reached_from.tolist()
    results, opened, session = (views.query >= 0).tolist(), views.opened.tolist(), views.session.tolist()
    again, pogo_stick, backtrack = (np.zeros(count, bool) for _ in range(3))
    parent = [-1] * count
    latest: dict[int, int] = {}
    for view, question in enumerate(of_view):
        if question < 0 or not (opened[view] or results[view]):
            continue
        source = reached[view]
        if source < 0 or of_view[source] != question:
            source = latest.get(question, -1)
            source = source if source >= 0 and session[source] == session[view] else -1
        latest[question] = view
        if source < 0:
            continue
        if keys[source] == keys[view]:
            again[view] = True
            parent[view] = parent[source]
            continue
        earlier = parent[source]
        while earlier >= 0 and keys[earlier] != keys[view]:
            earlier = parent[earlier]
        if earlier < 0:
            parent[view] = source
            continue
        parent[view] = parent[earlier]
        if results[view] and earlier == parent[source] and _quick(views, source, view, thresholds):
            pogo_stick[view] = True
        else:
            backtrack[view] = True
    return again, pogo_stick, backtrack


def _quick(views: PageViews, source: int, view: int, thresholds: Thresholds) -> bool:
    """Whether the page was visible for so short; where that is not known, whether all of it was so short."""
    visible_s = float(views.visible_s[source])
    if np.isnan(visible_s):
        visible_s = float(views.time[view] - views.time[source]) / 1000
    return visible_s <= thresholds.pogo_stick_s


def _searches(
    events: Events, views: PageViews, questions: Questions, shown_again: Flags
) -> tuple[Flags, Ints]:
    """Which searches were really made, and what each made of the one before in the same question."""
    submitted = np.zeros(len(events), bool)
    reformulated = np.full(len(events), -1, np.int64)
    before: dict[int, int] = {}
    seen: dict[int, int] = {}  # page view -> its query
    rows = np.flatnonzero(events.kind == K.SEARCH)
    for row, view, question, query in zip(
        rows.tolist(),
        events.page_view[rows].tolist(),
        questions.of_row[rows].tolist(),
        views.row_query[rows].tolist(),
        strict=True,
    ):
        fresh = seen[view] != query if view in seen else not shown_again[view]
        seen[view] = query
        last = before.get(question)
        before[question] = query
        if not fresh:
            continue
        submitted[row] = True
        if last is not None and views.queries[last] and views.queries[query]:
            kind = reformulation(views.queries[last], views.queries[query])
            reformulated[row] = REFORMULATIONS.index(kind)
    return submitted, reformulated


def moves_table(
    events: Events, views: PageViews, questions: Questions, steps: Steps, scope: Scope
) -> pl.DataFrame:
    """`MOVES`: one row is one move."""
    row, kind = _moves(events, views, steps)
    question = questions.of_row[row]
    order = np.lexsort((kind, row, question))
    row, kind, question = row[order], kind[order], question[order]
    starts = np.flatnonzero(np.diff(question, prepend=-1))
    heartbeat = _heartbeats(events, row, kind)
    return build(
        {
            "day": scope.day,
            "partition": scope.partition,
            "question": question,
            "order": np.arange(len(row)) - np.repeat(starts, np.diff(np.append(starts, len(row)))),
            "at": events.time[row],
            "kind": texts(kind, MOVE_KINDS),
            "type": texts(np.where(kind == REFORMULATED, steps.reformulated[row], -1), REFORMULATIONS),
            "touchpoint": _touchpoints(events, views, row, kind),
            "phase": texts(_phases(events, views, scope, row, kind), PHASES),
            "heartbeat": heartbeat,
            "given": (kind == K.FEEDBACK) & ~np.isnan(heartbeat),
        },
        MOVES,
    )


def _moves(events: Events, views: PageViews, steps: Steps) -> tuple[Ints, Ints]:
    """Row of the event and kind of every move."""
    shown = np.isin(events.kind, _SHOWN) & ((events.kind != K.SEARCH) | steps.submitted)
    opening = _view_rows(events, len(views))
    found = (
        (np.flatnonzero(shown), None),
        (np.flatnonzero(steps.reformulated >= 0), REFORMULATED),
        (_rows_of(opening, steps.pogo_stick), POGO_STICK),
        (_rows_of(opening, steps.backtrack), BACKTRACK),
        (np.flatnonzero(steps.hop), HOP),
    )
    row = np.concatenate([rows for rows, _ in found])
    kind = np.concatenate(
        [events.kind[rows] if kind is None else np.full(len(rows), kind, np.int64) for rows, kind in found]
    )
    return row, kind


def _view_rows(events: Events, count: int) -> Ints:
    """Row of every page view's own event, else of its first one; -1 where it has none."""
    rows = np.full(count, -1, np.int64)
    backwards = np.arange(len(events))[::-1]
    rows[events.page_view[backwards]] = backwards
    opened = np.flatnonzero(events.kind == K.VIEW)[::-1]
    rows[events.page_view[opened]] = opened
    return rows


def _rows_of(opening: Ints, flags: Flags) -> Ints:
    rows = opening[flags]
    kept: Ints = rows[rows >= 0]
    return kept


def _touchpoints(events: Events, views: PageViews, row: Ints, kind: Ints) -> pl.Series:
    """Page path; search, which a results page is too; a contact's channel; a result's page; a hop's host."""
    labels: list[str] = [page.path for page in views.pages]
    page = views.page[events.page_view[row]]
    place = page.copy()
    results = views.query[events.page_view[row]] >= 0
    searching = np.isin(kind, (K.SEARCH, REFORMULATED)) | (np.isin(kind, _SHOWS_PAGE) & results)
    place[searching] = len(labels)
    labels.append("search")
    for which, coded, rule in (
        (K.CONTACT, events.text["channel"], str),
        (K.RESULT, events.text["target"], str),
        (HOP, events.text["target"], _host),
    ):
        rows = kind == which
        place[rows] = np.where(coded.codes[row[rows]] < 0, page[rows], coded.codes[row[rows]] + len(labels))
        labels += coded.map(rule)
    return texts(place, labels)


def _phases(events: Events, views: PageViews, scope: Scope, row: Ints, kind: Ints) -> Ints:
    """Places in `PHASES`: the task's own map, else what the move is."""
    names = {site: place for place, site in enumerate(events.site.texts)}
    own = [scope.tasks[names[page.site]].phase_of(page.path) for page in views.pages]
    mapped = np.array([-1 if phase is None else PHASES.index(phase) for phase in own], np.int64)
    view = events.page_view[row]
    default = np.full(len(views), PHASES.index(Phase.ORIENTATION))
    default[events.page_view[_filled_in(events)]] = PHASES.index(Phase.EXECUTION)
    default[events.page_view[events.kind == K.GOAL]] = PHASES.index(Phase.COMPLETION)
    phase = np.where(mapped[views.page[view]] >= 0, mapped[views.page[view]], default[view])
    phase[kind == K.FORM] = PHASES.index(Phase.EXECUTION)
    phase[kind == K.CONTACT] = PHASES.index(Phase.CONTACT)
    phase[kind == K.GOAL] = PHASES.index(Phase.COMPLETION)
    phase[kind == K.FEEDBACK] = PHASES.index(Phase.EVALUATION)
    return phase


def _filled_in(events: Events) -> Flags:
    """Form events that say that someone was filling in."""
    action: Coded = events.text["action"]
    counts = np.array([text in _EXECUTING for text in action.texts] + [False])
    filled: Flags = (events.kind == K.FORM) & counts[action.codes]
    return filled


def _heartbeats(events: Events, row: Ints, kind: Ints) -> Floats:
    """Given by the resident, or -1 where the move was trouble; NaN where nothing is known."""
    heartbeat = np.full(len(row), np.nan)
    given = kind == K.FEEDBACK
    heartbeat[given] = events.number["heartbeat"][row[given]]
    action = events.text["action"]
    failed = np.array([text == "error" for text in action.texts] + [False])[action.codes]
    angry = np.zeros(events.page_view.max(initial=-1) + 1, bool)
    angry[events.page_view[events.kind == K.FRICTION]] = True
    trouble = (
        (kind == POGO_STICK)
        | ((kind == K.SEARCH) & (events.number["results"][row] == 0))
        | ((kind == K.FORM) & failed[row])
        | ((kind == K.VIEW) & angry[events.page_view[row]])
    )
    heartbeat[trouble] = -1
    return heartbeat


def _host(target: str) -> str:
    """Host of a link that leaves the site; empty for a path of our own."""
    if target.startswith("/") and not target.startswith("//"):
        return ""
    try:
        return (urlsplit(target if "//" in target else f"//{target}").hostname or "").lower()
    except ValueError:
        return target

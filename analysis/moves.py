# SPDX-License-Identifier: EUPL-1.2
"""Moves: what happened inside a question, one after the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from analysis.events import Coded, Events, Flags, Floats, Ints, K
from analysis.frames import build, texts
from analysis.page_views import PageViews
from analysis.questions import Questions
from analysis.scope import Scope
from analysis.steps import Steps, host
from analysis.tables import MOVES, REFORMULATIONS, Phase
from tracker.event import Kind

PHASES = tuple(Phase)

#: Kinds of moves: those of events, then those that are found.
MOVE_KINDS = (*(kind.value for kind in Kind), "reformulation", "pogo_stick", "backtrack", "hop")
REFORMULATED, POGO_STICK, BACKTRACK, HOP = range(len(Kind), len(MOVE_KINDS))
_SHOWN = (K.VIEW, K.SEARCH, K.RESULT, K.FORM, K.CONTACT, K.GOAL, K.FEEDBACK)
_SHOWS_PAGE = (K.VIEW, POGO_STICK, BACKTRACK)
_EXECUTING = ("start", "step", "error", "submit")


@dataclass(frozen=True, slots=True)
class Moves:
    """One place per move in every column, ordered by question and in it as they happened: the row of its
    event, and places in `MOVE_KINDS` and `PHASES`; `heartbeat` is NaN where nothing is known, `given` where
    the resident said it. Different touchpoints have different names."""

    row: Ints
    question: Ints
    kind: Ints
    touchpoint: Coded
    phase: Ints
    heartbeat: Floats
    given: Flags

    def of_kind(self, *kinds: int) -> Flags:
        """Where a move is of one of those kinds."""
        return of_kind(self.kind, *kinds)


def of_kind(kind: Ints, *wanted: int) -> Flags:
    """Where a kind of move is one of those wanted."""
    flags: Flags = np.isin(np.arange(len(MOVE_KINDS)), wanted)[kind]
    return flags


def find_moves(events: Events, views: PageViews, questions: Questions, steps: Steps, scope: Scope) -> Moves:
    """The moves of every question."""
    row, kind = _moves(events, views, steps)
    question = questions.of_row[row]
    order = np.lexsort((kind, row, question))
    row, kind, question = row[order], kind[order], question[order]
    heartbeat = _heartbeats(events, row, kind)
    return Moves(
        row=row,
        question=question,
        kind=kind,
        touchpoint=_touchpoints(events, views, row, kind),
        phase=_phases(events, views, scope, row, kind),
        heartbeat=heartbeat,
        given=(kind == K.FEEDBACK) & ~np.isnan(heartbeat),
    )


def moves_table(
    events: Events, views: PageViews, questions: Questions, steps: Steps, moves: Moves, scope: Scope
) -> pl.DataFrame:
    """`MOVES`: one row is one move."""
    row, kind = moves.row, moves.kind
    starts = np.flatnonzero(np.diff(moves.question, prepend=-1))
    return build(
        {
            "day": scope.day,
            "partition": events.partition[events.visitor[row]],
            "question": moves.question,
            "order": np.arange(len(row)) - np.repeat(starts, np.diff(np.append(starts, len(row)))),
            "at": events.time[row],
            "kind": texts(kind, MOVE_KINDS),
            "type": _types(events, steps, row, kind),
            "step": _form_steps(events, row, kind),
            "touchpoint": texts(moves.touchpoint.codes, moves.touchpoint.texts),
            "source": _sources(events, views, questions, steps, row, kind),
            "phase": texts(moves.phase, PHASES),
            "heartbeat": moves.heartbeat,
            "given": moves.given,
        },
        MOVES,
    )


def _moves(events: Events, views: PageViews, steps: Steps) -> tuple[Ints, Ints]:
    """Row of the event and kind of every move."""
    shown = events.of_kind(*_SHOWN) & ((events.kind != K.SEARCH) | steps.submitted)
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


def _types(events: Events, steps: Steps, row: Ints, kind: Ints) -> pl.Series:
    """What a reformulation did to the words, and what was done in a form."""
    action = events.text["action"]
    place = np.where(kind == REFORMULATED, steps.reformulated[row], -1)
    done = action.codes[row]
    place = np.where((kind == K.FORM) & (done >= 0), done + len(REFORMULATIONS), place)
    return texts(place, [*REFORMULATIONS, *action.texts])


def _form_steps(events: Events, row: Ints, kind: Ints) -> Ints:
    """The step of a form in which something was done, 0 where the page does not say."""
    step = events.number["step"][row]
    known = (kind == K.FORM) & ~np.isnan(step)
    return np.where(known, np.clip(np.nan_to_num(step), 0, 32_767), 0).astype(np.int64)


def _touchpoints(events: Events, views: PageViews, row: Ints, kind: Ints) -> Coded:
    """Page path; search, which a results page is too; a contact's channel; a result's page; a hop's host."""
    labels: list[str] = [page.path for page in views.pages]
    page = views.page[events.page_view[row]]
    place = page.copy()
    results = views.query[events.page_view[row]] >= 0
    searching = of_kind(kind, K.SEARCH, REFORMULATED) | (of_kind(kind, *_SHOWS_PAGE) & results)
    place[searching] = len(labels)
    labels.append("search")
    for which, coded, rule in (
        (K.CONTACT, events.text["channel"], str),
        (K.RESULT, events.text["target"], str),
        (HOP, events.text["target"], host),
    ):
        rows = kind == which
        place[rows] = np.where(coded.codes[row[rows]] < 0, page[rows], coded.codes[row[rows]] + len(labels))
        labels += coded.map(rule)
    names: dict[str, int] = {}  # a page is clicked by the path that it has
    numbers = np.array([names.setdefault(label, len(names)) for label in labels], np.int64)
    return Coded(numbers[place], tuple(names))


def _sources(
    events: Events, views: PageViews, questions: Questions, steps: Steps, row: Ints, kind: Ints
) -> pl.Series:
    """Of a view to which a link led: the page on which it stood, or search. Returns follow no link; theirs is
    what was left."""
    view = np.where(kind == K.VIEW, events.page_view[row], -1)
    followed = (kind == K.VIEW) & ~(steps.pogo_stick | steps.backtrack)[view]
    source = np.where(followed, questions.reached_from[view], -1)
    returned = np.flatnonzero(of_kind(kind, POGO_STICK, BACKTRACK))
    source[returned] = steps.left[events.page_view[row[returned]]]
    place = np.where(views.query[source] >= 0, len(views.pages), views.page[source])
    return texts(np.where(source >= 0, place, -1), [*(page.path for page in views.pages), "search"])


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

# SPDX-License-Identifier: EUPL-1.2
"""What followed what within the questions of a task."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from analysis.events import Coded, Ints, K
from analysis.frames import added_up
from analysis.groups import Groups, Once
from analysis.moves import Moves
from analysis.outcomes import OUTCOMES
from analysis.tables import FLOWS, TRANSITIONS

START = "start"
FLOW_KEYS = ("site", "task", "experiment", "variant", "order", "source", "target")
TRANSITION_KEYS = ("experiment", "variant", "bucket", "source", "target")
_STEPS = (K.VIEW, K.SEARCH, K.CONTACT)


@dataclass(frozen=True, slots=True)
class Routes:
    """The pages, searches and contacts of every question, one after the other; the same touchpoint twice in a
    row is one. Every column has one place per step, ordered by question; `phase` is a place in `PHASES`."""

    question: Ints
    touchpoint: Coded
    phase: Ints


@dataclass(frozen=True, slots=True)
class Edges:
    """The steps of every question's route as pairs, from `START` to its outcome: one more than it has
    touchpoints. `order` counts from 0 in the question."""

    question: Ints
    order: Ints
    source: Coded
    target: Coded


def find_routes(moves: Moves) -> Routes:
    """The routes that the moves tell."""
    row = np.flatnonzero(moves.of_kind(*_STEPS))
    question, touchpoint = moves.question[row], moves.touchpoint.codes[row]
    other = np.ones(len(row), bool)
    other[1:] = (question[1:] != question[:-1]) | (touchpoint[1:] != touchpoint[:-1])
    return Routes(
        question=question[other],
        touchpoint=Coded(touchpoint[other], moves.touchpoint.texts),
        phase=moves.phase[row[other]],
    )


def find_edges(routes: Routes, outcome: Ints) -> Edges:
    """What follows what on the route of every question; `outcome` is that of each, a place in `OUTCOMES`."""
    count, places = len(outcome), routes.touchpoint.texts
    length = np.bincount(routes.question, minlength=count) + 1
    ends = np.cumsum(length)
    begins, stops = np.zeros(ends[-1], bool), np.zeros(ends[-1], bool)
    begins[ends - length] = True
    stops[ends - 1] = True
    source, target = np.full(ends[-1], len(places)), np.empty(ends[-1], np.int64)
    source[~begins] = target[~stops] = routes.touchpoint.codes
    target[stops] = outcome + len(places)
    return Edges(
        question=np.repeat(np.arange(count), length),
        order=np.arange(ends[-1]) - np.repeat(ends - length, length),
        source=Coded(source, (*places, START)),
        target=Coded(target, (*places, *OUTCOMES)),
    )


def flows_table(groups: Groups, edges: Edges, *, longest: int) -> pl.DataFrame:
    """`FLOWS`: pages, searches and contacts in their order, from `start` to the outcome.

    Positions beyond `longest` are counted at `longest`, so nothing drops out. `groups` as in
    `exposed.groups_of_tasks`; every question ends in one outcome.
    """
    order = np.minimum(edges.order, longest)
    rows = groups.add_up(
        edges.question,
        {"order": order, "source": edges.source, "target": edges.target},
        {"questions": np.ones_like(order)},
        visitors=Once(
            within=("order", "target"),
            first=edges.source.alphabetical(),
            often=order == longest,
        ),
    )
    return added_up(rows, FLOWS, FLOW_KEYS)


def transitions_table(exposed: Groups, edges: Edges) -> pl.DataFrame:
    """`TRANSITIONS`: the same steps by bucket, without their place in the path."""
    rows = exposed.add_up(
        edges.question,
        {"source": edges.source, "target": edges.target},
        {"times": np.ones_like(edges.order)},
    )
    return added_up(rows, TRANSITIONS, TRANSITION_KEYS)

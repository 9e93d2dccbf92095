# SPDX-License-Identifier: EUPL-1.2
"""The touchpoints of a task: how many questions came there, how many ended there, and how it felt.

A heartbeat belongs to the place it is about, hence to the phase in which the question was there: a mark on
a form is about filling in. That it was given is a touchpoint of its own, `feedback`, in the evaluation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from analysis.counting import alike
from analysis.events import Coded, Flags, Ints, K
from analysis.flows import Routes
from analysis.frames import added_up
from analysis.groups import Groups, Once
from analysis.moves import PHASES, Moves
from analysis.outcomes import OUTCOMES
from analysis.tables import HEARTBEATS, TOUCHPOINTS, Outcome, Phase

TOUCHPOINT_KEYS = ("site", "task", "experiment", "variant", "phase", "touchpoint")
HEARTBEAT_KEYS = ("experiment", "variant", "bucket", "phase", "given", "heartbeat")
FEEDBACK = "feedback"
#: Outcomes of who left without an answer and without turning to the municipality in another way.
LEFT = (Outcome.ABANDONED,)


@dataclass(frozen=True, slots=True)
class Places:
    """One place per question and touchpoint to which it came, sorted by both: the furthest phase in which it
    was there, how often it came, and whether it ended there."""

    question: Ints
    touchpoint: Coded
    phase: Ints
    visits: Ints
    last: Flags

    def phase_of(self, question: Ints, touchpoint: Ints) -> Ints:
        """The furthest phase in which each question was at a touchpoint, -1 where it did not come."""
        width = len(self.touchpoint.texts)
        known, wanted = self.question * width + self.touchpoint.codes, question * width + touchpoint
        place = np.searchsorted(known, wanted)
        return np.where(np.append(known, -1)[place] == wanted, np.append(self.phase, -1)[place], -1)


def find_places(routes: Routes) -> Places:
    """Where every question came."""
    question, touchpoint = routes.question, routes.touchpoint
    width = len(touchpoint.texts)
    steps = np.sort((question * width + touchpoint.codes) * len(PHASES) + routes.phase)
    place = steps // len(PHASES)
    ends = np.flatnonzero(np.append(place[1:] != place[:-1], np.ones(min(len(place), 1), bool)))
    of, at = np.divmod(place[ends], width)
    final = np.full(int(question.max(initial=-1)) + 1, -1)
    final[question] = touchpoint.codes  # the last one stays
    return Places(
        question=of,
        touchpoint=Coded(at, touchpoint.texts),
        phase=steps[ends] % len(PHASES),  # sorted last, hence the furthest
        visits=np.diff(ends, prepend=-1),
        last=final[of] == at,
    )


def touchpoints_table(groups: Groups, places: Places, moves: Moves, outcome: Ints) -> pl.DataFrame:
    """`TOUCHPOINTS` of one (DAY, partition); `groups` as in `exposed.groups_of_tasks`, `outcome` the one of
    every question, a place in `OUTCOMES`.

    A question is at a touchpoint in one phase, the furthest: who first looks at a form and then fills it in
    was there to fill it in. A mark counts where it was given, and once more as the touchpoint `feedback`.
    """
    parts = (_came(groups, places, outcome), _felt(groups, places, moves), _marks(groups, moves))
    return added_up(pl.concat(parts, how="diagonal").fill_null(0), TOUCHPOINTS, TOUCHPOINT_KEYS)


def _came(groups: Groups, places: Places, outcome: Ints) -> pl.DataFrame:
    """How many came, how often, and how many ended there."""
    left = np.isin(outcome, [OUTCOMES.index(each) for each in LEFT])
    return groups.add_up(
        places.question,
        {"phase": Coded(places.phase, PHASES), "touchpoint": places.touchpoint},
        {
            "visits": places.visits,
            "questions": np.ones_like(places.visits),
            "last": places.last.astype(np.int64),
            "left": (places.last & left[places.question]).astype(np.int64),
        },
        visitors=Once(within=("touchpoint",), first=-places.phase, often=np.zeros_like(places.last)),
    )


def _felt(groups: Groups, places: Places, moves: Moves) -> pl.DataFrame:
    """The marks given there, and whether there was trouble."""
    row = np.flatnonzero(~np.isnan(moves.heartbeat))
    question, touchpoint = moves.question[row], moves.touchpoint.codes[row]
    given, beat = moves.given[row], moves.heartbeat[row]
    inferred = np.flatnonzero(~given)
    trouble = np.zeros(len(row), np.int64)
    trouble[inferred[alike(question[inferred], touchpoint[inferred])[1]]] = 1  # once for a question
    return groups.add_up(
        question,
        {
            "phase": Coded(_phase_felt(places, moves, row), PHASES),
            "touchpoint": Coded(touchpoint, moves.touchpoint.texts),
        },
        {
            "given": given.astype(np.int64),
            "given_sum": np.where(given, beat, 0).astype(np.int64),
            "given_bad": (given & (beat < 0)).astype(np.int64),
            "hard": trouble,
        },
    )


def _marks(groups: Groups, moves: Moves) -> pl.DataFrame:
    """The marks by themselves: how many, and of how many questions."""
    question, marks = np.unique(moves.question[moves.kind == K.FEEDBACK], return_counts=True)
    place = np.zeros_like(question)
    return groups.add_up(
        question,
        {"phase": Coded(place, (Phase.EVALUATION,)), "touchpoint": Coded(place, (FEEDBACK,))},
        {"visits": marks, "questions": np.ones_like(question)},
        visitors=Once(within=("touchpoint",), first=place, often=np.zeros(len(question), bool)),
    )


def _phase_felt(places: Places, moves: Moves, row: Ints) -> Ints:
    """The phase of what was felt: of its page, or, where that was never seen opened, the furthest there."""
    question, touchpoint = moves.question[row], moves.touchpoint.codes[row]
    same, first = alike(question, touchpoint)
    furthest = np.zeros(len(first), np.int64)
    np.maximum.at(furthest, same, moves.phase[row])
    there = places.phase_of(question, touchpoint)
    return np.where(there < 0, furthest[same], there)


def heartbeats_table(exposed: Groups, places: Places, moves: Moves) -> pl.DataFrame:
    """`HEARTBEATS`: touchpoints with a heartbeat, by phase, as in `TOUCHPOINTS`, and by who gave it."""
    beating = np.flatnonzero(~np.isnan(moves.heartbeat))
    value = np.rint(moves.heartbeat[beating]).astype(np.int64)
    rows = exposed.add_up(
        moves.question[beating],
        {
            "phase": Coded(_phase_felt(places, moves, beating), PHASES),
            "given": moves.given[beating].astype(np.int64),
            "heartbeat": value,
        },
        {"touchpoints": np.ones_like(value)},
    )
    return added_up(rows, HEARTBEATS, HEARTBEAT_KEYS)

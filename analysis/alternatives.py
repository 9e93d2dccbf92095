# SPDX-License-Identifier: EUPL-1.2
"""The units by other definitions: what a report needs to say whether its verdict hangs on ours.

Made while the events are there, and for the visitors of an experiment only. Moves, paths and heartbeats are
not made again: no verdict stands on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from analysis.aside import Aside
from analysis.events import Events, K
from analysis.exposed import FirstExposures, first_exposures
from analysis.frames import build, texts
from analysis.measures import form_columns
from analysis.outcomes import CAUSES, OUTCOMES, Outcomes, find_outcomes
from analysis.page_views import page_views
from analysis.questions import Questions, find_questions, tasks_of
from analysis.scope import Scope
from analysis.sessions import number_sessions
from analysis.steps import Steps, find_steps
from analysis.tables import KNOWN, UNITS
from analysis.thresholds import alternatives
from analysis.units import units_table
from experiments.definition import Experiment


def units_by_definition(
    events: Events, first: FirstExposures, experiments: Mapping[str, Experiment], scope: Scope
) -> pl.DataFrame:
    """`UNITS` by every alternative definition, with its name in a column `definition`.

    What was known of them beforehand is left empty: it is the same by every definition.
    """
    made = [build({name: [] for name in UNITS}, UNITS).with_columns(definition=pl.lit(""))]
    chosen = np.zeros(int(events.visitor.max(initial=-1)) + 1, bool)
    chosen[events.visitor[first.row]] = True
    if chosen.any():
        mine = events.of_visitors(chosen)
        for name, thresholds in alternatives(scope.thresholds).items():
            units = _units(mine, experiments, replace(scope, thresholds=thresholds))
            made.append(units.with_columns(definition=pl.lit(name)))
    return pl.concat(made)


def _units(events: Events, experiments: Mapping[str, Experiment], scope: Scope) -> pl.DataFrame:
    views = page_views(events, number_sessions(events, scope.thresholds.session_gap_s), scope)
    questions = find_questions(events, views, scope)
    kept = questions.of_row >= 0
    events, questions = events.keep(kept), replace(questions, of_row=questions.of_row[kept])
    views = replace(views, row_query=views.row_query[kept])
    steps = find_steps(events, views, questions, scope)
    asked = _asked(events, questions, steps, find_outcomes(events, views, questions, steps, scope), scope)
    first = first_exposures(events, experiments, Aside())  # what is set aside was counted already
    unknown = pl.Series([""], dtype=pl.String).new_from_index(0, len(first.row))
    return units_table(
        events,
        questions.of_row,
        asked,
        first,
        experiments,
        met=pl.DataFrame(dict.fromkeys(KNOWN, unknown)),
        said=np.full(len(questions), -1, np.int64),
        day=scope.day,
    )


def _asked(
    events: Events, questions: Questions, steps: Steps, outcomes: Outcomes, scope: Scope
) -> pl.DataFrame:
    """The columns of `QUESTIONS` that units are made of."""
    count = len(questions)
    forms = form_columns(events, questions)
    task = tasks_of(questions, scope)

    def counted(rows: np.ndarray) -> np.ndarray:
        return np.bincount(questions.of_row[rows], minlength=count)

    return pl.DataFrame(
        {
            "visitor": questions.visitor,
            "task": texts(task.codes, task.texts),
            "started_at": outcomes.started_at,
            "outcome": texts(outcomes.outcome, OUTCOMES),
            "success": outcomes.success,
            "arrived": outcomes.arrived,
            "time_s": outcomes.time_s,
            "cause": texts(outcomes.cause, CAUSES),
            "form_started": forms["form_started"],
            "form_submitted": forms["form_submitted"],
            "pages": counted(np.flatnonzero(events.kind == K.VIEW)),
            "searches": counted(np.flatnonzero(steps.submitted)),
        }
    )

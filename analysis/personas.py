# SPDX-License-Identifier: EUPL-1.2
"""Personas: the segments of a question, and all of them together. Never who somebody is."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl

from analysis.counting import alike
from analysis.events import Coded, Events, Ints
from analysis.frames import texts
from analysis.page_views import ENTRIES
from analysis.scope import Scope
from analysis.sessions import Sessions
from analysis.tables import Audience, Visit

DAYPARTS = ("morning", "afternoon", "evening", "night")
_PART_OF_HOUR = [3] * 6 + [0] * 6 + [1] * 6 + [2] * 6
_QUARTER_MS = 900_000  # in every zone hours begin, and clocks are changed, at whole quarters of UTC
_AUDIENCES = tuple(Audience)
_VISITS = (Visit.REPEAT, Visit.FIRST)


def persona_columns(
    events: Events,
    sessions: Sessions,
    scope: Scope,
    *,
    site: Ints,
    task: Coded,
    started_at: Ints,
    first_row: Ints,
    started_in: Ints,
) -> dict[str, pl.Series]:
    """The segments of every question and its persona, by the names of their columns in `QUESTIONS`.

    `task` is what each is about, as `questions.tasks_of` tells it; `first_row` its first event and
    `started_in` the session of that.
    """
    segments = {
        "entry": Coded(sessions.entry[started_in], ENTRIES),
        "viewport": events.text["viewport"].take(first_row),
        "daypart": Coded(dayparts(site, started_at, scope), DAYPARTS),
        "audience": Coded(_audiences(task, scope), _AUDIENCES),
        "visit": Coded(_first_visits(events, sessions)[started_in], _VISITS),
    }
    same, first = alike(*(each.codes for each in segments.values()))
    names = zip(*(each.decode(first) for each in segments.values()), strict=True)
    persona = texts(same, ["/".join(each) for each in names])
    return {**{name: texts(each.codes, each.texts) for name, each in segments.items()}, "persona": persona}


def dayparts(site: Ints, moment: Ints, scope: Scope) -> Ints:
    """Places in `DAYPARTS`, by the clock of the site at that moment; on two DAYs a year it is changed."""
    quarter = moment // _QUARTER_MS
    first = int(quarter.min(initial=np.iinfo(np.int64).max))
    starts = [each * _QUARTER_MS // 1000 for each in range(first, int(quarter.max(initial=0)) + 1)]
    zones = list(dict.fromkeys(each.zone for each in scope.sites))
    parts = np.array(
        [[_PART_OF_HOUR[datetime.fromtimestamp(start, zone).hour] for start in starts] for zone in zones],
        np.int64,
    )
    zone_of = np.array([zones.index(each.zone) for each in scope.sites], np.int64)
    found: Ints = parts[zone_of[site], quarter - first]
    return found


def _audiences(task: Coded, scope: Scope) -> Ints:
    """Places in `_AUDIENCES` of whom the task of each question is for; -1 for a question about none."""
    of_tasks = [_AUDIENCES.index(each.audience) for tasks in scope.tasks for each in tasks]
    found: Ints = np.array([*of_tasks, -1], np.int64)[task.codes]
    return found


def _first_visits(events: Events, sessions: Sessions) -> Ints:
    """For every session 1 where it is the first of its visitor on this DAY, and 0 for any later one."""
    visitor = events.visitor[sessions.first_row]
    found: Ints = (np.diff(visitor, prepend=-1) != 0).astype(np.int64)
    return found

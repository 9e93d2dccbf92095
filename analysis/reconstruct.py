# SPDX-License-Identifier: EUPL-1.2
"""From the events of a DAY to its tables: one pure function, everything else is plumbing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import polars as pl

from analysis.alternatives import units_by_definition
from analysis.aside import Aside
from analysis.buckets import buckets_table, times_table
from analysis.counting import first_of
from analysis.errors import ReconciliationError
from analysis.events import Events, Ints
from analysis.exposed import bucket_of_visitors, exposed_questions, first_exposures, groups_of_tasks
from analysis.exposures import find_exposures
from analysis.flows import find_edges, find_routes, flows_table, transitions_table
from analysis.frames import nothing, published
from analysis.intake import Intake, prepare
from analysis.measures import questions_table
from analysis.moves import find_moves, moves_table
from analysis.outcomes import find_outcomes
from analysis.page_views import page_views
from analysis.questions import find_questions, tasks_of
from analysis.reach import circumstances, exposed_table, said
from analysis.scope import Scope
from analysis.sessions import find_sessions, number_sessions, sessions_table
from analysis.steps import find_steps
from analysis.tables import (
    ANSWERS,
    BUCKETS,
    CONTACTS,
    EXPOSED,
    FLOWS,
    HEARTBEATS,
    MOVES,
    QUESTIONS,
    SAID,
    SECONDS,
    SESSIONS,
    SET_ASIDE,
    STRATA,
    TIMES,
    TOUCHPOINTS,
    TRANSITIONS,
    UNITS,
    VALUES,
    VOLUMES,
    Column,
)
from analysis.tasks import Tasks
from analysis.thresholds import DEFAULTS, Thresholds
from analysis.touchpoints import find_places, heartbeats_table, touchpoints_table
from analysis.units import units_table
from analysis.values import said_table, strata_table, values_table
from analysis.volumes import seconds_table, volumes_table
from experiments.definition import Experiment
from tracker.day import day_bounds
from tracker.site import Site, Sites

#: Every table of a DAY, by name. `contacts` and `answers` are of no visitor, hence of no partition: they are
#: empty here, and `analysis.close` puts those of the DAY with its first partition.
TABLES: Mapping[str, Mapping[str, Column]] = {
    "sessions": SESSIONS,
    "questions": QUESTIONS,
    "moves": MOVES,
    "units": UNITS,
    "buckets": BUCKETS,
    "times": TIMES,
    "values": VALUES,
    "strata": STRATA,
    "exposed": EXPOSED,
    "said": SAID,
    "flows": FLOWS,
    "touchpoints": TOUCHPOINTS,
    "transitions": TRANSITIONS,
    "heartbeats": HEARTBEATS,
    "contacts": CONTACTS,
    "answers": ANSWERS,
    "volumes": VOLUMES,
    "seconds": SECONDS,
    "set_aside": SET_ASIDE,
}

NO_PAGE_VIEW = "no question"


def reconstruct(
    events: pd.DataFrame,
    *,
    tasks: Mapping[str, Tasks],
    experiments: Mapping[str, Experiment],
    definitions: Thresholds = DEFAULTS,
    day: date,
    partition: int | Ints = 0,
    sites: Sites | None = None,
    ends_at: int | None = None,
) -> dict[str, pd.DataFrame]:
    """The tables of a DAY, by name as in `TABLES`, exactly as `analysis.tables` declares them.

    `events` has the columns of the archive, in any order of rows; `partition` is that of all, or of each of
    them. Several partitions become what each would by itself, one below the other, or added up where rows of
    equal key add up. `tasks` are those of each
    site by name, `experiments` by their own name. Events outside the DAY (in its site's time zone) are set
    aside. `ends_at` (ms since 1970) is the moment at which nothing more was recorded, where that is before
    the DAY's turn.

    Raises `EventsError` for a frame that holds no events, and `ReconciliationError` where an event would be
    neither in a question nor set aside.
    """
    taken, scope = _taken(events, tasks, definitions, day, partition, sites, ends_at)
    aside = Aside()
    for reason, partitions in taken.aside.items():
        aside.add("events", "", reason, partitions)
    for reason, partitions in taken.aside_visitors.items():
        aside.add("visitors", "", reason, partitions)
    made = _numbered_apart(_tables(taken.events, scope, experiments, aside), taken.events.partition)
    made["set_aside"] = aside.table()
    tables = {
        name: published(made[name], columns) if name in made else nothing(columns)
        for name, columns in TABLES.items()
    }
    _reconcile(len(events), tables)
    return tables


def page_views_of_questions(
    events: pd.DataFrame,
    *,
    tasks: Mapping[str, Tasks],
    definitions: Thresholds = DEFAULTS,
    day: date,
    sites: Sites | None = None,
) -> pd.DataFrame:
    """Which question and session every page view is in, numbered as in the tables; to compare with the truth.

    Columns: page_view (its id), time (ms since 1970), question, session. Page views without a question are
    not in it. It holds ids, so nothing keeps it.
    """
    taken, scope = _taken(events, tasks, definitions, day, 0, sites, None)
    if not len(taken.events):
        return pd.DataFrame({"page_view": [], "time": [], "question": [], "session": []})
    session = number_sessions(taken.events, definitions.session_gap_s)
    views = page_views(taken.events, session, scope)
    found = find_questions(taken.events, views, scope)
    rows = pd.DataFrame(
        {
            "page_view": taken.page_view_ids(),
            "time": views.time,
            "question": found.of_view,
            "session": views.session,
        }
    )
    return rows[rows["question"] >= 0].reset_index(drop=True)


def _taken(
    events: pd.DataFrame,
    tasks: Mapping[str, Tasks],
    definitions: Thresholds,
    day: date,
    partition: int | Ints,
    sites: Sites | None,
    ends_at: int | None,
) -> tuple[Intake, Scope]:
    """The events that count, and what holds for all of them."""

    def settings(name: str) -> Site:
        return (sites and sites.by_name(name)) or Site(name, frozenset())

    def bounds(name: str) -> tuple[int, int]:
        return day_bounds(day, settings(name).zone)

    taken = prepare(events, definitions, bounds, partition)
    names = taken.events.site.texts
    until = [bounds(name)[1] if ends_at is None else min(bounds(name)[1], ends_at) for name in names]
    return taken, Scope(
        day=day.isoformat(),
        sites=[settings(name) for name in names],
        tasks=[tasks.get(name, Tasks()) for name in names],
        ends_at=np.array(until, np.int64),
        thresholds=definitions,
    )


def _tables(
    events: Events, scope: Scope, experiments: Mapping[str, Experiment], aside: Aside
) -> dict[str, pl.DataFrame]:
    if not len(events):
        return {}
    gap_s = scope.thresholds.session_gap_s
    views = page_views(events, number_sessions(events, gap_s), scope)
    questions = find_questions(events, views, scope)
    kept = questions.of_row >= 0
    if not kept.all():
        aside.add("events", "", NO_PAGE_VIEW, events.partition[events.visitor[~kept]])
        events = events.keep(kept)
        questions = replace(questions, of_row=questions.of_row[kept])
        views = replace(views, row_query=views.row_query[kept])
    if not len(events):
        return {}
    first_row = first_of(questions.of_row, len(questions))
    steps = find_steps(events, views, questions, scope)
    outcomes = find_outcomes(events, views, questions, steps, scope)
    sessions = find_sessions(events, views, gap_s)
    started_in = sessions.of_row[first_row]
    moves = find_moves(events, views, questions, steps, scope)
    task = tasks_of(questions, scope)
    seen = find_exposures(events)
    shown = seen.until(questions.visitor, outcomes.ended_at)
    asked = questions_table(
        events,
        views,
        questions,
        steps,
        outcomes,
        moves,
        sessions,
        scope,
        task=task,
        shown=shown,
        first_row=first_row,
        started_in=started_in,
    )
    first = first_exposures(events, experiments, aside)
    units = units_table(
        events,
        questions.of_row,
        asked,
        first,
        experiments,
        met=circumstances(events, views, first.row, sessions, scope),
        said=said(events, questions.of_row, len(questions)),
        day=scope.day,
    )
    buckets = bucket_of_visitors(events, int(events.visitor.max()) + 1)
    exposed = exposed_questions(events, questions, task, shown, buckets, [*experiments.values()], aside)
    everyone = groups_of_tasks(questions, task, exposed, events.site.texts)
    routes = find_routes(moves)
    edges = find_edges(routes, outcomes.outcome)
    places = find_places(routes)
    return {
        "sessions": sessions_table(
            events, views, scope, sessions, started_in=started_in, submitted=steps.submitted
        ),
        "questions": asked,
        "moves": moves_table(events, views, questions, steps, moves, scope),
        "units": units,
        "buckets": buckets_table(units, exposed, asked),
        "times": times_table(units),
        "values": values_table(units, units_by_definition(events, first, experiments, scope)),
        "strata": strata_table(units),
        "exposed": exposed_table(events, seen, buckets, experiments),
        "said": said_table(units),
        "flows": flows_table(everyone, edges, longest=scope.thresholds.flow_steps),
        "touchpoints": touchpoints_table(everyone, places, moves, outcomes.outcome),
        "transitions": transitions_table(exposed, edges),
        "heartbeats": heartbeats_table(exposed, places, moves),
        "volumes": volumes_table(
            events,
            task,
            sessions,
            of_row=questions.of_row,
            first_row=first_row,
            submitted=steps.submitted,
        ),
        "seconds": seconds_table(events),
    }


def _numbered_apart(made: dict[str, pl.DataFrame], partition: Ints) -> dict[str, pl.DataFrame]:
    """The tables with visitors, sessions and questions numbered from 0 within each partition, as visitors
    have them in `partition`."""
    if not made or partition[0] == partition[-1]:
        return made
    visitor, session, question = (
        _from_zero(each)
        for each in (partition, *(made[name]["partition"].to_numpy() for name in ("sessions", "questions")))
    )
    for name, numbers in {
        "sessions": {"visitor": visitor, "session": session},
        "questions": {"visitor": visitor, "question": question, "session": session},
        "moves": {"question": question},
    }.items():
        table = made[name]
        anew = [pl.Series(column, number[table[column].to_numpy()]) for column, number in numbers.items()]
        made[name] = table.with_columns(anew)
    return made


def _from_zero(partition: Ints) -> Ints:
    """The place of each within its partition; those of one partition follow each other."""
    places: Ints = np.arange(len(partition)) - np.searchsorted(partition, partition)
    return places


def _reconcile(events: int, tables: Mapping[str, pd.DataFrame]) -> None:
    """Events in = events in questions + events set aside; the same for sessions."""
    aside = tables["set_aside"]
    away = int(aside.loc[aside["table"] == "events", "rows"].sum())
    for name in ("questions", "sessions"):
        held = int(tables[name]["events"].sum())
        if held + away != events:
            raise ReconciliationError(
                f"{events} events came in, {held} are in {name} and {away} were set aside: "
                f"{events - held - away} are lost. This is a fault of klantreis; please report it."
            )

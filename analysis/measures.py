# SPDX-License-Identifier: EUPL-1.2
"""The measures of a question: the rows of the `QUESTIONS` table."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
import polars as pl

from analysis.events import Events, Floats, Ints, K
from analysis.exposures import find_exposures
from analysis.frames import build, texts
from analysis.moves import PHASES, Steps
from analysis.outcomes import CAUSES, OUTCOMES, Outcomes
from analysis.page_views import PageViews
from analysis.questions import STARTS, Questions
from analysis.scope import Scope
from analysis.tables import QUESTIONS, REFORMULATIONS, Phase
from analysis.thresholds import EFFORT

DAYPARTS = ("morning", "afternoon", "evening", "night")


def questions_table(
    events: Events,
    views: PageViews,
    questions: Questions,
    steps: Steps,
    outcomes: Outcomes,
    moves: pl.DataFrame,
    sessions: pl.DataFrame,
    scope: Scope,
    *,
    question_session: Ints,
) -> pl.DataFrame:
    """`QUESTIONS`: one row is one question, in the order of `questions`.

    `question_session` is the session in which each started, a row of `sessions`.
    """
    count = len(questions)
    first = np.full(count, -1, np.int64)
    first[questions.of_row[::-1]] = np.arange(len(events))[::-1]
    names = [task.name for each in scope.tasks for task in each]
    offsets = np.cumsum([0, *(len(each) for each in scope.tasks)])[questions.site]

    def counted(rows: Ints) -> Ints:
        return np.bincount(questions.of_row[rows], minlength=count)

    opened = np.flatnonzero(events.kind == K.VIEW)
    pages = pd.unique(questions.of_row[opened] * len(views.pages) + views.page[events.page_view[opened]])
    searches = np.flatnonzero(steps.submitted)
    counts = {
        "pages": counted(opened),
        "searches": counted(searches),
        "zero_results": counted(searches[events.number["results"][searches] == 0]),
        "reformulations": counted(np.flatnonzero(steps.reformulated >= 0)),
        **{
            f"reformulated_{kind}": counted(np.flatnonzero(steps.reformulated == place))
            for place, kind in enumerate(REFORMULATIONS)
        },
        "pogo_sticks": _views_of(steps.pogo_stick, questions),
        "backtracks": _views_of(steps.backtrack, questions),
        "hops": counted(np.flatnonzero(steps.hop)),
        "friction": counted(np.flatnonzero(events.kind == K.FRICTION)),
        **form_columns(events, questions),
    }
    entry = sessions["entry"].gather(question_session)
    viewport = texts(events.text["viewport"].codes[first], events.text["viewport"].texts)
    daypart = texts(dayparts(questions.site, outcomes.started_at, scope), DAYPARTS)
    return build(
        {
            "site": texts(questions.site, events.site.texts),
            "day": scope.day,
            "partition": events.partition[questions.visitor],
            "visitor": questions.visitor,
            "question": np.arange(count),
            "session": question_session,
            "task": texts(np.where(questions.task >= 0, questions.task + offsets, -1), names),
            "start": texts(questions.start, STARTS),
            "started_at": outcomes.started_at,
            "ended_at": outcomes.ended_at,
            "outcome": texts(outcomes.outcome, OUTCOMES),
            "success": outcomes.success,
            "arrived": outcomes.arrived,
            "confirming_contact": outcomes.confirming_contact,
            "time_s": outcomes.time_s,
            "cause": texts(outcomes.cause, CAUSES),
            "events": counted(np.arange(len(events))),
            "distinct_pages": np.bincount(pages // max(len(views.pages), 1), minlength=count),
            **counts,
            "reading_s": _reading(views, questions, scope.thresholds.session_gap_s),
            **_heartbeats(moves, count),
            "phase": _furthest(moves, count),
            "effort": sum(weight * counts[name] for name, weight in EFFORT.items()),
            "channel": _channel(events, questions),
            "repeat": _repeated(questions, outcomes.started_at),
            "entry": entry,
            "viewport": viewport,
            "daypart": daypart,
            "persona": entry + "/" + viewport + "/" + daypart,
            "exposures": find_exposures(events).until(questions.visitor, outcomes.ended_at),
        },
        QUESTIONS,
    )


def dayparts(site: Ints, started_at: Ints, scope: Scope) -> Ints:
    """Places in `DAYPARTS`, by the clock of the site; a DAY's offset from UTC is that of its end."""
    ends = scope.ends_at // 1000
    offsets = [
        datetime.fromtimestamp(end, each.zone).utcoffset()
        for end, each in zip(ends.tolist(), scope.sites, strict=True)
    ]
    shift = np.array([int(offset.total_seconds()) if offset else 0 for offset in offsets], np.int64)
    hour = (started_at // 1000 + shift[site]) // 3600 % 24
    parts: Ints = np.array([3] * 6 + [0] * 6 + [1] * 6 + [2] * 6)[hour]
    return parts


def _channel(events: Events, questions: Questions) -> pl.Series:
    """The channel of each question's first contact."""
    channel = events.text["channel"]
    rows = np.flatnonzero(events.kind == K.CONTACT)[::-1]
    first = np.full(len(questions), -1, np.int64)
    first[questions.of_row[rows]] = channel.codes[rows]
    return texts(first, channel.texts)


def _repeated(questions: Questions, started_at: Ints) -> Floats:
    """1 where the visitor had a question about the same task before. A visitor is known for one DAY only, so
    that there was none in the week before cannot be said: unknown, not zero."""
    order = np.lexsort((started_at, questions.task, questions.visitor))
    visitor, task = questions.visitor[order], questions.task[order]
    again = np.zeros(len(order), bool)
    again[1:] = (visitor[1:] == visitor[:-1]) & (task[1:] == task[:-1]) & (task[1:] >= 0)
    repeated = np.full(len(order), np.nan)
    repeated[order[again]] = 1.0
    return repeated


def _views_of(flags: np.ndarray, questions: Questions) -> Ints:
    of_view = questions.of_view[flags]
    return np.bincount(of_view[of_view >= 0], minlength=len(questions))


def form_columns(events: Events, questions: Questions) -> dict[str, np.ndarray]:
    count = len(questions)
    action = events.text["action"].decode()
    rows = np.flatnonzero(events.kind == K.FORM)
    of_row, actions = questions.of_row[rows], action[rows]
    started, submitted = np.zeros(count, bool), np.zeros(count, bool)
    started[of_row] = True
    submitted[of_row[actions == "submit"]] = True
    step = np.zeros(count, np.int16)
    reached = np.nan_to_num(events.number["step"][rows], nan=0).astype(np.int16)
    np.maximum.at(step, of_row, reached)
    return {
        "form_started": started,
        "form_submitted": submitted,
        "form_errors": np.bincount(of_row[actions == "error"], minlength=count),
        "step_reached": step,
    }


def _reading(views: PageViews, questions: Questions, gap_s: int) -> Floats:
    """Visible seconds over the pages of each question.

    A page whose browser did not say is measured up to the next page of its question, within a session; the
    last one cannot be, and then the whole is unknown (NaN), not shorter.
    """
    shown = np.flatnonzero((questions.of_view >= 0) & views.opened)
    shown = shown[np.lexsort((shown, questions.of_view[shown]))]
    of, time, seconds = questions.of_view[shown], views.time[shown], views.visible_s[shown]
    following = np.full(len(shown), np.nan)
    elapsed = np.diff(time) / 1000
    following[:-1] = np.where((np.diff(of) == 0) & (elapsed <= gap_s), elapsed, np.nan)
    reading = np.full(len(questions), np.nan)
    total = np.bincount(of, weights=np.where(np.isnan(seconds), following, seconds), minlength=len(questions))
    present = np.bincount(of, minlength=len(questions)) > 0
    reading[present] = total[present]
    return reading


def _heartbeats(moves: pl.DataFrame, count: int) -> dict[str, Floats]:
    """First, worst, peak and last heartbeat of each question, given and inferred alike."""
    beating = moves.select("question", "heartbeat").filter(pl.col("heartbeat").is_not_nan())
    of, beats = beating["question"].to_numpy(), beating["heartbeat"].to_numpy()
    first, last, worst, peak = (np.full(count, np.nan) for _ in range(4))
    first[of[::-1]] = beats[::-1]
    last[of] = beats
    np.fmin.at(worst, of, beats)
    np.fmax.at(peak, of, beats)
    named = {"first": first, "worst": worst, "peak": peak, "last": last}
    return {f"heartbeat_{name}": values for name, values in named.items()}


def _furthest(moves: pl.DataFrame, count: int) -> pl.Series:
    """The furthest phase reached. A mark given on the way is evaluation of that page; it only means that the
    journey came to its evaluation where that came after completion."""
    places = {phase.value: place for place, phase in enumerate(PHASES)}
    phase = moves["phase"].replace_strict(places, return_dtype=pl.Int64).to_numpy()
    of = moves["question"].to_numpy()
    furthest = np.zeros(count, np.int64)
    on_the_way = phase != places[Phase.EVALUATION]
    np.maximum.at(furthest, of[on_the_way], phase[on_the_way])
    rated = np.unique(of[~on_the_way])
    completed = rated[furthest[rated] == places[Phase.COMPLETION]]
    furthest[completed] = places[Phase.EVALUATION]
    return texts(furthest, PHASES)

# SPDX-License-Identifier: EUPL-1.2
"""The measures of a question: the rows of the `QUESTIONS` table."""

from __future__ import annotations

import numpy as np
import polars as pl

from analysis.counting import alike
from analysis.events import Coded, Events, Floats, Ints, K
from analysis.frames import build, texts
from analysis.moves import PHASES, Moves
from analysis.outcomes import CAUSES, OUTCOMES, Outcomes
from analysis.page_views import PageViews
from analysis.personas import persona_columns
from analysis.questions import STARTS, Questions
from analysis.scope import Scope
from analysis.sessions import Sessions
from analysis.steps import Steps
from analysis.tables import QUESTIONS, REFORMULATIONS, Phase
from analysis.thresholds import EFFORT


def questions_table(
    events: Events,
    views: PageViews,
    questions: Questions,
    steps: Steps,
    outcomes: Outcomes,
    moves: Moves,
    sessions: Sessions,
    scope: Scope,
    *,
    task: Coded,
    shown: Coded,
    first_row: Ints,
    started_in: Ints,
) -> pl.DataFrame:
    """`QUESTIONS`: one row is one question, in the order of `questions`.

    `task` is what each is about, `shown` what its visitor was shown of experiments by its end, `first_row`
    its first event, and `started_in` the session of that.
    """
    count = len(questions)

    def counted(rows: Ints) -> Ints:
        return np.bincount(questions.of_row[rows], minlength=count)

    opened = np.flatnonzero(events.kind == K.VIEW)
    pages = questions.of_row[opened][alike(questions.of_row[opened], views.page[events.page_view[opened]])[1]]
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
    return build(
        {
            "site": texts(questions.site, events.site.texts),
            "day": scope.day,
            "partition": events.partition[questions.visitor],
            "visitor": questions.visitor,
            "question": np.arange(count),
            "session": started_in,
            "task": texts(task.codes, task.texts),
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
            "distinct_pages": np.bincount(pages, minlength=count),
            **counts,
            "reading_s": _reading(views, questions, scope.thresholds.session_gap_s),
            **_heartbeats(moves, count),
            "phase": _furthest(moves, count),
            "effort": sum(weight * counts[name] for name, weight in EFFORT.items()),
            "channel": _channel(events, questions),
            "repeat": _repeated(questions, outcomes.started_at),
            **persona_columns(
                events,
                sessions,
                scope,
                site=questions.site,
                task=task,
                started_at=outcomes.started_at,
                first_row=first_row,
                started_in=started_in,
            ),
            "exposures": texts(shown.codes, shown.texts),
        },
        QUESTIONS,
    )


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
    rows = np.flatnonzero(events.kind == K.FORM)
    of_row, actions = questions.of_row[rows], events.text["action"].decode(rows)
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


def _heartbeats(moves: Moves, count: int) -> dict[str, Floats]:
    """First, worst, peak and last heartbeat of each question, given and inferred alike: the moments that stay
    in memory. `Moves` tell the two apart."""
    beating = ~np.isnan(moves.heartbeat)
    of, beats = moves.question[beating], moves.heartbeat[beating]
    first, last, worst, peak = (np.full(count, np.nan) for _ in range(4))
    first[of[::-1]] = beats[::-1]
    last[of] = beats
    np.fmin.at(worst, of, beats)
    np.fmax.at(peak, of, beats)
    named = {"first": first, "worst": worst, "peak": peak, "last": last}
    return {f"heartbeat_{name}": values for name, values in named.items()}


def _furthest(moves: Moves, count: int) -> pl.Series:
    """The furthest phase reached. A mark given on the way is evaluation of that page; it only means that the
    journey came to its evaluation where that came after completion."""
    evaluation, completion = PHASES.index(Phase.EVALUATION), PHASES.index(Phase.COMPLETION)
    furthest = np.zeros(count, np.int64)
    on_the_way = moves.phase != evaluation
    np.maximum.at(furthest, moves.question[on_the_way], moves.phase[on_the_way])
    rated = moves.question[~on_the_way]
    furthest[rated[furthest[rated] == completion]] = evaluation
    return texts(furthest, PHASES)

# SPDX-License-Identifier: EUPL-1.2
"""How a question ended, and when the answer came: the first outcome that holds, in the order of `Outcome`.

The time to an answer ends with the same event that gives the outcome. An answer on the results page is
plausible, not seen: it is no success by the hard definition, so it may not end the time as an answer either,
or the curve of answers would end above the success rate. It then counts as never answered; the soft
definition (`Thresholds.soft_answer`) turns both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.events import Events, Flags, Floats, Ints, K
from analysis.page_views import PageViews
from analysis.questions import Questions, reading_s
from analysis.scope import Scope
from analysis.steps import Steps
from analysis.tables import Cause, Outcome
from analysis.thresholds import Thresholds

OUTCOMES = tuple(Outcome)
CAUSES = tuple(Cause)
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Outcomes:
    """One place per question: places in `OUTCOMES` and `CAUSES`, the time to it, first and last moment."""

    outcome: Ints
    success: Flags
    arrived: Flags
    confirming_contact: Flags
    cause: Ints
    time_s: Floats
    started_at: Ints
    ended_at: Ints


def find_outcomes(
    events: Events, views: PageViews, questions: Questions, steps: Steps, scope: Scope
) -> Outcomes:
    """How every question ended."""
    thresholds = scope.thresholds
    count, of_row = len(questions), questions.of_row
    rows = np.arange(len(events))
    started_at = events.time[_first(rows, of_row, count)]
    ended_at = events.time[_last(rows, of_row, count)]
    until = scope.ends_at[questions.site]
    active = until - ended_at <= thresholds.session_gap_s * 1000

    goal = _first(np.flatnonzero(_is_goal(events, questions, scope)), of_row, count)
    contacts = np.flatnonzero(events.kind == K.CONTACT)
    contact = _first(contacts, of_row, count)
    last_contact = _last(contacts, of_row, count)
    read_at = _read(events, views, questions, steps, until, thresholds)
    on_results = _answered_on_results(events, views, questions, steps)
    hopped = _hopped(events, questions, steps)

    conditions = {
        Outcome.ANSWERED: goal >= 0,
        Outcome.CHANNEL_SHIFT: contact >= 0,
        Outcome.READ: read_at < _NEVER,
        Outcome.ANSWERED_ON_RESULTS: on_results >= 0,
        Outcome.CENSORED: hopped | active,
        Outcome.ABANDONED: np.ones(count, bool),
    }
    outcome = np.select(list(conditions.values()), [OUTCOMES.index(each) for each in conditions])
    soft = thresholds.soft_answer
    at = {
        Outcome.ANSWERED: views.time[events.page_view[goal]],
        Outcome.CHANNEL_SHIFT: events.time[contact],
        Outcome.READ: read_at,
        Outcome.ANSWERED_ON_RESULTS: events.time[on_results] if soft else ended_at,
        Outcome.CENSORED: ended_at,
        Outcome.ABANDONED: ended_at,
    }
    cause = {
        Outcome.ANSWERED: Cause.ANSWERED,
        Outcome.CHANNEL_SHIFT: Cause.CHANNEL_SHIFT,
        Outcome.READ: Cause.ANSWERED,
        Outcome.ANSWERED_ON_RESULTS: Cause.ANSWERED if soft else Cause.ABANDONED,
        Outcome.CENSORED: Cause.CENSORED,
        Outcome.ABANDONED: Cause.ABANDONED,
    }
    causes = np.array([CAUSES.index(cause[each]) for each in OUTCOMES], np.int64)[outcome]
    moment = np.choose(outcome, [at[each] for each in OUTCOMES])
    success = causes == CAUSES.index(Cause.ANSWERED)
    return Outcomes(
        outcome=outcome,
        success=success,
        arrived=success | _arrived(events, views, questions),
        confirming_contact=(goal >= 0) & (last_contact > goal),
        cause=causes,
        time_s=np.maximum(moment - started_at, 0) / 1000,
        started_at=started_at,
        ended_at=ended_at,
    )


def _is_goal(events: Events, questions: Questions, scope: Scope) -> Flags:
    """Goal events of the question's own task; where it has none, goals that belong to no task."""
    goals = events.text["goal"]
    table = np.array([[each.of_goal(goal) for goal in goals.texts] + [-1] for each in scope.tasks], np.int64)
    reached: Flags = events.kind == K.GOAL
    rows = np.flatnonzero(reached)
    of_goal = table[events.site.codes[rows], goals.codes[rows]]
    reached[rows] = of_goal == questions.task[questions.of_row[rows]]
    return reached


def _read(
    events: Events,
    views: PageViews,
    questions: Questions,
    steps: Steps,
    until: Ints,
    thresholds: Thresholds,
) -> Ints:
    """Per question the arrival on the first answer that was read, `_NEVER` where none was.

    Read: an answer page of the question's task, visible long enough over all its views together, and then no
    search made for the same question for a while; that while must have passed before the study ended. Going
    back to the results asks nothing anew.
    """
    read_at = np.full(len(questions), _NEVER)
    needed = reading_s(views)
    candidates = np.flatnonzero(_of_answers(views, questions) & (views.visible_s > 0))
    if not len(candidates):
        return read_at
    last_seen = np.full(len(views), -1, np.int64)
    np.maximum.at(last_seen, events.page_view, events.time)
    pair = questions.of_view[candidates] * len(views.pages) + views.page[candidates]
    _, place = np.unique(pair, return_inverse=True)
    seconds = np.bincount(place, weights=views.visible_s[candidates])
    long_enough = candidates[seconds[place] >= needed[views.page[candidates]]]
    quiet_until = last_seen[long_enough] + thresholds.quiet_after_read_s * 1000
    searched_at = _next_search(events, views, questions, steps, long_enough)
    read = long_enough[(searched_at > quiet_until) & (quiet_until < until[questions.of_view[long_enough]])]
    np.minimum.at(read_at, questions.of_view[read], views.time[read])
    return read_at


def _of_answers(views: PageViews, questions: Questions) -> Flags:
    """Page views of an answer to the task of their question."""
    found: Flags = np.array([page.answer for page in views.pages], bool)[views.page]
    mine = questions.of_view >= 0
    mine[mine] = views.task[mine] == questions.task[questions.of_view[mine]]
    return found & mine


def _arrived(events: Events, views: PageViews, questions: Questions) -> Flags:
    """Questions that opened a page with the answer, or began a form: whether it was then read or sent, is
    the next step."""
    arrived = np.zeros(len(questions), bool)
    arrived[questions.of_view[_of_answers(views, questions) & views.opened]] = True
    arrived[questions.of_row[events.kind == K.FORM]] = True
    return arrived


def _next_search(events: Events, views: PageViews, questions: Questions, steps: Steps, view: Ints) -> Ints:
    """The moment of the next search made for the same question after each page view opened, `_NEVER` if
    none."""
    searches = np.flatnonzero(steps.submitted)
    start = int(events.time.min(initial=0))
    width = int(events.time.max(initial=0)) - start + 1
    searched = np.sort(questions.of_row[searches] * width + events.time[searches] - start)
    question = questions.of_view[view]
    following = np.searchsorted(searched, question * width + views.time[view] - start, "right")
    found = np.append(searched, -1)[following]
    return np.where(found // width == question, found % width + start, _NEVER)


def _answered_on_results(events: Events, views: PageViews, questions: Questions, steps: Steps) -> Ints:
    """Row of the last search, if its results page held the answer and nothing more was done; else -1."""
    count = len(questions)
    search = _last(np.flatnonzero(steps.submitted), questions.of_row, count)
    answered = (search >= 0) & events.answered_here[search] & (events.number["results"][search] > 0)
    went_on = events.of_kind(K.RESULT, K.LINK, K.FILE, K.FORM)
    opened = (events.kind == K.VIEW) & (views.query[events.page_view] < 0)
    after = _last(np.flatnonzero(went_on | opened), questions.of_row, count)
    return np.where(answered & (after < search), search, -1)


def _hopped(events: Events, questions: Questions, steps: Steps) -> Flags:
    """Questions of which the last thing done was leaving for another host."""
    count = len(questions)
    hop = _last(np.flatnonzero(steps.hop), questions.of_row, count)
    stayed = events.of_kind(K.VIEW, K.SEARCH, K.RESULT, K.FORM, K.GOAL, K.CONTACT)
    other = _last(np.flatnonzero(stayed), questions.of_row, count)
    hopped: Flags = (hop >= 0) & (hop > other)
    return hopped


def _first(rows: Ints, of_row: Ints, count: int) -> Ints:
    """Per question the first of the rows, -1 where it has none."""
    return _last(rows[::-1], of_row, count)


def _last(rows: Ints, of_row: Ints, count: int) -> Ints:
    """Per question the last of the rows, -1 where it has none."""
    found = np.full(count, -1, np.int64)
    found[of_row[rows]] = rows
    return found

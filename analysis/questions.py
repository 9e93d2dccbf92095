# SPDX-License-Identifier: EUPL-1.2
"""From page views to questions: what the walk of `analysis.cascade` needs, and what it found.

Everything about words and definitions is settled here, once for each different text; the walk itself knows
numbers only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis import cascade
from analysis.compiled import records, run
from analysis.counting import tally
from analysis.entries import Entry
from analysis.events import Coded, Events, Floats, Ints, K
from analysis.globs import tidy
from analysis.page_views import ENTRIES, PageViews
from analysis.scope import Scope
from analysis.tables import Start
from analysis.words import same_words, trigram_cosine

STARTS = tuple(Start)
#: A search is compared with so many different ones before it by the same visitor.
COMPARED = 25

Records = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Questions:
    """`of_row` and `of_view` say which question an event and a page view belong to (-1: to none); the other
    columns have one place per question, ordered by visitor and start. `start` is a place in `STARTS`;
    `reached_from` is the page view from which a page view was reached, by its origin or else its referrer."""

    of_row: Ints
    of_view: Ints
    reached_from: Ints
    visitor: Ints
    site: Ints
    task: Ints
    start: Ints

    def __len__(self) -> int:
        return len(self.visitor)


def find_questions(events: Events, views: PageViews, scope: Scope) -> Questions:
    """The questions of all visitors.

    An event belongs to no question only if its page view was never seen to open and its visitor has no open
    question: what was sent at the turn of the day by a page that opened the day before.
    """
    thresholds = scope.thresholds
    limits = cascade.Limits(
        open_ms=thresholds.question_open_s * 1000,
        open_questions=thresholds.open_questions,
        cosine=thresholds.trigram_cosine,
        half_life_ms=thresholds.trigram_half_life_s * 1000.0,
    )
    row, steps = _steps(events, views, scope)
    state = _state(limits, steps, _views(views), _words(events, views), pages=len(views.pages))
    run(
        cascade.walk,
        cascade,
        state,
        rows=len(events),
        writes=frozenset(["first", "now", "reached", "switch"]),
        empty=frozenset(["questions"]),
        scratch=frozenset(["latest", "open", "ends", "nodes"]),
    )
    return _found(events, state, row)


def tasks_of(questions: Questions, scope: Scope) -> Coded:
    """The task of every question by its name; tasks of two sites are two, also under one name."""
    offsets = np.cumsum([0, *(len(each) for each in scope.tasks)])[questions.site]
    names = tuple(task.name for each in scope.tasks for task in each)
    return Coded(np.where(questions.task >= 0, questions.task + offsets, -1), names)


def _found(events: Events, state: cascade.State, row: Ints) -> Questions:
    asked = state.questions[: state.count[cascade.ASKED]]
    root = np.where(asked["into"] >= 0, asked["into"], np.arange(len(asked)))
    while (root[root] != root).any():
        root = root[root]
    kept = root == np.arange(len(asked))
    place = np.append((np.cumsum(kept) - 1)[root], -1)
    of_view = place[state.views["first"]]
    found = asked[kept]
    task = found["soft"]
    for better in ("reading", "searched", "goal"):
        task = np.where(found[better] >= 0, found[better], task)
    return Questions(
        of_row=_of_rows(events, of_view, row, place[state.steps["switch"]]),
        of_view=of_view,
        reached_from=state.views["reached"].astype(np.int64),
        visitor=found["visitor"].astype(np.int64),
        site=found["site"].astype(np.int64),
        task=task.astype(np.int64),
        start=found["start"].astype(np.int64),
    )


def _of_rows(events: Events, of_view: Ints, step_row: Ints, switch: Ints) -> Ints:
    """The question of every event: that of its page view, or from some row on the one to which that page view
    went over (a search without a new page)."""
    of_row = of_view[events.page_view]
    switched = np.flatnonzero(switch >= 0)
    if not len(switched):
        return of_row
    order = np.argsort(events.page_view, kind="stable")
    of = events.page_view[order]
    for row, question in zip(step_row[switched].tolist(), switch[switched].tolist(), strict=True):
        view = events.page_view[row]
        rows = order[np.searchsorted(of, view) : np.searchsorted(of, view, "right")]
        of_row[rows[rows >= row]] = question
    return of_row


# -- what the walk is given ------------------------------------------------------------------------------


def _steps(events: Events, views: PageViews, scope: Scope) -> tuple[Ints, Records]:
    """The events that can matter, by row: page views opening, later searches, clicks on results, goals."""
    opens = np.zeros(len(events), bool)
    opens[views.first_row] = True
    act = np.zeros(len(events), np.int64)
    act[events.kind == K.SEARCH] = cascade.SEARCH
    searches = np.flatnonzero(act)[::-1]
    told = np.full(len(views), -1, np.int64)  # the search that the page view itself already tells
    told[events.page_view[searches]] = searches
    act[told[told >= 0]] = cascade.NOTHING
    act[events.kind == K.RESULT] = cascade.CLICK
    act[events.kind == K.GOAL] = cascade.GOAL
    row = np.flatnonzero(opens | (act != cascade.NOTHING))
    act = act[row]
    about = np.full(len(row), -1, np.int64)
    site = events.site.codes[row]
    for which, values in (
        (cascade.SEARCH, views.row_query[row]),
        (cascade.CLICK, _page_of_target(events, views)[site, events.text["target"].codes[row]]),
        (cascade.GOAL, _task_of_goal(events, scope)[site, events.text["goal"].codes[row]]),
    ):
        about[act == which] = values[act == which]
    given = {
        "time": events.time[row],
        "visitor": events.visitor[row],
        "page_view": events.page_view[row],
        "opens": opens[row],
        "act": act,
        "about": about,
        "switch": -1,
    }
    return row, records(cascade.STEP, given, len(row), wide=cascade.WIDE)


def _page_of_target(events: Events, views: PageViews) -> Ints:
    """Per site and target of a click: the page, where it is one of ours; the last place is no target."""
    numbers = {(page.site, page.path): number for number, page in enumerate(views.pages)}
    paths = [*map(tidy, events.text["target"].texts)]
    rows = [[*(numbers.get((site, path), -1) for path in paths), -1] for site in events.site.texts]
    return np.array(rows, np.int64)


def _task_of_goal(events: Events, scope: Scope) -> Ints:
    """Per site and goal: its task; the last place is a goal without a name."""
    goals = (*events.text["goal"].texts, "")
    return np.array([[each.of_goal(goal) for goal in goals] for each in scope.tasks], np.int64)


def _views(views: PageViews) -> Records:
    hubs = np.array([page.path == "/" for page in views.pages], bool)
    given: dict[str, Any] = {
        "hub": hubs[views.page],
        "outside": _started_outside(views),
        "read": views.visible_s >= reading_s(views)[views.page],
        **dict.fromkeys(("first", "now", "reached"), -1),
    }
    given |= {name: getattr(views, name) for name in cascade.VIEW if name not in given}
    return records(cascade.VIEW, given, len(views), wide=cascade.WIDE)


def reading_s(views: PageViews) -> Floats:
    """Per page the visible seconds after which it counts as an answer that was read; never, if it is none."""
    return np.array([page.read_s if page.answer else np.inf for page in views.pages], np.float64)


def _started_outside(views: PageViews) -> Ints:
    """How a question would start with a page view that comes from outside; -1 for all others."""
    landed = np.where(views.task >= 0, cascade.TASK_PAGE, cascade.PROVISIONAL)
    starts: dict[Entry, int | Ints] = {
        Entry.SEARCH_ENGINE: cascade.SEARCH_ENGINE,
        Entry.CAMPAIGN: cascade.CAMPAIGN,
        Entry.SOCIAL: landed,
        Entry.REFERRAL: landed,
    }
    outside = np.full(len(views), -1, np.int64)
    for entry, start in starts.items():
        outside = np.where(views.entry == ENTRIES.index(entry), start, outside)
    return outside


def _words(events: Events, views: PageViews) -> dict[str, NDArray[Any]]:
    """What the walk is told of words: of every query, of its task on every site, and of pairs of queries."""
    queries = views.queries
    key = _pairs(events, views)
    said = [(queries[one], queries[other]) for one, other in zip(*_apart(key, len(queries)), strict=True)]
    same = np.array([same_words(one, other) for one, other in said], bool)
    cosine = np.array([trigram_cosine(one, other) for one, other in said], np.float64)
    filled = np.array([bool(query) for query in queries], bool)
    subject = np.array([query.has_subject for query in queries], bool)
    given = {
        "words": records(cascade.WORDS, {"filled": filled, "subject": subject}, len(queries)),
        "tasks_of_words": np.array(views.query_task, np.int64).ravel(),
        "pairs": records(
            cascade.PAIR, {"key": key, "same": same, "cosine": cosine}, len(key), wide=cascade.WIDE
        ),
    }
    for column in given.values():
        column.flags.writeable = False
    return given


def _apart(key: Ints, width: int) -> tuple[list[int], list[int]]:
    return (key // width).tolist(), (key % width).tolist()


def _pairs(events: Events, views: PageViews) -> Ints:
    """Pairs of different queries by one visitor, not too many others apart, as lower * queries + higher."""
    width = len(views.queries)
    typed = np.flatnonzero(events.kind == K.SEARCH)
    brought = np.flatnonzero(views.words >= 0)
    row = np.concatenate([typed, views.first_row[brought]])
    query = np.concatenate([views.row_query[typed], views.words[brought]])
    order = np.argsort(row, kind="stable")
    said = events.visitor[row[order]] * width + query[order]
    said = said[np.sort(np.unique(said, return_index=True)[1])]  # each once per visitor, in order
    visitor, query = said // width, said % width
    found = [np.empty(0, np.int64)]
    first = np.arange(len(said))
    for apart in range(1, COMPARED + 1):
        first = first[first + apart < len(said)]
        first = first[visitor[first] == visitor[first + apart]]
        if not len(first):
            break
        one, other = query[first], query[first + apart]
        found.append(np.minimum(one, other) * width + np.maximum(one, other))
    return tally(np.concatenate(found))[0]


def _state(
    limits: cascade.Limits, steps: Records, views: Records, words: dict[str, NDArray[Any]], *, pages: int
) -> cascade.State:
    """The state before the first visitor, with room for the most that there can be."""
    opened, act = len(views), np.bincount(steps["act"], minlength=4)
    asked = opened + int(act[cascade.SEARCH])
    count = np.zeros(cascade.COUNTERS, np.int64)
    count[cascade.VISITOR] = -1
    return cascade.State(
        limits=limits,
        steps=steps,
        views=views,
        count=count,
        latest=np.full(pages, -1, np.int64),
        open=np.zeros(asked + 1, np.int64),
        questions=records(cascade.QUESTION, {}, asked, wide=cascade.WIDE),
        ends=records(cascade.ENDS, {}, asked * cascade.CHAINS),
        nodes=records(cascade.NODE, {}, cascade.CHAINS * opened + int(act.sum()), wide=cascade.WIDE),
        **words,
    )

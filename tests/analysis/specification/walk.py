# SPDX-License-Identifier: EUPL-1.2
"""The walk over the page views of each visitor, with the open questions at hand, in objects.

What it decides, rule by rule, is written in `docs/journeys.md`. Nothing is coded or prepared: words are
compared when they are met.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from analysis.entries import OUTSIDE, Entry
from analysis.events import Events, Ints, K
from analysis.globs import tidy
from analysis.page_views import ENTRIES, PageViews
from analysis.questions import STARTS, Questions
from analysis.scope import Scope
from analysis.tables import Start
from analysis.words import alike, same_words
from tests.analysis.specification.open_questions import Asked, OpenQuestions

_STARTS = {Entry.SEARCH_ENGINE: Start.SEARCH_ENGINE, Entry.CAMPAIGN: Start.CAMPAIGN}


def find_questions(events: Events, views: PageViews, scope: Scope) -> Questions:
    """The questions of all visitors."""
    walk = _Walk(events, views, scope)
    walk.all_visitors()
    found = [asked for asked in walk.asked if asked.into is None]
    places = {asked.number: place for place, asked in enumerate(found)}
    of_view = np.array(
        [-1 if asked is None else places[asked.root().number] for asked in walk.first], np.int64
    )
    of_row = of_view[events.page_view]
    for rows, asked in _switched(events, walk.switches):
        of_row[rows] = places[asked.root().number]
    return Questions(
        of_row=of_row,
        of_view=of_view,
        reached_from=np.array(walk.reached, np.int64),
        visitor=np.array([asked.visitor for asked in found], np.int64),
        site=np.array([asked.site for asked in found], np.int64),
        task=np.array([asked.task for asked in found], np.int64),
        start=np.array([STARTS.index(asked.start) for asked in found], np.int64),
    )


def _switched(events: Events, switches: Sequence[tuple[int, Asked]]) -> Iterator[tuple[Ints, Asked]]:
    """Rows of a page view from the row at which it went over to another question (a search without a new
    page); a later switch of the same page view comes later."""
    if not switches:
        return
    order = np.argsort(events.page_view, kind="stable")
    of = events.page_view[order]
    for row, asked in switches:
        view = events.page_view[row]
        rows = order[np.searchsorted(of, view) : np.searchsorted(of, view, "right")]
        yield rows[rows >= row], asked


class _Walk:
    """One pass over all visitors; the state of one visitor is reset at the next."""

    def __init__(self, events: Events, views: PageViews, scope: Scope) -> None:
        thresholds = scope.thresholds
        self._events, self._views = events, views
        self._cosine, self._half_life = thresholds.trigram_cosine, thresholds.trigram_half_life_s
        self._queries, self._query_task = views.queries, views.query_task
        self._site, self._page, self._task = views.site.tolist(), views.page.tolist(), views.task.tolist()
        self._time, self._session = views.time.tolist(), views.session.tolist()
        self._query, self._words = views.query.tolist(), views.words.tolist()
        self._entry, self._referrer = views.entry.tolist(), views.referrer.tolist()
        self._origin, self._opened = views.origin.tolist(), views.opened.tolist()
        pages = [views.pages[page] for page in self._page]
        seconds = views.visible_s.tolist()
        self._read = [page.answer and s >= page.read_s for page, s in zip(pages, seconds, strict=True)]
        self._hub = [page.path == "/" for page in views.pages]
        goals = (*events.text["goal"].texts, "")  # the last for a goal without a name, at -1
        self._goal_task = [[each.of_goal(goal) for goal in goals] for each in scope.tasks]
        self._targets = self._pages_by_target()
        self._outside = frozenset(ENTRIES.index(entry) for entry in OUTSIDE)

        self.asked: list[Asked] = []
        self.first: list[Asked | None] = [None] * len(views)  # question of a page view when it opened
        self.switches: list[tuple[int, Asked]] = []
        self.reached = [-1] * len(views)
        self._now: list[Asked | None] = [None] * len(views)
        self._open = OpenQuestions(limit=thresholds.open_questions, open_s=thresholds.question_open_s)
        self._latest: dict[int, int] = {}  # page -> its newest page view
        self._visitor = -1

    def all_visitors(self) -> None:
        """Walk the events that can matter: page views opening, later searches, clicks on results, goals."""
        events = self._events
        opens = np.zeros(len(events), bool)
        opens[self._views.first_row] = True
        told = np.zeros(len(events), bool)  # searches that the page view itself already tells
        searches = np.flatnonzero(events.kind == K.SEARCH)[::-1]
        first_search = np.full(len(self._views), -1, np.int64)
        first_search[events.page_view[searches]] = searches
        told[first_search[first_search >= 0]] = True
        later = (events.kind == K.SEARCH) & ~told
        rows = np.flatnonzero(opens | later | np.isin(events.kind, (K.RESULT, K.GOAL)))
        about = np.where(events.kind == K.GOAL, events.text["goal"].codes, events.text["target"].codes)
        columns = (rows, events.kind, events.page_view, events.visitor, opens, later, about)
        lists = (column.tolist() if column is rows else column[rows].tolist() for column in columns)
        for row, kind, view, visitor, opened, searched, code in zip(*lists, strict=True):
            if visitor != self._visitor:
                self._next_visitor(visitor)
            if opened:
                self._arrive(view)
            asked = self._now[view]
            if asked is None:
                continue
            if searched:
                self._search_again(row, view, asked.root())
            elif kind == K.RESULT:
                self._click(code, view, asked.root())
            elif kind == K.GOAL:
                self._reach_goal(code, view, asked.root())
        self._next_visitor(-1)

    def _next_visitor(self, visitor: int) -> None:
        """What only trailed an answered question, and never got a subject of its own, is part of it."""
        at = len(self.asked)
        while at and self.asked[at - 1].visitor == self._visitor:
            at -= 1
        for asked in self.asked[at:]:
            if asked.tail_of is not None and asked.into is None and not asked.has_subject:
                asked.into = asked.tail_of.root()
        self._visitor = visitor
        self._open.clear()
        self._latest.clear()

    # -- rules: a page view opens ------------------------------------------------------------------------

    def _arrive(self, view: int) -> None:
        before = self._reached_from(view)
        page = self._page[view]
        outside = self._entry[view] in self._outside and (before is None or page not in before.visited)
        asked: Asked | None
        if self._query[view] >= 0:
            asked = self._search(view, self._query[view], self._time[view], before)
        elif not self._opened[view]:
            asked = before if before is not None else self._open.newest()
        elif outside:
            asked = self._from_outside(view)
        elif before is not None:
            asked = self._follow(view, before)
        else:
            asked = self._directly(view)
        self.first[view] = asked
        if asked is not None:
            self._join(view, asked)

    def _reached_from(self, view: int) -> Asked | None:
        """The question of the page view it was reached from: by `o`, else by the referrer's path."""
        source = self._origin[view]
        if source < 0 or self._now[source] is None:
            source = self._latest.get(self._referrer[view], -1)
        if source < 0:
            return None
        self.reached[view] = source
        asked = self._now[source]
        if asked is None:
            return None
        asked = asked.root()
        return asked if self._open.is_open(asked, self._time[view]) else None

    def _from_outside(self, view: int) -> Asked:
        """From a search engine, a campaign or another site: an open question again, or a new one."""
        words, task, page = self._words[view], self._task[view], self._page[view]
        asked = self._same(self._time[view], words, task, page)
        if asked is None:
            entry = ENTRIES[self._entry[view]]
            start = _STARTS.get(entry, Start.TASK_PAGE if task >= 0 else Start.PROVISIONAL)
            asked = self._new(view, start)
        if words >= 0 and self._queries[words].has_subject:
            self._ask(asked, words, view, self._time[view])
        if not self._hub[page]:
            asked.clicked.add(page)
        return asked

    def _directly(self, view: int) -> Asked:
        """An address typed or kept: goes on with what is at hand in this session, else begins anew.

        The home page always does: in a second tab it is where another question begins. One that gets no
        subject there goes back to what was at hand.
        """
        task = self._task[view]
        if task >= 0:
            asked = self._open.about(task, self._time[view])
            if asked is not None:
                return asked
        at_hand = self._at_hand(view)
        if task < 0 and self._hub[self._page[view]]:
            return self._new(view, Start.PROVISIONAL, tail_of=at_hand)
        if at_hand is not None and (task < 0 or at_hand.task < 0):
            return at_hand
        return self._new(view, Start.TASK_PAGE if task >= 0 else Start.PROVISIONAL)

    def _at_hand(self, view: int) -> Asked | None:
        """The newest open question, if it is of this session."""
        newest = self._open.newest()
        return newest if newest is not None and newest.session == self._session[view] else None

    def _follow(self, view: int, before: Asked) -> Asked:
        """By a link within the site: the question of the page it was on, unless that one is over and this
        page belongs to another task."""
        task = self._task[view]
        going_home = self._hub[self._page[view]] and self._referrer[view] == self._page[self.reached[view]]
        if task < 0 and (before.closed or (going_home and before.has_subject)):
            return self._new(view, Start.PROVISIONAL, tail_of=before)
        if task < 0 or before.task < 0 or task == before.task:
            return before
        asked = self._open.about(task, self._time[view])
        if asked is not None:
            return asked
        over = before.closed or before.settled or before.session != self._session[view]
        return self._new(view, Start.TASK_PAGE) if over else before

    # -- rules: words ------------------------------------------------------------------------------------

    def _search(self, view: int, query: int, at: int, before: Asked | None) -> Asked:
        """A site search: the same question as an open one, the subject of a provisional one, or a new one."""
        if before is None:
            before = self._at_hand(view)
        provisional = before if before is not None and before.is_provisional else None
        asked = self._same(at, query, self._query_task[self._site[view]][query], -1)
        if asked is not None and provisional is not None and asked is not provisional:
            asked = self._open.merge(asked, provisional)
        if asked is None:
            asked = provisional
        if asked is None and self._shows_the_same(view):
            asked = before  # an empty query matches nothing, but may be reloaded
        if asked is None:
            asked = self._new(view, Start.SITE_SEARCH)
        self._ask(asked, query, view, at)
        return asked

    def _shows_the_same(self, view: int) -> bool:
        source = self.reached[view]
        return source >= 0 and (self._page[source], self._query[source]) == (
            self._page[view],
            self._query[view],
        )

    def _search_again(self, row: int, view: int, before: Asked) -> None:
        """A search without a new page (results that appear while typing)."""
        at = int(self._events.time[row])
        asked = self._search(view, int(self._views.row_query[row]), at, before)
        if asked is not before:
            self._now[view] = asked
            self.switches.append((row, asked))
            self._open.touch(asked, at, self._session[view])

    def _ask(self, asked: Asked, query: int, view: int, at: int) -> None:
        if not self._queries[query]:
            return
        asked.queries.append((query, at))
        if asked.searched < 0:
            asked.searched = self._query_task[self._site[view]][query]

    def _same(self, now: int, query: int, task: int, page: int) -> Asked | None:
        """The cascade: words, then likeness, then a task or a clicked page in common; newest first."""
        words = self._queries[query] if query >= 0 else None
        for asked in self._open.newest_first(now):
            if words:
                for other, at in asked.queries:
                    if other == query or same_words(self._queries[other], words):
                        return asked
                    if alike(
                        self._queries[other],
                        words,
                        gap_s=(now - at) / 1000,
                        threshold=self._cosine,
                        half_life_s=self._half_life,
                    ):
                        return asked
            if (task >= 0 and asked.task == task) or (page >= 0 and page in asked.clicked):
                return asked
        return None

    # -- rules: what else happens ------------------------------------------------------------------------

    def _click(self, target: int, view: int, asked: Asked) -> None:
        """A clicked page in common makes one question of two."""
        page = self._targets[self._site[view]].get(target, -1)
        if page < 0:
            return
        if len(asked.queries) == 1 and asked.task < 0:
            others = (other for other in self._open.newest_first(asked.at) if other is not asked)
            other = next((other for other in others if page in other.clicked), None)
            if other is not None:
                asked = self._open.merge(other, asked)
        asked.clicked.add(page)

    def _reach_goal(self, goal: int, view: int, asked: Asked) -> None:
        task = self._goal_task[self._site[view]][goal]
        if task >= 0:
            asked.goal = task
        elif asked.task >= 0:
            return  # a goal, but not of this task
        self._open.close(asked)

    def _new(self, view: int, start: Start, tail_of: Asked | None = None) -> Asked:
        asked = Asked(len(self.asked), self._visitor, self._site[view], start, tail_of)
        self.asked.append(asked)
        return asked

    def _join(self, view: int, asked: Asked) -> None:
        page, task = self._page[view], self._task[view]
        if task >= 0:
            if asked.task < 0:
                other = self._open.about(task, self._time[view])
                if other is not None:
                    asked = self._open.merge(other, asked)
            asked.see(task)
            if self._read[view]:
                asked.read(task)
        asked.visited.add(page)
        self._now[view] = asked
        self._latest[page] = view
        self._open.touch(asked, self._time[view], self._session[view])

    def _pages_by_target(self) -> list[dict[int, int]]:
        """Per site: the page that the target of a click is, where it is one of ours."""
        numbers = {(page.site, page.path): number for number, page in enumerate(self._views.pages)}
        targets = self._events.text["target"].texts
        return [
            {
                code: numbers[site, path]
                for code, path in enumerate(map(tidy, targets))
                if (site, path) in numbers
            }
            for site in self._events.site.texts
        ]

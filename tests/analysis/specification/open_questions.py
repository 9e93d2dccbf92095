# SPDX-License-Identifier: EUPL-1.2
"""The questions that a visitor has open, while they are being followed."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.tables import Start
from analysis.tasks import NO_TASK


class Asked:
    """A question while it is being followed. It may turn out to be part of an older one (`into`)."""

    __slots__ = (
        "at",
        "clicked",
        "closed",
        "goal",
        "into",
        "number",
        "queries",
        "reading",
        "searched",
        "session",
        "settled",
        "site",
        "soft",
        "start",
        "tail_of",
        "views",
        "visited",
        "visitor",
    )

    def __init__(self, number: int, visitor: int, site: int, start: Start, tail_of: Asked | None) -> None:
        self.number, self.visitor, self.site, self.start = number, visitor, site, start
        self.at = self.session = -1  # of its latest page view
        self.into: Asked | None = None
        self.tail_of = tail_of  # a question that this one only trails, unless it gets a subject
        self.closed = False  # its goal was reached
        self.settled = False  # an answer was read
        # task of its goal, its words, the answer that was read, most of its pages
        self.goal = self.searched = self.reading = self.soft = NO_TASK
        self.views: dict[int, int] = {}  # page views per task
        self.queries: list[tuple[int, int]] = []  # (query, when)
        self.visited: set[int] = set()
        self.clicked: set[int] = set()  # results clicked, and pages landed on from outside

    @property
    def task(self) -> int:
        """What it is about: its goal, else its words, else the answer read, else most of its pages."""
        known = (self.goal, self.searched, self.reading)
        return next((task for task in known if task >= 0), self.soft)

    @property
    def has_subject(self) -> bool:
        return bool(self.queries) or self.task >= 0

    @property
    def is_provisional(self) -> bool:
        """It waits for a subject: its first search or task page will give it one."""
        return not self.closed and not self.has_subject and self.start is not Start.SITE_SEARCH

    def root(self) -> Asked:
        """The question that this one turned out to be."""
        asked = self
        while asked.into is not None:
            asked = asked.into
        return asked

    def see(self, task: int) -> None:
        """A page of the task was seen; of two tasks seen as often, the earlier stays."""
        count = self.views[task] = self.views.get(task, 0) + 1
        if self.soft < 0 or count > self.views.get(self.soft, 0):
            self.soft = task

    def read(self, task: int) -> None:
        """An answer was read: people stay where they wanted to be."""
        if self.reading < 0:
            self.reading = task
        self.settled |= task == self.task

    def take_in(self, other: Asked) -> None:
        """The other question turns out to be this one."""
        other.into = self
        self.queries += other.queries
        self.visited |= other.visited
        self.clicked |= other.clicked
        self.settled |= other.settled
        self.at, self.session = max(self.at, other.at), max(self.session, other.session)
        if self.searched < 0:
            self.searched = other.searched
        if self.reading < 0:
            self.reading = other.reading
        for task, count in other.views.items():
            self.views[task] = self.views.get(task, 0) + count
        self.soft = max(self.views, key=lambda task: self.views[task], default=NO_TASK)


class OpenQuestions:
    """The open questions of one visitor, by their latest page view, newest last."""

    __slots__ = ("_limit", "_open", "_open_ms")

    def __init__(self, *, limit: int, open_s: int) -> None:
        self._limit, self._open_ms = limit, open_s * 1000
        self._open: list[Asked] = []

    def clear(self) -> None:
        self._open.clear()

    def newest_first(self, now: int) -> Iterator[Asked]:
        """Those with which something at this moment (ms) is compared."""
        for asked in reversed(self._open[-self._limit :]):
            if self.is_open(asked, now):
                yield asked

    def is_open(self, asked: Asked, now: int) -> bool:
        return now - asked.at <= self._open_ms

    def newest(self) -> Asked | None:
        return self._open[-1] if self._open else None

    def about(self, task: int, now: int) -> Asked | None:
        """The newest question about the task."""
        return next((asked for asked in self.newest_first(now) if asked.task == task), None)

    def touch(self, asked: Asked, at: int, session: int) -> None:
        """Something of the question happened: it is the newest now."""
        asked.at, asked.session = at, session
        if not asked.closed and (not self._open or self._open[-1] is not asked):
            if asked in self._open:
                self._open.remove(asked)
            self._open.append(asked)

    def close(self, asked: Asked) -> None:
        asked.closed = True
        if asked in self._open:
            self._open.remove(asked)

    def merge(self, one: Asked, other: Asked) -> Asked:
        """Two questions turn out to be one: the older takes in the newer and is returned."""
        older, newer = sorted((one, other), key=lambda asked: asked.number)
        if newer in self._open:
            self._open.remove(newer)
        older.take_in(newer)
        return older

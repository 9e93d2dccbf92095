# SPDX-License-Identifier: EUPL-1.2
"""Events as sorted columns of numbers, on which everything after the intake works."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from tracker.event import Kind

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

T = TypeVar("T")


class K(IntEnum):
    """Kinds of events as numbers, in the order of `Kind`."""

    VIEW = 0
    SEARCH = 1
    RESULT = 2
    ENGAGE = 3
    FORM = 4
    GOAL = 5
    CONTACT = 6
    FEEDBACK = 7
    LINK = 8
    FILE = 9
    FRICTION = 10


KINDS = tuple(kind.value for kind in Kind)


@dataclass(frozen=True, slots=True)
class Coded:
    """A column of texts as numbers: `texts[codes[row]]`, -1 where there is none."""

    codes: Ints
    texts: tuple[str, ...]

    def map(self, rule: Callable[[str], T]) -> list[T]:
        """The rule's answer for every different text, in the order of the codes."""
        return [rule(text) for text in self.texts]

    def take(self, rows: Ints | Flags) -> Coded:
        return Coded(self.codes[rows], self.texts)

    def alphabetical(self) -> Ints:
        """For every row the place of its text in the alphabet."""
        place = np.empty(len(self.texts), np.int64)
        place[np.argsort(np.array(self.texts, dtype=object), kind="stable")] = np.arange(len(self.texts))
        ranks: Ints = place[self.codes]
        return ranks

    def decode(self, rows: Ints | Flags | slice = slice(None)) -> NDArray[np.object_]:
        """The texts of the rows, empty where there is none."""
        return np.array([*self.texts, ""], dtype=object)[self.codes[rows]]


@dataclass(frozen=True, slots=True)
class Events:
    """Events sorted by (visitor, time, page view, index), a column each.

    `visitor` counts from 0 by first appearance; `page_view` counts from 0 by first event and belongs to one
    visitor. `origin` has one number per page view: the one it was reached from, -1 where that is not known
    here. `partition` has one per visitor; those of one partition follow each other. What the browser did not
    say is -1 (texts) or NaN (numbers).
    """

    site: Coded
    partition: Ints
    visitor: Ints
    time: Ints
    page_view: Ints
    kind: Ints
    answered_here: Flags
    text: Mapping[str, Coded]
    number: Mapping[str, Floats]
    origin: Ints
    #: What is said once for a page view: its parameters and its referrer, with a place per page view.
    view_text: Mapping[str, Coded]

    def __len__(self) -> int:
        return len(self.time)

    def of_kind(self, *kinds: K) -> Flags:
        """Where an event is of one of those kinds."""
        return np.isin(np.arange(len(KINDS)), kinds)[self.kind]

    def keep(self, rows: Flags) -> Events:
        """Only those rows; page views and visitors keep their numbers."""
        return Events(
            site=self.site.take(rows),
            partition=self.partition,
            visitor=self.visitor[rows],
            time=self.time[rows],
            page_view=self.page_view[rows],
            kind=self.kind[rows],
            answered_here=self.answered_here[rows],
            text={name: coded.take(rows) for name, coded in self.text.items()},
            number={name: column[rows] for name, column in self.number.items()},
            origin=self.origin,
            view_text=self.view_text,
        )

    def of_visitors(self, chosen: Flags) -> Events:
        """The events of the chosen visitors; visitors and page views are numbered anew, in their order."""
        rows = chosen[self.visitor]
        shown, page_view = np.unique(self.page_view[rows], return_inverse=True)
        who, visitor = np.unique(self.visitor[rows], return_inverse=True)
        number = np.full(len(self.origin) + 1, -1, np.int64)  # the last place is for an unknown origin
        number[shown] = np.arange(len(shown))
        return replace(
            self.keep(rows),
            partition=self.partition[who],
            visitor=visitor.astype(np.int64),
            page_view=page_view.astype(np.int64),
            origin=number[self.origin[shown]],
            view_text={name: coded.take(shown) for name, coded in self.view_text.items()},
        )


def first_rows(page_view: Ints, count: int) -> Ints:
    """The first row of every page view."""
    first = np.empty(count, np.int64)
    first[page_view[::-1]] = np.arange(len(page_view))[::-1]
    return first

# SPDX-License-Identifier: EUPL-1.2
"""The order of events, which no order of rows may change: by partition, visitor, time, page view and index.

Visitors and page views get numbers from 0: by partition, and in it by their first event.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from numpy.typing import NDArray

from analysis.coding import Codes, Texts
from analysis.counting import together
from analysis.events import Flags, Ints, first_rows


@dataclass(frozen=True, slots=True)
class PageViewNumbers:
    """`of_row` is the number of each row's page view; the other columns have a place per page view: its first
    row, its visitor, and the code of its id."""

    of_row: Ints
    first_row: Ints
    visitor: Ints
    id: Ints

    def find(self, ids: Codes) -> Ints:
        """The page view with that id by the same visitor, for one id per page view; -1 where there is none,
        or where it is that page view itself."""
        own = np.arange(len(self.id))
        found = self._of_visitor(ids)
        found[(found == own) | (ids < 0)] = -1
        return found

    def _of_visitor(self, ids: Codes) -> Ints:
        width = int(max(self.id.max(initial=-1), ids.max(initial=-1))) + 2
        number = np.full(width, -1, np.int64)
        number[self.id] = np.arange(len(self.id))
        if (number[self.id] == np.arange(len(self.id))).all():  # nearly always: no id of two visitors
            found = number[ids]  # no id is the last place, which is empty
            found[(found >= 0) & (self.visitor[found] != self.visitor)] = -1
            return found
        keys, wanted = (pd.Index(self.visitor * width + each) for each in (self.id, ids))
        by_key: Ints = keys.get_indexer(wanted)
        return by_key


def in_order(
    partition: Ints, person: Ints, time: Ints, view: Codes, index: Ints, texts: Texts
) -> tuple[Ints, Ints]:
    """The order of the rows and, in that order, the visitors as numbers from 0 by partition and first
    appearance."""
    order = _by_time(time)
    order = order[_in_turn(person[order])]
    change = _changes(person[order])
    _settle_ties(order, ~(change | _changes(time[order]))[1:], view, index, texts)
    begins = np.flatnonzero(change)
    firsts = order[begins]
    met = firsts[np.lexsort((time[firsts], partition[firsts]))]
    _settle_ties(met, ~(_changes(partition[met]) | _changes(time[met]))[1:], view, index, texts)
    visitor = np.empty(len(time), np.int64)
    visitor[firsts] = np.arange(len(firsts))  # in the place of the visitor's first row
    turn = visitor[met]
    length = np.diff(np.append(begins, len(order)))[turn]
    place = np.arange(len(order)) + np.repeat(begins[turn] - (np.cumsum(length) - length), length)
    return order[place], np.repeat(np.arange(len(met)), length)


def number_page_views(who: Ints, view: Codes) -> PageViewNumbers:
    """Page views of rows in order: an id of one visitor is one page view."""
    first = np.empty(view.max(initial=-1) + 1, np.int64)
    first[view[::-1]] = np.arange(len(view))[::-1]
    opening = first[view]
    if (who[opening] == who).all():
        opens = opening == np.arange(len(view))
        of_row = (np.cumsum(opens) - 1)[opening]
        first_row = np.flatnonzero(opens)
    else:  # one id, two visitors: a page that was open when its visitor got another pseudonym
        of_row, keys = pd.factorize(who * len(first) + view)
        first_row = first_rows(of_row, len(keys))
    return PageViewNumbers(of_row, first_row, who[first_row], view[first_row].astype(np.int64))


def repeats(partition: Ints, site: Ints, view: Codes, index: Ints, time: Ints, visitor: Ints) -> Ints:
    """Positions of events whose identity (site, page view, index) was there earlier in their partition."""
    identity = together(partition, site, view, index)
    in_order = np.sort(identity)
    if not (in_order[1:] == in_order[:-1]).any():  # nearly always, and quickly seen
        return np.empty(0, np.int64)
    order = np.lexsort((visitor, time, identity))
    again: Ints = order[1:][np.diff(identity[order]) == 0]
    return again


def number_people(site: Ints, visitor: Ints) -> Ints:
    """A number for every visitor of a site, in no order that means anything."""
    person, people = pd.factorize(visitor)
    if len(site) and site.max() > 0:
        person = pd.factorize(site * len(people) + person)[0]
    numbers: Ints = person
    return numbers


def _by_time(time: Ints) -> Ints:
    """The order by time: at once where the archive gave it so."""
    if (time[1:] >= time[:-1]).all():
        return np.arange(len(time))
    return np.argsort(time, kind="stable")


def _in_turn(person: Ints) -> Ints:
    """The order by person, else as they stand. NumPy counts numbers of 16 bits instead of comparing them."""
    small = np.min_scalar_type(int(person.max(initial=0)))
    return np.argsort(person.astype(small), kind="stable")


def _changes(column: Ints) -> Flags:
    """Where a row differs from the one before; the first row does."""
    change = np.ones(len(column), bool)
    change[1:] = column[1:] != column[:-1]
    return change


def _settle_ties(order: Ints, tied: Flags, view: Codes, index: Ints, texts: Texts) -> None:
    """Rows that are tied with the next: by page view, in the alphabet, then by index."""
    one, next_one = order[:-1][tied], order[1:][tied]
    right = (view[one] == view[next_one]) & (index[one] <= index[next_one])
    if right.all():
        return
    group = np.cumsum(np.insert(~tied, 0, True))
    wrong = np.zeros(len(order) + 1, bool)
    wrong[group[1:][tied][~right]] = True
    places = np.flatnonzero(wrong[group])
    group, rows = group[places], order[places]
    order[places] = rows[np.lexsort((index[rows], _alphabetical(view[rows], texts), group))]


def _alphabetical(view: Codes, texts: Texts) -> NDArray[Any]:
    """For each of those places in the texts its place in the alphabet."""
    different, place = np.unique(view, return_inverse=True)
    order = pc.sort_indices(texts.take(different)).to_numpy()
    ranks = np.empty(len(different), np.int64)
    ranks[order] = np.arange(len(different))
    return ranks[place]

# SPDX-License-Identifier: EUPL-1.2
"""Counting over columns of numbers: rows that are equal, and the rows that belong to something.

The rows of the reconstruction are sorted already, and what they hold are places in short lists. So one whole
number stands for all keys of a row, and one pass over those numbers does what a group-by does with several
sorts or with texts.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.events import Ints

Codes = NDArray[np.int32]

_LARGEST = np.iinfo(np.int64).max
#: A place for every number that could be costs less than sorting, up to so many places for each row.
_SPARSE = 4


def alike(*keys: Codes | Ints) -> tuple[Ints, Ints]:
    """A number from 0 for every different combination of the keys, in no order that means anything, and the
    first row that has it.

    >>> same, first = alike(np.array([3, -1, 3]), np.array([1, 1, 1]))
    >>> first[same].tolist()
    [0, 1, 0]
    """
    numbers = together(*keys)
    width = int(numbers.max(initial=-1)) + 1
    if width <= _SPARSE * len(numbers):
        return _dense(numbers, width)
    same, different = pd.factorize(numbers)
    return same, first_of(same, len(different))


def together(*keys: Codes | Ints) -> Ints:
    """One number, 0 or more, for all keys of a row: equal where all of them are.

    >>> together(np.array([3, -1, 3]), np.array([5, 7, 5])).tolist()
    [12, 2, 12]
    """
    numbers, widths = _from_zero(keys[0])
    for key in keys[1:]:
        place, width = _from_zero(key)
        if widths > _LARGEST // width:
            numbers, different = pd.factorize(numbers)
            widths = len(different)
        if width > 1:
            numbers, widths = numbers * width + place, widths * width
    return numbers


def tally(numbers: Ints) -> tuple[Ints, Ints]:
    """The different numbers (0 or more), sorted, and how often each occurs.

    >>> different, times = tally(np.array([9, 7, 9]))
    >>> different.tolist(), times.tolist()
    ([7, 9], [1, 2])
    """
    if numbers.max(initial=-1) > _SPARSE * len(numbers):
        return np.unique(numbers, return_counts=True)
    times = np.bincount(numbers)
    different = np.flatnonzero(times)
    return different, times[different]


def _from_zero(key: Codes | Ints) -> tuple[Ints, int]:
    """The key counted from its lowest, and how many values that leaves room for."""
    if not len(key):
        return key.astype(np.int64), 1
    low, high = int(key.min()), int(key.max())
    place = key.astype(np.int64, copy=False)
    return place - low if low else place, high - low + 1


def _dense(numbers: Ints, width: int) -> tuple[Ints, Ints]:
    """The same for numbers below `width`, by a place for each."""
    first = np.full(width, -1, np.int64)
    first[numbers[::-1]] = np.arange(len(numbers) - 1, -1, -1)
    different = np.flatnonzero(first >= 0)
    place = np.empty(width, np.int64)
    place[different] = np.arange(len(different))
    return place[numbers], first[different]


def first_of(numbers: Ints, count: int) -> Ints:
    """The first row of every number below `count`; all occur."""
    first = np.empty(count, np.int64)
    first[numbers[::-1]] = np.arange(len(numbers) - 1, -1, -1)
    return first


def rows_of_each(wanted: Ints, numbers: Ints) -> tuple[Ints, Ints]:
    """For each of the wanted numbers all its rows in `numbers`, which is sorted: the place in `wanted`, and
    the row.

    >>> place, row = rows_of_each(np.array([7, 5]), np.array([5, 5, 6, 7]))
    >>> place.tolist(), row.tolist()
    ([0, 1, 1], [3, 0, 1])
    """
    ends = np.cumsum(np.bincount(numbers + 1, minlength=int(wanted.max(initial=-1)) + 2))
    high = ends[wanted + 1]
    length = high - ends[wanted]
    place = np.repeat(np.arange(len(wanted)), length)
    row = np.arange(len(place)) + np.repeat(high - np.cumsum(length), length)
    return place, row

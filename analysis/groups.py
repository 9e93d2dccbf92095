# SPDX-License-Identifier: EUPL-1.2
"""Groups of questions that are told together, and what adds up over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from analysis.counting import alike, rows_of_each
from analysis.events import Coded, Flags, Ints
from analysis.frames import texts


@dataclass(frozen=True, slots=True)
class Once:
    """How visitors are counted so that they add up: once over all rows of a group that are equal in the keys
    `within`, in the row where `first` is lowest. `often` where a question can have several such rows."""

    within: Sequence[str]
    first: Ints
    often: Flags


@dataclass(frozen=True, slots=True)
class Groups:
    """`names` tells of each group what it is, one row each; the other columns have one place for each
    question in a group, its visitor among them, and `often` where that visitor has more of them in the group.
    A question can be in several groups."""

    names: pl.DataFrame
    question: Ints
    group: Ints
    visitor: Ints
    often: Flags

    def add_up(
        self,
        question: Ints,
        keys: Mapping[str, Coded | Ints],
        sums: Mapping[str, Ints],
        *,
        visitors: Once | None = None,
    ) -> pl.DataFrame:
        """The rows of each group added where their keys are equal: its names, the keys, the sums, and the
        `visitors` where that is asked.

        `question` is that of each row, and sorted; a row counts in every group of its question.
        """
        place, row = rows_of_each(self.question, question)
        group = self.group[place]
        numbers = {name: (key.codes if isinstance(key, Coded) else key)[row] for name, key in keys.items()}
        weights = {name: values[row] for name, values in sums.items()}
        if visitors is not None:
            often = np.flatnonzero(self.often[place] | visitors.often[row])
            within = [group, self.visitor[place], *(numbers[name] for name in visitors.within)]
            chosen = _lowest(visitors.first[row[often]], *(key[often] for key in within))
            weights["visitors"] = np.ones_like(row)
            weights["visitors"][often] = chosen
        same, first = alike(group, *numbers.values())
        told = {
            name: texts(numbers[name][first], key.texts) if isinstance(key, Coded) else numbers[name][first]
            for name, key in keys.items()
        }
        # Sums of whole numbers are exact as fractions, up to 2 ** 53.
        summed = {
            name: np.bincount(same, weights=values, minlength=len(first)).astype(np.int64)
            for name, values in weights.items()
        }
        return self.names[group[first]].with_columns(
            **{name: pl.Series(values) for name, values in {**told, **summed}.items()}
        )


def grouped(names: pl.DataFrame, question: Ints, group: Ints, visitor: Ints) -> Groups:
    """Groups of questions, with the visitor of each."""
    same, first = alike(group, visitor)
    return Groups(names, question, group, visitor, np.bincount(same, minlength=len(first))[same] > 1)


def _lowest(value: Ints, *keys: Ints) -> Ints:
    """1 for one row of those with equal keys, where the value is lowest; 0 for the others."""
    chosen = np.zeros_like(value)
    order = np.argsort(value, kind="stable")
    chosen[order[alike(*(key[order] for key in keys))[1]]] = 1
    return chosen

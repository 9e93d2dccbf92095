# SPDX-License-Identifier: EUPL-1.2
"""A column of a log as its distinct values and, for each row, which of them stands there.

A log says the same things over and over. What is made of a value is made once, and the rows only point at it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Value = TypeVar("Value")


class Coded(NamedTuple, Generic[Value]):
    """`values` differ from each other; row n says `values[which[n]]`."""

    values: list[Value]
    which: Numbers

    def counts(self) -> list[int]:
        """In how many rows each value stands."""
        counts: list[int] = np.bincount(self.which, minlength=len(self.values)).tolist()
        return counts

    def of_each(self, made: Sequence[Any], kind: pa.DataType) -> pa.Array[Any]:
        """A column of what was made of each value."""
        return pa.array(made, kind).take(self.which)

    def listed(self, made: Sequence[Any]) -> list[Any]:
        """The same as a list, of which equal rows share the objects."""
        return [made[which] for which in self.which.tolist()]

    def only(self, rows: Flags) -> Coded[Value]:
        """Some of the rows, with the values that stand in them."""
        used = numbers_of(self.which[rows])
        return Coded([self.values[number] for number in used.values], used.which)


def texts_of(column: pl.Series) -> Coded[str]:
    """A column of texts."""
    return _of(column.to_arrow(compat_level=pl.CompatLevel.oldest()))


def numbers_of(column: Numbers) -> Coded[int]:
    """A column of whole numbers."""
    return _of(pa.array(column))


def pairs_of(left: Coded[Any], right: Coded[Any]) -> Coded[tuple[Any, Any]]:
    """Two columns as one, of pairs of their values."""
    found = numbers_of(left.which * len(right.values) + right.which)
    parts = (divmod(number, len(right.values)) for number in found.values)
    return Coded([(left.values[one], right.values[other]) for one, other in parts], found.which)


def _of(column: Any) -> Coded[Any]:
    encoded = column.dictionary_encode()
    return Coded(encoded.dictionary.to_pylist(), encoded.indices.to_numpy().astype(np.int64))

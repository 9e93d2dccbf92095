# SPDX-License-Identifier: EUPL-1.2
"""Frames exactly as `analysis.tables` declares them.

Inside the reconstruction a table is a Polars frame, which costs little to make even where it holds a few
rows; what leaves it is pandas.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

from analysis.errors import TableError
from analysis.tables import Column, empty

_TYPES: Mapping[str, type[pl.DataType]] = {
    "str": pl.String,
    "bool": pl.Boolean,
    "int8": pl.Int8,
    "int16": pl.Int16,
    "int32": pl.Int32,
    "int64": pl.Int64,
    "float64": pl.Float64,
}


def texts(codes: NDArray[np.int64], labels: Sequence[str]) -> pl.Series:
    """A column of texts from their places in `labels`; empty where the place is -1, the last one."""
    return pl.Series([*labels, ""], dtype=pl.String).gather(pl.Series(codes))


def build(values: Mapping[str, Any], columns: Mapping[str, Column]) -> pl.DataFrame:
    """A frame of those columns (arrays, series or one value for all rows), in the declared order and types.

    Raises `TableError` where a column is missing, unknown or cannot take its type.
    """
    _same_names(list(values), columns)
    length = next((len(value) for value in values.values() if not _is_one(value)), 0)
    return pl.DataFrame(
        [_typed(name, values[name], _TYPES[column.dtype], length) for name, column in columns.items()]
    )


def added_up(rows: pl.DataFrame, columns: Mapping[str, Column], keys: Sequence[str]) -> pl.DataFrame:
    """Rows with equal keys added, sorted by key: how tables of several days or partitions become one."""
    summed = rows.group_by(keys).agg(pl.exclude(*keys).sum()).sort(keys)
    return build({name: summed[name] for name in summed.columns}, columns)


def published(frame: pl.DataFrame, columns: Mapping[str, Column]) -> pd.DataFrame:
    """The pandas frame that others get."""
    if not frame.height:
        return nothing(columns)
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    return conform(table.to_pandas(), columns)


def nothing(columns: Mapping[str, Column]) -> pd.DataFrame:
    """The declared columns without a row."""
    return _nothing(tuple(columns.items())).copy()


@lru_cache(maxsize=64)
def _nothing(columns: tuple[tuple[str, Column], ...]) -> pd.DataFrame:
    return empty(dict(columns))


def conform(frame: pd.DataFrame, columns: Mapping[str, Column]) -> pd.DataFrame:
    """The frame itself, if it has exactly the declared columns, in their order, with their dtypes.

    Raises `TableError` that names what differs.
    """
    names = list(frame.columns)
    _same_names(names, columns)
    if names != list(columns):
        raise TableError(f"Columns in the order {names}; expected {list(columns)}.")
    wrong = [
        f"{name} is {dtype}, not {columns[name].dtype}"
        for name, dtype in zip(names, map(str, frame.dtypes), strict=True)
        if dtype != columns[name].dtype
    ]
    if wrong:
        raise TableError(f"Columns of another type than declared: {'; '.join(wrong)}. Convert them first.")
    return frame


def _same_names(names: Sequence[str], columns: Mapping[str, Column]) -> None:
    missing, unknown = sorted(set(columns) - set(names)), sorted(set(names) - set(columns))
    if missing or unknown:
        raise TableError(
            f"A table with other columns than declared: missing {missing or 'none'}, "
            f"unknown {unknown or 'none'}; expected {list(columns)}."
        )


def _is_one(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _typed(name: str, value: Any, kind: type[pl.DataType], length: int) -> pl.Series:
    if _is_one(value):
        return pl.Series(name, [value], dtype=kind).new_from_index(0, length)
    try:
        series = value.alias(name) if isinstance(value, pl.Series) else pl.Series(name, value)
        return series if series.dtype == kind else series.cast(kind)
    except (pl.exceptions.PolarsError, TypeError) as error:
        raise TableError(f"Column {name} does not become {kind.__name__}: {error}") from None

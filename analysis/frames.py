# SPDX-License-Identifier: EUPL-1.2
"""Frames exactly as `analysis.tables` declares them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from analysis.errors import TableError
from analysis.tables import Column


def texts(codes: NDArray[np.int64], labels: Sequence[str]) -> pd.Series[Any]:
    """A column of texts from their places in `labels`; empty where the place is -1."""
    names = pa.array([*labels, ""], pa.large_string())
    places = np.where(codes < 0, len(labels), codes)
    column: pd.Series[Any] = names.take(pa.array(places, pa.int64())).to_pandas()
    return column.astype("str")


def build(values: Mapping[str, Any], columns: Mapping[str, Column]) -> pd.DataFrame:
    """A frame of those columns (arrays, series or one value for all rows), in the declared order and dtypes.

    Raises `TableError` where a column is missing, unknown or cannot take its dtype.
    """
    _same_names(list(values), columns)
    length = next((len(value) for value in values.values() if not np.isscalar(value)), 0)
    frame = pd.DataFrame(
        {name: _typed(values[name], column.dtype, length) for name, column in columns.items()}
    )
    return conform(frame, columns)


def conform(frame: pd.DataFrame, columns: Mapping[str, Column]) -> pd.DataFrame:
    """The frame itself, if it has exactly the declared columns, in their order, with their dtypes.

    Raises `TableError` that names what differs.
    """
    _same_names(list(frame.columns), columns)
    if list(frame.columns) != list(columns):
        raise TableError(f"Columns in the order {list(frame.columns)}; expected {list(columns)}.")
    wrong = [
        f"{name} is {frame[name].dtype}, not {column.dtype}"
        for name, column in columns.items()
        if str(frame[name].dtype) != column.dtype
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


def _typed(value: Any, dtype: str, length: int) -> pd.Series[Any]:
    if np.isscalar(value):
        if dtype == "str":
            return texts(np.zeros(length, np.int64), [str(value)])
        value = np.full(length, value)
    series = value if isinstance(value, pd.Series) else pd.Series(value)
    series = series.reset_index(drop=True)
    if str(series.dtype) == dtype:
        return series
    converted: pd.Series[Any] = series.astype(pd.api.types.pandas_dtype(dtype))
    return converted

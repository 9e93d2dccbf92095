# SPDX-License-Identifier: EUPL-1.2
"""Columns of a frame as numbers: texts once for each different one, flags, and what may be missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from analysis.errors import EventsError
from analysis.events import Coded, Flags, Floats, Ints

Texts = Any  # an Arrow array of texts
Codes = NDArray[np.int32]


def code_together(*columns: pd.Series[Any]) -> tuple[Texts, list[Codes]]:
    """The different texts of the columns, and for each column their places in them, -1 where there is none.

    Raises `EventsError` where a column does not hold text.
    """
    chunks = [chunk for column in columns for chunk in _chunks(column)]
    encoded: Any = pa.concat_arrays([*chunks, pa.array([], pa.large_string())]).dictionary_encode()
    ends = np.cumsum([len(column) for column in columns])
    return encoded.dictionary, np.split(_codes(encoded), ends[:-1])


def code(column: pd.Series[Any], rows: Ints | slice = slice(None)) -> Coded:
    """The column as places in its different texts."""
    encoded: Any = pa.array(column, from_pandas=True)
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    if not isinstance(encoded, pa.DictionaryArray):
        encoded = _as_texts(encoded, column).dictionary_encode()
    texts = tuple(map(str, encoded.dictionary.to_pylist()))
    return Coded(_codes(encoded)[rows].astype(np.int64), texts)


def code_at(frame: pd.DataFrame, name: str, rows: Ints) -> Coded:
    """The column at those rows; nothing where there is none."""
    if name not in frame:
        return Coded(np.full(len(rows), -1, np.int64), ())
    if len(rows) * 2 < len(frame):  # coding fewer texts is worth taking them apart
        return code(frame[name].iloc[rows])
    return code(frame[name], rows)


def numbered(coded: Coded, known: Sequence[str]) -> Ints:
    """Places in what is known; -1 for other texts, and for none."""
    numbers = {text: number for number, text in enumerate(known)}
    table = np.array([*(numbers.get(text, -1) for text in coded.texts), -1], np.int64)
    return table[coded.codes]


def flags(frame: pd.DataFrame, name: str) -> Flags:
    """Where the column says yes; nowhere where there is none."""
    if name not in frame:
        return np.zeros(len(frame), bool)
    column = frame[name]
    return column.eq(True).fillna(value=False).to_numpy(bool)  # None is no


def given(frame: pd.DataFrame, name: str) -> Flags:
    """Where the column says anything."""
    return frame[name].notna().to_numpy(bool) if name in frame else np.zeros(len(frame), bool)


def numbers(frame: pd.DataFrame, name: str) -> Floats:
    """The column, NaN where it has no number."""
    if name not in frame:
        return np.full(len(frame), np.nan)
    return pd.to_numeric(frame[name], errors="coerce").to_numpy(np.float64, na_value=np.nan)


def _chunks(column: pd.Series[Any]) -> list[Any]:
    array: Any = pa.array(column, from_pandas=True)
    texts = _as_texts(array, column)
    return list(texts.chunks) if isinstance(texts, pa.ChunkedArray) else [texts]


def _as_texts(array: Any, column: pd.Series[Any]) -> Any:
    try:
        return array.cast(pa.large_string())
    except (pa.ArrowException, TypeError) as error:
        raise EventsError(f"Column {column.name} of the events does not hold text: {error}") from None


def _codes(encoded: Any) -> Codes:
    places: Codes = encoded.indices.cast(pa.int32()).fill_null(-1).to_numpy()
    return places

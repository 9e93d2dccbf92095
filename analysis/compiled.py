# SPDX-License-Identifier: EUPL-1.2
"""One source, two ways to run it: a module of plain functions over columns, interpreted or compiled.

Loading the compiler takes a second, and the first time on a machine it compiles for some more; what it makes
is then kept on disk. So it is only asked where a process has had enough to do; a small day is interpreted,
and so is everything where Numba cannot be had.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Rows, in one process and of one rule, from which compiling pays.
WORTH_COMPILING = 150_000
#: Rows so far by the name of the rule. It decides how fast a rule runs, never what it says.
_done: Counter[str] = Counter()
#: Inner functions become part of the one that is called, and cannot be called from outside.
_INNER: dict[str, Any] = {"forceinline": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def run(rule: Callable[..., None], module: ModuleType, *arguments: Any, rows: int) -> None:
    """Call a function of the module; `arguments` are columns (arrays of numbers or of records), numbers, and
    tuples of those. Both ways write into the columns, save those that are marked as read only."""
    _done[rule.__qualname__] += rows
    worth_it = _done[rule.__qualname__] >= WORTH_COMPILING
    fast = compiled(module, rule.__name__) if worth_it else None
    if fast is not None:
        fast(*arguments)
        return
    written: list[tuple[np.ndarray, list[Any]]] = []
    rule(*(_as_lists(each, written) for each in arguments))
    for column, values in written:
        fields = column.dtype.names
        column[:] = [tuple(getattr(row, name) for name in fields) for row in values] if fields else values


@lru_cache(maxsize=8)
def compiled(module: ModuleType, entrance: str) -> Callable[..., None] | None:
    """A function of the module, with all that it calls, as machine code; None where there is no compiler."""
    try:
        import numba
    except ImportError:
        return None
    namespace: dict[str, Any] = dict(vars(module))
    for name, function in vars(module).items():
        if isinstance(function, FunctionType) and function.__module__ == module.__name__:
            again = FunctionType(function.__code__, namespace, name, function.__defaults__)
            namespace[name] = _kept(numba.njit, again) if name == entrance else numba.njit(again, **_INNER)
    entry: Callable[..., None] = namespace[entrance]
    return entry


def _kept(njit: Callable[..., Any], function: FunctionType) -> Any:
    """Compiled when first called, and kept on disk where something can be written there."""
    try:
        return njit(function, cache=True)
    except RuntimeError:  # no folder for it: neither beside the source nor in the user's own
        return njit(function)


def records(fields: Sequence[str], given: Mapping[str, Any], length: int) -> NDArray[Any]:
    """An array of records with these fields, each of the type of what is given for it; whole numbers, zero
    at first, where nothing is."""
    kinds = {name: np.asarray(value).dtype for name, value in given.items()}
    rows = np.zeros(length, [(name, kinds.get(name, np.int64)) for name in fields])
    for name, value in given.items():
        rows[name] = value
    return rows


def _as_lists(argument: Any, written: list[tuple[np.ndarray, list[Any]]]) -> Any:
    """The same with a list for every column and an object for every record: plain Python reads those several
    times faster than arrays."""
    if isinstance(argument, np.ndarray):
        values = argument.tolist()
        if argument.dtype.names:
            values = list(map(_record(argument.dtype.names), values))
        if argument.flags.writeable:
            written.append((argument, values))
        return values
    if isinstance(argument, tuple):
        return type(argument)(*(_as_lists(each, written) for each in argument))
    return argument


@lru_cache(maxsize=32)
def _record(fields: tuple[str, ...]) -> Callable[[tuple[Any, ...]], Any]:
    """Makes an object with those fields of a tuple."""
    kind = type("Record", (), {"__slots__": fields})

    def make(values: tuple[Any, ...]) -> Any:
        row = kind()
        for name, value in zip(fields, values, strict=True):
            setattr(row, name, value)
        return row

    return make

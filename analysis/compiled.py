# SPDX-License-Identifier: EUPL-1.2
"""One source, two ways to run it: a module of plain functions over columns, interpreted or compiled.

Loading the compiler takes a second, and the first time on a machine it compiles for some more; what it makes
is then kept on disk. So it is only asked where a process has had enough to do; a small day is interpreted,
and so is everything where Numba cannot be had.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import make_dataclass
from functools import lru_cache
from itertools import starmap
from types import FunctionType, ModuleType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Held = TypeVar("Held")

#: Rows, in one process and of one rule, from which compiling pays.
WORTH_COMPILING = 150_000
#: Rows so far by the name of the rule. It decides how fast a rule runs, never what it says.
_done: Counter[str] = Counter()
#: So many records at a time have all their fields filled: few enough to stay in the processor's cache.
_AT_ONCE = 4_096
#: Inner functions become part of the one that is called, and cannot be called from outside.
_INNER: dict[str, Any] = {"forceinline": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def run(
    rule: Callable[..., None],
    module: ModuleType,
    *arguments: Any,
    rows: int,
    writes: frozenset[str] = frozenset(),
    empty: frozenset[str] = frozenset(),
    scratch: frozenset[str] = frozenset(),
) -> None:
    """Call a function of the module; `arguments` are columns (arrays of numbers or of records), numbers, and
    named tuples of those.

    Of records that are given, only the fields in `writes` are changed. Members of a tuple in `empty` hold
    nothing yet, and get their records from the first on; those in `scratch` are of no use to anyone after.
    """
    _done[rule.__qualname__] += rows
    worth_it = _done[rule.__qualname__] >= WORTH_COMPILING
    fast = compiled(module, rule.__name__) if worth_it else None
    if fast is not None:
        fast(*arguments)
        return
    lists = _Lists(writes, empty, scratch)
    rule(*(lists.of(each) for each in arguments))
    lists.write_back()


def lent(columns: Held) -> Held:
    """The columns, as the function with which a rule begins takes them from its caller.

    It holds them until the rule returns. So compiled code need not count, at every look at one of them, who
    holds it: that took thirty times as long as all the rest.
    """
    return columns


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
        elif function is lent:
            namespace[name] = _lent_compiled()
    entry: Callable[..., None] = namespace[entrance]
    return entry


def _lent_compiled() -> Any:
    """The same for compiled code: columns that do not say whose they are."""
    from numba import types
    from numba.extending import intrinsic

    def without_holder(context: Any, builder: Any, kind: Any, value: Any) -> Any:
        if isinstance(kind, types.Array):
            column = context.make_array(kind)(context, builder, value)
            column.meminfo = column.meminfo.type(None)
            return column._getvalue()
        if isinstance(kind, types.BaseTuple):
            kinds: Any = kind
            for place, each in enumerate(kinds):
                member = without_holder(context, builder, each, builder.extract_value(value, place))
                value = builder.insert_value(value, member, place)
        return value

    def lend(_: Any, columns: Any) -> tuple[Any, Callable[..., Any]]:
        def code(context: Any, builder: Any, signature: Any, values: Sequence[Any]) -> Any:
            return without_holder(context, builder, signature.args[0], values[0])

        return columns(columns), code

    return intrinsic(lend)


def _kept(njit: Callable[..., Any], function: FunctionType) -> Any:
    """Compiled when first called, and kept on disk where something can be written there."""
    try:
        return njit(function, cache=True)
    except RuntimeError:  # no folder for it: neither beside the source nor in the user's own
        return njit(function)


def records(
    fields: Sequence[str], given: Mapping[str, Any], length: int, *, wide: frozenset[str] = frozenset()
) -> NDArray[Any]:
    """An array of records with these fields, zero where nothing is given: numbers of 32 bits, but those in
    `wide`, and flags and fractions, as they come."""
    kinds = {name: np.asarray(value).dtype for name, value in given.items()}
    kept = {name: kind for name, kind in kinds.items() if name in wide or kind.kind in "bf"}
    small = {name: np.int64 if name in wide else np.int32 for name in fields}
    rows = np.zeros(length, np.dtype([(name, {**small, **kept}[name]) for name in fields], align=True))
    columns = [(rows[name], np.broadcast_to(value, length)) for name, value in given.items()]
    for start in range(0, length, _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        for field, value in columns:
            field[some] = value[some]
    return rows


class _Lists:
    """Lists in place of columns, objects in place of records: plain Python reads those several times faster
    than arrays."""

    def __init__(self, writes: frozenset[str], empty: frozenset[str], scratch: frozenset[str]) -> None:
        self._writes, self._empty, self._scratch = writes, empty, scratch
        self._made: list[tuple[NDArray[Any], Any, tuple[str, ...]]] = []

    def of(self, argument: Any, name: str = "") -> Any:
        if isinstance(argument, tuple):
            names = argument._fields  # type: ignore[attr-defined]
            return type(argument)(*map(self.of, argument, names))
        if not isinstance(argument, np.ndarray):
            return argument
        known, kept = argument.dtype.names or (), argument.flags.writeable and name not in self._scratch
        values: Any
        if known and name in self._empty | self._scratch:
            values = defaultdict(_record(known))  # made when they are first asked for
            fields = known
        elif known:
            values = list(starmap(_record(known), argument.tolist()))
            fields = tuple(field for field in known if field in self._writes)
            kept = kept and bool(fields)
        else:
            values, fields = argument.tolist(), ()
        if kept:
            self._made.append((argument, values, fields))
        return values

    def write_back(self) -> None:
        for column, values, fields in self._made:
            if not fields:
                column[:] = values
            rows = [values[place] for place in range(len(values))] if fields else []
            for field in fields:
                column[field][: len(rows)] = [getattr(row, field) for row in rows]


@lru_cache(maxsize=32)
def _record(fields: tuple[str, ...]) -> Callable[..., Any]:
    """A class with those fields; its objects are made of nothing or of all of them."""
    return make_dataclass("Record", [(field, Any, None) for field in fields])

# SPDX-License-Identifier: EUPL-1.2
"""Values of expected types out of nested tables; what does not fit is collected with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from experiments.errors import Problem, did_you_mean
from experiments.places import Places, Steps

MISSING = object()
_T = TypeVar("_T")


class Reader:
    """Reads one file. Every method returns a stand-in where it reports, so that reading goes on.

    `examples` gives for each key that may be missing a line to take over.
    """

    def __init__(self, source: str, places: Places, examples: Mapping[str, str]) -> None:
        self.problems: list[Problem] = []
        self._source = source
        self._places = places
        self._examples = examples

    def report(self, steps: Steps, message: str) -> None:
        key = ".".join(str(step) for step in steps)
        self.problems.append(Problem(self._source, self._places.line(steps), key, message))

    def table(
        self, steps: Steps, value: object, required: Iterable[str], optional: Iterable[str] = ()
    ) -> Mapping[str, Any]:
        """The value as a table with these keys; what is missing, unknown or no table at all is reported."""
        known = [*required, *optional]
        if not isinstance(value, dict):
            return self._unfit(steps, value, f"expected a table with {', '.join(known)}", {})
        for key in value:
            if key not in known:
                self.report((*steps, key), f"unknown key. {did_you_mean(key, known)}")
        for key in required:
            if key not in value:
                self.report(steps, f"{key} is missing. Add a line such as: {self._examples[key]}")
        return value

    def text(self, steps: Steps, value: object) -> str:
        if isinstance(value, str) and value.strip():
            return value.strip()
        return self._unfit(steps, value, 'expected text, such as "…"', "")

    def whole(self, steps: Steps, value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
            return value
        return self._unfit(steps, value, "expected a whole number of 1 or more", 1)

    def number(self, steps: Steps, value: object, fits: Callable[[float], bool], expected: str) -> float:
        # `fits` is written with `<`, which is false for nan.
        if isinstance(value, int | float) and not isinstance(value, bool) and fits(value):
            return float(value)
        return self._unfit(steps, value, f"expected {expected}", 1.0)

    def flag(self, steps: Steps, value: object) -> bool:
        if isinstance(value, bool):
            return value
        return self._unfit(steps, value, "expected true or false, without quotes", False)

    def day(self, steps: Steps, value: object) -> date:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        expected = "expected a date without quotes and without a time, such as 2026-06-01"
        return self._unfit(steps, value, expected, date.min)

    def texts(self, steps: Steps, value: object) -> tuple[str, ...]:
        if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
            return tuple(value)
        return self._unfit(steps, value, 'expected a list of text, such as ["/", "/afval/**"]', ())

    def choice(self, steps: Steps, value: object, known: Iterable[str]) -> str:
        names = list(known)
        if value in names:
            return str(value)
        hint = did_you_mean(value, names) if isinstance(value, str) else ""
        return self._unfit(steps, value, f"expected one of {', '.join(names)}", names[0], hint)

    def _unfit(self, steps: Steps, value: object, expected: str, instead: _T, hint: str = "") -> _T:
        if value is not MISSING:  # what is missing has been reported by `table`
            self.report(steps, f"{expected}; got {shown(value)}. {hint}".rstrip())
        return instead


def shown(value: object) -> str:
    """A value as it may stand in a message."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."

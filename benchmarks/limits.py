# SPDX-License-Identifier: EUPL-1.2
"""What a benchmark found, beside what it aims at: lines for people, a Markdown table for a page."""

from __future__ import annotations

import sys
from typing import Self


class Figures:
    """Figures with their aims, in the order in which they are found.

    On a terminal each is printed at once; elsewhere (`| tee`, a file) all of them as one table, when the
    block ends. `missed` says whether an aim was missed: what to do about it is the benchmark's affair.

    >>> with Figures() as figures:
    ...     _ = figures.add("events/s of one core", 462_000, at_least=400_000)
    ...     _ = figures.add("times a tenth", 11.2, at_most=11)
    ...     _ = figures.add("pages", 3, said="3, of which 1 is new")
    <BLANKLINE>
    | what | figure | aim | met |
    | --- | --- | --- | --- |
    | events/s of one core | 462,000 | at least 400,000 | yes |
    | times a tenth | 11.200 | at most 11 | **MISSED** |
    | pages | 3, of which 1 is new |  |  |
    >>> figures.missed
    True
    """

    def __init__(self, *, table: bool | None = None) -> None:
        self.missed = False
        self._table = not sys.stdout.isatty() if table is None else table
        self._rows: list[tuple[str, str, str, str]] = []

    def add(
        self,
        what: str,
        value: float,
        *,
        at_least: float | None = None,
        at_most: float | None = None,
        judged: bool = True,
        said: str = "",
    ) -> bool:
        """Put down a figure with its aim, where it has one; whether that was met.

        `said` is printed in place of the bare number. With `judged=False`, for a run too small to say, the
        aim is printed and nothing can be missed.
        """
        if at_least is not None and at_most is not None:
            raise ValueError(f"{what}: expected an aim of at_least or of at_most, not both.")
        met, aim = True, ""
        if at_least is not None:
            met, aim = value >= at_least, f"at least {at_least:,}"
        if at_most is not None:
            met, aim = value <= at_most, f"at most {at_most:,}"
        if not judged:
            met = True
        self.missed |= not met
        figure = said or _text(value)
        verdict = ("met" if met else "MISSED") if judged else "not judged at this size"
        if not self._table:
            print(f"{what}: {figure}" + (f" (aim: {aim}; {verdict})" if aim else ""), flush=True)
        cell = {"met": "yes", "MISSED": "**MISSED**"}.get(verdict, verdict) if aim else ""
        self._rows.append((what, figure, aim, cell))
        return met

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._table and self._rows:
            head = (("what", "figure", "aim", "met"), ("---",) * 4)
            print("\n" + "\n".join(f"| {' | '.join(row)} |" for row in (*head, *self._rows)))


def _text(value: float) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3f}"

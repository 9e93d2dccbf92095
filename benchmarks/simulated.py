# SPDX-License-Identifier: EUPL-1.2
"""One cell of the table of `benchmarks/validity.py`: a simulated test, done often, and its promise."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analysis.estimates import Estimate, Refused, Sums

Run = Callable[[np.random.Generator], Estimate | Refused]
Outcome = Callable[[np.random.Generator], bool | None]

#: Simulated tests that share a stream of random numbers: the unit of work, and of what an interruption loses.
CHUNK = 250


@dataclass(frozen=True, slots=True)
class Setting:
    """One cell of the table. `expected` says what must be seen for the cell to hold:

    sound (the share lies near `promised`), exact (at most that), refused (nearly always), wrong (clearly more
    than promised: a naive analysis, shown to be one) or limit (clearly not that: where our method ends).

    `run` tells of one simulated test whether it erred (or found what it should); None where it was refused.
    A float was summed over all tables, without Monte Carlo error.
    """

    method: str
    name: str
    run: Outcome | float
    expected: str = "sound"
    promised: float = 0.05
    share: float = 1.0  # of the runs asked for: permutations take a fifth, a test of one in a thousand more

    @property
    def key(self) -> str:
        return f"{self.method} | {self.name}"

    def runs(self, asked: int) -> int:
        return max(1, round(asked * self.share))


@dataclass(frozen=True, slots=True)
class Seen:
    """Of `runs` simulated tests: how many were refused and how many erred; they add up over chunks."""

    runs: int = 0
    refused: int = 0
    erred: float = 0
    cpu_s: float = 0.0

    def __add__(self, other: Seen) -> Seen:
        return Seen(
            self.runs + other.runs,
            self.refused + other.refused,
            self.erred + other.erred,
            self.cpu_s + other.cpu_s,
        )

    @property
    def kept(self) -> int:
        return self.runs - self.refused

    @property
    def share(self) -> float:
        return self.erred / self.kept if self.kept else math.nan

    @property
    def share_refused(self) -> float:
        return self.refused / self.runs if self.runs else math.nan


def rejects(run: Run) -> Outcome:
    """A false positive where there is no difference."""

    def outcome(rng: np.random.Generator) -> bool | None:
        found = run(rng)
        return None if isinstance(found, Refused) else found.p_value < 0.05

    return outcome


def misses(run: Run, truth: float) -> Outcome:
    """An interval that does not hold the true difference."""

    def outcome(rng: np.random.Generator) -> bool | None:
        found = run(rng)
        return None if isinstance(found, Refused) else not found.ci[0] <= truth <= found.ci[1]

    return outcome


def sums(values: np.ndarray) -> Sums:
    """With cubes, as reports keep them: so the guard against heavy tails is at work."""
    return Sums(len(values), float(values.sum()), float((values**2).sum()), float((values**3).sum()))


def shares(hits: float, n: int) -> Sums:
    return Sums(n, float(hits), float(hits))


def chunk(setting: Setting, number: int, runs: int) -> Seen:
    """The chunk of that number: the same whoever does it, and however many do the others."""
    assert callable(setting.run)
    rng = np.random.default_rng([number, *setting.key.encode()])
    outcomes = [setting.run(rng) for _ in range(runs)]
    return Seen(
        runs, outcomes.count(None), sum(outcome is not None and bool(outcome) for outcome in outcomes)
    )

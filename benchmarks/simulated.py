# SPDX-License-Identifier: EUPL-1.2
"""One cell of the table of `benchmarks/validity.py`: a simulated test, done often, and its promise."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analysis.estimates import Estimate, Refused

Run = Callable[[np.random.Generator], Estimate | Refused]
Outcome = Callable[[np.random.Generator], bool | None]


@dataclass(frozen=True, slots=True)
class Setting:
    """One cell of the table; `expected`: sound (near `promised`), exact (at most that), refused or wrong.

    `run` tells of one simulated test whether it erred; None where it was refused.
    """

    method: str
    name: str
    run: Outcome | float  # a float was summed over all tables, without Monte Carlo error
    expected: str = "sound"
    promised: float = 0.05
    every: int = 1  # of so many runs one is done


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


def measure(setting: Setting, runs: int, seed: int) -> tuple[float, float, int]:
    """(share refused, false positives among the rest, number of the rest)."""
    if isinstance(setting.run, float):
        return 0.0, setting.run, runs
    rng = np.random.default_rng(seed)
    outcomes = [setting.run(rng) for _ in range(max(1, runs // setting.every))]
    kept = [outcome for outcome in outcomes if outcome is not None]
    return 1 - len(kept) / len(outcomes), float(np.mean(kept)) if kept else math.nan, len(kept)


def judged(setting: Setting, refused: float, false: float, kept: int) -> str:
    if setting.expected == "refused":
        return "refused" if refused > 0.95 else "NOT REFUSED"
    # Bonferroni over the table's cells at one per cent: a bound of about four standard errors.
    bound = margin(setting, kept)
    if setting.expected == "wrong":
        return "wrong, as shown" if false > setting.promised + bound else "?"
    low = 0.0 if setting.expected == "exact" else setting.promised - bound
    return "holds" if low <= false <= setting.promised + bound else "FAILS"


def margin(setting: Setting, kept: int) -> float:
    """The Monte Carlo bound around what was promised."""
    return 3.9 * math.sqrt(setting.promised * (1 - setting.promised) / max(kept, 1))

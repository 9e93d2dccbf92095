# SPDX-License-Identifier: EUPL-1.2
"""The channel shift of each week, and whether it changes over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from analysis.estimates.proportion import wilson

#: Weeks below which no change over time is told.
MIN_SHIFT_WEEKS = 4


@dataclass(frozen=True, slots=True)
class Shift:
    """A week: of so many questions `shifted` ended in a channel shift, with the interval of that share."""

    week: date
    questions: int
    shifted: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ShiftChange:
    """By how much the odds of a channel shift changed from the first to the last of `weeks`, as a factor."""

    weeks: int
    factor: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        return self.low > 1 or self.high < 1


def shifts(weekly: pl.DataFrame, task: str | None = None) -> list[Shift]:
    """The channel shift of each week, with Wilson's interval."""
    rows = weekly if task is None else weekly.filter(pl.col("task") == task)
    summed = rows.group_by("week").agg(pl.col("questions", "shifted").sum()).sort("week")
    return [
        Shift(week, asked, shifted, shifted / asked, *wilson(shifted, asked))
        for week, asked, shifted in summed.iter_rows()
    ]


def shift_change(weeks: Sequence[Shift]) -> ShiftChange | None:
    """Whether residents turn to another channel more or less than before; None where that cannot be told.

    A binomial regression on the week, with the spread between weeks measured (quasi-likelihood), so that
    weeks which differ by more than chance do not make a trend. Source: McCullagh & Nelder (1989), section
    4.5.
    """
    import statsmodels.api as sm
    from scipy import stats

    known = [week for week in weeks if week.questions]
    shifted = sum(week.shifted for week in known)
    if len(known) < MIN_SHIFT_WEEKS or not 0 < shifted < sum(week.questions for week in known):
        return None
    numbers = np.array([(week.week - known[0].week).days / 7 for week in known])
    whole = float(numbers[-1])
    pairs = np.array([[week.shifted, week.questions - week.shifted] for week in known])
    fitted = sm.GLM(pairs, sm.add_constant(numbers / whole), family=sm.families.Binomial()).fit()
    freedom = len(known) - 2
    spread = max(1.0, float(fitted.pearson_chi2) / freedom) ** 0.5
    reach = float(stats.t.ppf(0.975, freedom)) * float(fitted.bse[1]) * spread
    slope = float(fitted.params[1])
    return ShiftChange(len(known), *np.exp([slope, slope - reach, slope + reach]).tolist())

# SPDX-License-Identifier: EUPL-1.2
"""The pattern of a site's weeks: level x weekday x hour x what is in the calendar, learned from its past.

- *Week pattern and effects of events*: a Poisson regression of the days (statsmodels), with the level
  around each day as its offset. Old days count less, halved every `PATTERN_HALF_LIFE`; days with an event
  count in full. A public holiday is a Sunday, times an effect of its own once three were seen.
- *Level*: a Poisson regression of one constant on what the pattern leaves, halved every `LEVEL_HALF_LIFE`:
  it follows a site that grows within two weeks. No trend is drawn on: on real series that made it worse.
- *Hours*: the share of each hour on working days, Saturdays, and Sundays with holidays.

Source: discounted likelihood: West & Harrison, Bayesian Forecasting and Dynamic Models, 2nd edition (1997),
section 2.4.2.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analysis.calendar import NO_EVENTS, Calendar, EventKind
from analysis.estimates import LEVEL
from analysis.holidays import SUNDAY, is_holiday

HOURS = 24
WEEK = 7
#: In days.
PATTERN_HALF_LIFE = 90.0
LEVEL_HALF_LIFE = 7.0
#: Older days say nothing of the week pattern any more.
OLDEST = 730
#: Days around a day whose mean is its level.
_AROUND = 10
#: A holiday has an effect of its own, beside that of a Sunday, once so many were seen.
MIN_HOLIDAYS = 3
_SATURDAY = 5

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class History:
    """Counts by hour of the site's clock: a row of 24 for every day from `first` on."""

    first: date
    counts: Floats

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def last(self) -> date:
        return self.first + timedelta(days=len(self) - 1)

    def until(self, days: int) -> History:
        """Only the first so many days."""
        return History(self.first, self.counts[:days])

    def days(self) -> list[date]:
        return [self.first + timedelta(days=place) for place in range(len(self))]


@dataclass(frozen=True, slots=True)
class Effect:
    """By how much an event multiplies a day, with its interval; `days` is on how many it was seen."""

    factor: float
    low: float
    high: float
    days: int


@dataclass(frozen=True, slots=True)
class Model:
    """What was learned: `weekdays` multiply the level, `hours` are shares by type of day."""

    level: float
    weekdays: Floats
    hours: Floats
    effects: Mapping[EventKind, Effect]
    holiday: float
    calendar: Calendar

    def mean(self, first: date, days: int) -> Floats:
        """Expected counts, a row of 24 a day."""
        return np.array([self._day(first + timedelta(days=place)) for place in range(days)])

    def _day(self, day: date) -> Floats:
        factor = self.level * self.weekdays[weekday_of(day)] * (self.holiday if is_holiday(day) else 1.0)
        for kind in self.calendar.kinds_of(day):
            factor *= self.effects[kind].factor if kind in self.effects else 1.0
        hours: Floats = factor * self.hours[_type_of(day)]
        return hours

    def unknown(self, last: date) -> tuple[EventKind, ...]:
        """Kinds of events that are yet to come and were never seen."""
        kinds = {event.kind for event in self.calendar.events if event.last > last}
        return tuple(sorted(kinds - set(self.effects)))


def weekday_of(day: date) -> int:
    """0 for Monday to 6 for Sunday; a public holiday is a Sunday."""
    return SUNDAY if is_holiday(day) else day.weekday()


def _type_of(day: date) -> int:
    return max(0, weekday_of(day) - _SATURDAY + 1)


def fit(history: History, calendar: Calendar = NO_EVENTS) -> Model:
    """Learn the pattern of the week, the effects of events, the hours and the level."""
    skipped = max(0, len(history) - OLDEST)
    history = History(history.first + timedelta(days=skipped), history.counts[skipped:])
    days, totals = history.days(), history.counts.sum(axis=1)
    weekdays = np.array([weekday_of(day) for day in days])
    kinds = [calendar.kinds_of(day) for day in days]
    ordinary = np.array([not kind for kind in kinds])
    weekday_factors, effects, holiday = _pattern(days, totals, weekdays, kinds, ordinary)
    factors = weekday_factors[weekdays]
    factors = factors * np.where([is_holiday(day) for day in days], holiday, 1.0)
    for place, found in enumerate(kinds):
        factors[place] *= math.prod(effects[kind].factor for kind in found if kind in effects)
    age = np.arange(len(days))[::-1]
    return Model(
        level=_level(totals, factors, 0.5 ** (age / LEVEL_HALF_LIFE)),
        weekdays=weekday_factors,
        hours=_shares(history.counts, np.array([_type_of(day) for day in days]), ordinary, age),
        effects=effects,
        holiday=holiday,
        calendar=calendar,
    )


def _pattern(
    days: Sequence[date],
    totals: Floats,
    weekdays: NDArray[np.int64],
    kinds: Sequence[frozenset[EventKind]],
    ordinary: NDArray[np.bool_],
) -> tuple[Floats, dict[EventKind, Effect], float]:
    """Factor of each weekday, of each kind of event that was seen, and of a holiday beside that of a
    Sunday."""
    import statsmodels.api as sm

    around = _around(totals, ordinary)
    # Where no ordinary week is left to compare with, an event's effect cannot be told from the level.
    known = sorted({kind for found in kinds for kind in found}) if ordinary.sum() >= WEEK else []
    holidays = np.array([is_holiday(day) for day in days], float)
    # Where every Sunday was a holiday, nobody can say which of the two it was.
    plain_sundays = ((weekdays == SUNDAY) & (holidays == 0)).sum()
    has_holidays = min(holidays.sum(), plain_sundays) >= MIN_HOLIDAYS
    columns = [weekdays == number for number in range(WEEK)]
    columns += [np.array([kind in found for found in kinds]) for kind in known]
    columns += [holidays] if has_holidays else []
    design = np.column_stack(columns).astype(float)
    age = np.arange(len(days))[::-1]
    weight = np.where(ordinary & (holidays == 0), 0.5 ** (age / PATTERN_HALF_LIFE), 1.0)
    used = np.flatnonzero(design.any(axis=0))
    family = sm.families.Poisson()
    # Half a visit a day, so that a weekday on which nobody came has a factor.
    fitted = sm.GLM(
        totals + 0.5, design[:, used], family=family, offset=np.log(around + 0.5), var_weights=weight
    ).fit(scale="X2", maxiter=50)
    logs, errors = np.zeros(design.shape[1]), np.zeros(design.shape[1])
    logs[used], errors[used] = fitted.params, fitted.bse
    effects = {}
    for place, kind in enumerate(known, WEEK):
        seen = int(design[:, place].sum())
        reach = float(stats.t.ppf(0.5 + LEVEL / 2, max(1, len(days) - len(used)))) * errors[place]
        low, factor, high = np.exp([logs[place] - reach, logs[place], logs[place] + reach]).tolist()
        effects[kind] = Effect(factor, low, high, seen)
    weekday_factors: Floats = np.exp(logs[:WEEK])
    return weekday_factors, effects, float(np.exp(logs[-1])) if has_holidays else 1.0


def _around(totals: Floats, ordinary: NDArray[np.bool_]) -> Floats:
    """The level around each day: the mean of the ordinary days near it."""
    counted = ordinary if ordinary.any() else np.ones(len(totals), bool)
    sums = np.concatenate([[0.0], np.cumsum(np.where(counted, totals, 0.0))])
    numbers = np.concatenate([[0.0], np.cumsum(counted)])
    place = np.arange(len(totals))
    low, high = np.maximum(place - _AROUND, 0), np.minimum(place + _AROUND + 1, len(totals))
    number = numbers[high] - numbers[low]
    overall = sums[-1] / numbers[-1]
    mean: Floats = np.where(number > 0, (sums[high] - sums[low]) / np.maximum(number, 1), overall)
    return mean


def _level(totals: Floats, factors: Floats, weight: Floats) -> float:
    import statsmodels.api as sm

    if not (weight * totals).sum():
        return 0.0
    ones = np.ones((len(totals), 1))
    fitted = sm.GLM(
        totals,
        ones,
        family=sm.families.Poisson(),
        offset=np.log(np.maximum(factors, 1e-9)),
        var_weights=weight,
    ).fit(maxiter=50)
    return float(np.exp(fitted.params[0]))


def _shares(
    counts: Floats, types: NDArray[np.int64], ordinary: NDArray[np.bool_], age: NDArray[np.int64]
) -> Floats:
    """The share of each hour on working days, Saturdays and Sundays; of all days where a type was not seen.

    Each gets as much of the hours of all days as ten counts weigh, so that a quiet hour is not impossible.
    """
    weight = (0.5 ** (age / PATTERN_HALF_LIFE) * (ordinary if ordinary.any() else 1.0))[:, None]
    every = (weight * counts).sum(axis=0) + 0.5
    every /= every.sum()
    found = []
    for number in range(3):
        summed = (weight * counts)[types == number].sum(axis=0) + 10 * every
        found.append(summed / summed.sum())
    return np.array(found)

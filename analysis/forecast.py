# SPDX-License-Identifier: EUPL-1.2
"""How much will come in the weeks ahead, by hour, and how far off that may be.

The mean is that of `analysis.seasonal`. The interval is not the model's own opinion of itself: the same
forecast is made from earlier weeks, and what it missed then, at the same distance, gives the variance
a·mean + b·mean²; the interval is that of the negative binomial distribution with that mean and variance.

Sources: variance a·mean + b·mean²: McCullagh & Nelder, Generalized Linear Models, 2nd edition (1989), section
6.2.3. Rolling origin: Tashman, International Journal of Forecasting 16 (2000).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from scipy import optimize, stats

from analysis.calendar import NO_EVENTS, Calendar, EventKind
from analysis.estimates import LEVEL
from analysis.seasonal import HOURS, WEEK, Effect, Floats, History, fit

#: Two weeks to learn from and two to measure the error on.
MIN_WEEKS = 4
#: A week further ahead for every two weeks more, to at most this many.
MOST_WEEKS = 4
#: Earlier forecasts on which the error is measured.
ORIGINS = 12
#: Fewer a week than this, and nothing can be said of its hours.
MIN_PER_WEEK = 20.0


@dataclass(frozen=True, slots=True)
class TooLittle:
    """No forecast: how many whole weeks there are and how many it takes, or how few came."""

    weeks: int
    needed: int
    per_week: float = math.inf

    def sentence(self, language: str) -> str:
        if self.weeks < self.needed:
            return {
                "nl": f"Er is nog geen verwachting: daarvoor zijn minstens {self.needed} hele weken nodig, "
                f"en er zijn er {self.weeks}.",
                "en": f"There is no forecast yet: it takes at least {self.needed} whole weeks, "
                f"and there are {self.weeks}.",
            }[language]
        return {
            "nl": f"Er is geen verwachting: er komen er {self.per_week:.0f} in een week, en onder de "
            f"{MIN_PER_WEEK:.0f} valt over uren niets te zeggen.",
            "en": f"There is no forecast: {self.per_week:.0f} come in a week, and below "
            f"{MIN_PER_WEEK:.0f} nothing can be said of hours.",
        }[language]


@dataclass(frozen=True, slots=True)
class Ahead:
    """Expected counts, each with its own interval: ends of intervals do not add up."""

    mean: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class Forecast:
    """The days from `first` on: `weeks` has one place a week, `days` one a day, `hours` a row of 24.

    `effects` are those of events that were seen; `unknown` kinds are expected and were never seen, so they
    are not in it. `origins` earlier forecasts gave the interval.
    """

    first: date
    weeks: Ahead
    days: Ahead
    hours: Ahead
    effects: Mapping[EventKind, Effect]
    unknown: tuple[EventKind, ...]
    origins: int

    def dates(self) -> list[date]:
        return [self.first + timedelta(days=place) for place in range(len(self.days.mean))]


def forecast(
    history: History, calendar: Calendar = NO_EVENTS, *, weeks: int = MOST_WEEKS, level: float = LEVEL
) -> Forecast | TooLittle:
    """The weeks after the history, as many as its length allows and at most `weeks`.

    The history must end with a whole day. Events of the calendar explain days that were seen and change those
    to come.
    """
    whole = len(history) // WEEK
    if whole < MIN_WEEKS:
        return TooLittle(whole, MIN_WEEKS)
    per_week = float(history.counts[-MIN_WEEKS * WEEK :].sum()) / MIN_WEEKS
    if per_week < MIN_PER_WEEK:
        return TooLittle(whole, MIN_WEEKS, per_week)
    reach = min(weeks, MOST_WEEKS, (whole - 2) // 2)
    model = fit(history, calendar)
    mean = model.mean(history.last + timedelta(days=1), reach * WEEK)
    errors = _Errors.of(history, calendar, reach)
    return Forecast(
        first=history.last + timedelta(days=1),
        weeks=_ahead(_weekly(mean), errors.weeks, level, rows=1),
        days=_ahead(mean.sum(axis=1), errors.days, level),
        hours=_ahead(mean, errors.hours, level),
        effects=model.effects,
        unknown=model.unknown(history.last),
        origins=errors.origins,
    )


def _ahead(mean: Floats, spreads: Sequence[Spread], level: float, rows: int = WEEK) -> Ahead:
    """Each week, of so many rows, with its own spread."""
    low, high = np.zeros_like(mean), np.zeros_like(mean)
    for week, spread in enumerate(spreads):
        within = slice(week * rows, (week + 1) * rows)
        low[within], high[within] = spread.interval(mean[within], level)
    return Ahead(mean, low, high)


def _weekly(hours: Floats) -> Floats:
    sums: Floats = hours.reshape(-1, WEEK * HOURS).sum(axis=1)
    return sums


@dataclass(frozen=True, slots=True)
class Spread:
    """The variance a·mean + b·mean² of what comes around what was forecast."""

    a: float
    b: float

    def interval(self, mean: Floats, level: float) -> tuple[Floats, Floats]:
        """Of the negative binomial distribution with that mean and variance."""
        mean = np.maximum(mean, 1e-9)
        variance = np.maximum(self.a * mean + self.b * mean**2, mean * 1.000001)
        chance = mean / variance
        size = mean * chance / (1 - chance)
        tail = (1 - level) / 2
        # Where nothing at all may come it often does, and that is no surprise: the lower end is then 0.
        low, high = (np.asarray(stats.nbinom.ppf(end, size, chance)) for end in (tail, 1 - tail))
        return low, high


@dataclass(frozen=True, slots=True)
class _Errors:
    """The spread by weeks ahead, of weeks, days and hours, from forecasts made in earlier weeks."""

    weeks: tuple[Spread, ...]
    days: tuple[Spread, ...]
    hours: tuple[Spread, ...]
    origins: int

    @classmethod
    def of(cls, history: History, calendar: Calendar, weeks: int) -> _Errors:
        made = list(earlier_forecasts(history, calendar, weeks))
        whole, days, hours = [], [], []
        for week in range(weeks):
            rows = slice(week * WEEK, (week + 1) * WEEK)
            pairs = [(seen[rows], mean[rows]) for seen, mean in made if len(seen) > week * WEEK]
            seen, mean = (np.concatenate([pair[place] for pair in pairs]) for place in (0, 1))
            whole.append(_spread(_weekly(seen), _weekly(mean), len(pairs)))
            days.append(_spread(seen.sum(axis=1), mean.sum(axis=1), len(pairs)))
            hours.append(_spread(seen.ravel(), mean.ravel(), len(pairs)))
        return cls(_never_less(whole), _never_less(days), _never_less(hours), len(made))


def earlier_forecasts(
    history: History, calendar: Calendar, weeks: int, most: int = ORIGINS
) -> Iterator[tuple[Floats, Floats]]:
    """What came, and what had been forecast with what was known before: (days, 24) each, newest first.

    Events that lay ahead are known then too, as they are now, but what they did is not.
    """
    for back in range(1, most + weeks):
        known = len(history) - back * WEEK
        if known < 2 * WEEK:
            return
        ahead = history.counts[known : known + weeks * WEEK]
        model = fit(history.until(known), calendar)
        yield ahead, model.mean(history.first + timedelta(days=known), len(ahead))


def _spread(seen: Floats, mean: Floats, origins: int) -> Spread:
    """a and b by least squares of the squared errors, both at least what chance alone gives.

    Few earlier forecasts are few draws of how wrong a week can be: their variance is raised accordingly.
    """
    raised = (origins + 2) / origins
    squares = (seen - mean) ** 2 * raised
    weight = 1 / np.maximum(mean, mean.mean() * 0.05 + 1e-9)
    design = np.column_stack([mean, mean**2]) * weight[:, None]
    # What is beyond a = 1: independent visitors vary by at least that.
    (more, b), _ = optimize.nnls(design, np.maximum(squares - mean, 0.0) * weight)
    return Spread(1.0 + float(more), float(b))


def _never_less(spreads: Sequence[Spread]) -> tuple[Spread, ...]:
    """Farther ahead is not surer."""
    found: list[Spread] = []
    for spread in spreads:
        before = found[-1] if found else spread
        found.append(Spread(max(before.a, spread.a), max(before.b, spread.b)))
    return tuple(found)

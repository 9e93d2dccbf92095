# SPDX-License-Identifier: EUPL-1.2
"""How much will come in the weeks ahead, by hour, and how far off that may be.

The model is a product: level x weekday x hour x what is in the calendar.

- *Week pattern and effects of events*: a Poisson regression of the days (statsmodels), with the level
  around each day as its offset. Old days count less, halved every `PATTERN_HALF_LIFE`; days with an event
  count in full. A public holiday is a Sunday, times an effect of its own once three were seen.
- *Level*: a Poisson regression of one constant on what the pattern leaves, halved every `LEVEL_HALF_LIFE`:
  it follows a site that grows within two weeks. No trend is drawn on: on real series that made it worse.
- *Hours*: the share of each hour on working days, Saturdays, and Sundays with holidays.
- *Interval*: not the model's own opinion of itself. The same forecast is made from earlier weeks, and what it
  missed then, at the same distance, gives the variance a·mean + b·mean²; the interval is that of the negative
  binomial distribution with that mean and variance.

Sources: discounted likelihood: West & Harrison, Bayesian Forecasting and Dynamic Models, 2nd edition (1997),
section 2.4.2. Variance a·mean + b·mean²: McCullagh & Nelder, Generalized Linear Models, 2nd edition (1989),
section 6.2.3. Rolling origin: Tashman, International Journal of Forecasting 16 (2000).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from analysis.calendar import NO_EVENTS, Calendar, EventKind
from analysis.estimates import LEVEL
from analysis.holidays import SUNDAY, is_holiday

HOURS = 24
WEEK = 7
#: Two weeks to learn from and two to measure the error on.
MIN_WEEKS = 4
#: A week further ahead for every two weeks more, to at most this many.
MOST_WEEKS = 4
#: In days.
PATTERN_HALF_LIFE = 90.0
LEVEL_HALF_LIFE = 7.0
#: Older days say nothing of the week pattern any more.
OLDEST = 730
#: Earlier forecasts on which the error is measured.
ORIGINS = 12
#: Days around a day whose mean is its level.
_AROUND = 10
#: A holiday has an effect of its own, beside that of a Sunday, once so many were seen.
MIN_HOLIDAYS = 3
#: Fewer a week than this, and nothing can be said of its hours.
MIN_PER_WEEK = 20.0
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
class Effect:
    """By how much an event multiplies a day, with its interval; `days` is on how many it was seen."""

    factor: float
    low: float
    high: float
    days: int


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


# --- the mean ---------------------------------------------------------------------------------------------


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


# --- the interval -----------------------------------------------------------------------------------------


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

# SPDX-License-Identifier: EUPL-1.2
"""Has a site, or a page, that used to send fallen silent? A rule on counts, and nothing else.

The views of the last hours are compared with those of the same hours of the weeks before, at the same local
time. The count of such a window is taken as negative binomial: Poisson, around a level that itself varies
from week to week as a gamma of shape `SHAPE` (a coefficient of variation of 50 %: holidays, storms, a letter
to every household). Then, given the total of all weeks, the count of this week is beta-binomial, whatever
the mean is: nothing is estimated and the probability is exact.

Source: Johnson, Kemp and Kotz (2005), Univariate Discrete Distributions, 3rd ed., chapter 6 (the negative
hypergeometric or beta-binomial distribution).

A window of several hours shares one level, which is the cautious choice. All windows are looked at every
hour, so a site is looked at `HOURS_OF_A_YEAR * len(WINDOWS)` times a year: with `ALPHA` that is at most 0.44
false alarms in a year for each site whose weeks vary so (the sum of the probabilities; since windows overlap
it is less). What the rule can see: that none come where about 75 views were expected, or less than 3 % of the
usual where many were.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, lgamma

import msgspec

SHAPE = 4.0
ALPHA = 1e-5
WINDOWS = (1, 2, 4, 8, 24)  # hours
WEEKS = 4  # looked back; raw events live 31 days
LEAST_WEEKS = 2
HOURS_OF_A_YEAR = 8766
PAGES = 20  # the busiest of a site that are watched


class Window(msgspec.Struct, frozen=True):
    """Views in the last `hours`, and in the same hours of earlier weeks."""

    hours: int
    seen: int
    earlier: tuple[int, ...]

    @property
    def expected(self) -> float:
        return sum(self.earlier) / len(self.earlier) if self.earlier else 0.0


class Verdict(msgspec.Struct, frozen=True):
    """Whether it fell silent; `window` is the one that says so, else the longest that was looked at."""

    silent: bool
    window: Window | None = None

    @property
    def enough_history(self) -> bool:
        return self.window is not None and len(self.window.earlier) >= LEAST_WEEKS


class Verdicts(msgspec.Struct, frozen=True):
    """What was found at a moment (seconds since 1970): each site, and of each site its silent pages."""

    checked_at: float
    sites: Mapping[str, Verdict]
    pages: Mapping[str, Mapping[str, Verdict]]


def probability(window: Window, *, shape: float = SHAPE, enough: float = 1.0) -> float:
    """Probability of as few views as were seen or fewer, given the total of all weeks.

    It is summed until it exceeds `enough`. 1 where no earlier week had a view.

    >>> round(probability(Window(1, 0, (100, 110, 90, 100))), 7)
    3.1e-06
    """
    total, weeks = window.seen + sum(window.earlier), len(window.earlier)
    if window.seen >= window.expected:
        return 1.0  # more than usual is never silence, and needn't be worked out
    found = 0.0
    for count in range(window.seen + 1):
        found += _beta_binomial(count, total, shape, shape * weeks)
        if found > enough:
            break
    return min(1.0, found)


def _beta_binomial(count: int, total: int, a: float, b: float) -> float:
    ways = lgamma(total + 1) - lgamma(count + 1) - lgamma(total - count + 1)
    return exp(ways + _log_beta(count + a, total - count + b) - _log_beta(a, b))


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


def judge(windows: Sequence[Window], alpha: float = ALPHA) -> Verdict:
    """The verdict on one site or page; `alpha` is the probability below which a window counts as silent."""
    known = [window for window in windows if len(window.earlier) >= LEAST_WEEKS]
    for window in known:
        if probability(window, enough=alpha) < alpha:
            return Verdict(silent=True, window=window)
    longest = max(windows, key=lambda window: window.hours, default=None)
    return Verdict(silent=False, window=longest)


def windows_of(hourly: Mapping[int, int], last_hour: int, weeks: int) -> list[Window]:
    """The windows that end with `last_hour`, out of views by hour (hours since 1970 on the local clock).

    `weeks` is how many earlier weeks are known.

    >>> [window.seen for window in windows_of({100: 3, 99: 2}, 100, 0)]
    [3, 5, 5, 5, 5]
    """
    return [
        Window(
            hours,
            _views(hourly, last_hour, hours),
            tuple(_views(hourly, last_hour - 168 * week, hours) for week in range(1, weeks + 1)),
        )
        for hours in WINDOWS
    ]


def _views(hourly: Mapping[int, int], last_hour: int, hours: int) -> int:
    return sum(hourly.get(last_hour - back, 0) for back in range(hours))

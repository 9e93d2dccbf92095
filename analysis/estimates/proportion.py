# SPDX-License-Identifier: EUPL-1.2
"""Difference of two proportions of independent units.

Decision. The p-value and the interval come from one method: the score test and its inversion
(Miettinen & Nurminen 1985). It keeps its error rate where Welch's t on 0/1 data does not (a rate of 2 % at
900 against 100 units: 13.6 %), its interval never leaves [-1, 1], and p < .05 exactly where 0 lies outside
the interval. Where some cell expects fewer than `EXACT_BELOW`, the same statistic is referred to its exact
distribution, maximised over the unknown common rate (Barnard's test in the form of Suissa & Shuster 1985),
and inverted likewise (Agresti & Min 2001). Wald's and Newcombe's intervals can be had beside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from analysis.estimates import LEVEL, Arm, Estimate, Pair, Refused, Sums, lift, mean

#: Units per variant below which no table could reach p < .05 by the exact test.
MIN_UNITS = 5

#: Smallest expected count of the pooled 2×2 table below which the exact distribution is used.
EXACT_BELOW = 10.0

#: Share of α spent on leaving out rates that the data themselves rule out (Berger & Boos, JASA 89, 1994).
_GAMMA = 1e-6

_RATES = 200  # grid over the unknown rate
_STEPS = 14  # halvings in the search for an end of the interval: exact to 6e-5 of its distance

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Table:
    """Hits among units: control first."""

    hits: tuple[int, int]
    n: tuple[int, int]

    @property
    def rates(self) -> Pair:
        return self.hits[0] / self.n[0], self.hits[1] / self.n[1]

    @property
    def least_expected(self) -> float:
        """Smallest of the four cells that a common rate would give."""
        rate = sum(self.hits) / sum(self.n)
        return min(self.n) * min(rate, 1 - rate)


def compare(control: Sums, variant: Sums, *, level: float = LEVEL, null: float = 0.0) -> Estimate | Refused:
    """Difference of two proportions: score test and interval, exact where a cell expects fewer than 10.

    Args:
        control, variant: sums of a measure that is 0 or 1 in every unit.
        null: the difference under test, such as a guardrail's margin.

    Returns: the estimate; the relative lift beside it by the delta method or Fieller. `Refused` where a
    variant has fewer than 5 units, or where nobody or everybody has the outcome (against a `null` other
    than 0 that too is evidence).

    Source: Miettinen & Nurminen, Statistics in Medicine 4 (1985), equations 8-9, with the factor N/(N-1).

    >>> result = compare(Sums(1490, 745, 745), Sums(1510, 861, 861))
    >>> [round(x, 4) for x in (result.difference, *result.ci, result.p_value)]
    [0.0702, 0.0345, 0.1057, 0.0001]
    """
    if min(control.n, variant.n) == 0:
        return mean.no_units()
    if min(control.n, variant.n) < MIN_UNITS:
        return mean.too_few_units(min(control.n, variant.n), MIN_UNITS)
    table = Table((_count(control), _count(variant)), (control.n, variant.n))
    if null == 0 and sum(table.hits) in (0, sum(table.n)):
        return mean.no_variation()
    if table.least_expected < EXACT_BELOW:
        p_value, ci, method = exact_p(table, null), exact_interval(table, level), "exact, score statistic"
    else:
        p_value, ci, method = score_p(table, null), score_interval(table, level), "score, Miettinen–Nurminen"
    arms = arm(control), arm(variant)
    relative = lift.relative(*arms, critical=_quantile(level))
    return Estimate(
        n=table.n,
        values=table.rates,
        value_cis=(wilson(table.hits[0], table.n[0], level), wilson(table.hits[1], table.n[1], level)),
        difference=table.rates[1] - table.rates[0],
        ci=ci,
        p_value=p_value,
        relative=None if isinstance(relative, Refused) else relative.value,
        relative_ci=None if isinstance(relative, Refused) else relative.ci,
        method=method,
        null=null,
    )


def arm(sums: Sums) -> Arm:
    """One variant's proportion with its Wald variance, for lifts and for sums of evidence."""
    rate = sums.total / sums.n
    return Arm(sums.n, rate, rate * (1 - rate) / sums.n, sums.n - 1)


# --- score -----------------------------------------------------------------------------------------------


def score(hits0: Floats, hits1: Floats, n: tuple[int, int], difference: float) -> Floats:
    """The score statistic of variant - control = `difference`, for one table or many; 0 for 0/0.

    The rates under the hypothesis solve a cubic in closed form. Source: Miettinen & Nurminen 1985,
    appendix I; Farrington & Manning, Statistics in Medicine 9 (1990).
    """
    n0, n1 = n
    total = n0 + n1
    a, b = float(total), (n1 + 2 * n0) * difference - total - hits0 - hits1
    c = (n0 * difference - total - 2 * hits0) * difference + hits0 + hits1
    d = hits0 * difference * (1 - difference)
    q = (b / (3 * a)) ** 3 - b * c / (6 * a * a) + d / (2 * a)
    p = np.where(q >= 0, 1.0, -1.0) * np.sqrt(np.maximum((b / (3 * a)) ** 2 - c / (3 * a), 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = np.where(p == 0, 0.0, np.clip(q / np.where(p == 0, 1.0, p) ** 3, -1.0, 1.0))
    rate0 = 2 * p * np.cos((math.pi + np.arccos(cosine)) / 3) - b / (3 * a)
    rate0 = np.clip(rate0, max(0.0, -difference), min(1.0, 1 - difference))
    rate1 = np.clip(rate0 + difference, 0.0, 1.0)
    variance = (rate0 * (1 - rate0) / n0 + rate1 * (1 - rate1) / n1) * total / (total - 1)
    distance = hits1 / n1 - hits0 / n0 - difference
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = np.where(
            variance > 1e-15,
            distance / np.sqrt(np.maximum(variance, 1e-15)),
            np.where(np.abs(distance) < 1e-12, 0.0, np.copysign(np.inf, distance)),
        )
    return found


def score_p(table: Table, null: float = 0.0) -> float:
    """Two-sided p of difference = `null` by the score test."""
    return float(2 * special.ndtr(-abs(_score_of(table, null))))


def score_interval(table: Table, level: float = LEVEL) -> Pair:
    """All differences that the score test does not reject."""
    critical = _quantile(level)
    centre = table.rates[1] - table.rates[0]

    def kept(difference: float) -> bool:
        return abs(_score_of(table, difference)) <= critical

    return _last_kept(kept, centre, -1.0, steps=50), _last_kept(kept, centre, 1.0, steps=50)


def _score_of(table: Table, difference: float) -> float:
    return float(score(np.array(float(table.hits[0])), np.array(float(table.hits[1])), table.n, difference))


# --- exact -----------------------------------------------------------------------------------------------


def exact_p(table: Table, null: float = 0.0, *, gamma: float = _GAMMA) -> float:
    """Two-sided exact unconditional p of difference = `null`.

    The largest probability, over the control's rate, of a score at least as extreme as the one seen. Rates
    that the two variants' own Clopper-Pearson intervals of level 1 - γ rule out are left aside at the price
    of γ; that also keeps the tables to be summed few, however many units there are.

    Source: Suissa & Shuster, J. R. Statist. Soc. A 148 (1985); Berger & Boos, JASA 89 (1994).
    """
    rates = _possible_rates(table, null, gamma)
    if rates is None:
        return gamma
    rates1 = np.clip(rates + null, 0.0, 1.0)
    counts0, counts1 = _likely_counts(rates, table.n[0]), _likely_counts(rates1, table.n[1])
    seen = abs(_score_of(table, null))
    scores = np.abs(score(counts0[:, None], counts1[None, :], table.n, null))
    extreme = (scores >= seen - 1e-9 * max(seen, 1.0)).astype(np.float64)
    left = _binomial(counts0, table.n[0], rates)
    right = _binomial(counts1, table.n[1], rates1)
    tail = np.einsum("ri,ri->r", left @ extreme, right)
    return float(min(tail.max() + gamma, 1.0))


def exact_interval(table: Table, level: float = LEVEL) -> Pair:
    """All differences that the exact test does not reject. Source: Agresti & Min, Biometrics 57 (2001)."""
    centre = table.rates[1] - table.rates[0]

    def kept(difference: float) -> bool:
        return exact_p(table, difference) > 1 - level

    return _last_kept(kept, centre, -1.0, steps=_STEPS), _last_kept(kept, centre, 1.0, steps=_STEPS)


def _possible_rates(table: Table, difference: float, gamma: float) -> Floats | None:
    """Rates of the control to maximise over; None where the data rule out all of them."""
    low, high = max(0.0, -difference), min(1.0, 1 - difference)
    if gamma > 0:
        low0, high0 = clopper_pearson(table.hits[0], table.n[0], 1 - gamma / 2)
        low1, high1 = clopper_pearson(table.hits[1], table.n[1], 1 - gamma / 2)
        low, high = max(low, low0, low1 - difference), min(high, high0, high1 - difference)
    if low > high:
        return None
    # Even on the arcsine scale, since the tail moves fastest near 0 and 1.
    angles = np.linspace(math.asin(math.sqrt(low)), math.asin(math.sqrt(high)), _RATES)
    found: Floats = np.sin(angles) ** 2
    return found


def _likely_counts(rates: Floats, n: int) -> Floats:
    """Counts that hold all but 1e-10 of the probability at every one of the rates."""
    low, high = float(rates.min()), float(rates.max())
    first = max(0.0, math.floor(n * low - 7 * math.sqrt(n * low * (1 - low)) - 7))
    last = min(float(n), math.ceil(n * high + 7 * math.sqrt(n * high * (1 - high)) + 21))
    return np.arange(first, last + 1)


def _binomial(counts: Floats, n: int, rates: Floats) -> Floats:
    """Probability of each count (columns) at each rate (rows)."""
    ways = special.gammaln(n + 1) - special.gammaln(counts + 1) - special.gammaln(n - counts + 1)
    found: Floats = np.exp(
        ways + special.xlogy(counts, rates[:, None]) + special.xlog1py(n - counts, -rates[:, None])
    )
    return found


# --- intervals beside it -----------------------------------------------------------------------------------


def wald_interval(table: Table, level: float = LEVEL) -> Pair:
    """Difference ± z·SE with unpooled variances: the textbook interval, too short in small samples."""
    (p0, p1), (n0, n1) = table.rates, table.n
    half = _quantile(level) * math.sqrt(p0 * (1 - p0) / n0 + p1 * (1 - p1) / n1)
    return p1 - p0 - half, p1 - p0 + half


def newcombe_interval(table: Table, level: float = LEVEL) -> Pair:
    """Hybrid of the two Wilson intervals. Source: Newcombe, Statistics in Medicine 17 (1998), method 10.

    >>> [round(end, 4) for end in newcombe_interval(Table((48, 56), (80, 70)))]
    [0.0524, 0.3339]
    """
    (p0, p1), difference = table.rates, table.rates[1] - table.rates[0]
    (l0, u0), (l1, u1) = wilson(table.hits[0], table.n[0], level), wilson(table.hits[1], table.n[1], level)
    return difference - math.hypot(p1 - l1, u0 - p0), difference + math.hypot(u1 - p1, p0 - l0)


def pooled_z(table: Table) -> float:
    """z of equal proportions with pooled variance: the test that dashboards show."""
    rate = sum(table.hits) / sum(table.n)
    return (table.rates[1] - table.rates[0]) / math.sqrt(rate * (1 - rate) * sum(1 / n for n in table.n))


def wilson(hits: int, n: int, level: float = LEVEL) -> Pair:
    """Interval of one proportion. Source: E. B. Wilson, JASA 22 (1927)."""
    z2 = _quantile(level) ** 2
    rate = hits / n
    centre = (rate + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 * (rate * (1 - rate) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def clopper_pearson(hits: int, n: int, level: float = LEVEL) -> Pair:
    """Interval of one proportion that covers at least as often as it says. Source: Biometrika 26 (1934)."""
    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else float(special.betaincinv(hits, n - hits + 1, tail))
    high = 1.0 if hits == n else float(special.betaincinv(hits + 1, n - hits, 1 - tail))
    return low, high


def _last_kept(kept: Callable[[float], bool], inside: float, outside: float, *, steps: int) -> float:
    """Where `kept` turns false on the way from `inside` to `outside`, by halving."""
    if kept(outside):
        return outside
    for _ in range(steps):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if kept(middle) else (inside, middle)
    return outside


def _quantile(level: float) -> float:
    return float(special.ndtri((1 + level) / 2))


def _count(sums: Sums) -> int:
    hits = round(sums.total)
    if (
        sums.origin != 0
        or abs(sums.total - hits) > 1e-6
        or abs(sums.squares - hits) > 1e-6
        or not 0 <= hits <= sums.n
    ):
        raise ValueError(f"{sums} is not a sum of zeros and ones")
    return hits

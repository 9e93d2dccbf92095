# SPDX-License-Identifier: EUPL-1.2
"""Skewed outcomes: what a t statistic owes to them, and when a few values decide everything.

The skewness of a difference is not known, and a sample that happens to miss the tail shows least of it. So it
is told in two ways that fail differently, and an interval holds what either way allows:

- **of one shape**: both arms have one shape, their skewness weighted by size, and what is left of it in the
  difference follows from the sizes alone. It does not ask which arm drew the tail, so a small arm is judged
  by the large one, and arms of equal size cancel.
- **each its own**: the third moments as they were seen, for a variant that makes a tail of its own.
"""

from __future__ import annotations

import math

from analysis.estimates import Arm, Pair

#: With fewer values than this to decide the difference there is no estimate (`docs/statistics.md`).
MIN_DECIDING = 4.0


def shape(*arms: Arm) -> float:
    """Skewness of one unit, the same in all arms: that of each, weighted by its units."""
    known = [one for one in arms if one.variance > 0]
    skewed = math.fsum(one.n * math.sqrt(one.n) * _skewness(one.third, one.variance) for one in known)
    return skewed / sum(one.n for one in known)


def of_difference(control: Arm, variant: Arm) -> Pair:
    """Skewness of variant - control: of one shape, and each its own.

    >>> heavy, light = Arm(400, 1.0, 0.01, 399, 0.0003), Arm(100, 1.0, 0.04, 99, 0.0048)
    >>> [round(one, 3) for one in of_difference(heavy, light)]
    [0.402, 0.402]
    """
    variance = control.variance + variant.variance
    if variance <= 0:
        return 0.0, 0.0
    leverage = (variant.n**-2 - control.n**-2) / (1 / variant.n + 1 / control.n) ** 1.5
    return shape(control, variant) * leverage, _skewness(variant.third - control.third, variance)


def of_value(one: Arm, *others: Arm) -> Pair:
    """Skewness of one arm's value: by the shape of all arms, and its own."""
    if one.variance <= 0:
        return 0.0, 0.0
    return shape(one, *others) / math.sqrt(one.n), _skewness(one.third, one.variance)


def deciding(*arms: Arm) -> float:
    """How many equal outliers would be as skewed as the units of all arms: (Σe²)³ / (Σe³)².

    It asks the arms together, so it does not prefer samples in which one of them missed the tail.

    >>> round(deciding(Arm(1000, 0.0, 5 / 1000**2, 999, 5 / 1000**3)), 6)
    5.0
    """
    squares = sum(one.variance * one.n**2 for one in arms)
    cubes = sum(one.third * one.n**3 for one in arms)
    skewed = _skewness(cubes, squares) if squares > 0 else 0.0
    return 1 / skewed**2 if abs(skewed) > 1e-9 else math.inf


def _skewness(third: float, variance: float) -> float:
    return third / variance / math.sqrt(variance)  # the power 1.5 of a tiny variance is 0


def corrected(statistic: float, skewness: float) -> float:
    """The t statistic without what skewness did to it: t + κt²/3 + κ²t³/27 + κ/6, which rises with t.

    Source: P. Hall, J. R. Statist. Soc. B 54 (1992), equation 3; for two arms: Zhou & Dinh, Biostatistics 6
    (2005).
    """
    third = skewness / 3
    return statistic + third * statistic**2 + third**2 * statistic**3 / 3 + skewness / 6


def uncorrected(bound: float, skewness: float) -> float:
    """The t statistic whose corrected value is `bound`.

    >>> round(corrected(uncorrected(1.96, 0.3), 0.3), 12)
    1.96
    """
    rest = bound - skewness / 6
    root = math.cbrt(1 + skewness * rest)
    return 3 * rest / (root * root + root + 1)  # (root - 1)·3/κ without dividing by a κ near 0


def bounds(critical: float, skewness: Pair) -> Pair:
    """The lowest and the highest t statistic that either way of telling the skewness lets pass."""
    ends = [uncorrected(side, one) for side in (-critical, critical) for one in skewness]
    return min(ends), max(ends)


def least(statistic: float, skewness: Pair) -> float:
    """The corrected statistic of the way that finds it nearer to 0."""
    return min((corrected(statistic, one) for one in skewness), key=abs)

# SPDX-License-Identifier: EUPL-1.2
"""Means of independent units, and the contrast of any two arms whose variances are estimated apart."""

from __future__ import annotations

import math

from scipy import special

from analysis.estimates import LEVEL, Arm, Estimate, Pair, Refusal, Refused, Sums, lift, skewness

#: Below this a t interval leans wholly on normality of the single values, which counts never have.
MIN_UNITS = 10


def arm(sums: Sums) -> Arm | Refused:
    """The mean of one variant with its variance s²/n on n - 1 degrees of freedom.

    >>> found = arm(Sums(n=10, total=30.0, squares=110.0))
    >>> found.value, round(found.variance, 4), found.df
    (3.0, 0.2222, 9)
    """
    if sums.n == 0:
        return no_units()
    if sums.n < MIN_UNITS:
        return too_few_units(sums.n, MIN_UNITS)
    mean = sums.total / sums.n
    centred = sums.squares - sums.total * mean
    # Below the rounding error of the sum of squares a spread is not a spread.
    variance = centred / (sums.n - 1) if centred > 1e-12 * sums.squares else 0.0
    third = _third(sums, mean) / sums.n**3 if variance > 0 else 0.0
    return Arm(sums.n, sums.origin + mean, variance / sums.n, sums.n - 1, third)


def _third(sums: Sums, mean: float) -> float:
    """Σ(y - mean)³; 0 where the cubes are not known, or lost in their own rounding error."""
    if sums.cubes is None:
        return 0.0
    parts = (sums.cubes, -3 * mean * sums.squares, 2 * sums.n * mean**3)
    found = math.fsum(parts)
    return found if abs(found) > 1e-12 * max(map(abs, parts)) else 0.0


def compare(control: Sums, variant: Sums, *, level: float = LEVEL, null: float = 0.0) -> Estimate | Refused:
    """Difference of two means of independent units by Welch's t test, corrected for skewness with `cubes`.

    `Refused` for fewer than 10 units in a variant, where nothing varies, or (with `cubes`) where fewer than
    four values decide the difference. Source: B. L. Welch, Biometrika 34 (1947).

    >>> result = compare(Sums(3407, 1396.87, 52377.9767), Sums(3461, 2422.7, 134698.29))
    >>> round(result.difference, 4), round(result.p_value, 5)
    (0.29, 0.02016)
    """
    left, right = arm(control), arm(variant)
    if isinstance(left, Refused):
        return left
    if isinstance(right, Refused):
        return right
    return contrast(left, right, level=level, null=null, method="Welch t")


def contrast(
    control: Arm, variant: Arm, *, level: float = LEVEL, null: float = 0.0, method: str
) -> Estimate | Refused:
    """variant - control for two independent arms, t with Welch-Satterthwaite degrees of freedom.

    Where the third moments are known, what skewness does to t is taken out (`analysis.estimates.skewness`).
    Returns `Refused` where neither arm varies, or fewer than four values decide.
    Source: Welch 1947; Satterthwaite, Biometrics 2 (1946); Hall 1992.
    """
    variance = control.variance + variant.variance
    if variance <= 0:
        return no_variation()
    if skewness.deciding(control, variant) < skewness.MIN_DECIDING:
        return heavy_tail()
    df = variance**2 / sum(a.variance**2 / a.df for a in (control, variant) if a.variance > 0)
    critical = critical_t(df, level)
    error = math.sqrt(variance)
    difference = variant.value - control.value
    skewed = skewness.of_difference(control, variant)
    low, high = skewness.bounds(critical, skewed)
    relative = lift.relative(control, variant, critical=critical)
    return Estimate(
        n=(control.n, variant.n),
        values=(control.value, variant.value),
        value_cis=(interval(control, level, variant), interval(variant, level, control)),
        difference=difference,
        ci=(difference - high * error, difference - low * error),
        p_value=two_sided_t(skewness.least((difference - null) / error, skewed), df),
        relative=None if isinstance(relative, Refused) else relative.value,
        relative_ci=None if isinstance(relative, Refused) else relative.ci,
        method=f"{method}, skewness taken out" if control.third or variant.third else method,
        null=null,
    )


def interval(one: Arm, level: float = LEVEL, *others: Arm) -> Pair:
    """The t interval of one arm's value, corrected for skewness; `others` tell of its shape too."""
    low, high = skewness.bounds(critical_t(one.df, level), skewness.of_value(one, *others))
    error = math.sqrt(one.variance)
    return one.value - high * error, one.value - low * error


def critical_t(df: float, level: float) -> float:
    return float(special.stdtrit(df, (1 + level) / 2))


def two_sided_t(statistic: float, df: float) -> float:
    return float(2 * special.stdtr(df, -abs(statistic)))


def no_units() -> Refused:
    return Refused(Refusal.NO_UNITS, "one of the variants has nobody, there is nothing to compare")


def too_few_units(n: int, least: int) -> Refused:
    return Refused(Refusal.TOO_FEW_UNITS, f"{n} in one of the variants, at least {least} are needed")


def no_variation() -> Refused:
    return Refused(Refusal.NO_VARIATION, "everybody has the same outcome, and no margin follows from that")


def heavy_tail() -> Refused:
    return Refused(
        Refusal.HEAVY_TAIL,
        "two or three very large values decide the difference, and nothing follows from so few; agree on a "
        "cap for outliers beforehand, or measure longer",
    )

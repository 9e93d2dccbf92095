# SPDX-License-Identifier: EUPL-1.2
"""Means of independent units, and the contrast of any two arms whose variances are estimated apart."""

from __future__ import annotations

import math

from scipy import special

from analysis.estimates import LEVEL, Arm, Estimate, Pair, Refusal, Refused, Sums, lift

#: Below this a t interval leans wholly on normality of the single values, which counts never have.
MIN_UNITS = 10

#: Largest skewness of the difference at which a t interval keeps its error rate (`docs/statistics.md`).
#: To second order a two-sided 5 % test errs by .25·skewness² more (P. Hall, The Bootstrap and Edgeworth
#: Expansion, 1992, section 2.6).
MAX_SKEW = 0.2
MAX_OWN_SKEW = 0.35


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
    third = 0.0
    if sums.cubes is not None and variance > 0:
        third = (sums.cubes - 3 * mean * sums.squares + 2 * sums.n * mean**3) / sums.n**3
    return Arm(sums.n, sums.origin + mean, variance / sums.n, sums.n - 1, third)


def compare(control: Sums, variant: Sums, *, level: float = LEVEL, null: float = 0.0) -> Estimate | Refused:
    """Difference of two means of independent units by Welch's t test.

    `Refused` for fewer than 10 units in a variant, where nothing varies, or (with `cubes`) where a few very
    large values decide the difference. Source: B. L. Welch, Biometrika 34 (1947).

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


def skewness(control: Arm, variant: Arm) -> Pair:
    """Skewness of variant - control in two views of the arms' third moments: of one shape, and each its own.

    One shape for both, weighted by size, judges a small arm that happened to miss the tail by the large one.
    Each its own sees outliers in one arm only, but is a noisy number in small samples. Equal arms of equal
    shape cancel, which is why a heavy tail harms most where the arms differ in size.
    """
    error = math.sqrt(control.variance + variant.variance)
    known = [one for one in (control, variant) if one.variance > 0]
    shape = sum(one.third * (one.n / one.variance) ** 1.5 for one in known) / sum(one.n for one in known)
    leverage = (variant.variance / error**2) ** 1.5 / math.sqrt(variant.n)
    leverage -= (control.variance / error**2) ** 1.5 / math.sqrt(control.n)
    return shape * leverage, (variant.third - control.third) / error**3


def contrast(
    control: Arm, variant: Arm, *, level: float = LEVEL, null: float = 0.0, method: str
) -> Estimate | Refused:
    """variant - control for two independent arms, t with Welch-Satterthwaite degrees of freedom.

    Returns `Refused` where neither arm varies, or the difference is more skewed than a t interval bears.
    Source: Welch 1947; Satterthwaite, Biometrics 2 (1946).
    """
    variance = control.variance + variant.variance
    if variance <= 0:
        return no_variation()
    common, own = skewness(control, variant)
    if abs(common) > MAX_SKEW or abs(own) > MAX_OWN_SKEW:
        return heavy_tail()
    df = variance**2 / sum(a.variance**2 / a.df for a in (control, variant) if a.variance > 0)
    critical = critical_t(df, level)
    error = math.sqrt(variance)
    difference = variant.value - control.value
    relative = lift.relative(control, variant, critical=critical)
    return Estimate(
        n=(control.n, variant.n),
        values=(control.value, variant.value),
        value_cis=(interval(control, level), interval(variant, level)),
        difference=difference,
        ci=(difference - critical * error, difference + critical * error),
        p_value=two_sided_t((difference - null) / error, df),
        relative=None if isinstance(relative, Refused) else relative.value,
        relative_ci=None if isinstance(relative, Refused) else relative.ci,
        method=method,
        null=null,
    )


def interval(one: Arm, level: float = LEVEL) -> Pair:
    """The t interval of one arm's value."""
    half = critical_t(one.df, level) * math.sqrt(one.variance)
    return one.value - half, one.value + half


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
        "a few very large values decide the difference, and no interval holds what it says; agree on a cap "
        "for outliers beforehand, or measure longer",
    )

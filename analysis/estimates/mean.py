# SPDX-License-Identifier: EUPL-1.2
"""Means of independent units, and the contrast of any two arms whose variances are estimated apart."""

from __future__ import annotations

import math

from scipy import special

from analysis.estimates import LEVEL, Arm, Estimate, Pair, Refusal, Refused, Sums, lift

#: Below this a t interval leans wholly on normality of the single values, which counts never have.
MIN_UNITS = 10

#: Largest skewness the mean difference may have before the t interval's error rate leaves 4.18-5.82 %
#: (measured, see `docs/statistics.md`); judged by its worst case for a non-negative measure.
MAX_SKEW = 0.35


def arm(sums: Sums) -> Arm | Refused:
    """The mean of one variant with its variance s²/n on n - 1 degrees of freedom.

    >>> arm(Sums(n=10, total=30.0, squares=110.0))
    Arm(n=10, value=3.0, variance=0.2222222222222222, df=9)
    """
    if sums.n == 0:
        return no_units()
    if sums.n < MIN_UNITS:
        return too_few_units(sums.n, MIN_UNITS)
    mean = sums.total / sums.n
    centred = sums.squares - sums.total * mean
    # Below the rounding error of the sum of squares a spread is not a spread.
    variance = centred / (sums.n - 1) if centred > 1e-12 * sums.squares else 0.0
    return Arm(sums.n, sums.origin + mean, variance / sums.n, sums.n - 1)


def compare(
    control: Sums, variant: Sums, *, level: float = LEVEL, null: float = 0.0, skewness: Pair | None = None
) -> Estimate | Refused:
    """Difference of two means of independent units by Welch's t test.

    `skewness`: of the single values in control and variant, where the caller has them. With it, data whose
    mean difference is too skewed for a t interval are refused.

    Source: B. L. Welch, Biometrika 34 (1947).

    >>> result = compare(Sums(3407, 1396.87, 52377.9767), Sums(3461, 2422.7, 134698.29))
    >>> round(result.difference, 4), round(result.p_value, 5)
    (0.29, 0.02016)
    """
    left, right = arm(control), arm(variant)
    if isinstance(left, Refused):
        return left
    if isinstance(right, Refused):
        return right
    if skewness is not None:
        skew = difference_skewness(left, right, skewness)
        if abs(skew) > MAX_SKEW:
            return heavy_tail(skew)
    return contrast(left, right, level=level, null=null, method="Welch t")


def difference_skewness(control: Arm, variant: Arm, skewness: Pair) -> float:
    """Skewness of the difference of two independent means: Σ ±γ·var(mean)^1.5 / √n over SE³.

    Equal arms of equal shape cancel; that is why a heavy tail harms most where the arms differ in size.
    """
    error = math.sqrt(control.variance + variant.variance)
    if error == 0:
        return 0.0
    return sum(
        sign * skew / math.sqrt(one.n) * (math.sqrt(one.variance) / error) ** 3
        for sign, skew, one in zip((-1, 1), skewness, (control, variant), strict=True)
    )


def contrast(
    control: Arm, variant: Arm, *, level: float = LEVEL, null: float = 0.0, method: str
) -> Estimate | Refused:
    """variant - control for two independent arms, t with Welch-Satterthwaite degrees of freedom.

    Returns `Refused` where neither arm varies. Source: Welch 1947; Satterthwaite, Biometrics 2 (1946).
    """
    variance = control.variance + variant.variance
    if variance <= 0:
        return no_variation()
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


def heavy_tail(skew: float) -> Refused:
    return Refused(
        Refusal.HEAVY_TAIL,
        f"a few very large values decide the difference (its skewness is {skew:.2f}, an interval holds up to "
        f"{MAX_SKEW}); agree on a cap for outliers beforehand, or measure longer",
    )

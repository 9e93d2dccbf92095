# SPDX-License-Identifier: EUPL-1.2
"""Relative lift: by how much of the control's value the variant differs."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from scipy import special

from analysis.estimates import Arm, Pair, Refusal, Refused, skewness

#: Within this many standard errors of 0 the control's own error no longer fits a straight line, and the
#: delta method's interval parts from the test of the difference (p .062 beside .020 at 6.1 of them).
NEAR_ZERO = 10.0


@dataclass(frozen=True, slots=True)
class Lift:
    """(variant - control) / control with its interval; `ci` is None where Fieller's set has no bounds."""

    value: float
    ci: Pair | None
    method: str


def relative(control: Arm, variant: Arm, *, critical: float) -> Lift | Refused:
    """Relative lift: delta method, or Fieller's set where the control's value is near 0.

    `critical` is the quantile (t or normal) the interval is made with.
    """
    if control.value == 0:
        return Refused(
            Refusal.CONTROL_NEAR_ZERO, "the control's value is 0, so there is no relative difference"
        )
    if abs(control.value) >= NEAR_ZERO * math.sqrt(control.variance):
        return Lift(variant.value / control.value - 1, delta(control, variant, critical), "delta method")
    return Lift(variant.value / control.value - 1, fieller(control, variant, critical), "Fieller")


def delta(control: Arm, variant: Arm, critical: float) -> Pair:
    """Interval of variant / control - 1 by the delta method.

    var(v/c) ≈ var(v)/c² + v²·var(c)/c⁴ for independent arms; skewness, where it is known, is taken out as
    of the difference v - (v/c)·c. Source: Deng, Knoblich & Lu 2018 (arXiv 1803.06336), section 2.2.
    """
    ratio = variant.value / control.value
    scaled = replace(control, variance=ratio**2 * control.variance, third=ratio**3 * control.third)
    low, high = skewness.bounds(critical, skewness.of_difference(scaled, variant))
    error = math.copysign(delta_error(control, variant), control.value)
    ends = ratio - 1 - high * error, ratio - 1 - low * error
    return min(ends), max(ends)


def delta_error(control: Arm, variant: Arm) -> float:
    """Standard error of variant / control by the delta method."""
    ratio = variant.value / control.value
    return math.sqrt(variant.variance + ratio**2 * control.variance) / abs(control.value)


def delta_p(control: Arm, variant: Arm) -> float:
    """Two-sided p of lift = 0 by the delta method, t with Welch's degrees of freedom.

    Only for comparison with programs that test the lift; reports test the difference.
    """
    total = control.variance + variant.variance
    df = total**2 / (control.variance**2 / control.df + variant.variance**2 / variant.df)
    statistic = (variant.value / control.value - 1) / delta_error(control, variant)
    return float(2 * special.stdtr(df, -abs(statistic)))


def fieller(control: Arm, variant: Arm, critical: float) -> Pair | None:
    """All lifts that the test of variant - (1 + lift)·control = 0 does not reject; None where unbounded.

    It contains 0 exactly where the test of the difference does not reject.
    Source: E. C. Fieller, J. R. Statist. Soc. B 16 (1954); for independent arms.
    """
    squared = critical**2
    a = control.value**2 - squared * control.variance
    if a <= 0:
        return None
    b = control.value * variant.value
    c = variant.value**2 - squared * variant.variance
    root = math.sqrt(max(b * b - a * c, 0.0))
    return (b - root) / a - 1, (b + root) / a - 1

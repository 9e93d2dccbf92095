# SPDX-License-Identifier: EUPL-1.2
"""Looking at any time: a sequence of intervals that holds the truth at *all* looks together.

The price is width: about 1.4 times that of the fixed interval at the size it is tuned to. Who knows the end
beforehand and looks once a day is better served by `analysis.estimates.group_sequential`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from analysis.estimates import LEVEL, Arm, Estimate, Pair, Refusal, Refused, lift, mean

#: Units per variant below which the estimated variance is not to be trusted at every look: the guarantee is
#: asymptotic, and the first looks are where it is asymptotic to nothing (`docs/statistics.md`).
MIN_UNITS = 100


@dataclass(frozen=True, slots=True)
class Mixture:
    """The normal mixture of a confidence sequence, tuned before launch to be narrowest at `tuned_to` units.

    `rho_squared` is the variance of the mixture in units of one observation.
    """

    tuned_to: float
    level: float = LEVEL

    def __post_init__(self) -> None:
        if not (self.tuned_to > 0 and math.isfinite(self.tuned_to) and 0 < self.level < 1):
            raise ValueError(
                f"tuned to {self.tuned_to:g} at level {self.level:g}; expected a number of units above 0 and "
                "a level between 0 and 1"
            )

    @property
    def alpha(self) -> float:
        return 1 - self.level

    @property
    def rho_squared(self) -> float:
        """ρ² = (−2 ln α + ln(1 − 2 ln α)) / N*. Source: Waudby-Smith et al. (arXiv 2103.06476), appendix.

        >>> round(1 / Mixture(100).rho_squared, 5)  # confseq: best_rho(100, .05)
        12.60056
        """
        log = -2 * math.log(self.alpha)
        return (log + math.log(1 + log)) / self.tuned_to

    def critical(self, n: float) -> float:
        """By how many standard errors the estimate may be off after n units, at all n at once.

        √(2(nρ²+1)/(nρ²) · ln(√(nρ²+1)/α)). Source: Howard, Ramdas, McAuliffe & Sekhon, Annals of Statistics
        49 (2021), equation 14 (arXiv 1810.08240); Waudby-Smith et al. (arXiv 2103.06476), theorem 2.2.

        >>> round(10 * Mixture(100).critical(100), 5)  # the bound on a sum of 100 of variance 1
        30.35209
        """
        information = n * self.rho_squared
        scale = math.log1p(information) / 2 - math.log(self.alpha)
        return math.sqrt(2 * (information + 1) / information * scale)

    def p_value(self, z: float, n: float) -> float:
        """The smallest α whose sequence, with this ρ, leaves 0 out after n units.

        Its smallest value over all looks up to now is a p-value too.
        """
        information = n * self.rho_squared
        log = math.log1p(information) / 2 - z * z * information / (2 * (information + 1))
        return min(1.0, math.exp(min(log, 0.0)))


def at_any_time(
    control: Arm, variant: Arm, mixture: Mixture, *, n: float | None = None, null: float = 0.0
) -> Estimate | Refused:
    """variant - control with an interval and a p-value that hold however often one looks, and stop.

    Args:
        control, variant: one arm each, its `variance` that of its value.
        mixture: fixed before launch, tuned to the planned number of units of both together.
        n: units of both together (first exposures, never buckets, which saturate); by default the arms' own.

    `Refused` below 100 units in an arm, or where nothing varies.

    Source: as `Mixture.critical`; asymptotic, since variances are estimated.
    """
    least = min(control.n, variant.n)
    if least < MIN_UNITS:
        return mean.too_few_units(least, MIN_UNITS)
    variance = control.variance + variant.variance
    if not variance > 0:
        return mean.no_variation()
    units = float(control.n + variant.n) if n is None else n
    if not units > 0:
        return Refused(Refusal.NO_UNITS, f"{units:g} units were counted, there is nothing to look at")
    critical, error = mixture.critical(units), math.sqrt(variance)
    difference = variant.value - control.value
    relative = lift.relative(control, variant, critical=critical)

    def around(one: Arm) -> Pair:
        half = critical * math.sqrt(one.variance)
        return one.value - half, one.value + half

    return Estimate(
        n=(control.n, variant.n),
        values=(control.value, variant.value),
        value_cis=(around(control), around(variant)),
        difference=difference,
        ci=(difference - critical * error, difference + critical * error),
        p_value=mixture.p_value((difference - null) / error, units),
        relative=None if isinstance(relative, Refused) else relative.value,
        relative_ci=None if isinstance(relative, Refused) else relative.ci,
        method="confidence sequence, normal mixture",
        null=null,
    )

# SPDX-License-Identifier: EUPL-1.2
"""The same difference with less noise: what was known of a browser *at its first exposure* explains some.

Only such things may explain: landing page, device, referrer class, hour. Whatever comes after the exposure is
an outcome; adjusting for it would compare two different kinds of visitors.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from analysis.estimates import LEVEL, Arm, Estimate, Refusal, Refused, Sums, lift, mean

#: Browsers that a stratum must have in each variant; smaller ones are taken together.
MIN_STRATUM = 10


@dataclass(frozen=True, slots=True)
class Paired:
    """Of `n` units: sums of an outcome y and of a covariate x known before it, with squares and products."""

    n: int
    y: float
    yy: float
    x: float
    xx: float
    xy: float

    def __add__(self, other: Paired) -> Paired:
        return Paired(
            self.n + other.n,
            self.y + other.y,
            self.yy + other.yy,
            self.x + other.x,
            self.xx + other.xx,
            self.xy + other.xy,
        )

    @property
    def outcome(self) -> Sums:
        return Sums(self.n, self.y, self.yy)

    @property
    def within(self) -> tuple[float, float, float]:
        """Centred sums of squares and products: of y, of x, of both."""
        return (
            self.yy - self.y * self.y / self.n,
            self.xx - self.x * self.x / self.n,
            self.xy - self.x * self.y / self.n,
        )


def cuped(control: Paired, variant: Paired, *, level: float = LEVEL, null: float = 0.0) -> Estimate | Refused:
    """Difference of means after taking out what a covariate explains, with one θ for both arms.

    θ = Σ S_xy / Σ S_xx within the arms; each arm's mean moves by -θ(x̄_arm - x̄). A θ per arm would let the
    adjustment follow the effect. Where the covariate does not vary, θ is 0 and this is Welch's test.

    Source: Deng, Xu, Kohavi & Walker, WSDM 2013, section 3; pooled θ: Lin, Annals of Applied Statistics 7
    (2013), for why both arms must share the centre.

    >>> a = Paired(n=12, y=24.0, yy=70.0, x=12.0, xx=20.0, xy=34.0)
    >>> round(cuped(a, Paired(n=12, y=30.0, yy=97.0, x=12.0, xx=20.0, xy=40.0)).difference, 6)
    0.5
    """
    if min(control.n, variant.n) == 0:
        return mean.no_units()
    if min(control.n, variant.n) < mean.MIN_UNITS:
        return mean.too_few_units(min(control.n, variant.n), mean.MIN_UNITS)
    parts = [arm.within for arm in (control, variant)]
    spread = sum(xx for _, xx, _ in parts)
    known = spread > 1e-12 * (control.xx + variant.xx)
    theta = sum(xy for *_, xy in parts) / spread if known else 0.0
    centre = (control.x + variant.x) / (control.n + variant.n)

    def arm(sums: Paired) -> Arm:
        yy, xx, xy = sums.within
        left = yy - 2 * theta * xy + theta * theta * xx
        variance = left / (sums.n - 1) / sums.n if left > 1e-12 * sums.yy else 0.0
        return Arm(sums.n, sums.y / sums.n - theta * (sums.x / sums.n - centre), variance, sums.n - 1)

    return mean.contrast(
        arm(control), arm(variant), level=level, null=null, method="CUPED, pooled θ, Welch t"
    )


def post_stratified(
    control: Mapping[str, Sums],
    variant: Mapping[str, Sums],
    *,
    level: float = LEVEL,
    null: float = 0.0,
) -> Estimate | Refused:
    """Difference of means within strata known at the first exposure, weighted by the strata of both together.

    Strata with fewer than 10 units in a variant are taken together. The variance counts the noise within the
    strata, and that the strata's weights and effects come from this sample of visitors.

    Source: Miratrix, Sekhon & Yu, J. R. Statist. Soc. B 75 (2013); Deng et al. 2013, section 3.3.
    """
    pairs = _merged(control, variant)
    n = (sum(c.n for c, _ in pairs), sum(v.n for _, v in pairs))
    if min(n) == 0:
        return mean.no_units()
    least = min(min(c.n, v.n) for c, v in pairs)
    if least < MIN_STRATUM:
        return mean.too_few_units(least, MIN_STRATUM)
    arms = [(mean.arm(c), mean.arm(v)) for c, v in pairs]
    weights = [(c.n + v.n) / sum(n) for c, v in pairs]
    values, variances, dfs = [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]
    differences = []
    for weight, pair in zip(weights, arms, strict=True):
        for side, one in enumerate(pair):
            if isinstance(one, Refused):
                return one
            values[side] += weight * one.value
            variances[side] += weight**2 * one.variance
            dfs[side] += (weight**2 * one.variance) ** 2 / one.df
        left, right = pair
        if isinstance(left, Arm) and isinstance(right, Arm):
            differences.append(right.value - left.value)
    difference = values[1] - values[0]
    unlike = sum(w * (d - difference) ** 2 for w, d in zip(weights, differences, strict=True)) / sum(n)
    variance = sum(variances) + unlike
    if not variance > 0:
        return mean.no_variation()
    df = variance**2 / (sum(dfs) + unlike**2 / (sum(n) - 1))
    critical, error = mean.critical_t(df, level), math.sqrt(variance)
    ends = [
        Arm(
            n[side], values[side], variances[side], variances[side] ** 2 / dfs[side] if dfs[side] else n[side]
        )
        for side in (0, 1)
    ]
    relative = lift.relative(ends[0], ends[1], critical=critical)
    return Estimate(
        n=n,
        values=(values[0], values[1]),
        value_cis=(mean.interval(ends[0], level), mean.interval(ends[1], level)),
        difference=difference,
        ci=(difference - critical * error, difference + critical * error),
        p_value=mean.two_sided_t((difference - null) / error, df),
        relative=None if isinstance(relative, Refused) else relative.value,
        relative_ci=None if isinstance(relative, Refused) else relative.ci,
        method="post-stratified",
        null=null,
    )


def explained(plain: Estimate, adjusted: Estimate) -> float | Refused:
    """The share of the variance that the adjustment took away; negative where it added some."""
    width = plain.ci[1] - plain.ci[0]
    if not width > 0:
        return Refused(Refusal.NO_VARIATION, "the plain interval has no width to compare with")
    return 1 - ((adjusted.ci[1] - adjusted.ci[0]) / width) ** 2


def _merged(control: Mapping[str, Sums], variant: Mapping[str, Sums]) -> list[tuple[Sums, Sums]]:
    """(control, variant) of every stratum that is large enough, and one of all others together."""
    kept: list[tuple[Sums, Sums]] = []
    rest: list[tuple[Sums, Sums]] = []
    for name in sorted(control.keys() | variant.keys()):
        pair = (control.get(name, Sums(0, 0.0, 0.0)), variant.get(name, Sums(0, 0.0, 0.0)))
        small = min(pair[0].n, pair[1].n) < MIN_STRATUM
        (rest if small else kept).append(pair)
    rest = [pair for pair in rest if pair[0].n + pair[1].n]
    if not rest:
        return kept
    together = (_sum([c for c, _ in rest]), _sum([v for _, v in rest]))
    if min(together[0].n, together[1].n) < MIN_STRATUM and kept:
        smallest = min(range(len(kept)), key=lambda place: kept[place][0].n + kept[place][1].n)
        near = kept.pop(smallest)
        together = (together[0] + near[0], together[1] + near[1])
    return [*kept, together]


def _sum(parts: list[Sums]) -> Sums:
    whole = parts[0]
    for part in parts[1:]:
        whole += part
    return whole

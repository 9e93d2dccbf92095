# SPDX-License-Identifier: EUPL-1.2
"""Quantiles, such as the time within which half of the visitors had their answer.

From value counts per bucket, which add up over days. Whoever never got there counts as infinity, so that a
variant that people give up on does not look faster.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from analysis.estimates import LEVEL, Arm, Estimate, Pair, Refusal, Refused, mean, ratio
from analysis.estimates.survival import HORIZON_S, Ends

MIN_UNITS = 50

#: Share of units that may be lost from sight before the horizon.
MAX_UNSEEN = 0.05

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Counted:
    """Of one variant: `units` with this `value` in this cluster (a bucket, or each unit its own)."""

    value: Floats
    units: Floats
    cluster: NDArray[np.int64]


def outer_interval(values: Counted, share: float, *, factor: float = 1.0, level: float = LEVEL) -> Pair:
    """The two order statistics that enclose the quantile: their ranks from the binomial, widened by `factor`.

    `factor` is var_cluster / var_iid of the share at or below the quantile. (GrowthBook's documentation
    prints that fraction upside down.)

    Source: Deng, Knoblich & Lu 2018 (arXiv 1803.06336), section 4.2; arXiv 2401.14549, section 3.
    """
    order = np.argsort(values.value, kind="stable")
    rising, upto = values.value[order], np.cumsum(values.units[order])
    n = float(upto[-1])
    half = float(special.ndtri((1 + level) / 2)) * math.sqrt(share * (1 - share) * factor * n)
    ranks = np.array([math.floor(n * share - half), math.ceil(n * share + half) + 1])
    low, high = np.searchsorted(upto, np.clip(ranks, 1, n) - 1e-9)
    return float(rising[low]), float(rising[high])


def arm(values: Counted, share: float, *, level: float = LEVEL) -> Arm | Refused:
    """One variant's quantile, its variance from the outer interval, clustered.

    `Refused` below 50 units, for a share without ten units on either side, too few or giant clusters where
    units of one cluster hang together, or a quantile (or an end of its interval) that nobody reached.
    """
    if not 0 < share < 1:
        raise ValueError(f"the share is {share:g}; expected one between 0 and 1, such as 0.5")
    n = float(values.units.sum())
    if n == 0:
        return mean.no_units()
    if n < MIN_UNITS or n * min(share, 1 - share) < 10:
        return mean.too_few_units(int(n), math.ceil(max(MIN_UNITS, 10 / min(share, 1 - share))))
    if bool(np.isnan(values.value).any()):
        return Refused(Refusal.UNMEASURED, "a value is no number")
    order = np.argsort(values.value, kind="stable")
    upto = np.cumsum(values.units[order])
    found = float(values.value[order][np.searchsorted(upto, n * share - 1e-9)])
    factor = _factor(values, found)
    if isinstance(factor, Refused):
        return factor
    low, high = outer_interval(values, share, factor=factor, level=level)
    if not math.isfinite(high):
        return Refused(Refusal.NOT_REACHED, f"too few reached {share:.0%}, the interval around it has no end")
    error = (high - low) / (2 * float(special.ndtri((1 + level) / 2)))
    return Arm(int(n), found, error**2, max(1.0, n - 1))


def of_ends(ends: Ends) -> Counted | Refused:
    """Times to the answer of independent units; whoever ended otherwise never got there.

    `Refused` where more than 5 % was not followed up to the horizon: those may have had their answer later,
    and taking them for never would move the quantile.
    """
    unseen = float(ends.censored[ends.time_s < HORIZON_S].sum())
    if ends.n and unseen > MAX_UNSEEN * ends.n:
        return Refused(Refusal.BEYOND_FOLLOW_UP, f"{unseen / ends.n:.0%} was not followed up to the horizon")
    there = ends.answered > 0
    never = float(ends.n) - float(ends.answered.sum())
    values = np.append(np.repeat(ends.time_s[there], ends.answered[there].astype(int)), [np.inf] * int(never))
    return Counted(values, np.ones(len(values)), np.arange(len(values)))


def compare(
    control: Counted, variant: Counted, share: float = 0.5, *, level: float = LEVEL, null: float = 0.0
) -> Estimate | Refused:
    """Difference of two quantiles, in the unit of the values."""
    left, right = arm(control, share, level=level), arm(variant, share, level=level)
    if isinstance(left, Refused):
        return left
    if isinstance(right, Refused):
        return right
    return mean.contrast(
        left, right, level=level, null=null, method=f"quantile {share:g}, outer interval, clustered"
    )


def _factor(values: Counted, quantile: float) -> float | Refused:
    """var_cluster / var_iid of the share at or below the quantile; 1 where every unit is its own cluster."""
    clusters, position = np.unique(values.cluster, return_inverse=True)
    sizes = np.bincount(position, values.units, minlength=len(clusters)).astype(np.float64)
    if float(sizes.max()) <= 1:
        return 1.0
    below = np.bincount(position, values.units * (values.value <= quantile), minlength=len(clusters))
    below = below.astype(np.float64)
    clustered = ratio.arm(ratio.Clusters(below.astype(np.float64), sizes))
    if isinstance(clustered, Refused):
        return clustered
    rate = clustered.value
    return clustered.variance * float(sizes.sum()) / (rate * (1 - rate)) if 0 < rate < 1 else 1.0

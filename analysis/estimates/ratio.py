# SPDX-License-Identifier: EUPL-1.2
"""Ratio of two sums whose rows are not independent, clustered on what was randomised.

Questions of one browser hang together, and so do all browsers of a bucket that return. The bucket was
randomised, so buckets are what varies independently.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.estimates import LEVEL, Arm, Estimate, Refusal, Refused, mean

#: Occupied clusters per variant below which the error rate was not within 4.18-5.82 % (`docs/statistics.md`).
MIN_OCCUPIED = 20

#: Largest share of the denominator that one cluster may hold.
MAX_SHARE = 0.15

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Clusters:
    """One variant's clusters: numerator and denominator of each, summed over days and partitions before.

    Empty clusters (0, 0) may be among them; they change nothing.
    """

    numerator: Floats
    denominator: Floats


def arm(clusters: Clusters) -> Arm | Refused:
    """Σ numerator / Σ denominator of one variant, its variance and degrees of freedom by the delta method.

    With residuals e_k = y_k - R·x_k and shares w_k = x_k / Σx the variance is Σ e_k²/(1 - w_k) / (Σx)², free
    of bias where a cluster's residual varies in proportion to its size; degrees of freedom by Satterthwaite
    under the same model, so m - 1 for m *occupied* clusters of equal size and fewer where a few hold much.

    `Refused` for fewer than 20 occupied clusters, one that holds more than 15 %, or nothing to divide by.

    Source: Deng, Knoblich & Lu 2018 (arXiv 1803.06336), section 3; Bell & McCaffrey, Survey Methodology 28
    (2002); Imbens & Kolesár, Review of Economics and Statistics 98 (2016).

    >>> found = arm(Clusters(np.tile([1.0, 3.0], 10), np.full(20, 4.0)))
    >>> found.value, round(found.variance, 6), round(found.df, 6)
    (0.5, 0.003289, 19.0)
    """
    occupied = (clusters.denominator != 0) | (clusters.numerator != 0)
    y, x = clusters.numerator[occupied], clusters.denominator[occupied]
    size = float(x.sum())
    if len(x) == 0:
        return mean.no_units()
    if size <= 0 or float(x.min()) < 0:
        return Refused(
            Refusal.ZERO_DENOMINATOR, "what is divided by adds up to nothing, or is negative somewhere"
        )
    if len(x) < MIN_OCCUPIED:
        detail = f"{len(x)} hold anyone in one of the variants, at least {MIN_OCCUPIED} are needed"
        return Refused(Refusal.TOO_FEW_BUCKETS, detail)
    share = x / size
    if float(share.max()) > MAX_SHARE:
        detail = f"one holds {share.max():.0%} of what is divided by, at most {MAX_SHARE:.0%} holds"
        return Refused(Refusal.GIANT_BUCKET, detail)
    value = float(y.sum()) / size
    residual = y - value * x
    weight = share / (1 - share)
    variance = float((residual**2 / (1 - share)).sum()) / size**2
    if variance <= 1e-24 * value**2:
        variance = 0.0
    df = 1 / float((weight**2 * (1 - 2 * share)).sum() + (weight * share).sum() ** 2)
    return Arm(len(x), value, variance, df, float((residual**3).sum()) / size**3)


def compare(
    control: Clusters, variant: Clusters, *, level: float = LEVEL, null: float = 0.0
) -> Estimate | Refused:
    """Difference of two clustered ratios; `n` of the estimate counts occupied clusters."""
    left, right = arm(control), arm(variant)
    if isinstance(left, Refused):
        return left
    if isinstance(right, Refused):
        return right
    return mean.contrast(left, right, level=level, null=null, method="clustered ratio, delta method")

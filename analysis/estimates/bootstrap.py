# SPDX-License-Identifier: EUPL-1.2
"""Resampling in one pass: each bucket gets a Poisson weight per replicate, the same wherever it is computed.

Weights are keyed by bucket and replicate with Philox, so that partitions need not speak to each other and a
bucket weighs the same on every day. One cheap hash for both correlates the replicates by up to .95.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analysis.estimates import LEVEL, Pair

Floats = NDArray[np.float64]

REPLICATES = 1_000

_POISSON = stats.poisson(1).cdf(np.arange(16))  # beyond 16 lies 1e-14 of it


def weights(buckets: int, *, replicates: int = REPLICATES, seed: int = 0, first: int = 0) -> Floats:
    """Poisson(1) weights, a row per replicate, a column per bucket number from `first` on.

    Column b of replicate r hangs on (seed, r, b) alone: not on how many buckets are asked for, nor where.

    Source: Chamandy, Muralidharan, Najmi & Naidu, Estimating Uncertainty for Massive Data Streams (2012);
    Salmon, Moraes, Dror & Shaw, Parallel Random Numbers: As Easy as 1, 2, 3 (2011), for Philox.

    >>> bool((weights(1000, replicates=3)[:, 417:420] == weights(3, replicates=3, first=417)).all())
    True
    """
    drawn = np.empty((replicates, buckets))
    for replicate in range(replicates):
        philox = np.random.Philox(key=np.array([seed, replicate], dtype=np.uint64))
        # A counter gives four numbers: go to the one that holds the first bucket.
        uniform = np.random.Generator(philox.advance(first // 4)).random(first % 4 + buckets)[first % 4 :]
        drawn[replicate] = np.searchsorted(_POISSON, uniform, side="right")
    return drawn


def interval(
    statistic: Callable[[Floats], Floats],
    sums: Floats,
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
    level: float = LEVEL,
) -> tuple[Floats, Floats]:
    """Percentile interval of each figure that `statistic` makes of weighted sums.

    Args:
        statistic: from sums (replicates × columns) to figures (replicates × figures).
        sums: a row per bucket, a column per sum, added over days and partitions.
    """
    found = statistic(weights(len(sums), replicates=replicates, seed=seed) @ sums)
    ends = np.nanquantile(found, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return ends[0], ends[1]


def standard_interval(values: Floats, level: float = LEVEL) -> Pair:
    """The percentile interval of one figure over its replicates."""
    low, high = np.nanquantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)

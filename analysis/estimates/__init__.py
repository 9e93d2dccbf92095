# SPDX-License-Identifier: EUPL-1.2
"""Estimates from sufficient statistics: what goes in, what comes out, and what cannot be estimated.

Every estimator here is a pure function of small sums, so that days and partitions are added first and
variances taken last. It returns an `Estimate`, or a `Refused` that says why there is none; never a neutral
number in its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

Pair = tuple[float, float]

#: Confidence of every interval, unless a caller says otherwise.
LEVEL = 0.95


class Refusal(StrEnum):
    """Why an estimate is impossible. The values are keys of `analysis.phrases.methods.REFUSALS`."""

    NO_UNITS = "noUnits"
    TOO_FEW_UNITS = "tooFewUnits"
    TOO_FEW_BUCKETS = "tooFewBuckets"
    GIANT_BUCKET = "giantBucket"
    NO_VARIATION = "noVariation"
    ZERO_DENOMINATOR = "zeroDenominator"
    NO_EVENTS = "noEvents"
    HEAVY_TAIL = "heavyTail"
    CONTROL_NEAR_ZERO = "controlNearZero"
    BEYOND_FOLLOW_UP = "beyondFollowUp"
    NOT_REACHED = "notReached"
    UNMEASURED = "unmeasured"
    FALLING_COUNTS = "fallingCounts"


@dataclass(frozen=True, slots=True)
class Refused:
    """No estimate: a typed reason, and in English what was found and what would mend it."""

    refusal: Refusal
    detail: str

    def __str__(self) -> str:
        return f"{self.refusal}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Sums:
    """Of `n` independent units: the sum and the sum of squares of one measure, both taken from `origin`.

    Sums of equal origin add up. An origin near the mean keeps the variance exact where values are large.
    `cubes`, where known, lets the estimator see that a few values decide everything.

    >>> (Sums(3, 6.0, 14.0) + Sums(1, 4.0, 16.0)).total
    10.0
    """

    n: int
    total: float
    squares: float
    cubes: float | None = None
    origin: float = 0.0

    def __add__(self, other: Sums) -> Sums:
        if self.origin != other.origin:
            raise ValueError(f"sums from origin {self.origin} and from {other.origin} do not add up")
        cubes = None if self.cubes is None or other.cubes is None else self.cubes + other.cubes
        total, squares = self.total + other.total, self.squares + other.squares
        return Sums(self.n + other.n, total, squares, cubes, self.origin)


@dataclass(frozen=True, slots=True)
class Arm:
    """What one variant shows by itself: its value, the variance *of that value*, and degrees of freedom.

    `third` is the third central moment of that value; 0 where it is not known.
    """

    n: int
    value: float
    variance: float
    df: float
    third: float = 0.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """One variant against the control, control first in every pair.

    `difference` is variant - control, `ci` its interval, `p_value` the two-sided test of
    difference = `null` by the same method, so that p < 1 - level exactly where `null` lies outside `ci`.
    `relative` is difference / control value; its interval is None where it cannot be bounded.
    """

    n: tuple[int, int]
    values: Pair
    value_cis: tuple[Pair, Pair]
    difference: float
    ci: Pair
    p_value: float
    relative: float | None
    relative_ci: Pair | None
    method: str
    null: float = 0.0

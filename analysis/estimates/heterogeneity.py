# SPDX-License-Identifier: EUPL-1.2
"""Whether segments differ in what the variant does: asked before anyone reads a difference between segments.

Among many segments one always stands out. "Works on phones, not on computers" needs a test of *that*
difference; one segment clear and another not is none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import special

from analysis.estimates import Estimate, Refusal, Refused


@dataclass(frozen=True, slots=True)
class Interaction:
    """Cochran's Q over independent segments: the chance of such unlike differences if all were alike.

    `common` is their mean weighted by precision, `unlike` (I²) the share of the spread that chance leaves
    unexplained.
    """

    statistic: float
    df: int
    p_value: float
    common: float
    unlike: float


def interaction(differences: Sequence[float], errors: Sequence[float]) -> Interaction | Refused:
    """Whether differences of independent segments, each with its standard error, are one and the same.

    `Refused` for fewer than two segments, or one whose error is none.

    Source: W. G. Cochran, Biometrics 10 (1954); I²: Higgins & Thompson, Statistics in Medicine 21 (2002).

    >>> found = interaction([0.10, 0.02], [0.02, 0.02])
    >>> round(found.statistic, 3), round(found.p_value, 5)
    (8.0, 0.00468)
    """
    if len(differences) < 2:
        return Refused(Refusal.UNMEASURED, "fewer than two segments can be compared")
    if not all(error > 0 and math.isfinite(error) for error in errors):
        return Refused(Refusal.NO_VARIATION, "a segment has no spread, and no margin follows from that")
    weights = [1 / error**2 for error in errors]
    common = sum(w * d for w, d in zip(weights, differences, strict=True)) / sum(weights)
    statistic = sum(w * (d - common) ** 2 for w, d in zip(weights, differences, strict=True))
    df = len(differences) - 1
    return Interaction(
        statistic=statistic,
        df=df,
        p_value=float(special.chdtrc(df, statistic)),
        common=common,
        unlike=max(0.0, 1 - df / statistic) if statistic > 0 else 0.0,
    )


@dataclass(frozen=True, slots=True)
class Trend:
    """By how much the difference changes per step (a day), with its error and two-sided p."""

    slope: float
    error: float
    p_value: float


def trend(at: Sequence[float], differences: Sequence[float], errors: Sequence[float]) -> Trend | Refused:
    """Whether a difference fades or grows over the days: novelty, or visitors that get used to it.

    Least squares weighted by precision, of independent days. `Refused` for fewer than three days or one
    without an error.

    >>> found = trend([0, 1, 2], [0.3, 0.2, 0.1], [0.05, 0.05, 0.05])
    >>> round(found.slope, 3), round(found.p_value, 5)
    (-0.1, 0.00468)
    """
    if len(differences) < 3:
        return Refused(Refusal.UNMEASURED, "fewer than three days can be compared")
    if not all(error > 0 and math.isfinite(error) for error in errors):
        return Refused(Refusal.NO_VARIATION, "a day has no spread, and no margin follows from that")
    weights = [1 / error**2 for error in errors]
    centre = sum(w * x for w, x in zip(weights, at, strict=True)) / sum(weights)
    spread = sum(w * (x - centre) ** 2 for w, x in zip(weights, at, strict=True))
    if not spread > 0:
        return Refused(Refusal.NO_VARIATION, "all days are one and the same")
    slope = sum(w * (x - centre) * d for w, x, d in zip(weights, at, differences, strict=True)) / spread
    error = 1 / math.sqrt(spread)
    return Trend(slope, error, float(2 * special.ndtr(-abs(slope) / error)))


def of_estimates(found: Sequence[Estimate], *, level: float = 0.95) -> Interaction | Refused:
    """The same from estimates of segments, their errors read from their intervals."""
    critical = float(special.ndtri((1 + level) / 2))
    return interaction(
        [one.difference for one in found], [(one.ci[1] - one.ci[0]) / (2 * critical) for one in found]
    )

# SPDX-License-Identifier: EUPL-1.2
"""A second reading of the same estimate: what to believe of the lift now, and what either choice risks.

It decides nothing in a report. Priors hold back a surprising lift from little data; they do not make it right
to look every day and stop when it pleases.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy import special

from analysis.estimates import LEVEL, Arm, Pair, Refusal, Refused
from analysis.estimates.lift import NEAR_ZERO, delta_error

#: Standard deviation of lifts before anything was seen: two thirds of all lifts within 30 per cent.
PRIOR_SD = 0.3


@dataclass(frozen=True, slots=True)
class Prior:
    """What a lift is taken to be beforehand: normal around `mean`."""

    mean: float = 0.0
    sd: float = PRIOR_SD


@dataclass(frozen=True, slots=True)
class Belief:
    """After the test: lift with its credible interval, the chance that the variant is better, and the losses.

    `loss_choosing` is by how much, as a share of the control, one is expected to lose by choosing the variant
    where it is worse after all; `loss_keeping` by keeping the control where the variant is better.
    """

    lift: float
    ci: Pair
    chance_better: float
    loss_choosing: float
    loss_keeping: float


def believe(
    control: Arm, variant: Arm, *, better: str = "higher", prior: Prior | None = None, level: float = LEVEL
) -> Belief | Refused:
    """Normal-normal on the relative lift, its error by the delta method.

    `Refused` where the control is 0 or within 10 standard errors of it (the lift is not normal there), or
    where nothing varies.

    Source: Gelman et al., Bayesian Data Analysis (2013), equation 2.11; expected loss: Stucchio, Bayesian A/B
    Testing at VWO (2015).
    """
    prior = prior or Prior()
    if not (prior.sd > 0 and math.isfinite(prior.sd) and math.isfinite(prior.mean)):
        raise ValueError(f"a prior with standard deviation {prior.sd:g}; expected a number above 0")
    if control.value == 0 or abs(control.value) < NEAR_ZERO * math.sqrt(control.variance):
        return Refused(Refusal.CONTROL_NEAR_ZERO, "the control is too near to 0 for a relative difference")
    error = delta_error(control, variant)
    if not error > 0:
        return Refused(
            Refusal.NO_VARIATION, "everybody has the same outcome, and no margin follows from that"
        )
    weight = 1 / error**2
    precision = weight + 1 / prior.sd**2
    mean = (weight * (variant.value / control.value - 1) + prior.mean / prior.sd**2) / precision
    sd = 1 / math.sqrt(precision)
    half = float(special.ndtri((1 + level) / 2)) * sd
    sign = 1.0 if better == "higher" else -1.0
    gain = sign * mean
    return Belief(
        lift=mean,
        ci=(mean - half, mean + half),
        chance_better=float(special.ndtr(gain / sd)),
        loss_choosing=expected_excess(-gain, sd),
        loss_keeping=expected_excess(gain, sd),
    )


def expected_excess(mean: float, sd: float) -> float:
    """E max(0, X) of a normal X.

    >>> round(expected_excess(0.0, 1.0), 6)
    0.398942
    """
    z = mean / sd
    return sd * math.exp(-z * z / 2) / math.sqrt(2 * math.pi) + mean * float(special.ndtr(z))

# SPDX-License-Identifier: EUPL-1.2
"""What stands beside the verdict and never decides it: other ways to look at the same comparison.

Every part that cannot be had carries a typed `reason` and no numbers.
"""

from __future__ import annotations

from enum import StrEnum

from analysis.noun import Noun

Pair = tuple[float, float]


class View(StrEnum):
    """How a difference is looked at once more."""

    PLAIN = "plain"  # where the promised estimate is the adjusted one
    ADJUSTED = "adjusted"  # CUPED over what was known at the first exposure
    STRATIFIED = "stratified"  # post-stratified over the same
    ASKED = "asked"  # corrected by what visitors said: Rogan-Gladen
    POWERED = "powered"  # the same, prediction-powered


class Reading(Noun, frozen=True):
    """A metric's difference in another view; `explained` is the share of the variance that it took away."""

    view: View
    metric: str
    variant: str
    control: str
    n: tuple[int, int]
    kind: str = "proportion"
    better: str = "higher"
    unit: str = ""
    values: Pair | None = None
    estimate: float | None = None
    ci: Pair | None = None
    p_value: float | None = None
    method: str = ""
    explained: float | None = None
    reason: str | None = None


class Belief(Noun, frozen=True):
    """The Bayesian view of the primary metric: what to believe now, and what either choice risks.

    Lifts and losses are shares of the control's value; the prior of the lift is normal.
    """

    metric: str
    variant: str
    control: str
    prior_mean: float
    prior_sd: float
    lift: float | None = None
    ci: Pair | None = None
    chance_better: float | None = None
    loss_choosing: float | None = None
    loss_keeping: float | None = None
    reason: str | None = None


class StepPart(Noun, frozen=True):
    """One step from a milestone to the next: of those who got so far, how many got on; and its part."""

    source: str
    target: str
    reached: tuple[int, int]  # the source, control first
    rates: Pair
    part: float  # of the difference; the parts add up to it
    ci: Pair
    log_part: float
    log_ci: Pair


class StepParts(Noun, frozen=True):
    """Which step of the journey made the difference."""

    variant: str
    control: str
    success: Pair | None = None
    parts: tuple[StepPart, ...] = ()
    reason: str | None = None


class Mixture(Noun, frozen=True):
    """The primary difference in two parts that add up to it, by one thing `known` at the first exposure."""

    metric: str
    variant: str
    control: str
    known: str  # of `analysis.tables.KNOWN`
    kind: str = "proportion"
    unit: str = ""
    values: Pair | None = None
    mix: float | None = None  # from other kinds of visitors
    rate: float | None = None  # from doing better with the same kinds
    reason: str | None = None


class CurveTest(Noun, frozen=True):
    """The curves of the time to an answer compared as a whole: log-rank, others who ended kept at risk."""

    variant: str
    control: str
    z: float | None = None  # above 0: the variant answers more, or sooner
    p_value: float | None = None
    reason: str | None = None


class Alternative(Noun, frozen=True):
    """The primary result by another definition, judged once; `definition` '' is the promised one."""

    definition: str
    variant: str
    control: str
    n: tuple[int, int]
    verdict: str  # a `VerdictCode`
    kind: str = "proportion"
    better: str = "higher"
    unit: str = ""
    metric: str = ""
    values: Pair | None = None
    estimate: float | None = None
    ci: Pair | None = None
    p_value: float | None = None
    reason: str | None = None


class LookPoint(Noun, frozen=True):
    """What was known at the end of a DAY; `bound` is how far `z` had to be from 0 to decide."""

    day: str
    n: int
    z: float | None = None
    bound: float | None = None


class Progress(Noun, frozen=True):
    """First exposures of the control and a variant by the end of each DAY, and the boundary on the way.

    Where one may not look before the end there are no statistics on the way. `decided` is the DAY that
    reached the boundary.
    """

    variant: str
    control: str
    planned: int
    looks: str
    points: tuple[LookPoint, ...] = ()
    decided: str | None = None


class SecondViews(Noun, frozen=True):
    """Everything that stands beside the verdict."""

    readings: tuple[Reading, ...] = ()
    beliefs: tuple[Belief, ...] = ()
    steps: tuple[StepParts, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    progress: tuple[Progress, ...] = ()
    mixtures: tuple[Mixture, ...] = ()
    curves: tuple[CurveTest, ...] = ()

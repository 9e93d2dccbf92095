# SPDX-License-Identifier: EUPL-1.2
"""From an estimate to a line of the report: what was asked, what came out, corrected for asking often."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from analysis.estimates import Estimate, Pair, Refused
from analysis.monitoring import Watched
from analysis.report import Estimand, Result, Role

Correction = Callable[[Sequence[float | None]], tuple[float | None, ...]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is compared: a metric with its estimand and direction, and the part it plays in the verdict."""

    metric: str
    kind: str  # proportion, mean, ratio, time
    better: str = "higher"
    estimand: Estimand = Estimand.VISITOR
    role: Role = Role.SECONDARY
    unit: str = ""
    margin: float | None = None
    cap: float | None = None  # where outliers were agreed to be cut

    @property
    def null(self) -> float:
        """The difference under test: none, or for a guardrail the worst that is still allowed."""
        if self.margin is None:
            return 0.0
        return -self.margin if self.better == "higher" else self.margin


def result(
    asked: Asked,
    found: Estimate | Refused,
    *,
    variant: str,
    control: str,
    n: tuple[int, int],
    segment: str | None = None,
) -> Result:
    """The report's line for one comparison; a refusal becomes its reason, without numbers.

    For a guardrail `p_value` tests its margin (two-sided; half of it is the non-inferiority test's).
    """
    blank = Result(
        metric=asked.metric,
        estimand=asked.estimand,
        segment=segment,
        variant=variant,
        control=control,
        kind=asked.kind,
        n=n,
        values=None,
        estimate=None,
        ci=None,
        relative=None,
        relative_ci=None,
        p_value=None,
        p_adjusted=None,
        method="",
        role=asked.role,
        better=asked.better,
        unit=asked.unit,
        margin=asked.margin,
        cap=asked.cap,
    )
    if isinstance(found, Refused):
        return msgspec.structs.replace(blank, reason=str(found))
    return msgspec.structs.replace(
        blank,
        values=found.values,
        value_cis=found.value_cis,
        estimate=found.difference,
        ci=found.ci,
        relative=found.relative,
        relative_ci=found.relative_ci,
        p_value=found.p_value,
        method=found.method,
        unbroken=None if asked.margin is None else unbroken(found.ci, asked),
    )


def watched(fixed: Result, found: Watched | Refused, *, variants: int) -> Result:
    """The line of the primary metric where one may look on the way: what the looks together allow to say.

    Before its time it has an interval that holds at all looks, and no p-value.
    """
    if isinstance(found, Refused):
        return msgspec.structs.replace(
            fixed,
            values=None,
            value_cis=None,
            estimate=None,
            ci=None,
            relative=None,
            relative_ci=None,
            p_value=None,
            p_adjusted=None,
            reason=str(found),
        )
    one, p = found.estimate, found.p_value
    bounded = math.isfinite(one.ci[0]) and math.isfinite(one.ci[1])
    return msgspec.structs.replace(
        fixed,
        values=one.values,
        value_cis=one.value_cis,
        estimate=one.difference,
        ci=one.ci if bounded else None,
        relative=one.relative,
        relative_ci=one.relative_ci,
        p_value=p,
        p_adjusted=None if p is None else min(1.0, variants * p),
        method=one.method,
    )


def unbroken(ci: Pair, asked: Asked) -> bool | None:
    """Whether a guardrail held: True, False, or None where the interval still holds both.

    A non-inferiority test at one-sided α/2: held where the whole interval is better than the margin, broken
    where the whole interval is worse. "Not shown to be worse" is not "held".

    >>> rail = Asked("contacted", "proportion", "lower", margin=0.02)
    >>> unbroken((-0.03, 0.01), rail), unbroken((0.025, 0.06), rail), unbroken((-0.01, 0.03), rail)
    (True, False, None)
    """
    low, high = ci if asked.better == "higher" else (-ci[1], -ci[0])
    margin = asked.margin or 0.0
    if low > -margin:
        return True
    return False if high < -margin else None


def corrected(results: Sequence[Result], correction: Correction) -> tuple[Result, ...]:
    """The same results with `p_adjusted` over all of them together."""
    adjusted = correction([one.p_value for one in results])
    return tuple(msgspec.structs.replace(one, p_adjusted=p) for one, p in zip(results, adjusted, strict=True))

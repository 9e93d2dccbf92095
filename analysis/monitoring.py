# SPDX-License-Identifier: EUPL-1.2
"""Looking on the way without fooling oneself: no verdict before its time, and what holds once it is there.

A look is the end of a closed DAY. By then the outcome window of every browser in it is over: a look that
counts browsers whose outcome is still to ripen errs more often than it says.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from scipy import special

from analysis.estimates import LEVEL, Arm, Estimate, Refusal, Refused
from analysis.estimates.group_sequential import MIN_STEP, Design, after_stop, repeated_interval
from analysis.estimates.sequences import Mixture, at_any_time


@dataclass(frozen=True, slots=True)
class Look:
    """All that was seen up to the end of `name` (a DAY), of one variant and the control.

    `estimate` is that of the fixed analysis at this moment.
    """

    name: str
    control: Arm
    variant: Arm
    estimate: Estimate

    @property
    def n(self) -> int:
        return self.control.n + self.variant.n

    @property
    def error(self) -> float:
        return math.sqrt(self.control.variance + self.variant.variance)

    @property
    def z(self) -> float:
        """The normal statistic with the p-value of the fixed analysis: its own error rate at every look."""
        size = -float(special.ndtri(max(self.estimate.p_value, 1e-300) / 2))
        return math.copysign(size, self.estimate.difference - self.estimate.null)


@dataclass(frozen=True, slots=True)
class Watched:
    """What the looks allow to say. `decided` is the look that reached its boundary, None where none did.

    `over` is True where nothing more is to come: a boundary was reached, or the planned end. `estimate` is
    the one to report: after a stop or at the end with all looks accounted for, until then with an interval
    that holds at all looks and a p-value of None.
    """

    estimate: Estimate
    p_value: float | None
    decided: str | None
    over: bool
    looks: int


def no_fall(looks: Sequence[tuple[str, int, int]]) -> Refused | None:
    """`Refused` where a variant's units become fewer from one look (name, control, variant) to the next."""
    for (_, *before), (name, *after) in pairwise(looks):
        for side, was, is_now in zip(("control", "variant"), before, after, strict=True):
            if is_now < was:
                return Refused(
                    Refusal.FALLING_COUNTS,
                    f"at {name} the {side} counts {is_now} units after {was}; cumulative counts cannot fall, "
                    "so mend the series or leave it out",
                )
    return None


def planned(
    looks: Sequence[Look], planned_size: int, *, design: Design | None = None, ended: bool = False
) -> Watched | Refused:
    """Group sequential: the boundary of each look by what had been planned to be spent by then.

    Time is the share of the planned first exposures. Looks after the planned size are not needed, and not
    read. `ended` tells that the planned last DAY is over: the last look then spends all that is left.

    `Refused` without a look, or where counts fall.
    """
    design = design or Design()
    kept = _kept(looks, planned_size)
    if isinstance(kept, Refused):
        return kept
    shares = [look.n / planned_size for look in kept]
    z, errors = [look.z for look in kept], [look.error for look in kept]
    crossed = design.first_crossing(z, shares, final=ended)
    last = kept[-1] if crossed is None else kept[crossed]
    if crossed is None and shares[-1] < 1 and not ended:
        bound = design.boundaries(shares)[-1]
        ci = repeated_interval(last.estimate.difference, last.error, bound)
        method = f"group sequential, repeated interval at look {len(kept)}"
        estimate = replace(
            last.estimate, ci=ci, relative=last.estimate.relative, relative_ci=None, method=method
        )
        return Watched(estimate, None, None, over=False, looks=len(kept))
    found = after_stop(z, errors, shares, design, final=ended)
    control = last.estimate.values[0]
    estimate = replace(
        last.estimate,
        difference=found.estimate,
        ci=found.ci,
        p_value=found.p_value,
        relative=found.estimate / control if control else None,
        relative_ci=None,
        method=f"group sequential, stage-wise, look {found.look + 1}",
    )
    return Watched(
        estimate,
        found.p_value,
        last.name if found.crossed else None,
        over=True,
        looks=len(kept),
    )


def any_time(looks: Sequence[Look], planned_size: int, *, level: float = LEVEL) -> Watched | Refused:
    """Confidence sequence tuned to the planned size: may be read, and acted on, at every look for ever.

    The p-value is the smallest so far. Reported is the first look that leaves the null out, else the last.
    """
    refused = no_fall([(look.name, look.control.n, look.variant.n) for look in looks])
    if refused is not None:
        return refused
    mixture = Mixture(planned_size, level)
    found: Estimate | Refused = Refused(Refusal.NO_UNITS, "no day was closed yet")
    smallest, name = 1.0, ""
    for look in looks:
        found = at_any_time(look.control, look.variant, mixture, null=look.estimate.null)
        if isinstance(found, Refused):
            continue
        name, smallest = look.name, min(smallest, found.p_value)
        if found.p_value < 1 - level:
            break
    if isinstance(found, Refused):
        return found
    clear = found.p_value < 1 - level
    return Watched(
        replace(found, p_value=smallest), smallest, name if clear else None, over=clear, looks=len(looks)
    )


def bounds(
    looks: Sequence[Look], planned_size: int, *, any_time: bool, level: float = LEVEL
) -> dict[str, tuple[float, float]]:
    """For each look that counts its z, and how far from 0 it had to be; empty where counts fall.

    A look that the decision refuses (at any time: fewer than 100 units in a variant) does not count here.
    """
    if any_time:
        if no_fall([(look.name, look.control.n, look.variant.n) for look in looks]) is not None:
            return {}
        mixture = Mixture(planned_size, level)
        return {
            look.name: (
                (look.estimate.difference - look.estimate.null) / look.error,
                mixture.critical(look.n),
            )
            for look in looks
            if not isinstance(at_any_time(look.control, look.variant, mixture), Refused)
        }
    kept = _kept(looks, planned_size)
    if isinstance(kept, Refused):
        return {}
    limits = Design(level=level).boundaries([look.n / planned_size for look in kept])
    return {look.name: (look.z, bound) for look, bound in zip(kept, limits, strict=True)}


def _kept(looks: Sequence[Look], planned_size: int) -> list[Look] | Refused:
    """The looks that count: those that add something, up to the one that reaches the planned size.

    A look that adds hardly anything is left out, never an earlier one for it: what was decided stays decided.
    """
    refused = no_fall([(look.name, look.control.n, look.variant.n) for look in looks])
    if refused is not None:
        return refused
    kept: list[Look] = []
    for look in looks:
        if not kept or look.n - kept[-1].n >= 2 * MIN_STEP * look.n:
            kept.append(look)
        if kept[-1].n >= planned_size:
            break
    return kept or Refused(Refusal.NO_UNITS, "no day was closed yet")

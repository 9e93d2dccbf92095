# SPDX-License-Identifier: EUPL-1.2
"""Which step did it: a difference in success told as the differences of the steps that lead to it.

Over milestones that both variants share. It describes; it does not prove that a step is the cause, since
whoever reaches a later step was let through by the earlier ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from analysis.estimates import LEVEL, Pair, Refusal, Refused, bootstrap
from analysis.estimates.ratio import MIN_OCCUPIED

Floats = NDArray[np.float64]

#: Those who reached the step before, in each variant, below which a step's rate is not told.
MIN_REACHED = 20


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its rate in both variants, and its part in the difference of the whole.

    `log_part` adds up to Δ ln success over the steps, `part` (Shapley) to the difference itself; each with an
    interval by bootstrap over buckets.
    """

    name: str
    rates: Pair
    log_part: float
    log_ci: Pair
    part: float
    ci: Pair


@dataclass(frozen=True, slots=True)
class Steps:
    """`success` of both variants: the share of the first milestone that reached the last."""

    steps: tuple[Step, ...]
    success: Pair


def steps(
    names: Sequence[str],
    control: Floats,
    variant: Floats,
    *,
    replicates: int = 1_000,
    seed: int = 0,
    level: float = LEVEL,
) -> Steps | Refused:
    """The parts of the steps between milestones.

    Args:
        names: of the steps, one fewer than there are milestones; at most 10.
        control, variant: a row per bucket, a column per milestone: how many reached it.

    `Refused` where fewer than 20 reached a step in some variant, nobody passed it, or fewer than 20 buckets
    hold anyone.

    Source: for the logarithms, Δ ln Π r = Σ Δ ln r; Shapley, in Contributions to the Theory of Games II
    (1953), over the 2^m orders in which steps take their new rate.
    """
    _check(names, control, variant)
    sides = control[control.any(axis=1)], variant[variant.any(axis=1)]
    least = min(len(side) for side in sides)
    if least < MIN_OCCUPIED:
        detail = f"{least} hold anyone in one of the variants, at least {MIN_OCCUPIED} are needed"
        return Refused(Refusal.TOO_FEW_BUCKETS, detail)
    totals = [side.sum(axis=0) for side in sides]
    for total in totals:
        if float(total[:-1].min()) < MIN_REACHED:
            return Refused(
                Refusal.TOO_FEW_UNITS,
                f"{total[:-1].min():.0f} reached a step in one of the variants, at least {MIN_REACHED} are "
                "needed",
            )
        if float(total[-1]) <= 0:
            return Refused(Refusal.NO_EVENTS, "nobody got through the last step in one of the variants")
    seen = _parts(*(total[None, :] for total in totals))
    # Each variant has its own buckets, so it draws its own weights.
    drawn = [
        bootstrap.weights(len(side), replicates=replicates, seed=2 * seed + place) @ side
        for place, side in enumerate(sides)
    ]
    logs, parts = _parts(*drawn)
    rates = [total[1:] / total[:-1] for total in totals]
    return Steps(
        steps=tuple(
            Step(
                name=name,
                rates=(float(rates[0][i]), float(rates[1][i])),
                log_part=float(seen[0][0, i]),
                log_ci=bootstrap.standard_interval(logs[:, i], level),
                part=float(seen[1][0, i]),
                ci=bootstrap.standard_interval(parts[:, i], level),
            )
            for i, name in enumerate(names)
        ),
        success=(float(totals[0][-1] / totals[0][0]), float(totals[1][-1] / totals[1][0])),
    )


def shapley(before: Floats, after: Floats) -> Floats:
    """The part of each factor in Π after - Π before, averaged over all orders of change; last axis: factors.

    >>> [round(float(part), 4) for part in shapley(np.array([0.5, 0.4]), np.array([0.6, 0.5]))]
    [0.045, 0.055]
    """
    count = before.shape[-1]
    found = np.zeros(np.broadcast_shapes(before.shape, after.shape))
    for i in range(count):
        others = [j for j in range(count) if j != i]
        for size in range(count):
            share = math.factorial(size) * math.factorial(count - size - 1) / math.factorial(count)
            for changed in combinations(others, size):
                product = np.ones(found.shape[:-1])
                for j in others:
                    product = product * (after if j in changed else before)[..., j]
                found[..., i] += share * product * (after[..., i] - before[..., i])
    return found


@dataclass(frozen=True, slots=True)
class Mix:
    """A difference told as mix and rate, adding up to it."""

    mix: float  # of other visitors
    rate: float  # of doing better with the same visitors

    @property
    def total(self) -> float:
        return self.mix + self.rate


def kitagawa(
    control_units: Floats, control_hits: Floats, variant_units: Floats, variant_hits: Floats
) -> Mix | Refused:
    """How much of a difference comes from other kinds of visitors, and how much from other rates.

    Arguments: units and successes per kind of visitor (segment), in the same order. Among randomised variants
    the mix differs by chance only; a large part is a reason to look at the exposure. `Refused` where a kind
    of visitor is missing in a variant.

    Source: E. M. Kitagawa, JASA 50 (1955), equation 4.

    >>> kitagawa(*(np.array(x) for x in ([50.0, 50.0], [10.0, 40.0], [30.0, 70.0], [6.0, 56.0])))
    Mix(mix=0.12, rate=0.0)
    """
    if min(control_units.sum(), variant_units.sum()) <= 0:
        return Refused(Refusal.NO_UNITS, "one of the variants has nobody, there is nothing to compare")
    if bool(((control_units <= 0) | (variant_units <= 0)).any()):
        return Refused(Refusal.ZERO_DENOMINATOR, "a kind of visitor is missing in one of the variants")
    shares = control_units / control_units.sum(), variant_units / variant_units.sum()
    rates = control_hits / control_units, variant_hits / variant_units
    mix = float(((shares[1] - shares[0]) * (rates[0] + rates[1]) / 2).sum())
    rate = float(((rates[1] - rates[0]) * (shares[0] + shares[1]) / 2).sum())
    return Mix(round(mix, 15), round(rate, 15))


def _parts(control: Floats, variant: Floats) -> tuple[Floats, Floats]:
    """(Δ ln of each step's rate, its Shapley part) from reached milestones, row by row."""
    with np.errstate(divide="ignore", invalid="ignore"):
        before, after = control[:, 1:] / control[:, :-1], variant[:, 1:] / variant[:, :-1]
        return np.log(after) - np.log(before), shapley(before, after)


def _check(names: Sequence[str], control: Floats, variant: Floats) -> None:
    if not 1 <= len(names) <= 10 or {control.shape[1], variant.shape[1]} != {len(names) + 1}:
        raise ValueError(
            f"{len(names)} steps between {control.shape[1]} and {variant.shape[1]} milestones; expected 1 to "
            "10 steps and one milestone more"
        )
    for one in (control, variant):
        if not np.isfinite(one).all() or (one < 0).any() or (np.diff(one, axis=1) > 0).any():
            raise ValueError("more reached a milestone than the one before it, or a count is none")

# SPDX-License-Identifier: EUPL-1.2
"""Planned looks: how large a difference must be at each of them, so that all together err once in twenty.

A spending function says beforehand how much of α may be used up by the time a share t of the planned
information is in. Looks need not be evenly spaced, and their number need not be known; only the function and
the planned information must be fixed before launch. Boundaries are two-sided and symmetric, α/2 on each side.

The statistics of the looks are taken as a multivariate normal with correlation √(I_j/I_k). Its integrals are
taken one look at a time (Armitage, McPherson & Rowe, J. R. Statist. Soc. A 132, 1969; Jennison & Turnbull,
Group Sequential Methods, 2000, chapter 19), on Gauss-Legendre nodes over the continuation region.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from analysis.estimates import LEVEL, Pair

Floats = NDArray[np.float64]

#: Beyond this many standard errors nothing is left to integrate (1e-10 of the mass), nor to look for a bound.
_FAR = 6.5
_HIGHEST = 9.0

#: A look must add this share of the information it has; closer ones belong together.
MIN_STEP = 0.003

#: α that a look must have to spend; below it the look has no boundary (nothing can be concluded there).
_NOTHING = 1e-13


class Spending(StrEnum):
    """How α is spent over the information: late and little by little, evenly, or as a power of it."""

    OBRIEN_FLEMING = "obrienFleming"
    POCOCK = "pocock"
    QUADRATIC = "quadratic"


def spent(spending: Spending, share: float, alpha: float) -> float:
    """One-sided error spent when a share of the planned information is in; `alpha` is one-sided too.

    Source: Lan & DeMets, Biometrika 70 (1983); the power family: Kim & DeMets, Biometrika 74 (1987).

    >>> round(spent(Spending.OBRIEN_FLEMING, 1.0, 0.025), 6), round(spent(Spending.POCOCK, 0.5, 0.025), 6)
    (0.025, 0.015503)
    """
    t = min(max(share, 0.0), 1.0)
    if t == 0:
        return 0.0
    if spending is Spending.OBRIEN_FLEMING:
        return float(2 * special.ndtr(special.ndtri(alpha / 2) / math.sqrt(t)))
    if spending is Spending.POCOCK:
        return alpha * math.log1p((math.e - 1) * t)
    return alpha * t * t


@dataclass(frozen=True, slots=True)
class Design:
    """What is fixed before launch: which function spends α, and the confidence kept over all looks."""

    spending: Spending = Spending.OBRIEN_FLEMING
    level: float = LEVEL

    def boundaries(self, information: Sequence[float], *, final: bool = False) -> tuple[float, ...]:
        """|z| that each look must exceed; infinite where a look has nothing to spend.

        Args:
            information: at each look the information so far (1 / variance of the estimate) as a share of the
                planned, rising by at least 0.3 %. A look at or beyond 1 spends all that is left, and is the
                last.
            final: the last of these looks is the planned end, however little was seen by then: it spends all
                that is left too.

        Raises `ValueError` where the information does not rise or looks follow the last.

        >>> [round(b, 4) for b in Design().boundaries([0.2, 0.4, 0.6, 0.8, 1.0])]
        [4.8769, 3.357, 2.6803, 2.2898, 2.031]
        """
        return _boundaries(tuple(_checked(information)), self.spending, 1 - self.level, final)

    def first_crossing(
        self, z: Sequence[float], information: Sequence[float], *, final: bool = False
    ) -> int | None:
        """The first look at which |z| reaches its boundary; None where none does.

        A boundary is never below the one that all α spent so far would give a single look, so looks after the
        last that exceeds even that need no integral.
        """
        shares = _checked(information)
        used = [spent(self.spending, share, (1 - self.level) / 2) for share in shares]
        if final:
            used[-1] = (1 - self.level) / 2
        near = [k for k, one in enumerate(used) if abs(z[k]) >= -float(special.ndtri(max(one, 1e-300)))]
        if not near:
            return None
        bounds = self.boundaries(shares[: near[-1] + 1], final=final and near[-1] == len(shares) - 1)
        return next((k for k in near if abs(z[k]) >= bounds[k]), None)

    def crossing(self, information: Sequence[float], drift: float) -> tuple[Floats, Floats]:
        """At each look the chance to cross the upper and the lower boundary there for the first time.

        `drift` is the expected z at a share of 1: effect · √(planned information).
        """
        return crossing(information, self.boundaries(information), drift)

    def power(self, information: Sequence[float], drift: float) -> float:
        """Chance that some look crosses, on either side."""
        upper, lower = self.crossing(information, drift)
        return float(upper.sum() + lower.sum())

    def drift_for(self, information: Sequence[float], power: float) -> float:
        """The drift at which that power is reached."""
        return float(optimize.brentq(lambda d: self.power(information, d) - power, 0.0, 12.0, xtol=1e-9))

    def inflation(self, information: Sequence[float], power: float) -> float:
        """How many times larger the test must be planned than one that looks once, for the same power.

        >>> round(Design().inflation([0.2, 0.4, 0.6, 0.8, 1.0], 0.8), 3)
        1.025
        """
        alpha = 1 - self.level
        once = float(special.ndtri(1 - alpha / 2))
        single = float(
            optimize.brentq(
                lambda d: special.ndtr(d - once) + special.ndtr(-d - once) - power, 0.0, 12.0, xtol=1e-9
            )
        )
        return (self.drift_for(information, power) / single) ** 2


@dataclass(frozen=True, slots=True)
class Stopped:
    """What may be said after the last look, in units of the estimate: it knows that there were looks.

    `estimate` is median-unbiased. `crossed` tells whether a boundary was reached.
    """

    look: int
    estimate: float
    ci: Pair
    p_value: float
    crossed: bool


def after_stop(
    z: Sequence[float],
    errors: Sequence[float],
    information: Sequence[float],
    design: Design,
    *,
    final: bool = False,
) -> Stopped:
    """Stage-wise p, interval and median-unbiased estimate at the first look that crossed, else the last.

    Outcomes are ordered by how soon and on which side they stopped, then by z. The naive interval after a
    stop covers 54-76 % of the time where a weak effect was found.

    Args:
        z, errors: the statistic and the standard error of the estimate at each look.
        information, final: as in `Design.boundaries`.

    Source: Jennison & Turnbull 2000, sections 8.4-8.5; Tsiatis, Rosner & Mehta, Biometrics 40 (1984).
    """
    if not len(z) == len(errors) == len(information) >= 1:
        raise ValueError(
            f"{len(z)} statistics, {len(errors)} errors and {len(information)} looks; expected one of each "
            "per look"
        )
    found = design.first_crossing(z, information, final=final)
    last = len(z) - 1 if found is None else found
    bounds = design.boundaries(information[: last + 1], final=final and last == len(z) - 1)
    shares, limits, seen = information[: last + 1], bounds[:last], z[last]
    scale = 1 / (errors[last] * math.sqrt(shares[-1]))  # from an effect to its drift at a share of 1

    def tail(drift: float) -> float:
        """Chance of an outcome at least as high as the one seen."""
        upper, _, survivors = _walk(shares, limits, drift)
        return float(sum(upper) + survivors(seen))

    def effect(chance: float) -> float:
        near = seen / math.sqrt(shares[-1])
        low, high = near - 8 / math.sqrt(shares[-1]), near + 8 / math.sqrt(shares[-1])
        return float(optimize.brentq(lambda d: tail(d) - chance, low, high, xtol=1e-5)) / scale

    alpha = 1 - design.level
    above = tail(0.0)
    return Stopped(
        look=last,
        estimate=effect(0.5),
        ci=(effect(alpha / 2), effect(1 - alpha / 2)),
        p_value=min(1.0, 2 * min(above, 1 - above)),
        crossed=found is not None,
    )


def repeated_interval(difference: float, error: float, bound: float) -> Pair:
    """The interval at one look that holds the truth at all looks together; unbounded where the look has none.

    Source: Jennison & Turnbull, J. R. Statist. Soc. B 51 (1989).
    """
    return difference - bound * error, difference + bound * error


# --- integration -----------------------------------------------------------------------------------------


def _checked(information: Sequence[float]) -> list[float]:
    shares = [float(share) for share in information]
    rising = all(b - a >= MIN_STEP * b > 0 for a, b in zip([0.0, *shares], shares, strict=False))
    if not rising or not all(math.isfinite(share) for share in shares):
        raise ValueError(f"information {shares} does not rise from above 0; leave out looks that add little")
    if any(share >= 1 for share in shares[:-1]):
        raise ValueError(f"looks follow the last one at information {shares}; cut them off at 1")
    return shares


@lru_cache(maxsize=512)
def _boundaries(
    information: tuple[float, ...], spending: Spending, alpha: float, final: bool
) -> tuple[float, ...]:
    found: list[float] = []
    used = 0.0
    walk = _Walk(0.0)
    for place, share in enumerate(information):
        all_left = final and place == len(information) - 1
        now = alpha if all_left else 2 * spent(spending, share, alpha / 2)
        step = now - used
        arrive = walk.arrive(share)
        bound = math.inf
        if step > _NOTHING:
            bound = float(optimize.brentq(lambda c: 2 * arrive(c) - step, 0.0, _HIGHEST, xtol=1e-9))  # noqa: B023
            used = now
        found.append(bound)
        walk = walk.go_on(share, bound)
    return tuple(found)


def crossing(information: Sequence[float], bounds: Sequence[float], drift: float) -> tuple[Floats, Floats]:
    """At each look the chance to cross these bounds there for the first time: above, and below."""
    walk, upper, lower = _Walk(drift), [], []
    for share, bound in zip(information, bounds, strict=True):
        arrive = walk.arrive(share)
        upper.append(arrive(bound))
        lower.append(walk.arrive(share, below=True)(-bound))
        walk = walk.go_on(share, bound)
    return np.array(upper), np.array(lower)


def _walk(
    information: Sequence[float], bounds: Sequence[float], drift: float
) -> tuple[list[float], list[float], Callable[[float], float]]:
    """Crossings of all looks but the last, and there the chance to arrive above a value."""
    walk = _Walk(drift)
    upper, lower = [], []
    for share, bound in zip(information, bounds, strict=False):
        upper.append(walk.arrive(share)(bound))
        lower.append(walk.arrive(share, below=True)(-bound))
        walk = walk.go_on(share, bound)
    return upper, lower, walk.arrive(information[-1])


class _Walk:
    """The statistic of the tests that have not stopped: mass at nodes of z at the look before."""

    __slots__ = ("_drift", "_mass", "_share", "_z")

    def __init__(
        self, drift: float, share: float = 0.0, z: Floats | None = None, mass: Floats | None = None
    ) -> None:
        self._drift, self._share = drift, share
        self._z = np.zeros(1) if z is None else z
        self._mass = np.ones(1) if mass is None else mass

    def _step(self, share: float) -> tuple[Floats, float]:
        """Mean and standard deviation of z at `share`, for each node."""
        kept = math.sqrt(self._share / share)
        spread = math.sqrt(1 - self._share / share)
        centre = self._z * kept + self._drift * (share - self._share) / math.sqrt(share)
        return centre, spread

    def arrive(self, share: float, *, below: bool = False) -> Callable[[float], float]:
        """The chance to be above (below) a value of z at `share`, not having stopped before."""
        centre, spread = self._step(share)
        sign = 1.0 if below else -1.0
        mass = self._mass

        def chance(value: float) -> float:
            return float(mass @ special.ndtr(sign * (value - centre) / spread))

        return chance

    def go_on(self, share: float, bound: float) -> _Walk:
        """After a look at which |z| >= bound stopped."""
        centre, spread = self._step(share)
        middle = self._drift * math.sqrt(share)
        low, high = max(-bound, middle - _FAR), min(bound, middle + _FAR)
        if low >= high:
            return _Walk(self._drift, share, np.zeros(1), np.zeros(1))
        # The kernel must span some nodes, also where looks follow each other closely.
        count = int(min(1000, max(48, 2.5 * (high - low) / spread)))
        nodes, weights = _legendre(count)
        half = (high - low) / 2
        z = low + half * (nodes + 1)
        kernel = np.exp(-(((z[:, None] - centre[None, :]) / spread) ** 2) / 2)
        density = kernel @ self._mass / (spread * math.sqrt(2 * math.pi))
        return _Walk(self._drift, share, z, density * weights * half)


@lru_cache(maxsize=64)
def _legendre(count: int) -> tuple[Floats, Floats]:
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return nodes, weights

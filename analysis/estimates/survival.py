# SPDX-License-Identifier: EUPL-1.2
"""Time to an answer, where giving up and turning to another channel compete with it.

The restricted mean counts whoever never gets an answer with the whole horizon τ. Treating those who gave up
as merely unseen (censored) would credit a variant for driving them away.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from analysis.estimates import LEVEL, Arm, Estimate, Pair, Refusal, Refused, mean

#: Ten minutes. Whoever has no answer by then counts as ten minutes. Fixed for all experiments, so that
#: nobody can choose it after seeing the data.
HORIZON_S = 600.0

MIN_UNITS = 20

#: Units still followed at the horizon below which the tail of a censored curve is not worth an integral.
MIN_AT_RISK = 5

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Ends:
    """Of one variant: how many units ended at each time (rising, s), by how they ended.

    Units in `censored` were last seen unanswered and still looking; the others ended for good.
    """

    time_s: Floats
    answered: Floats
    elsewhere: Floats  # another channel
    abandoned: Floats
    censored: Floats

    @property
    def n(self) -> int:
        return int(sum(self._counts().sum(axis=0)))

    def _counts(self) -> Floats:
        return np.stack([self.answered, self.elsewhere, self.abandoned, self.censored])


@dataclass(frozen=True, slots=True)
class Incidence:
    """Aalen-Johansen at each time of `Ends`: share that ended by then, by cause; `looking` just before it."""

    time_s: Floats
    at_risk: Floats
    looking: Floats  # S(t-)
    hazard: Floats  # of any end
    answered: Floats
    elsewhere: Floats
    abandoned: Floats
    answered_variance: Floats


def ends(time_s: Floats, cause: Integers, units: Floats) -> Ends:
    """`Ends` of rows (time, cause, number of units); cause 0 censored, 1 answered, 2 elsewhere, 3 abandoned.

    >>> ends(np.array([5.0, 2.0, 5.0]), np.array([1, 0, 3]), np.array([1.0, 2.0, 4.0])).abandoned.tolist()
    [0.0, 4.0]
    """
    there = units > 0
    time_s, cause, units = time_s[there], cause[there], units[there]
    times, position = np.unique(time_s, return_inverse=True)
    table = np.zeros((4, len(times)))
    np.add.at(table, (cause, position), units)
    return Ends(times, table[1], table[2], table[3], table[0])


def incidence(data: Ends) -> Incidence:
    """Cumulative incidence of every cause, ends before censorings at equal times.

    The variance of `answered` is the delta method's. Source: Aalen & Johansen, Scand. J. Statist. 5 (1978);
    Marubini & Valsecchi, Analysing Survival Data (1995), equation 10.12.
    """
    ended = data.answered + data.elsewhere + data.abandoned
    total = ended + data.censored
    at_risk = total[::-1].cumsum()[::-1]
    hazard = ended / at_risk
    after = np.cumprod(1 - hazard)
    looking = np.concatenate([[1.0], after[:-1]])
    answered, elsewhere, abandoned = (
        np.cumsum(looking * cause / at_risk) for cause in (data.answered, data.elsewhere, data.abandoned)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.where(at_risk > ended, ended / (at_risk * (at_risk - ended)), 0.0)
    own = looking**2 * data.answered * (at_risk - data.answered) / at_risk**3
    cross = looking * data.answered / at_risk**2
    # Σ over u ≤ t of (F(t)-F(u))²·spread + own - 2(F(t)-F(u))·cross, with F(t) taken out of the sums.
    variance = (
        answered**2 * np.cumsum(spread)
        - 2 * answered * np.cumsum(answered * spread + cross)
        + np.cumsum(answered**2 * spread + own + 2 * answered * cross)
    )
    return Incidence(
        data.time_s, at_risk, looking, hazard, answered, elsewhere, abandoned, np.maximum(variance, 0.0)
    )


def restricted_mean(data: Ends, horizon_s: float = HORIZON_S) -> Arm | Refused:
    """Mean time to an answer up to the horizon, τ - ∫₀^τ F_answered(t) dt, and its variance.

    The variance is Σ IF² · n/(n-1) / n² over the influence IF of each unit, which depends only on its time
    and cause: one pass over the times. Without censoring it is exactly the variance of the mean of min(T, τ).

    `Refused` for fewer than 20 units, nobody answered, or units not followed up to the horizon.

    Source: Aalen & Johansen 1978; Andersen & Perme, Statistical Methods in Medical Research 19 (2010);
    Andersen, Statistics in Medicine 32 (2013), for time lost to one cause.

    >>> data = ends(np.array([100.0, 300.0, 500.0]), np.array([1, 3, 1]), np.array([20.0, 10.0, 10.0]))
    >>> restricted_mean(data, 600).value  # (20·100 + 10·600 + 10·500) / 40
    325.0
    """
    n = data.n
    if n == 0:
        return mean.no_units()
    if n < MIN_UNITS:
        return mean.too_few_units(n, MIN_UNITS)
    curve = incidence(data)
    refused = _not_followed(data, curve, horizon_s)
    if refused is not None:
        return refused
    influence = _influence(data, curve, horizon_s)
    counts = data._counts()
    squares, cubes = float((counts * influence**2).sum()), float((counts * influence**3).sum())
    lost = np.diff(np.concatenate([[0.0], curve.answered])) * np.maximum(horizon_s - data.time_s, 0.0)
    variance = squares / (n * (n - 1))
    if variance <= 1e-18 * horizon_s**2:
        variance = 0.0
    # The influence is on the time *lost* to the answer, which is subtracted from the horizon.
    return Arm(n, horizon_s - float(lost.sum()), variance, n - 1, -cubes / n**3)


def compare(
    control: Ends, variant: Ends, *, horizon_s: float = HORIZON_S, level: float = LEVEL, null: float = 0.0
) -> Estimate | Refused:
    """Difference of two restricted mean times to an answer, in seconds; negative is faster."""
    left, right = restricted_mean(control, horizon_s), restricted_mean(variant, horizon_s)
    if isinstance(left, Refused):
        return left
    if isinstance(right, Refused):
        return right
    return mean.contrast(left, right, level=level, null=null, method="restricted mean, Aalen–Johansen")


def band(shares: Floats, variance: Floats, level: float = LEVEL) -> tuple[Floats, Floats]:
    """Pointwise interval of a cumulative incidence on the scale ln(-ln(1 - F)), so that it stays in [0, 1].

    Source: Kalbfleisch & Prentice, The Statistical Analysis of Failure Time Data (2002), section 1.4.
    """
    inside = (shares > 0) & (shares < 1)
    safe = np.where(inside, shares, 0.5)
    error = np.sqrt(variance) / ((1 - safe) * -np.log1p(-safe))
    critical = float(special.ndtri((1 + level) / 2))
    with np.errstate(over="ignore"):  # an endless error reaches 1
        low = -np.expm1(np.log1p(-safe) * np.exp(-critical * error))
        high = -np.expm1(np.log1p(-safe) * np.exp(critical * error))
    return np.where(inside, low, shares), np.where(inside, high, shares)


def at(curve_time_s: Floats, values: Floats, grid_s: Floats) -> Floats:
    """A step curve (0 before its first time) read at the times of `grid_s`."""
    position = np.searchsorted(curve_time_s, grid_s, side="right")
    found: Floats = np.concatenate([[0.0], values])[position]
    return found


def log_rank(control: Ends, variant: Ends, horizon_s: float = HORIZON_S) -> tuple[float, float] | Refused:
    """z and two-sided p of equal answering, with competing ends kept at risk until the horizon.

    Keeping those who gave up at risk compares cumulative incidence, not the speed of those who stayed.
    Positive z: the variant answers more or sooner. Beside the restricted mean, never instead of it. Exact
    for data without censoring before the horizon; `Refused` where more than 5 % is censored before it.

    Source: Gray, Annals of Statistics 16 (1988), with ρ = 0.
    """
    for data in (control, variant):
        early = float(data.censored[data.time_s < horizon_s].sum())
        if data.n == 0:
            return mean.no_units()
        if early > 0.05 * data.n:
            return Refused(
                Refusal.BEYOND_FOLLOW_UP, f"{early / data.n:.0%} was not followed up to the horizon"
            )
    times = np.union1d(control.time_s, variant.time_s)
    times = times[times <= horizon_s]
    hits, risk = [], []
    for data in (control, variant):
        gone = at(data.time_s, np.cumsum(data.answered + data.censored), times)
        answered = at(data.time_s, np.cumsum(data.answered), times)
        hits.append(np.diff(np.concatenate([[0.0], answered])))
        risk.append(data.n - np.concatenate([[0.0], gone[:-1]]))
    both, total = hits[0] + hits[1], risk[0] + risk[1]
    share = risk[1] / total
    spread = float((both * share * (1 - share) * (total - both) / np.maximum(total - 1, 1)).sum())
    if spread <= 0:
        return mean.no_variation()
    z = float((hits[1] - both * share).sum()) / math.sqrt(spread)
    return z, float(2 * special.ndtr(-abs(z)))


def _not_followed(data: Ends, curve: Incidence, horizon_s: float) -> Refused | None:
    before = data.time_s <= horizon_s
    if not float(data.answered[before].sum()):
        return Refused(Refusal.NO_EVENTS, "nobody in one of the variants got an answer within the horizon")
    # Whoever is still looking at the last moment seen could have ended at any later one. Fewer than half of
    # those who would be: the rest was cut off, and a handful speaks for many.
    last = int(np.flatnonzero(before)[-1])
    still_looking = float(curve.looking[last] * (1 - curve.hazard[last]))
    later = float(curve.at_risk[last] - data._counts()[:, last].sum())
    if still_looking > 0.01 and later < min(MIN_AT_RISK, 0.5 * still_looking * data.n):
        return Refused(
            Refusal.BEYOND_FOLLOW_UP,
            f"{later:.0f} units were followed up to the horizon of {horizon_s:.0f} s, while "
            f"{still_looking:.0%} would still be looking; choose an earlier horizon beforehand",
        )
    return None


def _influence(data: Ends, curve: Incidence, horizon_s: float) -> Floats:
    """Influence on θ = ∫ F_answered of one unit that ended at each time: rows as in `Ends._counts`.

    θ = Σ_s (τ-s)·S(s-)·ΔΛ_a(s). A unit at risk moves every ΔΛ_a(s) up to its end, and through S(s-) all
    increments behind it: G(u) = Σ_{s>u} (τ-s)·ΔF_a(s).
    """
    n = float(data.n)
    left = np.maximum(horizon_s - data.time_s, 0.0)
    gained = left * curve.looking * data.answered / curve.at_risk
    behind = gained[::-1].cumsum()[::-1] - gained
    with np.errstate(divide="ignore", invalid="ignore"):
        pushed = np.where(curve.hazard < 1, behind / (1 - curve.hazard), 0.0) * n / curve.at_risk
    direct = left * curve.looking * n / curve.at_risk
    drift = np.cumsum(direct * data.answered / curve.at_risk - pushed * curve.hazard)
    answered, other, censored = direct - pushed - drift, -pushed - drift, -drift
    return np.stack([answered, other, other, censored])


def value_interval(data: Ends, horizon_s: float = HORIZON_S, level: float = LEVEL) -> Pair | None:
    """Interval of one variant's restricted mean; None where there is none."""
    one = restricted_mean(data, horizon_s)
    return None if isinstance(one, Refused) else mean.interval(one, level)

# SPDX-License-Identifier: EUPL-1.2
"""Whether the browsers were divided as the draw meant: the condition on which every comparison stands.

Compared are first exposures with the number of buckets that the hash really gives each variant, not with the
nominal weights: a thousand hashed buckets never split exactly, and against 50/50 a sound test of 200,000
browsers would fail half of the time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from scipy import special

from analysis.estimates import Refusal, Refused

#: A sound experiment fails once in a thousand.
ALPHA = 0.001

#: Concentration of the prior around the meant division in the test that may be done every day: a division
#: that is off by about one part in thirty is what it looks for (Lindon & Malek 2020, section 4: 100-1,000).
CONCENTRATION = 1000.0

#: Share of exposures that may show another variant than the bucket's hash gives.
MAX_MISMATCH = 0.001

#: Below this expected count in some variant χ² is not to be trusted.
MIN_EXPECTED = 5.0


@dataclass(frozen=True, slots=True)
class Allocation:
    """`p_value` of the division seen, and how many each variant should have had."""

    p_value: float
    expected: Mapping[str, float]

    @property
    def sound(self) -> bool:
        return self.p_value >= ALPHA


def sample_ratio(observed: Mapping[str, int], shares: Mapping[str, float]) -> Allocation | Refused:
    """χ² test of observed units against shares of any scale, such as numbers of buckets.

    A variant without a share is no cell of the test: it adds no degree of freedom. If units were seen there
    after all, or in a variant unknown to `shares`, p is 0: that cannot happen by chance.

    `Refused` for fewer than two variants with a share, nobody at all, or an expected count below 5.

    Source: K. Pearson, Philosophical Magazine 50 (1900).

    >>> round(sample_ratio({"a": 310, "b": 98}, {"a": 0.75, "b": 0.25, "off": 0}).p_value, 9)
    0.647434186
    """
    expected = _expected(observed, shares)
    if isinstance(expected, Refused):
        return expected
    if _impossible(observed, expected):
        return Allocation(0.0, expected)
    if min(expected.values()) < MIN_EXPECTED:
        least = min(expected.values())
        return Refused(Refusal.TOO_FEW_UNITS, f"{least:.1f} expected in one variant, at least 5 are needed")
    statistic = sum((observed.get(name, 0) - mean) ** 2 / mean for name, mean in expected.items())
    return Allocation(float(special.chdtrc(len(expected) - 1, statistic)), expected)


def sample_ratio_at_any_time(
    observed: Mapping[str, int], shares: Mapping[str, float], *, concentration: float = CONCENTRATION
) -> Allocation | Refused:
    """The same question asked every day: p stays below α at *some* look in at most a share α of sound tests.

    One over the Bayes factor of a Dirichlet-multinomial around the meant division against that division
    itself. By Ville's inequality it is a p-value at all looks together, however often one looks, from the
    first browser on; it sees a fault later than χ² at one fixed moment does.

    Args:
        observed: first exposures so far.
        shares: of any scale; a variant without a share is no cell, units there make p 0.
        concentration: of the prior; the larger, the smaller the faults that it looks for.

    Source: Lindon & Malek, Anytime-Valid Inference for Multinomial Count Data (arXiv 2011.03567), equation 7.

    >>> found = sample_ratio_at_any_time({"a": 1000, "b": 1200}, {"a": 1, "b": 1}, concentration=1000)
    >>> round(found.p_value, 4)
    0.0034
    """
    if not (concentration > 0 and math.isfinite(concentration)):
        raise ValueError(f"concentration is {concentration:g}; expected a number above 0, such as 1000")
    expected = _expected(observed, shares)
    if isinstance(expected, Refused):
        return expected
    if _impossible(observed, expected):
        return Allocation(0.0, expected)
    total = sum(observed.values())
    log_factor = float(special.gammaln(concentration) - special.gammaln(concentration + total))
    for name, mean in expected.items():
        count, prior = observed.get(name, 0), concentration * mean / total
        log_factor += float(special.gammaln(prior + count) - special.gammaln(prior))
        log_factor -= count * math.log(mean / total)
    return Allocation(math.exp(min(0.0, -log_factor)), expected)


def _expected(observed: Mapping[str, int], shares: Mapping[str, float]) -> dict[str, float] | Refused:
    """How many each variant with a share should have had."""
    if any(not math.isfinite(share) or share < 0 for share in shares.values()):
        return Refused(Refusal.UNMEASURED, "a share of the division is negative or no number")
    drawn = {name: share for name, share in shares.items() if share > 0}
    whole, total = sum(drawn.values()), sum(observed.values())
    if len(drawn) < 2:
        return Refused(Refusal.UNMEASURED, "fewer than two variants were to be shown")
    if total == 0:
        return Refused(Refusal.NO_UNITS, "nobody was exposed")
    return {name: total * share / whole for name, share in drawn.items()}


def _impossible(observed: Mapping[str, int], expected: Mapping[str, float]) -> bool:
    """Units in a variant that was never to be shown: chance does not do that."""
    return any(count and name not in expected for name, count in observed.items())


def fullest_bucket(units: Mapping[int, int], buckets: int) -> float:
    """p of the fullest bucket if each unit drew one of `buckets` evenly (Bonferroni over buckets).

    A cached `Set-Cookie` gives a whole city one bucket; this is where it shows.

    >>> fullest_bucket({1: 3, 2: 4, 3: 2}, 1000) < 1e-6
    True
    >>> fullest_bucket({bucket: 3 for bucket in range(1000)}, 1000)
    1.0
    """
    total, most = sum(units.values()), max(units.values(), default=0)
    if most == 0 or buckets < 2:
        return 1.0
    return min(1.0, buckets * float(special.bdtrc(most - 1, total, 1 / buckets)))

# SPDX-License-Identifier: EUPL-1.2
"""Cells of `benchmarks/validity.py`: proportions of independent browsers, and all that rests on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats
from simulated import Outcome, Setting, rejects, shares

from analysis.estimates import Estimate, Refused, mean, proportion
from analysis.estimates.heterogeneity import interaction
from analysis.estimates.multiplicity import holm
from experiments.planning import Question, plan


@dataclass(frozen=True, slots=True)
class Summed:
    """The chance that `proportion.compare` rejects a difference of `null`, summed over all tables.

    No simulation, so no Monte Carlo error. With `null` the true difference, it is the chance that the
    interval misses it, since p < .05 exactly where it lies outside. `side` 1 counts only intervals wholly
    above `null`.
    """

    rates: tuple[float, float]
    n: tuple[int, int]
    null: float = 0.0
    side: int = 0

    def __call__(self) -> float:
        arms = [stats.binom(size, rate) for size, rate in zip(self.n, self.rates, strict=True)]
        counts = [np.arange(arm.ppf(1e-9), arm.ppf(1 - 1e-9) + 1) for arm in arms]
        chance = np.outer(*(arm.pmf(hits) for arm, hits in zip(arms, counts, strict=True)))
        scores = proportion.score(counts[0][:, None], counts[1][None, :], self.n, self.null)
        rejected = np.abs(scores) > stats.norm.ppf(0.975)
        for i, j in zip(*np.nonzero((np.abs(scores) > 1.5) & (chance > 1e-9)), strict=True):
            table = proportion.Table((int(counts[0][i]), int(counts[1][j])), self.n)
            if table.least_expected < proportion.EXACT_BELOW:
                rejected[i, j] = proportion.exact_p(table, self.null) < 0.05
        if self.side:
            rejected &= np.sign(scores) == self.side
        return float(chance[rejected].sum())


def welch_on_shares(rate: float, n: tuple[int, int]) -> Outcome:
    def run(rng: np.random.Generator) -> Estimate | Refused:
        return mean.compare(*(shares(rng.binomial(size, rate), size) for size in n))

    return rejects(run)


def wald_misses(rates: tuple[float, float], n: tuple[int, int]) -> Outcome:
    def outcome(rng: np.random.Generator) -> bool:
        hits = [int(rng.binomial(size, rate)) for size, rate in zip(n, rates, strict=True)]
        low, high = proportion.wald_interval(proportion.Table((hits[0], hits[1]), n))
        return not low <= rates[1] - rates[0] <= high

    return outcome


def newcombe_misses(rates: tuple[float, float], n: tuple[int, int]) -> Outcome:
    def outcome(rng: np.random.Generator) -> bool:
        hits = [int(rng.binomial(size, rate)) for size, rate in zip(n, rates, strict=True)]
        low, high = proportion.newcombe_interval(proportion.Table((hits[0], hits[1]), n))
        return not low <= rates[1] - rates[0] <= high

    return outcome


def lift_misses(rates: tuple[float, float], n: tuple[int, int]) -> Outcome:
    """The interval of the relative lift of two shares, by the delta method or Fieller's as it falls."""
    from analysis.estimates import lift

    def outcome(rng: np.random.Generator) -> bool | None:
        arms = [proportion.arm(shares(rng.binomial(size, r), size)) for size, r in zip(n, rates, strict=True)]
        found = lift.relative(arms[0], arms[1], critical=1.959964)
        if isinstance(found, Refused):
            return None
        truth = rates[1] / rates[0] - 1
        return found.ci is not None and not found.ci[0] <= truth <= found.ci[1]

    return outcome


def any_variant(variants: int, rate: float, n: int) -> Outcome:
    """Some of several variants beside one control, p corrected by Holm."""

    def outcome(rng: np.random.Generator) -> bool:
        hits = rng.binomial(n, rate, variants + 1)
        p = [proportion.score_p(proportion.Table((int(hits[0]), int(hit)), (n, n))) for hit in hits[1:]]
        return any(one is not None and one < 0.05 for one in holm(p))

    return outcome


def any_variant_uncorrected(variants: int, rate: float, n: int) -> Outcome:
    def outcome(rng: np.random.Generator) -> bool:
        hits = rng.binomial(n, rate, variants + 1)
        return any(
            proportion.score_p(proportion.Table((int(hits[0]), int(hit)), (n, n))) < 0.05 for hit in hits[1:]
        )

    return outcome


def segments_alike(rng: np.random.Generator) -> bool | None:
    differences, errors = [], []
    for n in (100, 400, 1000):
        found = [proportion.arm(shares(h, n)) for h in rng.binomial(n, 0.4, 2)]
        differences.append(found[1].value - found[0].value)
        errors.append((found[0].variance + found[1].variance) ** 0.5)
    unlike = interaction(differences, errors)
    return None if isinstance(unlike, Refused) else unlike.p_value < 0.05


def power(question: Question) -> Summed:
    """What `experiment plan` promises to find, at the sizes that it gives."""
    n = plan(question).sizes
    return Summed((question.baseline, question.baseline + question.effect), (n[0], n[1]))


def settings() -> Iterator[Setting]:
    for rate, n in (
        (0.5, (1500, 1500)),
        (0.02, (1500, 1500)),
        (0.02, (900, 100)),
        (0.1, (30, 30)),
        (0.3, (60, 60)),
        (0.5, (2700, 300)),
    ):
        exact = min(n) * rate < proportion.EXACT_BELOW
        yield Setting(
            "proportion", f"{rate:.0%} of {n}, summed", Summed((rate, rate), n), "exact" if exact else "sound"
        )
    yield Setting("naive: Welch", "2% of (900, 100)", welch_on_shares(0.02, (900, 100)), "wrong")
    for rates, n in (
        ((0.5, 0.57), (1500, 1500)),
        ((0.1, 0.25), (40, 40)),
        ((0.02, 0.05), (900, 100)),
    ):
        exact = min(n) * sum(rates) / 2 < proportion.EXACT_BELOW
        yield Setting(
            "coverage, proportion",
            f"{rates[0]:.0%} and {rates[1]:.0%} of {n}, summed",
            Summed(rates, n, rates[1] - rates[0]),
            "exact" if exact else "sound",
        )
    yield Setting("naive: Wald", "2% and 5% of (900, 100)", wald_misses((0.02, 0.05), (900, 100)), "wrong")
    yield Setting(
        "coverage, Newcombe", "10% and 25% of (40, 40)", newcombe_misses((0.1, 0.25), (40, 40)), "exact"
    )
    yield Setting("coverage, lift", "delta, 50 and 55 %", lift_misses((0.5, 0.55), (1500, 1500)))
    yield Setting("coverage, lift", "Fieller, 10 and 14 %", lift_misses((0.1, 0.14), (400, 400)))
    yield Setting(
        "guardrail",
        "at its margin of 2 points, summed",
        Summed((0.5, 0.48), (1500, 1500), -0.02, side=1),
        promised=0.025,
    )
    yield Setting("several variants", "3 beside the control, Holm", any_variant(3, 0.3, 800), "exact")
    yield Setting("naive: variants", "3 beside the control", any_variant_uncorrected(3, 0.3, 800), "wrong")
    yield Setting("interaction", "three segments", segments_alike)
    for name, question in (
        ("50 to 55 %", Question(0.5, 0.05, 1000)),
        ("2 to 3 %", Question(0.02, 0.01, 1000)),
        ("30 to 25 %, 90 : 10", Question(0.3, -0.05, 1000, weights=(0.9, 0.1))),
    ):
        yield Setting("power, once", f"{name}, summed", power(question), promised=0.8)

# SPDX-License-Identifier: EUPL-1.2
"""Cells of `benchmarks/validity.py`: coverage, adjustment, ranks, quantiles, permuted buckets."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from simulated import Outcome, Run, Setting, misses, rejects

from analysis.estimates import Estimate, Refused, Sums, mean, proportion, quantile, ranks, ratio, survival
from analysis.estimates.adjusted import Paired, cuped, post_stratified
from analysis.estimates.heterogeneity import interaction
from analysis.estimates.permutation import Buckets, edges, total_variation


def shares(rates: tuple[float, float], n: tuple[int, int]) -> Run:
    def run(rng: np.random.Generator) -> Estimate | Refused:
        hits = [float(rng.binomial(size, rate)) for size, rate in zip(n, rates, strict=True)]
        return proportion.compare(*(Sums(size, hit, hit) for size, hit in zip(n, hits, strict=True)))

    return run


def sums(y: np.ndarray) -> Sums:
    return Sums(len(y), float(y.sum()), float((y**2).sum()), float((y**3).sum()))


def pages(n: tuple[int, int], more: float = 0.0) -> Run:
    def run(rng: np.random.Generator) -> Estimate | Refused:
        return mean.compare(*(sums(1.0 + rng.geometric(0.3, size) + k * more) for k, size in enumerate(n)))

    return run


def returns(buckets: int, browsers: int, effect: float) -> Run:
    """Questions of returning browsers: each its own chance, higher by `effect` in the variant."""

    def arm(rng: np.random.Generator, more: float) -> ratio.Clusters:
        at = rng.integers(0, buckets, browsers)
        asked = 1 + rng.poisson(1, browsers)
        answered = rng.binomial(asked, np.clip(0.2 + 0.4 * rng.beta(2, 2, browsers) + more, 0, 1))
        return ratio.Clusters(
            np.bincount(at, answered, minlength=buckets).astype(float),
            np.bincount(at, asked, minlength=buckets).astype(float),
        )

    return lambda rng: ratio.compare(arm(rng, 0.0), arm(rng, effect))


def times(n: int, faster: float) -> Run:
    """Exponential times to an answer that compete with giving up at the same pace."""

    def arm(rng: np.random.Generator, rate: float) -> survival.Ends:
        answered, gone = rng.exponential(1 / rate, n), rng.exponential(300, n)
        cause = np.where(answered <= gone, 1, 3)
        return survival.ends(np.minimum(answered, gone), cause, np.ones(n))

    return lambda rng: survival.compare(arm(rng, 1 / 300), arm(rng, faster / 300))


def lost(rate: float) -> float:
    """True restricted mean to 600 s: 600 - ∫ F, F = rate/(rate + g)·(1 - exp(-(rate + g)t)), g = 1/300."""
    both = rate + 1 / 300
    return 600 - rate / both * (600 - (1 - np.exp(-600 * both)) / both)


def adjusted(n: tuple[int, int], effect: float) -> Run:
    def arm(rng: np.random.Generator, size: int, more: float) -> Paired:
        x = rng.poisson(2, size).astype(float)
        y = (rng.random(size) < np.clip(0.2 + 0.1 * x + more, 0, 1)).astype(float)
        return Paired(size, y.sum(), (y**2).sum(), x.sum(), (x**2).sum(), (x * y).sum())

    return lambda rng: cuped(arm(rng, n[0], 0.0), arm(rng, n[1], effect))


def stratified(n: tuple[int, int], effect: float) -> Run:
    def arm(rng: np.random.Generator, size: int, more: float) -> dict[str, Sums]:
        of = rng.choice(3, size, p=[0.6, 0.3, 0.1])
        y = (rng.random(size) < np.array([0.2, 0.5, 0.7])[of] + more).astype(float)
        return {str(k): sums(y[of == k]) for k in range(3)}

    return lambda rng: post_stratified(arm(rng, n[0], 0.0), arm(rng, n[1], effect))


def median_visits(buckets: int, browsers: int) -> Run:
    def arm(rng: np.random.Generator) -> quantile.Counted:
        of = np.repeat(np.arange(browsers), 1 + rng.poisson(1, browsers))
        value = np.exp(rng.normal(5, 1, browsers)[of] + rng.normal(0, 0.7, len(of)))
        return quantile.Counted(value, np.ones(len(of)), rng.integers(0, buckets, browsers)[of])

    return lambda rng: quantile.compare(arm(rng), arm(rng))


def hearts(buckets: tuple[int, int], touches: float) -> Run:
    def arm(rng: np.random.Generator, size: int) -> ranks.Ranked:
        of = np.repeat(np.arange(size), rng.poisson(touches, size))
        felt = np.digitize(rng.normal(0, 1, size)[of] + rng.normal(0, 0.7, len(of)), [-0.8, 0.8])
        counts = np.zeros((size, 3))
        np.add.at(counts, (of, felt), 1)
        return ranks.Ranked(counts)

    return lambda rng: ranks.compare(arm(rng, buckets[0]), arm(rng, buckets[1]))


def hearts_permuted(rng: np.random.Generator) -> bool | None:
    def arm(size: int) -> ranks.Ranked:
        return ranks.Ranked(
            rng.multinomial(rng.poisson(4, size), rng.dirichlet([2, 2, 3], size)).astype(float)
        )

    found = ranks.permuted(arm(25), arm(60), draws=199, seed=int(rng.integers(1 << 30)))
    return None if isinstance(found, Refused) else found <= 0.05


def flows(rng: np.random.Generator, buckets: int, kinds: int, split: float) -> Buckets:
    shown = np.arange(buckets) < round(split * buckets)
    asked = rng.poisson(5, buckets)
    counts = rng.multinomial(asked, rng.dirichlet(np.full(kinds, 3.0), buckets)).astype(float)
    return Buckets(shown, counts, asked.astype(float))


def any_edge(split: float) -> Outcome:
    def outcome(rng: np.random.Generator) -> bool | None:
        found = edges(flows(rng, 300, 12, split), draws=199, seed=int(rng.integers(1 << 30)))
        return None if isinstance(found, Refused) else bool((found.p_any <= 0.05).any())

    return outcome


def any_path(rng: np.random.Generator) -> bool | None:
    found = total_variation(flows(rng, 300, 12, 0.5), draws=199, seed=int(rng.integers(1 << 30)))
    return None if isinstance(found, Refused) else found.p_value <= 0.05


def segments_alike(rng: np.random.Generator) -> bool | None:
    differences, errors = [], []
    for n in (100, 400, 1000):
        found = [proportion.arm(Sums(n, h, h)) for h in (float(rng.binomial(n, 0.4)) for _ in range(2))]
        differences.append(found[1].value - found[0].value)
        errors.append((found[0].variance + found[1].variance) ** 0.5)
    found = interaction(differences, errors)
    return None if isinstance(found, Refused) else found.p_value < 0.05


def settings() -> Iterator[Setting]:
    yield Setting(
        "coverage, proportion", "50 and 57 % of (1500, 1500)", misses(shares((0.5, 0.57), (1500, 1500)), 0.07)
    )
    yield Setting(
        "coverage, proportion",
        "10 and 25 % of (40, 40)",
        misses(shares((0.1, 0.25), (40, 40)), 0.15),
        "exact",
        every=100,
    )
    yield Setting("coverage, mean", "pages, (900, 100)", misses(pages((900, 100), 0.3), 0.3))
    yield Setting("coverage, ratio", "300 in 150 buckets", misses(returns(150, 300, 0.1), 0.1))
    truth = lost(1.3 / 300) - lost(1 / 300)
    yield Setting("coverage, time", "restricted mean, (400, 400)", misses(times(400, 1.3), truth))
    yield Setting("coverage, CUPED", "(600, 200), 8 points", misses(adjusted((600, 200), 0.08), 0.08))
    yield Setting("coverage, stratified", "(600, 200), 8 points", misses(stratified((600, 200), 0.08), 0.08))
    yield Setting("CUPED", "(300, 100)", rejects(adjusted((300, 100), 0.0)))
    yield Setting("post-stratified", "(300, 120)", rejects(stratified((300, 120), 0.0)))
    yield Setting(
        "quantile", "median, 300 browsers, 200 buckets", rejects(median_visits(200, 300)), "exact", every=2
    )
    yield Setting("win probability", "heartbeats, (120, 60) buckets", rejects(hearts((120, 60), 4.0)))
    yield Setting(
        "win probability", "heartbeats, (500, 500) buckets", rejects(hearts((500, 500), 2.0)), every=2
    )
    yield Setting("win, permuted", "heartbeats, (25, 60) buckets", hearts_permuted, every=10)
    yield Setting("transitions, any", "12 edges, 150 : 150 buckets", any_edge(0.5), "exact", every=5)
    yield Setting("transitions, any", "12 edges, 240 : 60 buckets", any_edge(0.8), "exact", every=5)
    yield Setting("paths, distance", "12 kinds, 150 : 150 buckets", any_path, every=5)
    yield Setting("interaction", "three segments", segments_alike)

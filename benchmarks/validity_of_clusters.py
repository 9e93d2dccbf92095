# SPDX-License-Identifier: EUPL-1.2
"""Cells of `benchmarks/validity.py`: what hangs together within a bucket, and what buckets permuted tell."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from simulated import Outcome, Run, Setting, misses, rejects

from analysis.estimates import Arm, Estimate, Refused, mean, proportion, quantile, ranks, ratio
from analysis.estimates.decomposition import shapley, steps
from analysis.estimates.permutation import Buckets, edges, total_variation


def clusters(
    rng: np.random.Generator, buckets: int, browsers: int, giant: float = 0.0, more: float = 0.0
) -> ratio.Clusters:
    """Questions of browsers that return: 1 + Poisson(1) each, all with the browser's own chance."""
    at = rng.integers(0, buckets, browsers)
    at[: int(giant * browsers)] = 0
    questions = 1 + rng.poisson(1, browsers)
    chance = 0.2 + 0.4 * rng.beta(2, 2, browsers) + more if more else rng.beta(1, 1, browsers)
    answered = rng.binomial(questions, chance)
    return ratio.Clusters(
        np.bincount(at, answered, minlength=buckets).astype(float),
        np.bincount(at, questions, minlength=buckets).astype(float),
    )


def ratios(buckets: tuple[int, int], browsers: tuple[int, int], giant: float = 0.0) -> Run:
    return lambda rng: ratio.compare(
        clusters(rng, buckets[0], browsers[0], giant), clusters(rng, buckets[1], browsers[1], giant)
    )


def returns(buckets: int, browsers: int, effect: float) -> Run:
    return lambda rng: ratio.compare(
        clusters(rng, buckets, browsers, more=1e-9), clusters(rng, buckets, browsers, more=effect)
    )


def all_buckets_count(run_of: tuple[int, int], giant: float = 0.0) -> Outcome:
    """The delta method as textbooks print it, with as many degrees of freedom as there are buckets at all."""

    def textbook(one: ratio.Clusters) -> Arm:
        y, x = one.numerator, one.denominator
        value, count = y.sum() / x.sum(), int((x > 0).sum())
        variance = float(((y - value * x) ** 2).sum()) / float(x.sum()) ** 2 * count / (count - 1)
        return Arm(count, float(value), variance, 999)

    buckets, browsers = run_of

    def run(rng: np.random.Generator) -> Estimate | Refused:
        pair = [clusters(rng, buckets, browsers, giant) for _ in range(2)]
        return mean.contrast(textbook(pair[0]), textbook(pair[1]), method="textbook delta method")

    return rejects(run)


def questions_as_independent(rng: np.random.Generator) -> bool:
    """Every question (journey) a row of its own."""
    pair = [clusters(rng, 500, 1500) for _ in range(2)]
    hits, rows = ([int(getattr(one, of).sum()) for one in pair] for of in ("numerator", "denominator"))
    return proportion.score_p(proportion.Table((hits[0], hits[1]), (rows[0], rows[1]))) < 0.05


def bucket_parts(rng: np.random.Generator, buckets: int = 500, partitions: int = 16) -> np.ndarray:
    """(bucket, partition, [answers, questions]): a returning browser turns up in other partitions."""
    chance = rng.beta(2, 2, buckets)[:, None]
    questions = rng.poisson(0.5, (buckets, partitions))
    return np.stack([rng.binomial(questions, chance), questions], axis=2).astype(float)


def buckets_added_first(rng: np.random.Generator) -> Estimate | Refused:
    pair = [bucket_parts(rng).sum(axis=1) for _ in range(2)]
    return ratio.compare(*(ratio.Clusters(p[:, 0], p[:, 1]) for p in pair))


def variances_per_partition(rng: np.random.Generator) -> Estimate | Refused:
    """Buckets hang together over partitions, but each of 16 partitions takes its own variance."""
    arms = []
    for _ in range(2):
        parts = bucket_parts(rng)
        found = [ratio.arm(ratio.Clusters(parts[:, k, 0], parts[:, k, 1])) for k in range(16)]
        weight = parts[:, :, 1].sum(axis=0) / parts[:, :, 1].sum()
        kept = [(w, one) for w, one in zip(weight, found, strict=True) if not isinstance(one, Refused)]
        arms.append(
            Arm(
                len(parts),
                float(sum(w * a.value for w, a in kept)),
                float(sum(w**2 * a.variance for w, a in kept)),
                sum(a.df for _, a in kept),
            )
        )
    return mean.contrast(arms[0], arms[1], method="merged variances")


def median_visits(buckets: int, browsers: int) -> Run:
    def arm(rng: np.random.Generator) -> quantile.Counted:
        of = np.repeat(np.arange(browsers), 1 + rng.poisson(1, browsers))
        value = np.exp(rng.normal(5, 1, browsers)[of] + rng.normal(0, 0.7, len(of)))
        return quantile.Counted(value, np.ones(len(of)), rng.integers(0, buckets, browsers)[of])

    return lambda rng: quantile.compare(arm(rng), arm(rng))


def hearts(rng: np.random.Generator, size: int, touches: float, shift: float = 0.0) -> ranks.Ranked:
    """Heartbeats (bad, neutral, good) per bucket, with something in common within a bucket."""
    of = np.repeat(np.arange(size), rng.poisson(touches, size))
    felt = np.digitize(shift + rng.normal(0, 1, size)[of] + rng.normal(0, 0.7, len(of)), [-0.8, 0.8])
    return ranks.Ranked(np.bincount(3 * of + felt, minlength=3 * size).reshape(size, 3).astype(float))


def wins(buckets: tuple[int, int], touches: float) -> Run:
    return lambda rng: ranks.compare(*(hearts(rng, size, touches) for size in buckets))


def wins_permuted(rng: np.random.Generator) -> bool | None:
    found = ranks.permuted(
        hearts(rng, 25, 4.0), hearts(rng, 60, 4.0), draws=199, seed=int(rng.integers(1 << 30))
    )
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


def any_edge_uncorrected(rng: np.random.Generator) -> bool | None:
    found = edges(flows(rng, 300, 12, 0.5), draws=199, seed=int(rng.integers(1 << 30)))
    return None if isinstance(found, Refused) else bool((found.p <= 0.05).any())


def any_path(split: float) -> Outcome:
    def outcome(rng: np.random.Generator) -> bool | None:
        found = total_variation(flows(rng, 300, 12, split), draws=199, seed=int(rng.integers(1 << 30)))
        return None if isinstance(found, Refused) else found.p_value <= 0.05

    return outcome


_RATES = np.array([[0.8, 0.6, 0.7], [0.85, 0.6, 0.62]])


def step_misses(rng: np.random.Generator) -> bool | None:
    """The interval of the first step's part of the difference misses it."""

    def arm(rates: np.ndarray) -> np.ndarray:
        reached = [rng.poisson(3, 300)]
        of_bucket = rng.normal(0, 0.05, 300)
        for rate in rates:
            reached.append(rng.binomial(reached[-1], np.clip(rate + of_bucket, 0, 1)))
        return np.stack(reached, axis=1).astype(float)

    found = steps(
        ["a", "b", "c"], arm(_RATES[0]), arm(_RATES[1]), replicates=399, seed=int(rng.integers(1 << 30))
    )
    if isinstance(found, Refused):
        return None
    truth = float(shapley(_RATES[0], _RATES[1])[0])
    return not found.steps[0].ci[0] <= truth <= found.steps[0].ci[1]


def settings() -> Iterator[Setting]:
    for buckets, browsers in (
        ((500, 500), (1500, 1500)),
        ((500, 500), (300, 300)),  # half of the buckets are empty
        ((900, 100), (2700, 300)),
        ((25, 25), (500, 500)),
    ):
        yield Setting(
            "clustered ratio", f"{browsers} in {buckets} buckets", rejects(ratios(buckets, browsers))
        )
    yield Setting("clustered ratio", "one bucket holds 12 %", rejects(ratios((100, 100), (1000, 1000), 0.12)))
    yield Setting("clustered ratio", "10 buckets occupied", rejects(ratios((10, 10), (100, 100))), "refused")
    yield Setting(
        "clustered ratio", "one bucket holds 30 %", rejects(ratios((100, 100), (1000, 1000), 0.3)), "refused"
    )
    yield Setting("naive: all buckets", "10 buckets occupied", all_buckets_count((10, 100)), "wrong")
    yield Setting("naive: all buckets", "one bucket holds 30 %", all_buckets_count((100, 1000), 0.3), "wrong")
    yield Setting("naive: journeys", "questions as independent", questions_as_independent, "wrong")
    yield Setting("coverage, ratio", "300 in 150 buckets", misses(returns(150, 300, 0.1), 0.1))
    yield Setting("bucket table", "added over 16 partitions", rejects(buckets_added_first))
    yield Setting(
        "naive: merge", "variances per partition", rejects(variances_per_partition), "wrong", share=0.2
    )
    yield Setting("quantile", "median, 300 browsers, 200 buckets", rejects(median_visits(200, 300)), "exact")
    yield Setting("win probability", "heartbeats, (120, 60) buckets", rejects(wins((120, 60), 4.0)))
    yield Setting("win probability", "heartbeats, (500, 500) buckets", rejects(wins((500, 500), 2.0)))
    yield Setting("win, permuted", "heartbeats, (25, 60) buckets", wins_permuted, share=0.2)
    yield Setting("transitions, any", "12 edges, 150 : 150 buckets", any_edge(0.5), "exact", share=0.2)
    yield Setting("transitions, any", "12 edges, 240 : 60 buckets", any_edge(0.8), "exact", share=0.2)
    yield Setting(
        "naive: each edge", "12 edges, 150 : 150 buckets", any_edge_uncorrected, "wrong", share=0.05
    )
    yield Setting("paths, distance", "12 kinds, 150 : 150 buckets", any_path(0.5), share=0.2)
    yield Setting("paths, distance", "12 kinds, 240 : 60 buckets", any_path(0.8), share=0.2)
    yield Setting("which step", "part of the first of three", step_misses, share=0.2)

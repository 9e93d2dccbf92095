# SPDX-License-Identifier: EUPL-1.2
"""How often the estimators err: simulated tests on data like ours, against what they promise.

    python benchmarks/validity.py [--runs 10000]

Prints, per method and setting, the share of runs refused, what went wrong (or, for power, right) among the
others, what was promised, and whether that lies within the Monte Carlo bound: false positives of A/A tests,
intervals that miss the truth, any-time errors over 200 and 400 looks, realised power. Settings marked
`refused` must be refused nearly always. Naive analyses stand beside them, to show what they get wrong.

`make validity` runs it; RUNS=2000 makes it shorter. Permutation methods take a fifth of the runs.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import validity_of_looks
import validity_of_others
from scipy import stats
from simulated import Run, Setting, judged, margin, measure, rejects

from analysis.estimates import Estimate, Refused, Sums, mean, proportion, ratio, survival


def sums(values: np.ndarray) -> Sums:
    return Sums(len(values), float(values.sum()), float((values**2).sum()), float((values**3).sum()))


def means(draw: Callable[[np.random.Generator, int], np.ndarray], n: tuple[int, int]) -> Run:
    return lambda rng: mean.compare(sums(draw(rng, n[0])), sums(draw(rng, n[1])))


def summed_over_tables(rate: float, n: tuple[int, int]) -> float:
    """Chance that `proportion.compare` gives p < .05 where both variants have this rate: no simulation."""
    ends = [stats.binom(size, rate).ppf([1e-8, 1 - 1e-8]) for size in n]
    counts = [np.arange(low, high + 1) for low, high in ends]
    chance = np.outer(*(stats.binom(size, rate).pmf(hits) for size, hits in zip(n, counts, strict=True)))
    scores = np.abs(proportion.score(counts[0][:, None], counts[1][None, :], n, 0.0))
    rejected = scores > stats.norm.ppf(0.975)
    for i, j in zip(*np.nonzero((scores > 1.5) & (chance > 1e-9)), strict=True):
        table = proportion.Table((int(counts[0][i]), int(counts[1][j])), n)
        if table.least_expected < proportion.EXACT_BELOW:
            rejected[i, j] = proportion.exact_p(table) < 0.05
    return float(chance[rejected].sum())


def welch_on_shares(rate: float, n: tuple[int, int]) -> Run:
    def run(rng: np.random.Generator) -> Estimate | Refused:
        hits = [float(rng.binomial(size, rate)) for size in n]
        return mean.compare(Sums(n[0], hits[0], hits[0]), Sums(n[1], hits[1], hits[1]))

    return run


def clusters(rng: np.random.Generator, buckets: int, browsers: int, giant: float = 0.0) -> ratio.Clusters:
    """Questions of browsers that return: 1 + Poisson(1) each, all with the browser's own chance."""
    at = rng.integers(0, buckets, browsers)
    at[: int(giant * browsers)] = 0
    questions = 1 + rng.poisson(1, browsers)
    answered = rng.binomial(questions, rng.beta(1, 1, browsers))
    return ratio.Clusters(
        np.bincount(at, answered, minlength=buckets).astype(float),
        np.bincount(at, questions, minlength=buckets).astype(float),
    )


def ratios(buckets: tuple[int, int], browsers: tuple[int, int], giant: float = 0.0) -> Run:
    return lambda rng: ratio.compare(
        clusters(rng, buckets[0], browsers[0], giant), clusters(rng, buckets[1], browsers[1], giant)
    )


def questions_as_independent(rng: np.random.Generator) -> Estimate | Refused:
    """The naive analysis: every question a row of its own."""
    pair = [clusters(rng, 500, 1500) for _ in range(2)]
    return proportion.compare(
        *(Sums(int(c.denominator.sum()), c.numerator.sum(), c.numerator.sum()) for c in pair)
    )


def variances_per_partition(rng: np.random.Generator) -> Estimate | Refused:
    """The naive merge: buckets hang together, but each of 16 partitions takes its own variance."""
    arms = []
    for _ in range(2):
        parts = bucket_parts(rng)
        found = [ratio.arm(ratio.Clusters(parts[:, :, 0][:, k], parts[:, :, 1][:, k])) for k in range(16)]
        arms.append(merged([one for one in found if not isinstance(one, Refused)], parts))
    return mean.contrast(arms[0], arms[1], method="merged variances")


def buckets_added_first(rng: np.random.Generator) -> Estimate | Refused:
    pair = [bucket_parts(rng).sum(axis=1) for _ in range(2)]
    return ratio.compare(*(ratio.Clusters(p[:, 0], p[:, 1]) for p in pair))


def bucket_parts(rng: np.random.Generator, buckets: int = 500, partitions: int = 16) -> np.ndarray:
    """(bucket, partition, [answers, questions]): a returning browser turns up in other partitions."""
    chance = rng.beta(2, 2, buckets)[:, None]
    questions = rng.poisson(0.5, (buckets, partitions))
    return np.stack([rng.binomial(questions, chance), questions], axis=2).astype(float)


def merged(arms: list, parts: np.ndarray) -> mean.Arm:
    weight = parts[:, :, 1].sum(axis=0) / parts[:, :, 1].sum()
    value = float(sum(w * a.value for w, a in zip(weight, arms, strict=True)))
    variance = float(sum(w**2 * a.variance for w, a in zip(weight, arms, strict=True)))
    return mean.Arm(len(parts), value, variance, sum(a.df for a in arms))


def times(n: tuple[int, int], censored: float) -> Run:
    return lambda rng: survival.compare(*(ended(rng, size, censored) for size in n))


def ended(rng: np.random.Generator, n: int, censored: float) -> survival.Ends:
    time_s = np.ceil(rng.lognormal(5.0, 1.0, n))
    cause = rng.choice([1, 2, 3], n, p=[0.55, 0.1, 0.35])
    cut = np.ceil(rng.exponential(600 / -math.log1p(-censored), n)) if censored else np.full(n, np.inf)
    cause = np.where(cut < time_s, 0, cause)
    return survival.ends(np.minimum(time_s, cut), cause, np.ones(n))


def settings() -> Iterator[Setting]:
    def lognormal(sigma: float) -> Callable[[np.random.Generator, int], np.ndarray]:
        return lambda rng, n: rng.lognormal(0, sigma, n)

    def pages(rng: np.random.Generator, n: int) -> np.ndarray:
        return 1.0 + rng.geometric(0.3, n)

    for rate, n in (
        (0.5, (1500, 1500)),
        (0.02, (1500, 1500)),
        (0.02, (900, 100)),
        (0.1, (30, 30)),
        (0.3, (60, 60)),
    ):
        exact = min(n) * rate < proportion.EXACT_BELOW
        error = summed_over_tables(rate, n)
        yield Setting("proportion", f"{rate:.0%} of {n}", error, "exact" if exact else "sound")
    yield Setting("naive: Welch", "2% of (900, 100)", rejects(welch_on_shares(0.02, (900, 100))), "wrong")
    for n in ((30, 30), (60, 60), (900, 100), (1500, 1500)):
        yield Setting("mean", f"pages, {n}", rejects(means(pages, n)))
    for sigma, n in ((1.0, (500, 500)), (1.0, (900, 300)), (1.5, (5000, 5000))):
        yield Setting("mean", f"log-normal {sigma}, {n}", rejects(means(lognormal(sigma), n)))
    yield Setting("mean", "log-normal 2, (5000, 500)", rejects(means(lognormal(2.0), (5000, 500))), "refused")
    for buckets, browsers in (
        ((500, 500), (1500, 1500)),
        ((500, 500), (300, 300)),
        ((900, 100), (2700, 300)),
        ((25, 25), (500, 500)),
    ):
        yield Setting(
            "clustered ratio", f"{browsers} in {buckets} buckets", rejects(ratios(buckets, browsers))
        )
    yield Setting("clustered ratio", "one bucket holds 12 %", rejects(ratios((100, 100), (1000, 1000), 0.12)))
    yield Setting("clustered ratio", "10 buckets occupied", rejects(ratios((10, 10), (100, 100))), "refused")
    yield Setting(
        "clustered ratio",
        "one bucket holds 30 %",
        rejects(ratios((100, 100), (1000, 1000), 0.3)),
        "refused",
    )
    yield Setting("naive: rows", "questions as independent", rejects(questions_as_independent), "wrong")
    yield Setting("bucket table", "added over 16 partitions", rejects(buckets_added_first))
    yield Setting("naive: merge", "variances per partition", rejects(variances_per_partition), "wrong")
    for n in ((60, 60), (200, 200), (1500, 1500), (900, 100)):
        yield Setting("restricted mean", f"{n}, none censored", rejects(times(n, 0.0)))
        yield Setting("restricted mean", f"{n}, 20 % censored", rejects(times(n, 0.2)))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--only", default="", help="part of a method's name")
    arguments = parser.parse_args()
    runs = arguments.runs
    print(
        f"{'method':<22} {'setting':<44} {'refused':>8} {'found':>8}  {'promised':>15}  verdict ({runs} runs)"
    )
    started = time.monotonic()
    failed = 0
    for seed, setting in enumerate(
        (*settings(), *validity_of_looks.settings(), *validity_of_others.settings())
    ):
        if arguments.only not in setting.method:
            continue
        refused, false, kept = measure(setting, runs, seed)
        verdict = judged(setting, refused, false, kept)
        failed += verdict in ("FAILS", "NOT REFUSED", "?")
        promised = f"{setting.promised:.1%} ± {margin(setting, kept):.1%}"
        print(
            f"{setting.method:<22} {setting.name:<44} {refused:>8.2%} {false:>8.2%}  {promised:>15}",
            f" {verdict}",
            flush=True,
        )
    print(f"{time.monotonic() - started:.0f} s, {failed} cells do not hold")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

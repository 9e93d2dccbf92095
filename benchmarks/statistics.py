# SPDX-License-Identifier: EUPL-1.2
"""How fast estimates come, as a ratio to a named peer in the same run.

    python benchmarks/statistics.py [--units 1000000] [--rounds 5]

1. One million units, ten means and ten ratios, two variants, from a frame in memory to estimates: against
   tea-tasting on the same Polars frame. It is no dependency of ours: without it the ratio is left out.
   (pip install tea-tasting, in an environment of your own.)
2. 9,999 draws of the variants over 400 transitions and 1,000 buckets.

Exits 1 where we are slower than the peer, judged at a million units, or the draws take more than five seconds
of processor time.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import numpy as np
import polars as pl

from analysis.estimates import Estimate
from analysis.estimates.permutation import Buckets, Edges, edges
from analysis.frame_estimates import estimate
from benchmarks.limits import Figures

METRICS = 10
FULL = 1_000_000
DRAWS = 9_999
TO_TEA_TASTING, DRAWS_S = 1.0, 5.0


def units(count: int, seed: int = 1) -> pl.DataFrame:
    """A row per unit: bucket, variant, ten measures and ten pairs to divide."""
    rng = np.random.default_rng(seed)
    bucket = rng.integers(0, 1000, count)
    columns: dict[str, np.ndarray] = {"bucket": bucket, "variant": (bucket % 2).astype(np.int64)}
    for k in range(METRICS):
        columns[f"mean{k}"] = rng.gamma(2.0, 3.0, count)
        columns[f"of{k}"] = 1.0 + rng.poisson(1.0, count)
        columns[f"part{k}"] = rng.binomial(columns[f"of{k}"].astype(np.int64), 0.5).astype(np.float64)
    return pl.DataFrame(columns)


def ours(frame: pl.DataFrame) -> object:
    named = frame.with_columns(pl.col("variant").replace_strict({0: "current", 1: "redesign"}).alias("shown"))
    return estimate(
        named,
        variant="shown",
        bucket="bucket",
        control="current",
        means=[f"mean{k}" for k in range(METRICS)],
        ratios={f"ratio{k}": (f"part{k}", f"of{k}") for k in range(METRICS)},
    )


def theirs(frame: pl.DataFrame) -> object:
    import tea_tasting as tt

    means = {f"mean{k}": tt.Mean(f"mean{k}") for k in range(METRICS)}
    ratios = {f"ratio{k}": tt.RatioOfMeans(f"part{k}", f"of{k}") for k in range(METRICS)}
    return tt.Experiment(**means, **ratios).analyze(frame, control=0)


def seconds(run: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the clock, and of all processors."""
    clock, processor = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - clock, time.process_time() - processor


def estimates(figures: Figures, count: int, rounds: int) -> None:
    """Time both, where there is a peer."""
    frame = units(count)
    runs: dict[str, Callable[[], object]] = {"klantreis": lambda: ours(frame)}
    try:
        import tea_tasting  # type: ignore[import-not-found]
    except ImportError:
        print("tea-tasting is not installed here: no ratio.")
    else:
        runs["tea-tasting"] = lambda: theirs(frame)
        print(f"tea-tasting {tea_tasting.__version__}")
        agree(frame)
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    for run in runs.values():
        run()  # imports and caches
    for _ in range(rounds):
        for name, run in runs.items():
            taken[name].append(seconds(run))
    middle = {
        name: [float(np.median(side)) for side in zip(*all_, strict=True)] for name, all_ in taken.items()
    }
    for name, (clock, processor) in middle.items():
        what = f"{count:,} units × {2 * METRICS} metrics"
        print(f"{name:<12} {what}: {clock:.3f} s, {processor:.3f} s of processors")
    if len(middle) < 2:
        return
    clock, processor = (a / b for a, b in zip(middle["klantreis"], middle["tea-tasting"], strict=True))
    print(f"klantreis takes {processor:.2f} times the processors of tea-tasting")
    what = "klantreis / tea-tasting on the clock"
    figures.add(what, clock, at_most=TO_TEA_TASTING, judged=count >= FULL)


def agree(frame: pl.DataFrame) -> None:
    """Both say the same of the means; of ratios the value, since theirs are not clustered."""
    own = ours(frame)["redesign"]  # type: ignore[index]
    other = theirs(frame)
    for k in range(METRICS):
        mean, ratio = own[f"mean{k}"], own[f"ratio{k}"]
        assert isinstance(mean, Estimate)
        assert isinstance(ratio, Estimate)
        their = other[f"mean{k}"]  # type: ignore[index]
        assert abs(mean.p_value - their.pvalue) < 1e-6 * their.pvalue + 1e-9, (mean, their)
        their = other[f"ratio{k}"]  # type: ignore[index]
        assert abs(ratio.difference - their.effect_size) < 1e-9, (ratio, their)


def permutation(figures: Figures) -> None:
    """Time the draws."""
    rng = np.random.default_rng(1)
    questions = rng.poisson(30, 1000)
    counts = rng.multinomial(questions, np.full(400, 1 / 400)).astype(float)
    data = Buckets(np.arange(1000) % 2 == 0, counts, questions.astype(float))
    clock, processor = seconds(lambda: edges(data, draws=DRAWS))
    found = edges(data, draws=99)
    tested = int(found.tested.sum()) if isinstance(found, Edges) else 0
    print(f"{DRAWS:,} draws × {tested} transitions × 1,000 buckets: {clock:.2f} s on the clock")
    figures.add(f"{DRAWS:,} draws, s of processors", processor, at_most=DRAWS_S)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--units", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with Figures() as figures:
        estimates(figures, asked.units, asked.rounds)
        permutation(figures)
    return 1 if figures.missed else 0


if __name__ == "__main__":
    sys.exit(main())

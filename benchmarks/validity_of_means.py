# SPDX-License-Identifier: EUPL-1.2
"""Cells of `benchmarks/validity.py`: means of independent browsers, adjusted, corrected, on first days."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from scipy.special import ndtri
from simulated import Outcome, Run, Setting, misses, rejects, shares, sums

from analysis import allocation
from analysis.allocation import Allocation
from analysis.estimates import Estimate, Refused, Sums, mean, misclassification, proportion
from analysis.estimates.adjusted import Paired, cuped, post_stratified
from analysis.estimates.heterogeneity import trend
from experiments.planning import Question, plan

Draw = Callable[[np.random.Generator, int], np.ndarray]

#: Pages of a browser, on average, and their standard deviation.
PAGES, SPREAD = 1 + 1 / 0.3, 0.7**0.5 / 0.3


def pages(rng: np.random.Generator, n: int) -> np.ndarray:
    return 1.0 + rng.geometric(0.3, n)


def lognormal(sigma: float) -> Draw:
    return lambda rng, n: rng.lognormal(0, sigma, n)


def times(factor: float, draw: Draw) -> Draw:
    return lambda rng, n: factor * draw(rng, n)


def normal(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.normal(0, 1, n)


def rare(rng: np.random.Generator, n: int) -> np.ndarray:
    """One in twenty does it at all, and then more than once."""
    return (rng.random(n) < 0.05) * rng.geometric(0.4, n).astype(float)


def some_wild(rng: np.random.Generator, n: int) -> np.ndarray:
    """Pages, of which one browser in twenty needs five times as many."""
    return pages(rng, n) * np.where(rng.random(n) < 0.05, 5.0, 1.0)


def means(
    draw: Draw, n: tuple[int, int], more: float = 0.0, variant: Draw | None = None, *, cubes: bool = True
) -> Run:
    other, summed = variant or draw, sums if cubes else without_cubes
    return lambda rng: mean.compare(summed(draw(rng, n[0])), summed(other(rng, n[1]) + more))


def without_cubes(values: np.ndarray) -> Sums:
    return replace(sums(values), cubes=None)


def value_misses(draw: Draw, n: tuple[int, int], truth: float) -> Outcome:
    """The interval of the variant's own value does not hold it."""

    def outcome(rng: np.random.Generator) -> bool | None:
        found = mean.compare(sums(draw(rng, n[0])), sums(draw(rng, n[1])))
        if isinstance(found, Refused):
            return None
        return not found.value_cis[1][0] <= truth <= found.value_cis[1][1]

    return outcome


def lift_misses(draw: Draw, n: tuple[int, int], more: float, mean_of_control: float) -> Outcome:
    def outcome(rng: np.random.Generator) -> bool | None:
        found = mean.compare(sums(draw(rng, n[0])), sums(draw(rng, n[1]) + more))
        if isinstance(found, Refused) or found.relative_ci is None:
            return None
        return not found.relative_ci[0] <= more / mean_of_control <= found.relative_ci[1]

    return outcome


def adjusted(n: tuple[int, int], effect: float) -> Run:
    """Pages seen before explain a part of who is answered."""

    def arm(rng: np.random.Generator, size: int, more: float) -> Paired:
        x = rng.poisson(2, size).clip(0, 6).astype(float)
        y = (rng.random(size) < 0.2 + 0.1 * x + more).astype(float)
        return Paired(size, y.sum(), (y**2).sum(), x.sum(), (x**2).sum(), (x * y).sum())

    return lambda rng: cuped(arm(rng, n[0], 0.0), arm(rng, n[1], effect))


def stratified(n: tuple[int, int], effect: float) -> Run:
    def arm(rng: np.random.Generator, size: int, more: float) -> dict[str, Sums]:
        of = rng.choice(3, size, p=[0.6, 0.3, 0.1])
        y = (rng.random(size) < np.array([0.3, 0.5, 0.7])[of] + more).astype(float)
        return {str(k): sums(y[of == k]) for k in range(3)}

    return lambda rng: post_stratified(arm(rng, n[0], 0.0), arm(rng, n[1], effect))


#: (answered at once, comes back where not, answered then): better at once, so fewer come back.
CURRENT, REDESIGN = (0.50, 0.9, 0.9), (0.57, 0.3, 0.5)


def first_day_and_all(
    rng: np.random.Generator, chances: tuple[float, float, float], n: int
) -> tuple[Sums, Sums]:
    """Browsers at their first exposure, and the same browsers with every later day as one more unit."""
    hits = int(rng.binomial(n, chances[0]))
    back = int(rng.binomial(n - hits, chances[1]))
    later = int(rng.binomial(back, chances[2]))
    return shares(hits, n), shares(hits + later, n + back)


def by_first_exposure(rng: np.random.Generator) -> bool:
    """The interval of the first days misses the true seven points, or tells the wrong sign."""
    (control, _), (variant, _) = (first_day_and_all(rng, c, 1500) for c in (CURRENT, REDESIGN))
    table = proportion.Table((int(control.total), int(variant.total)), (control.n, variant.n))
    return proportion.score_p(table, REDESIGN[0] - CURRENT[0]) < 0.05


def by_visitor_days(rng: np.random.Generator) -> bool:
    """A share of visitor-days says that the better version is worse."""
    (_, control), (_, variant) = (first_day_and_all(rng, c, 1500) for c in (CURRENT, REDESIGN))
    table = proportion.Table((int(control.total), int(variant.total)), (control.n, variant.n))
    return table.rates[1] < table.rates[0] and proportion.score_p(table) < 0.05


def divided_by(visitor_days: bool) -> Outcome:
    """Whether the allocation check fails, with first exposures or visitor-days as its units."""

    def outcome(rng: np.random.Generator) -> bool:
        first = int(rng.binomial(10_000, 0.5))
        sizes = {"current": first, "redesign": 10_000 - first}
        if visitor_days:
            for name, chances in (("current", CURRENT), ("redesign", REDESIGN)):
                sizes[name] = first_day_and_all(rng, chances, sizes[name])[1].n
        found = allocation.sample_ratio(sizes, {"current": 1, "redesign": 1})
        return isinstance(found, Allocation) and not found.sound

    return outcome


def asked(
    rng: np.random.Generator, n: int, found: float, sensitivity: float, specificity: float, share: float
):
    """Clicks of all, and what some of them said when asked."""
    truth = rng.random(n) < found
    hit = np.where(truth, rng.random(n) < sensitivity, rng.random(n) >= specificity)
    said = rng.random(n) < share
    counts = [int((said & t & h).sum()) for t in (truth, ~truth) for h in (hit, ~hit)]
    return misclassification.Asked(n, int(hit.sum()), *counts)


def corrected(effect: float, powered: bool) -> Run:
    """A redesign that also changes how well clicks tell who found it."""

    def run(rng: np.random.Generator) -> Estimate | Refused:
        return misclassification.compare(
            asked(rng, 2000, 0.5, 0.85, 0.9, 0.2),
            asked(rng, 2000, 0.5 + effect, 0.95, 0.8, 0.2),
            powered=powered,
        )

    return run


def as_clicked(effect: float) -> Outcome:
    def outcome(rng: np.random.Generator) -> bool:
        pair = asked(rng, 2000, 0.5, 0.85, 0.9, 0.0), asked(rng, 2000, 0.5 + effect, 0.95, 0.8, 0.0)
        table = proportion.Table((pair[0].hits, pair[1].hits), (2000, 2000))
        return proportion.score_p(table, effect) < 0.05

    return outcome


def no_trend(rng: np.random.Generator) -> bool | None:
    arms = [[proportion.arm(shares(h, 60)) for h in rng.binomial(60, 0.4, 14)] for _ in range(2)]
    pairs = list(zip(*arms, strict=True))
    found = trend(
        list(range(14)),
        [b.value - a.value for a, b in pairs],
        [(a.variance + b.variance) ** 0.5 for a, b in pairs],
    )
    return None if isinstance(found, Refused) else found.p_value < 0.05


def power_of_means(rng: np.random.Generator) -> bool:
    found = mean.compare(sums(pages(rng, _SIZES[0])), sums(pages(rng, _SIZES[1]) - 0.25))
    return isinstance(found, Estimate) and found.p_value < 0.05


_SIZES = plan(Question(PAGES, -0.25, 1000, spread=SPREAD)).sizes


def settings_of_means() -> Iterator[Setting]:
    for n in ((30, 30), (60, 60), (900, 100), (1500, 1500)):
        yield Setting("mean", f"pages, {n}", rejects(means(pages, n)))
    for sigma, n in ((1.0, (500, 500)), (1.0, (900, 300)), (1.5, (5000, 5000))):
        yield Setting("mean", f"log-normal {sigma}, {n}", rejects(means(lognormal(sigma), n)))
    for sigma, n in ((1.0, (60, 60)), (1.0, (900, 100)), (2.0, (5000, 500))):
        yield Setting("mean", f"log-normal {sigma}, {n}", rejects(means(lognormal(sigma), n)), "exact")
    yield Setting("mean", "one in twenty at all, (900, 100)", rejects(means(rare, (900, 100))), "exact")
    n = (900, 100)
    yield Setting("coverage, mean", f"pages, {n}", misses(means(pages, n, 0.3), 0.3))
    more = 0.3 * PAGES
    yield Setting(
        "coverage, mean", f"30 % more pages, {n}", misses(means(pages, n, 0.0, times(1.3, pages)), more)
    )
    for n in ((60, 60), (900, 100)):
        yield Setting("coverage, one mean", f"of the variant, pages, {n}", value_misses(pages, n, PAGES))
    for sigma, n in ((1.0, (900, 100)), (2.0, (5000, 500))):
        run = means(lognormal(sigma), n, cubes=False)
        yield Setting("naive: Welch", f"log-normal {sigma}, {n}", rejects(run), "wrong")
    yield from settings_of_unlike_shapes()
    yield from settings_of_power()


def settings_of_power() -> Iterator[Setting]:
    """What the correction costs: a difference that a normal outcome would show in 80 %.

    Fewer pages in the small variant cost most: its t is skewed to that side. More pages gain as much.
    """
    for name, n, sign in (("more", (60, 60), 1), ("fewer", (900, 100), -1)):
        visible = sign * (ndtri(0.975) + ndtri(0.8)) * SPREAD * math.sqrt(1 / n[0] + 1 / n[1])
        run = means(pages, n, visible)
        yield Setting("power, skewed", f"{name} pages, {n}", rejects(run), "limit", promised=0.8)


def settings_of_unlike_shapes() -> Iterator[Setting]:
    """One variant alone has a tail: no sample of it says how heavy."""
    tail = lognormal(1.0)
    for n in ((300, 100), (500, 500)):
        run = means(normal, n, 0.0, tail)
        yield Setting(
            "coverage, one tail", f"normal, log-normal 1.0, {n}", misses(run, math.exp(0.5)), "exact"
        )
    for n, expected in (((500, 500), "exact"), ((900, 100), "limit"), ((60, 60), "limit")):
        run = means(pages, n, 0.0, some_wild)
        yield Setting(
            "coverage, one tail", f"pages, some five times, {n}", misses(run, 0.2 * PAGES), expected
        )


def settings() -> Iterator[Setting]:
    yield from settings_of_means()
    yield Setting("coverage, lift", "of a mean, (1500, 1500)", lift_misses(pages, (1500, 1500), 0.3, PAGES))
    yield Setting("coverage, lift", "of a mean, (900, 100)", lift_misses(pages, (900, 100), 0.3, PAGES))
    yield Setting("power, once", "4.3 to 4.1 pages", power_of_means, promised=0.8)
    yield Setting("CUPED", "(300, 100)", rejects(adjusted((300, 100), 0.0)))
    yield Setting("coverage, CUPED", "(600, 200), 8 points", misses(adjusted((600, 200), 0.08), 0.08))
    yield Setting("post-stratified", "(300, 120)", rejects(stratified((300, 120), 0.0)))
    yield Setting("coverage, stratified", "(600, 200), 8 points", misses(stratified((600, 200), 0.08), 0.08))
    yield Setting("first exposure", "fewer return, 7 points missed", by_first_exposure)
    yield Setting("naive: visitor-days", "fewer return, better called worse", by_visitor_days, "wrong")
    yield Setting("allocation", "fewer return, first exposures", divided_by(False), promised=0.001, share=10)
    yield Setting(
        "naive: visitor-days",
        "allocation, fewer return",
        divided_by(True),
        "wrong",
        promised=0.001,
        share=0.2,
    )
    yield Setting("coverage, Rogan–Gladen", "5 points, a fifth asked", misses(corrected(0.05, False), 0.05))
    yield Setting("coverage, powered", "5 points, a fifth asked", misses(corrected(0.05, True), 0.05))
    yield Setting("naive: clicks", "5 points, clicks changed too", as_clicked(0.05), "wrong", share=0.2)
    yield Setting("trend", "14 days of 60 browsers", no_trend)

# SPDX-License-Identifier: EUPL-1.2
"""Cells of `benchmarks/validity.py`: looking at any time and as planned, and the power of both."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from simulated import Outcome, Setting

from analysis import allocation
from analysis.allocation import Allocation
from analysis.estimates import Arm, Estimate, Sums, mean
from analysis.estimates.group_sequential import Design, Spending, after_stop
from analysis.estimates.sequences import Mixture, at_any_time
from analysis.sequential_planning import inflation
from experiments.definition import Looks
from experiments.planning import Question, plan


def cumulative(
    rng: np.random.Generator, looks: int, step: int, kind: str, effect: float = 0.0
) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
    """n per arm at each look, and of both arms the sums and sums of squares so far."""
    totals, squares = [], []
    for k in (0, 1):
        if kind == "pages":
            y = 1.0 + rng.geometric(0.3, (looks, step))
        elif kind == "log-normal 1":
            y = rng.lognormal(0, 1, (looks, step))
        else:
            y = (rng.random((looks, step)) < float(kind) + k * effect).astype(float)
        totals.append(y.sum(axis=1).cumsum())
        squares.append((y**2).sum(axis=1).cumsum())
    return np.arange(1, looks + 1) * step, totals, squares


def arms(n: int, totals: list[np.ndarray], squares: list[np.ndarray], look: int) -> list[Arm]:
    found = []
    for total, square in zip(totals, squares, strict=True):
        value = float(total[look]) / n
        variance = (float(square[look]) - n * value**2) / (n - 1) / n
        found.append(Arm(n, value, variance, n - 1))
    return found


def any_time(looks: int, step: int, kind: str, effect: float = 0.0) -> Outcome:
    """Whether the confidence sequence leaves 0 out at some look."""
    mixture = Mixture(2 * looks * step)

    def outcome(rng: np.random.Generator) -> bool:
        n, totals, squares = cumulative(rng, looks, step, kind, effect)
        for look, size in enumerate(n.tolist()):
            found = at_any_time(*arms(size, totals, squares, look), mixture)
            if isinstance(found, Estimate) and found.p_value < 0.05:
                return True
        return False

    return outcome


def z_of(totals: list[np.ndarray], squares: list[np.ndarray], n: np.ndarray) -> np.ndarray:
    values = [total / n for total in totals]
    spread = sum((s - n * v**2) / (n - 1) / n for s, v in zip(squares, values, strict=True))
    return np.where(spread > 0, (values[1] - values[0]) / np.sqrt(np.maximum(spread, 1e-300)), 0.0)


def planned(looks: int, step: int, kind: str, effect: float = 0.0, late: float = 0.0) -> Outcome:
    """Whether a planned look crosses; `late` of a day's outcomes are in a day later only in the variant."""
    shares = [(k + 1) / looks for k in range(looks)]

    def outcome(rng: np.random.Generator) -> bool:
        n, totals, squares = cumulative(rng, looks, step, kind, effect)
        if late:
            daily = np.diff(totals[1], prepend=0)
            missing = rng.binomial(daily.astype(int), late)
            totals = [totals[0], totals[1] - missing]
            squares = [squares[0], totals[1]]
        return Design().first_crossing(z_of(totals, squares, n).tolist(), shares) is not None

    return outcome


def peeking(looks: int, step: int, kind: str) -> Outcome:
    def outcome(rng: np.random.Generator) -> bool:
        n, totals, squares = cumulative(rng, looks, step, kind)
        return bool((np.abs(z_of(totals, squares, n))[n >= 100] > 1.959964).any())

    return outcome


def after_stopping(naive: bool) -> Outcome:
    """Of tests that stopped early on a weak effect: whether the interval misses it."""
    looks, drift, design = 5, 1.0, Design(Spending.POCOCK)
    shares = [(k + 1) / looks for k in range(looks)]
    errors = [1 / share**0.5 for share in shares]

    def outcome(rng: np.random.Generator) -> bool | None:
        z = rng.normal(drift / looks, (1 / looks) ** 0.5, looks).cumsum() / np.sqrt(shares)
        if naive:
            k = design.first_crossing(z.tolist(), shares)
            return None if k is None else abs(z[k] * errors[k] - drift) > 1.959964 * errors[k]
        found = after_stop(z.tolist(), errors, shares, design)
        return not found.ci[0] <= drift <= found.ci[1]

    return outcome


def divided(any_time: bool, looks: int = 200, step: int = 500) -> Outcome:
    test = allocation.sample_ratio_at_any_time if any_time else allocation.sample_ratio

    def outcome(rng: np.random.Generator) -> bool:
        first = rng.binomial(step, 0.5, looks).cumsum()
        for look, a in enumerate(first.tolist()):
            found = test({"a": a, "b": (look + 1) * step - a}, {"a": 1, "b": 1})
            if isinstance(found, Allocation) and found.p_value < 0.05:
                return True
        return False

    return outcome


def once(effect: float) -> Outcome:
    n = plan(Question(0.5, effect, 1000)).sizes[0]

    def outcome(rng: np.random.Generator) -> bool:
        hits = [float(rng.binomial(n, 0.5 + k * effect)) for k in (0, 1)]
        found = mean.compare(*(Sums(n, one, one) for one in hits))
        return isinstance(found, Estimate) and found.p_value < 0.05

    return outcome


def settings() -> Iterator[Setting]:
    for looks in (200, 400):
        for kind, step in (("0.5", 20), ("0.02", 50), ("pages", 10), ("log-normal 1", 20)):
            yield Setting("any time", f"{looks} looks, {kind}", any_time(looks, step, kind), "exact", every=5)
        yield Setting("naive: peeking", f"{looks} looks, 50 %", peeking(looks, 20, "0.5"), "wrong", every=5)
    for looks in (14, 63):
        for kind, step in (("0.5", 60), ("0.02", 200), ("pages", 60)):
            yield Setting("planned looks", f"{looks} days, {kind}", planned(looks, step, kind))
    yield Setting(
        "naive: immature", "14 days, half comes a day later", planned(14, 60, "0.5", late=0.5), "wrong"
    )
    yield Setting("after a stop", "stage-wise interval misses", after_stopping(naive=False), every=10)
    yield Setting(
        "naive: after a stop", "fixed interval misses", after_stopping(naive=True), "wrong", every=5
    )
    yield Setting("allocation, any time", "200 looks", divided(any_time=True), "exact", every=10)
    yield Setting("naive: χ² daily", "200 looks", divided(any_time=False), "wrong", every=10)
    yield Setting("power, once", "50 to 55 %", once(0.05), promised=0.8)
    base = plan(Question(0.5, 0.05, 1000)).sizes[0]
    for looks, how in ((Looks.DAILY, planned), (Looks.ANY_TIME, any_time)):
        step = round(base * inflation(looks, 14) / 14)
        yield Setting(
            f"power, {looks.value}", "50 to 55 %, 14 days", how(14, step, "0.5", 0.05), promised=0.8, every=5
        )

# SPDX-License-Identifier: EUPL-1.2
"""Cells of `benchmarks/validity.py`: time to an answer, with giving up and other channels beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from simulated import Outcome, Run, Setting, misses, rejects

from analysis.estimates import Refused, ranks, survival


def times(n: tuple[int, int], censored: float) -> Run:
    return lambda rng: survival.compare(*(ended(rng, size, censored) for size in n))


def ended(rng: np.random.Generator, n: int, censored: float) -> survival.Ends:
    time_s = np.ceil(rng.lognormal(5.0, 1.0, n))
    cause = rng.choice([1, 2, 3], n, p=[0.55, 0.1, 0.35])
    cut = np.ceil(rng.exponential(600 / -math.log1p(-censored), n)) if censored else np.full(n, np.inf)
    cause = np.where(cut < time_s, 0, cause)
    return survival.ends(np.minimum(time_s, cut), cause, np.ones(n))


#: Two kinds of visitors, equally many: (pace of answering, pace of giving up), both per second.
Paces = tuple[tuple[float, float], tuple[float, float]]

BASE: Paces = ((1 / 300, 1 / 300), (1 / 300, 1 / 300))
FASTER: Paces = ((1.3 / 300, 1 / 300), (1.3 / 300, 1 / 300))
#: Who finds it hard is also who leaves; the variant makes those leave three times as soon, and helps nobody.
HARD: Paces = ((1 / 120, 1 / 2000), (1 / 600, 1 / 400))
AWAY: Paces = ((1 / 120, 1 / 2000), (1 / 600, 3 / 400))


def raced(n: int, control: Paces, variant: Paces, *, naive: bool = False) -> Run:
    """Answer or leave, whichever comes first; `naive` takes who left for merely unseen."""

    def arm(rng: np.random.Generator, paces: Paces) -> survival.Ends:
        answer, leave = np.array(paces)[rng.integers(0, 2, n)].T
        answered, gone = rng.exponential(1 / answer), rng.exponential(1 / leave)
        left = 0 if naive else 3
        return survival.ends(np.minimum(answered, gone), np.where(answered <= gone, 1, left), np.ones(n))

    return lambda rng: survival.compare(arm(rng, control), arm(rng, variant))


def lost(paces: Paces) -> float:
    """True restricted mean to 600 s: 600 - ∫ F with F = a/(a+g)·(1 - exp(-(a+g)t)), over both kinds."""
    found = 0.0
    for answer, leave in paces:
        both = answer + leave
        found += (600 - answer / both * (600 - (1 - math.exp(-600 * both)) / both)) / len(paces)
    return found


def called_faster(run: Run) -> Outcome:
    """The slower version is found to be faster."""

    def outcome(rng: np.random.Generator) -> bool | None:
        found = run(rng)
        return None if isinstance(found, Refused) else found.p_value < 0.05 and found.difference < 0

    return outcome


def log_rank(rng: np.random.Generator) -> bool | None:
    found = survival.log_rank(*(ended(rng, 300, 0.0) for _ in range(2)))
    return None if isinstance(found, Refused) else found[1] < 0.05


def ranked(n: tuple[int, int]) -> Run:
    return lambda rng: ranks.compare(*ranks.of_ends(*(ended(rng, size, 0.0) for size in n)))


def settings() -> Iterator[Setting]:
    for n in ((60, 60), (200, 200), (1500, 1500), (900, 100)):
        yield Setting("restricted mean", f"{n}, none censored", rejects(times(n, 0.0)))
        yield Setting("restricted mean", f"{n}, 20 % censored", rejects(times(n, 0.2)))
    yield Setting(
        "coverage, time", "faster, (400, 400)", misses(raced(400, BASE, FASTER), lost(FASTER) - lost(BASE))
    )
    yield Setting(
        "coverage, time",
        "given up sooner, (1500, 1500)",
        misses(raced(1500, HARD, AWAY), lost(AWAY) - lost(HARD)),
    )
    yield Setting("time, given up sooner", "called faster", called_faster(raced(1500, HARD, AWAY)), "exact")
    yield Setting(
        "naive: censored",
        "given up sooner, called faster",
        called_faster(raced(1500, HARD, AWAY, naive=True)),
        "wrong",
        share=0.2,
    )
    yield Setting("log-rank", "(300, 300)", log_rank)
    yield Setting("ranked outcome", "(300, 300)", rejects(ranked((300, 300))))
    yield Setting("ranked outcome", "(900, 100)", rejects(ranked((900, 100))))

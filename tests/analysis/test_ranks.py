# SPDX-License-Identifier: EUPL-1.2
"""Ranked outcomes: Brunner and Munzel's test where rows are independent, and clusters where they are not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analysis.estimates import Estimate, Refusal, Refused
from analysis.estimates.ranks import Ranked, compare, independent, of_ends, permuted
from analysis.estimates.survival import Ends


def test_independent_rows_are_scipys_brunner_munzel() -> None:
    rng = np.random.default_rng(1)
    for n in ((40, 60), (300, 25)):
        a, b = rng.choice(5, n[0], p=[0.3, 0.3, 0.2, 0.1, 0.1]), rng.choice(5, n[1])
        theirs = stats.brunnermunzel(a, b)
        found = compare(*(independent(np.bincount(x, minlength=5).tolist()) for x in (a, b)))
        assert isinstance(found, Estimate)
        assert found.p_value == pytest.approx(theirs.pvalue, rel=0.02)
        wins = (b[:, None] > a[None, :]).mean() + (b[:, None] == a[None, :]).mean() / 2
        assert found.values == pytest.approx((1 - wins, wins))


def hearts(rng: np.random.Generator, buckets: int, shift: float = 0.0, touches: float = 4.0) -> Ranked:
    """Touchpoints of residents with a mood of their own: bad, neutral, good."""
    mood = rng.normal(shift, 1, buckets)
    of = np.repeat(np.arange(buckets), rng.poisson(touches, buckets))
    felt = np.digitize(mood[of] + rng.normal(0, 0.7, len(of)), [-0.8, 0.8])
    counts = np.zeros((buckets, 3))
    np.add.at(counts, (of, felt), 1)
    return Ranked(counts)


def test_false_alarms_hold_where_touchpoints_as_rows_do_not() -> None:
    rng = np.random.default_rng(2)
    runs, ours, rows = 1000, 0, 0
    for _ in range(runs):
        pair = [hearts(rng, n) for n in (120, 60)]
        found = compare(*pair)
        assert isinstance(found, Estimate)
        ours += found.p_value < 0.05
        naive = compare(*(independent(one.totals.tolist()) for one in pair))
        assert isinstance(naive, Estimate)
        rows += naive.p_value < 0.05
    assert ours / runs < 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / runs)
    assert rows / runs > 0.2


def test_the_permuted_p_agrees_and_holds_with_few_unequal_buckets() -> None:
    rng = np.random.default_rng(3)
    pair = hearts(rng, 150), hearts(rng, 150, 0.3)
    found = compare(*pair)
    assert isinstance(found, Estimate)
    assert permuted(*pair, draws=499) == pytest.approx(found.p_value, abs=0.06)
    runs = 60
    wrong = 0
    for run in range(runs):
        p = permuted(hearts(rng, 22), hearts(rng, 60, touches=12.0), draws=99, seed=run)
        assert not isinstance(p, Refused)
        wrong += p <= 0.05
    assert wrong / runs < 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / runs)


def test_a_better_variant_wins_more_often() -> None:
    found = compare(hearts(np.random.default_rng(4), 400), hearts(np.random.default_rng(5), 400, 0.5))
    assert isinstance(found, Estimate)
    assert found.difference > 0.1
    assert found.ci[0] > 0
    assert sum(found.values) == pytest.approx(1.0)


def test_quick_finishers_alone_would_mislead() -> None:
    """More visitors give up, the others find it faster: finishers look better, all visitors do not."""
    control = independent([20, 10, 60, 10])  # abandoned, elsewhere, slow, fast
    variant = independent([50, 10, 10, 30])
    everyone = compare(control, variant)
    finishers = compare(independent([60, 10]), independent([10, 30]))
    assert isinstance(everyone, Estimate)
    assert isinstance(finishers, Estimate)
    assert finishers.difference > 0
    assert everyone.difference < 0


def test_interval_covers() -> None:
    """P(win) of N(0.3, 1) over N(0, 1), cut into five categories, by a million draws."""
    rng = np.random.default_rng(6)
    cuts = [-1, -0.3, 0.3, 1]
    a, b = (np.digitize(rng.normal(m, 1, 1_000_000), cuts) for m in (0, 0.3))
    fa, fb = (np.bincount(x, minlength=5) / len(x) for x in (a, b))
    truth = 2 * float(fb @ (np.cumsum(fa) - fa / 2)) - 1
    runs, covered = 600, 0
    for _ in range(runs):
        pair = [np.bincount(np.digitize(rng.normal(m, 1, 60), cuts), minlength=5) for m in (0, 0.3)]
        found = compare(*(independent(one.tolist()) for one in pair))
        assert isinstance(found, Estimate)
        covered += found.ci[0] <= truth <= found.ci[1]
    assert abs(covered / runs - 0.95) < 3.3 * np.sqrt(0.05 * 0.95 / runs)


REFUSED = [
    pytest.param([0, 0, 0], [5, 20, 30], Refusal.NO_UNITS, id="nobody"),
    pytest.param([1, 1, 1], [5, 20, 30], Refusal.TOO_FEW_UNITS, id="three units"),
    pytest.param([0, 40, 0], [0, 50, 0], Refusal.NO_VARIATION, id="all alike"),
]


@pytest.mark.parametrize(("control", "variant", "reason"), REFUSED)
def test_what_cannot_be_ranked_is_refused(control: list[int], variant: list[int], reason: Refusal) -> None:
    found = compare(independent(control), independent(variant))
    assert isinstance(found, Refused)
    assert found.refusal is reason


def test_few_buckets_are_refused() -> None:
    found = compare(hearts(np.random.default_rng(7), 12), hearts(np.random.default_rng(8), 400))
    assert isinstance(found, Refused)
    assert found.refusal is Refusal.TOO_FEW_BUCKETS


def ends(answered: list[float], elsewhere: float, abandoned: float, censored: float = 0.0) -> Ends:
    """Answers at 60, 120, … s; the others ended at 60 s."""
    times = 60.0 * np.arange(1, len(answered) + 1)
    at_once = np.zeros(len(answered))
    at_once[0] = 1.0
    return Ends(times, np.array(answered), elsewhere * at_once, abandoned * at_once, censored * at_once)


def test_ends_are_ranked_by_how_and_how_soon() -> None:
    control, variant = of_ends(ends([0, 30, 10], 20, 30, 10), ends([40, 0, 0], 20, 40), horizon_s=150)
    assert control.totals.tolist() == [50, 20, 30, 0]  # not by 150 s, elsewhere, at 120, at 60
    assert variant.totals.tolist() == [40, 20, 0, 40]
    found = compare(control, variant)
    assert isinstance(found, Estimate)
    assert found.n == (100, 100)
    assert found.values[1] == pytest.approx(((40 * 25) + 20 * (50 + 10) + 40 * 100) / 10_000)


def test_giving_up_faster_wins_nothing() -> None:
    """The same answers; in the variant the others give up where they phoned before."""
    found = compare(*of_ends(ends([30, 30], 40, 0), ends([30, 30], 0, 40)))
    assert isinstance(found, Estimate)
    assert found.difference < 0


def test_counts_of_a_million_need_no_row_each() -> None:
    found = compare(independent([300_000, 200_000, 500_000]), independent([290_000, 200_000, 510_000]))
    assert isinstance(found, Estimate)
    assert found.p_value < 1e-10


def test_independent_rows_are_not_permuted() -> None:
    with pytest.raises(ValueError, match="clusters"):
        permuted(independent([20, 20]), independent([20, 20]))

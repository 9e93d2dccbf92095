# SPDX-License-Identifier: EUPL-1.2
"""Quantiles: their order statistics, clustering, and visitors who never got there."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.estimates import Arm, Estimate, Refusal, Refused
from analysis.estimates.quantile import Counted, arm, compare, outer_interval


def counted(values: np.ndarray, cluster: np.ndarray | None = None) -> Counted:
    own = np.arange(len(values)) if cluster is None else cluster
    return Counted(values.astype(float), np.ones(len(values)), own.astype(np.int64))


def test_the_interval_is_two_order_statistics() -> None:
    """Of 1 … 100 the median's 95 % interval: ranks 50 ∓ 9.8, the outer ones 40 and 61."""
    assert outer_interval(counted(np.arange(1, 101)), 0.5) == (40.0, 61.0)


def test_counts_and_rows_are_the_same() -> None:
    rng = np.random.default_rng(1)
    values = rng.integers(1, 60, 4000).astype(float)
    bucket = rng.integers(0, 200, 4000)
    rows = counted(values, bucket)
    pairs, units = np.unique(np.column_stack([values, bucket]), axis=0, return_counts=True)
    added = Counted(pairs[:, 0], units.astype(float), pairs[:, 1].astype(np.int64))
    one, other = arm(rows, 0.8), arm(added, 0.8)
    assert isinstance(one, Arm)
    assert isinstance(other, Arm)
    assert (one.value, one.variance) == pytest.approx((other.value, other.variance))


def returning(rng: np.random.Generator, browsers: int, buckets: int) -> Counted:
    """Visits of browsers that each have a pace of their own: visits of one hang together."""
    pace = rng.normal(5, 1, browsers)
    of = np.repeat(np.arange(browsers), 1 + rng.poisson(3, browsers))
    bucket = rng.integers(0, buckets, browsers)
    return counted(np.exp(pace[of] + rng.normal(0, 0.5, len(of))), bucket[of])


def test_false_alarms_with_returns_hold_where_independent_rows_do_not() -> None:
    rng = np.random.default_rng(2)
    runs, ours, naive = 600, 0, 0
    for _ in range(runs):
        pair = [returning(rng, 250, 200) for _ in range(2)]
        found = compare(*pair)
        assert isinstance(found, Estimate)
        ours += found.p_value < 0.05
        rows = compare(*(counted(one.value) for one in pair))
        assert isinstance(rows, Estimate)
        naive += rows.p_value < 0.05
    assert ours / runs < 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / runs)
    assert naive / runs > 0.12


def test_interval_covers_the_true_difference() -> None:
    rng = np.random.default_rng(3)
    runs = 1000
    covered = 0
    for _ in range(runs):
        found = compare(counted(rng.exponential(100, 400)), counted(rng.exponential(120, 400)), 0.75)
        assert isinstance(found, Estimate)
        truth = 20 * np.log(4)
        covered += found.ci[0] <= truth <= found.ci[1]
    assert covered / runs > 0.95 - 3.3 * np.sqrt(0.05 * 0.95 / runs)


def test_giving_up_sooner_is_not_faster() -> None:
    """Half of the slow ones give up: as infinity they make the median longer, left out shorter."""
    rng = np.random.default_rng(4)
    times = rng.exponential(100, 2000)
    gone = (times > 40) & (rng.random(2000) < 0.5)
    found = compare(counted(times), counted(np.where(gone, np.inf, times)))
    assert isinstance(found, Estimate)
    assert found.difference > 0
    left_out = compare(counted(times), counted(times[~gone]))
    assert isinstance(left_out, Estimate)
    assert left_out.difference < 0


REFUSED = [
    pytest.param(np.arange(30), None, Refusal.TOO_FEW_UNITS, id="thirty units"),
    pytest.param(np.zeros(0), None, Refusal.NO_UNITS, id="nobody"),
    pytest.param(np.r_[np.arange(52), np.full(50, np.inf)], None, Refusal.NOT_REACHED, id="never reached"),
    pytest.param(np.r_[np.arange(99), np.nan], None, Refusal.UNMEASURED, id="no number"),
    pytest.param(np.arange(200), np.arange(200) % 10, Refusal.TOO_FEW_BUCKETS, id="ten buckets"),
    pytest.param(np.full(200, 7.0), None, Refusal.NO_VARIATION, id="one value"),
]


@pytest.mark.parametrize(("values", "cluster", "reason"), REFUSED)
def test_what_has_no_quantile_is_refused(
    values: np.ndarray, cluster: np.ndarray | None, reason: Refusal
) -> None:
    one = counted(values, cluster)
    found = compare(one, one)
    assert isinstance(found, Refused)
    assert found.refusal is reason


def test_a_share_that_is_none_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        arm(counted(np.arange(100)), 1.0)

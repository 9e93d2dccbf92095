# SPDX-License-Identifier: EUPL-1.2
"""Which step did it: parts that add up, known examples, and bootstrap weights that partitions agree on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.estimates import Refusal, Refused, bootstrap
from analysis.estimates.decomposition import Mix, Steps, kitagawa, shapley, steps

NAMES = ["start", "second step", "submit"]


def funnel(rng: np.random.Generator, buckets: int, rates: list[float], size: float = 8.0) -> np.ndarray:
    reached = [rng.poisson(size, buckets)]
    for rate in rates:
        reached.append(rng.binomial(reached[-1], np.clip(rng.normal(rate, 0.05, buckets), 0, 1)))
    return np.column_stack(reached).astype(float)


def test_parts_add_up_to_the_whole() -> None:
    rng = np.random.default_rng(1)
    found = steps(NAMES, funnel(rng, 400, [0.6, 0.8, 0.5]), funnel(rng, 400, [0.6, 0.9, 0.5]), replicates=200)
    assert isinstance(found, Steps)
    before, after = found.success
    assert sum(step.part for step in found.steps) == pytest.approx(after - before)
    assert sum(step.log_part for step in found.steps) == pytest.approx(np.log(after / before))


def test_the_step_that_changed_is_the_one_named() -> None:
    rng = np.random.default_rng(2)
    found = steps(
        NAMES, funnel(rng, 500, [0.6, 0.7, 0.5]), funnel(rng, 500, [0.6, 0.85, 0.5]), replicates=400
    )
    assert isinstance(found, Steps)
    first, second, third = found.steps
    assert second.ci[0] > 0
    assert second.log_ci[0] > 0
    assert first.ci[0] < 0 < first.ci[1]
    assert third.ci[0] < 0 < third.ci[1]


def test_its_interval_covers() -> None:
    rng = np.random.default_rng(3)
    runs, covered = 100, 0
    for run in range(runs):
        pair = funnel(rng, 150, [0.6, 0.7]), funnel(rng, 150, [0.6, 0.8])
        found = steps(NAMES[:2], *pair, replicates=100, seed=run)
        assert isinstance(found, Steps)
        covered += found.steps[1].ci[0] <= 0.06 <= found.steps[1].ci[1]
    assert abs(covered / runs - 0.95) < 3.5 * np.sqrt(0.05 * 0.95 / runs) + 0.01


def test_shapley_by_hand_and_in_any_order() -> None:
    """Two factors: each takes half of what they do together. .6·.5 - .5·.4 = .1 = .045 + .055."""
    before, after = np.array([0.5, 0.4]), np.array([0.6, 0.5])
    assert shapley(before, after) == pytest.approx([0.045, 0.055])
    assert shapley(before[::-1], after[::-1]) == pytest.approx([0.055, 0.045])


@given(st.lists(st.tuples(st.floats(0.01, 1), st.floats(0.01, 1)), min_size=1, max_size=6))
def test_shapley_adds_up_and_gives_nothing_to_what_did_not_change(pairs: list[tuple[float, float]]) -> None:
    before, after = (np.array(side) for side in zip(*pairs, strict=True))
    parts = shapley(before, after)
    assert parts.sum() == pytest.approx(after.prod() - before.prod(), abs=1e-12)
    assert (parts[before == after] == 0).all()


def test_kitagawa_tells_mix_from_rate() -> None:
    """Same rates among other visitors is all mix; other rates among the same visitors all rate."""
    half = np.array([50.0, 50.0])
    assert kitagawa(half, np.array([10.0, 40.0]), np.array([30.0, 70.0]), np.array([6.0, 56.0])) == Mix(
        0.12, 0.0
    )
    found = kitagawa(half, np.array([10.0, 40.0]), half, np.array([20.0, 40.0]))
    assert isinstance(found, Mix)
    assert (found.mix, found.rate) == pytest.approx((0.0, 0.1))
    assert found.total == pytest.approx(0.6 - 0.5)


def test_a_kind_of_visitor_that_is_missing_is_refused() -> None:
    found = kitagawa(*(np.array(x) for x in ([50.0, 50.0], [10.0, 40.0], [100.0, 0.0], [20.0, 0.0])))
    assert isinstance(found, Refused)
    assert found.refusal is Refusal.ZERO_DENOMINATOR


REFUSED = [
    pytest.param(10, [0.5, 0.5, 0.5], Refusal.TOO_FEW_BUCKETS, id="ten buckets"),
    pytest.param(30, [0.02, 0.5, 0.5], Refusal.TOO_FEW_UNITS, id="hardly anyone reached a step"),
    pytest.param(200, [0.5, 0.5, 0.0], Refusal.NO_EVENTS, id="nobody got through"),
]


@pytest.mark.parametrize(("buckets", "rates", "reason"), REFUSED)
def test_what_cannot_be_told_apart_is_refused(buckets: int, rates: list[float], reason: Refusal) -> None:
    rng = np.random.default_rng(4)
    one = funnel(rng, buckets, [max(rate - 0.15, 0) if rate == 0 else rate for rate in rates])
    one[:, 3] *= rates[2] > 0
    found = steps(NAMES, one, one)
    assert isinstance(found, Refused)
    assert found.refusal is reason


def test_milestones_that_grow_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="more reached"):
        steps(["a"], np.array([[1.0, 2.0]]), np.array([[2.0, 1.0]]))


class TestWeights:
    def test_they_are_poisson_and_do_not_hang_together(self) -> None:
        drawn = bootstrap.weights(1000, replicates=400)
        assert drawn.mean() == pytest.approx(1, abs=4 / np.sqrt(400_000))
        assert drawn.var() == pytest.approx(1, abs=0.01)
        correlation = np.corrcoef(drawn)
        assert np.abs(correlation - np.eye(400)).max() < 6 / np.sqrt(1000)

    @given(st.integers(0, 900), st.integers(1, 99))
    def test_a_bucket_weighs_the_same_wherever_it_is_computed(self, first: int, count: int) -> None:
        whole = bootstrap.weights(1000, replicates=2, seed=7)
        assert (
            bootstrap.weights(count, replicates=2, seed=7, first=first) == whole[:, first : first + count]
        ).all()

    def test_partitions_add_up(self) -> None:
        sums = np.random.default_rng(5).poisson(3, (1000, 2)).astype(float)
        parts = [sums * (np.arange(1000) % 16 == k)[:, None] for k in range(16)]
        drawn = bootstrap.weights(1000, replicates=50)
        assert sum(drawn @ part for part in parts) == pytest.approx(drawn @ sums)

    def test_the_interval_of_a_mean_is_the_textbook_one(self) -> None:
        values = np.random.default_rng(6).normal(5, 2, 900)
        sums = np.column_stack([values, np.ones(900)])
        low, high = bootstrap.interval(lambda s: s[:, :1] / s[:, 1:], sums)
        half = 1.96 * values.std() / 30
        assert (low[0], high[0]) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.02)

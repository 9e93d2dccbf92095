# SPDX-License-Identifier: EUPL-1.2
"""What skewness does to a t statistic, taken out: the law of the correction, and what it is for."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.estimates import Arm, Estimate, Refusal, Refused, Sums, lift, mean, skewness

SKEWED = st.floats(-1.5, 1.5)
STATISTIC = st.floats(-20, 20)


def sums(values: np.ndarray, *, cubes: bool = True) -> Sums:
    return Sums(
        len(values),
        float(values.sum()),
        float((values**2).sum()),
        float((values**3).sum()) if cubes else None,
    )


def test_the_correction_by_hand() -> None:
    """2 + .3·4/3 + .09·8/27 + .3/6."""
    assert skewness.corrected(2.0, 0.3) == pytest.approx(2 + 0.4 + 0.08 / 3 + 0.05)
    assert skewness.corrected(2.0, 0.0) == 2.0


@given(STATISTIC, SKEWED)
def test_the_correction_can_be_undone(statistic: float, skewed: float) -> None:
    there = skewness.corrected(statistic, skewed)
    # Where 1 + κt/3 is 0 the correction stands still for a moment, so it is compared in what it says.
    assert skewness.corrected(skewness.uncorrected(there, skewed), skewed) == pytest.approx(there, abs=1e-9)


@given(STATISTIC, SKEWED)
def test_a_mirrored_difference_is_corrected_as_a_mirror(statistic: float, skewed: float) -> None:
    assert skewness.corrected(-statistic, -skewed) == pytest.approx(-skewness.corrected(statistic, skewed))


@given(STATISTIC, SKEWED, SKEWED)
def test_a_statistic_is_beyond_both_ways_exactly_where_it_is_beyond_the_bounds(
    statistic: float, one: float, other: float
) -> None:
    low, high = skewness.bounds(1.96, (one, other))
    for away in (statistic, low - 1e-6, low + 1e-6, high - 1e-6, high + 1e-6):
        beyond = abs(skewness.least(away, (one, other))) > 1.96
        assert beyond == (not low <= away <= high) or min(abs(away - low), abs(away - high)) < 1e-7


def exponential(n: int) -> Arm:
    """What the mean of n exponential values is expected to show: skewness 2 a unit."""
    return Arm(n, 1.0, 1 / n, n - 1, 2 / n**2)


def test_equal_arms_of_one_shape_cancel_and_a_small_arm_weighs_more() -> None:
    assert skewness.of_difference(exponential(400), exponential(400)) == (0.0, 0.0)
    by_hand = 2 * (1 / 100**2 - 1 / 400**2) / (1 / 100 + 1 / 400) ** 1.5
    assert skewness.of_difference(exponential(400), exponential(100)) == pytest.approx((by_hand, by_hand))
    assert skewness.of_difference(exponential(100), exponential(400)) == pytest.approx((-by_hand, -by_hand))
    assert skewness.of_value(exponential(100), exponential(400)) == pytest.approx((0.2, 0.2))


def test_a_small_arm_that_missed_the_tail_is_judged_by_the_large_one() -> None:
    missed = Arm(100, 0.9, 0.2 / 100, 99)
    common, own = skewness.of_difference(exponential(900), missed)
    assert common > 0 > own


@pytest.mark.parametrize("outliers", [1, 3, 12])
def test_equal_outliers_are_counted_whichever_arm_has_them(outliers: int) -> None:
    quiet = np.tile([0.0, 1.0], 1000)
    wild = np.append(quiet, np.full(outliers, 1e5))
    pair = [mean.arm(sums(values)) for values in (quiet, wild)]
    assert isinstance(pair[0], Arm)
    assert isinstance(pair[1], Arm)
    assert skewness.deciding(*pair) == pytest.approx(outliers, rel=0.02)
    assert skewness.deciding(*reversed(pair)) == skewness.deciding(*pair)
    found = mean.compare(sums(quiet), sums(wild))
    assert isinstance(found, Refused) == (outliers < skewness.MIN_DECIDING)
    if isinstance(found, Refused):
        assert found.refusal is Refusal.HEAVY_TAIL


def test_what_is_not_known_to_be_skewed_is_welchs() -> None:
    rng = np.random.default_rng(2)
    a, b = rng.normal(3, 1, 300), rng.normal(3, 1, 200)
    mirrored = [np.concatenate([values, 6 - values]) for values in (a, b)]  # skewness 0
    exact, plain = (
        mean.compare(*(sums(values, cubes=cubes) for values in mirrored)) for cubes in (True, False)
    )
    assert isinstance(exact, Estimate)
    assert isinstance(plain, Estimate)
    assert (exact.p_value, *exact.ci) == pytest.approx((plain.p_value, *plain.ci), rel=1e-6)


def test_large_values_without_an_origin_have_no_skewness_of_rounding_errors() -> None:
    found = mean.arm(sums(1e6 + np.tile([0.0, 20.0], 500)))
    assert isinstance(found, Arm)
    assert found.variance > 0
    assert found.third == 0


@given(st.integers(0, 10_000), st.floats(-0.6, 0.6))
def test_p_and_interval_tell_the_same(seed: int, null: float) -> None:
    rng = np.random.default_rng(seed)
    found = mean.compare(sums(rng.lognormal(0, 1, 90)), sums(rng.lognormal(0, 1, 30)), null=null)
    if isinstance(found, Refused):
        return
    assert (found.p_value < 0.05) == (not found.ci[0] <= null <= found.ci[1])
    assert found.ci[0] < found.difference < found.ci[1]


def test_a_lift_below_zero_keeps_its_ends_in_order() -> None:
    """Values below 0 mirror those above: the same ratio, so the same lift and the same interval."""
    rng = np.random.default_rng(3)
    a, b = rng.exponential(1, 900), rng.exponential(1.2, 300)
    up, down = mean.compare(sums(a), sums(b)), mean.compare(sums(-a), sums(-b))
    assert isinstance(up, Estimate)
    assert isinstance(down, Estimate)
    assert up.relative_ci is not None
    assert down.relative_ci == pytest.approx(up.relative_ci)
    assert up.relative_ci[0] < (up.relative or 0) < up.relative_ci[1]
    assert up.method == "Welch t, skewness taken out"
    symmetric = lift.delta(*(Arm(n, v, 0.01, n - 1) for n, v in ((900, 1.0), (300, 1.2))), 1.96)
    assert sum(symmetric) / 2 == pytest.approx(0.2)


def test_false_alarms_of_a_small_skewed_arm_hold_where_welchs_do_not() -> None:
    """Among the tests that are kept: log-normal σ 1 at 900/100, where Welch's t errs in 7 %."""
    rng = np.random.default_rng(4)
    runs, ours, welch, kept = 1500, 0, 0, 0
    for _ in range(runs):
        pair = rng.lognormal(0, 1, 900), rng.lognormal(0, 1, 100)
        plain = mean.compare(*(sums(values, cubes=False) for values in pair))
        found = mean.compare(*(sums(values) for values in pair))
        assert isinstance(plain, Estimate)
        welch += plain.p_value < 0.05
        if isinstance(found, Estimate):
            kept += 1
            ours += found.p_value < 0.05
    assert kept > 0.97 * runs
    assert ours / kept < 0.05
    assert welch / runs > 0.05 + 2.6 * math.sqrt(0.05 * 0.95 / runs)


def test_a_variant_in_which_nobody_does_it_at_all_is_compared() -> None:
    """Neither side of v - (v/c)·c varies then, and its skewness is none."""
    control = np.random.default_rng(5).poisson(0.8, 300).astype(float)
    found = mean.compare(sums(control), sums(np.zeros(300)))
    assert isinstance(found, Estimate)
    assert found.p_value < 1e-6
    assert found.relative == -1
    assert found.value_cis[1] == (0.0, 0.0)


@pytest.mark.parametrize("unit", [1e-120, 1e-30, 1e40])
def test_the_unit_of_the_values_changes_nothing(unit: float) -> None:
    """Not even where squares and cubes of it leave what a float can hold apart."""
    arms = [Arm(n, unit, unit**2 / n, n - 1, 2 * unit**3 / n**2) for n in (900, 100)]
    plain = skewness.of_difference(exponential(900), exponential(100))
    assert skewness.of_difference(*arms) == pytest.approx(plain) or unit**3 == 0
    assert skewness.deciding(*arms) == pytest.approx(250) or unit**3 == 0

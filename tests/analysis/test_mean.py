# SPDX-License-Identifier: EUPL-1.2
"""Welch's t from sums: known answers, SciPy, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analysis.estimates import Estimate, Refusal, Refused, Sums, mean


def sums(values: np.ndarray, origin: float = 0.0) -> Sums:
    off = values - origin
    return Sums(len(values), float(off.sum()), float((off**2).sum()), float((off**3).sum()), origin)


def without_cubes(values: np.ndarray) -> Sums:
    """What Welch's test knows; with cubes it is corrected for skewness (`test_skewness.py`)."""
    return Sums(len(values), float(values.sum()), float((values**2).sum()))


def test_growthbooks_absolute_difference() -> None:
    """GrowthBook packages/stats/tests/frequentist/test_tests.py (MIT): p .02016."""
    found = mean.compare(Sums(3407, 1396.87, 52377.9767), Sums(3461, 2422.7, 134698.29))
    assert isinstance(found, Estimate)
    assert found.p_value == pytest.approx(0.02016, abs=5e-6)


def test_agrees_with_scipy_on_raw_values() -> None:
    rng = np.random.default_rng(7)
    a, b = rng.poisson(4, 300).astype(float), rng.poisson(5, 120).astype(float)
    theirs = stats.ttest_ind(b, a, equal_var=False)
    found = mean.compare(without_cubes(a), without_cubes(b))
    assert isinstance(found, Estimate)
    assert found.p_value == pytest.approx(theirs.pvalue, rel=1e-9)
    assert found.ci == pytest.approx(tuple(theirs.confidence_interval()), rel=1e-9)


def test_added_parts_are_the_whole() -> None:
    rng = np.random.default_rng(8)
    values = rng.gamma(2, 3, 400)
    parts = [sums(part) for part in np.array_split(rng.permutation(values), 16)]
    whole = parts[0]
    for part in parts[1:]:
        whole += part
    added, direct = mean.arm(whole), mean.arm(sums(values))
    assert not isinstance(added, Refused)
    assert not isinstance(direct, Refused)
    assert (added.value, added.variance, added.third) == pytest.approx(
        (direct.value, direct.variance, direct.third)
    )


def test_sums_from_different_origins_do_not_add_up() -> None:
    with pytest.raises(ValueError, match="origin"):
        Sums(1, 0.0, 0.0, origin=1.0) + Sums(1, 0.0, 0.0)


def test_large_values_keep_their_spread_with_an_origin() -> None:
    values = 1.7e12 + np.arange(100.0)  # milliseconds since 1970
    found = mean.arm(sums(values, origin=1.7e12))
    assert not isinstance(found, Refused)
    assert found.variance == pytest.approx(values.var(ddof=1) / 100)
    assert found.value == 1.7e12 + 49.5


def test_the_third_moment_is_that_of_the_mean() -> None:
    values = np.random.default_rng(9).exponential(1, 500)
    found = mean.arm(sums(values))
    assert not isinstance(found, Refused)
    assert found.third == pytest.approx(((values - values.mean()) ** 3).mean() / 500**2)


RNG = np.random.default_rng(10)
REFUSED = [
    pytest.param(np.ones(50), np.ones(50), Refusal.NO_VARIATION, id="no spread"),
    pytest.param(np.full(50, 0.1), np.full(50, 0.1), Refusal.NO_VARIATION, id="no spread but rounding"),
    pytest.param(np.arange(9.0), np.arange(50.0), Refusal.TOO_FEW_UNITS, id="nine units"),
    pytest.param(np.array([]), np.arange(50.0), Refusal.NO_UNITS, id="nobody"),
    pytest.param(
        RNG.lognormal(0, 2, 5000), RNG.lognormal(0, 4, 500), Refusal.HEAVY_TAIL, id="log-normal 4, 10:1"
    ),
    pytest.param(np.arange(50.0), np.append(np.arange(49.0), 1e6), Refusal.HEAVY_TAIL, id="one outlier"),
]


@pytest.mark.parametrize(("control", "variant", "reason"), REFUSED)
def test_what_cannot_be_compared_is_refused_with_its_reason(control, variant, reason) -> None:
    found = mean.compare(sums(control), sums(variant))
    assert isinstance(found, Refused)
    assert found.refusal is reason


def test_one_arm_without_spread_is_compared_by_the_other() -> None:
    """Everyone needs one page in the redesign: that is a result, not a fault."""
    control = np.array([1.0, 2, 3, 4] * 25)
    found = mean.compare(sums(control), sums(np.ones(100)))
    theirs = stats.ttest_1samp(control, 1.0)
    assert isinstance(found, Estimate)
    assert found.p_value == pytest.approx(theirs.pvalue, rel=1e-9)


def test_false_alarms_of_an_a_a_test_are_within_the_monte_carlo_bound() -> None:
    rng = np.random.default_rng(11)
    runs, alarms = 2_000, 0
    for _ in range(runs):
        found = mean.compare(sums(1.0 + rng.geometric(0.3, 200)), sums(1.0 + rng.geometric(0.3, 150)))
        alarms += isinstance(found, Estimate) and found.p_value < 0.05
    assert abs(alarms / runs - 0.05) < 3.3 * np.sqrt(0.05 * 0.95 / runs)

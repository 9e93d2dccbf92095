# SPDX-License-Identifier: EUPL-1.2
"""The allocation check: GrowthBook's figures, arms that were never shown, and a cached cookie."""

from __future__ import annotations

import numpy as np
import pytest

from analysis import allocation
from analysis.allocation import Allocation, fullest_bucket, sample_ratio, sample_ratio_at_any_time
from analysis.estimates import Refusal, Refused

# GrowthBook packages/shared/test (MIT), sample ratio mismatch.
KNOWN = [
    pytest.param([1000, 1200], [0.5, 0.5], 0.000020079, id="1000 : 1200"),
    pytest.param([310, 98], [0.75, 0.25], 0.647434186, id="310 : 98 at 3 : 1"),
    pytest.param([500, 500, 600], [0.34, 0.33, 0.33], 0.000592638, id="three variants"),
]


def check(observed: list[int], weights: list[float]) -> Allocation | Refused:
    return sample_ratio(
        {str(place): count for place, count in enumerate(observed)},
        {str(place): weight for place, weight in enumerate(weights)},
    )


@pytest.mark.parametrize(("observed", "weights", "expected"), KNOWN)
def test_p_is_growthbooks(observed: list[int], weights: list[float], expected: float) -> None:
    found = check(observed, weights)
    assert isinstance(found, Allocation)
    assert found.p_value == pytest.approx(expected, abs=5e-10)


def test_an_arm_without_weight_is_no_cell() -> None:
    """GrowthBook's Python `check_srm` keeps it, and with it a degree of freedom too many."""
    assert check([1000, 1200, 0], [0.5, 0.5, 0.0]) == check([1000, 1200], [0.5, 0.5])


@pytest.mark.parametrize("weights", [[0.5, 0.5, 0.0], [0.5, 0.5]], ids=["weight 0", "unknown"])
def test_units_in_an_arm_that_was_never_to_be_shown_fail(weights: list[float]) -> None:
    found = check([1000, 1000, 1], weights)
    assert isinstance(found, Allocation)
    assert not found.sound


def test_shares_may_be_numbers_of_buckets() -> None:
    assert check([1000, 1200], [493, 507]) != check([1000, 1200], [500, 500])
    assert check([1000, 1200], [493, 507]) == check([1000, 1200], [0.493, 0.507])


REFUSED = [
    pytest.param([4, 5], [0.5, 0.5], Refusal.TOO_FEW_UNITS, id="nine browsers"),
    pytest.param([0, 0], [0.5, 0.5], Refusal.NO_UNITS, id="nobody"),
    pytest.param([100], [1.0], Refusal.UNMEASURED, id="one variant"),
]


@pytest.mark.parametrize(("observed", "weights", "reason"), REFUSED)
def test_what_cannot_be_tested_is_refused(observed: list[int], weights: list[float], reason: Refusal) -> None:
    found = check(observed, weights)
    assert isinstance(found, Refused)
    assert found.refusal is reason


def chance(found: Allocation | Refused) -> float:
    assert isinstance(found, Allocation)
    return found.p_value


def test_nominal_weights_would_fail_sound_experiments() -> None:
    """A thousand hashed buckets gave 520 : 480; against 50 : 50 a sound test of 200,000 browsers fails."""
    rng = np.random.default_rng(1)
    real = nominal = 0
    for _ in range(100):
        first = int(rng.binomial(200_000, 0.52))
        real += chance(check([first, 200_000 - first], [520, 480])) < allocation.ALPHA
        nominal += chance(check([first, 200_000 - first], [0.5, 0.5])) < allocation.ALPHA
    assert (real, nominal) == (0, 100)


def test_a_cached_cookie_shows_in_one_bucket_and_an_even_draw_does_not() -> None:
    rng = np.random.default_rng(2)
    for browsers in (50, 3_000, 100_000):
        drawn = dict(enumerate(np.bincount(rng.integers(0, 1000, browsers), minlength=1000).tolist()))
        assert fullest_bucket(drawn, 1000) > allocation.ALPHA
        drawn[417] += max(10, browsers // 50)
        assert fullest_bucket(drawn, 1000) < allocation.ALPHA


# Lindon & Malek 2020 (arXiv 2011.03567) on [1000, 1200] at 1 : 1, by concentration.
ANY_TIME = [(100, 0.00079, 5e-6), (1_000, 0.0034, 5e-5), (10_000, 0.214, 5e-4)]


@pytest.mark.parametrize(("concentration", "expected", "within"), ANY_TIME)
def test_the_test_at_any_time_to_the_digits_given(
    concentration: float, expected: float, within: float
) -> None:
    found = sample_ratio_at_any_time({"a": 1000, "b": 1200}, {"a": 1, "b": 1}, concentration=concentration)
    assert isinstance(found, Allocation)
    assert found.p_value == pytest.approx(expected, abs=within)


def test_looking_every_day_at_the_division_errs_at_most_once_in_twenty() -> None:
    """200 looks at sound tests: χ² is wrong at some look far too often, the other at most as it says."""
    rng = np.random.default_rng(3)
    runs, looks, step = 150, 200, 200
    fixed = any_time = 0
    for _ in range(runs):
        first = rng.binomial(step, 0.5, looks).cumsum().tolist()
        pairs = [{"a": a, "b": (k + 1) * step - a} for k, a in enumerate(first)]
        fixed += any(chance(sample_ratio(p, {"a": 1, "b": 1})) < 0.05 for p in pairs)
        any_time += any(chance(sample_ratio_at_any_time(p, {"a": 1, "b": 1})) < 0.05 for p in pairs[::4])
    assert fixed / runs > 0.25
    assert any_time / runs <= 0.05 + 1.64 * np.sqrt(0.05 * 0.95 / runs)


def test_a_real_fault_is_seen_while_it_runs() -> None:
    """Five in a hundred exposures of one variant are lost: seen well before 100,000 browsers."""
    found = sample_ratio_at_any_time({"a": 25_000, "b": 23_750}, {"a": 1, "b": 1})
    assert isinstance(found, Allocation)
    assert not found.sound


@pytest.mark.parametrize("weights", [[0.5, 0.5, 0.0], [0.5, 0.5]], ids=["weight 0", "unknown"])
def test_at_any_time_too_an_arm_never_to_be_shown_is_no_cell(weights: list[float]) -> None:
    shares = {str(place): weight for place, weight in enumerate(weights)}
    seen = sample_ratio_at_any_time({"0": 1000, "1": 1000, "2": 1}, shares)
    assert isinstance(seen, Allocation)
    assert not seen.sound
    unseen = sample_ratio_at_any_time({"0": 1000, "1": 1200, "2": 0}, shares)
    assert unseen == sample_ratio_at_any_time({"0": 1000, "1": 1200}, {"0": 1, "1": 1})


@pytest.mark.parametrize("share", [float("nan"), float("inf"), -1.0])
def test_shares_that_are_none_are_refused(share: float) -> None:
    for test in (sample_ratio, sample_ratio_at_any_time):
        found = test({"a": 100, "b": 100}, {"a": 1.0, "b": share})
        assert isinstance(found, Refused)
        assert found.refusal is Refusal.UNMEASURED

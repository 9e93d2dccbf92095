# SPDX-License-Identifier: EUPL-1.2
"""The allocation check: GrowthBook's figures, arms that were never shown, and a cached cookie."""

from __future__ import annotations

import numpy as np
import pytest

from analysis import allocation
from analysis.allocation import Allocation, fullest_bucket, sample_ratio
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


def test_nominal_weights_would_fail_sound_experiments() -> None:
    """A thousand hashed buckets gave 520 : 480; against 50 : 50 a sound test of 200,000 browsers fails."""
    rng = np.random.default_rng(1)
    real = nominal = 0
    for _ in range(100):
        first = int(rng.binomial(200_000, 0.52))
        real += check([first, 200_000 - first], [520, 480]).p_value < allocation.ALPHA  # type: ignore[union-attr]
        nominal += check([first, 200_000 - first], [0.5, 0.5]).p_value < allocation.ALPHA  # type: ignore[union-attr]
    assert (real, nominal) == (0, 100)


def test_a_cached_cookie_shows_in_one_bucket_and_an_even_draw_does_not() -> None:
    rng = np.random.default_rng(2)
    for browsers in (50, 3_000, 100_000):
        drawn = dict(enumerate(np.bincount(rng.integers(0, 1000, browsers), minlength=1000).tolist()))
        assert fullest_bucket(drawn, 1000) > allocation.ALPHA
        drawn[417] += max(10, browsers // 50)
        assert fullest_bucket(drawn, 1000) < allocation.ALPHA

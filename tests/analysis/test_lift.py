# SPDX-License-Identifier: EUPL-1.2
"""Relative lifts."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.estimates import Arm, Refusal, Refused, Sums, lift, mean

CONTROL = mean.arm(Sums(3407, 1396.87, 52377.9767))
VARIANT = mean.arm(Sums(3461, 2422.7, 134698.29))


def test_growthbooks_relative_lift() -> None:
    """GrowthBook packages/stats/tests/frequentist/test_tests.py (MIT): .70732 (-.03526, 1.44989), .06191."""
    assert isinstance(CONTROL, Arm)
    assert isinstance(VARIANT, Arm)
    total = CONTROL.variance + VARIANT.variance
    df = total**2 / (CONTROL.variance**2 / CONTROL.df + VARIANT.variance**2 / VARIANT.df)
    critical = mean.critical_t(df, 0.95)
    assert VARIANT.value / CONTROL.value - 1 == pytest.approx(0.70732, abs=5e-6)
    assert lift.delta(CONTROL, VARIANT, critical) == pytest.approx((-0.03526, 1.44989), abs=5e-6)
    assert lift.delta_p(CONTROL, VARIANT) == pytest.approx(0.06191, abs=5e-6)


def test_near_zero_the_report_uses_fieller_so_that_lift_and_difference_agree() -> None:
    """The same data: the difference is clear (p .020), and so must be the lift beside it."""
    found = mean.compare(Sums(3407, 1396.87, 52377.9767), Sums(3461, 2422.7, 134698.29))
    assert not isinstance(found, Refused)
    assert found.relative_ci is not None
    assert found.p_value < 0.05
    assert found.relative_ci[0] > 0


@pytest.mark.parametrize("z", [-2.5, -1.0, 0.3, 1.9, 2.1, 4.0])
def test_fieller_excludes_zero_exactly_where_the_difference_does(z: float) -> None:
    control = Arm(100, 5.0, 0.5, 99)
    variant = Arm(100, 5.0 + z * np.sqrt(1.0), 0.5, 99)
    ends = lift.fieller(control, variant, 2.0)
    assert ends is not None
    assert (ends[0] < 0 < ends[1]) == (abs(z) < 2.0)


def test_far_from_zero_delta_and_fieller_agree() -> None:
    control, variant = Arm(1000, 50.0, 0.01, 999), Arm(1000, 53.0, 0.01, 999)
    assert lift.delta(control, variant, 1.96) == pytest.approx(lift.fieller(control, variant, 1.96), rel=2e-2)
    assert lift.delta(control, variant, 1.96) == pytest.approx(lift.fieller(control, variant, 1.96), abs=1e-4)


def test_without_bounds_there_is_no_interval() -> None:
    found = lift.relative(Arm(20, 0.5, 1.0, 19), Arm(20, 3.0, 1.0, 19), critical=1.96)
    assert not isinstance(found, Refused)
    assert found.ci is None


def test_a_control_of_zero_has_no_lift() -> None:
    found = lift.relative(Arm(20, 0.0, 0.0, 19), Arm(20, 3.0, 1.0, 19), critical=1.96)
    assert isinstance(found, Refused)
    assert found.refusal is Refusal.CONTROL_NEAR_ZERO

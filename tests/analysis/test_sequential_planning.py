# SPDX-License-Identifier: EUPL-1.2
"""What looking costs, and that the power promised for it is reached."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.estimates.group_sequential import Design
from analysis.estimates.sequences import Mixture
from analysis.sequential_planning import inflation
from experiments.definition import Looks


def test_looking_daily_costs_little_and_at_any_time_more() -> None:
    assert inflation(Looks.END, 28) == 1.0
    assert 1.02 < inflation(Looks.DAILY, 28) < 1.06
    assert 1.5 < inflation(Looks.ANY_TIME, 28) < 2.0
    assert inflation(Looks.DAILY, 1) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("looks", [Looks.DAILY, Looks.ANY_TIME])
@pytest.mark.parametrize("power", [0.8, 0.9])
def test_the_power_promised_is_realised(looks: Looks, power: float) -> None:
    """40,000 simulated tests of the inflated size."""
    days, runs = 14, 40_000
    single = 2.801585 if power == 0.8 else 3.241515  # z.975 + z.power, both sides counted
    drift = single * np.sqrt(inflation(looks, days, power=power))
    shares = np.arange(1, days + 1) / days
    rng = np.random.default_rng(1)
    steps = rng.normal(drift / days, np.sqrt(1 / days), (runs, days)).cumsum(axis=1)
    bounds = (
        Design().boundaries(shares)
        if looks is Looks.DAILY
        else [Mixture(1.0).critical(float(share)) for share in shares]
    )
    crossed = (np.abs(steps / np.sqrt(shares)) >= np.array(bounds)).any(axis=1).mean()
    assert crossed == pytest.approx(power, abs=4 * np.sqrt(power * (1 - power) / runs))


def test_no_day_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="at least one"):
        inflation(Looks.DAILY, 0)

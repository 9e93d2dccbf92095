# SPDX-License-Identifier: EUPL-1.2
"""Confidence sequences: known answers, and what looking every day does to them and to a fixed interval."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analysis.estimates import Arm, Estimate, Refusal, Refused, mean
from analysis.estimates.sequences import Mixture, at_any_time


def test_best_rho_and_bound_are_confseqs() -> None:
    """confseq (MIT, Howard et al.): best_rho(100, .05) = 12.60056; two-sided bound at v = 100: 30.35209."""
    mixture = Mixture(100, 0.95)
    assert 1 / mixture.rho_squared == pytest.approx(12.60056, abs=5e-6)
    assert 10 * mixture.critical(100) == pytest.approx(30.35209, abs=5e-6)


@pytest.mark.parametrize("n", [20, 900, 1000, 50_000])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_half_width_is_that_of_the_reference(n: int, level: float) -> None:
    """SE·√N·√(2(Nρ²+1)/(N²ρ²)·ln(√(Nρ²+1)/α)), as written in Howard et al. 2021."""
    alpha = 1 - level
    rho2 = (-2 * np.log(alpha) + np.log(1 - 2 * np.log(alpha))) / 1000
    half = np.sqrt(n) * np.sqrt(2 * (n * rho2 + 1) / (n**2 * rho2) * np.log(np.sqrt(n * rho2 + 1) / alpha))
    assert Mixture(1000, level).critical(n) == pytest.approx(half, rel=1e-12)


@pytest.mark.parametrize("n", [50, 1000, 30_000])
def test_p_is_five_per_cent_exactly_at_the_interval(n: int) -> None:
    mixture = Mixture(1000)
    assert mixture.p_value(mixture.critical(n), n) == pytest.approx(0.05, rel=1e-9)
    assert mixture.p_value(0.0, n) == 1.0


def test_narrowest_near_the_size_it_was_tuned_to() -> None:
    """Tuned by the one-sided formula, so a little off the two-sided optimum; wrong by 1 % at most there."""
    best = min(Mixture(tuned).critical(1000) for tuned in np.geomspace(50, 20_000, 200))
    assert Mixture(1000).critical(1000) <= 1.01 * best
    assert Mixture(10).critical(1000) > 1.1 * best


def test_looking_two_hundred_times_errs_at_most_once_in_twenty() -> None:
    """A/A over 200 looks; the fixed interval beside it is wrong about once in three times."""
    rng = np.random.default_rng(20261122)
    runs, looks, step = 2_000, 200, 50
    mixture = Mixture(2 * looks * step)
    sums = [np.cumsum(rng.poisson(2.0 * step, (runs, looks)), axis=1) for _ in range(2)]
    n = np.arange(1, looks + 1) * step
    z = (sums[1] - sums[0]) / np.sqrt(sums[1] + sums[0])  # Poisson sums: their variance is their mean
    critical = np.array([mixture.critical(2 * size) for size in n])
    ours = (np.abs(z) > critical).any(axis=1).mean()
    fixed = (np.abs(z) > 1.959964).any(axis=1).mean()
    assert ours < 0.05
    assert fixed > 0.3


def test_estimate_agrees_with_its_own_p_and_the_control_named_first() -> None:
    control, variant = Arm(1000, 0.5, 0.25 / 1000, 999), Arm(1000, 0.6, 0.24 / 1000, 999)
    found = at_any_time(control, variant, Mixture(2000))
    assert isinstance(found, Estimate)
    assert found.difference == pytest.approx(0.1)
    assert found.ci[0] > 0
    assert found.p_value < 0.05
    fixed = mean.contrast(control, variant, method="Welch t")
    assert isinstance(fixed, Estimate)
    assert 1.3 < (found.ci[1] - found.ci[0]) / (fixed.ci[1] - fixed.ci[0]) < 1.6
    assert found.p_value > fixed.p_value


REFUSED = [
    pytest.param(Arm(99, 0.5, 0.01, 98), Refusal.TOO_FEW_UNITS, id="99 units"),
    pytest.param(Arm(1000, 0.5, 0.0, 999), Refusal.NO_VARIATION, id="nothing varies"),
]


@pytest.mark.parametrize(("arm", "reason"), REFUSED)
def test_what_cannot_be_watched_is_refused(arm: Arm, reason: Refusal) -> None:
    found = at_any_time(arm, arm, Mixture(2000))
    assert isinstance(found, Refused)
    assert found.refusal is reason


@pytest.mark.parametrize("tuned_to", [0, -5, float("nan"), float("inf")])
def test_a_mixture_tuned_to_nothing_is_a_mistake(tuned_to: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Mixture(tuned_to)


def test_normal_mixture_is_a_bayes_factor() -> None:
    """1/p is the likelihood ratio of N(0, 1 + Nρ²) against N(0, 1) for z: an oracle by another road."""
    mixture, n, z = Mixture(500), 800, 3.3
    spread = np.sqrt(1 + n * mixture.rho_squared)
    factor = stats.norm.pdf(z, scale=spread) / stats.norm.pdf(z)
    assert mixture.p_value(z, n) == pytest.approx(1 / factor, rel=1e-9)

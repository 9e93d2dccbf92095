# SPDX-License-Identifier: EUPL-1.2
"""Group sequential boundaries to the digit, their error over daily looks, and what holds after a stop."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import optimize, stats

from analysis.estimates.group_sequential import (
    Design,
    Spending,
    after_stop,
    crossing,
    repeated_interval,
    spent,
)

FIVE = [0.2, 0.4, 0.6, 0.8, 1.0]

# Five equal looks, two-sided .05 with .025 a side; exact integration (Jennison & Turnbull 2000, chapter 7;
# Lan & DeMets 1983).
KNOWN = [
    pytest.param(
        Spending.OBRIEN_FLEMING, [4.8769, 3.3570, 2.6803, 2.2898, 2.0310], 5e-5, id="O'Brien-Fleming"
    ),
    pytest.param(Spending.POCOCK, [2.43798, 2.42681, 2.41019, 2.39665, 2.38598], 5e-6, id="Pocock"),
    pytest.param(Spending.QUADRATIC, [3.0902, 2.7141, 2.4728, 2.2799, 2.1140], 5e-5, id="power family, t²"),
]


@pytest.mark.parametrize(("spending", "expected", "within"), KNOWN)
def test_boundaries_to_the_digits_given(spending: Spending, expected: list[float], within: float) -> None:
    assert Design(spending).boundaries(FIVE) == pytest.approx(expected, abs=within)


def test_the_classical_pocock_constant() -> None:
    """Equal bounds at five equal looks that spend .05 in all: 2.413 (Pocock, Biometrika 64, 1977)."""

    def error(bound: float) -> float:
        upper, lower = crossing(FIVE, [bound] * 5, 0.0)
        return float(upper.sum() + lower.sum())

    assert optimize.brentq(lambda bound: error(bound) - 0.05, 2.0, 3.0) == pytest.approx(2.413, abs=5e-4)


def test_one_look_is_the_fixed_test() -> None:
    assert Design().boundaries([1.0]) == pytest.approx((1.959964,), abs=1e-6)


def test_boundaries_agree_with_scipys_multivariate_normal() -> None:
    """Another road to the same integral: P(no crossing) over three uneven looks."""
    shares = [0.25, 0.6, 1.0]
    bounds = np.array(Design(Spending.POCOCK).boundaries(shares))
    correlation = np.sqrt(np.minimum.outer(shares, shares) / np.maximum.outer(shares, shares))
    inside = stats.multivariate_normal(np.zeros(3), correlation, seed=1).cdf(bounds, lower_limit=-bounds)
    assert 1 - inside == pytest.approx(0.05, abs=2e-4)


@pytest.mark.parametrize("looks", [1, 2, 14, 42])
@pytest.mark.parametrize("spending", list(Spending))
def test_all_looks_together_spend_alpha_exactly(looks: int, spending: Spending) -> None:
    shares = np.arange(1, looks + 1) / looks
    assert Design(spending).power(shares, 0.0) == pytest.approx(0.05, abs=1e-6)


def test_a_bound_hangs_only_on_the_looks_before_it() -> None:
    assert Design().boundaries(FIVE)[:3] == pytest.approx(Design().boundaries([0.2, 0.4, 0.6]))


def test_the_last_look_spends_what_is_left_also_beyond_the_plan() -> None:
    """More information than planned: all of α is spent, at the correlation that the looks really have."""
    bounds = Design().boundaries([0.5, 1.3])
    assert Design().power([0.5, 1.3], 0.0) == pytest.approx(0.05, abs=1e-6)
    assert bounds[-1] > 1.959964


def test_too_early_a_look_has_nothing_to_spend() -> None:
    bounds = Design().boundaries([0.01, 1.0])
    assert math.isinf(bounds[0])
    assert bounds[1] == pytest.approx(1.959964, abs=1e-6)
    assert repeated_interval(0.3, 0.1, bounds[0]) == (-math.inf, math.inf)


@pytest.mark.parametrize("shares", [[0.5, 0.5], [0.0, 1.0], [0.6, 0.4], [0.5, 1.0, 1.2], [float("nan")]])
def test_information_that_does_not_rise_is_a_mistake(shares: list[float]) -> None:
    with pytest.raises(ValueError, match=r"rise|follow"):
        Design().boundaries(shares)


def test_power_is_what_simulated_walks_reach() -> None:
    rng = np.random.default_rng(3)
    design, drift, runs = Design(), 2.9, 40_000
    steps = rng.normal(drift / 5, np.sqrt(1 / 5), (runs, 5)).cumsum(axis=1)
    z = steps / np.sqrt(FIVE)
    crossed = (np.abs(z) >= design.boundaries(FIVE)).any(axis=1).mean()
    assert crossed == pytest.approx(design.power(FIVE, drift), abs=4 * np.sqrt(0.16 / runs))


def test_looking_five_times_costs_little_where_little_is_spent_early() -> None:
    """O'Brien & Fleming's own test costs 2.8 % (Jennison & Turnbull 2000, table 2.4), its spending less."""
    assert 1.02 < Design().inflation(FIVE, 0.8) < 1.028
    assert Design(Spending.POCOCK).inflation(FIVE, 0.8) > 1.15


def looks_of(rng: np.random.Generator, runs: int, drift: float) -> np.ndarray:
    return rng.normal(drift / 5, np.sqrt(1 / 5), (runs, 5)).cumsum(axis=1) / np.sqrt(FIVE)


def test_after_a_stop_the_interval_covers_where_the_naive_one_does_not() -> None:
    rng = np.random.default_rng(4)
    design, drift, runs = Design(Spending.POCOCK), 1.2, 1_000
    bounds = np.array(design.boundaries(FIVE))
    covered = naive = found = 0
    for z in looks_of(rng, runs, drift):
        over = np.flatnonzero(np.abs(z) >= bounds)
        if not len(over):
            continue
        k = int(over[0])
        found += 1
        errors = 1 / np.sqrt(FIVE[: k + 1])
        stopped = after_stop(z[: k + 1].tolist(), errors.tolist(), FIVE[: k + 1], design)
        covered += stopped.ci[0] <= drift <= stopped.ci[1]
        estimate = z[k] * errors[-1]
        naive += abs(estimate - drift) <= 1.959964 * errors[-1]
    assert found > 180
    assert naive / found < 0.76  # the reference text: 54-76 % given rejection of a weak effect
    assert covered / found > naive / found + 0.1


def test_stagewise_interval_covers_over_all_outcomes() -> None:
    rng = np.random.default_rng(5)
    design, drift, runs = Design(), 2.0, 200
    covered = sum(
        stopped.ci[0] <= drift <= stopped.ci[1]
        for z in looks_of(rng, runs, drift)
        for stopped in [after_stop(z.tolist(), (1 / np.sqrt(FIVE)).tolist(), FIVE, design)]
    )
    assert covered / runs == pytest.approx(0.95, abs=4 * np.sqrt(0.05 * 0.95 / runs))


def test_after_one_look_it_is_the_fixed_analysis() -> None:
    found = after_stop([2.2], [0.5], [1.0], Design())
    assert found.estimate == pytest.approx(1.1, abs=1e-5)
    assert found.ci == pytest.approx((1.1 - 0.979982, 1.1 + 0.979982), abs=1e-5)
    assert found.p_value == pytest.approx(2 * stats.norm.sf(2.2), abs=1e-9)


def test_p_is_below_alpha_exactly_where_a_bound_was_crossed() -> None:
    design = Design()
    bounds = design.boundaries(FIVE)
    errors = (1 / np.sqrt(FIVE)).tolist()
    for k in range(1, 5):
        for side in (1, -1):
            z = [0.1] * k + [side * (bounds[k] + 0.01)]
            found = after_stop(z, errors[: k + 1], FIVE[: k + 1], design)
            assert found.crossed
            assert found.look == k
            assert found.p_value < 0.05
            assert found.ci[0] > 0 or found.ci[1] < 0
    found = after_stop([0.1, 0.2, 0.1, 0.4, bounds[4] - 0.01], errors, FIVE, design)
    assert not found.crossed
    assert found.p_value > 0.05


@pytest.mark.parametrize("spending", list(Spending))
def test_spending_starts_at_nothing_and_ends_at_alpha(spending: Spending) -> None:
    assert spent(spending, 0.0, 0.025) == 0.0
    assert spent(spending, 1.0, 0.025) == pytest.approx(0.025)
    assert spent(spending, 1.7, 0.025) == pytest.approx(0.025)
    steps = [spent(spending, t, 0.025) for t in np.linspace(0, 1, 50)]
    assert steps == sorted(steps)


def test_the_first_crossing_is_that_of_all_boundaries() -> None:
    rng = np.random.default_rng(6)
    for spending in Spending:
        design = Design(spending)
        bounds = np.array(design.boundaries(FIVE))
        for z in looks_of(rng, 300, 1.5):
            over = np.flatnonzero(np.abs(z) >= bounds)
            assert design.first_crossing(z.tolist(), FIVE) == (int(over[0]) if len(over) else None)


def test_looks_that_hardly_add_anything_belong_together() -> None:
    with pytest.raises(ValueError, match="add little"):
        Design().boundaries([0.5, 0.501, 1.0])


def test_the_planned_end_spends_all_that_is_left_however_little_was_seen() -> None:
    design = Design()
    bounds = design.boundaries([0.2, 0.6], final=True)
    upper, lower = crossing([0.2, 0.6], bounds, 0.0)
    assert upper.sum() + lower.sum() == pytest.approx(0.05, abs=1e-9)
    assert bounds[1] < design.boundaries([0.2, 0.6])[1]
    assert design.first_crossing([0.0, bounds[1] + 0.01], [0.2, 0.6], final=True) == 1
    assert design.first_crossing([0.0, bounds[1] + 0.01], [0.2, 0.6]) is None

# SPDX-License-Identifier: EUPL-1.2
"""CUPED and post-stratification: regression as an oracle, less noise, the same truth."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from analysis.estimates import Estimate, Refusal, Refused, Sums, mean
from analysis.estimates.adjusted import Paired, cuped, explained, post_stratified


def paired(y: np.ndarray, x: np.ndarray) -> Paired:
    return Paired(len(y), y.sum(), (y**2).sum(), x.sum(), (x**2).sum(), (x * y).sum())


def sums(values: np.ndarray) -> Sums:
    return Sums(len(values), float(values.sum()), float((values**2).sum()))


def visits(rng: np.random.Generator, n: int, effect: float, explains: float) -> tuple[np.ndarray, np.ndarray]:
    x = rng.poisson(2, n).astype(float)
    return explains * x + rng.normal(effect, 1.5, n), x


def test_cuped_is_the_regression_with_one_slope() -> None:
    """Ordinary least squares of y on variant and covariate gives the same difference (statsmodels)."""
    rng = np.random.default_rng(1)
    (y0, x0), (y1, x1) = visits(rng, 800, 0.0, 0.8), visits(rng, 500, 0.3, 0.8)
    found = cuped(paired(y0, x0), paired(y1, x1))
    assert isinstance(found, Estimate)
    y, x = np.concatenate([y0, y1]), np.concatenate([x0, x1])
    shown = np.repeat([0.0, 1.0], [800, 500])
    theirs = sm.OLS(y, sm.add_constant(np.column_stack([shown, x]))).fit(cov_type="HC1")
    assert found.difference == pytest.approx(theirs.params[1], rel=1e-9)
    half = (found.ci[1] - found.ci[0]) / 2 / 1.9619
    assert half == pytest.approx(theirs.bse[1], rel=0.01)


def test_a_covariate_that_explains_takes_noise_away() -> None:
    rng = np.random.default_rng(2)
    (y0, x0), (y1, x1) = visits(rng, 2000, 0.0, 1.0), visits(rng, 2000, 0.1, 1.0)
    adjusted, plain = cuped(paired(y0, x0), paired(y1, x1)), mean.compare(sums(y0), sums(y1))
    assert isinstance(adjusted, Estimate)
    assert isinstance(plain, Estimate)
    share = explained(plain, adjusted)
    assert share == pytest.approx(2 / (2 + 1.5**2), abs=0.04)  # var(x) of the whole


def test_a_covariate_that_does_not_vary_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    y0, y1 = rng.normal(0, 1, 300), rng.normal(0.2, 1, 200)
    adjusted = cuped(paired(y0, np.full(300, 7.0)), paired(y1, np.full(200, 7.0)))
    plain = mean.compare(sums(y0), sums(y1))
    assert isinstance(adjusted, Estimate)
    assert isinstance(plain, Estimate)
    assert (adjusted.difference, adjusted.p_value) == pytest.approx((plain.difference, plain.p_value))


def test_false_alarms_and_coverage_of_cuped() -> None:
    rng = np.random.default_rng(4)
    runs, wrong = 1500, 0
    for _ in range(runs):
        pair = [paired(*visits(rng, n, 0.0, 0.9)) for n in (300, 120)]
        found = cuped(*pair)
        assert isinstance(found, Estimate)
        wrong += found.p_value < 0.05
    assert abs(wrong / runs - 0.05) < 3.5 * np.sqrt(0.05 * 0.95 / runs)


def strata(rng: np.random.Generator, n: int, effect: float = 0.0) -> dict[str, Sums]:
    of = rng.choice(["direct", "search", "letter"], n, p=[0.5, 0.3, 0.2])
    rate = {"direct": 0.2, "search": 0.5, "letter": 0.9}
    y = (rng.random(n) < np.array([rate[name] + effect for name in of])).astype(float)
    return {name: sums(y[of == name]) for name in rate}


def whole(parts: dict[str, Sums]) -> Sums:
    total = Sums(0, 0.0, 0.0)
    for part in parts.values():
        total += part
    return total


def test_post_stratification_keeps_the_truth_its_errors_and_loses_noise() -> None:
    rng = np.random.default_rng(5)
    runs, wrong, covered, narrower = 1000, 0, 0, 0.0
    for _ in range(runs):
        aa = post_stratified(strata(rng, 400), strata(rng, 250))
        ab = post_stratified(parts := strata(rng, 400), other := strata(rng, 250, 0.08))
        plain = mean.compare(whole(parts), whole(other))
        assert isinstance(aa, Estimate)
        assert isinstance(ab, Estimate)
        assert isinstance(plain, Estimate)
        wrong += aa.p_value < 0.05
        covered += ab.ci[0] <= 0.08 <= ab.ci[1]
        gone = explained(plain, ab)
        assert gone is not None
        narrower += gone
    bound = 3.5 * np.sqrt(0.05 * 0.95 / runs)
    assert abs(wrong / runs - 0.05) < bound
    assert abs(covered / runs - 0.95) < bound
    assert narrower / runs > 0.2


def test_an_unlucky_draw_of_strata_is_put_right() -> None:
    """The variant got more of those who would have found it anyway: no difference within any stratum."""
    control = {"easy": Sums(100, 90, 90), "hard": Sums(300, 60, 60)}
    variant = {"easy": Sums(200, 180, 180), "hard": Sums(200, 40, 40)}
    found, naive = post_stratified(control, variant), mean.compare(whole(control), whole(variant))
    assert isinstance(found, Estimate)
    assert isinstance(naive, Estimate)
    assert found.difference == pytest.approx(0.0, abs=1e-12)
    assert naive.p_value < 0.001


@given(st.randoms(use_true_random=False))
def test_the_order_of_the_strata_changes_nothing(random: Random) -> None:
    rng = np.random.default_rng(6)
    control, variant = strata(rng, 200), strata(rng, 200)
    names = list(control)
    random.shuffle(names)
    again = post_stratified({n: control[n] for n in names}, {n: variant[n] for n in reversed(names)})
    assert again == post_stratified(control, variant)


def test_small_strata_are_taken_together() -> None:
    control = {"a": Sums(100, 50, 50), "b": Sums(6, 3, 3), "c": Sums(7, 3, 3)}
    variant = {"a": Sums(90, 50, 50), "b": Sums(5, 3, 3), "c": Sums(8, 3, 3), "d": Sums(2, 1, 1)}
    found = post_stratified(control, variant)
    assert isinstance(found, Estimate)
    assert found.n == (113, 105)


REFUSED = [
    pytest.param({"a": Sums(0, 0, 0)}, {"a": Sums(0, 0, 0)}, Refusal.NO_UNITS, id="nobody"),
    pytest.param({"a": Sums(50, 9, 9)}, {"a": Sums(3, 1, 1)}, Refusal.TOO_FEW_UNITS, id="three units"),
    pytest.param({"a": Sums(50, 50, 50)}, {"a": Sums(50, 50, 50)}, Refusal.NO_VARIATION, id="all answered"),
    pytest.param({}, {"a": Sums(50, 9, 9)}, Refusal.NO_UNITS, id="one variant only"),
]


@pytest.mark.parametrize(("control", "variant", "reason"), REFUSED)
def test_what_cannot_be_adjusted_is_refused(
    control: dict[str, Sums], variant: dict[str, Sums], reason: Refusal
) -> None:
    found = post_stratified(control, variant)
    assert isinstance(found, Refused)
    assert found.refusal is reason

# SPDX-License-Identifier: EUPL-1.2
"""Differences of proportions: published intervals, other programs, and the error rate summed exactly."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.estimates import Estimate, Refusal, Refused, Sums, proportion
from analysis.estimates.proportion import Table


def shares(hits: int, n: int) -> Sums:
    return Sums(n, float(hits), float(hits))


# Newcombe, Statistics in Medicine 17 (1998), table II: (a) 56/70 - 48/80 and (b) 9/10 - 3/10.
PUBLISHED = [
    pytest.param(proportion.wald_interval, (48, 56), (80, 70), (0.0575, 0.3425), id="Wald, a"),
    pytest.param(proportion.wald_interval, (3, 9), (10, 10), (0.2605, 0.9395), id="Wald, b"),
    pytest.param(proportion.score_interval, (48, 56), (80, 70), (0.0528, 0.3382), id="Miettinen–Nurminen, a"),
    pytest.param(proportion.score_interval, (3, 9), (10, 10), (0.1700, 0.8406), id="Miettinen–Nurminen, b"),
    pytest.param(proportion.newcombe_interval, (48, 56), (80, 70), (0.0524, 0.3339), id="Newcombe, a"),
    pytest.param(proportion.newcombe_interval, (3, 9), (10, 10), (0.1705, 0.8090), id="Newcombe, b"),
]


@pytest.mark.parametrize(("interval", "hits", "n", "expected"), PUBLISHED)
def test_intervals_are_those_of_newcombes_table(interval, hits, n, expected) -> None:
    assert interval(Table(hits, n)) == pytest.approx(expected, abs=6e-5)


def test_govuk_journeys_as_independent_give_the_z_of_their_dashboard() -> None:
    """GOV.UK (MIT, GDS): 34,552 of 947,858 against 28,551 of 947,857 journeys. Not our unit: see the docs."""
    assert proportion.pooled_z(Table((28_551, 34_552), (947_857, 947_858))) == pytest.approx(
        24.29671, abs=5e-6
    )


@pytest.mark.filterwarnings("ignore::RuntimeWarning:statsmodels")
@pytest.mark.parametrize(
    ("hits", "n"),
    [
        ((7, 15), (20, 22)),
        ((745, 861), (1490, 1510)),
        ((18, 5), (900, 100)),
        ((3, 0), (40, 45)),
        ((0, 9), (50, 30)),
    ],
)
def test_score_test_agrees_with_statsmodels(hits, n) -> None:
    from statsmodels.stats.proportion import test_proportions_2indep as score_test

    theirs = score_test(hits[1], n[1], hits[0], n[0], method="score", correction=True).pvalue
    assert proportion.score_p(Table(hits, n)) == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize("difference", [-0.4, -0.05, 0.0, 0.02, 0.3])
@pytest.mark.parametrize(("hits", "n"), [((7, 15), (20, 22)), ((2, 3), (90, 40)), ((0, 4), (12, 9))])
def test_rates_under_the_hypothesis_are_the_likeliest(hits, n, difference) -> None:
    """The closed form of the cubic against a search over a fine grid."""
    rate0 = np.linspace(max(0, -difference), min(1, 1 - difference), 400_001)[1:-1]
    rate1 = rate0 + difference
    likelihood = stats.binom.logpmf(hits[0], n[0], rate0) + stats.binom.logpmf(hits[1], n[1], rate1)
    p0, p1 = rate0[likelihood.argmax()], rate1[likelihood.argmax()]
    total = sum(n)
    error = np.sqrt((p0 * (1 - p0) / n[0] + p1 * (1 - p1) / n[1]) * total / (total - 1))
    expected = (hits[1] / n[1] - hits[0] / n[0] - difference) / error
    found = proportion.score(np.array(float(hits[0])), np.array(float(hits[1])), n, difference)
    assert float(found) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(("hits", "n"), [((7, 15), (20, 22)), ((3, 0), (40, 45)), ((48, 56), (80, 70))])
def test_exact_p_is_barnards(hits, n) -> None:
    table = [[hits[0], hits[1]], [n[0] - hits[0], n[1] - hits[1]]]
    theirs = stats.barnard_exact(table, n=256).pvalue
    assert proportion.exact_p(Table(hits, n), gamma=0.0) == pytest.approx(theirs, rel=5e-4)
    assert proportion.exact_p(Table(hits, n)) <= theirs * (1 + 5e-4) + 2e-6


def test_exact_p_counts_mirrored_tables_as_equally_extreme() -> None:
    """1 and 9 of 12 is as far off as 3 and 11: rounding must not lose that tie."""
    by_hand = 0.0
    for rate in np.linspace(0.3, 0.7, 401):
        chance = stats.binom.pmf(np.arange(13), 12, rate)
        extreme = 0.0
        for i, j in itertools.product(range(13), repeat=2):
            pooled = (i + j) / 24
            seen = abs(i - j) / 12 / np.sqrt(pooled * (1 - pooled) / 6) if 0 < pooled < 1 else 0.0
            extreme += chance[i] * chance[j] * (seen >= (8 / 12) / np.sqrt((10 / 24) * (14 / 24) / 6) - 1e-9)
        by_hand = max(by_hand, extreme)
    assert proportion.exact_p(Table((1, 9), (12, 12)), gamma=0.0) == pytest.approx(by_hand, rel=1e-3)


def summed_error(rate: float, n: tuple[int, int], rejects) -> float:
    """Chance of a false alarm, added over all tables: no Monte Carlo error."""
    ends = [stats.binom(size, rate).ppf([1e-7, 1 - 1e-7]) for size in n]
    counts = [np.arange(low, high + 1) for low, high in ends]
    chance = np.outer(*(stats.binom(size, rate).pmf(hits) for size, hits in zip(n, counts, strict=True)))
    return float(
        sum(
            chance[i, j]
            for i, j in itertools.product(range(len(counts[0])), range(len(counts[1])))
            if chance[i, j] > 1e-6 and rejects(Table((int(counts[0][i]), int(counts[1][j])), n))
        )
    )


def test_rare_outcome_at_900_against_100_where_welch_fails() -> None:
    """A trap of `docs/statistics.md`: a rate of 2 % at 900/100 makes Welch's t err in 13.6 % of A/A tests."""

    def ours(table: Table) -> bool:
        if abs(float(proportion.score(*map(np.array, map(float, table.hits)), table.n, 0.0))) < 1.5:
            return False
        exact = table.least_expected < proportion.EXACT_BELOW
        return (proportion.exact_p(table) if exact else proportion.score_p(table)) < 0.05

    def welch(table: Table) -> bool:
        (p0, p1), (n0, n1) = table.rates, table.n
        v0, v1 = p0 * (1 - p0) / (n0 - 1), p1 * (1 - p1) / (n1 - 1)
        if v0 + v1 == 0:
            return False
        df = (v0 + v1) ** 2 / (v0**2 / (n0 - 1) + v1**2 / (n1 - 1))
        return bool(2 * stats.t.sf(abs(p1 - p0) / np.sqrt(v0 + v1), df) < 0.05)

    assert summed_error(0.02, (900, 100), ours) <= 0.05
    assert summed_error(0.02, (900, 100), welch) > 0.12


@settings(deadline=None, max_examples=60)
@given(
    n=st.tuples(st.integers(5, 80), st.integers(5, 80)),
    rates=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_p_and_interval_say_the_same_and_stay_in_bounds(n, rates) -> None:
    hits = (round(n[0] * rates[0]), round(n[1] * rates[1]))
    found = proportion.compare(shares(hits[0], n[0]), shares(hits[1], n[1]))
    if isinstance(found, Refused):
        assert sum(hits) in (0, sum(n))
        return
    assert -1 <= found.ci[0] <= found.difference <= found.ci[1] <= 1
    inside = found.ci[0] < 0 < found.ci[1]
    assert inside == (found.p_value > 0.05) or min(map(abs, found.ci)) < 2e-3
    turned = proportion.compare(shares(hits[1], n[1]), shares(hits[0], n[0]))
    assert isinstance(turned, Estimate)
    assert turned.p_value == pytest.approx(found.p_value, abs=2e-3)


REFUSED = [
    pytest.param((0, 100), (0, 100), Refusal.NO_VARIATION, id="nobody answered"),
    pytest.param((100, 100), (90, 90), Refusal.NO_VARIATION, id="everybody answered"),
    pytest.param((1, 3), (2, 3), Refusal.TOO_FEW_UNITS, id="three units"),
    pytest.param((0, 0), (10, 20), Refusal.NO_UNITS, id="one variant without anyone"),
]


@pytest.mark.parametrize(("control", "variant", "reason"), REFUSED)
def test_what_cannot_be_compared_is_refused_with_its_reason(control, variant, reason) -> None:
    found = proportion.compare(shares(*control), shares(*variant))
    assert isinstance(found, Refused)
    assert found.refusal is reason


def test_nobody_calling_in_either_variant_still_holds_a_guardrail() -> None:
    """0 of 500 twice says nothing about a difference, but much about a margin of two points."""
    found = proportion.compare(shares(0, 500), shares(0, 500), null=0.02)
    assert isinstance(found, Estimate)
    assert found.ci[1] < 0.02
    assert found.p_value < 0.05


def test_sums_that_are_no_zeros_and_ones_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="zeros and ones"):
        proportion.compare(Sums(10, 4.5, 4.5), shares(5, 10))

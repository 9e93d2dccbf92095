# SPDX-License-Identifier: EUPL-1.2
"""Ratios of sums, clustered on the bucket: against statsmodels, by hand, and in simulated A/A tests."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.estimates import Arm, Estimate, Refusal, Refused, Sums, mean, proportion, ratio
from analysis.estimates.ratio import Clusters


def clusters(rng: np.random.Generator, buckets: int, browsers: int) -> Clusters:
    """Browsers that return, each with a chance of its own that an answer is found."""
    at = rng.integers(0, buckets, browsers)
    questions = 1 + rng.poisson(1, browsers)
    answered = rng.binomial(questions, rng.beta(1, 1, browsers))
    return Clusters(
        np.bincount(at, answered, minlength=buckets).astype(float),
        np.bincount(at, questions, minlength=buckets).astype(float),
    )


def test_equal_clusters_are_the_textbook_mean_of_clusters() -> None:
    """With denominators all equal the ratio is the mean of the clusters' rates, with s²/m on m - 1."""
    numerator = np.random.default_rng(1).poisson(5, 40).astype(float)
    found = ratio.arm(Clusters(numerator, np.full(40, 8.0)))
    assert isinstance(found, Arm)
    assert found.value == pytest.approx(numerator.mean() / 8)
    assert found.variance == pytest.approx(numerator.var(ddof=1) / 40 / 64)
    assert found.df == pytest.approx(39)


def test_variance_is_that_of_a_clustered_regression_up_to_its_small_sample_factor() -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(2)
    data = clusters(rng, 300, 900)
    rows = np.repeat(np.arange(300), data.denominator.astype(int))
    answered = np.concatenate(
        [np.arange(d) < n for n, d in zip(data.numerator, data.denominator.astype(int), strict=True)]
    )
    fitted = sm.OLS(answered.astype(float), np.ones(len(rows))).fit(
        cov_type="cluster", cov_kwds={"groups": rows}
    )
    found = ratio.arm(data)
    assert isinstance(found, Arm)
    assert found.value == pytest.approx(float(fitted.params[0]))
    assert np.sqrt(found.variance) == pytest.approx(float(fitted.bse[0]), rel=5e-3)


def test_empty_buckets_and_the_order_of_buckets_change_nothing() -> None:
    rng = np.random.default_rng(3)
    data = clusters(rng, 60, 200)
    order = rng.permutation(60)
    padded = Clusters(
        np.append(data.numerator[order], np.zeros(500)), np.append(data.denominator[order], np.zeros(500))
    )
    left, right = ratio.arm(data), ratio.arm(padded)
    assert isinstance(left, Arm)
    assert isinstance(right, Arm)
    assert (left.value, left.variance, left.df) == pytest.approx((right.value, right.variance, right.df))


def test_a_few_large_buckets_cost_degrees_of_freedom() -> None:
    even = ratio.arm(Clusters(np.tile([3.0, 5.0], 25), np.full(50, 10.0)))
    uneven = ratio.arm(Clusters(np.tile([3.0, 5.0], 25), np.where(np.arange(50) < 5, 100.0, 10.0)))
    assert isinstance(even, Arm)
    assert isinstance(uneven, Arm)
    assert uneven.df < even.df / 3


REFUSED = [
    pytest.param(np.full(10, 4.0), Refusal.TOO_FEW_BUCKETS, id="ten occupied buckets"),
    pytest.param(np.append(np.full(99, 4.0), 200.0), Refusal.GIANT_BUCKET, id="a giant bucket"),
    pytest.param(np.zeros(50), Refusal.NO_UNITS, id="nobody"),
    pytest.param(np.append(np.full(49, 4.0), -1.0), Refusal.ZERO_DENOMINATOR, id="negative denominator"),
]


@pytest.mark.parametrize(("denominator", "reason"), REFUSED)
def test_outside_the_measured_validity_it_refuses(denominator: np.ndarray, reason: Refusal) -> None:
    found = ratio.arm(Clusters(denominator / 2, denominator))
    assert isinstance(found, Refused)
    assert found.refusal is reason


def test_a_numerator_without_denominator_is_nothing_to_divide_by() -> None:
    found = ratio.arm(Clusters(np.ones(50), np.zeros(50)))
    assert isinstance(found, Refused)
    assert found.refusal is Refusal.ZERO_DENOMINATOR


def test_false_alarms_with_returns_hold_where_independent_questions_do_not() -> None:
    rng = np.random.default_rng(4)
    runs, ours, naive = 1_500, 0, 0
    for _ in range(runs):
        pair = [clusters(rng, 300, 700) for _ in range(2)]
        found = ratio.compare(*pair)
        ours += isinstance(found, Estimate) and found.p_value < 0.05
        sums = [Sums(int(c.denominator.sum()), c.numerator.sum(), c.numerator.sum()) for c in pair]
        row_wise = mean.compare(*sums)
        naive += isinstance(row_wise, Estimate) and row_wise.p_value < 0.05
    bound = 3.3 * np.sqrt(0.05 * 0.95 / runs)
    assert abs(ours / runs - 0.05) < bound
    assert naive / runs > 0.05 + bound


def test_variances_merged_per_partition_would_be_wrong() -> None:
    """A trap of `docs/statistics.md`: what hangs together in a bucket is spread over its partitions."""
    rng = np.random.default_rng(5)
    runs, added, merged = 600, 0, 0
    for _ in range(runs):
        arms = []
        pair = []
        for _ in range(2):
            chance = rng.beta(2, 2, 500)[:, None]
            questions = rng.poisson(0.5, (500, 16))
            answered = rng.binomial(questions, chance)
            pair.append(Clusters(answered.sum(axis=1).astype(float), questions.sum(axis=1).astype(float)))
            weights = questions.sum(axis=0) / questions.sum()
            parts = [
                ratio.arm(Clusters(answered[:, k].astype(float), questions[:, k].astype(float)))
                for k in range(16)
            ]
            known = [part for part in parts if isinstance(part, Arm)]
            variance = float(sum(w**2 * part.variance for w, part in zip(weights, known, strict=True)))
            arms.append(Arm(500, answered.sum() / questions.sum(), variance, sum(part.df for part in known)))
        right, wrong = ratio.compare(*pair), mean.contrast(*arms, method="merged")
        added += isinstance(right, Estimate) and right.p_value < 0.05
        merged += isinstance(wrong, Estimate) and wrong.p_value < 0.05
    assert added / runs < 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / runs)
    assert merged / runs > 0.15


def test_shares_of_visitors_do_not_need_clusters() -> None:
    """First exposures are independent: the clustered and the plain analysis agree on them."""
    rng = np.random.default_rng(6)
    pair = []
    for _ in range(2):
        at = rng.integers(0, 500, 3000)
        answered = rng.random(3000) < 0.5
        pair.append((np.bincount(at, answered, minlength=500), np.bincount(at, minlength=500).astype(float)))
    clustered = ratio.compare(*(Clusters(*one) for one in pair))
    plain = proportion.compare(*(Sums(3000, hits.sum(), hits.sum()) for hits, _ in pair))
    assert isinstance(clustered, Estimate)
    assert isinstance(plain, Estimate)
    assert clustered.difference == pytest.approx(plain.difference)
    assert clustered.ci == pytest.approx(plain.ci, abs=0.004)

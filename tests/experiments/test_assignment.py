# SPDX-License-Identifier: EUPL-1.2
"""The hash is GrowthBook's, a bucket always sees the same variant, and frequencies are what was promised."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.assignment import (
    BUCKETS,
    assignments,
    bucket_ranges,
    choose_variation,
    equal_weights,
    hash_number,
    in_namespace,
    shares,
    variant_for,
)
from experiments.definition import Variant
from experiments.errors import BucketError
from tests.experiments.definitions import DEBTS, LITTER, litter


@pytest.fixture
def cases(shared: Path) -> dict[str, list[Any]]:
    """GrowthBook's own cases (packages/sdk-js/test/cases.json, MIT)."""
    found: dict[str, list[Any]] = json.loads(
        (shared / "vectors" / "growthbook-cases.json").read_text("utf-8")
    )
    return found


@pytest.mark.shared
class TestGrowthBookCases:
    """Every case of five sections; the counts guard against a file that lost some."""

    def test_hash(self, cases: dict[str, list[Any]]) -> None:
        assert len(cases["hash"]) == 15
        for seed, value, version, expected in cases["hash"]:
            assert hash_number(seed, value, version) == expected, (seed, value, version)

    def test_bucket_ranges(self, cases: dict[str, list[Any]]) -> None:
        assert len(cases["getBucketRange"]) == 13
        for name, (count, coverage, weights), expected in cases["getBucketRange"]:
            found = [pytest.approx(one, abs=1e-9) for one in bucket_ranges(count, coverage, weights)]
            assert [tuple(one) for one in expected] == found, name

    def test_choose_variation(self, cases: dict[str, list[Any]]) -> None:
        assert len(cases["chooseVariation"]) == 13
        for name, number, ranges, expected in cases["chooseVariation"]:
            assert choose_variation(number, ranges) == expected, name

    def test_namespace(self, cases: dict[str, list[Any]]) -> None:
        assert len(cases["inNamespace"]) == 16
        for name, value, (namespace, start, end), expected in cases["inNamespace"]:
            assert in_namespace(value, namespace, start, end) is expected, name

    def test_equal_weights(self, cases: dict[str, list[Any]]) -> None:
        assert len(cases["getEqualWeights"]) == 6
        for count, expected in cases["getEqualWeights"]:
            assert list(equal_weights(count)) == pytest.approx(expected, abs=1e-8), count


@pytest.mark.parametrize(
    ("seed", "value", "version", "number"),
    [
        ("seed", "a", 2, 0.0505),
        ("seed", "b", 2, 0.2696),
        ("89123klj", "8952klfjas09ujkasdf", 2, 0.124),
        ("", "a", 1, 0.22),
        ("b", "a", 1, 0.946),
        ("abc", "def", 99, None),
    ],
)
def test_pinned_hashes(seed: str, value: str, version: int, number: float | None) -> None:
    """A handful of GrowthBook's cases, so that a clone without the reference data tests the hash as well."""
    assert hash_number(seed, value, version) == number


@pytest.mark.parametrize(
    ("experiment", "bucket", "variant"),
    [
        (LITTER, 0, "redesign"), (LITTER, 1, "redesign"), (LITTER, 2, "current"),
        (LITTER, 417, "current"), (LITTER, 999, "redesign"),
        (DEBTS, 0, "current"), (DEBTS, 1, "redesign"), (DEBTS, 2, "redesign"),
        (DEBTS, 417, "current"), (DEBTS, 999, "redesign"),
    ],
)  # fmt: skip
def test_pinned_assignments(experiment: Any, bucket: int, variant: str) -> None:
    """A change here moves residents from one version to another in the middle of a test."""
    assert variant_for(experiment, bucket) == variant


def test_real_shares_are_pinned() -> None:
    assert shares(LITTER) == {"current": 493, "redesign": 507}
    assert shares(litter(variants=(Variant("current", 0.9), Variant("redesign", 0.1)))) == {
        "current": 891,
        "redesign": 109,
    }
    assert shares(litter(coverage=0.2)) == {"current": 90, "redesign": 116}


@pytest.mark.parametrize("bucket", [-1, 1000, 10**9])
def test_a_number_that_is_no_bucket_is_refused(bucket: int) -> None:
    with pytest.raises(BucketError, match="expected a whole number from 0 to 999"):
        variant_for(LITTER, bucket)


def test_changing_the_answer_of_shares_changes_nobody_elses() -> None:
    shares(LITTER)["current"] = 0
    assert shares(LITTER)["current"] == 493


#: Each example hashes a thousand buckets or more, on machines that may be busy.
LAW = settings(deadline=None, max_examples=50)
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,31}", fullmatch=True)
WEIGHTS = st.lists(st.floats(0.01, 1), min_size=2, max_size=5).map(
    lambda raw: [one / sum(raw) for one in raw]
)


def drawn(name: str, weights: list[float], coverage: float) -> Any:
    variants = tuple(Variant(f"v{i}", weight) for i, weight in enumerate(weights))
    return litter(name=name, variants=variants, coverage=coverage)


@LAW
@given(NAMES, WEIGHTS, st.floats(0.001, 1), st.integers(0, BUCKETS - 1))
def test_assignment_is_stable_and_single(
    name: str, weights: list[float], coverage: float, bucket: int
) -> None:
    """Every bucket sees exactly one variant or takes no part; an equal definition made anew says the same."""
    one, again = drawn(name, weights, coverage), drawn(name, list(weights), coverage)
    shown = variant_for(one, bucket)
    assert shown == variant_for(again, bucket)
    assert shown is None or shown in {variant.name for variant in one.variants}
    assert sum(shares(one).values()) + assignments(one).count(None) == BUCKETS


@LAW
@given(NAMES, WEIGHTS, st.floats(0.001, 1), st.floats(0.001, 1))
def test_ramping_up_moves_no_bucket(name: str, weights: list[float], one: float, other: float) -> None:
    before, after = sorted((one, other))
    for was, is_now in zip(
        assignments(drawn(name, weights, before)), assignments(drawn(name, weights, after)), strict=True
    ):
        assert was is None or was == is_now


@LAW
@given(NAMES, WEIGHTS)
def test_full_coverage_leaves_nobody_out(name: str, weights: list[float]) -> None:
    assert None not in assignments(drawn(name, weights, 1.0))


def test_frequencies_stay_within_their_bound() -> None:
    """Over 400 names the count of the first variant is that of 1,000 fair draws.

    Bound on the mean: 5 standard errors, 5 * sqrt(1000 * .3 * .7 / 400) = 3.6 buckets. Bound on one name: 6
    standard deviations, 6 * 14.5 = 87 buckets.
    """
    counts = [shares(drawn(f"test-{i}", [0.3, 0.7], 1.0))["v0"] for i in range(400)]
    assert abs(sum(counts) / len(counts) - 300) < 3.6
    assert max(abs(count - 300) for count in counts) < 87


def test_two_tests_draw_independently() -> None:
    """Of the buckets with one variant of a test, half see either of another: within 6 * sqrt(1000)/2 = 95."""
    names = ("zwerfvuil", "schuldhulp", "aa-controle", "paspoort", "parkeren", "verhuizen", "zwerfvuil-2")
    for one, other in combinations([assignments(litter(name=name)) for name in names], 2):
        assert abs(sum(a == b for a, b in zip(one, other, strict=True)) - 500) < 95

# SPDX-License-Identifier: EUPL-1.2
"""Ways to fool oneself that good-looking analyses fall for, and that this one must not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import allocation, promises
from analysis.allocation import Allocation
from analysis.bucket_table import BucketTable
from analysis.estimates import Estimate, Sums, proportion
from analysis.report import Status
from tests.analysis.day_table_samples import EXPERIMENT, browsers, tables_of


def test_visitor_days_turn_a_better_version_into_a_worse_one() -> None:
    """The redesign answers seven more of a hundred at once; who is answered need not come back.

    By first exposure the sign and the allocation hold; with every visitor-day a unit neither does.
    """
    rng = np.random.default_rng(1)
    first: dict[str, Sums] = {}
    days: dict[str, Sums] = {}
    for name, at_once, again, then in (("current", 0.50, 0.9, 0.9), ("redesign", 0.57, 0.3, 0.5)):
        n = 5000
        answered = rng.random(n) < at_once
        returned = ~answered & (rng.random(n) < again)
        later = int((returned & (rng.random(n) < then)).sum())
        hits, visits = int(answered.sum()), n + int(returned.sum())
        first[name] = Sums(n, hits, hits)
        days[name] = Sums(visits, hits + later, hits + later)
    right, naive = (proportion.compare(one["current"], one["redesign"]) for one in (first, days))
    assert isinstance(right, Estimate)
    assert isinstance(naive, Estimate)
    assert right.ci[0] > 0
    assert naive.ci[1] < 0
    for units, sound in ((first, True), (days, False)):
        found = allocation.sample_ratio({k: one.n for k, one in units.items()}, {"current": 1, "redesign": 1})
        assert isinstance(found, Allocation)
        assert found.sound is sound


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        (["variants"], Status.FAIL),  # weights are part of them
        (["looks"], Status.FAIL),
        (["planned_size"], Status.FAIL),
        (["coverage"], Status.WARN),  # browsers join, none changes its version
        ([], Status.PASS),
    ],
)
def test_weights_and_looks_changed_on_the_way_make_another_experiment(
    changed: list[str], status: Status
) -> None:
    assert promises.unchanged(changed).status is status


ROWS = tables_of(browsers(EXPERIMENT, 60, 1))
WHOLE = BucketTable.of(ROWS["buckets"], ROWS["times"])


@settings(max_examples=6, deadline=None)
@given(st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_rows_in_any_order_split_over_any_parts_are_one_bucket_table(parts: int, seed: int) -> None:
    """A row's counts may lie in several days and partitions; added up, they are what they were."""
    rng = np.random.default_rng(seed)

    def split(frame: pd.DataFrame) -> pd.DataFrame:
        numbers = [name for name in frame.columns if frame[name].dtype.kind in "if" and name != "bucket"]
        numbers = [name for name in numbers if name != "time_s"]
        pieces = []
        left = frame.copy()
        for _ in range(parts - 1):
            piece = left.copy()
            piece[numbers] = np.floor(left[numbers] * rng.random()).astype(left[numbers].dtypes)
            left[numbers] = left[numbers] - piece[numbers]
            pieces.append(piece)
        return pd.concat([*pieces, left]).sample(frac=1, random_state=int(rng.integers(1 << 30)))

    again = BucketTable.of(split(ROWS["buckets"]), split(ROWS["times"]))
    pd.testing.assert_frame_equal(again.rows, WHOLE.rows, check_dtype=False)
    pd.testing.assert_frame_equal(again.times, WHOLE.times, check_dtype=False)

# SPDX-License-Identifier: EUPL-1.2
"""What looking does to 99 real series (ASOS, CC BY 4.0, Liu et al. 2021), and which of them are refused."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from analysis.estimates import Refusal
from benchmarks.asos import Series, at_some_look, at_the_end, by_spending, in_sequence, series

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def every(shared: Path) -> list[Series]:
    return list(series(pd.read_parquet(shared / "data" / "asos" / "asos.parquet")))


def test_looking_doubles_what_passes_and_a_sequence_does_not(every: list[Series]) -> None:
    """26 of 99 end at p < .05, 46 pass it at some look; about 20 by the sequence tuned to the final size."""
    assert len(every) == 99
    assert sum(map(at_the_end, every)) == 26
    assert sum(map(at_some_look, every)) == 46
    assert sum(map(in_sequence, every)) == 21
    assert sum(in_sequence(one) for one in every if not one.refused) == 20


def test_series_whose_counts_fall_are_refused_by_name(every: list[Series]) -> None:
    refused = {one.name: one.refused for one in every if one.refused}
    assert set(refused) == {"4db6c7/2", "b3280a/1"}
    for reason in refused.values():
        assert reason is not None
        assert reason.refusal is Refusal.FALLING_COUNTS
        assert "after" in reason.detail


def test_planned_looks_find_as_many_as_the_end_does(every: list[Series]) -> None:
    """Lan-DeMets of O'Brien-Fleming type: about 28."""
    assert sum(by_spending(one) for one in every if not one.refused) == 28

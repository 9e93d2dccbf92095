# SPDX-License-Identifier: EUPL-1.2
"""Many metrics at once are what each of them is alone."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from analysis.errors import AnalysisError
from analysis.estimates import Estimate, Refused, Sums, mean, ratio
from analysis.frame_estimates import estimate


@pytest.fixture(scope="module")
def units() -> pl.DataFrame:
    rng = np.random.default_rng(1)
    bucket = rng.integers(0, 300, 4000)
    asked = 1 + rng.poisson(1, 4000)
    return pl.DataFrame(
        {
            "bucket": bucket,
            "shown": np.array(["current", "kort", "lang"])[bucket % 3],
            "pages": rng.poisson(4, 4000),
            "asked": asked,
            "answered": rng.binomial(asked, 0.5),
        }
    )


def all_of(units: pl.DataFrame) -> dict[str, dict[str, Estimate | Refused]]:
    return estimate(
        units,
        variant="shown",
        bucket="bucket",
        control="current",
        means=["pages"],
        ratios={"rate": ("answered", "asked")},
    )


def test_each_metric_is_what_it_is_alone(units: pl.DataFrame) -> None:
    found = all_of(units)
    assert sorted(found) == ["kort", "lang"]
    parts = {name: units.filter(pl.col("shown") == name) for name in ("current", "kort")}
    pages = [part["pages"].to_numpy().astype(float) for part in parts.values()]
    alone = mean.compare(*(Sums(len(y), y.sum(), (y**2).sum()) for y in pages))
    assert isinstance(alone, Estimate)
    whole = found["kort"]["pages"]
    assert isinstance(whole, Estimate)
    assert (whole.difference, whole.p_value) == pytest.approx((alone.difference, alone.p_value))
    pair = [
        ratio.Clusters(
            *(
                np.bincount(part["bucket"], part[name], minlength=300).astype(float)
                for name in ("answered", "asked")
            )
        )
        for part in parts.values()
    ]
    clustered, rate = ratio.compare(*pair), found["kort"]["rate"]
    assert isinstance(clustered, Estimate)
    assert isinstance(rate, Estimate)
    assert rate.ci == pytest.approx(clustered.ci)


def test_rows_in_any_order_and_parts_give_the_same(units: pl.DataFrame) -> None:
    shuffled = pl.concat([units[k::7] for k in range(7)])
    one, other = all_of(units), all_of(shuffled)
    for variant, metrics in one.items():
        for name, found in metrics.items():
            again = other[variant][name]
            assert isinstance(found, Estimate)
            assert isinstance(again, Estimate)
            assert again.ci == pytest.approx(found.ci, rel=1e-12)


def test_a_control_that_nobody_saw_is_told(units: pl.DataFrame) -> None:
    with pytest.raises(AnalysisError, match=r'Nobody saw the control "current"\. Seen: kort, lang\.'):
        all_of(units.filter(pl.col("shown") != "current"))


def test_a_column_that_is_not_there_is_told(units: pl.DataFrame) -> None:
    with pytest.raises(AnalysisError, match="no column asked"):
        all_of(units.drop("asked"))

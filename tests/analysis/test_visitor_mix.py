# SPDX-License-Identifier: EUPL-1.2
"""Mix against rate, by what was known of visitors: the parts, what is taken together, and what is told."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from analysis.metrics import measure
from analysis.second_views import Mixture
from analysis.tables import KNOWN
from analysis.visitor_mix import mixtures
from experiments.definition import Better, Metric
from tests.analysis.day_table_samples import EXPERIMENT

ANSWERED = measure("answered", "higher")


def strata(*rows: tuple[str, str, int, int]) -> pd.DataFrame:
    """(variant, screen, browsers, answered), alike in all else."""
    frame = pd.DataFrame(rows, columns=["variant", "viewport", "units", "answered_sum"])
    return frame.assign(**{name: "" for name in KNOWN if name != "viewport"})


def by_screen(frame: pd.DataFrame) -> Mixture:
    return next(one for one in mixtures(EXPERIMENT, ANSWERED, frame) if one.known == "viewport")


def test_the_same_visitors_better_served_and_a_few_other_visitors() -> None:
    """By hand: shares .5/.5 and .48/.52, rates .2/.6 and .3/.7."""
    found = by_screen(
        strata(
            ("current", "s", 500, 100),
            ("current", "l", 500, 300),
            ("redesign", "s", 480, 144),
            ("redesign", "l", 520, 364),
        )
    )
    assert (found.mix, found.rate) == pytest.approx((0.02 * 0.4, 0.1))
    assert found.values == (0.4, 0.508)
    assert (found.variant, found.control, found.reason) == ("redesign", "current", None)


def test_days_and_partitions_are_added_first() -> None:
    frame = strata(
        ("current", "s", 500, 100), ("current", "l", 500, 300),
        ("redesign", "s", 480, 144), ("redesign", "l", 520, 364),
    )  # fmt: skip
    halves = [frame.assign(units=frame["units"] // 2, answered_sum=frame["answered_sum"] // 2)] * 2
    assert by_screen(pd.concat(halves)) == by_screen(frame)


def test_kinds_that_one_variant_hardly_has_are_taken_together_with_the_rarest_other() -> None:
    frame = strata(
        ("current", "s", 500, 100), ("current", "m", 60, 30), ("current", "watch", 5, 5),
        ("redesign", "s", 500, 100), ("redesign", "m", 63, 33), ("redesign", "tv", 2, 1),
    )  # fmt: skip
    found = by_screen(frame)
    assert found.reason is None
    assert (found.mix or 0) + (found.rate or 0) == pytest.approx(134 / 565 - 135 / 565)


def test_a_kind_that_hangs_on_the_variant_is_no_other_visitor() -> None:
    frame = strata(
        ("current", "s", 900, 100), ("current", "l", 100, 60),
        ("redesign", "s", 100, 20), ("redesign", "l", 900, 500),
    )  # fmt: skip
    assert "viewport" not in [one.known for one in mixtures(EXPERIMENT, ANSWERED, frame)]


def test_nobody_in_a_variant_is_said() -> None:
    found = by_screen(strata(("current", "s", 500, 100), ("current", "l", 500, 300)))
    assert (found.mix, found.rate) == (None, None)
    assert (found.reason or "").startswith("noUnits")


def test_a_metric_that_is_not_summed_by_kind_has_no_parts() -> None:
    timed = replace(EXPERIMENT, primary=Metric("time", Better.LOWER))
    assert mixtures(timed, measure("time", "lower"), strata(("current", "s", 500, 100))) == ()

# SPDX-License-Identifier: EUPL-1.2
"""How far off a report is: what visitors know of themselves against what was measured."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.bias import bias, true_units
from tests.analysis.test_units import ONE


def truth(*rows: tuple[int, int, str, int, bool, str]) -> pd.DataFrame:
    columns = ["person", "visit", "task", "started_at", "answered", "exposures"]
    return pd.DataFrame(list(rows), columns=columns)


MET = "zwerfvuil=redesign"
CASES = {
    "answered": (truth((1, 1, "zwerfvuil", 0, True, MET)), [True]),
    "answered something else": (truth((1, 1, "paspoort", 0, True, MET)), [False]),
    "answered before the exposure": (
        truth((1, 1, "zwerfvuil", 0, True, ""), (1, 1, "paspoort", 9, True, MET)),
        [False],
    ),
    "answered after it, without meeting it again": (
        truth((1, 1, "paspoort", 0, True, MET), (1, 1, "zwerfvuil", 9, True, "")),
        [True],
    ),
    "answered on a later visit": (
        truth((1, 1, "zwerfvuil", 0, False, MET), (1, 2, "zwerfvuil", 99, True, MET)),
        [False],
    ),
    "two people": (
        truth((1, 1, "zwerfvuil", 0, True, MET), (2, 1, "zwerfvuil", 0, False, MET)),
        [True, False],
    ),
    "never exposed": (truth((1, 1, "zwerfvuil", 0, True, "")), []),
    "exposed to something unknown": (truth((1, 1, "zwerfvuil", 0, True, "ander=x")), []),
}


@pytest.mark.parametrize("case", CASES)
def test_who_was_answered(case: str) -> None:
    frame, answered = CASES[case]
    units = true_units(frame, {"zwerfvuil": ONE})
    assert units["answered"].tolist() == answered
    assert set(units["variant"]) <= {"redesign"}


def test_how_far_off() -> None:
    """Half of the redesign's visitors were answered and all count as such: fifty points too many there."""
    names = ["experiment", "variant", "answered"]
    true = [("zwerfvuil", "current", True), ("zwerfvuil", "current", False)]
    true += [("zwerfvuil", "redesign", True), ("zwerfvuil", "redesign", False)]
    seen = [*true[:2], *[("zwerfvuil", "redesign", True)] * 2]
    frames = (pd.DataFrame(rows, columns=names) for rows in (true, seen))
    found = bias(*frames, {"zwerfvuil": ONE}).set_index("variant")
    assert found["share_off"].to_dict() == {"current": 0.0, "redesign": 0.5}
    assert found.loc["redesign", ["share_effect", "share_effect_off"]].tolist() == [0.0, 0.5]
    assert found.loc["current", ["share_effect", "share_effect_off"]].isna().all()


def test_nothing_to_compare() -> None:
    nothing = pd.DataFrame(columns=["experiment", "variant", "answered"])
    assert bias(nothing, nothing, {}).empty

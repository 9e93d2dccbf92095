# SPDX-License-Identifier: EUPL-1.2
"""A table that was not meant to be divided equally: the division is named, and then it must hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from analysis.compare import compare
from analysis.errors import AnalysisError
from analysis.report import Report, Status, VerdictCode
from klantreis.cli import cli


def table(current: int, redesign: int) -> pd.DataFrame:
    """Three of ten answered in the current version, four of ten in the redesign."""
    units = current + redesign
    return pd.DataFrame(
        {
            "visitor": range(units),
            "version": ["current"] * current + ["redesign"] * redesign,
            "answered": [k % 10 < 3 for k in range(current)] + [k % 10 < 4 for k in range(redesign)],
        }
    )


def compared(frame: pd.DataFrame, split: Mapping[str, float] | None) -> Report:
    return compare(frame, unit="visitor", variant="version", outcome="answered", split=split)


@pytest.mark.parametrize(
    ("sizes", "split", "status"),
    [
        ((9000, 1000), None, Status.WARN),
        ((9000, 1000), {"current": 9, "redesign": 1}, Status.PASS),
        ((9000, 1000), {"redesign": 10, "current": 90}, Status.PASS),
        ((9000, 1000), {"current": 8, "redesign": 1}, Status.FAIL),
        ((5000, 5000), {"current": 9, "redesign": 1}, Status.FAIL),
        ((40, 6), {"current": 9, "redesign": 1}, Status.WARN),  # too few to tell
    ],
)
def test_the_division_is_held_against_what_was_meant(
    sizes: tuple[int, int], split: Mapping[str, float] | None, status: Status
) -> None:
    found = compared(table(*sizes), split)
    assert [one.status for one in found.checks if one.name == "sampleRatio"] == [status]
    assert (found.verdict.code is VerdictCode.DO_NOT_USE) == (status is Status.FAIL)


def test_the_report_tells_how_units_were_to_be_divided() -> None:
    found = compared(table(9000, 1000), {"redesign": 1, "current": 9})
    assert found.definitions["variants"] == [
        {"name": "current", "weight": 0.9},
        {"name": "redesign", "weight": 0.1},
    ]


@pytest.mark.parametrize(
    ("split", "said"),
    [
        ({"current": 9, "redesing": 1}, 'names "redesing", which no unit saw. Did you mean "redesign"?'),
        ({"current": 9}, 'gives "redesign" nothing'),
        ({"current": 9, "redesign": 0}, 'gives "redesign" 0'),
        ({"current": 9, "redesign": -1}, 'gives "redesign" -1'),
        ({"current": 9, "redesign": float("inf")}, 'gives "redesign" inf'),
    ],
)
def test_a_division_that_cannot_be_is_refused(split: Mapping[str, float], said: str) -> None:
    with pytest.raises(AnalysisError, match="--split") as refused:
        compared(table(90, 10), split)
    assert said in str(refused.value)


def test_the_command_takes_a_division(tmp_path: Path) -> None:
    file = tmp_path / "ramp.csv"
    table(900, 100).to_csv(file, index=False)
    columns = ["compare", str(file), "--unit", "visitor", "--variant", "version", "--outcome", "answered"]
    run = CliRunner().invoke(cli, [*columns, "--split", "current=9,redesign=1", "--language", "en"])
    assert (run.exit_code, "divided over the versions as agreed" in run.output) == (0, True)
    for wrong in ("9,1", "current=nine,redesign=1", "current"):
        run = CliRunner().invoke(cli, [*columns, "--split", wrong])
        assert (run.exit_code, "Write current=9,redesign=1" in run.output) == (2, True)

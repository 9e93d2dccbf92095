# SPDX-License-Identifier: EUPL-1.2
"""Benchmarks judge: what was aimed at stands beside the figure, and a miss is an exit code."""

from __future__ import annotations

import contextlib
import doctest
from pathlib import Path

import numpy as np
import pytest

from analysis import evaluate, journey_tests
from benchmarks import limits, reports, statistics
from benchmarks.limits import Figures

CASES = {
    "quick enough": (462_000, {"at_least": 400_000}, True, "x: 462,000 (aim: at least 400,000; met)"),
    "exactly what was aimed at": (11.0, {"at_most": 11}, True, "x: 11.000 (aim: at most 11; met)"),
    "too slow": (0.14, {"at_least": 0.15}, False, "x: 0.140 (aim: at least 0.15; MISSED)"),
    "too large": (3.2, {"at_most": 3}, False, "x: 3.200 (aim: at most 3; MISSED)"),
    "an aim of nothing": (1.0, {"at_most": 0}, False, "x: 1.000 (aim: at most 0; MISSED)"),
    "no figure": (float("nan"), {"at_most": 3}, False, "x: nan (aim: at most 3; MISSED)"),
    "a run too small to say": (
        9.0,
        {"at_most": 3, "judged": False},
        True,
        "x: 9.000 (aim: at most 3; not judged at this size)",
    ),
}


@pytest.mark.parametrize(("value", "aim", "met", "printed"), CASES.values(), ids=CASES)
def test_a_figure_stands_beside_its_aim(
    value: float, aim: dict[str, float], met: bool, printed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with Figures(table=False) as figures:
        assert figures.add("x", value, **aim) is met
    assert figures.missed is not met
    assert capsys.readouterr().out == printed + "\n"


def test_elsewhere_than_on_a_terminal_it_is_a_table_for_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    with Figures() as figures:
        for value, aim, _, _ in CASES.values():
            figures.add("x", value, **aim)
        figures.add("y", 40, said="40, drawn blindly")
        assert capsys.readouterr().out == ""
    assert capsys.readouterr().out.splitlines()[1:] == [
        "| what | figure | aim | met |",
        "| --- | --- | --- | --- |",
        "| x | 462,000 | at least 400,000 | yes |",
        "| x | 11.000 | at most 11 | yes |",
        "| x | 0.140 | at least 0.15 | **MISSED** |",
        "| x | 3.200 | at most 3 | **MISSED** |",
        "| x | 1.000 | at most 0 | **MISSED** |",
        "| x | nan | at most 3 | **MISSED** |",
        "| x | 9.000 | at most 3 | not judged at this size |",
        "| y | 40, drawn blindly |  |  |",
    ]


def test_what_was_found_before_a_benchmark_broke_off_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with contextlib.suppress(RuntimeError), Figures() as figures:
        figures.add("x", 1, at_most=2)
        raise RuntimeError("the server is gone")
    assert "| x | 1 | at most 2 | yes |" in capsys.readouterr().out


def test_a_figure_without_an_aim_misses_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Figures(table=False) as figures:
        assert figures.add("x", float("nan"))
    assert not figures.missed
    assert capsys.readouterr().out == "x: nan\n"


def test_a_figure_has_one_aim() -> None:
    with pytest.raises(ValueError, match="not both"):
        Figures().add("x", 1.0, at_least=1.0, at_most=2.0)


def test_the_example_is_true() -> None:
    found = doctest.testmod(limits)
    assert found.attempted > 0
    assert found.failed == 0


@pytest.mark.parametrize(("draws_s", "code", "said"), [(1e9, 0, "| yes |"), (0.0, 1, "| **MISSED** |")])
def test_a_benchmark_that_misses_its_aim_exits_1(
    draws_s: float, code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(statistics, "DRAWS", 9)
    monkeypatch.setattr(statistics, "DRAWS_S", draws_s)
    monkeypatch.setattr("sys.argv", ["statistics.py", "--units", "2000", "--rounds", "1"])
    assert statistics.main() == code
    assert said in capsys.readouterr().out


def test_the_report_that_is_timed_has_something_in_every_table() -> None:
    rng = np.random.default_rng(1)
    one = reports.experiment(3000, 1)
    made = reports.tables(reports.units(one, 3000, reports.START, rng), rng)
    assert {name for name in evaluate.TABLES if not made[name].height} == set()
    flows, moved = made["flows"], made["transitions"]
    assert flows["questions"].sum() == 2 * moved["times"].sum()  # once for everyone, once by variant
    assert set(flows.filter(source="start", experiment="groot")["order"]) == {0}


def test_the_report_is_judged_at_its_full_size(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    small = ["--visitors", "1000", "--days", "1", "--partitions", "1", "--tables", str(tmp_path)]
    monkeypatch.setattr("sys.argv", ["reports.py", *small])
    monkeypatch.setattr(journey_tests, "DRAWS", 19)
    monkeypatch.setattr(reports, "FULL", 1000)
    monkeypatch.setattr(reports, "REPORT_S", 0)
    assert reports.main() == 1
    assert "MISSED" in capsys.readouterr().out
    monkeypatch.setattr(reports, "FULL", 1001)
    assert reports.main() == 0
    assert "not judged" in capsys.readouterr().out

# SPDX-License-Identifier: EUPL-1.2
"""The table of measured error rates, in a short seeded version: every cell runs, and none is far off.

`make validity` is the long one; these few runs see only what is broken outright.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]


def validity(results: Path, *options: str) -> list[str]:
    """The rows of the table that `benchmarks/validity.py` prints."""
    command = [
        sys.executable,
        "benchmarks/validity.py",
        "--results",
        str(results),
        "--workers",
        "1",
        *options,
    ]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode in (0, 1), ran.stderr
    _, *rows, _ = ran.stdout.splitlines()
    return rows


def verdict_of(row: str) -> str:
    return row.rpartition("%  ")[2]


def kept_lines(results: Path) -> set[tuple[str, int]]:
    found = set()
    for line in results.read_text(encoding="utf-8").splitlines():
        with suppress(ValueError):
            one = json.loads(line)
            found.add((one["cell"], one["chunk"]))
    return found


def test_every_cell_runs_none_is_far_off_and_an_interrupted_run_goes_on_where_it_was(tmp_path: Path) -> None:
    rows = validity(tmp_path / "results.jsonl", "--runs", "15")
    assert len(rows) > 100
    assert {verdict_of(row) for row in rows} <= {"holds", "refused", "wrong, as shown", "does not hold", "?"}
    assert len([row for row in rows if row.startswith("naive")]) > 12
    # What is summed over all tables has no Monte Carlo error: 4.18 to 5.82 % where the test is not exact.
    summed = [float(row.split("%")[-3]) for row in rows if re.match(r"proportion .* summed", row)]
    assert len(summed) >= 6
    assert 3.9 < min(summed) <= max(summed) < 5.82

    whole = (tmp_path / "results.jsonl").read_text(encoding="utf-8")
    cut = tmp_path / "cut.jsonl"
    cut.write_text(whole[:-50], encoding="utf-8")  # within the last line
    assert validity(cut, "--runs", "15") == rows
    assert len(cut.read_text(encoding="utf-8").splitlines()) == len(whole.splitlines()) + 1
    assert kept_lines(cut) == kept_lines(tmp_path / "results.jsonl")


def test_only_tests_that_were_kept_are_judged() -> None:
    """A guard that refuses nearly all and errs in most of the rest does not hold, few though they are."""
    told = (
        "from validity import judged; from simulated import Seen, Setting\n"
        "for expected in ('sound', 'exact', 'refused', 'limit'):\n"
        "    print(judged(Setting('mean', 'heavy', 0.0, expected), Seen(10_000, 9_700, 231)))\n"
        "print(judged(Setting('mean', 'light', 0.0), Seen(10_000, 1_200, 440)))\n"
        "print(judged(Setting('power', 'light', 0.0, 'limit', 0.8), Seen(10_000, 0, 7_600)))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", told], cwd=ROOT / "benchmarks", capture_output=True, text=True, check=True
    )
    assert ran.stdout.splitlines() == ["FAILS", "FAILS", "refused", "does not hold", "holds", "does not hold"]

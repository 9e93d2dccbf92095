# SPDX-License-Identifier: EUPL-1.2
"""The reconstruction against the truth: citizens know their own question and whether it was answered."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from analysis.tasks import load
from klantreis import demo
from klantreis.settings import load as load_settings
from klantreis.store import open_store
from tests.analysis.scoring import b_cubed, score


def test_b_cubed_by_hand() -> None:
    """Two questions of two and one pages, all put together: precision 5/9, recall 1."""
    pairs = pd.DataFrame({"wanted": [1, 1, 2], "found": ["a", "a", "a"]})
    assert b_cubed(pairs, "found") == pytest.approx(2 * (5 / 9) / (5 / 9 + 1))
    assert b_cubed(pairs.assign(found=["a", "a", "b"]), "found") == 1


def test_citizens_questions_are_found_again(tmp_path: Path) -> None:
    """A few days of the demonstration: better by far than taking a session for a question."""
    wanted = demo.plan(visitors=200, days=2, seed=11, today=date(2026, 6, 20))
    demo.prepare(tmp_path, wanted)
    settings = load_settings(tmp_path)
    with open_store(settings.data, settings.redis_url) as store:
        demo.run(tmp_path, wanted, store, say=lambda _: None, advance=lambda: None)
    found = score(
        settings.archive,
        pd.read_parquet(tmp_path / "truth.parquet"),
        sites=settings.registry(),
        tasks={demo.SITE: load(tmp_path / "tasks.toml")},
    )
    assert found.people >= 15
    assert found.grouping >= 0.9 > found.baseline
    assert found.accuracy("zwerfvuil", "schuldhulp") >= 0.97
    assert found.accuracy() >= 0.88

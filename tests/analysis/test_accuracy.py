# SPDX-License-Identifier: EUPL-1.2
"""The reconstruction against the truth: citizens know their own question and whether it was answered."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from analysis.accuracy import EVERYONE, INTERLEAVED, SEVERAL, b_cubed, measure_accuracy
from analysis.errors import AnalysisError
from analysis.tables import Outcome
from analysis.tasks import load
from analysis.thresholds import TUNED
from klantreis import demo
from klantreis.settings import load as load_settings
from klantreis.store import open_store


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
    given = {"sites": settings.registry(), "tasks": {demo.SITE: load(tmp_path / "tasks.toml")}}
    truth = pd.read_parquet(tmp_path / "truth.parquet")
    found = measure_accuracy(settings.archive, truth, **given)
    grouping = found.grouping.set_index("visitors")
    assert grouping.loc[SEVERAL, "people"] >= 15
    assert grouping.loc[SEVERAL, "f1"] >= 0.92 > grouping.loc[SEVERAL, "baseline"]
    assert grouping.loc[INTERLEAVED, "f1"] >= 0.85 > grouping.loc[INTERLEAVED, "baseline"]
    assert grouping.loc[EVERYONE, "f1"] > grouping.loc[EVERYONE, "baseline"]
    assert found.share_right("zwerfvuil", "schuldhulp") >= 0.97
    assert found.share_right() >= 0.9
    assert measure_accuracy(settings.archive, truth, thresholds=TUNED, **given).share_right() >= 0.94
    confusion = found.confusion()
    outcomes = confusion[[outcome.value for outcome in Outcome]].sum(axis=1)
    assert (outcomes == confusion["questions"]).all()
    with pytest.raises(AnalysisError, match="lacks page_views"):
        measure_accuracy(settings.archive, truth.drop(columns="page_views"), **given)
    with pytest.raises(AnalysisError, match="No page view of the truth"):
        measure_accuracy(settings.archive, truth.assign(page_views=[["elders"]] * len(truth)), **given)

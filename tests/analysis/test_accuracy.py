# SPDX-License-Identifier: EUPL-1.2
"""The reconstruction against the truth: citizens know their own question and whether it was answered."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from analysis.accuracy import EVERYONE, INTERLEAVED, SEVERAL, b_cubed, measure_accuracy
from analysis.errors import AnalysisError
from analysis.tables import Outcome
from analysis.tasks import load
from benchmarks import municipality
from benchmarks.journeys_accuracy import Case, NoEffectGraph, measured, visited
from klantreis import demo
from tracker.archive_reader import days, read_frame


def test_b_cubed_by_hand() -> None:
    """Two questions of two and one pages, all put together: precision 5/9, recall 1."""
    pairs = pd.DataFrame({"wanted": [1, 1, 2], "found": ["a", "a", "a"]})
    assert b_cubed(pairs, "found") == pytest.approx(2 * (5 / 9) / (5 / 9 + 1))
    assert b_cubed(pairs.assign(found=["a", "a", "b"]), "found") == 1


def test_citizens_questions_are_found_again(tmp_path: Path) -> None:
    """The short version of `benchmarks/journeys_accuracy.py`: visits of a few days, through the collector."""
    folder = tmp_path / "visits"
    case = Case(seed=11, effect=True, visitors=120, days=2, folder=folder)
    found = measured(case)
    grouping = found.promised.grouping.set_index("visitors")
    assert grouping.loc[SEVERAL, "people"] >= 15
    assert grouping.loc[SEVERAL, "f1"] >= 0.92 > grouping.loc[SEVERAL, "baseline"]
    assert grouping.loc[INTERLEAVED, "f1"] >= 0.85 > grouping.loc[INTERLEAVED, "baseline"]
    assert grouping.loc[EVERYONE, "f1"] > grouping.loc[EVERYONE, "baseline"]
    assert found.promised.share_right("zwerfvuil", "schuldhulp") >= 0.97
    assert min(found.promised.share_right(), found.tuned) >= 0.95
    confusion = found.promised.confusion()
    outcomes = confusion[[outcome.value for outcome in Outcome]].sum(axis=1)
    assert (outcomes == confusion["questions"]).all()
    off = found.promised.bias.set_index("experiment").loc[["zwerfvuil", "schuldhulp"], "share_off"]
    assert len(off) == 4
    assert off.abs().max() <= 0.005

    settings, truth = visited(case, folder), pd.read_parquet(folder / "truth.parquet")
    given = {"sites": settings.registry(), "tasks": {demo.SITE: load(folder / "tasks.toml")}}
    with pytest.raises(AnalysisError, match="lacks page_views"):
        measure_accuracy(settings.archive, truth.drop(columns="page_views"), **given)
    with pytest.raises(AnalysisError, match="No page view of the truth"):
        measure_accuracy(settings.archive, truth.assign(page_views=[["elders"]] * len(truth)), **given)


def test_without_an_effect_everybody_sees_the_current_version(tmp_path: Path) -> None:
    settings = visited(Case(seed=12, effect=False, visitors=25, days=1), tmp_path / "visits")
    truth = pd.read_parquet(settings.data / "truth.parquet")
    assert truth["exposures"].str.contains("=redesign").any()
    seen = pd.concat(read_frame(settings.archive, day) for day in days(settings.archive))
    assert "/zoeken" in set(seen["path"])
    assert "/afval/zwerfvuil-melden" not in set(seen["path"])  # a page of the redesign only
    walked = municipality.city("redesign", 12, visitors=25, kind=NoEffectGraph)
    assert walked.truth["exposures"].str.contains("=redesign").any()
    assert "/afval/zwerfvuil-melden" not in set(walked.events["path"].to_pylist())

# SPDX-License-Identifier: EUPL-1.2
"""How right the reconstruction is, against citizens who know their own questions and whether they were
answered.

Grouping is scored by B-cubed F1 (Bagga & Baldwin 1998) over page views. Over all visitors "session =
question" already does well, which proves nothing; so visitors with several questions stand apart, and visits
in which questions took turns, each beside that baseline.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pandas as pd

from analysis.bias import bias, true_units
from analysis.errors import AnalysisError
from analysis.reconstruct import page_views_of_questions, reconstruct
from analysis.tables import Outcome
from analysis.tasks import Tasks
from analysis.thresholds import DEFAULTS, Thresholds
from experiments.definition import Experiment
from tracker.archive import days as archived_days
from tracker.archive import read_frame
from tracker.site import Sites

#: Outcomes by which someone who got an answer should be known.
GOT_AN_ANSWER = (Outcome.ANSWERED, Outcome.READ, Outcome.ANSWERED_ON_RESULTS)
SEVERAL, INTERLEAVED, EVERYONE = "several questions", "interleaved", "everyone"
NEEDED = ("person", "visit", "task", "page_views", "started_at", "answered", "exposures")


@dataclass(frozen=True, slots=True)
class Accuracy:
    """`grouping` has a row per kind of visitor: people, questions, f1, baseline. `questions` has a row per
    true question of which a page view was kept: task, exposures, ending, answered (both true), outcome,
    success. `bias` is that of `analysis.bias`, for the experiments that were given."""

    grouping: pd.DataFrame
    questions: pd.DataFrame
    bias: pd.DataFrame

    def share_right(self, *tasks: str) -> float:
        """Share of the true questions (of those tasks; of all by default) with an outcome that fits."""
        rows = self.questions[self.questions["task"].isin(tasks)] if tasks else self.questions
        return float((rows["answered"] == rows["outcome"].isin(GOT_AN_ANSWER)).mean())

    def confusion(self) -> pd.DataFrame:
        """Per experiment and variant, and for everyone: how questions really ended, against their outcomes.

        Columns: experiment, variant, ending, questions, one column per outcome, share_right.
        """
        rows = _by_variant(self.questions)
        fits = rows["answered"] == rows["outcome"].isin(GOT_AN_ANSWER)
        keys = ["experiment", "variant", "ending"]
        counted = rows.assign(right=fits).groupby(keys)["right"].agg(questions="size", share_right="mean")
        crossed = pd.crosstab([rows[key] for key in keys], rows["outcome"])
        crossed = crossed.reindex(columns=[outcome.value for outcome in Outcome], fill_value=0)
        joined = counted[["questions"]].join(crossed).join(counted["share_right"])
        table: pd.DataFrame = joined.reset_index().rename_axis(columns=None)
        return table


def measure_accuracy(
    archive: Path,
    truth: pd.DataFrame,
    *,
    sites: Sites,
    tasks: Mapping[str, Tasks],
    experiments: Mapping[str, Experiment] = MappingProxyType({}),
    days: Iterable[date] | None = None,
    thresholds: Thresholds = DEFAULTS,
) -> Accuracy:
    """Rebuild the questions of the archived DAYs, all by default, and compare them with the truth.

    `truth` has one row per true question: person, visit, task, page_views (ids), started_at, answered,
    exposures, and where it is known its ending. Raises `AnalysisError` where a column is missing or nothing
    of it was archived.
    """
    wanted = archived_days(archive) if days is None else sorted(set(days))
    frames = ((day, read_frame(archive, day)) for day in wanted)
    return accuracy_of(
        frames, truth, sites=sites, tasks=tasks, experiments=experiments, thresholds=thresholds
    )


def accuracy_of(
    frames: Iterable[tuple[date, pd.DataFrame]],
    truth: pd.DataFrame,
    *,
    sites: Sites,
    tasks: Mapping[str, Tasks],
    experiments: Mapping[str, Experiment] = MappingProxyType({}),
    thresholds: Thresholds = DEFAULTS,
) -> Accuracy:
    """The same of DAYs with their events, as `archive_reader.read_frame` gives them."""
    missing = [name for name in NEEDED if name not in truth]
    if missing:
        raise AnalysisError(
            f"The truth lacks {', '.join(missing)}; it has {', '.join(truth.columns)}. "
            "Give the truth.parquet that the citizens wrote."
        )
    rebuilt = _rebuilt(frames, sites, tasks, experiments, thresholds)
    known = truth.rename_axis("wanted").reset_index().explode("page_views").dropna(subset=["page_views"])
    pairs = known.merge(rebuilt.views, left_on="page_views", right_on="page_view")
    if pairs.empty:
        raise AnalysisError(
            "No page view of the truth is in the archive. "
            "Give the truth that belongs to this data folder, and days that it covers."
        )
    several = pairs.groupby("person")["wanted"].transform("nunique") > 1
    parts = {SEVERAL: pairs[several], INTERLEAVED: pairs[_interleaved(pairs)], EVERYONE: pairs}
    return Accuracy(
        grouping=pd.DataFrame([_grouped(name, part) for name, part in parts.items()]),
        questions=_judged(truth, pairs, rebuilt.questions),
        bias=bias(true_units(truth, experiments), rebuilt.units, experiments),
    )


def b_cubed(pairs: pd.DataFrame, found: str) -> float:
    """F1 of B-cubed precision and recall over page views: column `wanted` against column `found`.

    >>> pairs = pd.DataFrame({"wanted": [1, 1, 2], "found": ["a", "a", "a"]})  # precision 5/9, recall 1
    >>> round(b_cubed(pairs, "found"), 4)
    0.7143
    """
    shared = pairs.groupby(["wanted", found]).size().rename("n").reset_index()
    wanted = shared.groupby("wanted")["n"].transform("sum")
    grouped = shared.groupby(found)["n"].transform("sum")
    squares = shared["n"] ** 2
    precision, recall = (squares / grouped).sum() / len(pairs), (squares / wanted).sum() / len(pairs)
    return float(2 * precision * recall / (precision + recall))


class _Rebuilt(NamedTuple):
    """Page views with their question and session, the questions, named by day and number, and the units."""

    views: pd.DataFrame
    questions: pd.DataFrame
    units: pd.DataFrame


def _rebuilt(
    frames: Iterable[tuple[date, pd.DataFrame]],
    sites: Sites,
    tasks: Mapping[str, Tasks],
    experiments: Mapping[str, Experiment],
    thresholds: Thresholds,
) -> _Rebuilt:
    parts = []
    for day, frame in frames:
        name = f"{day.isoformat()}/"
        rows = page_views_of_questions(frame, tasks=tasks, definitions=thresholds, day=day, sites=sites)
        tables = reconstruct(
            frame, tasks=tasks, experiments=experiments, definitions=thresholds, day=day, sites=sites
        )
        questions = tables["questions"]
        views = rows.assign(
            found=name + rows["question"].astype(str), session=name + rows["session"].astype(str)
        )
        questions = questions.assign(found=name + questions["question"].astype(str))
        parts.append((views, questions, tables["units"]))
    return _Rebuilt(*map(pd.concat, zip(*parts, strict=True)))


def _interleaved(pairs: pd.DataFrame) -> pd.Series[bool]:
    """Page views of visits in which questions took turns: more changes of question than questions."""
    in_order = pairs.sort_values(["person", "visit", "time"], kind="stable")
    visit = [in_order["person"], in_order["visit"]]
    changed = in_order["wanted"] != in_order["wanted"].groupby(visit).shift()
    changes = changed.groupby(visit).transform("sum")
    asked = in_order["wanted"].groupby(visit).transform("nunique")
    took_turns: pd.Series[bool] = (changes > asked).reindex(pairs.index)
    return took_turns


def _grouped(name: str, pairs: pd.DataFrame) -> dict[str, object]:
    return {
        "visitors": name,
        "people": pairs["person"].nunique(),
        "questions": pairs["wanted"].nunique(),
        "f1": b_cubed(pairs, "found") if len(pairs) else float("nan"),
        "baseline": b_cubed(pairs, "session") if len(pairs) else float("nan"),
    }


def _judged(truth: pd.DataFrame, pairs: pd.DataFrame, questions: pd.DataFrame) -> pd.DataFrame:
    """Every true question with the outcome of the question that holds most of its page views."""
    counts = pairs.groupby(["wanted", "found"]).size().rename("views").reset_index()
    counts = counts.sort_values(["views", "found"])
    best = counts.drop_duplicates("wanted", keep="last").set_index("wanted")["found"]
    rows = truth.loc[best.index, [*NEEDED]].drop(columns="page_views")
    known = truth.loc[best.index, "ending"] if "ending" in truth else rows["answered"].map({True: "answered"})
    found = questions.set_index("found").loc[best.to_numpy()]
    return rows.assign(
        ending=known.fillna("not answered"),
        outcome=found["outcome"].to_numpy(),
        success=found["success"].to_numpy(),
    )


def _by_variant(questions: pd.DataFrame) -> pd.DataFrame:
    """Every question once for everyone (no experiment) and once for each experiment that its visitor met."""
    met = questions.assign(met=questions["exposures"].str.split(",")).explode("met")
    met = met[met["met"].fillna("") != ""]
    names = met["met"].str.partition("=")
    met = met.assign(experiment=names[0], variant=names[2]).drop(columns="met")
    return pd.concat([questions.assign(experiment="", variant=""), met], ignore_index=True)

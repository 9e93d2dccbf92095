# SPDX-License-Identifier: EUPL-1.2
"""How well questions were rebuilt, against what the citizens really had in mind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.intake import prepare
from analysis.page_views import page_views
from analysis.questions import find_questions
from analysis.reconstruct import reconstruct
from analysis.scope import Scope
from analysis.sessions import number_sessions
from analysis.tasks import Tasks
from analysis.thresholds import DEFAULTS, Thresholds
from tracker.archive import days, read_frame
from tracker.day import day_bounds
from tracker.site import Sites


@dataclass(frozen=True)
class Score:
    """`grouping` and `baseline` (session = question) are B-cubed F1 on people with several questions;
    `outcomes` has a row per true question: task, answered, success, exposures."""

    grouping: float
    baseline: float
    people: int
    outcomes: pd.DataFrame

    def accuracy(self, *tasks: str) -> float:
        rows = self.outcomes[self.outcomes["task"].isin(tasks)] if tasks else self.outcomes
        return float((rows["answered"] == rows["success"]).mean())


def score(
    archive: Path,
    truth: pd.DataFrame,
    *,
    sites: Sites,
    tasks: Mapping[str, Tasks],
    thresholds: Thresholds = DEFAULTS,
) -> Score:
    """Compare the rebuilt questions of every archived DAY with the truth, page view by page view."""
    rebuilt = [_rebuilt(archive, day, sites, tasks, thresholds) for day in days(archive)]
    views = pd.concat([found for found, _ in rebuilt])
    questions = pd.concat([table for _, table in rebuilt])
    known = truth.rename_axis("wanted").reset_index().explode("page_views").dropna(subset=["page_views"])
    pairs = known.merge(views, left_on="page_views", right_on="page_view")
    several = pairs.groupby("person")["wanted"].transform("nunique") > 1
    counts = pairs.groupby(["wanted", "found"]).size().rename("views").reset_index()
    best = counts.sort_values("views").drop_duplicates("wanted", keep="last").set_index("wanted")["found"]
    success = questions.set_index("found")["success"]
    outcomes = truth.loc[best.index, ["task", "answered", "exposures"]].assign(
        success=success.loc[best].to_numpy()
    )
    return Score(
        grouping=b_cubed(pairs[several], "found"),
        baseline=b_cubed(pairs[several], "session"),
        people=int(pairs.loc[several, "person"].nunique()),
        outcomes=outcomes,
    )


def b_cubed(pairs: pd.DataFrame, found: str) -> float:
    """F1 of B-cubed precision and recall over page views (Bagga & Baldwin 1998)."""
    shared = pairs.groupby(["wanted", found]).size().rename("n").reset_index()
    wanted = shared.groupby("wanted")["n"].transform("sum")
    grouped = shared.groupby(found)["n"].transform("sum")
    squares = shared["n"] ** 2
    precision, recall = (squares / grouped).sum() / len(pairs), (squares / wanted).sum() / len(pairs)
    return float(2 * precision * recall / (precision + recall))


def _rebuilt(
    archive: Path, day: date, sites: Sites, tasks: Mapping[str, Tasks], thresholds: Thresholds
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Page views with their question and session, and the questions, named by day and number."""
    frame = read_frame(archive, day)
    bounds = {site.name: day_bounds(day, site.zone) for site in sites}
    events = prepare(frame, thresholds, bounds).events
    names = events.site.texts
    scope = Scope(
        day=day.isoformat(),
        partition=0,
        sites=[site for name in names if (site := sites.by_name(name))],
        tasks=[tasks[name] for name in names],
        ends_at=np.array([bounds[name][1] for name in names]),
        thresholds=thresholds,
    )
    views = page_views(events, number_sessions(events, thresholds.session_gap_s), scope)
    found = find_questions(events, views, scope)
    people = frame[frame["run"].isna() & ~frame["automated"].astype(bool)]
    order = ["time", "page_view", "index"]
    firsts = people.sort_values(order)["visitor"].drop_duplicates()
    number = dict(zip(firsts, range(len(firsts)), strict=True))
    ids = people.assign(number=people["visitor"].map(number)).sort_values(["number", *order])
    ids = ids.drop_duplicates(["number", "page_view"])
    columns = {"page_view": ids["page_view"].to_numpy(), "found": found.of_view, "session": views.session}
    rows = pd.DataFrame(columns)
    rows = rows[rows["found"] >= 0]
    table = reconstruct(frame, tasks=tasks, experiments={}, definitions=thresholds, day=day, sites=sites)[
        "questions"
    ]
    day_name = day.isoformat() + "/"
    for name in ("found", "session"):
        rows[name] = day_name + rows[name].astype(str)
    return rows, table.assign(found=day_name + table["question"].astype(str))

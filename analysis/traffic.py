# SPDX-License-Identifier: EUPL-1.2
"""What was recorded before an experiment starts: how many browsers its pages reach, and what they do now.

From the day tables, so that a plan stands on this site and not on a guess. A browser is known for one DAY:
who comes back another day is counted again, while an experiment counts it once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.errors import AnalysisError
from analysis.estimates.survival import HORIZON_S
from analysis.sequential_planning import inflation
from analysis.tables import Cause, Outcome
from experiments.definition import METRICS, Experiment, Looks
from experiments.planning import Plan, Question, plan
from experiments.scope import applies_to

if TYPE_CHECKING:
    import pandas as pd

#: Metrics that are a share of the browsers.
SHARES = ("answered", "contacted", "started", "submitted")

#: Days that a plan looks back on: four whole weeks.
LOOK_BACK = 28


@dataclass(frozen=True, slots=True)
class Today:
    """A metric as it is now: a share (1.0 is all), or a mean with its standard deviation."""

    value: float
    spread: float | None


@dataclass(frozen=True, slots=True)
class Traffic:
    """Browsers per DAY on the pages of an experiment, over so many recorded days, and its metrics today."""

    days: int
    browsers_per_day: float
    metrics: dict[str, Today]


def recorded(tables_root: Path, experiment: Experiment, *, days: Sequence[date] | None = None) -> Traffic:
    """The traffic of an experiment's pages and task over the last four weeks that were closed.

    Raises:
        AnalysisError: no day was closed, or nobody came to those pages.
    """
    from analysis import day_tables

    chosen = list(days) if days is not None else day_tables.closed_days(tables_root)[-LOOK_BACK:]
    if not chosen:
        raise AnalysisError(
            f"No day was closed yet under {tables_root}, so nothing is known of this site's traffic. Close "
            "some first (klantreis close), or give --baseline and --browsers-per-day."
        )
    rows = [_browsers(tables_root, day, experiment) for day in chosen]
    seen = [one for one in rows if len(one)]
    if not seen:
        pages = ", ".join(experiment.pages)
        raise AnalysisError(
            f"In {len(chosen)} recorded days nobody came to {pages} of {experiment.site}. See whether the "
            "pages are spelled as the site writes them, or give --baseline and --browsers-per-day."
        )
    import pandas as pd

    together = pd.concat(seen, ignore_index=True)
    return Traffic(
        days=len(seen),  # a day on which nobody came at all was not recorded
        browsers_per_day=len(together) / len(seen),
        metrics={name: _today(together, name) for name in METRICS},
    )


def question_of(experiment: Experiment, traffic: Traffic, effect: float) -> Question:
    """What the plan of this experiment asks: its primary metric, its versions and guardrails.

    Raises:
        AnalysisError: the metric does not vary in what was recorded.
    """
    name = experiment.primary.name
    today = traffic.metrics[name]
    if not (0 < today.value < 1 if today.spread is None else today.spread > 0):
        raise AnalysisError(
            f"In what was recorded {name} is {today.value:g} for everybody, and no plan follows from that. "
            "Choose another metric, or give --baseline."
        )
    return Question(
        baseline=today.value,
        effect=effect,
        browsers_per_day=traffic.browsers_per_day,
        weights=tuple(variant.weight for variant in experiment.variants),
        guardrails=len(experiment.guardrails),
        coverage=experiment.coverage,
        spread=today.spread,
    )


def designs(question: Question) -> dict[Looks, Plan]:
    """The plan for each way of looking: once at the end, after every day, at any time."""
    return {looks: planned(question, looks) for looks in Looks}


def planned(question: Question, looks: Looks) -> Plan:
    """The plan for one way of looking."""
    once = plan(question)
    if looks is Looks.END:
        return once
    level = 1 - question.alpha / (len(question.weights) - 1)
    asked = 1 - (1 - question.power) / (question.guardrails + 1)
    # More looks than this change the factor by less than a browser in a hundred.
    days = min(once.days, 63)
    return plan(question, inflation=inflation(looks, days, power=asked, level=level))


def commoner(
    experiment: Experiment, traffic: Traffic, question: Question, looks: Looks = Looks.END
) -> dict[str, Plan]:
    """Other shares that occur more often, and show the same relative effect within the given weeks, judged in
    the way that was chosen."""
    if question.spread is not None:
        return {}
    relative = question.effect / question.baseline
    found = {}
    for name in SHARES:
        today = traffic.metrics[name].value
        if name == experiment.primary.name or not question.baseline < today < 1 / (1 + max(relative, 0.0)):
            continue
        other = planned(replace(question, baseline=today, effect=relative * today), looks)
        if other.possible:
            found[name] = other
    return found


def _browsers(root: Path, day: date, experiment: Experiment) -> pd.DataFrame:
    """One row per browser of that DAY on the experiment's pages, with what it did about its task."""
    from analysis import day_tables

    questions = day_tables.read(root, "questions", [day])
    moves = day_tables.read(root, "moves", [day])
    questions = questions[questions["site"] == experiment.site]
    paths = {path for path in moves["touchpoint"].unique() if path.startswith("/")}
    wanted = [path for path in paths if applies_to(experiment, path)]
    keys = ["partition", "question"]
    there = moves.loc[moves["touchpoint"].isin(wanted), keys].drop_duplicates()
    browser = ["partition", "visitor"]
    met = questions.merge(there, on=keys)[browser].drop_duplicates()
    mine = questions if experiment.task is None else questions[questions["task"] == experiment.task]
    time_s = mine["time_s"].where(mine["cause"] == Cause.ANSWERED.value, HORIZON_S).clip(upper=HORIZON_S)
    told = mine[browser].assign(
        answered=mine["success"].astype(float),
        contacted=(mine["outcome"] == Outcome.CHANNEL_SHIFT.value).astype(float),
        started=mine["form_started"].astype(float),
        submitted=mine["form_submitted"].astype(float),
        time=time_s,
        questions=1.0,
        pages=mine["pages"].astype(float),
        searches=mine["searches"].astype(float),
    )
    how = dict.fromkeys(SHARES, "max") | {"time": "first"}
    how |= dict.fromkeys(("questions", "pages", "searches"), "sum")
    by_browser = told.groupby(browser).agg(how).reset_index()
    found = met.merge(by_browser, on=browser, how="left")
    found["time"] = found["time"].fillna(HORIZON_S)
    whole: pd.DataFrame = found.fillna(0.0)[list(METRICS)]
    return whole


def _today(rows: pd.DataFrame, name: str) -> Today:
    values = rows[name]
    return Today(float(values.mean()), None if name in SHARES else float(values.std(ddof=1)))

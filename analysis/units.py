# SPDX-License-Identifier: EUPL-1.2
"""Units: browsers at their first exposure to an experiment, with what they did about its task that DAY.

Every exposure is checked against the hash of its bucket. What a page reports and the hash does not give is
set aside and counted: the report refuses its verdict where that happens too often.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analysis.exposures import parse
from analysis.frames import build, texts
from analysis.intake import Events, Floats, Ints, K
from analysis.tables import UNITS, Cause, Outcome
from experiments.assignment import BUCKETS, variant_for
from experiments.definition import Experiment

UNKNOWN_EXPERIMENT = "unknown experiment"
OTHER_SITE = "experiment of another site"
NO_BUCKET = "exposure without a bucket"
NO_VARIANT = "first exposure without a variant"
MISMATCH = "variant differs from the hash of the bucket"
AGAIN = "first exposure sent twice"
NOT_EXPOSED = "question under an exposure that does not count"


@dataclass(slots=True)
class Aside:
    """Counts of what is set aside, by (table, experiment, reason)."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def add(self, table: str, experiment: str, reason: str, rows: int = 1) -> None:
        if rows:
            self.counts[table, experiment, reason] += rows


def refusal(experiment: Experiment, bucket: float, variant: str) -> str | None:
    """Why an exposure cannot count; None where it can."""
    if not 0 <= bucket < BUCKETS:  # nor is NaN
        return NO_BUCKET
    if not variant:
        return NO_VARIANT
    return None if variant_for(experiment, int(bucket)) == variant else MISMATCH


@dataclass(frozen=True, slots=True)
class FirstExposures:
    """One place per unit, ordered by experiment and time."""

    experiment: tuple[str, ...]
    variant: tuple[str, ...]
    row: Ints
    bucket: Ints


def first_exposures(events: Events, experiments: Mapping[str, Experiment], aside: Aside) -> FirstExposures:
    """Views that say that a browser met an experiment for the first time; others are set aside."""
    firsts, shown = events.text["first"], events.text["exposures"]
    met = np.array([bool(text) for text in firsts.texts] + [False])
    rows = np.flatnonzero((events.kind == K.VIEW) & met[firsts.codes])
    found: list[tuple[str, int, str, int]] = []
    seen: set[tuple[str, int, float]] = set()
    columns = (firsts.decode(rows), shown.decode(rows), events.site.decode(rows), events.visitor[rows])
    buckets = events.number["bucket"][rows]
    for row, names, exposures, site, visitor, bucket in zip(
        rows.tolist(), *(column.tolist() for column in columns), buckets.tolist(), strict=True
    ):
        variants = dict(parse(exposures))
        for name in filter(None, names.split(",")):
            experiment = experiments.get(name)
            if experiment is None:
                reason: str | None = UNKNOWN_EXPERIMENT
            elif experiment.site != site:
                reason = OTHER_SITE
            else:
                reason = refusal(experiment, bucket, variants.get(name, ""))
            unit = (name, visitor, bucket)
            if reason is None and unit in seen:
                reason = AGAIN
            if reason is not None:
                aside.add("units", name, reason)
                continue
            seen.add(unit)
            found.append((name, row, variants[name], int(bucket)))
    found.sort()
    return FirstExposures(
        experiment=tuple(name for name, *_ in found),
        variant=tuple(variant for _, _, variant, _ in found),
        row=np.array([row for _, row, *_ in found], np.int64),
        bucket=np.array([bucket for *_, bucket in found], np.int64),
    )


def units_table(
    events: Events,
    of_row: Ints,
    questions: pl.DataFrame,
    first: FirstExposures,
    experiments: Mapping[str, Experiment],
    *,
    day: str,
) -> pl.DataFrame:
    """`UNITS`: one row is one browser at its first exposure.

    It is measured over its questions of the experiment's task that started no earlier than the question in
    which the exposure happened. `of_row` is the question of every event.
    """
    count = len(first.row)
    holding = of_row[first.row]
    question, unit = _questions_of(questions, events.visitor[first.row], holding)
    wanted = [experiments[name].task for name in first.experiment]
    tasks = questions["task"].to_list()
    of_task = np.array(
        [wanted[u] in (None, tasks[q]) for q, u in zip(question.tolist(), unit.tolist(), strict=True)], bool
    )
    question, unit = question[of_task], unit[of_task]
    opening = np.full(count, -1, np.int64)
    opening[unit[::-1]] = question[::-1]  # the first of them
    asked = opening >= 0
    shifted = (questions["outcome"] == Outcome.CHANNEL_SHIFT.value).to_numpy()
    success, time_s = questions["success"].to_numpy(), questions["time_s"].to_numpy()

    def total(values: NDArray[Any]) -> Floats:
        summed: Floats = np.bincount(unit, weights=values[question], minlength=count).astype(np.float64)
        return summed

    cause = questions["cause"].gather(np.maximum(opening, 0))
    viewport = events.text["viewport"]
    return build(
        {
            "experiment": pl.Series(first.experiment, dtype=pl.String),
            "day": day,
            "bucket": first.bucket,
            "variant": pl.Series(first.variant, dtype=pl.String),
            "viewport": texts(viewport.codes[first.row], viewport.texts),
            "entry": questions["entry"].gather(holding),
            "answered": total(success) > 0,
            "contacted": total(shifted) > 0,
            "started": total(questions["form_started"].to_numpy()) > 0,
            "submitted": total(questions["form_submitted"].to_numpy()) > 0,
            "first_answered": np.where(asked, success[opening], -1),
            "questions": np.bincount(unit, minlength=count),
            "pages": total(questions["pages"].to_numpy()),
            "searches": total(questions["searches"].to_numpy()),
            "time_s": np.where(asked, time_s[opening], 0.0),
            # Whether a browser came to the task at all is an outcome too: leaving those without a question
            # out (censoring them at 0 s) would compare the variants on two different kinds of visitors.
            "cause": cause.zip_with(pl.Series(asked), pl.Series([Cause.ABANDONED.value])),
        },
        UNITS,
    )


def _questions_of(questions: pl.DataFrame, visitor: Ints, holding: Ints) -> tuple[Ints, Ints]:
    """Pairs (question, unit): the questions of the unit's visitor from the one that holds the exposure on."""
    of = questions["visitor"].to_numpy()  # sorted
    started = questions["started_at"].to_numpy()
    low, high = np.searchsorted(of, visitor), np.searchsorted(of, visitor, "right")
    unit = np.repeat(np.arange(len(visitor)), high - low)
    pair = np.concatenate([np.arange(0), *(np.arange(a, b) for a, b in zip(low, high, strict=True))])
    keep = started[pair] >= started[holding][unit]
    pair, unit = pair[keep], unit[keep]
    order = np.lexsort((started[pair], unit))
    return pair[order], unit[order]


def exposed_questions(
    questions: pl.DataFrame, bucket: Ints, experiments: Sequence[Experiment], aside: Aside
) -> pl.DataFrame:
    """Questions of an experiment's task by browsers exposed to it, returns included.

    `bucket` is the one of every visitor, -1 where it has none. Returned columns: experiment, variant, bucket,
    question (its row in `questions`). One row is one question in one experiment.
    """
    known = {experiment.name: experiment for experiment in experiments}
    met = questions.with_row_index("place").filter(pl.col("exposures") != "")
    found: list[tuple[str, str, int, int]] = []
    columns = ("place", "exposures", "site", "task", "visitor")
    for place, shown, site, task, visitor in met.select(columns).iter_rows():
        for name, variant in parse(shown):
            experiment = known.get(name)
            if experiment is None or experiment.site != site:
                continue  # counted with the units
            if experiment.task is not None and experiment.task != task:
                continue
            number = int(bucket[visitor])
            if refusal(experiment, np.nan if number < 0 else number, variant) is not None:
                aside.add("questions", name, NOT_EXPOSED)
                continue
            found.append((name, variant, number, place))
    schema = {"experiment": pl.String, "variant": pl.String, "bucket": pl.Int16, "question": pl.Int64}
    return pl.DataFrame(found, schema=schema, orient="row")


def bucket_of_visitors(events: Events, count: int) -> Ints:
    """The first bucket of every visitor, -1 where it has none."""
    rows = np.flatnonzero(~np.isnan(events.number["bucket"]))[::-1]
    bucket = np.full(count, -1, np.int64)
    bucket[events.visitor[rows]] = events.number["bucket"][rows].astype(np.int64)
    return bucket

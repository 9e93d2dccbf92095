# SPDX-License-Identifier: EUPL-1.2
"""Units: browsers at their first exposure to an experiment, with what they did about its task that DAY.

Every exposure is checked against the hash of its bucket. What a page reports and the hash does not give is
set aside and counted: the report refuses its verdict where that happens too often.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.exposures import parse
from analysis.frames import build, texts
from analysis.intake import Events, Ints, K
from analysis.tables import UNITS, Cause, Outcome, empty
from experiments.assignment import BUCKETS, variant_for
from experiments.definition import Experiment

UNKNOWN_EXPERIMENT = "unknown experiment"
OTHER_SITE = "experiment of another site"
NO_BUCKET = "exposure without a bucket"
NO_VARIANT = "first exposure without a variant"
MISMATCH = "variant differs from the hash of the bucket"
AGAIN = "first exposure sent twice"


@dataclass(slots=True)
class Aside:
    """Counts of what is set aside, by (table, experiment, reason)."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def add(self, table: str, experiment: str, reason: str, rows: int = 1) -> None:
        if rows:
            self.counts[table, experiment, reason] += rows


def refusal(experiment: Experiment, bucket: float, variant: str) -> str | None:
    """Why an exposure cannot count; None where it can."""
    if np.isnan(bucket) or not 0 <= bucket < BUCKETS:
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
    rows = np.flatnonzero((events.kind == K.VIEW) & (firsts.codes >= 0))
    found: list[tuple[str, int, str, int]] = []
    seen: set[tuple[str, int, int]] = set()
    for row in rows.tolist():
        variants = dict(parse(shown.texts[shown.codes[row]])) if shown.codes[row] >= 0 else {}
        for name in filter(None, firsts.texts[firsts.codes[row]].split(",")):
            experiment, bucket = experiments.get(name), float(events.number["bucket"][row])
            if experiment is None:
                reason: str | None = UNKNOWN_EXPERIMENT
            elif experiment.site != events.site.texts[events.site.codes[row]]:
                reason = OTHER_SITE
            else:
                reason = refusal(experiment, bucket, variants.get(name, ""))
            unit = (name, int(events.visitor[row]), -1 if np.isnan(bucket) else int(bucket))
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
    questions: pd.DataFrame,
    first: FirstExposures,
    experiments: Mapping[str, Experiment],
    *,
    day: str,
) -> pd.DataFrame:
    """`UNITS`: one row is one browser at its first exposure.

    It is measured over its questions of the experiment's task that started no earlier than the question in
    which the exposure happened. `of_row` is the question of every event.
    """
    count = len(first.row)
    if not count:
        return empty(UNITS)
    holding = of_row[first.row]
    pair, unit = _questions_of(questions, events.visitor[first.row], holding)
    task = np.array([experiments[name].task or "" for name in first.experiment], object)
    tasks = questions["task"].to_numpy(object)
    of_task = (task[unit] == "") | (tasks[pair] == task[unit])
    pair, unit = pair[of_task], unit[of_task]
    opening = np.full(count, -1, np.int64)
    opening[unit[::-1]] = pair[::-1]  # the first of them
    asked = opening >= 0

    def total(name: str) -> Ints:
        return np.bincount(unit, weights=questions[name].to_numpy(np.float64)[pair], minlength=count)

    shifted = questions["outcome"].to_numpy(object) == Outcome.CHANNEL_SHIFT.value
    success = questions["success"].to_numpy(np.int8)
    cause = questions["cause"].to_numpy(object)
    viewport = events.text["viewport"]
    return build(
        {
            "experiment": pd.Series(list(first.experiment), dtype="str"),
            "day": day,
            "bucket": first.bucket,
            "variant": pd.Series(list(first.variant), dtype="str"),
            "viewport": texts(viewport.codes[first.row], viewport.texts),
            "entry": questions["entry"].take(holding),
            "answered": total("success") > 0,
            "contacted": np.bincount(unit, weights=shifted[pair], minlength=count) > 0,
            "started": total("form_started") > 0,
            "submitted": total("form_submitted") > 0,
            "first_answered": np.where(asked, success[opening], -1),
            "questions": np.bincount(unit, minlength=count),
            "pages": total("pages"),
            "searches": total("searches"),
            "time_s": np.where(asked, questions["time_s"].to_numpy()[opening], 0.0),
            "cause": pd.Series(np.where(asked, cause[opening], Cause.CENSORED.value), dtype="str"),
        },
        UNITS,
    )


def _questions_of(questions: pd.DataFrame, visitor: Ints, holding: Ints) -> tuple[Ints, Ints]:
    """Pairs (question, unit): the questions of the unit's visitor from the one that holds the exposure on."""
    of = questions["visitor"].to_numpy()  # sorted
    started = questions["started_at"].to_numpy()
    low, high = np.searchsorted(of, visitor), np.searchsorted(of, visitor, "right")
    unit = np.repeat(np.arange(len(visitor)), high - low)
    pair = np.concatenate([np.arange(a, b) for a, b in zip(low, high, strict=True)])
    keep = started[pair] >= started[holding][unit]
    pair, unit = pair[keep], unit[keep]
    order = np.lexsort((started[pair], unit))
    return pair[order], unit[order]


def exposed_questions(
    questions: pd.DataFrame, bucket: Ints, experiments: Sequence[Experiment], aside: Aside
) -> pd.DataFrame:
    """Questions of an experiment's task by browsers exposed to it, returns included.

    `bucket` is the one of every visitor, -1 where it has none. Returned columns: experiment, variant, bucket,
    question (its row in `questions`). One row is one question in one experiment.
    """
    shown = questions["exposures"].to_numpy(object)
    rows: list[tuple[str, str, int, int]] = []
    known = {experiment.name: experiment for experiment in experiments}
    sites, tasks = questions["site"].to_numpy(object), questions["task"].to_numpy(object)
    visitors = questions["visitor"].to_numpy()
    for place in np.flatnonzero(shown != "").tolist():
        for name, variant in parse(shown[place]):
            experiment = known.get(name)
            if experiment is None or experiment.site != sites[place]:
                continue  # counted with the units
            if experiment.task is not None and experiment.task != tasks[place]:
                continue
            number = int(bucket[visitors[place]])
            reason = refusal(experiment, np.nan if number < 0 else number, variant)
            if reason is not None:
                aside.add("questions", name, reason)
                continue
            rows.append((name, variant, number, place))
    return pd.DataFrame(rows, columns=["experiment", "variant", "bucket", "question"])


def bucket_of_visitors(events: Events, count: int) -> Ints:
    """The first bucket of every visitor, -1 where it has none."""
    rows = np.flatnonzero(~np.isnan(events.number["bucket"]))[::-1]
    bucket = np.full(count, -1, np.int64)
    bucket[events.visitor[rows]] = events.number["bucket"][rows].astype(np.int64)
    return bucket

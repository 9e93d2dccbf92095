# SPDX-License-Identifier: EUPL-1.2
"""Units: browsers at their first exposure to an experiment, with what they did about its task that DAY.

Every exposure is checked against the hash of its bucket. What a page reports and the hash does not give is
set aside and counted: the report refuses its verdict where that happens too often.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analysis.events import Events, Flags, Floats, Ints, K
from analysis.exposures import parse
from analysis.frames import build
from analysis.tables import KNOWN, UNITS, Cause, Outcome
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
    """Counts of what is set aside, by (partition, table, experiment, reason)."""

    counts: Counter[tuple[int, str, str, str]] = field(default_factory=Counter)

    def add(self, table: str, experiment: str, reason: str, partitions: Ints) -> None:
        """Add one row for each of those partitions."""
        numbers, counts = np.unique(partitions, return_counts=True)
        for partition, rows in zip(numbers.tolist(), counts.tolist(), strict=True):
            self.counts[partition, table, experiment, reason] += rows


def refusal(experiment: Experiment, bucket: float, variant: str) -> str | None:
    """Why an exposure cannot count; None where it can."""
    if not 0 <= bucket < BUCKETS:  # nor is NaN
        return NO_BUCKET
    if not variant:
        return NO_VARIANT
    return None if variant_for(experiment, int(bucket)) == variant else MISMATCH


@dataclass(frozen=True, slots=True)
class FirstExposures:
    """One place per unit, ordered by partition, experiment and time."""

    experiment: tuple[str, ...]
    variant: tuple[str, ...]
    row: Ints
    bucket: Ints


def first_exposures(events: Events, experiments: Mapping[str, Experiment], aside: Aside) -> FirstExposures:
    """Views that say that a browser met an experiment for the first time; others are set aside."""
    firsts, shown, site = events.text["first"], events.text["exposures"], events.site
    met = np.array([bool(text) for text in firsts.texts] + [False])
    rows = np.flatnonzero((events.kind == K.VIEW) & met[firsts.codes])
    bucket = events.number["bucket"][rows]
    names = [*experiments]
    variants: dict[str, int] = {}
    row, experiment, variant = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    columns = (firsts.codes[rows], shown.codes[rows], site.codes[rows], np.nan_to_num(bucket, nan=-1))
    for same, place in _alike(*columns):
        said = dict(parse((*shown.texts, "")[shown.codes[rows[place]]]))
        for name in filter(None, firsts.texts[firsts.codes[rows[place]]].split(",")):
            reason = _refused(experiments, name, site.texts[site.codes[rows[place]]], bucket[place], said)
            if reason is not None:
                aside.add("units", name, reason, events.partition[events.visitor[rows[same]]])
                continue
            row.append(rows[same])
            experiment.append(np.full(len(same), names.index(name)))
            variant.append(np.full(len(same), variants.setdefault(said[name], len(variants))))
    return _each_once(
        events, names, [*variants], *map(np.concatenate, (row, experiment, variant)), aside=aside
    )


def _alike(*columns: NDArray[Any]) -> Iterator[tuple[Ints, int]]:
    """The places that are equal in all columns, group by group, and the first of them."""
    if not len(columns[0]):
        return
    order = np.lexsort(columns)
    change = np.zeros(len(order), bool)
    for column in columns:
        change[1:] |= column[order][1:] != column[order][:-1]
    for same in np.split(order, np.flatnonzero(change)):
        yield same, int(same[0])


def _refused(
    experiments: Mapping[str, Experiment], name: str, site: str, bucket: float, said: Mapping[str, str]
) -> str | None:
    experiment = experiments.get(name)
    if experiment is None:
        return UNKNOWN_EXPERIMENT
    if experiment.site != site:
        return OTHER_SITE
    return refusal(experiment, bucket, said.get(name, ""))


def _each_once(
    events: Events,
    names: Sequence[str],
    variants: Sequence[str],
    row: Ints,
    experiment: Ints,
    variant: Ints,
    *,
    aside: Aside,
) -> FirstExposures:
    """By partition, experiment and time; a browser that was first twice is so once."""
    alphabet = np.argsort(np.argsort(names)) if names else np.empty(0, np.int64)
    order = np.lexsort((row, alphabet[experiment], events.partition[events.visitor[row]]))
    row, experiment, variant = row[order], experiment[order], variant[order]
    partition = events.partition[events.visitor[row]]
    bucket = events.number["bucket"][row].astype(np.int64)
    unit = (experiment * (int(events.visitor.max(initial=0)) + 1) + events.visitor[row]) * BUCKETS + bucket
    kept = np.sort(np.unique(unit, return_index=True)[1])
    again = np.ones(len(unit), bool)
    again[kept] = False
    for number, name in enumerate(names):
        aside.add("units", name, AGAIN, partition[again & (experiment == number)])
    return FirstExposures(
        experiment=tuple(names[place] for place in experiment[kept].tolist()),
        variant=tuple(variants[place] for place in variant[kept].tolist()),
        row=row[kept],
        bucket=bucket[kept],
    )


def units_table(
    events: Events,
    of_row: Ints,
    questions: pl.DataFrame,
    first: FirstExposures,
    experiments: Mapping[str, Experiment],
    *,
    met: pl.DataFrame,
    said: Ints,
    day: str,
) -> pl.DataFrame:
    """`UNITS`: one row is one browser at its first exposure.

    It is measured over its questions of the experiment's task that started no earlier than the question in
    which the exposure happened. `of_row` is the question of every event; `met` tells of each first exposure
    what was known then (`exposures.circumstances`); `said` what was said in each question (1, 0, or -1).
    """
    count = len(first.row)
    holding = of_row[first.row]
    question, unit = _questions_of(questions, events.visitor[first.row], holding)
    of_task = _is_of_task(first, experiments, questions["task"], question, unit)
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
    found = np.full(count, -1, np.int64)
    np.maximum.at(found, unit, said[question])
    return build(
        {
            "experiment": pl.Series(first.experiment, dtype=pl.String),
            "day": day,
            "bucket": first.bucket,
            "variant": pl.Series(first.variant, dtype=pl.String),
            **{name: met[name] for name in KNOWN},
            "arrived": total(questions["arrived"].to_numpy()) > 0,
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
            "said": found,
        },
        UNITS,
    )


def _is_of_task(
    first: FirstExposures, experiments: Mapping[str, Experiment], tasks: pl.Series, question: Ints, unit: Ints
) -> Flags:
    """Whether the question of each pair is of the task of the unit's experiment."""
    names = np.array(first.experiment)
    kept = np.zeros(len(unit), bool)
    for name in sorted(set(first.experiment)):
        task, mine = experiments[name].task, (names == name)[unit]
        kept |= mine if task is None else mine & (tasks == task).to_numpy()[question]
    return kept


def _questions_of(questions: pl.DataFrame, visitor: Ints, holding: Ints) -> tuple[Ints, Ints]:
    """Pairs (question, unit): the questions of the unit's visitor from the one that holds the exposure on."""
    of = questions["visitor"].to_numpy()  # sorted
    started = questions["started_at"].to_numpy()
    low, high = np.searchsorted(of, visitor), np.searchsorted(of, visitor, "right")
    unit = np.repeat(np.arange(len(visitor)), high - low)
    pair = np.arange(len(unit)) + np.repeat(high - np.cumsum(high - low), high - low)
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
    keys = ("partition", "exposures", "site", "task", "number")
    number = pl.Series("number", bucket[questions["visitor"].to_numpy()])
    met = questions.select("question", *keys[:-1], number).filter(pl.col("exposures") != "")
    found: list[tuple[object, ...]] = []
    for *key, count in met.group_by(keys).len().iter_rows():
        partition, shown, site, task, number = key
        for name, variant in parse(shown):
            experiment = known.get(name)
            if experiment is None or experiment.site != site:
                continue  # counted with the units
            if experiment.task is not None and experiment.task != task:
                continue
            if refusal(experiment, np.nan if number < 0 else number, variant) is not None:
                aside.add("questions", name, NOT_EXPOSED, np.full(count, partition))
                continue
            found.append((*key, name, variant))
    schema = {name: met.schema[name] for name in keys} | {"experiment": pl.String, "variant": pl.String}
    counted = pl.DataFrame(found, schema=schema, orient="row")
    bucket_of = pl.col("number").cast(pl.Int16).alias("bucket")
    columns = ("experiment", "variant", bucket_of, "question")
    return met.join(counted, on=keys).sort("question", "experiment").select(columns)


def bucket_of_visitors(events: Events, count: int) -> Ints:
    """The first bucket of every visitor, -1 where it has none."""
    rows = np.flatnonzero(~np.isnan(events.number["bucket"]))[::-1]
    bucket = np.full(count, -1, np.int64)
    bucket[events.visitor[rows]] = events.number["bucket"][rows].astype(np.int64)
    return bucket

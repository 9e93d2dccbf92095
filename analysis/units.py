# SPDX-License-Identifier: EUPL-1.2
"""Units: browsers at their first exposure to an experiment, with what they did about its task that DAY."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from analysis.events import Events, Flags, Floats, Ints
from analysis.exposed import FirstExposures
from analysis.frames import build
from analysis.tables import KNOWN, UNITS, Cause, Outcome
from experiments.definition import Experiment


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
    what was known then (`reach.circumstances`); `said` what was said in each question (1, 0, or -1).
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

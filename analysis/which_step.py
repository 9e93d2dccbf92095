# SPDX-License-Identifier: EUPL-1.2
"""Which step of the journey made the difference: milestones that both variants share, browser by browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analysis.bucket_table import BucketTable
from analysis.estimates import Refused
from analysis.estimates.decomposition import steps
from analysis.second_views import StepPart, StepParts
from experiments.definition import Experiment

if TYPE_CHECKING:
    import pandas as pd

#: From seeing the experiment to its success: what is called so, and its column in the bucket table. Whoever
#: reached one reached all before it.
TO_AN_ANSWER = (
    ("exposed", "units"),
    ("asked", "first_questions"),
    ("arrived", "arrived_sum"),
    ("answered", "answered_sum"),
)
TO_A_FORM = (*TO_AN_ANSWER[:3], ("started", "started_sum"), ("submitted", "submitted_sum"))


def step_parts(experiment: Experiment, table: BucketTable) -> tuple[StepParts, ...]:
    """The parts of the steps in the difference in success, for every variant."""
    wanted = {"started": TO_A_FORM[:4], "submitted": TO_A_FORM}.get(experiment.primary.name, TO_AN_ANSWER)
    control = experiment.control.name
    return tuple(_parts(table, wanted, control, one.name) for one in experiment.variants[1:])


def _parts(
    table: BucketTable, milestones: tuple[tuple[str, str], ...], control: str, variant: str
) -> StepParts:
    sides = [_reached(table, [column for _, column in milestones], name) for name in (control, variant)]
    totals = [side.sum(axis=0) for side in sides]
    # A step that everybody takes in both variants tells nothing.
    kept = [0] + [
        place
        for place in range(1, len(milestones))
        if place == len(milestones) - 1 or any(total[place] < total[place - 1] for total in totals)
    ]
    names = [milestones[place][0] for place in kept]
    found = steps(names[1:], *(side[:, kept] for side in sides))
    if isinstance(found, Refused):
        return StepParts(variant=variant, control=control, reason=str(found))
    return StepParts(
        variant=variant,
        control=control,
        success=found.success,
        parts=tuple(
            StepPart(
                source=source,
                target=one.name,
                reached=(int(totals[0][place]), int(totals[1][place])),
                rates=one.rates,
                part=one.part,
                ci=one.ci,
                log_part=one.log_part,
                log_ci=one.log_ci,
            )
            for source, place, one in zip(names, kept, found.steps, strict=False)
        ),
    )


def _reached(table: BucketTable, columns: list[str], variant: str) -> NDArray[np.float64]:
    """A row per bucket, a column per milestone."""
    rows: pd.DataFrame = table.everyone(variant)
    return rows[columns].to_numpy(np.float64)

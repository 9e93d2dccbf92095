# SPDX-License-Identifier: EUPL-1.2
"""An experiment day by day: looks on the way, and whether its difference is one and the same on all days."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from analysis import allocation
from analysis.allocation import Allocation
from analysis.bucket_table import BucketTable
from analysis.estimates import LEVEL, Refused
from analysis.estimates.group_sequential import Design
from analysis.estimates.heterogeneity import Interaction, Trend, interaction, trend
from analysis.metrics import Measure
from analysis.monitoring import Look, Watched, any_time, bounds, planned
from analysis.second_views import LookPoint, Progress
from experiments.definition import Experiment, Looks

if TYPE_CHECKING:
    import pandas as pd

#: Browsers that a day, or a weekday, must have in each variant to be compared with others.
MIN_PER_DAY = 30


@dataclass(frozen=True, slots=True)
class Days:
    """The rows of everyone, a bucket table for each DAY (ISO date) in order."""

    tables: Mapping[str, BucketTable]

    @classmethod
    def of(
        cls, buckets: pd.DataFrame, times: pd.DataFrame, values: pd.DataFrame | None = None
    ) -> Days | None:
        """From day-table rows with a column `day`; None where they have none."""
        if "day" not in buckets.columns or "day" not in times.columns:
            return None
        parts = [
            None if frame is None else dict(list(frame[frame["segment"] == ""].groupby("day", sort=True)))
            for frame in (buckets, times, values if values is not None and "day" in values else None)
        ]
        rows, ends, counts = parts
        if rows is None or ends is None:
            return None
        return cls(
            {
                str(day): BucketTable.of(
                    mine,
                    ends.get(day, times.iloc[:0]),
                    None if counts is None or values is None else counts.get(day, values.iloc[:0]),
                )
                for day, mine in rows.items()
            }
        )

    def looks(self, measure: Measure, control: str, variant: str) -> list[Look]:
        """All that was seen up to the end of each day; days on which nothing can be estimated are none."""
        found = []
        for day, table in self.upto().items():
            estimate = measure.compare(table, control, variant)
            arms = measure.arm(table, control), measure.arm(table, variant)
            if isinstance(estimate, Refused) or isinstance(arms[0], Refused) or isinstance(arms[1], Refused):
                continue
            if arms[0].variance + arms[1].variance > 0:
                found.append(Look(day, arms[0], arms[1], estimate))
        return found

    def upto(self) -> dict[str, BucketTable]:
        """The bucket table of each day and all days before it."""
        import pandas as pd

        found: dict[str, BucketTable] = {}
        before: BucketTable | None = None
        for day, table in self.tables.items():
            if before is not None:
                rows = pd.concat([before.rows, table.rows], ignore_index=True)
                times = pd.concat([before.times, table.times], ignore_index=True)
                known = [one.values for one in (before, table) if one.values is not None]
                values = pd.concat(known, ignore_index=True) if known else None
                table = BucketTable.of(rows, times, values)
            found[day] = before = table
        return found

    def first_unsound(
        self, names: Sequence[str], drawn: Mapping[str, float]
    ) -> tuple[Allocation, str] | None:
        """The smallest p of the allocation at any day's end, with that day; None where nobody came."""
        counted = dict.fromkeys(names, 0)
        found: tuple[Allocation, str] | None = None
        for day, table in self.tables.items():
            for name in names:
                counted[name] += table.units(name)
            at = allocation.sample_ratio_at_any_time(counted, drawn)
            if isinstance(at, Refused):
                continue
            if found is None or at.p_value < found[0].p_value:
                found = at, day
        return found

    def novelty(self, measure: Measure, control: str, variant: str) -> Trend | Refused:
        """Whether the difference of single days fades or grows."""
        at, differences, errors = self._single(measure, control, variant, self.tables)
        return trend([date.fromisoformat(day).toordinal() for day in at], differences, errors)

    def weekdays(self, measure: Measure, control: str, variant: str) -> Interaction | Refused:
        """Whether the difference depends on the day of the week, Monday to Sunday."""
        import pandas as pd

        parts: dict[str, list[BucketTable]] = {}
        for day, table in self.tables.items():
            parts.setdefault(str(date.fromisoformat(day).weekday()), []).append(table)
        together = {
            weekday: BucketTable.of(
                pd.concat([one.rows for one in tables]),
                pd.concat([one.times for one in tables]),
                pd.concat(known) if (known := [t.values for t in tables if t.values is not None]) else None,
            )
            for weekday, tables in parts.items()
        }
        _, differences, errors = self._single(measure, control, variant, together)
        return interaction(differences, errors)

    @staticmethod
    def _single(
        measure: Measure, control: str, variant: str, tables: Mapping[str, BucketTable]
    ) -> tuple[list[str], list[float], list[float]]:
        """Names, differences and errors of the tables that are large enough."""
        names, differences, errors = [], [], []
        for name, table in tables.items():
            arms = measure.arm(table, control), measure.arm(table, variant)
            if isinstance(arms[0], Refused) or isinstance(arms[1], Refused):
                continue
            variance = arms[0].variance + arms[1].variance
            if min(arms[0].n, arms[1].n) >= MIN_PER_DAY and variance > 0:
                names.append(name)
                differences.append(arms[1].value - arms[0].value)
                errors.append(variance**0.5)
        return names, differences, errors


def watch(
    experiment: Experiment, measure: Measure, days: Days, *, ended: bool
) -> dict[str, Watched | Refused]:
    """By variant, what the looks at the primary metric allow to say; α is divided over the variants.

    `ended` tells that the last planned DAY is closed.
    """
    control, others = experiment.control.name, experiment.variants[1:]
    level = 1 - (1 - LEVEL) / len(others)
    found: dict[str, Watched | Refused] = {}
    for variant in others:
        looks, size = days.looks(measure, control, variant.name), _planned_pair(experiment, variant.name)
        if experiment.looks is Looks.ANY_TIME:
            found[variant.name] = any_time(looks, size, level=level)
        else:
            found[variant.name] = planned(looks, size, design=Design(level=level), ended=ended)
    return found


def progress(experiment: Experiment, measure: Measure, days: Days) -> tuple[Progress, ...]:
    """First exposures by the end of each DAY, for each variant with the control; where one may look on the
    way also the statistic of each look and its boundary."""
    control, others = experiment.control.name, experiment.variants[1:]
    level = 1 - (1 - LEVEL) / len(others)
    return tuple(
        _progress(experiment, measure, days, control, variant.name, level=level) for variant in others
    )


def _progress(
    experiment: Experiment, measure: Measure, days: Days, control: str, variant: str, *, level: float
) -> Progress:
    size = _planned_pair(experiment, variant)
    at: dict[str, tuple[float, float]] = {}
    decided = None
    if experiment.looks is not Looks.END:
        looks = days.looks(measure, control, variant)
        at = bounds(looks, size, any_time=experiment.looks is Looks.ANY_TIME, level=level)
        decided = next((day for day, (z, bound) in at.items() if abs(z) >= bound), None)
    points, n = [], 0
    for day, table in days.tables.items():
        n += table.units(control) + table.units(variant)
        z, bound = at.get(day, (None, None))
        finite = bound is not None and math.isfinite(bound)
        points.append(LookPoint(day=day, n=n, z=z if finite else None, bound=bound if finite else None))
    return Progress(
        variant=variant,
        control=control,
        planned=size,
        looks=experiment.looks.value,
        points=tuple(points),
        decided=decided,
    )


def _planned_pair(experiment: Experiment, variant: str) -> int:
    """How many of the planned browsers the control and this variant get together."""
    weights = {one.name: one.weight for one in experiment.variants}
    share = (weights[experiment.control.name] + weights[variant]) / sum(weights.values())
    return max(1, round(experiment.planned_size * share))

# SPDX-License-Identifier: EUPL-1.2
"""Whether one figure may speak for all: the same difference over segments, weekdays and days."""

from __future__ import annotations

from collections.abc import Sequence

from analysis import promises
from analysis.bucket_table import BucketTable
from analysis.daily import Days
from analysis.estimates import Refused
from analysis.estimates.heterogeneity import Interaction, interaction
from analysis.metrics import Measure, measure
from analysis.report import Check, Role
from experiments.definition import Experiment

#: Browsers that a segment must have in each variant to be compared with other segments.
MIN_PER_SEGMENT = 30


def checks(experiment: Experiment, table: BucketTable, by_day: Days | None) -> tuple[Check, ...]:
    """Whether the primary difference is one and the same over segments, weekdays and days.

    Asked before anyone reads a difference between segments; several variants and columns are corrected for.
    """
    primary = experiment.primary
    one, control = measure(primary.name, primary.better.value, role=Role.PRIMARY), experiment.control.name
    segments: dict[str, float] = {}
    weekdays: dict[str, float] = {}
    novelty: dict[str, float] = {}
    columns = sorted({segment.partition("=")[0] for segment in table.segments})
    for variant in (variant.name for variant in experiment.variants[1:]):
        for column in columns:
            values = [segment for segment in table.segments if segment.startswith(f"{column}=")]
            found = _interaction(one, table, control, variant, values)
            if not isinstance(found, Refused):
                segments[f"{variant} by {column}"] = found.p_value
        if by_day is None:
            continue
        by_weekday, fading = by_day.weekdays(one, control, variant), by_day.novelty(one, control, variant)
        if not isinstance(by_weekday, Refused):
            weekdays[variant] = by_weekday.p_value
        if not isinstance(fading, Refused):
            novelty[variant] = fading.p_value
    return (
        *promises.alike("segments", segments, "one difference in all segments"),
        *promises.alike("weekdays", weekdays, "one difference on all days of the week"),
        *promises.alike("novelty", novelty, "no difference that fades or grows over the days"),
    )


def _interaction(
    one: Measure, table: BucketTable, control: str, variant: str, segments: Sequence[str]
) -> Interaction | Refused:
    """Cochran's Q over the segments of one column that are large enough in both variants."""
    differences, errors = [], []
    for segment in segments:
        arms = one.arm(table, control, segment), one.arm(table, variant, segment)
        if isinstance(arms[0], Refused) or isinstance(arms[1], Refused):
            continue
        variance = arms[0].variance + arms[1].variance
        if min(arms[0].n, arms[1].n) >= MIN_PER_SEGMENT and variance > 0:
            differences.append(arms[1].value - arms[0].value)
            errors.append(variance**0.5)
    return interaction(differences, errors)

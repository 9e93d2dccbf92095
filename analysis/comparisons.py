# SPDX-License-Identifier: EUPL-1.2
"""Every comparison of an experiment's report, in families that are each corrected for asking often."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.bucket_table import BucketTable
from analysis.disclosure import FEWEST
from analysis.estimates import multiplicity
from analysis.metrics import Measure, measure
from analysis.report import Estimand, Result, Role
from analysis.results import corrected, result
from experiments.definition import Experiment, Metric

#: What every report shows beside what the experiment promised.
ALWAYS = (
    measure("answered", "higher", estimand=Estimand.QUESTION),
    measure("answered", "higher", estimand=Estimand.FIRST_QUESTION),
    measure("time_s", "lower"),
    measure("time_quarter", "lower"),
    measure("time_half", "lower"),
    measure("time_most", "lower"),
    measure("ranked", "higher"),
    measure("contacted", "lower"),
    measure("pages", "lower"),
    measure("searches", "lower"),
    measure("form_success", "higher"),
)


def compare_all(
    experiment: Experiment, table: BucketTable, felt: Sequence[Result] = ()
) -> tuple[tuple[Result, ...], tuple[Result, ...], tuple[Result, ...], tuple[Result, ...]]:
    """Primary, secondary, guardrail and exploratory results, each family with its own correction.

    Primary: Holm over the variants. Secondary metrics that were promised: Holm over metrics and variants.
    Guardrails: none, since every one of them must hold. All else, segments and heartbeats (`felt`) included:
    Benjamini-Hochberg. A segment with fewer than `FEWEST` browsers in some variant is not told.
    """
    first = promised_measure(experiment.primary, Role.PRIMARY)
    secondary = [promised_measure(metric, Role.SECONDARY) for metric in experiment.secondary]
    rails = [promised_measure(rail.metric, Role.GUARDRAIL, rail.margin) for rail in experiment.guardrails]
    named = {(m.asked.metric, m.asked.estimand) for m in (first, *secondary, *rails)}
    extra = [m for m in ALWAYS if (m.asked.metric, m.asked.estimand) not in named]
    exploration = [
        *over_variants(experiment, table, extra),
        *felt,
        *(
            one
            for segment in table.segments
            if all(table.units(one.name, segment) >= FEWEST for one in experiment.variants)
            for one in over_variants(experiment, table, [first.as_secondary()], segment)
        ),
    ]
    return (
        corrected(over_variants(experiment, table, [first]), multiplicity.holm),
        corrected(over_variants(experiment, table, secondary), multiplicity.holm),
        tuple(over_variants(experiment, table, rails)),
        corrected(exploration, multiplicity.benjamini_hochberg),
    )


def promised_measure(metric: Metric, role: Role, margin: float | None = None) -> Measure:
    """The measure of a metric as the experiment promised it."""
    return measure(metric.name, metric.better.value, role=role, margin=margin, cap=metric.cap)


def over_variants(
    experiment: Experiment, table: BucketTable, measures: Sequence[Measure], segment: str = ""
) -> list[Result]:
    """Every measure of every variant against the control, for everyone or in a segment."""
    control = experiment.control.name
    return [
        result(
            one.asked,
            one.compare(table, control, variant.name, segment),
            variant=variant.name,
            control=control,
            n=(one.count(table, control, segment), one.count(table, variant.name, segment)),
            segment=segment or None,
        )
        for one in measures
        for variant in experiment.variants[1:]
    ]

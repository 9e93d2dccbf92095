# SPDX-License-Identifier: EUPL-1.2
"""The primary difference once more: with less noise, as a belief, and put right by asking visitors.

None of it decides, unless a definition promised the adjusted estimate before the start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

from analysis import balance
from analysis.bucket_table import BucketTable
from analysis.estimates import Estimate, Refusal, Refused, Sums, adjusted, bayes, mean, misclassification
from analysis.metrics import Measure, measure
from analysis.report import Estimand, Result
from analysis.results import result
from analysis.second_views import Belief, Reading, View
from analysis.tables import KNOWN, UNIT_MEASURES
from experiments.definition import Experiment

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

#: Browsers that a value (a landing page) must have to explain something of its own; fewer are "other".
MIN_LEVEL = 20

#: Browsers per explaining value at the least: more values than that would explain noise, and an interval
#: that does not know it would be too narrow.
PER_LEVEL = 50


@dataclass(frozen=True, slots=True)
class Adjusted:
    """One difference by CUPED and post-stratified, and plain from the same sums to hold them against."""

    cuped: Estimate | Refused
    stratified: Estimate | Refused
    plain: Estimate | Refused


def adjust(one: Measure, strata: pd.DataFrame, control: str, variant: str) -> Adjusted:
    """The difference of a metric by what was known at the first exposure.

    `strata` holds rows of `analysis.tables.STRATA` of all days and partitions. The covariate of CUPED is what
    landing page, device, referrer class and part of the day together let one expect: main effects by least
    squares within the variants. One of these that hangs on the variant (`analysis.balance`) was not known
    beforehand, and is left out.
    """
    column = summed(one)
    if isinstance(column, Refused):
        return Adjusted(column, column, column)
    rows = strata[strata["variant"].isin([control, variant])]
    cells = rows.groupby(["variant", *KNOWN], sort=True).sum(numeric_only=True).reset_index()
    if cells.empty:
        nobody = Refused(Refusal.NO_UNITS, "one of the variants has nobody, there is nothing to compare")
        return Adjusted(nobody, nobody, nobody)
    levels = _levels(cells, balance.fair(balance.chances(rows, [control, variant])))
    total, squares = column
    units, shown = cells["units"].to_numpy(np.float64), (cells["variant"] == variant).to_numpy()
    y, yy = cells[total].to_numpy(np.float64), cells[squares].to_numpy(np.float64)
    x = _expected(levels, shown, units, y)
    arms = [_paired(units, y, yy, x, shown == side) for side in (False, True)]
    strata_of = [_stratum_sums(levels, units, y, yy, shown == side) for side in (False, True)]
    null = one.asked.null
    whole = [Sums(arm.n, arm.y, arm.yy) for arm in arms]
    return Adjusted(
        cuped=adjusted.cuped(*arms, null=null),
        stratified=adjusted.post_stratified(*strata_of, null=null),
        plain=mean.compare(*whole, null=null),
    )


def adjusted_readings(one: Measure, plain: Sequence[Result], strata: pd.DataFrame) -> tuple[Reading, ...]:
    """Both adjusted views of the primary metric, for every variant."""
    found = []
    for each in plain:
        again = adjust(one, strata, each.control, each.variant)
        for view, estimate in ((View.ADJUSTED, again.cuped), (View.STRATIFIED, again.stratified)):
            kept = _guarded(each, estimate)
            line = _line(one, kept, each)
            found.append(reading(view, line, explained=_explained(again.plain, kept)))
    return tuple(found)


def as_promised(one: Measure, plain: Sequence[Result], strata: pd.DataFrame) -> list[Result]:
    """The primary results where a definition promised the adjusted estimate: it takes the plain one's place,
    also where it cannot be had."""
    return [
        _line(one, _guarded(each, adjust(one, strata, each.control, each.variant).cuped), each)
        for each in plain
    ]


def _guarded(plain: Result, found: Estimate | Refused) -> Estimate | Refused:
    """Nothing, where a few values decide the plain difference: the sums by stratum do not show them."""
    return mean.heavy_tail() if (plain.reason or "").startswith(Refusal.HEAVY_TAIL) else found


def reading(view: View, one: Result, *, explained: float | None = None) -> Reading:
    """A line of the report as another view of its metric; `explained` as in `Reading`."""
    return Reading(
        view=view,
        metric=one.metric,
        variant=one.variant,
        control=one.control,
        n=one.n,
        kind=one.kind,
        better=one.better,
        unit=one.unit,
        values=one.values,
        estimate=one.estimate,
        ci=one.ci,
        p_value=one.p_value,
        method=one.method,
        explained=explained,
        reason=one.reason,
    )


def beliefs(experiment: Experiment, one: Measure, table: BucketTable) -> tuple[Belief, ...]:
    """The Bayesian view of the primary metric, with its prior."""
    prior, control = bayes.Prior(), experiment.control.name
    found = []
    for variant in (each.name for each in experiment.variants[1:]):
        blank = Belief(
            metric=one.asked.metric,
            variant=variant,
            control=control,
            prior_mean=prior.mean,
            prior_sd=prior.sd,
        )
        arms = one.arm(table, control), one.arm(table, variant)
        refused = next((arm for arm in arms if isinstance(arm, Refused)), None)
        belief = (
            refused
            if isinstance(arms[0], Refused) or isinstance(arms[1], Refused)
            else bayes.believe(arms[0], arms[1], better=one.asked.better, prior=prior)
        )
        if isinstance(belief, bayes.Belief):
            found.append(_held(blank, belief))
        else:
            found.append(msgspec.structs.replace(blank, reason=str(belief)))
    return tuple(found)


def asked_readings(experiment: Experiment, table: BucketTable, answers: pd.DataFrame) -> tuple[Reading, ...]:
    """The share that found an answer, put right by what visitors said when they were asked.

    `answers` has the columns variant, inferred (0/1), asked (0/1), and where rows are counted `units`.
    """
    control = experiment.control.name
    plain = measure("answered", "higher")
    found = []
    for variant in (each.name for each in experiment.variants[1:]):
        sides = [_asked(table, answers, name) for name in (control, variant)]
        for view in (View.ASKED, View.POWERED):
            estimate = (
                misclassification.compare(*sides, powered=view is View.POWERED)
                if any(one.asked for one in sides)
                else Refused(Refusal.UNMEASURED, "no visitor was asked whether it was found")
            )
            n = sides[0].asked, sides[1].asked
            found.append(reading(view, result(plain.asked, estimate, variant=variant, control=control, n=n)))
    return tuple(found)


def _asked(table: BucketTable, answers: pd.DataFrame, variant: str) -> misclassification.Asked:
    rows = answers[answers["variant"] == variant]
    units = rows["units"] if "units" in rows else rows["asked"] * 0 + 1

    def count(said: int, inferred: int) -> int:
        return int(units[(rows["asked"] == said) & (rows["inferred"] == inferred)].sum())

    return misclassification.Asked(
        units=table.units(variant),
        hits=int(table.total("answered_sum", variant)),
        found_hit=count(1, 1),
        found_missed=count(1, 0),
        not_hit=count(0, 1),
        not_missed=count(0, 0),
    )


def summed(one: Measure) -> tuple[str, str] | Refused:
    """The columns of the strata with the sums and the sums of squares of a metric."""
    asked = one.asked
    if asked.cap is not None:
        return Refused(Refusal.UNMEASURED, "a metric with a cap is not summed by what was known beforehand")
    if asked.metric == "answered" and asked.estimand is Estimand.FIRST_QUESTION:
        return "first_answered_sum", "first_answered_sum"
    if asked.metric in UNIT_MEASURES and asked.estimand is Estimand.VISITOR:
        return f"{asked.metric}_sum", f"{asked.metric}_squares"
    return Refused(Refusal.UNMEASURED, f"{asked.metric} is not summed by what was known beforehand")


def _levels(cells: pd.DataFrame, known: Sequence[str]) -> list[NDArray[np.int64]]:
    """For each thing known, the place of every cell's value; 0 is all values that few browsers have."""
    room = max(0, int(cells["units"].sum()) // PER_LEVEL)
    sized = [
        (int(units), name, str(value))
        for name in known
        for value, units in cells.groupby(name)["units"].sum().items()
        if units >= MIN_LEVEL
    ]
    kept = {(name, value) for _, name, value in sorted(sized, key=lambda one: (-one[0], one[1:]))[:room]}
    found = [np.zeros(len(cells), dtype=np.int64)]
    for name in known:
        values = sorted(value for column, value in kept if column == name)
        place = {value: number + 1 for number, value in enumerate(values)}
        found.append(np.array([place.get(str(value), 0) for value in cells[name]], dtype=np.int64))
    return found


def _expected(
    levels: Sequence[NDArray[np.int64]], shown: NDArray[np.bool_], units: Floats, y: Floats
) -> Floats:
    """What each cell lets one expect of a browser, apart from its variant: weighted least squares."""
    columns = [np.ones(len(units)), shown.astype(np.float64)]
    columns += [
        (place == number).astype(np.float64) for place in levels for number in range(1, int(place.max()) + 1)
    ]
    design, root = np.stack(columns, axis=1), np.sqrt(units)
    fitted, *_ = np.linalg.lstsq(design * root[:, None], y / root, rcond=None)
    found: Floats = design[:, 2:] @ fitted[2:]
    return found


def _paired(units: Floats, y: Floats, yy: Floats, x: Floats, mine: NDArray[np.bool_]) -> adjusted.Paired:
    n, x = units[mine], x[mine]
    return adjusted.Paired(
        n=int(n.sum()),
        y=float(y[mine].sum()),
        yy=float(yy[mine].sum()),
        x=float((n * x).sum()),
        xx=float((n * x * x).sum()),
        xy=float((x * y[mine]).sum()),
    )


def _stratum_sums(
    levels: Sequence[NDArray[np.int64]], units: Floats, y: Floats, yy: Floats, mine: NDArray[np.bool_]
) -> dict[str, Sums]:
    found: dict[str, Sums] = {}
    for place in np.flatnonzero(mine):
        name = "/".join(str(int(level[place])) for level in levels)
        sums = Sums(int(units[place]), float(y[place]), float(yy[place]))
        found[name] = found[name] + sums if name in found else sums
    return found


def _line(one: Measure, found: Estimate | Refused, like: Result) -> Result:
    """The line of another estimate of the same comparison."""
    return result(one.asked, found, variant=like.variant, control=like.control, n=like.n)


def _explained(plain: Estimate | Refused, found: Estimate | Refused) -> float | None:
    if isinstance(plain, Refused) or isinstance(found, Refused):
        return None
    share = adjusted.explained(plain, found)
    return None if isinstance(share, Refused) else share


def _held(blank: Belief, found: bayes.Belief) -> Belief:
    return msgspec.structs.replace(
        blank,
        lift=found.lift,
        ci=found.ci,
        chance_better=found.chance_better,
        loss_choosing=found.loss_choosing,
        loss_keeping=found.loss_keeping,
    )

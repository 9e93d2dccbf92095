# SPDX-License-Identifier: EUPL-1.2
"""Whether the verdict hangs on our definitions: the same experiment by others that one may defend, as its day
tables hold it. Of the figures of journeys: `journey_sensitivity`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from analysis import promises
from analysis.bucket_table import BucketTable
from analysis.report import Check, Result, Status, VerdictCode
from analysis.second_views import Alternative
from analysis.tables import COUNTED, UNIT_MEASURES
from analysis.thresholds import ALTERNATIVES

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    Compare = Callable[[BucketTable], Sequence[Result]]
    Judge = Callable[[Sequence[Result]], VerdictCode]

#: Verdicts that say something of the difference.
_TOLD = (VerdictCode.BETTER, VerdictCode.WORSE, VerdictCode.NO_CLEAR_DIFFERENCE)


def alternatives(
    values: pd.DataFrame,
    promised: Sequence[Result],
    compare: Compare,
    judge: Judge,
) -> tuple[Alternative, ...]:
    """The primary results by every other definition that the day tables hold, the promised one first.

    `compare` makes primary results of a table, `judge` a verdict of those; guardrails and checks are those of
    the promised definition.
    """
    found = [*_rows("", promised, judge)]
    for name in ALTERNATIVES:
        rows = values[values["definition"] == name]
        if len(rows):
            found += _rows(name, compare(_table(rows)), judge)
    return tuple(found) if len(found) > len(promised) else ()


def check(found: Sequence[Alternative]) -> tuple[Check, ...]:
    """Whether the verdict is the same by all of them; nothing where there is no verdict to hold."""
    if not found or VerdictCode(found[0].verdict) not in _TOLD:
        return ()
    others = {one.definition: one.verdict for one in found if one.definition}
    unlike = {name: code for name, code in others.items() if code != found[0].verdict}
    told = ", ".join(f"{name}: {code}" for name, code in others.items())
    status = Status.WARN if unlike else Status.PASS
    return (promises.check("sensitivity", status, f"promised: {found[0].verdict}; {told}"),)


def _rows(name: str, primary: Sequence[Result], judge: Judge) -> list[Alternative]:
    code = judge(primary)
    return [
        Alternative(
            definition=name,
            variant=one.variant,
            control=one.control,
            n=one.n,
            verdict=code.value,
            kind=one.kind,
            better=one.better,
            unit=one.unit,
            metric=one.metric,
            values=one.values,
            estimate=one.estimate,
            ci=one.ci,
            p_value=one.p_adjusted if one.p_adjusted is not None else one.p_value,
            reason=one.reason,
        )
        for one in primary
    ]


def _table(values: pd.DataFrame) -> BucketTable:
    """A bucket table of value counts; all browsers lie in one bucket, which no metric per visitor minds."""
    import pandas as pd

    counts = values[values["measure"] != "time_s"].assign(bucket=0)
    keys = ["segment", "variant", "bucket"]
    parts = [counts[counts["measure"] == "answered"].groupby(keys)["units"].sum().rename("units")]
    for name in (*UNIT_MEASURES, "first_answered"):
        mine = counts[counts["measure"] == name]
        for suffix, power in (("sum", 1), ("squares", 2)):
            summed = mine.assign(total=mine["units"] * mine["value"].astype(float) ** power)
            parts.append(summed.groupby(keys)["total"].sum().rename(f"{name}_{suffix}"))
    rows = pd.concat(parts, axis=1).fillna(0.0).reset_index().assign(first_questions=0, all_questions=0)
    times = values[values["measure"] == "time_s"].rename(columns={"value": "time_s"})
    return BucketTable.of(rows, times, values[values["measure"].isin(COUNTED)])

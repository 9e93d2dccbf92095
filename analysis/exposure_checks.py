# SPDX-License-Identifier: EUPL-1.2
"""Whether exposures arrived, and stayed what they were; and whom an agreed cap cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis import allocation, promises
from analysis.bucket_table import BucketTable
from analysis.estimates import Refused, Sums, proportion
from analysis.report import Check, Status
from experiments.definition import Experiment, Metric

if TYPE_CHECKING:
    import pandas as pd

#: Share of visitors whose first exposure may be lost, and who may see two versions, before one should look.
MAX_LOST = 0.05
MAX_BOTH = 0.001

#: Share of visitors with two versions above which the comparison is void.
TOO_MANY_BOTH = 0.01

#: Share of browsers beyond an agreed cap above which it is no cap for outliers any more.
MAX_CAPPED = 0.01


def checks(experiment: Experiment, table: BucketTable, exposed: pd.DataFrame) -> tuple[Check, ...]:
    """Lost first exposures, visitors with two versions, and caps; `exposed` is as `tables.EXPOSED`."""
    return (*lost(experiment, exposed), *two_versions(exposed), *capped(experiment, table))


def lost(experiment: Experiment, exposed: pd.DataFrame) -> tuple[Check, ...]:
    """Visitors of the first DAY none of whose messages said that it was their first exposure.

    On that DAY nobody can return, so it was lost: the page was left, or the script stopped, before it could
    be sent. One version that loses more than the other compares two different kinds of visitors, and the
    allocation need not show it. Later DAYs cannot tell a loss from a return.
    """
    if "day" not in exposed.columns:
        return ()
    first = exposed[exposed["day"] == experiment.starts.isoformat()]
    names = [variant.name for variant in experiment.variants]
    counted = {name: first[first["variant"] == name] for name in names}
    seen = {name: int(rows["visitors"].sum()) for name, rows in counted.items()}
    gone = {name: int(rows["unmarked"].sum()) for name, rows in counted.items()}
    if not sum(seen.values()):
        return ()
    control, least = names[0], 1.0
    for name in names[1:]:
        sums = [Sums(seen[one], float(gone[one]), float(gone[one])) for one in (control, name)]
        unlike = proportion.compare(*sums) if min(seen[control], seen[name]) else None
        if unlike is not None and not isinstance(unlike, Refused):
            least = min(least, unlike.p_value * (len(names) - 1))
    share = sum(gone.values()) / sum(seen.values())
    status = Status.FAIL if least < allocation.ALPHA else Status.WARN if share > MAX_LOST else Status.PASS
    told = ", ".join(f"{name} {gone[name]} of {seen[name]}" for name in names)
    detail = f"visitors of the first day without a first exposure: {told}"
    return (promises.check("exposureLost", status, detail, p_value=min(1.0, least)),)


def two_versions(exposed: pd.DataFrame) -> tuple[Check, ...]:
    """Visitors who were shown two versions on one DAY, as far as they could be known again."""
    visitors, both = int(exposed["visitors"].sum()), int(exposed["both"].sum())
    if not visitors:
        return ()
    share = both / visitors
    status = Status.FAIL if share > TOO_MANY_BOTH else Status.WARN if share > MAX_BOTH else Status.PASS
    facts = {"both": both, "seen": visitors}
    detail = f"{both} of {visitors} visitors of a day were shown two versions ({share:.2%})"
    return (promises.check("twoVersions", status, detail, facts=facts),)


def capped(experiment: Experiment, table: BucketTable) -> tuple[Check, ...]:
    """Whom the caps cut that were agreed beforehand."""
    promised = (experiment.primary, *experiment.secondary, *(rail.metric for rail in experiment.guardrails))
    caps = {metric.name: metric for metric in promised if metric.cap is not None}
    if not caps:
        return ()
    told, most = [], 0.0
    for metric in caps.values():
        for variant in experiment.variants:
            cut, units = _beyond(table, metric, variant.name), table.units(variant.name)
            told.append(f"{metric.name} cut at {metric.cap:g} in {cut} of {units} of {variant.name}")
            most = max(most, cut / units if units else 0.0)
    status = Status.WARN if most > MAX_CAPPED else Status.PASS
    return (promises.check("cap", status, "; ".join(told)),)


def _beyond(table: BucketTable, metric: Metric, variant: str) -> int:
    counted = table.counted(metric.name, variant)
    if counted is None or metric.cap is None:
        return 0
    values, units = counted
    return int(units[values > metric.cap].sum())

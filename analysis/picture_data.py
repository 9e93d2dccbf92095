# SPDX-License-Identifier: EUPL-1.2
"""The numbers behind the pictures of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from analysis.bucket_table import BucketTable
from analysis.disclosure import FEWEST, OTHER
from analysis.estimates import Refused, survival
from analysis.report import Curve, Flow, Heartbeat, Pictures
from analysis.second_views import CurveTest
from analysis.tables import Outcome

if TYPE_CHECKING:
    import pandas as pd

#: Points of a time-to-answer curve, evenly up to the horizon.
POINTS = 121


def of(
    table: BucketTable, flows: pd.DataFrame, heartbeats: pd.DataFrame, variants: Sequence[str]
) -> Pictures:
    """Curves, flows and heartbeats of all variants, added over days and partitions."""
    curves = [curve(name, table.ends(name)) for name in variants]
    return Pictures(
        time_to_answer=tuple(one for one in curves if one is not None),
        flows=followed(flows, variants),
        heartbeats=_heartbeats(heartbeats, variants),
    )


def curve(variant: str, data: survival.Ends, horizon_s: float = survival.HORIZON_S) -> Curve | None:
    """How the browsers of a variant ended over time, with a pointwise 95 % band; None for nobody."""
    if data.n == 0:
        return None
    found = survival.incidence(data)
    grid = np.linspace(0.0, horizon_s, POINTS)
    low, high = survival.band(found.answered, found.answered_variance)

    def read(values: survival.Floats) -> tuple[float, ...]:
        return tuple(survival.at(found.time_s, values, grid).round(5).tolist())

    return Curve(
        variant=variant,
        time_s=tuple(grid.tolist()),
        answered=read(found.answered),
        low=read(low),
        high=read(high),
        elsewhere=read(found.elsewhere),
        abandoned=read(found.abandoned),
    )


def curve_tests(
    ends: Mapping[str, survival.Ends], control: str, horizon_s: float = survival.HORIZON_S
) -> tuple[CurveTest, ...]:
    """Log-rank of every other variant's curve against the control's."""
    found = []
    for name, data in ends.items():
        if name == control:
            continue
        blank = CurveTest(variant=name, control=control)
        tested = survival.log_rank(ends[control], data, horizon_s)
        if isinstance(tested, Refused):
            found.append(msgspec.structs.replace(blank, reason=str(tested)))
        else:
            found.append(msgspec.structs.replace(blank, z=tested[0], p_value=tested[1]))
    return tuple(found)


def followed(flows: pd.DataFrame, variants: Sequence[str]) -> tuple[Flow, ...]:
    """What followed what in those variants. A place to which fewer than five visitors came at every step is
    `other`: reports go to who may not see the visits."""
    from analysis.flows import START

    mine = flows[flows["variant"].isin(variants)]
    came = mine.groupby(["order", "target"])["visitors"].sum().groupby("target").max()
    told = [START, *(outcome.value for outcome in Outcome), *came.index[came >= FEWEST]]
    ends = {name: mine[name].where(mine[name].isin(told), OTHER) for name in ("source", "target")}
    keys = ["variant", "order", "source", "target"]
    counted = mine.assign(**ends).groupby(keys, sort=True)["questions"].sum().reset_index()
    rows = zip(*(counted[name] for name in (*keys, "questions")), strict=True)
    return tuple(
        Flow(variant=str(v), order=int(o), source=str(s), target=str(t), questions=int(q))
        for v, o, s, t, q in rows
        if q
    )


def _heartbeats(frame: pd.DataFrame, variants: Sequence[str]) -> tuple[Heartbeat, ...]:
    keys = ["variant", "phase", "given", "heartbeat"]
    counted = frame.groupby(keys, sort=True)["touchpoints"].sum().reset_index()
    found: dict[tuple[str, str, bool], dict[int, int]] = {}
    rows = zip(*(counted[name] for name in (*keys, "touchpoints")), strict=True)
    for variant, phase, given, value, touchpoints in rows:
        found.setdefault((str(variant), str(phase), bool(given)), {})[int(value)] = int(touchpoints)
    return tuple(
        Heartbeat(
            variant=variant,
            phase=phase,
            given=given,
            counts=(bad := values.get(-1, 0), values.get(0, 0), good := values.get(1, 0)),
            mean=(good - bad) / total,
        )
        for (variant, phase, given), values in found.items()
        if variant in variants and (total := sum(values.values()))
    )

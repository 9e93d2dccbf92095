# SPDX-License-Identifier: EUPL-1.2
"""What followed what within the questions of an experiment's task, and how its touchpoints felt."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.buckets import add_up
from analysis.tables import FLOWS, HEARTBEATS, empty

START = "start"
FLOW_KEYS = ("experiment", "variant", "order", "source", "target")
HEARTBEAT_KEYS = ("experiment", "variant", "phase", "given", "heartbeat")
_STEPS = ("view", "search", "contact")


def flows_table(
    exposed: pd.DataFrame, questions: pd.DataFrame, moves: pd.DataFrame, *, longest: int
) -> pd.DataFrame:
    """`FLOWS`: pages, searches and contacts in their order, from `start` to the outcome.

    The same touchpoint twice in a row is one. Positions beyond `longest` are counted at `longest`, so nothing
    drops out. `exposed` as in `units.exposed_questions`.
    """
    if not len(exposed):
        return empty(FLOWS)
    wanted = np.unique(exposed["question"].to_numpy())
    steps = moves[moves["kind"].isin(_STEPS) & moves["question"].isin(wanted)]
    touchpoint, of = steps["touchpoint"].to_numpy(object), steps["question"].to_numpy()
    changes = np.ones(len(of), bool)
    changes[1:] = (of[1:] != of[:-1]) | (touchpoint[1:] != touchpoint[:-1])
    touchpoint, of = touchpoint[changes], of[changes]

    place = np.searchsorted(wanted, of)
    lengths = np.bincount(place, minlength=len(wanted))
    starts = np.concatenate(([0], np.cumsum(lengths)))[:-1]
    outcome = questions["outcome"].to_numpy(object)[wanted]
    sources, targets, orders, owners = [], [], [], []
    for number, (start, length) in enumerate(zip(starts.tolist(), lengths.tolist(), strict=True)):
        path = [START, *touchpoint[start : start + length], outcome[number]]
        sources += path[:-1]
        targets += path[1:]
        orders += [min(order, longest) for order in range(length + 1)]
        owners += [wanted[number]] * (length + 1)
    edges = pd.DataFrame({"question": owners, "order": orders, "source": sources, "target": targets})
    rows = exposed[["experiment", "variant", "question"]].merge(edges, on="question")
    rows["questions"] = 1
    return add_up(rows.drop(columns="question"), FLOWS, FLOW_KEYS)


def heartbeats_table(exposed: pd.DataFrame, moves: pd.DataFrame) -> pd.DataFrame:
    """`HEARTBEATS`: touchpoints with a heartbeat, counted by phase and by who gave it."""
    beating = moves.loc[moves["heartbeat"].notna(), ["question", "phase", "given", "heartbeat"]]
    if not len(exposed) or not len(beating):
        return empty(HEARTBEATS)
    rows = exposed[["experiment", "variant", "question"]].merge(beating, on="question")
    rows["heartbeat"] = rows["heartbeat"].round().astype("int8")
    rows["touchpoints"] = 1
    return add_up(rows.drop(columns="question"), HEARTBEATS, HEARTBEAT_KEYS)

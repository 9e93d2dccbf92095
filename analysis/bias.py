# SPDX-License-Identifier: EUPL-1.2
"""By how much a report is off: the share of visitors who got their answer as it measures it, against what
simulated visitors know of themselves.

Both sides count for themselves who met which variant and who was answered; no visitor is looked up on the
other side. So what the tracker lost, mistook for a resident or gave another subject is in the difference too.
What matters to a test is that its variants are equally far off.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from experiments.definition import Experiment

UNIT = ["experiment", "variant", "answered"]


def true_units(truth: pd.DataFrame, experiments: Mapping[str, Experiment]) -> pd.DataFrame:
    """One row per person and experiment: `variant` at the first exposure, and whether a question about the
    experiment's task was `answered` in that visit, from the question on in which the exposure happened."""
    met = truth.assign(met=truth["exposures"].str.split(",")).explode("met")
    names = met["met"].fillna("").str.partition("=")
    met = met.assign(experiment=names[0], variant=names[2])
    met = met[met["experiment"].isin(experiments)].sort_values(["visit", "started_at"], kind="stable")
    first = met.drop_duplicates(["experiment", "person"])
    asked = first[["experiment", "variant", "person", "visit", "started_at"]].merge(
        truth[["person", "visit", "task", "started_at", "answered"]],
        on=["person", "visit"],
        suffixes=("", "_asked"),
    )
    task = asked["experiment"].map({name: one.task for name, one in experiments.items()})
    counts = (task.isna() | (task == asked["task"])) & (asked["started_at_asked"] >= asked["started_at"])
    asked["answered"] &= counts
    answered = asked.groupby(["experiment", "variant", "person"])["answered"].any()
    return answered.reset_index()[UNIT]


def bias(true: pd.DataFrame, measured: pd.DataFrame, experiments: Mapping[str, Experiment]) -> pd.DataFrame:
    """Both shares, and how far the measured one is off. One row is one variant of one experiment.

    `measured` has the columns of `UNITS`. Columns: experiment, variant, visitors (true), measured_visitors,
    share_answered (true), share_success (measured), share_off; and, for what is no control, share_effect
    (the true difference with the control) and share_effect_off, which should be nothing.
    """
    sides = {"": true, "measured_": measured}
    counted = [
        side.groupby(["experiment", "variant"])["answered"].agg(["size", "mean"]).add_prefix(name)
        for name, side in sides.items()
    ]
    rows = (
        counted[0]
        .join(counted[1], how="outer")
        .rename(
            columns={
                "size": "visitors",
                "measured_size": "measured_visitors",
                "mean": "share_answered",
                "measured_mean": "share_success",
            }
        )
    )
    rows["share_off"] = rows["share_success"] - rows["share_answered"]
    rows = rows.reset_index()
    control = rows["experiment"].map({name: one.control.name for name, one in experiments.items()})
    is_control = rows["variant"] == control
    base = rows[is_control].set_index("experiment")
    for name, column in (("share_effect", "share_answered"), ("share_effect_off", "share_off")):
        effect = rows[column] - rows["experiment"].map(base[column]).astype(float)
        rows[name] = effect.where(~is_control)
    order = ["visitors", "measured_visitors", "share_answered", "share_success", "share_off"]
    return rows[["experiment", "variant", *order, "share_effect", "share_effect_off"]]

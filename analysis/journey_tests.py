# SPDX-License-Identifier: EUPL-1.2
"""Whether the journeys of two variants differ: transitions, paths as a whole, and how touchpoints felt.

All of it by permuting or clustering on buckets: steps of one question, and questions of one browser, hang
together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from analysis.bucket_table import BucketTable
from analysis.estimates import Estimate, Refusal, Refused, multiplicity, ranks, ratio
from analysis.estimates.permutation import Buckets, edges, total_variation
from analysis.report import Estimand, PathDistance, Result, Transition
from analysis.results import Asked, result
from experiments.definition import Experiment

if TYPE_CHECKING:
    import pandas as pd

#: Draws of the variants: p over all transitions cannot be smaller than one in so many.
DRAWS = 1_999

#: Feelings from worst to best.
FELT = (-1, 0, 1)

BUCKETS = 1000


def transitions(
    experiment: Experiment, table: BucketTable, frame: pd.DataFrame
) -> tuple[tuple[Transition, ...], tuple[PathDistance, ...]]:
    """Every transition with enough support, per question, and the distance between the paths as a whole.

    `frame` holds rows of `analysis.tables.TRANSITIONS` of all days and partitions, in any order. Empty where
    too few buckets are occupied. Several variants are corrected for: `p_any` by Bonferroni, since each is
    the outcome of a step-down within its variant already; the distances by Holm.
    """
    control = experiment.control.name
    comparisons = len(experiment.variants) - 1
    found: list[Transition] = []
    distances: list[PathDistance] = []
    for variant in (one.name for one in experiment.variants[1:]):
        data, names = _paired(table, frame, control, variant)
        tested = edges(data, draws=DRAWS)
        if not isinstance(tested, Refused):
            found += [
                Transition(
                    variant=variant,
                    control=control,
                    source=source,
                    target=target,
                    values=(float(tested.control[place]), float(tested.variant[place])),
                    p_value=float(tested.p[place]),
                    p_any=min(1.0, comparisons * float(tested.p_any[place])),
                )
                for place, (source, target) in enumerate(names)
                if tested.tested[place]
            ]
        apart = total_variation(data, draws=DRAWS)
        if not isinstance(apart, Refused):
            distances.append(
                PathDistance(
                    variant=variant,
                    control=control,
                    distance=apart.value,
                    expected=apart.expected,
                    p_value=apart.p_value,
                )
            )
    adjusted = multiplicity.holm([one.p_value for one in distances])
    return tuple(found), tuple(
        msgspec.structs.replace(one, p_adjusted=p) for one, p in zip(distances, adjusted, strict=True)
    )


def heartbeats(experiment: Experiment, table: BucketTable, frame: pd.DataFrame) -> list[Result]:
    """How touchpoints felt: first how often residents said so, then which version felt better.

    What residents said themselves and what was inferred from clicks are compared apart. `frame` holds rows of
    `analysis.tables.HEARTBEATS`.
    """
    control = experiment.control.name
    results = []
    for variant in (one.name for one in experiment.variants[1:]):
        arms = {name: _felt(frame, name) for name in (control, variant)}
        asked = Asked("heartbeat_responses", "ratio", "higher", Estimand.QUESTION)
        pair = [
            ratio.Clusters(arms[name][True].sum(axis=1), _questions(table, name))
            for name in (control, variant)
        ]
        n = (table.questions(control), table.questions(variant))
        results.append(result(asked, ratio.compare(*pair), variant=variant, control=control, n=n))
        for given, metric in ((True, "heartbeat_given"), (False, "heartbeat_inferred")):
            counts = [arms[name][given] for name in (control, variant)]
            n = (int(counts[0].sum()), int(counts[1].sum()))
            felt: Estimate | Refused = (
                ranks.compare(*(ranks.Ranked(one) for one in counts))
                if min(n)
                else Refused(Refusal.UNMEASURED, "in one of the variants no touchpoint has a heartbeat")
            )
            asked = Asked(metric, "rank", "higher", Estimand.QUESTION)
            results.append(result(asked, felt, variant=variant, control=control, n=n))
    return results


def _paired(
    table: BucketTable, frame: pd.DataFrame, control: str, variant: str
) -> tuple[Buckets, list[tuple[str, str]]]:
    """Transitions by bucket and edge of two variants, and the edges by name."""
    rows = frame[frame["variant"].isin([control, variant])]
    edges_of = rows.groupby(["source", "target"], sort=True)
    named = edges_of.size().reset_index()
    names = list(zip(map(str, named["source"]), map(str, named["target"]), strict=True))
    counts = np.zeros((2 * BUCKETS, len(names)))
    shown = np.arange(2 * BUCKETS) >= BUCKETS
    bucket = rows["bucket"].to_numpy(np.int64) + BUCKETS * (rows["variant"] == variant).to_numpy(np.int64)
    edge = edges_of.ngroup().to_numpy(np.int64)
    np.add.at(counts, (bucket, edge), rows["times"].to_numpy(np.float64))
    of = np.concatenate([_questions(table, control), _questions(table, variant)])
    return Buckets(shown, counts, of), names


def _questions(table: BucketTable, variant: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    rows = table.rows[(table.rows["variant"] == variant) & (table.rows["segment"] == "")]
    found = np.zeros(BUCKETS)
    np.add.at(found, rows["bucket"].to_numpy(np.int64), rows["all_questions"].to_numpy(np.float64))
    return found


def _felt(
    frame: pd.DataFrame, variant: str
) -> Mapping[bool, np.ndarray[tuple[int, int], np.dtype[np.float64]]]:
    """Counts by bucket and feeling, given by residents (True) and inferred (False)."""
    found = {}
    for given in (True, False):
        rows = frame[(frame["variant"] == variant) & (frame["given"] == given)]
        counts = np.zeros((BUCKETS, len(FELT)))
        felt = rows["heartbeat"].to_numpy(np.int64) - FELT[0]
        np.add.at(counts, (rows["bucket"].to_numpy(np.int64), felt), rows["touchpoints"].to_numpy(np.float64))
        found[given] = counts
    return found

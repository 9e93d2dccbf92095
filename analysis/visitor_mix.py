# SPDX-License-Identifier: EUPL-1.2
"""How much of the primary difference is other visitors, and how much is serving the same ones better.

Visitors are drawn by lot, so nearly all of it should be the latter; where it is not, the draw is what to look
at. It describes and decides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

from analysis import balance
from analysis.estimates import Refused, mean
from analysis.estimates.decomposition import kitagawa
from analysis.metrics import Measure
from analysis.second_readings import MIN_LEVEL, summed
from analysis.second_views import Mixture
from experiments.definition import Experiment

if TYPE_CHECKING:
    import pandas as pd


def mixtures(experiment: Experiment, one: Measure, strata: pd.DataFrame) -> tuple[Mixture, ...]:
    """The two parts by each thing that was known at the first exposure, for every variant.

    `strata` holds rows of `analysis.tables.STRATA`. What hangs on the variant (`analysis.balance`) is left
    out: there the variant made the kind of visit.
    """
    column = summed(one)
    if isinstance(column, Refused):
        return ()
    control = experiment.control.name
    names = [variant.name for variant in experiment.variants]
    fair = balance.fair(balance.chances(strata, names))
    return tuple(
        _mixture(one, strata, known, column[0], control, variant) for variant in names[1:] for known in fair
    )


def _mixture(
    one: Measure, strata: pd.DataFrame, known: str, column: str, control: str, variant: str
) -> Mixture:
    blank = Mixture(
        metric=one.asked.metric,
        kind=one.asked.kind,
        unit=one.asked.unit,
        known=known,
        variant=variant,
        control=control,
    )
    sides = _by_kind(strata, known, column, (control, variant))
    if sides is None:
        return msgspec.structs.replace(blank, reason=str(mean.no_units()))
    found = kitagawa(*sides)
    if isinstance(found, Refused):
        return msgspec.structs.replace(blank, reason=str(found))
    units, total, other_units, other_total = (float(side.sum()) for side in sides)
    values = (total / units, other_total / other_units)
    return msgspec.structs.replace(blank, values=values, mix=found.mix, rate=found.rate)


def _by_kind(
    strata: pd.DataFrame, known: str, column: str, variants: Sequence[str]
) -> tuple[NDArray[np.float64], ...] | None:
    """(units, total) of the control and (units, total) of the variant, a place per kind of visitor.

    Kinds that few browsers are of, in all or in one of the variants, are taken together with the rarest kind
    that is left: a rate of nobody is none.
    """
    tables = [
        strata[strata["variant"] == name].groupby(known)[["units", column]].sum().astype(np.float64)
        for name in variants
    ]
    kinds = tables[0].index.union(tables[1].index)
    both = np.stack([table.reindex(kinds, fill_value=0.0).to_numpy() for table in tables])
    both = both[:, np.argsort(both[:, :, 0].sum(axis=0), kind="stable")]  # the rarest first
    if not len(kinds) or not both[:, :, 0].sum(axis=1).all():
        return None
    units = both[:, :, 0]
    rare = (units.sum(axis=0) < MIN_LEVEL) | (units.min(axis=0) < 1)
    # Together they need browsers in both variants: as many of the next kinds as that takes.
    while rare.any() and not rare.all() and not units[:, rare].sum(axis=1).all():
        rare[np.flatnonzero(~rare)[0]] = True
    parts = both[:, ~rare]
    if rare.any():
        parts = np.concatenate([both[:, rare].sum(axis=1, keepdims=True), parts], axis=1)
    return tuple(parts[side, :, of] for side in (0, 1) for of in (0, 1))

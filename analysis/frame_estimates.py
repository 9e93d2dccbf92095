# SPDX-License-Identifier: EUPL-1.2
"""Many metrics of one table at once: from a frame of units in memory to estimates, in one pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from analysis.errors import AnalysisError
from analysis.estimates import Estimate, Refused, Sums, mean, ratio

if TYPE_CHECKING:
    import polars as pl


def estimate(
    units: pl.DataFrame,
    *,
    variant: str,
    bucket: str,
    control: str,
    means: Sequence[str] = (),
    ratios: Mapping[str, tuple[str, str]] | None = None,
) -> dict[str, dict[str, Estimate | Refused]]:
    """Every other variant against the control, on every metric: {variant: {metric: estimate}}.

    Args:
        units: a row per unit.
        variant, bucket: columns of what it was shown, and of what was randomised.
        control: the variant to compare with.
        means: numeric columns, compared by Welch's t.
        ratios: by name a numerator and a denominator, compared as ratios of sums clustered on the bucket.

    Rows are added by variant and bucket, and by nothing smaller, before any variance is taken.

    Raises:
        AnalysisError: a column is missing, or nobody saw the control.
    """
    import polars as pl

    ratios = ratios or {}
    wanted = {variant, bucket, *means, *(name for pair in ratios.values() for name in pair)}
    missing = sorted(wanted - set(units.columns))
    if missing:
        raise AnalysisError(
            f"The table has no column {', '.join(missing)}; it has {', '.join(units.columns)}."
        )
    summed = {name for pair in ratios.values() for name in pair}
    rows = (
        units.lazy()
        .group_by(variant, bucket)
        .agg(
            pl.len().alias("units"),
            *(pl.col(name).sum().cast(pl.Float64).alias(f"{name} sum") for name in sorted({*means, *summed})),
            *(
                pl.col(name).cast(pl.Float64).pow(2).sum().alias(f"{name} squares")
                for name in sorted(set(means))
            ),
        )
        .collect()
    )
    arms = {str(key[0]): part for key, part in rows.group_by(variant)}
    if control not in arms:
        raise AnalysisError(f'Nobody saw the control "{control}". Seen: {", ".join(sorted(arms))}.')
    return {
        name: {
            **{one: mean.compare(_sums(arms[control], one), _sums(arms[name], one)) for one in means},
            **{
                one: ratio.compare(_clusters(arms[control], *pair), _clusters(arms[name], *pair))
                for one, pair in ratios.items()
            },
        }
        for name in sorted(arms)
        if name != control
    }


def _sums(arm: pl.DataFrame, column: str) -> Sums:
    return Sums(
        int(arm["units"].sum()), float(arm[f"{column} sum"].sum()), float(arm[f"{column} squares"].sum())
    )


def _clusters(arm: pl.DataFrame, numerator: str, denominator: str) -> ratio.Clusters:
    columns = (arm[f"{name} sum"].to_numpy().astype(np.float64) for name in (numerator, denominator))
    return ratio.Clusters(*columns)

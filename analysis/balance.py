# SPDX-License-Identifier: EUPL-1.2
"""Whether the variants got the same kinds of visits: what was known at a first exposure may not hang on the
variant.

A draw cannot choose who comes in through a letter. Where the kinds of visits differ more than chance allows,
the variant itself decides it (another address in search engines, a link of its own), and to take that for
something known beforehand would take away a part of what the variant does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import special

from analysis import promises
from analysis.allocation import ALPHA, MIN_EXPECTED
from analysis.report import Check, Status
from analysis.tables import KNOWN

if TYPE_CHECKING:
    import pandas as pd


def chances(strata: pd.DataFrame, variants: Sequence[str]) -> dict[str, float]:
    """For each thing known, the chance of such unlike kinds of visits: χ² of variant by value.

    `strata` holds rows of `analysis.tables.STRATA`. Values with an expected count below 5 are taken together;
    what has one value only is left out. Source: K. Pearson, Philosophical Magazine 50 (1900).
    """
    rows = strata[strata["variant"].isin(list(variants))]
    found: dict[str, float] = {}
    for name in KNOWN:
        counted = rows.pivot_table(index="variant", columns=name, values="units", aggfunc="sum", fill_value=0)
        table = _pooled(counted.to_numpy(np.float64))
        if min(table.shape) < 2:
            continue
        expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
        statistic = float(((table - expected) ** 2 / expected).sum())
        found[name] = float(special.chdtrc((table.shape[0] - 1) * (table.shape[1] - 1), statistic))
    return found


def fair(chances: Mapping[str, float]) -> tuple[str, ...]:
    """What may be taken as known beforehand (Bonferroni over all that is)."""
    return tuple(name for name in KNOWN if chances.get(name, 1.0) >= ALPHA / len(KNOWN))


def checks(strata: pd.DataFrame, variants: Sequence[str]) -> tuple[Check, ...]:
    """Whether the kinds of visits are alike; it only warns, since the draw itself is checked elsewhere."""
    found = chances(strata, variants)
    if not found:
        return ()
    unlike = [name for name in KNOWN if name not in fair(found)]
    told = ", ".join(f"{name} p {p:.3g}" for name, p in found.items())
    status = Status.WARN if unlike else Status.PASS
    detail = f"kinds of visits by variant: {told}" + (f"; not used: {', '.join(unlike)}" if unlike else "")
    least = min(1.0, len(KNOWN) * min(found.values()))
    return (promises.check("kindsOfVisit", status, detail, p_value=least),)


def _pooled(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Columns with a small expected count added into one; left out where even together they are few."""
    total = table.sum()
    if not total:
        return np.zeros((0, 0))
    least = table.sum(axis=1).min() * table.sum(axis=0) / total
    rare = least < MIN_EXPECTED
    rest = table[:, rare].sum(axis=1, keepdims=True)
    kept = table[:, ~rare]
    return np.hstack([kept, rest]) if rest.sum() * table.sum(axis=1).min() / total >= MIN_EXPECTED else kept

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
from analysis.phrases.checks import OWN_ADDRESSES
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
        table = _pooled(_counted(rows, name).to_numpy(np.float64))
        if min(table.shape) < 2:
            continue
        expected = _expected(table)
        statistic = float(((table - expected) ** 2 / expected).sum())
        found[name] = float(special.chdtrc((table.shape[0] - 1) * (table.shape[1] - 1), statistic))
    return found


def fair(chances: Mapping[str, float]) -> tuple[str, ...]:
    """What may be taken as known beforehand (Bonferroni over all that is)."""
    return tuple(name for name in KNOWN if chances.get(name, 1.0) >= ALPHA / len(KNOWN))


def checks(strata: pd.DataFrame, variants: Sequence[str]) -> tuple[Check, ...]:
    """Whether the kinds of visits are alike; it only warns, since the draw itself is checked elsewhere.

    Where each variant has addresses of its own, and one sends on to the other's, landing pages differ and
    visits do not: then the page is only not used.
    """
    found = chances(strata, variants)
    if not found:
        return ()
    unlike = [name for name in KNOWN if name not in fair(found)]
    told = ", ".join(f"{name} p {p:.3g}" for name, p in found.items())
    detail = f"kinds of visits by variant: {told}" + (f"; not used: {', '.join(unlike)}" if unlike else "")
    status, sentence = (Status.WARN if unlike else Status.PASS), None
    if unlike == ["landing"]:
        found = chances(_same_name_for_own(strata, variants), variants)
        if not [name for name in KNOWN if name not in fair(found)]:
            status, sentence = Status.PASS, dict(OWN_ADDRESSES)
            detail += f"; p {found.get('landing', 1.0):.3g} where a variant's own addresses count as one"
    least = min([1.0, *(len(KNOWN) * p for p in found.values())])
    return (promises.check("kindsOfVisit", status, detail, p_value=least, sentence=sentence),)


def _same_name_for_own(strata: pd.DataFrame, variants: Sequence[str]) -> pd.DataFrame:
    """One landing page for all that some variant never has, though visits were to be expected there."""
    rows = strata[strata["variant"].isin(list(variants))]
    counted = _counted(rows, "landing")
    table = counted.to_numpy(np.float64)
    expected = _expected(table)
    own = counted.columns[((table == 0) & (expected >= MIN_EXPECTED)).any(axis=0)]
    return rows.assign(landing=rows["landing"].mask(rows["landing"].isin(own), "(own)"))


def _counted(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """Units of each variant by value of what is known."""
    return rows.pivot_table(index="variant", columns=name, values="units", aggfunc="sum", fill_value=0)


def _expected(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """What each cell would have if the value did not hang on the variant."""
    expected: NDArray[np.float64] = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return expected


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

# SPDX-License-Identifier: EUPL-1.2
"""Several questions asked of one experiment: p-values adjusted so that the whole keeps its promise.

A None stands for a comparison that was refused: it stays None and does not count, since it cannot reject.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray


def holm(p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Adjusted p by Holm's step-down: the chance of *any* false alarm stays below α.

    For secondary metrics and for several variants on the primary one.
    Source: S. Holm, Scandinavian Journal of Statistics 6 (1979).

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """

    def adjust(ordered: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.maximum.accumulate(ordered * np.arange(len(ordered), 0, -1))

    return _adjusted(p_values, adjust)


def benjamini_hochberg(p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Adjusted p by Benjamini-Hochberg: the expected share of false alarms among the findings stays below α.

    For exploration, such as segments. Source: Benjamini & Hochberg, J. R. Statist. Soc. B 57 (1995).

    >>> [round(p, 4) for p in benjamini_hochberg([0.005, 0.06, 0.007, 0.04, 0.01, 0.03])]
    [0.02, 0.06, 0.02, 0.048, 0.02, 0.045]
    """

    def adjust(ordered: NDArray[np.float64]) -> NDArray[np.float64]:
        scaled = ordered * len(ordered) / np.arange(1, len(ordered) + 1)
        return np.minimum.accumulate(scaled[::-1])[::-1]

    return _adjusted(p_values, adjust)


def _adjusted(
    p_values: Sequence[float | None], adjust: Callable[[NDArray[np.float64]], NDArray[np.float64]]
) -> tuple[float | None, ...]:
    """`adjust` over the p-values in rising order, given back in the order they came in."""
    known = np.array([p for p in p_values if p is not None], dtype=np.float64)
    order = np.argsort(known, kind="stable")
    adjusted = np.empty_like(known)
    adjusted[order] = np.minimum(adjust(known[order]), 1.0)
    values = iter(adjusted.tolist())
    return tuple(None if p is None else next(values) for p in p_values)

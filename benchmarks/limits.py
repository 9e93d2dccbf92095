# SPDX-License-Identifier: EUPL-1.2
"""What a benchmark aims at, printed beside its figure, and whether that was met."""

from __future__ import annotations


def verdict(
    what: str,
    value: float,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    judged: bool = True,
) -> bool:
    """Print a figure with its aim; whether that was met.

    With `judged=False`, for a run too small to say, the aim is printed and nothing can be missed.

    >>> verdict("events/s of one core", 462_000, at_least=400_000)
    events/s of one core: 462,000 (aim: at least 400,000; met)
    True
    >>> verdict("times a tenth", 11.2, at_most=11)
    times a tenth: 11.200 (aim: at most 11; MISSED)
    False
    """
    if (at_least is None) == (at_most is None):
        raise ValueError(f"{what}: expected an aim of at_least or of at_most, one of them.")
    if at_least is not None:
        met, aim = value >= at_least, f"at least {at_least:,}"
    if at_most is not None:
        met, aim = value <= at_most, f"at most {at_most:,}"
    said = ("met" if met else "MISSED") if judged else "not judged at this size"
    print(f"{what}: {f'{value:,.0f}' if abs(value) >= 1000 else f'{value:.3f}'} (aim: {aim}; {said})")
    return met or not judged

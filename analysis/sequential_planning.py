# SPDX-License-Identifier: EUPL-1.2
"""What looking on the way costs: how many times larger a test must be planned, for the same power."""

from __future__ import annotations

from scipy import optimize, special

from analysis.estimates import LEVEL
from analysis.estimates.group_sequential import Design, crossing
from analysis.estimates.sequences import Mixture
from experiments.definition import Looks


def inflation(looks: Looks, days: int, *, power: float = 0.8, level: float = LEVEL) -> float:
    """The factor by which the planned size grows, with a look at the end of each of `days` even days.

    Power counts every boundary crossed by the end, on either side. For the confidence sequence, which goes on
    for ever, the end is the size it is tuned to.

    >>> inflation(Looks.END, 14), round(inflation(Looks.DAILY, 14), 3)
    (1.0, 1.042)
    """
    if days < 1:
        raise ValueError(f"{days} days were given; expected at least one")
    if looks is Looks.END:
        return 1.0
    shares = [(day + 1) / days for day in range(days)]
    if looks is Looks.DAILY:
        return max(1.0, Design(level=level).inflation(shares, power))
    # The sequence's boundary hangs on the share of N* alone, so any N* will do.
    mixture = Mixture(1.0, level)
    bounds = [mixture.critical(share) for share in shares]

    def missing(drift: float) -> float:
        upper, lower = crossing(shares, bounds, drift)
        return float(upper.sum() + lower.sum()) - power

    once = float(special.ndtri((1 + level) / 2))

    def missing_once(drift: float) -> float:
        return float(special.ndtr(drift - once) + special.ndtr(-drift - once)) - power

    needed, single = (float(optimize.brentq(one, 0.0, 12.0, xtol=1e-9)) for one in (missing, missing_once))
    return (needed / single) ** 2

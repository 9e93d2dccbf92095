# SPDX-License-Identifier: EUPL-1.2
"""Outcomes that can only be ranked: how often a visitor of the variant did better than one of the control.

For the heartbeat (bad, neutral, good), and for the one ranked outcome in which those who gave up stand below
those who phoned, and they below everyone who found it, sooner or later: finishers alone say nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analysis.estimates import LEVEL, Arm, Estimate, Pair, Refused, mean, ratio, skewness
from analysis.estimates.permutation import MIN_SHARE, shuffled, studentised_p
from analysis.estimates.survival import HORIZON_S, Ends

MIN_UNITS = 20

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ranked:
    """Counts of one variant: a row per cluster (bucket, or unit), a column per category, the worst first.

    With `apart`, no row hangs together with another: one line of counts is enough, however many units it has.
    """

    counts: Floats
    apart: bool = False

    @property
    def totals(self) -> Floats:
        found: Floats = self.counts.sum(axis=0)
        return found


def compare(
    control: Ranked, variant: Ranked, *, level: float = LEVEL, null: float = 0.0
) -> Estimate | Refused:
    """How often the variant wins and how often the control does, out of all pairs of one row of each.

    `values` are (P(control wins), P(variant wins)), ties shared; their difference lies between -1 and 1. The
    variance is that of the Brunner-Munzel test with its placements summed by cluster: where each row is its
    own cluster, it is that test.

    `Refused` for fewer than 20 rows in a variant, fewer than 20 occupied clusters, one that holds more than
    15 %, or where all rows are alike.

    Source: Brunner & Munzel, Biometrical Journal 42 (2000); Obuchowski, Biometrics 53 (1997), for clusters.
    """
    arms = _arms(control, variant)
    if isinstance(arms, Refused):
        return arms
    if skewness.deciding(*arms) < skewness.MIN_DECIDING:
        return mean.heavy_tail()
    # Brunner and Munzel's test as it is: shares of pairs have no tail that a correction would mend.
    left, right = (replace(one, third=0.0) for one in arms)
    found = mean.contrast(
        left, right, level=level, null=null, method="win probability, Brunner–Munzel, clustered"
    )
    if isinstance(found, Refused):
        return found
    return Estimate(
        n=(int(control.totals.sum()), int(variant.totals.sum())),
        values=found.values,
        # One probability says it all, so both values have the same uncertainty: half the difference's.
        value_cis=(_half(found.values[0], found), _half(found.values[1], found)),
        difference=found.difference,
        ci=(max(-1.0, found.ci[0]), min(1.0, found.ci[1])),
        p_value=found.p_value,
        relative=None,
        relative_ci=None,
        method=found.method,
        null=null,
    )


def permuted(control: Ranked, variant: Ranked, *, draws: int = 1_999, seed: int = 0) -> float | Refused:
    """p of no difference by permuting the variants of the clusters: of the *studentised* win probability.

    Studentised, so that it holds for unequal spreads and cluster sizes too; for few clusters, where the t
    distribution is only a guess. Source: Janssen & Pauls, Annals of Statistics 31 (2003); Neubert & Brunner,
    Computational Statistics & Data Analysis 51 (2007).
    """
    if control.apart or variant.apart:
        raise ValueError("independent rows were given; permuting is for clusters, such as buckets")
    seen = _t(control, variant)
    if isinstance(seen, Refused):
        return seen
    pooled = np.concatenate([control.counts, variant.counts])
    size = len(control.counts)
    beyond = 0
    for labels in shuffled(len(pooled), size, draws, seed):
        again = _t(Ranked(pooled[~labels]), Ranked(pooled[labels]), checked=False)
        beyond += not isinstance(again, Refused) and abs(again) >= abs(seen) * (1 - 1e-12)
    return studentised_p(beyond, draws)


def independent(counts: Sequence[float]) -> Ranked:
    """Rows that hang together with no other, from the counts per category.

    >>> independent([1, 2]).totals.tolist()
    [1.0, 2.0]
    """
    return Ranked(np.asarray(counts, dtype=np.float64)[None, :], apart=True)


def of_ends(control: Ends, variant: Ends, horizon_s: float = HORIZON_S) -> tuple[Ranked, Ranked]:
    """How browsers ended, ranked: answered sooner > later > answered elsewhere > not answered by the horizon.

    Whoever was lost from sight before the horizon counts as not answered: nothing better was seen.
    Source of the idea: Pocock et al., European Heart Journal 33 (2012), the win ratio.
    """
    times = np.union1d(control.time_s, variant.time_s)
    times = times[times <= horizon_s]

    def ranked(data: Ends) -> Ranked:
        in_time = data.time_s <= horizon_s
        answered = np.zeros(len(times))
        answered[np.searchsorted(times, data.time_s[in_time])] = data.answered[in_time]
        elsewhere = float(data.elsewhere[in_time].sum())
        others = data.n - float(answered.sum()) - elsewhere
        return independent([others, elsewhere, *answered[::-1].tolist()])

    return ranked(control), ranked(variant)


def _half(value: float, found: Estimate) -> Pair:
    half = (found.ci[1] - found.ci[0]) / 4
    return max(0.0, value - half), min(1.0, value + half)


def _arms(control: Ranked, variant: Ranked, *, checked: bool = True) -> tuple[Arm, Arm] | Refused:
    """Two arms whose difference is P(variant wins) - P(control wins), each with the noise of its own rows."""
    totals = control.totals, variant.totals
    n = [float(one.sum()) for one in totals]
    if min(n) == 0:
        return mean.no_units()
    if checked and min(n) < MIN_UNITS:
        return mean.too_few_units(int(min(n)), MIN_UNITS)
    wins = []
    for own, other in ((0, 1), (1, 0)):
        share = totals[other] / n[other]
        # The chance of this category to beat a row of the other variant, ties counted half.
        placement = np.cumsum(share) - share / 2
        found = _arm((control, variant)[own], placement, checked=checked)
        if isinstance(found, Refused):
            return found
        # θ rests on both arms: the difference of the two values is 2θ - 1, and its error twice that of θ.
        wins.append(Arm(found.n, found.value, 4 * found.variance, found.df, 8 * found.third))
    return wins[0], wins[1]


def _arm(rows: Ranked, placement: Floats, *, checked: bool) -> Arm | Refused:
    """The mean placement of a variant's rows, with its noise."""
    if rows.apart:
        counts = rows.totals
        n = float(counts.sum())
        value = float(counts @ placement) / n
        off = placement - value
        return Arm(
            int(n), value, float(counts @ off**2) / (n * (n - 1)), n - 1, float(counts @ off**3) / n**3
        )
    y, x = rows.counts @ placement, rows.counts.sum(axis=1)
    return ratio.arm(ratio.Clusters(y, x)) if checked else _plain(y, x)


def _plain(y: Floats, x: Floats) -> Arm:
    """As `ratio.arm`, without what it refuses: inside a permutation all draws must count."""
    size = float(x.sum())
    value = float(y.sum()) / size
    variance = float((((y - value * x) ** 2) / np.maximum(1 - x / size, MIN_SHARE)).sum()) / size**2
    return Arm(int((x > 0).sum()), value, variance, max(1.0, float((x > 0).sum()) - 1))


def _t(control: Ranked, variant: Ranked, *, checked: bool = True) -> float | Refused:
    arms = _arms(control, variant, checked=checked)
    if isinstance(arms, Refused):
        return arms
    spread = arms[0].variance + arms[1].variance
    if not spread > 0:
        return mean.no_variation()
    return float((arms[1].value - arms[0].value) / np.sqrt(spread))

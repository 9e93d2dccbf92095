# SPDX-License-Identifier: EUPL-1.2
"""The draw done over, thousands of times: what differences does chance alone make between the variants?

Buckets were randomised, so buckets change their variant; everything of a bucket goes with it. Statistics are
studentised: without that, unequal numbers of buckets or unequal spreads are taken for a difference.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.estimates import Refusal, Refused
from analysis.estimates.multiplicity import benjamini_hochberg
from analysis.estimates.ratio import MIN_OCCUPIED

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

#: Occurrences in both variants together, and buckets that hold them, below which an edge is not tested.
MIN_SUPPORT = 20
MIN_BUCKETS = 10

#: Draws below which Benjamini-Hochberg over hundreds of edges could never find anything.
BH_DRAWS = 8_000

#: Guards a division where one cluster holds everything in a draw.
MIN_SHARE = 1e-6

_AT_ONCE = 500  # draws per multiplication: 500 × 1,000 labels are 4 MB


@dataclass(frozen=True, slots=True)
class Buckets:
    """Per bucket (row): its variant, what is counted (a column per edge), and out of how many.

    `of` is one column (questions) or as many as `counts` has (departures from the edge's source).
    """

    shown: Bools  # True: the variant, False: the control
    counts: Floats
    of: Floats


@dataclass(frozen=True, slots=True)
class Edges:
    """Per edge: shares per variant, their studentised difference, p by itself, over all edges, and by rate.

    `tested` is False where support is too small; p is 1 there and means nothing. `p_any` holds over all
    tested edges together (max-T); `p_rate` (Benjamini-Hochberg) only where enough draws were made, else None.
    """

    control: Floats
    variant: Floats
    t: Floats
    tested: Bools
    p: Floats
    p_any: Floats
    p_rate: Floats | None
    draws: int


def edges(data: Buckets, *, draws: int = 9_999, seed: int = 0, support: int = MIN_SUPPORT) -> Edges | Refused:
    """Which transitions differ between two variants: max-T over studentised differences of clustered ratios.

    p = (b + 1)/(B + 1); max-T steps down from the largest difference. `Refused` where a variant has fewer
    than 20 occupied buckets, or no edge has enough support.

    Source: Westfall & Young, Resampling-Based Multiple Testing (1993), algorithm 2.8; Phipson & Smyth,
    Statistical Applications in Genetics and Molecular Biology 9 (2010), for (b+1)/(B+1).
    """
    _check(data)
    whole = data.of[:, None] if data.of.ndim == 1 else data.of
    occupied = whole.sum(axis=1) > 0
    shown, counts, of = data.shown[occupied], data.counts[occupied], whole[occupied]
    least = min(int(shown.sum()), int((~shown).sum()))
    if least < MIN_OCCUPIED:
        detail = f"{least} hold anyone in one of the variants, at least {MIN_OCCUPIED} are needed"
        return Refused(Refusal.TOO_FEW_BUCKETS, detail)
    total = counts.sum(axis=0)
    tested = (total >= support) & ((counts > 0).sum(axis=0) >= MIN_BUCKETS)
    if of.shape[1] > 1:
        tested &= of.sum(axis=0) >= support
    # An edge that every bucket takes equally often does not vary, and is not tested either.
    usual = total / np.maximum(of.sum(axis=0), 1e-300)
    tested &= ((counts - usual * of) ** 2).sum(axis=0) > 1e-9
    if not tested.any():
        return Refused(Refusal.NO_EVENTS, f"no transition occurred {support} times in {MIN_BUCKETS} buckets")
    chosen = _Sums.of(counts[:, tested], of[:, tested] if of.shape[1] > 1 else of)
    seen, shares = chosen.t(shown.astype(np.float64)[None, :])
    order = np.argsort(-np.abs(seen[0]), kind="stable")
    limit = np.abs(seen[0])[order] * (1 - 1e-12)
    alone, any_of = np.zeros(len(order)), np.zeros(len(order))
    for labels in _batches(shown, draws, seed):
        drawn = np.abs(chosen.t(labels)[0])[:, order]
        alone += (drawn >= limit).sum(axis=0)
        # Step-down: each edge against the largest of those that were no larger than it.
        np.maximum.accumulate(drawn[:, ::-1], axis=1, out=drawn[:, ::-1])
        any_of += (drawn >= limit).sum(axis=0)
    p_any = np.maximum.accumulate((any_of + 1) / (draws + 1))
    back = np.argsort(order, kind="stable")

    def spread(values: Floats, empty: float) -> Floats:
        found = np.full(len(tested), empty)
        found[tested] = values
        return found

    p = (alone[back] + 1) / (draws + 1)
    rate = np.array(benjamini_hochberg(p.tolist()), dtype=np.float64) if draws >= BH_DRAWS else None
    return Edges(
        control=spread(shares[0], np.nan),
        variant=spread(shares[1], np.nan),
        t=spread(seen[0], np.nan),
        tested=tested,
        p=spread(p, 1.0),
        p_any=spread(p_any[back], 1.0),
        p_rate=None if rate is None else spread(rate, 1.0),
        draws=draws,
    )


@dataclass(frozen=True, slots=True)
class Distance:
    """Total variation between two distributions: the share that would have to move; with its p."""

    value: float
    expected: float  # what chance alone makes of it, on average
    p_value: float
    draws: int


def total_variation(data: Buckets, *, draws: int = 1_999, seed: int = 0) -> Distance | Refused:
    """Whether two variants' paths (a column per path) are distributed alike: ½ Σ |share - share|.

    Chance alone makes it positive, so it stands beside what permuted buckets give. One test for the whole
    picture; which paths differ is for `edges`. Buckets are exchangeable where the variant does nothing.

    Source: Székely & Rizzo, InterStat (2004), for permuting a distance between distributions.
    """
    _check(data)
    occupied = data.counts.sum(axis=1) > 0
    shown, counts = data.shown[occupied], data.counts[occupied]
    if int((counts.sum(axis=0) > 0).sum()) == 1:
        return Refused(Refusal.NO_VARIATION, "there is one path only, and no distance follows from that")
    least = min(int(shown.sum()), int((~shown).sum()))
    if least < MIN_OCCUPIED:
        detail = f"{least} hold anyone in one of the variants, at least {MIN_OCCUPIED} are needed"
        return Refused(Refusal.TOO_FEW_BUCKETS, detail)
    whole = counts.sum(axis=0)

    def distance(labels: Floats) -> Floats:
        theirs = labels @ counts
        mine = whole - theirs
        shares = theirs / theirs.sum(axis=1, keepdims=True) - mine / mine.sum(axis=1, keepdims=True)
        found: Floats = np.abs(shares).sum(axis=1) / 2
        return found

    seen = float(distance(shown.astype(np.float64)[None, :])[0])
    drawn = np.concatenate([distance(labels) for labels in _batches(shown, draws, seed)])
    beyond = int((drawn >= seen * (1 - 1e-12)).sum())
    return Distance(seen, float(drawn.mean()), studentised_p(beyond, draws), draws)


def studentised_p(beyond: int, draws: int) -> float:
    """(b + 1)/(B + 1): the draw that really happened counts as one of them, so p is never 0."""
    return (beyond + 1) / (draws + 1)


def shuffled(buckets: int, control: int, draws: int, seed: int) -> Iterator[Bools]:
    """Labels of as many buckets in new random orders: `control` of them False."""
    rng = np.random.Generator(np.random.Philox(seed))
    labels = np.arange(buckets) >= control
    for _ in range(draws):
        yield rng.permutation(labels)


@dataclass(frozen=True, slots=True)
class _Sums:
    """Per bucket what the variance of a ratio is made of, so that a draw is one multiplication."""

    parts: Floats  # y | x | y² | xy | x²
    edges: int
    denominators: int

    @classmethod
    def of(cls, y: Floats, x: Floats) -> _Sums:
        parts = np.concatenate([y, x, y * y, x * y, x * x], axis=1)
        return cls(parts, y.shape[1], x.shape[1])

    def t(self, labels: Floats) -> tuple[Floats, tuple[Floats, Floats]]:
        """Studentised differences, (draws × edges), and the two shares of the first draw."""
        theirs = labels @ self.parts
        right_share, right = self._ratio(theirs)
        left_share, left = self._ratio(self.parts.sum(axis=0) - theirs)
        error = np.sqrt(right + left)
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(error > 0, (right_share - left_share) / error, 0.0)
        return t, (left_share[0], right_share[0])

    def _ratio(self, sums: Floats) -> tuple[Floats, Floats]:
        """R = Σy/Σx and Σ(y - Rx)²/(Σx)², the delta method's variance."""
        e, d = self.edges, self.denominators
        y, x, yy, xy, xx = np.split(sums, np.cumsum([e, d, e, e]), axis=1)
        x = np.maximum(x, 1e-300)
        share = y / x
        return share, np.maximum(yy - 2 * share * xy + share * share * xx, 0.0) / (x * x)


def _batches(shown: Bools, draws: int, seed: int) -> Iterator[Floats]:
    """`draws` random orders of the labels, some hundreds at a time."""
    rng = np.random.Generator(np.random.Philox(seed))
    labels = shown.astype(np.float64)
    for start in range(0, draws, _AT_ONCE):
        count = min(_AT_ONCE, draws - start)
        yield rng.permuted(np.broadcast_to(labels, (count, len(labels))), axis=1)


def _check(data: Buckets) -> None:
    rows = len(data.shown)
    if len(data.counts) != rows or len(data.of) != rows:
        raise ValueError(
            f"{rows} buckets, {len(data.counts)} rows of counts and {len(data.of)} of denominators; expected "
            "as many of each"
        )
    if not (np.isfinite(data.counts).all() and np.isfinite(data.of).all()):
        raise ValueError("a count is no number; expected counts of 0 or more")
    if (data.counts < 0).any() or (data.of < 0).any():
        raise ValueError("a count is negative; expected counts of 0 or more")

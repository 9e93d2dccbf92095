# SPDX-License-Identifier: EUPL-1.2
"""What one process did since it started, for who watches it (`tracker.metrics`).

Nothing is counted twice and nothing for each beacon: what was stored or dropped is added once for each group,
from the very tally that goes to the ledger, and of the answers only those that are no success are counted.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

from tracker import ledger

GROUP_EVENTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)
STORE_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)


class Histogram:
    """How often a value lay at or below each of a few bounds; one place more for what lay above all."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class Counts:
    """Counters that only grow. `refused` counts answers by status, of 400 and above."""

    __slots__ = ("groups", "ledger", "refused", "store_failures", "store_s")

    def __init__(self) -> None:
        self.ledger: dict[ledger.Field, int] = {}
        self.refused: Counter[int] = Counter()
        self.store_failures = 0
        self.groups = Histogram(GROUP_EVENTS)
        self.store_s = Histogram(STORE_SECONDS)

    def stored(self, tally: ledger.Tally, *, events: int, seconds: float) -> None:
        """A group was acknowledged: what it told the ledger, its size, and how long the store took."""
        mine = self.ledger
        for counts in tally:
            for field, count in counts.items():  # faster than `update`
                mine[field] = mine.get(field, 0) + count
        self.groups.observe(events)
        self.store_s.observe(seconds)

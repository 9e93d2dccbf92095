# SPDX-License-Identifier: EUPL-1.2
"""What is set aside, counted by reason: nothing is dropped from a table without a row of its own."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from analysis.events import Ints
from analysis.frames import build
from analysis.tables import SET_ASIDE


@dataclass(slots=True)
class Aside:
    """Counts of what is set aside, by (partition, table, experiment, reason)."""

    counts: Counter[tuple[int, str, str, str]] = field(default_factory=Counter)

    def add(self, table: str, experiment: str, reason: str, partitions: Ints) -> None:
        """Add one row for each of those partitions."""
        numbers, counts = np.unique(partitions, return_counts=True)
        for partition, rows in zip(numbers.tolist(), counts.tolist(), strict=True):
            self.counts[partition, table, experiment, reason] += rows

    def table(self) -> pl.DataFrame:
        """`SET_ASIDE`."""
        rows = [(*key, count) for (_, *key), count in sorted(self.counts.items())]
        names = ("table", "experiment", "reason")
        texts = {
            name: pl.Series([row[place] for row in rows], dtype=pl.String) for place, name in enumerate(names)
        }
        return build({**texts, "rows": pl.Series([row[3] for row in rows], dtype=pl.Int64)}, SET_ASIDE)

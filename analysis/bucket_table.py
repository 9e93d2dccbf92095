# SPDX-License-Identifier: EUPL-1.2
"""The bucket table of an experiment: what most estimators see, and all they see.

An experiment of any size ends as a row per (segment, variant, bucket). It is the sum of the day tables'
rows, taken before any variance: a bucket spans days and partitions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.estimates import Sums
from analysis.estimates.ratio import Clusters
from analysis.estimates.survival import Ends, ends
from analysis.tables import Cause

if TYPE_CHECKING:
    import pandas as pd

_KEYS = ["segment", "variant", "bucket"]
_CAUSES = {Cause.CENSORED: 0, Cause.ANSWERED: 1, Cause.CHANNEL_SHIFT: 2, Cause.ABANDONED: 3}


@dataclass(frozen=True, slots=True)
class BucketTable:
    """Added rows of `analysis.tables.BUCKETS` and `TIMES`, by segment ('' for everyone) and variant."""

    rows: pd.DataFrame
    times: pd.DataFrame

    @classmethod
    def of(cls, buckets: pd.DataFrame, times: pd.DataFrame) -> BucketTable:
        """The table of day-table rows of one experiment, of any days and partitions, in any order."""
        numbers = [name for name in buckets.columns if name not in {*_KEYS, "experiment", "day", "partition"}]
        rows = buckets.groupby(_KEYS, sort=True)[numbers].sum().reset_index()
        keys = ["segment", "variant", "time_s", "cause"]
        return cls(rows, times.groupby(keys, sort=True)["units"].sum().reset_index())

    @property
    def segments(self) -> tuple[str, ...]:
        """Segments that have a value: 'viewport=s', but neither '' nor 'viewport='."""
        return tuple(s for s in sorted(self.rows["segment"].unique()) if s and not s.endswith("="))

    def units(self, variant: str, segment: str = "") -> int:
        return int(self._rows(variant, segment)["units"].sum())

    def visitors(self, variant: str) -> int:
        """Browsers of each DAY, returns included; first exposures where the table does not hold them."""
        rows = self._rows(variant, "")
        return int(rows["visitors" if "visitors" in rows else "units"].sum())

    def questions(self, variant: str) -> int:
        return int(self._rows(variant, "")["all_questions"].sum())

    def total(self, column: str, variant: str, segment: str = "") -> float:
        return float(self._rows(variant, segment)[column].sum())

    def sums(self, column: str, variant: str, segment: str = "") -> Sums:
        """Sums over browsers at their first exposure."""
        rows = self._rows(variant, segment)
        return Sums(
            int(rows["units"].sum()),
            float(rows[f"{column}_sum"].sum()),
            float(rows[f"{column}_squares"].sum()),
        )

    def clusters(self, numerator: str, denominator: str, variant: str, segment: str = "") -> Clusters:
        """Two columns, one entry per bucket."""
        rows = self._rows(variant, segment)
        return Clusters(rows[numerator].to_numpy(np.float64), rows[denominator].to_numpy(np.float64))

    def ends(self, variant: str, segment: str = "") -> Ends:
        """How and when the first question of each browser ended."""
        times = self.times[(self.times["variant"] == variant) & (self.times["segment"] == segment)]
        cause = np.array([_CAUSES[Cause(name)] for name in times["cause"]], dtype=np.int64)
        return ends(times["time_s"].to_numpy(np.float64), cause, times["units"].to_numpy(np.float64))

    def units_by_bucket(self) -> dict[int, int]:
        rows = self.rows[self.rows["segment"] == ""].groupby("bucket")["units"].sum().reset_index()
        return {int(bucket): int(units) for bucket, units in zip(rows["bucket"], rows["units"], strict=True)}

    def _rows(self, variant: str, segment: str) -> pd.DataFrame:
        return self.rows[(self.rows["variant"] == variant) & (self.rows["segment"] == segment)]

# SPDX-License-Identifier: EUPL-1.2
"""The bucket table of an experiment: what most estimators see, and all they see.

An experiment of any size ends as a row per (segment, variant, bucket). It is the sum of the day tables'
rows, taken before any variance: a bucket spans days and partitions.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analysis.estimates import Sums
from analysis.estimates.ratio import Clusters
from analysis.estimates.survival import Ends, ends
from analysis.tables import COUNTED, Cause

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

_KEYS = ["segment", "variant", "bucket"]
_TIMES = ["segment", "variant", "time_s", "cause"]
_VALUES = ["segment", "variant", "measure", "value"]
_CAUSES = {Cause.CENSORED: 0, Cause.ANSWERED: 1, Cause.CHANNEL_SHIFT: 2, Cause.ABANDONED: 3}


@dataclass(frozen=True, slots=True)
class BucketTable:
    """Added rows of `tables.BUCKETS`, `TIMES` and `VALUES`, by segment ('' for everyone) and variant.

    `values` holds the counts as promised; None where a table was made without them.
    """

    rows: pd.DataFrame
    times: pd.DataFrame
    values: pd.DataFrame | None = None

    @classmethod
    def of(
        cls, buckets: pd.DataFrame, times: pd.DataFrame, values: pd.DataFrame | None = None
    ) -> BucketTable:
        """The table of day-table rows of one experiment, of any days and partitions, in any order."""
        numbers = [name for name in buckets.columns if name not in {*_KEYS, "experiment", "day", "partition"}]
        rows = buckets.groupby(_KEYS, sort=True)[numbers].sum().reset_index()
        return cls(rows, _added(times, _TIMES), None if values is None else _added(values, _VALUES))

    @property
    def segments(self) -> tuple[str, ...]:
        """Segments that have a value: 'viewport=s', but neither '' nor 'viewport='.

        Of columns that hold every browser: days that were closed before a column was a segment have no rows
        of it, and what the other days say is not the experiment.
        """
        units = self.rows.groupby("segment", sort=True)["units"].sum().reset_index()
        held = {str(name): int(n) for name, n in zip(units["segment"], units["units"], strict=True)}
        of_column = Counter[str]()
        for segment, browsers in held.items():
            of_column[segment.partition("=")[0]] += browsers
        return tuple(
            segment
            for segment in held
            if segment and not segment.endswith("=") and of_column[segment.partition("=")[0]] == held.get("")
        )

    def units(self, variant: str, segment: str = "") -> int:
        return int(self._rows(variant, segment)["units"].sum())

    def visitors(self, variant: str) -> int:
        """Browsers of each DAY, returns included; first exposures where the table does not hold them."""
        rows = self._rows(variant, "")
        return int(rows["visitors" if "visitors" in rows else "units"].sum())

    def questions(self, variant: str) -> int:
        return int(self._rows(variant, "")["all_questions"].sum())

    def everyone(self, variant: str) -> pd.DataFrame:
        """The variant's rows over all segments together, one per bucket."""
        return self._rows(variant, "")

    def total(self, column: str, variant: str, segment: str = "") -> float:
        return float(self._rows(variant, segment)[column].sum())

    def sums(self, column: str, variant: str, segment: str = "", *, cap: float | None = None) -> Sums:
        """Sums over browsers at their first exposure, each value cut at `cap` where there is one.

        Of a count they hold the cubes too, so that an estimator sees where a few values decide everything.
        Raises `LookupError` for a cap on what is not counted.
        """
        counted = self.counted(column, variant, segment)
        if counted is not None:
            values, units = counted
            values = values if cap is None else np.minimum(values, cap)
            powers = (float((units * values**power).sum()) for power in (1, 2, 3))
            return Sums(int(units.sum()), *powers)
        if cap is not None:
            raise LookupError(f"there are no value counts of {column}, and sums cannot be cut at {cap:g}")
        rows = self._rows(variant, segment)
        return Sums(
            int(rows["units"].sum()),
            float(rows[f"{column}_sum"].sum()),
            float(rows[f"{column}_squares"].sum()),
        )

    def counted(self, column: str, variant: str, segment: str = "") -> tuple[Floats, Floats] | None:
        """Different values of a count and their numbers of browsers; None where they are not held apart."""
        if self.values is None or column not in COUNTED:
            return None
        held = self.values
        mine = held[(held["measure"] == column) & (held["variant"] == variant) & (held["segment"] == segment)]
        if mine.empty and self.units(variant, segment):
            return None
        return mine["value"].to_numpy(np.float64), mine["units"].to_numpy(np.float64)

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


def _added(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    added: pd.DataFrame = frame.groupby(keys, sort=True)["units"].sum().reset_index()
    return added

# SPDX-License-Identifier: EUPL-1.2
"""What is too rare to be told: a path, a word or a combination by which somebody could be known."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

#: What fewer visitors than this had is not told apart.
FEWEST = 5
#: The name of everything that is not told apart.
OTHER = "other"
#: Columns that tell visitors apart in the day tables; the same browser on another DAY is another visitor.
VISITOR = ("day", "partition", "visitor")


def common(had: pd.DataFrame, column: str) -> frozenset[str]:
    """The texts of a column that at least `FEWEST` different visitors had; a row of `had` is a text that the
    visitor of its `VISITOR` columns had, however often."""
    counted = had.drop_duplicates([*VISITOR, column])[column].value_counts()
    return frozenset(map(str, counted.index[counted >= FEWEST]))

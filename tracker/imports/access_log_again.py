# SPDX-License-Identifier: EUPL-1.2
"""What an import shares with earlier ones: a log that has grown since, or one that was rotated in between.

A line gives the same event in each, so it counts once, under the pseudonym of one of the imports: the salts
of the others are gone, and nobody can tell which visitors are the same. Of each event the lower pseudonym
counts, as wherever an event lies twice. So a visitor whose earlier pseudonym is the lower one keeps it for
what both logs have, has the new one for what only the new log has, and is two.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tracker.archive_files import files_of, read_tables
from tracker.archive_reader import days, listed_again, read_events

if TYPE_CHECKING:
    import polars as pl

_COLUMNS = ("site", "page_view", "index", "visitor", "automated")


class Again(NamedTuple):
    """Views of an import that an earlier one had too, and visitors, programs apart, who are two by that."""

    views: int
    visitors: int


def shared_with_earlier(root: Path, site: str, names: Collection[str]) -> Again:
    """What the imports of these names (`Intake`) share with what else is in the archive.

    Looks at the DAYs that they have events of, one at a time. Raises `ArchiveError`.
    """
    found = [listed_again(root, day, partial(_of_day, root, day, site, names)) for day in days(root) if names]
    return Again(sum(each.views for each in found), sum(each.visitors for each in found))


def _of_day(root: Path, day: date, site: str, names: Collection[str]) -> Again:
    import polars as pl

    files = files_of(root, day)
    mine = [path for path in files if path.name.removeprefix("import-").rpartition("-")[0] in names]
    others = [path for path in files if path not in mine]
    if not (mine and others):
        return Again(0, 0)
    ours = _views(mine, site)
    theirs = _views(others, site).select("page_view", earlier="visitor")
    # With the same pseudonym it is our own, from before an interruption.
    again = ours.join(theirs, on="page_view").filter(pl.col("visitor") != pl.col("earlier"))
    if not again.height:
        return Again(0, 0)
    counted = pl.DataFrame(read_events(root, day, columns=_COLUMNS)).select("page_view", counted="visitor")
    people = ours.filter(~pl.col("automated")).join(counted, on="page_view")
    under_ours = pl.col("counted") == pl.col("visitor")
    split = people.group_by("visitor").agg(two=under_ours.any() & ~under_ours.all()).get_column("two")
    return Again(again.get_column("page_view").n_unique(), int(split.sum()))


def _views(paths: Collection[Path], site: str) -> pl.DataFrame:
    import polars as pl

    tables = [pl.DataFrame(table.select(_COLUMNS)) for table in read_tables(paths, _COLUMNS)]
    return pl.concat(tables).filter(site=site, index=0)

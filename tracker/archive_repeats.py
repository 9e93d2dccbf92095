# SPDX-License-Identifier: EUPL-1.2
"""Which events of a DAY lie elsewhere in the archive too, found once for all of its partitions.

An event counts once, and a retry may lie in another partition or DAY. Whoever reads one partition must know
what the others hold: sixteen partitions that each read all of it take longer than all that is made of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tracker.archive_files import files_of, read_tables
from tracker.archive_format import PARTITION, SCHEMA

if TYPE_CHECKING:
    import polars as pl

Hashes = npt.NDArray[np.uint64]
Identity = tuple[str, str, int]  # site, page view, index
Listing = Callable[[Path, date, int | None], list[Path]]

IDENTITY = ("site", "page_view", "index")
#: More repeats than this are no longer few: then each partition is read with all of the others.
FEW = 20_000


def repeated(root: Path, day: date, *, listing: Listing = files_of) -> tuple[Identity, ...] | None:
    """The identities of a DAY that lie in several of its partitions, or in a neighbouring DAY too.

    None where they are not few. As they are now: what is archived later is not known. Raises `ArchiveError`,
    and `FileNotFoundError` when a file vanished meanwhile.
    """
    own = _of_day(_signed(listing(root, day, None)))
    twice = [own[1:][own[1:] == own[:-1]]]
    for neighbour in (day - timedelta(days=1), day + timedelta(days=1)):
        there = _of_day(_signed(listing(root, neighbour, None)))
        if len(there):
            place = np.minimum(np.searchsorted(there, own), len(there) - 1)
            twice.append(own[there[place] == own])
    suspects = _once(np.concatenate(twice))
    if len(suspects) > FEW:
        return None
    found: set[Identity] = set()
    for path in listing(root, day, None) if len(suspects) else ():
        rows, _, hashes = _read(path)
        found.update(rows[np.flatnonzero(np.isin(hashes, suspects))].iter_rows())
    return tuple(sorted(found))


def _read(path: Path) -> tuple[pl.DataFrame, npt.NDArray[np.int16], Hashes]:
    """Of every row of a file: its identity, its partition, and a hash of the identity."""
    import polars as pl

    schema = pa.schema([*(SCHEMA.field(name) for name in IDENTITY), PARTITION])
    rows = pl.DataFrame(read_tables([path], IDENTITY)[0].cast(schema))
    named = rows.select(IDENTITY)
    return named, rows[PARTITION.name].to_numpy(), named.hash_rows().to_numpy()


_Signed = tuple[tuple[Path, int, int], ...]


def _signed(paths: list[Path]) -> _Signed:
    """The files with size and time, so that what was read is read again only where they changed."""
    told = ((path, path.stat()) for path in paths)
    return tuple((path, one.st_size, one.st_mtime_ns) for path, one in told)


@lru_cache(maxsize=3)  # a DAY and its neighbours, where DAYs are read one after the other
def _of_day(files: _Signed) -> Hashes:
    """Of all its events, those of a partition once, in order."""
    of_partition: defaultdict[int, list[Hashes]] = defaultdict(list)
    for path, _, _ in files:
        _, partition, hashes = _read(path)
        for number in np.unique(partition).tolist():
            of_partition[number].append(hashes[partition == number])
    once = [_once(np.concatenate(parts)) for parts in of_partition.values()]
    whole = np.concatenate([np.empty(0, np.uint64), *once])
    whole.sort()
    return whole


def _once(hashes: Hashes) -> Hashes:
    """Each once, in order. `np.unique` takes a hash table for it since NumPy 2.3, eighty times as slow."""
    ordered = np.sort(hashes)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered

# SPDX-License-Identifier: EUPL-1.2
"""The archive cut into pieces of work: all partitions of a small DAY together, those of a large one singly.

A piece says where its events lie and is read where it is rebuilt, so that it can be handed to another process
or machine in a few hundred bytes. Which of both ways a DAY is cut changes no table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.errors import AnalysisError
from analysis.recorded import recorded_until
from analysis.scheduling import HERE, Where, cores, map_partitions
from analysis.side_records import Joined, joined_records, with_records
from tracker.archive import read_frame
from tracker.archive_files import bytes_of, files_of, stored_partitions
from tracker.archive_reader import listed_again
from tracker.archive_repeats import Identity, repeated
from tracker.site import Sites

Made = TypeVar("Made")

#: A DAY whose files are smaller than this is read at once, a larger one partition by partition. In all, it is
#: also from where more processes are faster, though each has to start first.
AT_ONCE_BYTES = 24_000_000


@dataclass(frozen=True, slots=True)
class Piece:
    """`partitions` of a DAY of the archive at `root`; `bytes` of its files, as seen by who cut it; `joined`,
    the touchpoints from elsewhere that belong to its visitors; `ends_at`, the moment (ms since 1970) at which
    nothing more of the DAY was recorded, None where it was to its turn; `repeated`, its events that lie
    elsewhere too, None where nobody looked."""

    root: Path
    day: date
    partitions: tuple[int, ...]
    bytes: int = 0
    joined: tuple[Joined, ...] = ()
    ends_at: int | None = None
    repeated: tuple[Identity, ...] | None = None

    def events(self) -> pd.DataFrame:
        """Its events and touchpoints from elsewhere, one row each.

        Raises `AnalysisError` where this machine does not see the archive.
        """
        if self.bytes and not files_of(self.root, self.day):
            raise AnalysisError(
                f"There are no events of {self.day} under {self.root} on this machine, and there are where "
                "the work was handed out. All machines of a cluster must share the data folder, at one path."
            )
        alone = len(self.partitions) == 1
        partition = self.partitions[0] if alone else None
        events = read_frame(self.root, self.day, partition, repeated=self.repeated)
        return with_records(events, self.joined)

    def partition_of(self, events: pd.DataFrame) -> NDArray[np.int64]:
        """The partition of each of its events. A piece is one partition, or all of them."""
        if len(self.partitions) == 1:
            return np.full(len(events), self.partitions[0], np.int64)
        return events["visitor"].to_numpy(np.int64) % len(self.partitions)


def cut(
    root: Path,
    days: Iterable[date],
    partitions: int | None = None,
    *,
    sites: Sites | None = None,
    now_ms: int | None = None,
) -> list[Piece]:
    """The pieces of those DAYs, in their order; `partitions` is that of the archive where it is not said.

    Contacts and answers find their page view here, since another partition may have one with the same code;
    `sites` say which pages show codes.
    """
    count = partitions or stored_partitions(root) or 1
    root = root.resolve()
    pieces: list[Piece] = []
    for day in days:
        size = bytes_of(root, day)
        parts = [tuple(range(count))] if size <= AT_ONCE_BYTES else [(each,) for each in range(count)]
        joined = joined_records(root, day, sites)
        ends_at = None if now_ms is None else recorded_until(root, day, now_ms)
        known = listed_again(root, day, partial(repeated, root, day)) if len(parts) > 1 else None
        for part in parts:
            theirs = tuple(one for one in joined if one.visitor % count in part)
            pieces.append(Piece(root, day, part, -(-size // len(parts)), theirs, ends_at, known))
    return pieces


def map_pieces(
    pieces: Sequence[Piece], function: Callable[[Piece], Made], where: Where = HERE
) -> Iterator[Made]:
    """As `map_partitions`; where the number of processes is open, all cores are used once that pays."""
    if where.processes is None and not where.scheduler:
        pays = sum(piece.bytes for piece in pieces) > AT_ONCE_BYTES
        where = Where(processes=cores() if pays else 1)
    return map_partitions(pieces, function, where)

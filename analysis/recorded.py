# SPDX-License-Identifier: EUPL-1.2
"""Until when it is known what visitors did: a question may still be open where our view of it ends."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pyarrow.compute as pc

from tracker.archive_files import files_of, read_tables
from tracker.archive_reader import listed_again

_IMPORTED = "import-"  # how the files of an import begin


def recorded_until(root: Path, day: date, now_ms: int) -> int:
    """The moment (ms since 1970) until which DAY was recorded; past its turn where all of it was.

    What a collector takes is recorded until now. Files that were imported say nothing of the time after their
    last event, such as a log that was copied at 15:00, unless the archive goes on with the next DAY. Raises
    `ArchiveError` where they cannot be read.
    """
    return listed_again(root, day, lambda: _until(root, day, now_ms))


def _until(root: Path, day: date, now_ms: int) -> int:
    paths = files_of(root, day)
    goes_on = bool(files_of(root, day + timedelta(days=1)))
    if goes_on or not paths or not all(path.name.startswith(_IMPORTED) for path in paths):
        return now_ms
    last = [pc.max(table["time"]).as_py() for table in read_tables(paths, ["time"]) if table.num_rows]
    return min(now_ms, max(last, default=now_ms))

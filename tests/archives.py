# SPDX-License-Identifier: EUPL-1.2
"""Archives for tests: files as a finished import leaves them, without a log that they were read from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from tracker.archive_files import folder_of, settle_partitions, stored_partitions, write_durably, write_table
from tracker.calendar import Calendar
from tracker.event import Event
from tracker.site import Sites
from tracker.stream_columns import table_of


def append(
    root: Path, events: Iterable[Event], *, name: str, sites: Sites, partitions: int | None = None
) -> None:
    """Put events into an archive as the import `name` (16 partitions, unless it has another number)."""
    partitions = partitions or stored_partitions(root) or 16
    settle_partitions(root, partitions)
    calendar = Calendar(sites)
    groups: dict[tuple[date, int], list[Event]] = defaultdict(list)
    for event in events:
        groups[calendar.day(event.site, event.time), event.visitor % partitions].append(event)
    for (day, partition), group in groups.items():
        write_table(folder_of(root, day, partition) / f"import-{name}-0000.parquet", table_of(group))
    write_durably(root / "imports" / f"{name}.json", lambda file: file.write(b"{}"))

# SPDX-License-Identifier: EUPL-1.2
"""Events of an import go into the archive, once for each name that an import has."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path

from tracker.archive_files import (
    ArchiveError,
    folder_of,
    settle_partitions,
    stored_partitions,
    write_durably,
    write_table,
)
from tracker.calendar import Calendar
from tracker.event import Event
from tracker.site import Sites
from tracker.stream_columns import table_of

APPEND_EVENTS = 200_000
DEFAULT_PARTITIONS = 16
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")


@dataclass(frozen=True, slots=True)
class AppendResult:
    """What an import brought; `already` where an import of that name had been finished before."""

    events: int
    files: int
    already: bool


def append(
    root: Path,
    events: Iterable[Event],
    *,
    name: str,
    sites: Sites | None = None,
    partitions: int | None = None,
) -> AppendResult:
    """Put events of an import into the archive, once for each name.

    `name` (letters, digits, dot, dash, underscore) tells one import from another: of a name that was finished
    before, the events are read and nothing is written; what an interrupted one left behind is replaced.
    Sites that `sites` does not know turn their DAY as a site does by default. Raises `ArchiveError`.
    """
    if not _NAME.fullmatch(name):
        raise ArchiveError(f'An import cannot be named "{name}"; expected letters, digits, dots and dashes.')
    partitions = partitions or stored_partitions(root) or DEFAULT_PARTITIONS
    settle_partitions(root, partitions)
    mark = root / "imports" / f"{name}.json"
    if mark.exists():
        return AppendResult(events=sum(1 for _ in events), files=0, already=True)
    for left in root.glob(f"day=*/partition=*/import-{name}-*.parquet*"):
        left.unlink()
    calendar = Calendar(sites)
    count, files = 0, 0
    for number, chunk in enumerate(_chunks(events, APPEND_EVENTS)):
        groups: dict[tuple[date, int], list[Event]] = defaultdict(list)
        for event in chunk:
            groups[calendar.day(event.site, event.time), event.visitor % partitions].append(event)
        for (day, partition), group in groups.items():
            path = folder_of(root, day, partition) / f"import-{name}-{number:04d}.parquet"
            write_table(path, table_of(group))
        count, files = count + len(chunk), files + len(groups)
    write_durably(mark, lambda file: file.write(json.dumps({"events": count, "files": files}).encode()))
    return AppendResult(events=count, files=files, already=False)


def _chunks(events: Iterable[Event], size: int) -> Iterator[list[Event]]:
    rest = iter(events)
    while chunk := list(islice(rest, size)):
        yield chunk

# SPDX-License-Identifier: EUPL-1.2
"""How much lies in a spool, and whether there is room for more: in what it may use, and on its disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

MIB = 1 << 20
SEGMENTS = "*.segment"
DAMAGED = "damaged"
_SMALLEST, _LARGEST = MIB // 4, 8 * MIB


class Occupancy(NamedTuple):
    """What lies in a spool: segments, their bytes on disk, and those set aside as damaged."""

    segments: int
    bytes: int
    damaged: int


def occupancy(root: Path) -> Occupancy:
    """What lies in the spool at `root`, which may be absent, for people."""
    found = list(sizes(root))
    return Occupancy(len(found), sum(found), sum(1 for _ in (root / DAMAGED).glob(SEGMENTS)))


def segment_bytes(limit_bytes: int) -> int:
    """Size of a segment, so that at least 64 workers can have one each."""
    return min(max(limit_bytes // 64, _SMALLEST), _LARGEST)


def can_grow(root: Path, limit_bytes: int) -> bool:
    """Whether the spool at `root`, which may be absent, could have one more segment; nothing is written."""
    size = segment_bytes(limit_bytes)
    try:
        return sum(sizes(root)) + size <= limit_bytes and _disk_has(root, size)
    except OSError:
        return False


def _disk_has(root: Path, size: int) -> bool:
    place = next(path for path in (root, *root.absolute().parents) if path.exists())
    facts = os.statvfs(place)
    return place.is_dir() and os.access(place, os.W_OK | os.X_OK) and facts.f_bavail * facts.f_frsize >= size


def sizes(root: Path) -> Iterator[int]:
    """Bytes on disk of each segment in the spool at `root`."""
    for folder in _listed(root):
        if folder.name[:1].isdigit():
            for segment in _listed(folder):
                if segment.match(SEGMENTS):
                    with suppress(FileNotFoundError):  # replayed meanwhile
                        yield segment.stat().st_size


def _listed(folder: Path) -> list[Path]:
    """What is in a folder. Not by `glob`, which fails where a folder goes while it looks."""
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []

# SPDX-License-Identifier: EUPL-1.2
"""What the tests of the archive share: a site, events, streams to be archived, and files that lie there."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import redis

from tracker.archive import (
    Archiver,
)
from tracker.archive_files import folder_of, write_table
from tracker.day import day_bounds
from tracker.event import Event, Kind
from tracker.keys import Keys
from tracker.site import Site, Sites
from tracker.stream import encode
from tracker.stream_columns import table_of

SITE = Site(name="voorbeeldstad", hosts=frozenset({"www.voorbeeldstad.nl"}))
SITES = Sites([SITE])
DAY = date(2026, 11, 22)
BEFORE, AFTER = date(2026, 11, 21), date(2026, 11, 23)
NOON = day_bounds(DAY, SITE.zone)[0] + 8 * 3_600_000
PARTITIONS = 4


def event(number: int = 0, **other: Any) -> Event:
    facts = {
        "site": SITE.name,
        "visitor": number,
        "time": NOON + number,
        "page_view": f"page{number:08d}",
        "index": 0,
        "kind": Kind.VIEW,
        "path": "/afval",
    }
    return Event(**{**facts, **other})


def identities(table: pa.Table) -> list[tuple[str, str, int]]:
    return list(zip(*(table[name].to_pylist() for name in ("site", "page_view", "index")), strict=True))


class Streams:
    """The streams of one test, and an archiver of them."""

    def __init__(self, client: redis.Redis, prefix: str, root: Path) -> None:
        self.client, self.keys, self.root = client, Keys(prefix), root

    def add(self, *events: Event) -> None:
        for one in events:
            self.client.xadd(self.keys.events(one.visitor % PARTITIONS), encode(one))

    def archiver(self, client: Any = None, partitions: int = PARTITIONS, **other: Any) -> Archiver:
        return Archiver(client or self.client, self.root, SITES, partitions, self.keys, **other)

    def waiting(self) -> int:
        return sum(int(self.client.xlen(self.keys.events(number))) for number in range(PARTITIONS))


def put(root: Path, day: date, partition: int, name: str, *events: Event) -> None:
    write_table(folder_of(root, day, partition) / f"{name}.parquet", table_of(events))


def put_version_1(root: Path, day: date, partition: int, name: str, table: pa.Table) -> None:
    """A file as klantreis 0.1 wrote it."""
    path = folder_of(root, day, partition) / f"{name}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    ordered = table.sort_by([("time", "ascending"), ("page_view", "ascending"), ("index", "ascending")])
    pq.write_table(ordered.replace_schema_metadata({"klantreis.archive": "1"}), path, compression="zstd")


COMMON = {
    "visitor": -(2**63),
    "parameters": "q=grofvuil",
    "origin": "Qm81xPz0aB2c",
    "bucket": 417,
    "language": "nl",
    "referrer": "https://www.google.com/",
    "exposures": "schuldhulp=current,zwerfvuil=redesign",
    "first": "zwerfvuil",
    "consented": True,
    "viewport": "s",
    "run": "r1",
    "automated": True,
}
OF_KIND: dict[Kind, dict[str, Any]] = {
    Kind.VIEW: {"title": "Afval é €"},
    Kind.SEARCH: {"query": "grofvuil", "results": 8, "answered_here": True},
    Kind.RESULT: {"query": "grofvuil", "rank": 3, "target": "/x"},
    Kind.ENGAGE: {"visible_s": 12.5, "depth": 80},
    Kind.FORM: {"form": "melding", "action": "step", "step": 2},
    Kind.GOAL: {"goal": "melding_verzonden"},
    Kind.CONTACT: {"channel": "tel"},
    Kind.FEEDBACK: {"heartbeat": -1},
    Kind.LINK: {"target": "www.example.nl/x"},
    Kind.FILE: {"target": "/x.pdf"},
    Kind.FRICTION: {"friction": "rage"},
}

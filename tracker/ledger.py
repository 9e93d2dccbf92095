# SPDX-License-Identifier: EUPL-1.2
"""The ledger: what arrived on a DAY and what became of it, so that nothing is lost unseen.

Beacons are counted, since a malformed one has no events to count: `in` = `stored` + everything under
`dropped:`. Beside that: `events` stored, and `redacted:` by type.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from tracker.arrival import Reason
from tracker.keys import Keys
from tracker.scrub import Mark
from tracker.store_client import AsyncClient

Field = str
IN: Field = "in"
STORED: Field = "stored"
EVENTS: Field = "events"


def dropped(reason: Reason) -> Field:
    return f"dropped:{reason}"


def redacted(mark: Mark) -> Field:
    return f"redacted:{mark}"


class Tally:
    """Counts on their way to the ledger, by DAY; it grows with days and fields, not with what arrives."""

    def __init__(self) -> None:
        self._counts: dict[date, Counter[Field]] = {}

    def __bool__(self) -> bool:
        return bool(self._counts)

    def __iter__(self) -> Iterator[Counter[Field]]:
        """The counts of each DAY."""
        return iter(self._counts.values())

    def of(self, day: date) -> Counter[Field]:
        counts = self._counts.get(day)
        if counts is None:
            counts = self._counts[day] = Counter()
        return counts

    def add(self, other: Tally) -> None:
        for day, counts in other._counts.items():
            self.of(day).update(counts)

    def by_key(self, keys: Keys) -> dict[str, Counter[Field]]:
        """The same counts by the key of their ledger."""
        return {keys.ledger(day): counts for day, counts in self._counts.items()}


def as_page(day: date, counts: Mapping[bytes, bytes]) -> dict[str, object]:
    """The ledger of a DAY for others; `balanced` says that what arrived equals what was stored or dropped."""
    plain = {field.decode(): int(count) for field, count in counts.items()}
    drops, marks = _under("dropped:", plain), _under("redacted:", plain)
    arrived, stored = plain.get(IN, 0), plain.get(STORED, 0)
    return {
        "day": day.isoformat(),
        "in": arrived,
        "stored": stored,
        "dropped": drops,
        "balanced": arrived == stored + sum(drops.values()),
        "events": plain.get(EVENTS, 0),
        "redacted": marks,
    }


def _under(prefix: str, counts: Mapping[str, int]) -> dict[str, int]:
    return {field.removeprefix(prefix): n for field, n in sorted(counts.items()) if field.startswith(prefix)}


async def read(client: AsyncClient, keys: Keys, day: date) -> dict[str, object]:
    """The ledger of a DAY as `as_page` writes it. Raises `redis.RedisError` while Redis is away."""
    counts: Mapping[Any, Any] = await client.hgetall(keys.ledger(day))
    return as_page(day, counts)

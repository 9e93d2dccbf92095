# SPDX-License-Identifier: EUPL-1.2
"""How much one visitor may send: a page that loops costs itself something, a resident never notices.

The generic cell rate algorithm (ITU-T I.371, annex A): of each visitor one number is kept, the moment at
which all that was sent would have been sent at the steady rate. Memory is bounded by two generations: when
the young one is full or old enough, it becomes the old one and the old one is forgotten. Who floods the table
with pseudonyms thereby frees others, and never stops anyone.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What a visitor may send: `per_second` beacons for as long as wished, and `burst` at once.

    A resident who opens a page every three seconds sends at most one beacon a second. Browsers of one make
    behind one address (a library, a class) share a pseudonym: thirty of them, each with a page every quarter
    of a minute and two beacons a page, send four a second. A page that loops sends ten or more; at ten it is
    stopped within two minutes.
    """

    per_second: float = 5.0
    burst: int = 600

    def __post_init__(self) -> None:
        if not 0 < self.per_second <= 1000 or not 1 <= self.burst <= 1_000_000:
            raise ValueError(
                f"{self.per_second} beacons a second and {self.burst} at once came as a visitor's rate; "
                "expected more than 0 and at most 1000 a second, and 1 to 1,000,000 at once."
            )


class RateLimit:
    """Remembers at most `most_visitors`, in one process; N processes admit up to N times as much."""

    __slots__ = ("_born_ms", "_generation", "_interval_ms", "_old", "_tolerance_ms", "_young")

    def __init__(self, rate: Rate | None = None, *, most_visitors: int = 100_000) -> None:
        rate = rate or Rate()
        self._interval_ms = 1000 / rate.per_second
        self._tolerance_ms = self._interval_ms * rate.burst
        self._generation = max(1, most_visitors // 2)
        self._young: dict[int, float] = {}
        self._old: dict[int, float] = {}
        self._born_ms = 0

    def __len__(self) -> int:
        """Numbers kept."""
        return len(self._young) + len(self._old)

    def wait_s(self, visitor: int, now_ms: int) -> int:
        """0 where the visitor's beacon may come in now, which then counts, else the whole seconds to wait.

        >>> limit = RateLimit(Rate(per_second=1, burst=2))
        >>> [limit.wait_s(7, now_ms) for now_ms in (0, 0, 0, 999, 1000)]
        [0, 0, 1, 1, 0]
        """
        due = self._young.get(visitor)
        if due is None:
            due = self._remembered(visitor, now_ms)
        if due < now_ms:
            due = now_ms
        due += self._interval_ms
        ahead_ms = due - now_ms - self._tolerance_ms
        if ahead_ms > 0:
            if ahead_ms <= self._tolerance_ms + self._interval_ms:
                return int(-(-ahead_ms // 1000))
            due = now_ms + self._interval_ms  # the clock was set back: begin afresh
        self._young[visitor] = due
        return 0

    def _remembered(self, visitor: int, now_ms: int) -> float:
        """What the old generation knows, and room in the young one for who comes now."""
        due = self._old.get(visitor, now_ms)
        # A number as old as the tolerance says nothing any more, so a generation needn't live longer.
        if len(self._young) >= self._generation or not 0 <= now_ms - self._born_ms < self._tolerance_ms:
            self._old, self._young = self._young, {}
            self._born_ms = now_ms
        return due

# SPDX-License-Identifier: EUPL-1.2
"""How much one visitor may send: a page that loops costs itself something, a resident never notices.

The generic cell rate algorithm (ITU-T I.371, annex A): of each visitor one number is kept, the moment at
which all that was sent would have been sent at the steady rate. The numbers lie in a table of fixed size, so
that memory doesn't grow with who comes.
"""

from __future__ import annotations

from array import array
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
    """One number for each of `slots` (a power of two) in one process; N processes admit N times as much.

    A pseudonym is random, so its last bits choose a slot. Two visitors of one slot share what one may send,
    which neither notices: together they must send more than a class of thirty does.
    """

    __slots__ = ("_due_ms", "_interval_ms", "_mask", "_tolerance_ms")

    def __init__(self, rate: Rate | None = None, *, slots: int = 2**17) -> None:
        rate = rate or Rate()
        self._interval_ms = 1000 / rate.per_second
        self._tolerance_ms = self._interval_ms * rate.burst
        self._due_ms = array("d", bytes(8 * slots))
        self._mask = slots - 1

    def wait_s(self, visitor: int, now_ms: int) -> int:
        """0 where the visitor's beacon may come in now, which then counts, else the whole seconds to wait.

        >>> limit = RateLimit(Rate(per_second=1, burst=2))
        >>> [limit.wait_s(7, now_ms) for now_ms in (0, 0, 0, 999, 1000)]
        [0, 0, 1, 1, 0]
        """
        slot = visitor & self._mask
        due: float = max(self._due_ms[slot], now_ms)
        due += self._interval_ms
        ahead_ms = due - now_ms - self._tolerance_ms
        if ahead_ms > 0:
            if ahead_ms <= self._tolerance_ms + self._interval_ms:
                return int(-(-ahead_ms // 1000))
            due = now_ms + self._interval_ms  # the clock was set back: begin afresh
        self._due_ms[slot] = due
        return 0

# SPDX-License-Identifier: EUPL-1.2
"""When people come: hardly at night, most between nine and twelve and again in the evening."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from tracker.day import day_bounds, day_of
from web_demo.citizens.devices import pick

HOUR_MS = 3_600_000

#: Share of visits per hour from 04:00 on, in any unit; shaped like a municipal site's weekday.
BY_HOUR = (
    0.3, 0.5, 1.2, 2.6, 4.8, 7.6, 8.4, 7.8, 5.9, 5.6, 5.4, 5.0,  # 04-16
    4.6, 4.2, 4.4, 6.3, 6.6, 5.6, 4.0, 2.6, 1.4, 0.7, 0.3, 0.2,  # 16-04
)  # fmt: skip

#: Monday to Sunday: offices are closed at the weekend and so are most minds.
BY_WEEKDAY = (1.15, 1.1, 1.05, 1.05, 0.95, 0.75, 0.8)


def moment_of_day(random: np.random.Generator) -> int:
    """Milliseconds after 04:00 at which somebody comes."""
    hour = pick(random, list(BY_HOUR))
    return int((hour + random.random()) * HOUR_MS)


def day_of_visit(random: np.random.Generator, days: int, first_weekday: int) -> int:
    """Which of `days` days somebody comes on; `first_weekday` is that of day 0, Monday being 0."""
    return pick(random, [BY_WEEKDAY[(first_weekday + day) % 7] for day in range(days)])


@dataclass(slots=True)
class Calendar:
    """The DAYs of a simulation: when somebody comes, comes back, and which days are over.

    A DAY counts as over `settle_ms` after its end, when its last beacons have come in.
    """

    start: date
    days: int
    zone: ZoneInfo
    settle_ms: int = 600_000
    _closed: int = 0

    @property
    def opens_ms(self) -> int:
        """First moment of the first DAY, milliseconds since 1970."""
        return day_bounds(self.start, self.zone)[0]

    def first_visit(self, random: np.random.Generator) -> int:
        """A moment within the days, as visits are spread over week and day."""
        return self._moment(day_of_visit(random, self.days, self.start.weekday()), random)

    def next_visit(self, now_ms: int, in_days: int | None, random: np.random.Generator) -> int | None:
        """When somebody comes back; None where that is after the last day, or never."""
        if in_days is None:
            return None
        day = (day_of(now_ms, self.zone) - self.start).days + in_days
        return self._moment(day, random) if day < self.days else None

    def over_by(self, now_ms: int | None) -> Iterator[date]:
        """The days that have ended since it was asked last; all that are left where `now_ms` is None."""
        while self._closed < self.days:
            day = self.start + timedelta(days=self._closed)
            if now_ms is not None and now_ms < day_bounds(day, self.zone)[1] + self.settle_ms:
                return
            self._closed += 1
            yield day

    def _moment(self, day: int, random: np.random.Generator) -> int:
        first, last = day_bounds(self.start + timedelta(days=day), self.zone)
        return min(first + moment_of_day(random), last - 1)

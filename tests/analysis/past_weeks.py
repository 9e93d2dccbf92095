# SPDX-License-Identifier: EUPL-1.2
"""Weeks of visits drawn from a pattern that is known, as a history and as rows of day tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from analysis.seasonal import History, weekday_of
from analysis.trends import DayRows

MONDAY = date(2026, 2, 2)
WEEKDAYS = (1.2, 1.1, 1.05, 1.05, 0.95, 0.7, 0.6)
BY_HOUR = (
    np.array([1, 1, 1, 1, 2, 3, 8, 20, 40, 70, 75, 70, 55, 55, 60, 55, 50, 40, 45, 55, 50, 35, 15, 5]) / 812.0
)
ZONE = ZoneInfo("Europe/Amsterdam")


def truth(first: date, days: int, level: float, factors: Mapping[date, float] | None = None) -> np.ndarray:
    """The expected counts, a row of 24 a day; `factors` multiply single days."""
    dates = [first + timedelta(days=place) for place in range(days)]
    each = [level * WEEKDAYS[weekday_of(day)] * (factors or {}).get(day, 1.0) for day in dates]
    return np.outer(each, BY_HOUR)


def drawn(
    weeks: int, level: float = 500.0, *, seed: int = 1, factors: Mapping[date, float] | None = None
) -> History:
    """Independent visitors: Poisson counts around the pattern."""
    means = truth(MONDAY, 7 * weeks, level, factors)
    return History(MONDAY, np.random.default_rng(seed).poisson(means).astype(float))


def rows_of(
    history: History, *, shifted: Sequence[float] | float = 0.1, site: str = "voorbeeldstad"
) -> Iterator[DayRows]:
    """The history as questions about zwerfvuil, with three views and four events each.

    `shifted` is the share of them that ended in a channel shift, of all weeks or of each. In each hour one
    second has a tenth of its events; the rest is spread.
    """
    for place, day in enumerate(history.days()):
        share = shifted if isinstance(shifted, float) else shifted[place // 7]
        counts = history.counts[place].astype(int).tolist()
        starts = [_starts(day, hour) for hour in range(24)]
        volumes = pl.DataFrame(
            {
                "site": [site] * 24, "task": ["zwerfvuil"] * 24, "hour": [1000 * start for start in starts],
                "entry": ["direct", "search_engine"] * 12, "events": [4 * count for count in counts],
                "views": [3 * count for count in counts], "searches": counts, "questions": counts,
            }
        )  # fmt: skip
        seconds = pl.DataFrame(
            [
                (site, start + second, events)
                for start, count in zip(starts, counts, strict=True)
                for second, events in _spread(4 * count)
            ],
            schema={"site": pl.String, "second": pl.Int64, "events": pl.Int32},
            orient="row",
        )
        asked = sum(counts)
        ended = ["channel_shift"] * round(share * asked)
        ended += ["answered"] * (asked - len(ended))
        questions = pl.DataFrame({"site": [site] * asked, "task": ["zwerfvuil"] * asked, "outcome": ended})
        yield DayRows(day, volumes, questions.cast(pl.String), seconds)


def _spread(events: int) -> list[tuple[int, int]]:
    peak = events // 10
    return [(0, peak)] * (peak > 0) + [(1 + place, 1) for place in range(events - peak)]


def _starts(day: date, hour: int) -> int:
    """Seconds since 1970 at which that hour of the clock begins, within the DAY that turns at four."""
    at = datetime.combine(day + timedelta(days=1 if hour < 4 else 0), time(hour), ZONE)
    return int(at.timestamp())

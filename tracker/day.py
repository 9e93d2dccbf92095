# SPDX-License-Identifier: EUPL-1.2
"""DAY: from 04:00 to 04:00 in the site's time zone, when hardly anyone is there.

Salts, ledger, archive, day tables and retention all turn at this hour.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

TURN = time(4)


def day_of(time_ms: int, zone: ZoneInfo) -> date:
    """The DAY to which a moment (milliseconds since 1970, UTC) belongs.

    >>> day_of(1_780_279_199_999, ZoneInfo("Europe/Amsterdam")).isoformat()  # 2026-06-01 03:59:59.999
    '2026-05-31'
    """
    # Every zone's turns lie on whole quarters of an hour in UTC, so one answer serves a whole quarter.
    return _day_of_quarter(time_ms // 900_000, zone)


@lru_cache(maxsize=4096)
def _day_of_quarter(quarter: int, zone: ZoneInfo) -> date:
    local = datetime.fromtimestamp(quarter * 900, UTC).astimezone(zone)
    return local.date() if local.time() >= TURN else local.date() - timedelta(days=1)


def day_bounds(day: date, zone: ZoneInfo) -> tuple[int, int]:
    """First millisecond of DAY and first millisecond of the next one (UTC); 23, 24 or 25 hours apart.

    >>> first, last = day_bounds(date(2026, 6, 1), ZoneInfo("Europe/Amsterdam"))
    >>> (last - first) // 3_600_000
    24
    """
    first = datetime.combine(day, TURN, zone)
    last = datetime.combine(day + timedelta(days=1), TURN, zone)
    return int(first.timestamp() * 1000), int(last.timestamp() * 1000)

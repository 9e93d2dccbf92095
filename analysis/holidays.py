# SPDX-License-Identifier: EUPL-1.2
"""Public holidays of the Netherlands, computed: a municipality's site is visited then as on a Sunday.

Source: Algemene termijnenwet, article 3 (wetten.overheid.nl, BWBR0002448), which names New Year's Day, Easter
Monday, Whit Monday, both days of Christmas, Ascension Day, the day on which the King's birthday is celebrated
and 5 May, and puts Good Friday on a par with them. Easter and Whit Sunday are Sundays anyway.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

SUNDAY = 6
#: From 1980 to 2013 it was the Queen's Day, on 30 April.
_KINGS_DAY_SINCE = 2014

_FIXED = (
    (1, 1, "Nieuwjaarsdag", "New Year's Day"),
    (5, 5, "Bevrijdingsdag", "Liberation Day"),
    (12, 25, "Eerste Kerstdag", "Christmas Day"),
    (12, 26, "Tweede Kerstdag", "Second day of Christmas"),
)
_AFTER_EASTER = (
    (-2, "Goede Vrijdag", "Good Friday"),
    (1, "Tweede Paasdag", "Easter Monday"),
    (39, "Hemelvaartsdag", "Ascension Day"),
    (50, "Tweede Pinksterdag", "Whit Monday"),
)


def easter(year: int) -> date:
    """Easter Sunday of a Gregorian year.

    Source: the anonymous algorithm in Meeus, Astronomical Algorithms, 2nd edition (1998), chapter 8.

    >>> easter(2026).isoformat(), easter(2038).isoformat()
    ('2026-04-05', '2038-04-25')
    """
    century, of_century = divmod(year, 100)
    leaps, rest = divmod(century, 4)
    golden = year % 19
    moved = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leaps - moved + 15) % 30
    quarter, odd = divmod(of_century, 4)
    weekday = (32 + 2 * rest + 2 * quarter - epact - odd) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def kings_day(year: int) -> date:
    """27 April, or the Saturday before where that is a Sunday; until 2013 the same with 30 April.

    >>> kings_day(2026).isoformat(), kings_day(2025).isoformat(), kings_day(2013).isoformat()
    ('2026-04-27', '2025-04-26', '2013-04-30')
    """
    day = date(year, 4, 27 if year >= _KINGS_DAY_SINCE else 30)
    return day - timedelta(days=1) if day.weekday() == SUNDAY else day


@lru_cache(maxsize=256)
def _of_year(year: int) -> dict[date, dict[str, str]]:
    found = {date(year, month, day): {"nl": nl, "en": en} for month, day, nl, en in _FIXED}
    for days, nl, en in _AFTER_EASTER:
        found[easter(year) + timedelta(days=days)] = {"nl": nl, "en": en}
    is_king = year >= _KINGS_DAY_SINCE
    nl, en = ("Koningsdag", "King's Day") if is_king else ("Koninginnedag", "Queen's Day")
    found[kings_day(year)] = {"nl": nl, "en": en}
    return dict(sorted(found.items()))


def holidays(first: date, last: date) -> dict[date, dict[str, str]]:
    """The public holidays from `first` to `last`, both included, each with its name by language.

    >>> [day.isoformat() for day in holidays(date(2026, 4, 1), date(2026, 5, 31))]
    ['2026-04-03', '2026-04-06', '2026-04-27', '2026-05-05', '2026-05-14', '2026-05-25']
    """
    return {
        day: names
        for year in range(first.year, last.year + 1)
        for day, names in _of_year(year).items()
        if first <= day <= last
    }


def is_holiday(day: date) -> bool:
    """Whether the day is a public holiday."""
    return day in _of_year(day.year)

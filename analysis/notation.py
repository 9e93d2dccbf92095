# SPDX-License-Identifier: EUPL-1.2
"""Numbers, shares, durations, dates and lists as people write them, in Dutch and in English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

LANGUAGES = ("nl", "en")

MINUS = "\u2212"

_SEPARATORS: Mapping[str, tuple[str, str]] = {"nl": (".", ","), "en": (",", ".")}  # thousands, decimals

_MONTHS: Mapping[str, tuple[str, ...]] = {
    "nl": (
        *("januari", "februari", "maart", "april", "mei", "juni"),
        *("juli", "augustus", "september", "oktober", "november", "december"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}


def number(value: float, language: str, *, decimals: int = 0, signed: bool = False) -> str:
    """`value` rounded to `decimals`; `signed` also writes the plus of a positive number.

    >>> number(1490, "nl"), number(1490, "en"), number(-0.566, "nl", decimals=2)
    ('1.490', '1,490', '−0,57')
    """
    thousands, point = _SEPARATORS[language]
    digits = f"{abs(value):,.{decimals}f}"
    is_zero = not digits.strip("0,.")
    sign = "" if is_zero else MINUS if value < 0 else "+" if signed else ""
    return sign + digits.translate({ord(","): thousands, ord("."): point})


def quantity(value: float, language: str, *, signed: bool = False, trim: bool = False) -> str:
    """An average or a ratio, with the decimals its size deserves: 0,57 and 4,21 and 31,6 and 1.490.

    `trim` leaves out decimals that are zero, as on an axis.

    >>> quantity(4.213, "nl"), quantity(1490.2, "en")
    ('4,21', '1,490')
    """
    decimals = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0
    while trim and decimals and round(value, decimals) == round(value, decimals - 1):
        decimals -= 1
    return number(value, language, decimals=decimals, signed=signed)


def percentage(share: float, language: str, *, decimals: int = 0, signed: bool = False) -> str:
    """A share (1.0 is all) as a percentage.

    >>> percentage(0.57, "nl"), percentage(0.57, "en"), percentage(0.0314, "nl", decimals=1)
    ('57 %', '57%', '3,1 %')
    """
    digits = number(100 * share, language, decimals=decimals, signed=signed)
    return f"{digits} %" if language == "nl" else f"{digits}%"


def points(share: float, language: str, *, decimals: int = 1, signed: bool = True) -> str:
    """A difference between two shares, in percentage points.

    >>> points(0.07, "nl"), points(-0.07, "en")
    ('+7,0 procentpunt', '−7.0 points')
    """
    digits = number(100 * share, language, decimals=decimals, signed=signed)
    return f"{digits} procentpunt" if language == "nl" else f"{digits} points"


def duration(seconds: float, language: str, *, signed: bool = False) -> str:
    """A time in seconds as hours, minutes and seconds; below ten seconds with one decimal.

    >>> duration(204, "nl"), duration(4.24, "nl"), duration(-3900, "en")
    ('3 min 24 s', '4,2 s', '−1 h 5 min')
    """
    size = abs(seconds)
    if size < 9.95:
        return f"{number(seconds, language, decimals=1, signed=signed)} s"
    sign = MINUS if seconds < 0 else "+" if signed else ""
    whole = round(size)
    if whole < 60:
        parts = [(whole, "s")]
    elif whole < 3600:
        parts = [(whole // 60, "min"), (whole % 60, "s")]
    else:
        minutes = round(size / 60)
        parts = [(minutes // 60, "u" if language == "nl" else "h"), (minutes % 60, "min")]
    return sign + " ".join(f"{number(count, language)} {unit}" for count, unit in parts if count)


def day(value: date, language: str) -> str:
    """A date in words: 22 november 2026, 22 November 2026."""
    return f"{value.day} {_MONTHS[language][value.month - 1]} {value.year}"


def moment(value: datetime, language: str, *, zone: str = "Europe/Amsterdam") -> str:
    """A moment (aware) on the clock of `zone`: 22 november 2026, 4.30 uur; 22 November 2026, 04:30."""
    local = value.astimezone(ZoneInfo(zone))
    clock = f"{local.hour}.{local.minute:02d} uur" if language == "nl" else f"{local:%H:%M}"
    return f"{day(local.date(), language)}, {clock}"


def period(first: date, last: date, language: str) -> str:
    """A period with both ends included: 9 tot en met 22 november 2026, 9 to 22 November 2026."""
    if first == last:
        return day(first, language)
    start = day(first, language)
    if first.year == last.year:
        start = start.rsplit(" ", 1)[0]
        if first.month == last.month:
            start = str(first.day)
    return f"{start} {'tot en met' if language == 'nl' else 'to'} {day(last, language)}"


def listed(parts: Sequence[str], language: str) -> str:
    """One after the other, as in a sentence.

    >>> listed(["a"], "nl"), listed(["a", "b", "c"], "nl"), listed(["a", "b"], "en")
    ('a', 'a, b en c', 'a and b')
    """
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {'en' if language == 'nl' else 'and'} {parts[-1]}"


def odds(chance: float, language: str) -> str:
    """A probability as a natural frequency, rounded to what a reader can use.

    >>> odds(0.0004, "nl"), odds(0.31, "en"), odds(0.00001, "nl")
    ('1 op de 2.500', '3 in 10', 'minder dan 1 op de 10.000')
    """
    among = "op de" if language == "nl" else "in"
    if chance < 0.0001:
        return f"{'minder dan' if language == 'nl' else 'less than'} 1 {among} {number(10_000, language)}"
    if chance < 0.1:
        return f"1 {among} {number(_two_digits(1 / chance), language)}"
    return f"{max(1, round(10 * chance))} {among} {10}"


def _two_digits(value: float) -> int:
    size: int = 10 ** max(0, len(str(int(value))) - 2)
    return round(value / size) * size

# SPDX-License-Identifier: EUPL-1.2
"""Numbers that are somebody's: citizen service numbers, bank accounts, telephones.

Each finder gives the spans of its kind in readable text (`tracker.readable`), in time linear in its length.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from operator import itemgetter

from stdnum import iban, numdb
from stdnum.nl import bsn

Span = tuple[int, int]

YEAR, MONTH, DAY = r"(?:19|20)\d\d", "(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
CALENDAR_DATE = (
    rf"(?<!\d)(?:{DAY}(?P<s>[-./ ]){MONTH}(?P=s){YEAR}|{YEAR}(?P<t>[-./ ]){MONTH}(?P=t){DAY})(?![-./]?\d)"
)
_DATE = re.compile(CALENDAR_DATE, re.ASCII)
_DATE_IN_ONE = re.compile(
    rf"{YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2]){YEAR}",
    re.ASCII,
)

# Dates that a telephone number could begin in: also short ones, where a time or another date follows.
_SHORT_DATE = rf"{DAY}(?P<u>[-./]){MONTH}(?P=u)\d\d"
_NO_TELEPHONE = re.compile(
    rf"{CALENDAR_DATE}|(?<!\d)(?:{_DATE_IN_ONE.pattern})(?=\s)"
    rf"|(?<!\d){_SHORT_DATE}(?=\s(?:[012]?\d[.:][0-5]\d(?!\d)|(?:(?:-|en|tot|t/m)\s)?{DAY}(?P=u){MONTH}(?P=u)\d\d))",
    re.ASCII,
)
_LOWEST_CITIZEN_NUMBER = 10_000_000

# The account number, whose length is its country's.
_IBAN_START = re.compile(r"[a-z]{2}[\s.-]?\d[\s.-]?\d", re.IGNORECASE | re.ASCII)
_IBAN_SIGNS = r"[\s.,_/+:*|-]{0,3}"


def bank_accounts(text: str) -> Iterator[Span]:
    """IBANs with true check digits, also where they stick to other words."""
    for start in _IBAN_START.finditer(text):
        form = _iban_form(start.group()[:2].upper())
        found = form.match(text, start.start()) if form is not None else None
        if found and iban.is_valid(re.sub(r"[\W_]", "", found.group()), check_country=False):
            yield found.span()


@lru_cache(maxsize=26 * 26)
def _iban_form(country: str) -> re.Pattern[str] | None:
    """Letters and digits as long as an IBAN of a country is; None where the country has none."""
    parts = numdb.get("iban").info(country)
    fields = re.findall(r"(\d+)!", parts[0][1].get("bban", ""))
    if not fields:
        return None
    rest = 1 + sum(map(int, fields))  # behind the country and one digit; the other is one of the rest
    return re.compile(
        rf"[a-z]{{2}}{_IBAN_SIGNS}\d(?:{_IBAN_SIGNS}[a-z0-9]){{{rest}}}", re.IGNORECASE | re.ASCII
    )


# Between the digits of a telephone number; no colon, which hours of opening have.
_GAP = r"[\s._/+()|-]{0,3}"
# Where a plus stood for itself in a query, reading the query has made a space of it: 31 may lack its plus.
_PREFIX = r"(?:(?<!\w)\+|\(\+|(?<!\d)00|(?<!\d)(?=31))\s?31"
_DUTCH = rf"(?:{_PREFIX}{_GAP}(?:\(?0\)?{_GAP})?[1-9]|(?<!\d)\(?0{_GAP}[1-9])"
_HOURS = r"0?\d\.[0-5]\d(?!\d)(?:\s|-|tot|uur|u){1,5}[0-2]?\d\.[0-5]\d(?!\d)"
_PHONE = re.compile(rf"(?!{_HOURS}){_DUTCH}(?:{_GAP}\d){{8}}(?!\d)", re.ASCII | re.IGNORECASE)
_NEIGHBOURS = "1|32|33|34|39|40|44|48|49|90|212|351|359|380|597|599"
_ABROAD = re.compile(
    rf"(?:(?<![\w+])\+(?!31)[1-9]\d{{0,2}}|(?<!\d)00(?:{_NEIGHBOURS}))(?:{_GAP}\d){{7,12}}(?!\d)", re.ASCII
)


def telephones(text: str) -> Iterator[Span]:
    """Dutch numbers of ten digits, in any grouping, and those abroad that say so."""
    dates: list[Span] | None = None
    for found in _PHONE.finditer(text):
        if dates is None:
            dates = [date.span() for date in _NO_TELEPHONE.finditer(text)]
        # 01-02-2026 12:30, and 05.2026 08.30 within 12.05.2026 08.30.
        before = bisect_right(dates, found.start(), key=itemgetter(0)) - 1
        if before < 0 or dates[before][1] <= found.start():
            yield found.span()
    yield from (found.span() for found in _ABROAD.finditer(text))


_DIGITS = re.compile(r"\d+", re.ASCII)
_SIGN = r"[\s\x00-\x1f._/+,|*~\\-]{1,3}"
_CHAIN = re.compile(rf"(?<!\d)\d{{1,4}}(?:{_SIGN}\d{{1,4}})+(?!\d)", re.ASCII)
# Of nine digits these groupings are so usual that the signs between may differ.
_USUAL = {(3, 3, 3), (4, 2, 3)}
_ONE_BY_ONE = (1,) * 9
_USUAL_OF_EIGHT = {(2, 3, 3), (3, 2, 3), (3, 3, 2)}


def citizen_numbers(text: str) -> Iterator[Span]:
    """Citizen service numbers: eight or nine digits, whole or in groups, that pass the eleven-test."""
    for found in _DIGITS.finditer(text):
        if found.end() - found.start() in {8, 9}:
            digits = found.group()
            if _is_citizen_number(digits) and not _DATE_IN_ONE.fullmatch(digits):
                yield found.span()
    for chain in _CHAIN.finditer(text):
        groups = [found.span() for found in _DIGITS.finditer(text, chain.start(), chain.end())]
        yield from _in_groups(text, groups)


def _in_groups(text: str, groups: Sequence[Span]) -> Iterator[Span]:
    """Numbers among groups of at most four digits, each parted from the next by a sign or a few."""
    digits_before = [0, *accumulate(end - start for start, end in groups)]
    place = {digits: number for number, digits in enumerate(digits_before)}
    for first, digits in enumerate(digits_before):
        for total in (9, 8):
            beyond = place.get(digits + total)
            if beyond is None or (total == 8 and beyond - first != 3):
                continue
            if _is_in_groups(text, groups, first, beyond):
                yield groups[first][0], groups[beyond - 1][1]


def _is_in_groups(text: str, groups: Sequence[Span], first: int, beyond: int) -> bool:
    mine = groups[first:beyond]
    sizes = tuple([end - start for start, end in mine])
    start, end = mine[0][0], mine[-1][1]
    signs = {text[before[1] : after[0]] for before, after in pairwise(mine)}
    usual = sizes in _USUAL
    if len(signs) > 1:
        shaped = usual or sizes == _ONE_BY_ONE
    else:
        (sign,) = signs
        if not (usual and sign.isspace()):
            joined_before = first > 0 and text[groups[first - 1][1] : start] == sign
            if joined_before or (beyond < len(groups) and text[end : groups[beyond][0]] == sign):
                return False  # part of something longer: an IP address, a list
        if sum(sizes) == 9:
            shaped = usual or sizes == _ONE_BY_ONE or (len(sign) == 1 and max(sizes) >= 3)
        else:
            shaped = sizes in _USUAL_OF_EIGHT and sign not in ".,"
    if not shaped or not _is_citizen_number("".join([text[a:b] for a, b in mine])):
        return False
    return not _DATE.search(text, start, end)


def _is_citizen_number(digits: str) -> bool:
    return int(digits) >= _LOWEST_CITIZEN_NUMBER and bool(bsn.is_valid(digits))

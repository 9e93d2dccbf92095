# SPDX-License-Identifier: EUPL-1.2
"""Numbers that are somebody's: citizen service numbers, bank accounts, telephones.

Each finder gives the spans of its kind in readable text (`tracker.readable`), in time linear in its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from stdnum import iban, numdb
from stdnum.nl import bsn

Span = tuple[int, int]

YEAR, MONTH, DAY = r"(?:19|20)\d\d", "(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
CALENDAR_DATE = (
    rf"(?<!\d)(?:{DAY}(?P<s>[-./ ]){MONTH}(?P=s){YEAR}|{YEAR}(?P<t>[-./ ]){MONTH}(?P=t){DAY})(?![-./]?\d)"
)
_DATE = re.compile(CALENDAR_DATE, re.ASCII)
_DATE_IN_ONE = re.compile(
    rf"{YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2]){YEAR}", re.ASCII
)

# The account number, whose length is its country's.
_IBAN_START = re.compile(r"[a-z]{2}[\s.-]?\d[\s.-]?\d", re.IGNORECASE | re.ASCII)
_IBAN_SIGNS = frozenset(" \t\r\n.,-_/+:*|")
_MOST_SIGNS = 3


def bank_accounts(text: str) -> Iterator[Span]:
    """IBANs with true check digits, also where they stick to other words."""
    for start in _IBAN_START.finditer(text):
        length = _iban_length(text[start.start() : start.start() + 2].upper())
        if not length:
            continue
        signs, number = [], text[start.start() : start.start() + length * (1 + _MOST_SIGNS)]
        gap = 0
        for position, character in enumerate(number):
            if character.isalnum():
                gap = 0
                signs.append(character)
                if len(signs) == length:
                    if iban.is_valid("".join(signs), check_country=False):
                        yield start.start(), start.start() + position + 1
                    break
            else:
                gap += 1
                if gap > _MOST_SIGNS or character not in _IBAN_SIGNS:
                    break


@lru_cache(maxsize=26 * 26)
def _iban_length(country: str) -> int:
    """Length of the IBANs of a country; 0 where it has none."""
    parts = numdb.get("iban").info(country)
    structure = parts[0][1].get("bban", "")
    fields = re.findall(r"(\d+)!", structure)
    return 4 + sum(map(int, fields)) if fields else 0


# Between the digits of a telephone number; no colon, which hours of opening have.
_GAP = r"[\s._/+()|-]{0,3}"
_DUTCH = rf"(?:(?:(?<!\w)\+|\(\+|(?<!\d)00)\s?31{_GAP}(?:\(?0\)?{_GAP})?[1-9]|(?<!\d)31{_GAP}(?:\(0\)?{_GAP})?6|(?<!\d)\(?0{_GAP}[1-9])"
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
            dates = [date.span() for date in _DATE.finditer(text)]
        # 01-02-2026 12:30, and 05.2026 08.30 within 12.05.2026 08.30.
        if not any(start <= found.start() < end for start, end in dates):
            yield found.span()
    yield from (found.span() for found in _ABROAD.finditer(text))


_DIGITS = re.compile(r"\d+", re.ASCII)
_SIGNS = re.compile(r"[\s\x00-\x1f._/+,|*~\\-]{1,3}")
# Of nine digits these groupings are so usual that the signs between may differ; 9999 90 019 is the official one.
_USUAL = {(3, 3, 3), (4, 2, 3), (1,) * 9}
_USUAL_OF_EIGHT = {(2, 3, 3), (3, 2, 3), (3, 3, 2)}


def citizen_numbers(text: str) -> Iterator[Span]:
    """Citizen service numbers: eight or nine digits, whole or in groups, that pass the eleven-test."""
    groups = [found.span() for found in _DIGITS.finditer(text)]
    for at, (start, end) in enumerate(groups):
        if end - start in {8, 9}:
            digits = text[start:end]
            if bsn.is_valid(digits) and not _DATE_IN_ONE.fullmatch(digits):
                yield start, end
        elif end - start <= 4 and (found := _in_groups(text, groups, at)):
            yield found


def _in_groups(text: str, groups: Sequence[Span], first: int) -> Span | None:
    """The number that begins with this group of digits and has more of them, if there is one."""
    start, end = groups[first]
    total, last = end - start, first
    while total < 9 and last + 1 < len(groups):
        begins, ends = groups[last + 1]
        total += ends - begins
        if total > 9 or begins - end > _MOST_SIGNS or not _SIGNS.fullmatch(text, end, begins):
            return None
        end, last = ends, last + 1
        if total >= 8 and _is_in_groups(text, groups[first : last + 1], groups, first, last):
            return start, end
    return None


def _is_in_groups(text: str, mine: Sequence[Span], groups: Sequence[Span], first: int, last: int) -> bool:
    sizes = tuple(end - start for start, end in mine)
    signs = {text[before[1] : after[0]] for before, after in zip(mine, mine[1:], strict=False)}
    start, end = mine[0][0], mine[-1][1]
    alike = len(signs) == 1 and len(sign := next(iter(signs))) == 1
    if alike:
        if not sign.isspace() or sizes not in _USUAL:
            joined_before = first > 0 and text[groups[first - 1][1] : start] == sign
            joined_after = last + 1 < len(groups) and text[end : groups[last + 1][0]] == sign
            if joined_before or joined_after:  # part of something longer: an IP address, a list
                return False
        shaped = max(sizes) in {3, 4} if sum(sizes) == 9 else sizes in _USUAL_OF_EIGHT and sign not in ".,"
    else:
        shaped = False
    if not (shaped or sizes in _USUAL):
        return False
    return bsn.is_valid("".join(text[a:b] for a, b in mine)) and not _DATE.search(text, start, end)

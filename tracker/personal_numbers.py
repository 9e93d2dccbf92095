# SPDX-License-Identifier: EUPL-1.2
"""Numbers that are somebody's: citizen service numbers, bank accounts, telephones.

Each finder gives the spans of its kind in readable text (`tracker.readable`), in time linear in its length.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, count, pairwise
from operator import itemgetter, mul
from string import ascii_uppercase

from stdnum import iban, numdb

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
        if found and _is_bank_account(re.sub(r"[\W_]", "", found.group()).upper()):
            yield found.span()


_AS_NUMBERS = str.maketrans({letter: str(number) for number, letter in enumerate(ascii_uppercase, 10)})


def _is_bank_account(number: str) -> bool:
    """Whether the check digits (ISO 7064, MOD 97-10) are true, and the library agrees.

    It takes ten times as long, and nearly all that strangers make up has false ones.
    """
    rest = int((number[4:] + number[:4]).translate(_AS_NUMBERS)) % 97
    return rest == 1 and bool(iban.is_valid(number, check_country=False))


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
    rf"(?:(?<!\w)\+(?!31)[1-9]\d{{0,2}}|(?<!\d)00(?:{_NEIGHBOURS}))(?:{_GAP}\d){{7,12}}(?!\d)", re.ASCII
)
# Where no plus is left: whole numbers as long as those of the country are, and any grouping of one that
# stands alone.
_BARE = re.compile(
    r"(?<!\d)(?<!\d[.,])(?<![0-9a-f]{4}-)(?:32(?:4\d{8}|[1-9]\d{7})|33[1-9]\d{8}|44[1-9]\d{9}|49[1-9]\d{8,10})(?!\d)"
    rf"|\A\s?(?:32|33|44|49)(?:{_GAP}\d){{8,11}}\s?\Z",
    re.ASCII,
)
# Those that mobile telephones have; others of nine digits with a 6 in front are hardly given out.
_MOBILE = re.compile(r"(?<!\d)(?<!\d[.,])6[ -]?[1-58]\d{7}(?!\d)", re.ASCII)
# Right before a number of something that is nobody's; \Z is where the number begins.
_NUMBERED = re.compile(
    r"(?:bestel|order|zaak|dossier|factuur|kenmerk|referentie|artikel|reference|invoice|case|ticket)"
    r"[a-z]{0,8}(?:[\s:#.=_-]|nr|no){0,4}\Z",
    re.ASCII | re.IGNORECASE,
)
_FARTHEST = 24  # signs
_IN_ONE = re.compile(rf"\d{{10,}}(?!{_GAP}\d)", re.ASCII)
_LOST_PLUS = re.compile(rf"(?:\A|(?<=\W))\s(?=(?:{_NEIGHBOURS[2:]})(?:{_GAP}\d){{8,12}}(?!\d))", re.ASCII)


def with_its_plus(text: str) -> str:
    """The text, as long as it was, with a plus before the code of a country that seems to have had one.

    Of `?q=+32…` reading the query has made a space, which stands where no word needs one.

    >>> with_its_plus("bel  32 470 12 34 56")
    'bel +32 470 12 34 56'
    """

    def sign(found: re.Match[str]) -> str:
        numbered = _IN_ONE.match(text, found.end()) and _is_numbered(text, found.start())
        return found[0] if numbered else "+"

    return _LOST_PLUS.sub(sign, text)


def telephones(text: str) -> Iterator[Span]:
    """Dutch numbers of ten digits, in any grouping, and those abroad that say so or look it."""
    dates: list[Span] | None = None
    for found in _PHONE.finditer(text):
        if dates is None:
            dates = [date.span() for date in _NO_TELEPHONE.finditer(text)]
        # 01-02-2026 12:30, and 05.2026 08.30 within 12.05.2026 08.30.
        before = bisect_right(dates, found.start(), key=itemgetter(0)) - 1
        if before < 0 or dates[before][1] <= found.start():
            yield found.span()
    yield from (found.span() for found in _ABROAD.finditer(text))
    yield from _unless_numbered(_BARE, text)


def mobiles(text: str) -> Iterator[Span]:
    """Dutch mobile numbers without their 0; a citizen service number may look like one, and is the surer."""
    yield from _unless_numbered(_MOBILE, text)


def _unless_numbered(form: re.Pattern[str], text: str) -> Iterator[Span]:
    """What looks like a number that somebody is called at, but for those that a word says to be another."""
    for found in form.finditer(text):
        if not _is_numbered(text, found.start()):
            yield found.span()


def _is_numbered(text: str, place: int) -> bool:
    return _NUMBERED.search(text, max(0, place - _FARTHEST), place) is not None


_DIGITS = re.compile(r"\d+", re.ASCII)
_SIGN = re.compile(r"[\s\x00-\x1f._/+,|*~\\-]{1,3}", re.ASCII)
_LONGEST_GROUP = 4
# Of nine digits these groupings are so usual that the signs between may differ.
_USUAL = {(3, 3, 3), (4, 2, 3)}
_ONE_BY_ONE = (1,) * 9
_USUAL_OF_EIGHT = {(2, 3, 3), (3, 2, 3), (3, 3, 2)}


def citizen_numbers(text: str) -> Iterator[Span]:
    """Citizen service numbers: eight or nine digits, whole or in groups, that pass the eleven-test."""
    # Arithmetic first, over all digits as if nothing parted them: most places end there, and it is cheap.
    digits = "".join(_DIGITS.findall(text))
    tested = [(place, length) for length in (9, 8) for place in _pass_the_eleven_test(digits, length)]
    if not tested:
        return
    groups = [found.span() for found in _DIGITS.finditer(text)]
    digits_before = accumulate((end - start for start, end in groups), initial=0)
    group_at = {place: number for number, place in enumerate(digits_before)}
    for place, length in tested:
        first, beyond = group_at.get(place), group_at.get(place + length)
        if first is None or beyond is None:
            continue  # it begins or ends in the midst of a longer number
        if beyond - first == 1:
            is_one = not _DATE_IN_ONE.fullmatch(digits, place, place + length)
        else:
            is_one = (length == 9 or beyond - first == 3) and _is_in_groups(text, groups, first, beyond)
        if is_one:
            yield groups[first][0], groups[beyond - 1][1]


def _is_in_groups(text: str, groups: Sequence[Span], first: int, beyond: int) -> bool:
    """Whether some of the groups, each parted from the next by a sign or a few, are one number."""
    mine = groups[first:beyond]
    sizes = tuple([end - start for start, end in mine])
    signs = {text[before[1] : after[0]] for before, after in pairwise(mine)}
    if max(sizes) > _LONGEST_GROUP or not all(map(_SIGN.fullmatch, signs)):
        return False
    start, end = mine[0][0], mine[-1][1]
    usual = sizes in _USUAL
    if len(signs) > 1:
        shaped = usual or sizes == _ONE_BY_ONE
    else:
        (sign,) = signs
        if not (usual and sign.isspace()) and _is_in_a_list(text, groups, first, beyond, sign):
            return False
        if sum(sizes) == 9:
            shaped = usual or sizes == _ONE_BY_ONE or (len(sign) == 1 and max(sizes) >= 3)
        else:
            shaped = sizes in _USUAL_OF_EIGHT and sign not in ".,"
    return shaped and not _DATE.search(text, start, end)


def _is_in_a_list(text: str, groups: Sequence[Span], first: int, beyond: int, sign: str) -> bool:
    """Whether the groups are part of something longer with the same sign between: an IP address, a list."""
    for pair in groups[max(0, first - 1) : first + 1], groups[beyond - 1 : beyond + 1]:
        for before, after in pairwise(pair):
            longest = max(before[1] - before[0], after[1] - after[0])
            if text[before[1] : after[0]] == sign and longest <= _LONGEST_GROUP:
                return True
    return False


def _pass_the_eleven_test(digits: str, length: int) -> list[int]:
    """Where in a row of digits a citizen service number of eight or nine of them may begin.

    Its digits times 9, 8, … 2 and -1 add up to a multiple of eleven; one of eight lacks the first. Both sums
    over all places at once follow from two running totals, of the digits and of each times its place.
    """
    if len(digits) < length:
        return []
    values = list(map(int, digits))
    plain = list(accumulate(values, initial=0))
    placed = list(accumulate(map(mul, values, count()), initial=0))
    rest = length - 1
    weighted = [
        (place + length) * (plain_after - plain_before) - (placed_after - placed_before) - last
        for place, plain_before, plain_after, placed_before, placed_after, last in zip(
            count(), plain, plain[rest:], placed, placed[rest:], values[rest:], strict=False
        )
    ]
    return [
        place
        for place, total in enumerate(weighted)
        if total % 11 == 0 and int(digits[place : place + length]) >= _LOWEST_CITIZEN_NUMBER
    ]

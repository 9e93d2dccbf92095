# SPDX-License-Identifier: EUPL-1.2
"""Personal data out of text: what residents type into a search box never reaches storage or a log.

Found are citizen service numbers (BSN), e-mail addresses, telephone numbers, IBANs, postcodes with a house
number, dates beside a word such as "geboren", and the case numbers that the settings describe; each becomes a
typed mark, `[bsn]`. They are looked for in the text as a person would read it (`tracker.readable`) and cut
out of the text as it came. So a path stays a path, and what isn't personal survives letter by letter.

In doubt a number goes: a search that lost a word costs a count, a number that stayed cannot be taken back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import StrEnum

from tracker.case_numbers import CaseNumbers
from tracker.personal_numbers import Span, bank_accounts, citizen_numbers, mobiles, telephones
from tracker.personal_words import addresses, birth_dates, mail_addresses, may_be_veiled, may_name_a_birth
from tracker.readable import read


class Mark(StrEnum):
    """What was found; the text is replaced by `[mark]`."""

    BSN = "bsn"
    EMAIL = "email"
    PHONE = "phone"
    IBAN = "iban"
    ADDRESS = "address"
    BIRTHDATE = "birthdate"
    CASE = "case"


Found = tuple[Mark, ...]

# What a text must have to be worth reading: nearly all have none of it, and are on the way of every beacon.
_DIGIT_OR_AT = re.compile("[0-9@]")
_DIGITS_OR_AT = re.compile(r"@|[0-9](?:[^0-9]*+[0-9]){4}")

# Where a neighbour went, a number may stand alone that was part of another before.
_ROUNDS = 6


def scrub(text: str, *, form_encoded: bool = False, cases: CaseNumbers | None = None) -> tuple[str, Found]:
    """The text with marks in place of personal data, and the marks that were put there.

    `form_encoded` says that `+` stands for a space (the query of an address), so that it separates words;
    `cases` finds the case numbers of this installation.

    >>> scrub("aangifte 9999.90.019 van jan@example.nl")
    ('aangifte [bsn] van [email]', (<Mark.BSN: 'bsn'>, <Mark.EMAIL: 'email'>))
    >>> scrub("/klant/9999%2E90%2E019/p800refund")
    ('/klant/[bsn]/p800refund', (<Mark.BSN: 'bsn'>,))
    """
    if text.isascii() and "%" not in text and "&" not in text and not _is_suspect(text):
        return text, ()
    marks: list[Mark] = []
    for _ in range(_ROUNDS):
        text, found = _without_the_plain(text, form_encoded, cases)
        if not found:
            break
        marks += found
    return text, tuple(marks)


def _without_the_plain(text: str, form_encoded: bool, cases: CaseNumbers | None) -> tuple[str, list[Mark]]:
    """The text with marks for what can be told from all that stands around it."""
    readable, began = read(text, form_encoded=form_encoded)
    if not _is_suspect(readable):
        return text, []
    found = _found(readable, cases)
    if began is not None:
        found = [(began[start], began[end], rank, mark) for start, end, rank, mark in found]
        found += _behind_a_sign(text)
    if not found:
        return text, []
    parts, marks, last = [], [], 0
    for start, end, mark in _joined(found):
        parts += [text[last:start], f"[{mark}]"]
        marks.append(mark)
        last = end
    return "".join([*parts, text[last:]]), marks


def _is_suspect(text: str) -> bool:
    """Whether there may be anything in readable text; the least is a postcode with a number, five digits."""
    if _DIGITS_OR_AT.search(text) or may_be_veiled(text):
        return True
    return _DIGIT_OR_AT.search(text) is not None and may_name_a_birth(text)


_FINDERS: tuple[tuple[Mark, Callable[[str], Iterator[Span]]], ...] = (
    (Mark.EMAIL, mail_addresses),
    (Mark.IBAN, bank_accounts),
    (Mark.PHONE, telephones),
    (Mark.BIRTHDATE, birth_dates),
    (Mark.ADDRESS, addresses),
    (Mark.BSN, citizen_numbers),
    (Mark.PHONE, mobiles),
)


def _found(text: str, cases: CaseNumbers | None) -> list[tuple[int, int, int, Mark]]:
    """Start, end, rank (the surest first) and kind of personal data in readable text, in any order."""
    found: list[tuple[int, int, int, Mark]] = []
    # A plus may be a space or itself, and nothing in a path tells which.
    for reading in (text, text.replace("+", " ")) if "+" in text else (text,):
        if cases is not None:
            found += [(start, end, 0, Mark.CASE) for start, end in cases.spans(reading)]
        for rank, (mark, find) in enumerate(_FINDERS, start=1):
            found += [(start, end, rank, mark) for start, end in find(reading)]
    return found


# A number right behind a sign that begins a code, as in 5%999990019, loses its first digits in decoding.
# Codes from 20 to 29 are spaces and signs, which are encoded in earnest.
_BEHIND_A_SIGN = re.compile(r"(?:%u?|\\u)(?:(0[1-9][0-9]{8})|([3-9][0-9]{7,8}))(?![0-9])")


def _behind_a_sign(text: str) -> list[tuple[int, int, int, Mark]]:
    """Numbers that a text has where its reading has something else."""
    found = []
    for match in _BEHIND_A_SIGN.finditer(text):
        if match[1]:
            found.append((*match.span(1), len(_FINDERS), Mark.PHONE))
        elif any(citizen_numbers(match[2])):
            found.append((*match.span(2), len(_FINDERS), Mark.BSN))
    return found


def _joined(found: list[tuple[int, int, int, Mark]]) -> list[tuple[int, int, Mark]]:
    """What is to be cut out, in order; where two overlap both go, as the surest of their kinds."""
    joined: list[tuple[int, int, int, Mark]] = []
    for start, end, rank, mark in sorted(found):
        if joined and start < joined[-1][1]:
            first, last, surest, its_mark = joined[-1]
            if rank < surest:
                surest, its_mark = rank, mark
            joined[-1] = first, max(last, end), surest, its_mark
        else:
            joined.append((start, end, rank, mark))
    return [(start, end, mark) for start, end, _, mark in joined]

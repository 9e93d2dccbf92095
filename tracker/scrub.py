# SPDX-License-Identifier: EUPL-1.2
"""Personal data out of text: what residents type into a search box never reaches storage or a log.

Found are citizen service numbers (BSN), e-mail addresses, Dutch phone numbers, IBANs and postcodes with a
house number; each becomes a typed mark, `[bsn]`. They are looked for in the text as a person would read it,
with percent-encoding undone as often as it was done, and cut out of the text as it came. So a path stays a
path, and what isn't personal survives letter by letter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import StrEnum

from stdnum import iban
from stdnum.nl import bsn


class Mark(StrEnum):
    """What was found; the text is replaced by `[mark]`."""

    BSN = "bsn"
    EMAIL = "email"
    PHONE = "phone"
    IBAN = "iban"
    ADDRESS = "address"


Found = tuple[Mark, ...]
Span = tuple[int, int]

# The least that can be personal without an @ is a postcode with a house number: five digits. What is
# percent-encoded may hide either.
_SUSPECT = re.compile(r"[@%]|\d(?:\D*\d){4}")
_PLAIN = re.compile("[0-9@%]")
_ENCODED = re.compile(r"(?:%[0-9a-fA-F]{2})+")
_DEEPEST_ENCODING = 4


def scrub(text: str, *, form_encoded: bool = False) -> tuple[str, Found]:
    """The text with marks in place of personal data, and the marks in their order.

    `form_encoded` says that `+` stands for a space (the query of an address), so that it separates words.

    >>> scrub("aangifte 9999.90.019 van jan@example.nl")
    ('aangifte [bsn] van [email]', (<Mark.BSN: 'bsn'>, <Mark.EMAIL: 'email'>))
    >>> scrub("/klant/9999%2E90%2E019/p800refund")
    ('/klant/[bsn]/p800refund', (<Mark.BSN: 'bsn'>,))
    """
    if (_PLAIN.search(text) is None and text.isascii()) or _SUSPECT.search(text) is None:
        return text, ()
    readable, ends = _readable(text, form_encoded)
    spans = _spans(readable)
    if not spans:
        return text, ()
    parts, last = [], 0
    for start, end, mark in spans:
        from_, to = (start, end) if ends is None else (ends[start], ends[end])
        parts += [text[last:from_], f"[{mark}]"]
        last = to
    return "".join([*parts, text[last:]]), tuple(mark for _, _, mark in spans)


def _readable(text: str, form_encoded: bool) -> tuple[str, list[int] | None]:
    """The text as a person reads it, and where in `text` each of its characters (and its end) began."""
    readable, began = text, None
    for _ in range(_DEEPEST_ENCODING):
        if form_encoded and "+" in readable:
            readable = readable.replace("+", " ")
        if not _ENCODED.search(readable):
            break
        readable, step = _decoded(readable)
        began = step if began is None else [began[position] for position in step]
    if not readable.isascii():
        # Digits of other scripts, one for one: a BSN typed on an Arabic keyboard is a BSN.
        readable = "".join(str(int(c)) if c.isdecimal() else c for c in readable)
    return readable, began


def _decoded(text: str) -> tuple[str, list[int]]:
    """One round of percent-decoding, with for each character where it began."""
    characters: list[str] = []
    began: list[int] = []
    last = 0
    for run in _ENCODED.finditer(text):
        characters += text[last:run.start()]
        began += range(last, run.start())
        position = run.start()
        for character in bytes.fromhex(run.group().replace("%", "")).decode(errors="surrogateescape"):
            characters.append(character)
            began.append(position)
            position += 3 * len(character.encode(errors="surrogateescape"))
        last = run.end()
    characters += text[last:]
    began += range(last, len(text) + 1)
    return "".join(characters), began


def _spans(text: str) -> list[tuple[int, int, Mark]]:
    """Personal data in readable text, in order, without overlap; the surest kind wins."""
    taken: list[tuple[int, int, Mark]] = []
    for mark, find in _FINDERS:
        for start, end in find(text):
            if all(end <= other_start or start >= other_end for other_start, other_end, _ in taken):
                taken.append((start, end, mark))
    return sorted(taken)


_MAIL_HOST = re.compile(r"@[\w-]{1,63}(?:\.[\w-]{1,63})*\.[^\W\d_]{2,24}")
# The part before the @, read backwards from it: one tag after a plus at most, since `+` also joins words.
_MAILBOX_BACKWARDS = re.compile(r"[\w.%'!#$&*=?^`{|}~-]{1,64}(?:\+[\w.-]{1,64})?")


def _emails(text: str) -> Iterator[Span]:
    for host in _MAIL_HOST.finditer(text):
        before = text[max(0, host.start() - 129):host.start()]
        if mailbox := _MAILBOX_BACKWARDS.match(before[::-1]):
            yield host.start() - mailbox.end(), host.end()


_IBAN_START = re.compile(r"(?<![a-zA-Z\d])[a-zA-Z]{2}\d\d(?=[ .\-]?[a-zA-Z\d])")
_IBAN_LENGTHS = range(15, 35)


def _ibans(text: str) -> Iterator[Span]:
    for start in _IBAN_START.finditer(text):
        ends: list[int] = []
        position = start.start()
        while position < len(text) and len(ends) < _IBAN_LENGTHS.stop:
            if text[position].isalnum():
                ends.append(position + 1)
            elif text[position] not in " .-\N{NO-BREAK SPACE}":
                break
            position += 1
        for length in _IBAN_LENGTHS:
            if length > len(ends):
                break
            whole = length == len(ends) or not text[ends[length - 1]: ends[length - 1] + 1].isalnum()
            if whole and iban.is_valid(text[start.start():ends[length - 1]]):
                yield start.start(), ends[length - 1]
                break


_DATE = r"(?:\d{1,2}[-./ ]\d{1,2}[-./ ](?:19|20)\d\d)"
_ABROAD = r"(?:(?:\+|00)\s?31[\s.-]?(?:\(0\)[\s.-]?|0)?[1-9]|31[\s.-]?(?:\(0\)[\s.-]?)?6)"
_PHONE = re.compile(rf"(?<!\d)(?!{_DATE})(?:{_ABROAD}|\(?0[1-9])(?:\)?[\s./-]{{0,3}}\d){{8}}(?!\d)")


def _phones(text: str) -> Iterator[Span]:
    return (match.span() for match in _PHONE.finditer(text))


_POSTCODE = r"(?<![a-z\d])([1-9]\d{3})([\s+_-]?)([a-z]{2})"
_GAP = r"[\s,;:/=&+_.-]{0,4}(?:huis)?(?:nummer|nr)?[\s,;:/=&+_.-]{0,4}"
_NUMBER = r"\d{1,5}(?:[ -]?[a-z](?![a-z]))?"
_ADDRESS = re.compile(rf"{_POSTCODE}(?:(?![a-z]){_GAP}|(?=\d)){_NUMBER}(?!\d)", re.IGNORECASE)
_ADDRESS_BEFORE = re.compile(rf"(?<![\w.]){_NUMBER}[\s,;+/]{{1,3}}{_POSTCODE}(?![a-z\d])", re.IGNORECASE)
# Two letters after four digits that are a unit or a word rather than half a postcode.
_UNITS = frozenset({"kg", "km", "cm", "mm", "ml", "cl", "kw", "gb", "mb", "st", "px", "pk", "ca"})
_SMALL_WORDS = frozenset({
    "al", "de", "di", "do", "en", "er", "eu", "in", "is", "je", "ma", "na", "nr", "nu", "of", "om", "op",
    "te", "tm", "uw", "vr", "we", "wo", "za", "ze", "zo", "an", "as", "at", "by", "no", "on", "or", "to",
    "us",
})


def _addresses(text: str) -> Iterator[Span]:
    for pattern in (_ADDRESS, _ADDRESS_BEFORE):
        for match in pattern.finditer(text):
            number, gap, letters = match.group(1, 2, 3)
            word = letters.lower()
            year = number[:2] in {"19", "20"}
            if word in _UNITS or (word in _SMALL_WORDS and (year or (gap and letters != letters.upper()))):
                continue
            yield match.span()


_BSN = re.compile(r"(?<!\d)(?<!\d[.,])\d{8,9}(?!\d)")
# In groups, all parted by the same sign: 9999.90.019, 999 990 019.
_BSN_GROUPS = re.compile(r"(?<!\d)(?<!\d[ .,-])\d{1,4}([ .+\xa0-])\d{1,4}(?:\1\d{1,4}){0,3}(?!\1?\d)")
_YEAR, _MONTH, _DAY = r"(?:19|20)\d\d", "(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"
_PLAIN_DATE = re.compile(rf"{_YEAR}{_MONTH}{_DAY}|{_DAY}{_MONTH}{_YEAR}")


def _citizen_numbers(text: str) -> Iterator[Span]:
    for match in _BSN.finditer(text):
        if bsn.is_valid(match.group()) and not _PLAIN_DATE.fullmatch(match.group()):
            yield match.span()
    for match in _BSN_GROUPS.finditer(text):
        groups = match.group().split(match.group(1))
        if sum(map(len, groups)) == 9 and max(map(len, groups)) >= 3 and bsn.is_valid("".join(groups)):
            yield match.span()


_FINDERS: tuple[tuple[Mark, Callable[[str], Iterator[Span]]], ...] = (
    (Mark.EMAIL, _emails),
    (Mark.IBAN, _ibans),
    (Mark.PHONE, _phones),
    (Mark.ADDRESS, _addresses),
    (Mark.BSN, _citizen_numbers),
)

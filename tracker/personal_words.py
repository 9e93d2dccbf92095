# SPDX-License-Identifier: EUPL-1.2
"""What is somebody's and isn't a number alone: e-mail addresses, where one lives, when one was born.

Each finder gives the spans of its kind in readable text (`tracker.readable`), in time linear in its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tracker.personal_numbers import Span

_MAIL_HOST = re.compile(r"\s{0,2}(?=(\S))[\w-][\w.-]{0,253}")
_TOP = re.compile(r"\.[^\W\d_]{2,24}\Z")
_LETTER = re.compile(r"[^\W\d_]")
# The part before the @, read backwards from it: one tag after a plus at most, since `+` also joins words.
_MAILBOX_BACKWARDS = re.compile(
    r"\s{0,2}(?:[\w.%'!#$&*=?^`{|}~-]{1,128}(?:\+[\w.-]{1,64})?|\"[^\"@]{1,64}\")"
)
# Written so that programs don't see it: jan [at] example.nl, jan at example punt nl.
_VEILED = re.compile(
    r"(?<![\w.])[\w.-]{1,64}\s{0,2}(?:[\[({<]\s?(?:at|apenstaartje|@)\s?[\])}>]|\sapenstaartje\s)\s{0,2}"
    r"[\w-]{1,63}(?:(?:\s?[\[({<]?(?:\.|\bdot\b|\bpunt\b)[\])}>]?\s?)[\w-]{1,63}){1,4}"
    r"|(?<![\w.])[\w.-]{1,64}\s(?:at|apenstaartje)\s[\w-]{1,63}(?:\s(?:dot|punt)\s[\w-]{1,63}){1,4}",
    re.IGNORECASE,
)
_VEIL = re.compile(r"[\[({<]\s?(?:at|apenstaartje|@)\s?[\])}>]", re.IGNORECASE)


def may_be_veiled(text: str) -> bool:
    """Whether there may be a mail address without its @."""
    text = text.lower()
    return " dot " in text or " punt " in text or "apenst" in text or _VEIL.search(text) is not None


def mail_addresses(text: str) -> Iterator[Span]:
    """Whatever stands around an @: where no space parts them the host may lack its end (`jan@gemeente`)."""
    sign = text.find("@")
    while sign >= 0:
        host = _MAIL_HOST.match(text, sign + 1)
        mailbox = _MAILBOX_BACKWARDS.match(text[max(0, sign - 196) : sign][::-1]) if host else None
        if host and mailbox:
            name = host.group().rstrip(".-_")
            spaced = name[:1].isspace() or mailbox.group()[:1].isspace()
            if _TOP.search(name) or (not spaced and _LETTER.search(name)):
                yield sign - mailbox.end(), sign + 1 + len(name)
        sign = text.find("@", sign + 1)
    if may_be_veiled(text):
        yield from (found.span() for found in _VEILED.finditer(text))


_POSTCODE = (
    r"(?:(?<![a-z\d])|(?<=postcode)|(?<=adres)|(?<=[^a-z]pc)|(?<=zip))([1-9]\d{3})([\s+._-]{0,3})([a-z]{2})"
)
_BETWEEN = r"[\s,;:/=&+_.\-\"'(){}|#*\\]{0,6}"
_CALLED = r"(?:huis|house)?[\s_-]?(?:nummer|number|num|nr|no)"
_GAP = rf"{_BETWEEN}(?:(?:en|and|met)\s)?(?:{_CALLED})?{_BETWEEN}"
_NUMBER = r"([1-9]\d{0,4})(?:[ -]?[a-z](?![a-z]))?"
_ADDRESS = re.compile(
    rf"{_POSTCODE}(?:(?![a-z]){_GAP}|(?={_CALLED}){_GAP}|(?=\d)){_NUMBER}(?!\d)", re.IGNORECASE | re.ASCII
)
_ADDRESS_BEFORE = re.compile(
    rf"(?<![\w.]){_NUMBER}[\s,;+/&\"'|()-]{{1,4}}(?:(?:postcode|pc|zip)[\s:=_+\"'-]{{0,4}})?{_POSTCODE}(?![a-z\d])",
    re.IGNORECASE | re.ASCII,
)
# Two letters after four digits that are a unit or a word rather than half a postcode.
_UNITS = frozenset(
    {"kg", "mg", "gr", "km", "cm", "mm", "dm", "ml", "cl", "dl", "kw", "kj", "gb", "mb", "kb", "tb", "hz"}
    | {"st", "px", "pk", "ca", "ha"}
)
# Words with a letter that postcodes as good as never have (F, I, O, Q, U, Y) are words; the others are only
# where the number is a year or a round one.
_WORDS = frozenset(
    {
        "di",
        "do",
        "eu",
        "if",
        "in",
        "is",
        "io",
        "nu",
        "of",
        "om",
        "on",
        "op",
        "or",
        "to",
        "us",
        "uw",
        "wo",
        "zo",
        "by",
        "no",
    }
)
_PERHAPS = frozenset(
    {"al", "an", "as", "at", "de", "en", "er", "je", "ma", "na", "nr", "te", "tm", "vr", "we", "za", "ze"}
)
_MONTHS = (
    r"(?:jan(?:uar[iy])?|feb(?:ruar[iy])?|maart|march|mrt|mar|apr(?:il)?|mei|may|jun[ie]?|jul[iy]?|aug(?:ust(?:us)?)?"
    r"|sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_DATE_BEFORE = re.compile(rf"(?:\d[-./ ]{{1,2}}|{_MONTHS}[-./ ]{{1,2}})\Z", re.IGNORECASE | re.ASCII)
_ARTICLE_BEFORE = re.compile(r"\bart(?:ikel|icle)?\.?\s?\Z", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d\d\Z", re.ASCII)
_WORD_AFTER = re.compile(r"\s?[a-z]{2}", re.IGNORECASE)


def addresses(text: str) -> Iterator[Span]:
    """Postcodes with a house number, which in the Netherlands name one home."""
    for found in _ADDRESS.finditer(text):
        digits, gap, letters, number = found.groups()
        if not _is_no_postcode(text, found, digits, gap, letters, number):
            yield found.span()
    for found in _ADDRESS_BEFORE.finditer(text):
        number, digits, gap, letters = found.groups()
        if not _is_no_postcode(text, found, digits, gap, letters, number):
            yield found.span()


def _is_no_postcode(
    text: str, found: re.Match[str], digits: str, gap: str, letters: str, number: str
) -> bool:
    word = letters.lower()
    if word in _UNITS:
        return True
    before = max(0, found.start() - 12)
    if _ARTICLE_BEFORE.search(text, before, found.start()):
        return True
    year = _YEAR.match(digits) is not None
    if year and word in _WORDS | _PERHAPS and _DATE_BEFORE.search(text, before, found.start()):
        return True  # 12 mei 2026 om 10 uur
    if letters == letters.upper() or not gap:
        return False
    if word in _WORDS:
        return True
    return word in _PERHAPS and (
        digits.endswith("00")
        or (year and (_YEAR.match(number) is not None or _WORD_AFTER.match(text, found.end()) is not None))
    )


# What either may begin with is said first, since both are tried at every sign beside the other.
_CUE = (
    r"(?=[bdgjv])(?:geboorte[\s._-]{0,2}(?:datum|dag|dd|dt)|(?<!on)geboren"
    r"|geb[\s._-]{0,2}(?:datum|dag|dat\b|dd\b)"
    r"|(?:date|day)[\s._-]{0,2}of[\s._-]{0,2}birth|birth[\s._-]{0,2}(?:date|day|dt)|verjaardag|d\.\s?o\.\s?b"
    r"|(?<![a-z])(?:geb|gebd|dob|born|jarig|verjaart|bday)(?![a-z]))"
)
_S = r"[\s\-./_,+:|']"
_BIRTH_DATE = (
    rf"(?=[\djfmasond])(?:(?<!\d)(?:\d{{1,4}}{_S}{{1,3}}\d{{1,2}}{_S}{{1,3}}\d{{1,4}}|\d{{8}}|\d{{6}})(?!\d)"
    rf"|(?<!\d)\d{{1,2}}(?:st|nd|rd|th|ste|de|e)?{_S}{{0,3}}(?:of\s)?{_MONTHS}(?:{_S}{{0,4}}\d{{2,4}})?(?![a-z\d])"
    rf"|(?<!\d)\d{{4}}{_S}{{0,3}}{_MONTHS}{_S}{{0,3}}\d{{1,2}}(?!\d)"
    rf"|{_MONTHS}{_S}{{0,3}}\d{{1,2}}(?:st|nd|rd|th)?(?:{_S}{{1,4}}\d{{2,4}})?(?!\d))"
)
# A mark that was put in another's place isn't crossed: what is scrubbed once is clean.
_BETWEEN_CUE = r"[^\d\[\]]{0,30}?"
# Every date has a digit: behind what is between, and the longest month with three signs.
_SOON_A_DIGIT = r"(?=[^\d\[\]]{0,42}\d)"
_CUE_PARTS = ("geb", "born", "birth", "dob", "o.b", "o. b", "jarig", "verjaar", "bday")
_BORN = re.compile(rf"{_CUE}{_SOON_A_DIGIT}{_BETWEEN_CUE}({_BIRTH_DATE})", re.IGNORECASE | re.ASCII)
_WAS_BORN = re.compile(rf"({_BIRTH_DATE})[^\d\[\]]{{0,20}}?{_CUE}", re.IGNORECASE | re.ASCII)


def may_name_a_birth(text: str) -> bool:
    """Whether there may be a word that makes a date one of birth."""
    text = text.lower()
    return any(part in text for part in _CUE_PARTS)


def birth_dates(text: str) -> Iterator[Span]:
    """Dates beside a word that says they are somebody's; the word stays."""
    if may_name_a_birth(text):
        for pattern in (_BORN, _WAS_BORN):
            yield from (found.span(1) for found in pattern.finditer(text))

# SPDX-License-Identifier: EUPL-1.2
"""Texts with personal data in them, spelled as residents, forms, portals and spiteful people spell it.

Everything comes from a seed. Nobody's data is in it: citizen service numbers are of the official test range,
the rest is drawn at random. What a text was given is found again by `remains`, which shares no code with what
is under test.
"""

from __future__ import annotations

import html
import random
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, unquote

MASKS = ("Z-####-######", "ZAAK/####/#+", "@@##.####")
_WORDS = (
    "aanvraag",
    "paspoort",
    "mijn",
    "graag",
    "verhuizen",
    "uitkering",
    "kapvergunning",
    "naar",
    "afval",
    "status",
    "waar",
    "blijft",
    "please",
    "help",
    "vergunning",
    "Café",
    "gemeente",
    "overlijden",
    "€",
    "brief",
    "zoeken",
)
_MONTHS = {
    1: ("januari", "jan", "January"),
    2: ("februari", "feb.", "February"),
    3: ("maart", "mrt", "March"),
    4: ("april", "apr", "April"),
    5: ("mei", "May"),
    6: ("juni", "jun", "June"),
    7: ("juli", "July"),
    8: ("augustus", "aug", "August"),
    9: ("september", "sept", "Sep"),
    10: ("oktober", "okt.", "October"),
    11: ("november", "nov", "November"),
    12: ("december", "dec", "December"),
}
_CUES = (
    "geboren",
    "geboren op",
    "geb.datum",
    "geb. datum",
    "geb.",
    "geb",
    "geboortedatum",
    "geboortedatum:",
    "Geboortedatum =",
    "geboorte_datum",
    "dob",
    "DOB:",
    "d.o.b.",
    "born",
    "born on",
    "date of birth",
    "birth date:",
    "birthdate",
    "dateOfBirth=",
    "geboren te Utrecht op",
    "verjaardag",
    "GEBOREN",
)


@dataclass(frozen=True, slots=True)
class Planted:
    """A text, the kind of what was put in it, and the secret in its plainest spelling."""

    kind: str
    secret: str
    text: str


def texts(seed: int, count: int, kinds: Sequence[str] = ()) -> Iterator[Planted]:
    """So many texts, always the same of one seed, with data of these kinds (all by default)."""
    chance = random.Random(seed)
    kinds = kinds or list(KINDS)
    for _ in range(count):
        kind = chance.choice(kinds)
        secret, spelled = KINDS[kind](chance)
        yield Planted(kind, secret, disguised(chance, surrounded(chance, spelled)))


def surrounded(chance: random.Random, spelled: str) -> str:
    """In a sentence, a path, a form or alone."""
    before, after = (" ".join(chance.choices(_WORDS, k=chance.randint(0, 3))) for _ in "ba")
    frame = chance.randrange(8)
    if frame == 0:
        return spelled
    if frame == 1:
        return f"{before.replace(' ', '/')}/{spelled}/{after.replace(' ', '/')}"
    if frame == 2:
        return f"{before} ({spelled}) {after}"
    if frame == 3:
        return f'{{"waarde":"{spelled}"}}'
    if frame == 4:
        return f"{before}, {spelled}, {after}."
    if frame == 5:
        return f"naam={chance.choice(_WORDS)}&waarde={spelled}&x={after}"
    return f"{before} {spelled} {after}".strip()


def disguised(chance: random.Random, text: str) -> str:
    """Encoded as browsers, forms and portals do, or written with signs that look the same."""
    way = chance.random()
    if way < 0.35:
        return text
    if way < 0.45:
        return quote(text, safe=chance.choice(("", "/", "@", "/@")))
    if way < 0.55:
        return quote(quote(text, safe=""), safe="")
    if way < 0.60:
        for _ in range(chance.randint(3, 7)):
            text = quote(text, safe="")
        return text
    if way < 0.68:
        return "".join(f"%{ord(c):02x}" if ord(c) < 128 and chance.random() < 0.5 else c for c in text)
    if way < 0.74:
        return text.replace(" ", "+")
    if way < 0.80:
        return text.translate({ord("0") + n: chr(chance.choice(_ZEROS) + n) for n in range(10)})
    if way < 0.86:
        return "".join(c + chance.choice(_UNSEEN) if chance.random() < 0.2 else c for c in text)
    if way < 0.92:
        return text.translate({0x20: chance.choice(_SPACES), 0x2D: chance.choice(_DASHES)})
    if way < 0.96:
        return "".join(f"&#{ord(c)};" if c.isdigit() or c in "@.+" else c for c in text)
    return chance.choice((text.upper, text.title, text.swapcase))()


_ZEROS = (0x660, 0x6F0, 0x966, 0xFF10, 0x1D7CE)  # Arabic, Persian, Devanagari, full width, mathematical
_UNSEEN = ("\u200b", "\u200d", "\u00ad", "\u2060", "\ufeff")
_SPACES = ("\u00a0", "\u2009", "\u202f", "\u3000", "  ")
_DASHES = ("\u2010", "\u2011", "\u2013", "\u2014", "\u2212")


@lru_cache(maxsize=1)
def _test_numbers() -> tuple[str, ...]:
    """Every citizen service number of the official test range that passes the eleven-test."""
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    found = (f"9999{number:05d}" for number in range(100_000))
    return tuple(n for n in found if sum(int(d) * w for d, w in zip(n, weights, strict=True)) % 11 == 0)


def _citizen_number(chance: random.Random) -> tuple[str, str]:
    digits = chance.choice(_test_numbers())
    shape = chance.choice(
        ((9,), (9,), (9,), (4, 2, 3), (3, 3, 3), (2, 2, 2, 3), (3, 2, 4), (4, 2, 3), (1,) * 9)
    )
    sign = (
        chance.choice((".", " ", "-", "/", "_", ". ", " - "))
        if shape in {(4, 2, 3), (3, 3, 3)}
        else chance.choice(". -")
    )
    glued = chance.choice(("", "", "", "bsn", "BSN:", "bsn=", "nr.", "1. ", "12,", "3 "))
    if glued[:1].isdigit() and len(shape) > 1:
        glued = ""
    return digits, glued + _grouped(digits, shape, sign)


def _grouped(digits: str, shape: tuple[int, ...], sign: str) -> str:
    parts, at = [], 0
    for size in shape:
        parts.append(digits[at : at + size])
        at += size
    return sign.join(parts)


def _mail_address(chance: random.Random) -> tuple[str, str]:
    first, last = (
        chance.choice(("jan", "fatima", "j", "p.de", "maria-louise", "Wil", "noor1987")) for _ in "ab"
    )
    secret = f"{first}{chance.choice('._-')}{last}{chance.randrange(1000)}@{chance.choice(_HOSTS)}"
    spelled = secret
    way = chance.random()
    if way < 0.1:
        spelled = secret.replace("@", " @ ")
    elif way < 0.2:
        spelled = secret.replace("@", chance.choice(("[at]", "(at)", " [at] ", " (apenstaartje) ")))
    elif way < 0.3:
        spelled = f"mailto:{secret}"
    return secret, spelled


_HOSTS = ("example.nl", "mail.example.com", "post.voorbeeld.example", "ex-ample.org", "EXAMPLE.NL")


def _telephone(chance: random.Random) -> tuple[str, str]:
    if chance.random() < 0.3:
        return _telephone_abroad(chance)
    rest = "".join(chance.choices("0123456789", k=7))
    national = chance.choice(("6", "10", "20", "318", "77"))
    number = (national + str(chance.randint(1, 9)) + rest)[:9]
    zero = chance.choice(("0", "0", "0", "+31", "+31 ", "0031", "+31(0)", "+31 (0)", "(+31) ", "0031 "))
    shape = chance.choice(
        ((9,), (1, 8), (1, 2, 2, 2, 2), (1, 4, 4), (2, 7), (2, 3, 2, 2), (3, 3, 3), (1,) * 9)
    )
    spelled = zero + _grouped(number, shape, chance.choice((" ", "-", ".", " - ", "/")))
    if zero == "0" and shape[0] == 2 and chance.random() < 0.3:
        spelled = f"(0{number[:2]}) {number[2:]}"
    return number, chance.choice(("", "", "tel:", "tel.", "bel ")) + spelled


def _telephone_abroad(chance: random.Random) -> tuple[str, str]:
    country, start, length, shapes = chance.choice(
        (
            ("32", "4", 9, ((9,), (3, 2, 2, 2), (3, 3, 3))),
            ("49", "15", 11, ((11,), (3, 8), (4, 7))),
            ("44", "7", 10, ((10,), (4, 6), (4, 3, 3))),
            ("33", chance.choice("1267"), 9, ((9,), (1, 2, 2, 2, 2))),
        )
    )
    number = start + "".join(chance.choices("123456789", k=length - len(start)))
    gap = chance.choice(("", " ", "-"))
    spelled = gap.join((country, _grouped(number, chance.choice(shapes), chance.choice((" ", "-", ".")))))
    return number, chance.choice(("", "", "tel: ", "bel ")) + chance.choice(("+", "+", "00")) + spelled


def _bank_account(chance: random.Random) -> tuple[str, str]:
    country, account = chance.choice(
        (
            ("NL", "".join(chance.choices("ABCDEFGHKNRST", k=4)) + f"{chance.randrange(10**10):010d}"),
            ("DE", f"{chance.randrange(10**18):018d}"),
            ("BE", f"{chance.randrange(10**12):012d}"),
        )
    )
    numeric = "".join(str(int(c, 36)) for c in f"{account}{country}00")
    secret = f"{country}{98 - int(numeric) % 97:02d}{account}"
    spelled = secret
    if chance.random() < 0.5:
        spelled = _grouped(secret, (4,) * 7, chance.choice((" ", ".", "-", "  ", "_"))).rstrip(" .-_")
    if chance.random() < 0.3:
        spelled = spelled.lower()
    return secret, chance.choice(("", "", "iban", "IBAN: ", "rekening ")) + spelled


def _home(chance: random.Random) -> tuple[str, str]:
    # Letters that postcodes have; those that read as a Dutch word in lower case are written in capitals.
    letters = "".join(chance.choices("ABCDEGHJKLMNPRSTVWXZ", k=2))
    digits, number = str(chance.randint(1000, 9999)), str(chance.randint(1, 400))
    if letters.lower() in {
        "kg",
        "km",
        "cm",
        "mm",
        "ml",
        "cl",
        "gb",
        "mb",
        "st",
        "mg",
        "gr",
        "dl",
        "kb",
        "tb",
        "ha",
        "ca",
        "px",
        "pk",
        "kw",
        "kj",
        "hz",
        "dm",
    }:
        letters = "VX"
    gap = chance.choice(("", " ", "", "-", "_"))
    if (
        letters.lower()
        not in {
            "al",
            "an",
            "as",
            "at",
            "de",
            "en",
            "er",
            "je",
            "ma",
            "na",
            "nr",
            "te",
            "tm",
            "vr",
            "we",
            "za",
            "ze",
        }
        and chance.random() < 0.5
    ):
        letters = letters.lower()
    code = f"{digits}{gap}{letters}"
    spelled = chance.choice(
        (
            "{c} {n}",
            "{c}, {n}",
            "{c} {n}a",
            "{c}{n}",
            "{n}, {c}",
            "{n} {c}",
            "{c} nr {n}",
            "{c} huisnummer {n}",
            "{c}/{n}",
            "{c} en huisnummer {n}",
            "postcode={c}&huisnummer={n}",
            "{c} - {n}",
            "{c} nr. {n}-2",
            "{n} postcode {c}",
        )
    )
    return f"{digits}{letters}+{number}", spelled.format(c=code, n=number)


def _birth(chance: random.Random) -> tuple[str, str]:
    day, month, year = chance.randint(1, 28), chance.randint(1, 12), chance.randint(1930, 2015)
    sign = chance.choice(("-", "/", ".", " "))
    date = chance.choice(
        (
            f"{day:02d}{sign}{month:02d}{sign}{year}",
            f"{day}{sign}{month}{sign}{year}",
            f"{year}-{month:02d}-{day:02d}",
            f"{day}-{month}-{year % 100:02d}",
            f"{day:02d}{month:02d}{year}",
            f"{year}{month:02d}{day:02d}",
            f"{day} {chance.choice(_MONTHS[month])} {year}",
            f"{chance.choice(_MONTHS[month])} {day}, {year}",
        )
    )
    cue = chance.choice(_CUES)
    if chance.random() < 0.2:
        return date, f"{date} {chance.choice(('geboren', '(geboortedatum)', 'is mijn geboortedatum', 'dob'))}"
    return date, f"{cue}{chance.choice((' ', ' ', ': ', '=', ' - '))}{date}"


def _case(chance: random.Random) -> tuple[str, str]:
    year, number = chance.randint(2015, 2030), chance.randrange(10**6)
    secret = chance.choice(
        (f"Z-{year}-{number:06d}", f"ZAAK/{year}/{number}", f"AB{number % 90 + 10}.{year}")
    )
    spelled = secret.replace("-", chance.choice(("-", " ", "", "_"))) if secret[1] == "-" else secret
    return secret, chance.choice((spelled, spelled.lower(), f"zaaknummer {spelled}"))


KINDS: dict[str, Callable[[random.Random], tuple[str, str]]] = {
    "bsn": _citizen_number,
    "email": _mail_address,
    "phone": _telephone,
    "iban": _bank_account,
    "address": _home,
    "birthdate": _birth,
    "case": _case,
}


def remains(planted: Planted, text: str) -> bool:
    """Whether the secret, or enough of it to know the rest, can still be read in a text."""
    plain = spelled_out(text)
    if planted.kind in {"bsn", "phone"}:
        return planted.secret in re.sub(r"\D", "", plain)
    if planted.kind == "email":
        mailbox = planted.secret.partition("@")[0].lower()
        return mailbox in plain
    if planted.kind == "address":
        code, _, number = planted.secret.lower().partition("+")
        squeezed = re.sub(r"[\W_]", "", plain)
        return code in squeezed and number in re.findall(r"\d+", plain)
    squeezed = re.sub(r"[\W_]", "", plain)
    return re.sub(r"[\W_]", "", planted.secret.lower()) in squeezed


@lru_cache(maxsize=1024)
def spelled_out(text: str) -> str:
    """The text after every decoding that a curious reader would try, in lower case."""
    for _ in range(12):
        decoded = html.unescape(unquote(text))
        if decoded == text:
            break
        text = decoded
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", text)
    seen = (c for c in text if unicodedata.category(c) != "Cf")
    return "".join(map(_plainest, seen)).lower()


def _plainest(character: str) -> str:
    if unicodedata.category(character) == "Pd" or character == "\N{MINUS SIGN}":
        return "-"
    digit = unicodedata.digit(character, None)
    return character if digit is None else str(digit)

# SPDX-License-Identifier: EUPL-1.2
"""A text as a person would read it, and where each of its characters came from.

Personal data hides behind encodings without anyone meaning to: a form encodes a query, a portal encodes that
address again, a phone's keyboard writes digits of another script or a space that is none. All of that is
undone here, however deep, in one pass; what is then found can be cut out of the text as it came.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from tracker.personal_numbers import with_its_plus

_HEX = frozenset(b"0123456789abcdefABCDEF")
_PERCENT = 0x25
_ENCODED = re.compile("%[0-9a-fA-F]{2}")
_CODE = re.compile(rb"%[0-9a-fA-F]{2}")
_CODES = re.compile(rb"(?:%[0-9a-fA-F]{2})+")
_PASSES = 8
# What scripts and pages write in place of a character: escape(), JSON, HTML.
_REFERENCE = re.compile(
    r"%u(?P<escape>[0-9a-fA-F]{4})|\\u(?P<json>[0-9a-fA-F]{4})"
    r"|&(?:amp;){0,3}(?:#(?P<decimal>[0-9]{1,7})|#[xX](?P<hex>[0-9a-fA-F]{1,6})|(?P<name>nbsp|commat|period|plus|hyphen));"
)
_NAMED = {"nbsp": " ", "commat": "@", "period": ".", "plus": "+", "hyphen": "-"}
_SPACES = re.compile(r"\s{2,}")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
# References inside encodings inside references: nobody's browser goes deeper than this.
_ROUNDS = 4


class Readable(NamedTuple):
    """The text, and where in the original each of its characters and its end began (None: the same)."""

    text: str
    began: list[int] | None


def read(text: str, *, form_encoded: bool = False) -> Readable:
    """The text as a person reads it: decoded to the end, digits and signs of any script as plain ones.

    `form_encoded` says that `+` stands for a space.

    >>> read("%2539%3A\N{ARABIC-INDIC DIGIT FIVE}").text
    '9:5'
    """
    if form_encoded:
        text = text.replace("+", " ")
    found = Readable(text, None)
    for _ in range(_ROUNDS):
        before = found
        if _ENCODED.search(found.text):
            found = _after(found, *_decoded(found.text))
        if ("&" in found.text or "u" in found.text) and _REFERENCE.search(found.text):
            found = _after(found, *_referred(found.text))
        if found is before:
            break
    if not found.text.isascii():
        found = _after(found, *_plain(found.text))
    found = found._replace(text=with_its_plus(found.text))
    if _SPACES.search(found.text):
        found = _after(found, *_single_spaced(found.text))
    return found


def _after(before: Readable, text: str, began: list[int]) -> Readable:
    """One step after another, seen from the original."""
    if before.began is None:
        return Readable(text, began)
    return Readable(text, [before.began[position] for position in began])


def _decoded(text: str) -> tuple[str, list[int]]:
    """Percent-encoding undone until none is left.

    What a code decodes to may complete a code before or behind it (`%2539`, `%%33%39`), hence several passes.
    No two codes overlap, so it doesn't matter which is undone first. Who encodes a text deeper than anybody's
    software does is read by `_decoded_at_once`, since passes would take time quadratic in their number.
    """
    data = text.encode(errors="surrogatepass")
    readable, began = data, None
    for _ in range(_PASSES):
        readable, now = _one_pass(readable)
        began = now if began is None else [began[place] for place in now]
        if not _CODE.search(readable):
            break
    else:
        readable, began = _decoded_at_once(data)
    decoded = readable.decode(errors="surrogateescape")
    if not readable.isascii():
        began = _of_each_character(decoded, began)
    if len(data) != len(text):
        # The number of characters that began before or at each byte, less one, is the place of its own.
        places = list(accumulate((byte & 0xC0 != 0x80 for byte in data), initial=-1))[1:]
        places.append(len(text))
        began = [places[byte] for byte in began]
    return decoded, began


def _one_pass(data: bytes) -> tuple[bytes, list[int]]:
    """Every code that stands there now as the byte that it stands for."""
    parts: list[bytes] = []
    began: list[int] = []
    last = 0
    for found in _CODES.finditer(data):
        start, end = found.span()
        parts += [data[last:start], bytes.fromhex(found.group().replace(b"%", b"").decode())]
        began += range(last, start)
        began += range(start, end, 3)
        last = end
    parts.append(data[last:])
    began += range(last, len(data) + 1)
    return b"".join(parts), began


def _decoded_at_once(data: bytes) -> tuple[bytes, list[int]]:
    """The same for any depth: decoded bytes go back on the stack that they were taken from.

    Each step takes three and puts one, hence the pass is linear.
    """
    stack, began = bytearray(), list[int]()
    for position, byte in enumerate(data):
        stack.append(byte)
        began.append(position)
        while len(stack) >= 3 and stack[-3] == _PERCENT and stack[-2] in _HEX and stack[-1] in _HEX:
            stack[-3:] = bytes.fromhex(stack[-2:].decode())
            del began[-2:]
    began.append(len(data))
    return bytes(stack), began


def _of_each_character(text: str, of_bytes: list[int]) -> list[int]:
    """Where characters began, of where their bytes did."""
    began, byte = [], 0
    for character in text:
        began.append(of_bytes[byte])
        # A byte that is part of no character was read as one, U+DC80 to U+DCFF.
        byte += 1 if character < "\x80" or "\udc80" <= character <= "\udcff" else len(character.encode())
    began.append(of_bytes[byte])
    return began


def _referred(text: str) -> tuple[str, list[int]]:
    """References (`&#57;`, `%u0039`) as the characters they stand for."""
    parts: list[str] = []
    began: list[int] = []
    last = 0
    for found in _REFERENCE.finditer(text):
        parts.append(text[last : found.start()])
        began += range(last, found.start())
        kind, digits = found.lastgroup, found[found.lastgroup or 0]
        code = 0 if kind == "name" else int(digits, 10 if kind == "decimal" else 16)
        character = _NAMED[digits] if kind == "name" else chr(code) if code < 0x110000 else " "
        parts.append(character)
        began.append(found.start())
        last = found.end()
    parts.append(text[last:])
    began += range(last, len(text) + 1)
    return "".join(parts), began


def _plain(text: str) -> tuple[str, list[int]]:
    """Digits, spaces, dashes and compatible letters of any script as ASCII has them; invisible signs gone."""
    parts: list[str] = []
    began: list[int] = []
    last = 0
    for found in _BEYOND_ASCII.finditer(text):
        at = found.start()
        if at > last:
            parts.append(text[last:at])
            began += range(last, at)
        plain = _as_ascii(found.group())
        parts.append(plain)
        began += [at] * len(plain)
        last = at + 1
    parts.append(text[last:])
    began += range(last, len(text) + 1)
    return "".join(parts), began


def _single_spaced(text: str) -> tuple[str, list[int]]:
    """One space for several."""
    parts: list[str] = []
    began: list[int] = []
    last = 0
    for found in _SPACES.finditer(text):
        parts += [text[last : found.start()], " "]
        began += range(last, found.start() + 1)
        last = found.end()
    parts.append(text[last:])
    began += range(last, len(text) + 1)
    return "".join(parts), began


@lru_cache(maxsize=4096)
def _as_ascii(character: str) -> str:
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    category = unicodedata.category(character)
    if category in {"Cf", "Mn", "Me"}:  # zero-width spaces, soft hyphens, combining signs
        return ""
    if category[0] == "Z":
        return " "
    if category == "Pd" or character == "\N{MINUS SIGN}":
        return "-"
    if character in "\N{MIDDLE DOT}\N{BULLET}\N{BULLET OPERATOR}\N{DOT OPERATOR}\N{ONE DOT LEADER}":
        return "."
    compatible = unicodedata.normalize("NFKC", character)
    return compatible if compatible.isascii() else character

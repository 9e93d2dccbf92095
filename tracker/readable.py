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
from typing import NamedTuple

_HEX = frozenset(b"0123456789abcdefABCDEF")
_PERCENT = 0x25
_ENCODED = re.compile("%[0-9a-fA-F]{2}")
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

    What a code decodes to may complete a code before it (`%2539`, `%%33%39`), so decoded bytes go back on
    the stack that they were taken from: each step takes three and puts one, hence the pass is linear.
    """
    data = text.encode(errors="surrogatepass")
    stack, began = bytearray(), list[int]()
    position = 0
    while position < len(data):
        if _PERCENT not in stack[-2:]:
            ahead = data.find(_PERCENT, position)
            ahead = len(data) if ahead < 0 else ahead
            stack += data[position:ahead]
            began += range(position, ahead)
            position = ahead
            if position == len(data):
                break
        stack.append(data[position])
        began.append(position)
        position += 1
        while len(stack) >= 3 and stack[-3] == _PERCENT and stack[-2] in _HEX and stack[-1] in _HEX:
            stack[-3:] = bytes.fromhex(stack[-2:].decode())
            del began[-2:]
    began.append(len(data))
    readable = stack.decode(errors="surrogateescape")
    if not readable.isascii():
        began = _of_each_character(readable, began)
    if len(data) != len(text):
        places = [
            place for place, character in enumerate(text) for _ in character.encode(errors="surrogatepass")
        ]
        places.append(len(text))
        began = [places[byte] for byte in began]
    return readable, began


def _of_each_character(text: str, of_bytes: list[int]) -> list[int]:
    """Where characters began, of where their bytes did."""
    began, byte = [], 0
    for character in text:
        began.append(of_bytes[byte])
        byte += len(character.encode(errors="surrogateescape"))
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

# SPDX-License-Identifier: EUPL-1.2
"""Records of JSON, one after the other: a file of lines, or one list of any length.

A list is never held whole: where a record ends is found by counting brackets outside strings, and only then
is the record decoded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from tracker.imports.account import BadRecordError
from tracker.imports.opened import ImportFileError, Whole, blocks

LARGEST_RECORD = 16 << 20

_OUTSIDE = re.compile(rb'["\[\]{}]')
_INSIDE = re.compile(rb'["\\]')
_BETWEEN = b" \t\r\n,\xef\xbb\xbf"

Record = tuple[int, dict[str, Any] | BadRecordError]


def json_records(path: Path, whole: Whole | None = None) -> Iterator[Record]:
    """(number, record) of a file of JSON objects, from 1; in place of one that is none, why.

    Raises `ImportFileError` where the file does not begin as JSON.
    """
    number = 0
    for number, found in enumerate(_objects(path, whole), start=1):
        if isinstance(found, BadRecordError):
            yield number, found
            continue
        try:
            record = msgspec.json.decode(found)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            yield number, BadRecordError(f"not JSON: {str(error)[:100]}")
            continue
        yield number, record if isinstance(record, dict) else BadRecordError("a list, expected an object")


def _objects(path: Path, whole: Whole | None) -> Iterator[bytes | BadRecordError]:
    """The text of each object at the top, or in a list at the top."""
    scan = _Scan(path)
    for block in blocks(path, whole):
        yield from scan.feed(block)
    if scan.depth > 0:
        yield BadRecordError("the file ends within this record")


class _Scan:
    """Where in the file we are: outside every record, in one, or in a string of one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._record = bytearray()
        self._too_large = self._in_string = self._escaped = self._begun = False
        self.depth = 0

    def feed(self, block: bytes) -> Iterator[bytes | BadRecordError]:
        at = start = 0
        if not self._begun and (first := block.lstrip(_BETWEEN)[:1]):
            self._begun = True
            if first not in b"[{":
                raise ImportFileError(f"{self._path} is not JSON: expected a list or objects, got {first!r}.")
        if self._escaped:
            at, self._escaped = 1, False
        while at < len(block):
            if self.depth == 0:
                start = at
            sign = (_INSIDE if self._in_string else _OUTSIDE).search(block, at)
            if sign is None:
                break
            at = sign.end()
            match sign.group():
                case b'"':
                    self._in_string = not self._in_string and self.depth > 0
                case b"\\":
                    at += 1
                    self._escaped = at > len(block)
                case b"{":
                    if self.depth == 0:
                        start = sign.start()
                    self.depth += 1
                case b"[" if self.depth:
                    self.depth += 1
                case b"}" | b"]" if self.depth:
                    self.depth -= 1
                    if self.depth == 0:
                        yield self._ended(block[start:at])
                        start = at
        if self.depth:
            self._keep(block[start:])

    def _keep(self, part: bytes) -> None:
        self._too_large = self._too_large or len(self._record) + len(part) > LARGEST_RECORD
        if self._too_large:
            self._record.clear()
        else:
            self._record += part

    def _ended(self, part: bytes) -> bytes | BadRecordError:
        self._keep(part)
        found, too_large = bytes(self._record), self._too_large
        self._record.clear()
        self._too_large = False
        return BadRecordError(f"larger than {LARGEST_RECORD >> 20} MB") if too_large else found

# SPDX-License-Identifier: EUPL-1.2
"""Where a key of a TOML file stands: `tomllib` gives values without lines, and half a help is no help."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: The way to a value from the top of the file: names of keys and positions in lists.
Steps = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_NAME = r"""(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')"""
_KEY = re.compile(rf"\s*({_NAME}(?:\s*\.\s*{_NAME})*)\s*=")
_PART = re.compile(_NAME)
_LONG_QUOTES = ('"' * 3, "'" * 3)


class Places:
    """The lines of a valid TOML text's tables and keys."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Steps, int] = {}
        for steps, line in _walk(text):
            self._lines.setdefault(steps, line)

    def line(self, steps: Steps) -> int | None:
        """Line (from 1) of the value, or of the nearest table around it; None where neither has one."""
        for length in range(len(steps), 0, -1):
            if steps[:length] in self._lines:
                return self._lines[steps[:length]]
        return None


def _walk(text: str) -> Iterator[tuple[Steps, int]]:
    table: Steps = ()
    counts: dict[Steps, int] = {}
    inside: str | None = None  # the quotes of a text over several lines
    for number, line in enumerate(text.splitlines(), 1):
        if inside is not None:
            inside = None if inside in line else inside
            continue
        if header := _HEADER.match(line):
            table = _resolve(_parts(header.group(2)), counts)
            if header.group(1) == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            yield from ((table[:length], number) for length in range(1, len(table) + 1))
        elif key := _KEY.match(line):
            yield (*table, *_parts(key.group(1))), number
        inside = next((quotes for quotes in _LONG_QUOTES if line.count(quotes) % 2), None)


def _parts(dotted: str) -> Steps:
    return tuple(part.strip("\"'") for part in _PART.findall(dotted))


def _resolve(parts: Steps, counts: dict[Steps, int]) -> Steps:
    """Names of a header as a way through lists of tables: a later header means the last one of each."""
    way: Steps = ()
    for part in parts[:-1]:
        way = (*way, part)
        if way in counts:
            way = (*way, counts[way])
    return (*way, *parts[-1:])

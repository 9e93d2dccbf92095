# SPDX-License-Identifier: EUPL-1.2
"""CSV as offices export it: any of `;`, `,` and tab, a BOM or none, UTF-8 or Windows-1252, Dutch or English.

Read line by line in bounded memory. A quote that is opened and never closed costs its own line, not the file.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tracker.imports.account import BadRecordError
from tracker.imports.opened import LONGEST_LINE, ImportFileError, Whole, blocks, lines

DELIMITERS = ";,\t"
LONGEST_QUOTED_LINES = 50  # a remark may hold line ends; more is a quote that somebody forgot
MOST_COLUMNS = 200

Columns = Mapping[str, Sequence[str]]
Row = tuple[int, dict[str, str] | BadRecordError]


class CsvFile:
    """A CSV file with the columns that are wanted of it.

    `columns` has for each wanted name the headings under which it may come, as `plain` writes them. `unread`
    are the file's other headings. Raises `ImportFileError` where `required` ones are missing.
    """

    def __init__(self, path: Path, columns: Columns, required: Sequence[Sequence[str]]) -> None:
        self._path = path
        self._encoding = _encoding(path)
        heading = next(self._lines(None), (0, ""))[1]
        self._delimiter = max(DELIMITERS, key=heading.count)
        try:
            cells = self._cells(heading)
        except csv.Error:
            cells = []
        known = {name: column for column, names in columns.items() for name in names}
        self._at: dict[str, int] = {}
        for at, cell in enumerate(cells):
            column = known.get(plain(cell))
            if column is not None and column not in self._at:
                self._at[column] = at
        self._width = len(cells)
        self.unread = [
            cell.strip()[:40] for at, cell in enumerate(cells) if at not in self._at.values() and cell
        ]
        for choice in required:
            if not any(name in self._at for name in choice):
                wanted = " or ".join(", ".join(columns[name][:4]) for name in choice)
                named = ", ".join(cells)[:200] or "nothing"
                raise ImportFileError(
                    f"{path} has no column {wanted}; its first line names {named}. "
                    "Name the columns in the first line."
                )

    def rows(self, whole: Whole | None) -> Iterator[Row]:
        """(line number, cells by wanted name) of each row; in place of one that cannot be read, why."""
        waiting: deque[tuple[int, str]] = deque()
        coming = self._lines(whole)
        next(coming, None)
        while True:
            number, text = waiting.popleft() if waiting else next(coming, (0, ""))
            if not number:
                return
            taken: list[tuple[int, str]] = []
            while text.count('"') % 2 and len(taken) < LONGEST_QUOTED_LINES and len(text) < LONGEST_LINE:
                more = waiting.popleft() if waiting else next(coming, None)
                if more is None:
                    break
                taken.append(more)
                text += "\n" + more[1]
            if text.count('"') % 2:
                waiting.extendleft(reversed(taken))
                yield number, BadRecordError("a quote that is opened and not closed")
            elif text.strip():
                yield number, self._row(text)

    def _row(self, text: str) -> dict[str, str] | BadRecordError:
        if "\0" in text:
            return BadRecordError("a NUL byte")
        if len(text) >= LONGEST_LINE:
            return BadRecordError(f"longer than {LONGEST_LINE:,} bytes")
        try:
            cells = self._cells(text)
        except csv.Error as error:
            return BadRecordError(f"not CSV: {error}"[:100])
        if len(cells) > max(self._width, 1) and any(cell.strip() for cell in cells[self._width :]):
            return BadRecordError(f"{len(cells)} cells under {self._width} headings")
        return {name: cells[at].strip() if at < len(cells) else "" for name, at in self._at.items()}

    def _cells(self, text: str) -> list[str]:
        if text.count(self._delimiter) > MOST_COLUMNS * 10:
            return []
        return next(csv.reader([text], delimiter=self._delimiter), [])

    def _lines(self, whole: Whole | None) -> Iterator[tuple[int, str]]:
        for block in lines(self._path, whole):
            for number, raw in enumerate(block.lines, start=block.first):
                if number == 1:
                    raw = raw.removeprefix(BOM_UTF8)
                text = raw.decode(self._encoding, errors="replace").rstrip("\r")
                if number == 1 and text.lower().startswith("sep=") and len(text) == 5:
                    continue  # how Excel is told the delimiter
                yield number, text


def plain(heading: str) -> str:
    """A heading without capitals, accents and everything that is no letter or digit.

    >>> plain(" Datum/Tijd (begin) ")
    'datumtijdbegin'
    """
    letters = unicodedata.normalize("NFKD", heading.casefold())
    return re.sub(r"[^a-z0-9]", "", letters)


def _encoding(path: Path) -> str:
    """UTF-8 where all of the file is that, else Windows-1252, as older office programs write it."""
    decoder = getincrementaldecoder("utf-8")()
    try:
        for number, block in enumerate(blocks(path)):
            if number == 0 and block.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
                raise ImportFileError(f'{path} is UTF-16 ("Unicode text"). Save it as CSV UTF-8.')
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"

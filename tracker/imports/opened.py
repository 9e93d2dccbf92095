# SPDX-License-Identifier: EUPL-1.2
"""Files of strangers, read in bounded memory: plain or gzipped, of any size, with lines of any length.

A gzipped file that unpacks to far more than a log ever does is refused; a line beyond any sense comes cut,
so that it is malformed and does not fill the memory.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from tracker.errors import TrackerError

BLOCK_BYTES = 4 << 20
LONGEST_LINE = 65_536
# Logs shrink ten- to fortyfold; deflate itself ends at about a thousand.
MOST_UNPACKED = 200
UNPACKED_FREELY = 256 << 20

Progress = Callable[[int, int], None]


class ImportFileError(TrackerError):
    """A file that cannot be read as what it was given for."""


class Whole:
    """Bytes read so far over all files of an import, told to whoever wants to know."""

    def __init__(self, paths: Iterable[Path], tell: Progress | None = None) -> None:
        self._tell = tell
        self._total = sum(_size(path) for path in paths)
        self._before = 0

    def at(self, position: int) -> None:
        """`position` bytes of the file at hand are read."""
        if self._tell:
            self._tell(self._before + position, self._total)

    def ended(self, path: Path) -> None:
        """The file at hand is read."""
        self._before += _size(path)
        self.at(0)


class Lines(NamedTuple):
    """Lines that stand together in a file, without their ends; `first` is the number of the first, from 1."""

    first: int
    lines: list[bytes]


def blocks(path: Path, whole: Whole | None = None) -> Iterator[bytes]:
    """A file in pieces of some megabytes, unzipped where need be. Raises `ImportFileError`."""
    with _opened(path) as (file, plain):
        packed, unpacked = file is not plain, 0
        while piece := file.read(BLOCK_BYTES):
            unpacked += len(piece)
            if packed and unpacked > UNPACKED_FREELY and unpacked > MOST_UNPACKED * plain.tell():
                raise ImportFileError(
                    f"{path} unpacks to more than {MOST_UNPACKED} times its size, as no export does "
                    f"({unpacked >> 20:,} MB so far). Unpack it yourself if you trust it, and give the "
                    "unpacked file."
                )
            yield piece
            if whole:
                whole.at(plain.tell())
    if whole:
        whole.ended(path)


def lines(path: Path, whole: Whole | None = None) -> Iterator[Lines]:
    """The lines of a file, a block at a time; one longer than `LONGEST_LINE` comes cut to that."""
    number, rest, skipping = 1, b"", False
    for piece in blocks(path, whole):
        if skipping:  # within a line of which the beginning was given already
            _, end, piece = piece.partition(b"\n")
            if not end:
                continue
            skipping = False
        piece = rest + piece if rest else piece
        found = piece.split(b"\n")
        rest = found.pop()
        if len(rest) > LONGEST_LINE:
            found.append(rest)
            rest, skipping = b"", True
        if _has_long_line(piece):
            found = [line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] for line in found]
        if found:
            yield Lines(number, found)
            number += len(found)
    if rest:
        yield Lines(number, [rest])


def _has_long_line(text: bytes) -> bool:
    """Whether a line may be too long: there is half of one without an end in it."""
    half = LONGEST_LINE // 2
    return any(text.find(b"\n", at, at + half) < 0 for at in range(0, len(text) - half + 1, half))


def digest(path: Path, *salt: str) -> str:
    """24 hex digits that tell the content of a file from any other, zipped or not."""
    found = hashlib.sha256("\0".join((*salt, "")).encode())
    for piece in blocks(path):
        found.update(piece)
    return found.hexdigest()[:24]


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """The file as it is read, and the file as it lies on the disk."""
    try:
        with path.open("rb") as plain:
            zipped = plain.read(2) == b"\x1f\x8b"
            plain.seek(0)
            if zipped:
                with gzip.open(plain) as file:
                    yield file, plain  # type: ignore[misc]  # a GzipFile reads as any binary file
            else:
                yield plain, plain
    except (EOFError, zlib.error, OSError) as error:
        raise _unreadable(path, error) from None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> ImportFileError:
    why = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return ImportFileError(f"{path} cannot be read ({why}). Give a whole file, plain or gzipped.")

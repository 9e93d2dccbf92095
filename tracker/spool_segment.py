# SPDX-License-Identifier: EUPL-1.2
"""One file of the spool: records behind each other, each of which tells whether it is whole.

    klantreis-spool1                        16 bytes, the version
    mark, length, checksum, content         4 + 4 + 4 + length bytes, as often as there are records
    zeros                                   room that was taken beforehand

A record was acknowledged only after fsync, so a process that is killed while it writes leaves at most one
that is not whole: the last one, of which nobody was told. One that is not whole with whole ones behind it is
something else, namely damage.
"""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

from tracker.folders import sync_folder

VERSION = b"klantreis-spool1"
_MARK = b"\xa7KR\x1e"
_HEAD = struct.Struct("<4sII")
OVERHEAD = len(VERSION) + _HEAD.size
_sync = getattr(os, "fdatasync", os.fsync)


class Found(NamedTuple):
    """What lies at a place: the record, where the next one begins, bytes of damage before it."""

    content: bytes | None
    after: int
    damaged: int


class Segment:
    """A file that is open; one process at a time has it, which is for the caller to see to."""

    def __init__(self, path: Path, descriptor: int, size: int, end: int) -> None:
        self.path = path
        self.size = size  # on disk
        self.end = end  # of what was written
        self._descriptor = descriptor

    @classmethod
    def create(cls, path: Path, size: int) -> Segment:
        """A new one with room for `size` bytes, which is had at once or not at all. Raises `OSError`."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(descriptor, 0, size)
            else:
                os.ftruncate(descriptor, size)
            os.pwrite(descriptor, VERSION, 0)
            os.fsync(descriptor)
            sync_folder(path.parent)
        except BaseException:
            os.close(descriptor)
            path.unlink(missing_ok=True)
            raise
        return cls(path, descriptor, size, len(VERSION))

    @classmethod
    def open(cls, path: Path) -> Segment:
        """One that another process left behind; where its records end is for `find` to find out."""
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        size = os.fstat(descriptor).st_size
        return cls(path, descriptor, size, size)

    @property
    def first(self) -> int:
        """Where the first record begins."""
        return len(VERSION)

    @property
    def readable(self) -> bool:
        """Whether this version of the program can read it; one without a version never held a record."""
        version = os.pread(self._descriptor, len(VERSION), 0)
        return version == VERSION or not version.strip(b"\0")

    def has_room(self, length: int) -> bool:
        """Whether a record with a content of that many bytes fits."""
        return self.end + _HEAD.size + length <= self.size

    def append(self, content: bytes) -> None:
        """Write a record and have it on disk. Raises `OSError`; the place is then written again next time."""
        head = _HEAD.pack(_MARK, len(content), _checksum(content))
        record = memoryview(head + content)
        at = self.end
        while record:
            written = os.pwrite(self._descriptor, record, at)
            record, at = record[written:], at + written
        _sync(self._descriptor)
        self.end = at

    def seal(self) -> None:
        """Give back the room that was not needed."""
        os.ftruncate(self._descriptor, self.end)
        self.size = self.end

    def find(self, at: int) -> Found:
        """The first whole record at or behind a place; without one, `damaged` is what isn't zero there."""
        content = self._whole(at)
        if content is not None:
            return Found(content, at + _HEAD.size + len(content), 0)
        rest = os.pread(self._descriptor, self.end - at, at)
        candidate = rest.find(_MARK, 1)
        while candidate >= 0:
            content = self._whole(at + candidate)
            if content is not None:
                return Found(content, at + candidate + _HEAD.size + len(content), candidate)
            candidate = rest.find(_MARK, candidate + 1)
        return Found(None, self.end, len(rest.rstrip(b"\0")))

    def _whole(self, at: int) -> bytes | None:
        head = os.pread(self._descriptor, _HEAD.size, at)
        if len(head) < _HEAD.size:
            return None
        mark, length, checksum = _HEAD.unpack(head)
        if mark != _MARK or at + _HEAD.size + length > self.end:
            return None
        content = os.pread(self._descriptor, length, at + _HEAD.size)
        return content if len(content) == length and _checksum(content) == checksum else None

    def close(self) -> None:
        os.close(self._descriptor)

    def remove(self) -> None:
        self.close()
        self.path.unlink(missing_ok=True)


def _checksum(content: bytes) -> int:
    """Of the length too, so that a record whose length and content are lost isn't taken for an empty one."""
    return zlib.crc32(content, zlib.crc32(len(content).to_bytes(4)))

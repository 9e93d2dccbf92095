# SPDX-License-Identifier: EUPL-1.2
"""The spool: where groups wait on disk while Redis cannot have them.

    SPOOL/lock                held for a moment by whoever makes or takes over a folder, or makes a segment
    SPOOL/ID/lock             held by the process whose folder it is, for as long as that lives
    SPOOL/ID/000001.segment   its groups, in order (`tracker.spool_segment`)
    SPOOL/damaged/            segments with bytes in the middle that nobody could read, for a person

Each worker has a folder of its own. When it dies, the kernel drops its lock, and another worker takes the
whole folder over: the groups of one writer are never replayed by two at once, so that their order holds.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import shutil
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tracker.errors import TrackerError
from tracker.folders import sync_folder
from tracker.spool_room import DAMAGED, MIB, SEGMENTS, can_grow, segment_bytes, sizes
from tracker.spool_segment import OVERHEAD, Segment

LOG = logging.getLogger(__name__)
ROOM_BYTES = 64 * 1024  # more than the largest beacon becomes


class SpoolError(TrackerError):
    """The spool cannot take more; its text is one sentence for a person."""


class Spool:
    """One worker's share of the spool, and the folders that it took over. May be used by several threads."""

    def __init__(self, root: Path, limit_bytes: int) -> None:
        self._root = root
        self._limit = limit_bytes
        self._segment_bytes = segment_bytes(limit_bytes)
        self._lock = threading.RLock()
        self._own: _Folder | None = None
        self._folders: deque[_Folder] = deque()  # to be replayed in this order, `_own` among them
        self._after: int | None = None  # behind what `read` gave last

    @property
    def waiting(self) -> bool:
        """Whether there is something to replay."""
        return bool(self._folders)

    def has_room(self) -> bool:
        """Whether a beacon that came now could be kept; nothing is written."""
        with self._lock:
            own = self._own
            if own is not None and own.segments and own.segments[-1].has_room(ROOM_BYTES):
                return True
            return can_grow(self._root, self._limit)

    def append(self, content: bytes) -> None:
        """Keep a group; when this returns it is on disk. Raises `SpoolError`."""
        with self._lock:
            try:
                self._segment(content).append(content)
            except OSError as error:
                raise SpoolError(
                    f"The spool {self._root} cannot be written ({error.strerror}). Make room on its disk, or "
                    "mend its rights."
                ) from error

    def read(self, max_bytes: int) -> list[bytes]:
        """The oldest groups: at least one if there is any, about `max_bytes` of them. Raises `SpoolError`."""
        with self._lock, self._readable():
            found: list[bytes] = []
            while self._folders and not found:
                found = self._read_first(self._folders[0], max_bytes)
            return found

    def forget(self) -> None:
        """What `read` gave last has been replayed; space that nobody needs any more is given back.

        Raises `SpoolError`.
        """
        with self._lock, self._readable():
            if self._after is not None:
                self._folders[0].at = self._after
                self._after = None
            while self._folders and not self._folders[0].waiting:
                self._give_back(self._folders[0])

    def adopt(self) -> int:
        """Take over the folders of workers that are gone; returns their number. Raises `SpoolError`."""
        with self._lock, self._readable():
            with self._root_locked():
                left = [path for path in sorted(self._root.glob("[0-9]*")) if path.is_dir()]
                adopted = [folder for path in left if (folder := _Folder.take_over(path))]
            for folder in adopted:
                LOG.warning("replaying what a collector left behind in %s", folder.path)
            if adopted:
                self._folders.extendleft(reversed(adopted))  # they are older than our own
                self._after = None
            return len(adopted)

    def close(self) -> None:
        """Let go of everything; what was not replayed is for whoever comes next."""
        with self._lock:
            for folder in self._folders:
                folder.close()
            self._folders.clear()
            self._own = None

    def _segment(self, content: bytes) -> Segment:
        own = self._own
        if own is not None and own.segments and own.segments[-1].has_room(len(content)):
            return own.segments[-1]
        with self._root_locked():
            size = max(self._segment_bytes, OVERHEAD + len(content))
            used = sum(sizes(self._root))
            if used + size > self._limit:
                raise SpoolError(
                    f"The spool {self._root} is full ({used / MIB:.1f} of {self._limit / MIB:.1f} MB). Bring "
                    "the store back, or give the spool more room with KLANTREIS_SPOOL_MB."
                )
            if own is not None:
                return own.add(size)
            own = _Folder.create(self._root)
            try:
                segment = own.add(size)
            except OSError:
                own.remove()  # one without a segment would be replayed for ever
                raise
            self._own = own
            self._folders.append(own)
            return segment

    def _read_first(self, folder: _Folder, max_bytes: int) -> list[bytes]:
        segment = folder.segments[0]
        contents, at, size = [], folder.at, 0
        while at < segment.end and size < max_bytes:
            found = segment.find(at)
            folder.note_damage(found.content is not None, found.damaged)
            at = found.after
            if found.content is not None:
                contents.append(found.content)
                size += len(found.content)
        self._after = at
        if not contents:
            self.forget()
        return contents

    def _give_back(self, folder: _Folder) -> None:
        self._folders.remove(folder)
        if folder is self._own:
            self._own = None
        with self._root_locked():
            folder.remove()

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise SpoolError(f"The spool {self._root} cannot be read ({error}). Mend its rights.") from error

    @contextmanager
    def _root_locked(self) -> Iterator[None]:
        if not self._root.is_dir():
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_folder(self._root.parent)
        descriptor = _open_lock(self._root)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


class _Folder:
    """The folder of one worker, locked by this process."""

    def __init__(self, path: Path, lock: int, segments: deque[Segment]) -> None:
        self.path = path
        self.segments = segments
        self.at = segments[0].first if segments else 0  # where in the first segment replaying goes on
        self._lock = lock
        self._damaged = False

    @classmethod
    def create(cls, root: Path) -> _Folder:
        path = root / f"{time.time_ns():020d}-{secrets.token_hex(4)}"
        path.mkdir(mode=0o700)
        lock = _open_lock(path)
        fcntl.flock(lock, fcntl.LOCK_EX)
        sync_folder(root)
        return cls(path, lock, deque())

    @classmethod
    def take_over(cls, path: Path) -> _Folder | None:
        """The folder of a process that is gone; None where it lives, or where nothing is left."""
        lock = _open_lock(path)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return None
        segments: deque[Segment] = deque()
        for each in sorted(path.glob(SEGMENTS)):
            segment = Segment.open(each)
            if segment.readable:
                segments.append(segment)
            else:
                LOG.error("%s is of another version of klantreis; start that one to replay it", each)
                segment.close()
        folder = cls(path, lock, segments)
        if segments:
            return folder
        folder.remove()
        return None

    @property
    def waiting(self) -> bool:
        """Whether something is left to replay; a segment that is through is removed on the way."""
        while self.segments and self.at >= self.segments[0].end:
            segment = self.segments.popleft()
            if self._damaged:
                _keep_damaged(segment)
                self._damaged = False
            segment.remove()
            self.at = segment.first
        return bool(self.segments)

    def add(self, size: int) -> Segment:
        """A new segment of `size` bytes behind the others. Raises `OSError`."""
        last = 0
        if self.segments:
            last = int(self.segments[-1].path.stem)
            self.segments[-1].seal()
        segment = Segment.create(self.path / f"{last + 1:06d}.segment", size)
        if not self.segments:
            self.at = segment.first
        self.segments.append(segment)
        return segment

    def note_damage(self, whole_behind: bool, damaged: int) -> None:
        """Remember bytes that are no record: only at the very end they were never acknowledged."""
        if not damaged or self._damaged:
            return
        last = len(self.segments) == 1
        if last and not whole_behind:
            LOG.warning("%s ends in %d bytes that were never acknowledged", self.segments[0].path, damaged)
        else:
            LOG.error("%s has %d damaged bytes; it is kept aside", self.segments[0].path, damaged)
            self._damaged = True

    def close(self) -> None:
        for segment in self.segments:
            segment.close()
        os.close(self._lock)

    def remove(self) -> None:
        """Remove an empty folder; one with files of another version stays."""
        if not any(self.path.glob(SEGMENTS)):
            shutil.rmtree(self.path, ignore_errors=True)
        self.close()


def _keep_damaged(segment: Segment) -> None:
    aside = segment.path.parents[1] / DAMAGED
    aside.mkdir(mode=0o700, exist_ok=True)
    segment.path.rename(aside / f"{segment.path.parent.name}-{segment.path.name}")


def _open_lock(folder: Path) -> int:
    return os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

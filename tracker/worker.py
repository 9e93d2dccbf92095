# SPDX-License-Identifier: EUPL-1.2
"""One worker among those of `klantreis collect --workers N`: its number, and what the others counted.

The workers share one port, so whoever watches them reaches any one. That one asks the others over a unix
socket in a folder that they share, at that moment: nothing is written down in between, so that a worker's
counters cost its beacons nothing. The number is a lock that the kernel drops when the worker dies, so that
its successor gets the same one and there are never more numbers than workers.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from tracker.counts import Counts, Histogram

MOST = 128  # workers; a number is one label of every metric
PATIENCE_S = 1.0


class Distribution(msgspec.Struct, frozen=True):
    """A histogram: upper bounds, how many values in each and above the last, and their sum."""

    bounds: list[float]
    counts: list[int]
    total: float

    @classmethod
    def of(cls, histogram: Histogram) -> Distribution:
        return cls(list(histogram.bounds), list(histogram.counts), histogram.total)


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one worker tells who watches; times are seconds, memory is in bytes."""

    worker: int
    started_at: float
    cpu_s: float
    memory_bytes: int
    events_waiting: int
    store_failures: int
    ledger: dict[str, int]
    refused: dict[int, int]
    groups: Distribution
    store_s: Distribution


def snapshot(counts: Counts, *, worker: int, started_at: float, events_waiting: int) -> Snapshot:
    """This process now."""
    used = os.times()
    return Snapshot(
        worker=worker,
        started_at=started_at,
        cpu_s=used.user + used.system,
        memory_bytes=_memory(),
        events_waiting=events_waiting,
        store_failures=counts.store_failures,
        ledger=dict(counts.ledger),
        refused=dict(counts.refused),
        groups=Distribution.of(counts.groups),
        store_s=Distribution.of(counts.store_s),
    )


def _memory() -> int:
    """Resident memory; 0 where the system has no /proc."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


class Workers:
    """The workers that share `folder`, seen from one of them; without a folder it is alone, with number 0."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._lock = -1
        self._server: asyncio.AbstractServer | None = None
        self.number = 0

    async def join(self, tell: Callable[[], Snapshot]) -> None:
        """Take the lowest free number, and answer the others with what `tell` says."""
        if self._folder is None:
            return
        self.number, self._lock = _free_number(self._folder)
        place = self._place(self.number)
        place.unlink(missing_ok=True)  # a killed predecessor's

        async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                writer.write(msgspec.json.encode(tell()))
                await writer.drain()
                writer.close()

        self._server = await asyncio.start_unix_server(answer, place)

    async def others(self) -> list[Snapshot]:
        """What every other living worker says; one that does not answer within a second is left out."""
        if self._folder is None:
            return []
        places = [path for path in self._folder.glob("*.sock") if path != self._place(self.number)]
        found: list[Any] = await asyncio.gather(*map(_ask, places))
        return [one for one in found if one is not None]

    def leave(self) -> None:
        """Stop answering and give the number up."""
        if self._server is not None:
            self._server.close()
            self._place(self.number).unlink(missing_ok=True)
            os.close(self._lock)
            self._server = None

    def _place(self, number: int) -> Path:
        return (self._folder or Path()) / f"{number}.sock"


def _free_number(folder: Path) -> tuple[int, int]:
    for number in range(MOST):
        lock = os.open(folder / f"{number}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
        else:
            return number, lock
    raise OSError(f"{MOST} workers use {folder} already")


async def _ask(place: Path) -> Snapshot | None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_unix_connection(place)
            try:
                return msgspec.json.decode(await reader.read(), type=Snapshot)
            finally:
                writer.close()
    except (OSError, TimeoutError, msgspec.MsgspecError):
        return None

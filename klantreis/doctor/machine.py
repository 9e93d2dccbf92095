# SPDX-License-Identifier: EUPL-1.2
"""The machine: room on its disk, the collector's code, and a clock that agrees with the store's."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from klantreis.doctor.finding import Finding, doubtful, graded, well
from tracker import compiled

GB = 1_000_000_000
SKEW_WARN_S, SKEW_FAIL_S = 2.0, 60.0


def of_disk(free: int, total: int) -> Finding:
    """The rule on bytes free for us and in all."""
    share = free / total if total else 0.0
    return graded(
        "disk",
        f"{free / GB:.1f} GB of {total / GB:.1f} GB are free ({share:.0%}); "
        "without room neither store nor archive can write.",
        "Make room, or put the data folder on a larger disk.",
        warn=share < 0.10 or free < 2 * GB,
        fail=share < 0.02 or free < GB // 5,
    )


def of_inodes(free: int, total: int) -> Finding:
    """The rule on entries that the file system can still make."""
    return graded(
        "inodes",
        f"{free} of {total} files can still be made; without them the archive cannot write however much room "
        "there is.",
        "Remove small files, or make the file system with more inodes.",
        warn=free < total * 0.05,
        fail=free < total * 0.01,
    )


def of_clock(skew_s: float) -> Finding:
    """The rule on how far this machine's clock is ahead of the store's."""
    return graded(
        "clock",
        f"This clock and the store's differ by {abs(skew_s):.1f} s; events are dated and days turn by the "
        "collector's clock.",
        "Let chrony or systemd-timesyncd keep the clocks of both machines.",
        warn=abs(skew_s) > SKEW_WARN_S,
        fail=abs(skew_s) > SKEW_FAIL_S,
    )


def of_kernel_clock(is_synchronised: bool | None) -> Iterator[Finding]:
    """The rule on what the kernel says of its clock; None: it does not tell."""
    if is_synchronised is False:
        yield doubtful(
            "kernel clock",
            "The kernel says that nothing keeps its clock right; a store on this machine shares the error.",
            "Let chrony or systemd-timesyncd keep it; in a container or virtual machine, see to its host.",
        )


class _Timex(ctypes.Structure):
    """The beginning of the kernel's `struct timex` (adjtimex(2)), and room for the rest."""

    _fields_ = (
        ("modes", ctypes.c_uint), ("offset", ctypes.c_long), ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long), ("esterror", ctypes.c_long), ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 256),
    )  # fmt: skip


_STA_UNSYNC = 0x40


def is_clock_synchronised() -> bool | None:
    """What Linux says; None elsewhere, and where it may not be asked."""
    if not sys.platform.startswith("linux"):
        return None
    told = _Timex()
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.byref(told))  # `modes` is 0: nothing is set
    except (OSError, AttributeError):
        return None
    return None if state < 0 else not told.status & _STA_UNSYNC


def of_code(*, is_compiled: bool, is_unwanted: bool) -> Finding:
    """The rule on how the collector's modules run: what a beacon costs depends on it, and nothing else."""
    if is_compiled:
        return well("collector's code", "The modules that admit beacons are compiled.")
    if is_unwanted:
        why = f"as {compiled.VARIABLE}=no says"
        return well("collector's code", f"The modules that admit beacons are interpreted, {why}.")
    return doubtful(
        "collector's code",
        "The modules that admit beacons are interpreted, so that each costs more time of the processor.",
        "Where there is a C compiler and Python's headers (Debian: gcc and python3-dev): make compiled, or "
        "python -m tracker.compiling.",
    )


def look(data: Path, spool: Path | None) -> Iterator[Finding]:
    """What the disks of data and spool say, what the kernel says of its clock, and how the code runs."""
    yield from _of_disk_at(data, "")
    if spool is not None:
        place = next(path for path in (spool, *spool.absolute().parents) if path.exists())
        if place.stat().st_dev != data.stat().st_dev:
            yield from _of_disk_at(place, " of the spool")
    yield from of_kernel_clock(is_clock_synchronised())
    yield of_code(is_compiled=compiled.is_used(), is_unwanted=compiled.is_unwanted())


def _of_disk_at(place: Path, whose: str) -> Iterator[Finding]:
    facts = os.statvfs(place)
    found = [of_disk(facts.f_bavail * facts.f_frsize, facts.f_blocks * facts.f_frsize)]
    if facts.f_files:  # some file systems make them as needed and count none
        found.append(of_inodes(facts.f_favail, facts.f_files))
    yield from (replace(one, subject=one.subject + whose) for one in found)

# SPDX-License-Identifier: EUPL-1.2
"""Where partitions are computed: here, in processes beside this one, or on a Dask cluster.

The only module that knows of processes and of Dask. Everything else hands it a function and pieces of work,
and gets what the function makes of each, in the order of the work, wherever that happened. Pieces are small
descriptions (a folder, a DAY, partitions): events and tables lie in a folder that all share.
"""

from __future__ import annotations

import asyncio
import os
import platform
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from logging import CRITICAL, getLogger
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from analysis.errors import AnalysisError

if TYPE_CHECKING:
    from distributed import Client

Work = TypeVar("Work")
Made = TypeVar("Made")

#: How long a scheduler may take to answer.
PATIENCE_S = 10.0
#: What must be the same here and there, since all of it has a say in a table or in how one travels.
_PACKAGES = ("klantreis", "pandas", "polars", "numpy", "pyarrow", "dask", "distributed", "cloudpickle")
_ROOMS = ("analysis", "experiments", "tracker")
#: Pieces that are handed out before the first is fetched, for each process: enough to keep all of them busy.
_AHEAD = 2


class SchedulingError(AnalysisError):
    """Work that cannot be done where it was asked to be done."""


@dataclass(frozen=True, slots=True)
class Where:
    """`processes` beside this one (1: none, this process does it; None: as many as there are cores), or the
    address of a Dask scheduler."""

    processes: int | None = 1
    scheduler: str = ""


HERE = Where()


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def map_partitions(
    work: Iterable[Work], function: Callable[[Work], Made], where: Where = HERE
) -> Iterator[Made]:
    """What the function makes of every piece of work, in the order of the work.

    Function and work must be picklable where they leave this process. An error of the function is raised at
    its place, and nothing more is begun. Raises `SchedulingError` where no cluster answers, where one runs
    something else than this process, and where a process is ended from outside.
    """
    pieces = list(work)
    if where.scheduler:
        return _on_cluster(pieces, function, where.scheduler)
    processes = min(where.processes or cores(), len(pieces))
    return _in_processes(pieces, function, processes) if processes > 1 else map(function, pieces)


def _in_processes(pieces: list[Work], function: Callable[[Work], Made], processes: int) -> Iterator[Made]:
    # Fresh processes: a fork would copy locks that threads of Polars and Arrow hold at that moment.
    pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_end_with_parent)
    try:
        waiting: deque[Future[Made]] = deque()
        for piece in pieces:
            waiting.append(pool.submit(function, piece))
            if len(waiting) > _AHEAD * processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenProcessPool:
        raise SchedulingError(
            "A process that rebuilt journeys was ended from outside, perhaps for want of memory. "
            "Give fewer with --processes, or 1."
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _end_with_parent() -> None:
    """A process whose parent is killed would wait for work for ever; Ctrl-C is for the parent to judge."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _on_cluster(pieces: list[Work], function: Callable[[Work], Made], address: str) -> Iterator[Made]:
    try:
        from distributed import Client, KilledWorker
        from distributed.client import FutureCancelledError
        from distributed.comm import CommClosedError
    except ImportError:
        raise SchedulingError(
            f"{address} was given as scheduler and Dask is not installed here. "
            "Install it with: pip install 'klantreis[dask]', or leave --scheduler out."
        ) from None
    _knock(address)
    # What becomes of a cluster is said below, in one sentence instead of Dask's traceback.
    for name in ("distributed", "distributed.client"):
        getLogger(name).setLevel(CRITICAL)
    try:
        with Client(address, timeout=PATIENCE_S, set_as_default=False) as client:
            _check_versions(client, address)
            waiting = deque(client.map(function, pieces, pure=False))
            while waiting:
                future = waiting.popleft()  # and with the last name of a result its worker forgets it
                yield future.result()
    except KilledWorker as error:
        raise SchedulingError(
            f"Workers of {address} ended again and again while they rebuilt journeys ({error}). "
            "Give them more memory, or leave --scheduler out."
        ) from None
    except (FutureCancelledError, CommClosedError) as error:
        why = error.reason if isinstance(error, FutureCancelledError) else error
        raise SchedulingError(
            f"The Dask scheduler at {address} went away ({why}). Start it and ask again: what was closed is "
            "whole, and closing it again does no harm."
        ) from None


def _knock(address: str) -> None:
    """Whether a Dask scheduler answers at the address; its client alone would wait for ever for some that
    are none."""
    from distributed.core import rpc

    async def identity() -> Mapping[str, Any]:
        async with rpc(address) as other:
            found: Mapping[str, Any] = await other.identity()
            return found

    mend = "Start one with: dask scheduler, and give its address as in --scheduler tcp://10.0.0.5:8786"
    try:
        known = asyncio.run(asyncio.wait_for(identity(), PATIENCE_S))
    except (ValueError, TypeError) as error:
        raise SchedulingError(f'"{address}" is no address of a Dask scheduler ({error}). {mend}') from None
    except (OSError, TimeoutError) as error:
        why = f" ({error})" if str(error) else f" within {PATIENCE_S:.0f} seconds"
        raise SchedulingError(f"No Dask scheduler answers at {address}{why}. {mend}") from None
    if known["type"] != "Scheduler":
        raise SchedulingError(f"At {address} is a Dask {known['type'].lower()}, not a scheduler. {mend}")
    if not known["workers"]:
        raise SchedulingError(
            f"The Dask scheduler at {address} has no workers. Start some on machines that share the data "
            f"folder: dask worker {address} --nworkers auto --nthreads 1"
        )


def _check_versions(client: Client, address: str) -> None:
    """Tables are equal wherever they are made only where all run the same; the scheduler reads work too."""
    here = versions()
    try:
        found = {f"The scheduler at {address}": client.run_on_scheduler(versions)}
        found |= {f"Worker {worker}": there for worker, there in sorted(client.run(versions).items())}
    except Exception as error:  # noqa: BLE001  whatever one without our modules makes of it
        raise SchedulingError(
            f"The scheduler or a worker of {address} cannot run this klantreis ({error}). "
            "Install there what is installed here."
        ) from None
    for who, there in found.items():
        differing = [
            f"{name} {there.get(name)} instead of {own}"
            for name, own in here.items()
            if there.get(name) != own
        ]
        if differing:
            raise SchedulingError(f"{who} runs {', '.join(differing)}. Install there what is installed here.")


@lru_cache(maxsize=1)
def versions() -> Mapping[str, str]:
    """What runs in this process: Python, our source and the packages that make tables."""
    return {"Python": ".".join(platform.python_version_tuple()[:2]), "source": _source()} | {
        name: _version(name) for name in _PACKAGES
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(none)"


def _source() -> str:
    """A digest of the rooms that take part: a version number stays the same from one change to the next."""
    root, digest = Path(__file__).parent.parent, sha256()
    for path in sorted(path for room in _ROOMS for path in (root / room).rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]

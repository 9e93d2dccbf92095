# SPDX-License-Identifier: EUPL-1.2
"""Serving until told to stop, and stopping so that what was acknowledged is stored.

A first SIGTERM or SIGINT: no new connections, beacons under way get their answer, what waits goes to the
store; all within `DRAIN_S` + `CLOSE_S`. A second one: now. Either way the exit is an ordinary one.
Several workers share a port, each with a socket of its own that outlives it: one that dies is replaced, and
all are told to stop.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from klantreis.errors import ServingError
from tracker import compiled
from tracker.beacon_protocol import BeaconProtocol
from tracker.happenings import happened

if TYPE_CHECKING:
    from types import FrameType

    from tracker.collector import Collector

LOG = logging.getLogger(__name__)
DRAIN_S = 5  # for connections to get their answers
CLOSE_S = 10.0  # for what waits to reach the store
KILL_S = DRAIN_S + CLOSE_S + 5.0


def options() -> dict[str, Any]:
    """How uvicorn serves a collector.

    Whom to believe about a client's address is the collector's own rule (`trusted_proxies`), not uvicorn's.
    """
    return {
        "http": BeaconProtocol,
        "ws": "none",
        "proxy_headers": False,
        "server_header": False,
        "access_log": False,
        "log_config": None,  # `klantreis.logs` has seen to it
        "log_level": "warning",
        "timeout_graceful_shutdown": DRAIN_S,
    }


class Server(uvicorn.Server):
    """uvicorn's server, whose stop has a bound and is no failure."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  uvicorn's signature
        # uvicorn would keep the signal and raise it again afterwards.
        self.force_exit = self.should_exit
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        started = time.monotonic()
        limit = threading.Timer(DRAIN_S + CLOSE_S, _give_up)
        limit.daemon = True
        limit.start()
        try:
            await super().shutdown(sockets=sockets)
        finally:
            limit.cancel()
        cut = len(self.server_state.connections)
        happened(
            LOG,
            f"Stopped, cutting off {cut} connections." if cut else "Stopped; what was under way is answered.",
            action="stop",
            object="server",
            seconds=round(time.monotonic() - started, 3),
        )


def _give_up() -> None:
    """End this process though something in it hangs; what waits was not acknowledged."""
    happened(
        LOG,
        f"Something still hangs {DRAIN_S + CLOSE_S:.0f} s after the stop; ending without it.",
        action="stop",
        object="server",
        result="failed",
    )
    os._exit(1)


def run(app: Collector, listener: socket.socket) -> None:
    """Serve in this process until a signal says stop."""
    _tell_that_it_serves(listener, workers=1)
    try:
        Server(uvicorn.Config(app, **options())).run(sockets=[listener])
    except SystemExit as ended:
        if ended.code != STARTUP_FAILURE:
            raise
        raise ServingError("The server did not start; the line above says why.") from None


def _tell_that_it_serves(listener: socket.socket, *, workers: int) -> None:
    happened(
        LOG,
        "Serving.",
        action="start",
        object="server",
        port=listener.getsockname()[1],
        workers=workers,
        compiled=compiled.is_used(),
    )


class Worker(Process):
    """A worker that ends with its parent, and heeds its parent alone."""

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        # Ctrl-C reaches all processes of a terminal; the parent tells its workers itself, once.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        threading.Thread(target=_end_with_parent, daemon=True).start()
        super().target(sockets)

    @property
    def server(self) -> uvicorn.Server:
        if self._server is None:
            self._server = _WorkersServer(self.config)
        return self._server


class _WorkersServer(Server):
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig != signal.SIGINT:
            super().handle_exit(sig, frame)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGTERM)


class Supervisor(Multiprocess):
    """uvicorn's supervisor of workers, with a bound on how long a stop takes."""

    failed = False

    def init_processes(self) -> None:
        for place in range(self.processes_num):
            self.processes.append(self._new_worker(place))

    def _new_worker(self, place: int) -> Worker:
        worker = Worker(self.config, [self.sockets[place]])
        worker.start()
        return worker

    def keep_subprocess_alive(self) -> None:
        for place, worker in enumerate(self.processes):
            if self.should_exit.is_set():
                return
            if worker.is_alive(timeout=self.config.timeout_worker_healthcheck):
                continue
            worker.kill()
            worker.join()
            if worker.exitcode == STARTUP_FAILURE:
                self.should_exit.set()  # the next one would fail alike, and has said why
                self.failed = True
                return
            happened(
                LOG,
                "A worker ended by itself; another takes its place.",
                action="restart",
                object="worker",
                result="failed",
                status=worker.exitcode,
            )
            self.processes[place] = self._new_worker(place)

    def join_all(self) -> None:
        """Wait until the workers have ended; a second signal, or the end of the bound, ends them."""
        deadline = time.monotonic() + KILL_S
        told_again = False
        while left := [worker for worker in self.processes if worker.process.is_alive()]:
            if time.monotonic() > deadline:
                for worker in left:
                    worker.process.kill()
            elif self._told_to_stop() and not told_again:
                told_again = True
                for worker in left:
                    os.kill(worker.process.pid or 0, signal.SIGTERM)
            wait([worker.process.sentinel for worker in left], timeout=0.1)
        for worker in self.processes:
            worker.process.join()

    def _told_to_stop(self) -> bool:
        told = [number for number in self.signal_queue if number in {signal.SIGTERM, signal.SIGINT}]
        self.signal_queue.clear()
        return bool(told)


def run_workers(count: int, listener: socket.socket, *, data: Path, store_url: str, folder: Path) -> None:
    """Serve in `count` processes that share the port of `listener`, until a signal says stop.

    `folder` is where they find each other (`tracker.worker`). Raises `ServingError` where they cannot start.
    """
    make = partial(_collector_of_worker, data, store_url, folder)
    config = uvicorn.Config(make, factory=True, workers=count, **options())
    _tell_that_it_serves(listener, workers=count)
    supervisor = Supervisor(config, _one_each(listener, count))
    supervisor.run()
    happened(LOG, "All workers have ended.", action="stop", object="server")
    if supervisor.failed:
        raise ServingError("No worker could start; the lines above say why.")


def _one_each(listener: socket.socket, count: int) -> list[socket.socket]:
    """`listener` and others at its address, among which the kernel divides new connections by chance.

    From one socket the same worker takes nearly all of them, and a proxy keeps them open. The first was bound
    without SO_REUSEPORT, so that a port which another program uses is still refused.
    """
    if sys.platform != "linux":  # elsewhere the last socket gets every connection
        return [listener] * count
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    others = []
    for _ in range(count - 1):
        other = socket.socket(listener.family, listener.type)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(listener.getsockname())
        others.append(other)
    return [listener, *others]


def _collector_of_worker(data: Path, store_url: str, folder: Path) -> Collector:
    from klantreis.logs import configure
    from klantreis.server import create_collector
    from klantreis.settings import load
    from tracker.worker import Workers

    configure("collect", by_default="json")
    return create_collector(load(data), store_url, workers=Workers(folder))

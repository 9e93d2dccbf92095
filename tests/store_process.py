# SPDX-License-Identifier: EUPL-1.2
"""A store's server that a test can kill, stop, continue and start again on the same folder and port."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import redis

from tests.servers import free_port


class StoreProcess:
    """A Redis or Valkey server on loopback, with a folder of its own. Ends with `close`."""

    def __init__(self, binary: Path, folder: Path, *options: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.client = redis.Redis(host="127.0.0.1", port=self.port, socket_timeout=10)
        self._command = [
            *(str(binary), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder)),
            *("--save", "", "--appendonly", "yes", "--appendfsync", "always"),
            *("--maxmemory-policy", "noeviction", "--logfile", str(folder / "server.log")),
            *("--repl-diskless-sync-delay", "0", *options),
        ]
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, again if need be, and wait until it answers."""
        self._process = process = subprocess.Popen(self._command)
        until(lambda: self.client.info("server")["process_id"] == process.pid)

    def kill(self) -> None:
        """Kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """It lets in and says nothing; what it was sent meanwhile it does afterwards."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        if self._process is not None:
            os.kill(self._process.pid, number)

    def close(self) -> None:
        self.client.close()
        self.kill()


def until(condition: Callable[[], bool], limit_s: float = 30.0) -> None:
    """Wait for what a server does by itself."""
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        with contextlib.suppress(redis.RedisError):
            if condition():
                return
        time.sleep(0.02)
    raise TimeoutError(f"it did not happen within {limit_s:g} s")

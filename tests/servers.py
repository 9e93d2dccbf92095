# SPDX-License-Identifier: EUPL-1.2
"""A store's server for the tests: a free port of its own, a private folder, gone afterwards."""

from __future__ import annotations

import contextlib
import random
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import redis

# Below those that a kernel usually gives to whoever connects, or asks for any port.
_PORTS = range(20_000, 32_768)
_RESERVED: list[socket.socket] = []


def free_port() -> int:
    """A loopback port on which nobody listens, and that nobody else who asks here gets as long as we live.

    A server binds it only later, perhaps after a second of starting, and perhaps again after it was killed.
    """
    for port in random.sample(_PORTS, 200):
        # UDP has ports of its own, and no test uses them: bound there, the number is ours.
        reserved = socket.socket(type=socket.SOCK_DGRAM)
        try:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                reserved.bind(("127.0.0.1", port))
                probe.bind(("127.0.0.1", port))
        except OSError:
            reserved.close()
        else:
            _RESERVED.append(reserved)
            return port
    raise RuntimeError("no port is free between 20,000 and 32,767")


@contextlib.contextmanager
def running_server(binary: Path, *options: str, port: int | None = None) -> Iterator[redis.Redis]:
    """Run `binary` (a Redis or Valkey server) and lend a client; the server ends with the block.

    Without `port` it is a free one.
    """
    with tempfile.TemporaryDirectory(prefix="klantreis-store-", ignore_cleanup_errors=True) as folder:
        process, client = _start(binary, Path(folder), options, port)
        try:
            yield client
        finally:
            client.close()
            process.terminate()
            process.wait(timeout=10)


def _start(
    binary: Path, folder: Path, options: tuple[str, ...], wanted: int | None
) -> tuple[subprocess.Popen[bytes], redis.Redis]:
    for _ in range(5):  # another process may take the free port before the server does
        port = wanted or free_port()
        log = folder / "server.log"
        process = subprocess.Popen(
            [
                binary,
                "--port",
                str(port),
                "--bind",
                "127.0.0.1",
                "--dir",
                folder,
                "--save",
                "",
                "--appendonly",
                "yes",
                "--appendfsync",
                "always",
                "--maxmemory-policy",
                "noeviction",
                "--logfile",
                log,
                *options,
            ],
        )
        client = redis.Redis(host="127.0.0.1", port=port, socket_timeout=30)
        deadline = time.monotonic() + 20
        while process.poll() is None and time.monotonic() < deadline:
            try:
                # A stranger on the same port would answer too; only our own server knows our process id.
                if client.info("server")["process_id"] == process.pid:
                    return process, client
                break
            except (redis.ConnectionError, redis.exceptions.BusyLoadingError):
                time.sleep(0.02)
        process.kill()
        process.wait()
    raise RuntimeError(f"{binary} did not start: {log.read_text() if log.exists() else 'no log'}")

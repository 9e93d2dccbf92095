# SPDX-License-Identifier: EUPL-1.2
"""An installation as a municipality runs it: a data folder, `klantreis collect`, and `klantreis archive`."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
import time
import urllib.request
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.servers import free_port
from tracker.archive_reader import days, read_events
from tracker.group import from_bytes
from tracker.leases import LEASE_MS
from tracker.ledger import as_page
from tracker.spool_room import occupancy
from tracker.spool_segment import Segment
from tracker.store_client import open_client

SETTINGS = '[site.voorbeeldstad]\nhosts = ["www.voorbeeldstad.nl"]\n'


class Installation:
    """One data folder on a store; `environment` are settings such as KLANTREIS_REPLICAS."""

    def __init__(self, data: Path, store_url: str, *, workers: int = 1, **environment: str) -> None:
        self.data = data
        self.port = free_port()
        self._store_url = store_url
        self._workers = workers
        ours = {name: value for name, value in os.environ.items() if not name.startswith("KLANTREIS_")}
        self._environment = {**ours, "KLANTREIS_REDIS_URL": store_url, **environment}
        self._process: subprocess.Popen[bytes] | None = None
        self._archivers: list[subprocess.Popen[bytes]] = []
        data.mkdir(parents=True)
        (data / "klantreis.toml").write_text(SETTINGS, encoding="utf-8")

    @property
    def spool(self) -> Path:
        return self.data / "spool"

    def start(self) -> None:
        """Start the collector and wait until it answers."""
        with (self.data / "collector.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._klantreis("collect"), "--port", str(self.port), "--workers", str(self._workers)],
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5).close()
                return
            time.sleep(0.05)
        raise TimeoutError(f"the collector did not start: {(self.data / 'collector.log').read_text()}")

    def start_archiver(self) -> subprocess.Popen[bytes]:
        """Start one that stays; `kill_archivers` ends it at the latest."""
        options = ["--every", "0.1", "--linger", "0"]
        with (self.data / "archiver.log").open("ab") as log:
            process = subprocess.Popen(
                [*self._klantreis("archive"), *options], env=self._environment, stdout=log, stderr=log
            )
        self._archivers.append(process)
        return process

    def kill_archivers(self) -> None:
        """Kill -9 all of them."""
        for process in self._archivers:
            process.kill()
            process.wait()

    def kill(self) -> None:
        """Kill -9 the collector."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def kill_worker(self) -> None:
        """Kill -9 the worker that has something in the spool; the collector starts another one."""
        folders = [path for path in self.spool.glob("[0-9]*") if any(path.glob("*.segment"))]
        pid = _owner_of(folders[0] / "lock", self._children())
        os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        """Ask the collector to stop, as systemd does."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=30)
            self._process = None

    def spooled(self) -> int:
        """Events that wait in the spool now."""
        found = 0
        for path in self.spool.glob("[0-9]*/*.segment"):
            with contextlib.suppress(FileNotFoundError):
                segment = Segment.open(path)
                at = segment.first
                while (record := segment.find(at)).content is not None:
                    found += sum(entries.count for entries in from_bytes(record.content).entries)
                    at = record.after
                segment.close()
        return found

    def events_waiting(self) -> int:
        """How many wait for the store in the collector, as `/metrics` says."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return sum(int(float(one.split()[-1])) for one in lines if one.startswith("klantreis_events_waiting"))

    def memory_kb(self) -> int:
        """Resident memory of the collector, all its processes together."""
        pids = [self._process.pid, *self._children()] if self._process is not None else []
        texts = [Path(f"/proc/{pid}/status").read_text() for pid in pids]
        return sum(int(text.partition("VmRSS:")[2].split()[0]) for text in texts)

    def archive_files(self) -> list[Path]:
        return list((self.data / "archive").glob("day=*/partition=*/*.parquet"))

    def await_replay(self, limit_s: float = 30.0) -> None:
        """Wait until nothing waits in the spool any more."""
        deadline = time.monotonic() + limit_s
        while occupancy(self.spool).segments:
            if time.monotonic() > deadline:
                log = (self.data / "collector.log").read_text()
                raise TimeoutError(f"the spool was not replayed within {limit_s:g} s: {log[-2000:]}")
            time.sleep(0.02)

    def is_ready(self) -> bool:
        """Whether the collector says that it would take a beacon now."""
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5).close()
        except OSError:
            return False
        return True

    def fill_disk(self) -> None:
        """Let the collector write nothing more into any file, as on a disk that is full."""
        self._limit_files(0)

    def make_room(self) -> None:
        self._limit_files(resource.RLIM_INFINITY)

    def _limit_files(self, size: int) -> None:
        pids = [self._process.pid, *self._children()] if self._process is not None else []
        for pid in pids:
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size if hard < 0 else min(size, hard), hard))

    def archive(self, *, at_any_price: bool = True) -> None:
        """Run `klantreis archive --once`; it may fail where that is not the price."""
        subprocess.run(
            [*self._klantreis("archive"), "--once"],
            env=self._environment,
            check=at_any_price,
            capture_output=True,
        )

    def archive_all(self) -> None:
        """The same until the streams are empty: one that died, or could not hand over, holds its lease."""
        deadline = time.monotonic() + 2 * LEASE_MS / 1000
        self.archive()
        while waiting := self._in_streams():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{waiting} entries are still in the streams")
            time.sleep(0.5)
            self.archive()

    def archived(self) -> list[tuple[str, int]]:
        """(page view, index) of every event as a reader of the archive finds it."""
        archive = self.data / "archive"
        tables = [read_events(archive, day, columns=["page_view", "index"]) for day in days(archive)]
        return [
            pair
            for table in tables
            for pair in zip(table["page_view"].to_pylist(), table["index"].to_pylist(), strict=True)
        ]

    def rows_written(self) -> int:
        """Rows in the archive's files, repeats included."""
        return sum(pq.ParquetFile(path).metadata.num_rows for path in self.archive_files())

    def ledger(self) -> dict[str, int]:
        """The ledger of all days: in, stored, and everything dropped."""
        client: Any = open_client(self._store_url)
        keys = list(client.scan_iter(match="kr:ledger:*"))
        pages: list[Any] = [as_page(date.min, client.hgetall(key)) for key in keys]
        client.close()
        return {
            "in": sum(page["in"] for page in pages),
            "stored": sum(page["stored"] for page in pages),
            "dropped": sum(sum(page["dropped"].values()) for page in pages),
        }

    def _in_streams(self) -> int:
        client: Any = open_client(self._store_url)
        found = sum(client.xlen(key) for key in client.scan_iter(match="kr:*:events"))
        client.close()
        return found

    def _klantreis(self, command: str) -> list[str]:
        return [sys.executable, "-m", "klantreis", command, "--data", str(self.data)]

    def _children(self) -> list[int]:
        if self._process is None:
            return []
        tasks = Path(f"/proc/{self._process.pid}/task").glob("*/children")
        return [int(pid) for path in tasks for pid in path.read_text().split()]


def _owner_of(lock: Path, pids: list[int]) -> int:
    """The process, of those given, that has a file open."""
    for pid in pids:
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                if descriptor.readlink() == lock:
                    return pid
    raise LookupError(f"nobody has {lock}")

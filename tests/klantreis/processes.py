# SPDX-License-Identifier: EUPL-1.2
"""The command `klantreis` as a user runs it: a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers import free_port


def klantreis(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; `variables` are added to the environment."""
    return subprocess.run(
        [sys.executable, "-m", "klantreis", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=240,
        env=_environment(variables),
        check=False,
    )


@contextmanager
def serving(*arguments: str | Path, **variables: str) -> Iterator[str]:
    """Run a serving command on a free port until the block ends; lends its address once it answers."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "klantreis", *map(str, arguments), "--port", str(port)],
        stdout=subprocess.DEVNULL,
        env=_environment(variables),
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_until_it_answers(address, process)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


def get(url: str) -> tuple[int, str]:
    """Status and body of a GET; an error status is an answer too."""
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def post(url: str, body: bytes, **headers: str) -> tuple[int, dict[str, str]]:
    """Status and headers (lower case) of a beacon."""
    sent = {"Content-Type": "text/plain;charset=UTF-8", "User-Agent": BROWSER, **headers}
    request = urllib.request.Request(url, body, sent, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}
    except urllib.error.HTTPError as error:
        return error.code, {name.lower(): value for name, value in error.headers.items()}


def until(
    condition: Callable[[], object],
    else_: str,
    *,
    within_s: float = 30,
    pause: Callable[[float], object] = lambda ms: time.sleep(ms / 1000),
) -> None:
    """Wait for what another process does; `else_` says what failed where it never does.

    `pause` waits for some milliseconds; a browser's own way of it lets its page go on.
    """
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(else_)
        pause(20)


BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def _environment(variables: dict[str, str]) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("KLANTREIS_")}
    return {**ours, **variables}


def _wait_until_it_answers(address: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{address}/healthz", timeout=5).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"{address} never answered; exit {process.poll()}")

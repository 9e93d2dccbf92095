# SPDX-License-Identifier: EUPL-1.2
"""How long from the command to the first answer, for `collect` and `serve`, each on a data folder of its own.

    python benchmarks/start.py --rounds 5

Beside it stands the processor time of all its processes until then, which others on the machine disturb less.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from numpy import median

from benchmarks.limits import Figures

SETTINGS = '[site.voorbeeldstad]\nhosts = ["localhost"]\n'
COMMANDS = {
    "collect": (["collect"], "/healthz"),
    "collect --workers 2": (["collect", "--workers", "2"], "/healthz"),
    "serve": (["serve"], "/reports/"),
}
AIM_S = 2.0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="starts of each command (default 5)")
    given = parser.parse_args()
    with Figures() as figures:
        for name, (words, path) in COMMANDS.items():
            found = [start(words, path) for _ in range(given.rounds)]
            seconds, used = (float(median(column)) for column in zip(*found, strict=True))
            slowest = max(taken for taken, _ in found)
            said = f"{seconds:.2f}; the slowest {slowest:.2f}; {used:.2f} of processor time"
            figures.add(f"`{name}`, s until the first answer", seconds, at_most=AIM_S, said=said)
    return 1 if figures.missed else 0


def start(words: list[str], path: str) -> tuple[float, float]:
    """Seconds until `path` is answered, and processor seconds used until then."""
    with tempfile.TemporaryDirectory(prefix="klantreis-start-") as name:
        data = Path(name)
        (data / "klantreis.toml").write_text(SETTINGS)
        port = free_port()
        command = [sys.executable, "-m", "klantreis", *words, "--port", str(port), "--data", name]
        before = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(f"http://127.0.0.1:{port}{path}", process)
            return time.monotonic() - before, used_by(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=30).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise RuntimeError(f"{url} never answered; exit {process.poll()}")


def used_by(pid: int) -> float:
    """Processor seconds of a process and of its children that live."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = (int(fields[11]) + int(fields[12])) / int(os.sysconf("SC_CLK_TCK"))
    return own + sum(used_by(int(child)) for child in children)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())

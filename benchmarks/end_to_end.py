# SPDX-License-Identifier: EUPL-1.2
"""End to end: the demo's citizens, an effect that is known, and how often the report tells the truth.

    python benchmarks/end_to_end.py [--seeds 200] [--truth 200000] [--results FILE] [--workers 2]

Every seed is a municipality of its own: citizens walk the demo site's pages (`web_demo.citizens.graph`),
their beacons go through admission, identity and the stream's own reader, DAYs are closed and the report is
made by the functions that an installation uses. Only Redis, the archive's files and the tests of journeys are
left out.

- **redesign**: the demo's redesign of the litter report. The true difference in browsers that were really
  answered on the DAY of their first exposure is found by brute force: other citizens, without a report
  (200,000 of them leave a tenth of a report's own error; a million per version: `--truth 2000000`).
- **same**: both versions alike.
- **return**: citizens who were not answered nearly all come back, so the better version has fewer returns;
  the naive count of visitor-days stands beside it.

What is done is kept in the results file as it goes; an interrupted run goes on where it was, a changed code
starts afresh.
"""

from __future__ import annotations

import os

if __name__ in ("__main__", "__mp_main__"):  # one process per core, before NumPy and Polars are imported
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("POLARS_MAX_THREADS", "1")

import argparse
import asyncio
import json
import math
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
from scipy import special

import web_demo
from analysis import allocation
from analysis.allocation import Allocation
from analysis.evaluate import TABLES, evaluate_tables
from analysis.reconstruct import reconstruct
from analysis.tasks import Tasks
from analysis.tasks import load as load_tasks
from experiments.assignment import shares
from experiments.definition import Experiment, Variant
from experiments.loading import load as load_experiments
from tracker import answers
from tracker.admission import Arrival, Drop, Rules, admit
from tracker.answers import Answer
from tracker.day import day_of
from tracker.site import Site, Sites
from tracker.stream_columns import EntryReader
from web_demo.citizens.behaviour import Behaviour
from web_demo.citizens.graph import Graph
from web_demo.citizens.simulate import HOST, ZONE, Pages, SimulationResult, read_by_engines, simulate

DEFINITIONS = Path(web_demo.__file__).parent / "definitions"
EXPERIMENT, TASK, CONTROL = "zwerfvuil", "zwerfvuil", "current"
START, DAYS, VISITORS = date(2026, 11, 2), 7, 1500
SITE = Site("voorbeeldstad", frozenset({HOST}))
SITES = Sites([SITE])
#: Citizens of the brute force come from seeds that no report uses.
TRUTH_SEED, TRUTH_VISITORS = 10_000_000, 2000
SCENARIOS = ("redesign", "same", "return")
ROOMS = ("tracker", "experiments", "analysis", "web_demo")


class Clock:
    def __init__(self) -> None:
        self.time_ms = 0

    def set(self, time_ms: int) -> None:
        self.time_ms = time_ms

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(self.time_ms / 1000, UTC)


class Store:
    """What a collector and an archive make of beacons, in memory: admission, then the archiver's columns."""

    def __init__(self, salts: Random) -> None:
        self._salts: dict[date, bytes] = {}
        self._random = salts
        self._rules = Rules(sites=SITES, salt=self._salt)
        self._entries: list[tuple[bytes, list[bytes]]] = []

    async def take(self, arrival: Arrival) -> Answer:
        draft = admit(arrival, self._rules)
        if isinstance(draft, Drop):
            return answers.of_drop(draft)
        common = _fields(draft.shared)
        for own in draft.each:
            self._entries.append((str(len(self._entries)).encode(), common + _fields(own)))
        return answers.STORED

    def events(self) -> pa.Table:
        found = EntryReader().columns(self._entries)
        if found.unreadable or found.waiting:
            raise ValueError(f"{len(found.unreadable)} entries cannot be read: {found.unreadable[0]}")
        return found.table

    def _salt(self, zone: Any, time_ms: int) -> bytes:
        return self._salts.setdefault(day_of(time_ms, zone), self._random.randbytes(32))


def _fields(packed: str) -> list[bytes]:
    """Names and values as Redis would get them: every second line of the protocol."""
    return [part.encode() for part in packed.split("\r\n")[1::2]]


@dataclass(frozen=True, slots=True)
class City:
    """One simulated municipality: its events as the archive has them, and what really happened."""

    result: SimulationResult
    events: pa.Table
    truth: pd.DataFrame


class Walked(NamedTuple):
    """The site as it was read, on a clock of its own."""

    graph: Graph
    clock: Clock
    pages: Pages
    landings: Any


@lru_cache(maxsize=1)
def walked() -> Walked:
    """The site, read once in each process."""
    clock = Clock()
    graph = Graph(experiments("redesign"), clock=clock, random=Random(0), host=HOST, zone=ZONE)
    pages = Pages(graph.from_address, graph)
    clock.set(int(datetime(2026, 11, 2, 12, tzinfo=UTC).timestamp() * 1000))
    return Walked(graph, clock, pages, read_by_engines(pages))


@lru_cache(maxsize=1)
def tasks() -> Mapping[str, Tasks]:
    return {SITE.name: load_tasks(DEFINITIONS / "tasks.toml")}


@lru_cache(maxsize=len(SCENARIOS))
def experiments(scenario: str) -> tuple[Experiment, ...]:
    """The demo's three in the simulated weeks; without an effect, both versions of one are the current."""
    dates = {"starts": START, "ends": START + timedelta(days=DAYS - 1)}
    found = {
        name: replace(one, **dates) for name, one in load_experiments([DEFINITIONS / "experiments"]).items()
    }
    asked = replace(found[EXPERIMENT], planned_size=200)
    if scenario == "same":
        asked = replace(asked, variants=(Variant(CONTROL, 50), Variant("copy", 50)))
    return tuple({**found, EXPERIMENT: asked}.values())


def city(scenario: str, seed: int, visitors: int = VISITORS, days: int = DAYS) -> City:
    site = walked()
    site.graph.restart(experiments(scenario), Random(seed))
    store = Store(Random(seed + 1))
    with tempfile.TemporaryDirectory() as folder:
        truth = Path(folder) / "truth.parquet"
        result = asyncio.run(
            simulate(
                site=site.pages,
                collector=store,
                visitors=visitors,
                days=days,
                seed=seed,
                start=START,
                clock=site.clock.set,
                truth_path=truth,
                behaviour=Behaviour(returns_share=0.9) if scenario == "return" else None,
                landings=site.landings,
            )
        )
        return City(result, store.events(), pd.read_parquet(truth))


def closed(events: pa.Table, scenario: str) -> dict[str, pd.DataFrame]:
    """The day tables of all DAYs, one under the other."""
    frame = events.to_pandas()
    days = frame["time"].map(lambda time_ms: day_of(time_ms, ZONE))
    known = {one.name: one for one in experiments(scenario)}
    parts = [
        reconstruct(rows, tasks=tasks(), experiments=known, day=day, sites=SITES)
        for day, rows in frame.groupby(days)
    ]
    return {name: pd.concat([part[name] for part in parts], ignore_index=True) for name in parts[0]}


def really(truth: pd.DataFrame) -> pd.DataFrame:
    """Per browser at its first exposure: variant, and whether it was really answered on that DAY.

    A question counts from the one in which the exposure happened; one person uses one browser here.
    """
    rows = truth.sort_values(["person", "started_at"], kind="stable")
    shown = rows["exposures"].str.extract(rf"(?:^|,){EXPERIMENT}=([^,]+)", expand=False)
    met = rows[shown.notna()].assign(variant=shown[shown.notna()]).drop_duplicates("person")
    first = met.set_index("person")[["variant", "visit", "started_at"]]
    mine = rows.join(first.rename(columns={"visit": "on", "started_at": "from"}), on="person", how="inner")
    on_the_day = (mine["visit"] == mine["on"]) & (mine["started_at"] >= mine["from"])
    asked = mine[on_the_day & (mine["task"] == TASK) & mine["answered"]]
    return first.assign(answered=first.index.isin(asked["person"]))[["variant", "answered"]]


def visitor_days(truth: pd.DataFrame) -> pd.DataFrame:
    """The naive count: every visit within the experiment a unit of its own."""
    shown = truth["exposures"].str.extract(rf"(?:^|,){EXPERIMENT}=([^,]+)", expand=False)
    rows = truth.assign(variant=shown, answered=truth["answered"] & (truth["task"] == TASK))
    rows = rows[rows["variant"].notna()]
    return rows.groupby(["person", "visit"]).agg(variant=("variant", "first"), answered=("answered", "any"))


def reported(scenario: str, seed: int, visitors: int = VISITORS) -> dict[str, Any]:
    """One municipality and what its report says."""
    made = city(scenario, seed, visitors)
    tables = closed(made.events, scenario)
    experiment = next(one for one in experiments(scenario) if one.name == EXPERIMENT)
    mine = {name: _of(tables[name]) for name in TABLES}
    # The tests of journeys permute for seconds and are measured by benchmarks/validity.py.
    mine["transitions"] = mine["transitions"].iloc[:0]
    report = evaluate_tables(
        experiment,
        mine,
        now=datetime(2027, 1, 1, tzinfo=UTC),
        days=[(START + timedelta(days=day)).isoformat() for day in range(DAYS)],
        changed=(),
    )
    primary = next(one for one in report.results if one.role == "primary")
    by_day = visitor_days(made.truth).groupby("variant")["answered"].agg(["sum", "size"])
    other = next(variant.name for variant in experiment.variants[1:])
    naive = by_day["sum"] / by_day["size"]
    divided = allocation.sample_ratio(by_day["size"].to_dict(), shares(experiment))
    real = really(made.truth).groupby("variant")["answered"].agg(["sum", "size"])
    return {
        "n": list(primary.n),
        "values": list(primary.values or ()),
        "estimate": primary.estimate,
        "ci": list(primary.ci or ()),
        "p": primary.p_value,
        "verdict": report.verdict.code.value,
        "checks": {one.name: one.status.value for one in report.checks},
        "real": [int(real["sum"][name]) for name in (CONTROL, other)],
        "realUnits": [int(real["size"][name]) for name in (CONTROL, other)],
        "naive": float(naive[other] - naive[CONTROL]),
        "naiveAllocationSound": isinstance(divided, Allocation) and divided.sound,
        "visitorDays": [int(by_day["size"][name]) for name in (CONTROL, other)],
    }


def brute_force(seed: int) -> dict[str, Any]:
    """Citizens without a report: how many of how many were answered, really and as measured, per variant."""
    made = city("redesign", TRUTH_SEED + seed, visitors=TRUTH_VISITORS)
    units = _of(closed(made.events, "redesign")["units"]).groupby("variant")["answered"].agg(["sum", "size"])
    real = really(made.truth).groupby("variant")["answered"].agg(["sum", "size"])
    return {
        name: {
            "measured": [int(units["sum"][name]), int(units["size"][name])],
            "real": [int(real["sum"][name]), int(real["size"][name])],
        }
        for name in (CONTROL, "redesign")
    }


def _of(frame: pd.DataFrame) -> pd.DataFrame:
    if "experiment" not in frame:
        return frame
    return frame[frame["experiment"].isin([EXPERIMENT, ""])].reset_index(drop=True)


# --- the table -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Truth:
    """The difference that brute force found, with its standard error and the citizens it rests on."""

    difference: float
    error: float
    shares: tuple[float, float]
    units: int


def truth_of(lines: Sequence[Mapping[str, Any]], kind: str) -> Truth:
    totals = [[sum(line[name][kind][k] for line in lines) for k in (0, 1)] for name in (CONTROL, "redesign")]
    found = [hits / units for hits, units in totals]
    error = math.sqrt(sum(p * (1 - p) / units for p, (_, units) in zip(found, totals, strict=True)))
    return Truth(found[1] - found[0], error, (found[0], found[1]), sum(units for _, units in totals))


def bounds(runs: int, share: float, tail: float = 0.005) -> tuple[int, int]:
    """Counts beyond which lies at most that part of sound runs on either side; for 95 % of 200: 181, 197."""
    counts = range(runs + 1)
    low = next(k for k in counts if special.bdtr(k, runs, share) > tail)
    high = next(k for k in counts if special.bdtr(k, runs, share) >= 1 - tail)
    return low, high


def table(done: Mapping[tuple[str, int], Mapping[str, Any]]) -> Iterator[str]:
    truths: dict[str, Truth] = {}
    brute = [line for (name, _), line in done.items() if name == "truth"]
    if brute:
        truths = {kind: truth_of(brute, kind) for kind in ("real", "measured")}
        for kind, one in truths.items():
            yield (
                f"brute force, {kind}: {one.shares[0]:.2%} and {one.shares[1]:.2%} answered, difference "
                f"{100 * one.difference:+.2f} ± {100 * one.error:.2f} points ({one.units:,} browsers)"
            )
    for scenario in SCENARIOS:
        lines = [line for (name, _), line in done.items() if name == scenario]
        if lines:
            yield ""
            yield from _rows(scenario, lines, truths)


def _rows(scenario: str, lines: Sequence[Mapping[str, Any]], truths: Mapping[str, Truth]) -> Iterator[str]:
    runs = len(lines)
    units = sum(sum(line["n"]) for line in lines) / runs
    yield f"{scenario}: {runs} seeds, {units:.0f} browsers each"
    low, high = bounds(runs, 0.95)
    goals = {f"the {kind} difference": one.difference for kind, one in truths.items()}
    if scenario == "same":
        goals = {"0": 0.0}
    elif scenario == "return":  # other days are added: brute force did not walk them
        goals = {}
    for name, goal in goals.items():
        held = sum(line["ci"][0] <= goal <= line["ci"][1] for line in lines)
        yield f"  intervals that hold {name}: {held} of {runs} ({low}-{high}) {_verdict(low <= held <= high)}"
    said = [line["verdict"] for line in lines]
    if scenario == "same":
        false = sum(verdict in ("better", "worse") for verdict in said)
        most = bounds(runs, 0.05, 0.01)[1]
        yield f"  'better' or 'worse': {false} of {runs} (at most {most}) {_verdict(false <= most)}"
        rejected = sum(line["p"] < 0.05 for line in lines)
        yield f"  p < .05: {rejected} of {runs}"
    counted = ", ".join(f"{name} {said.count(name)}" for name in sorted(set(said)))
    yield f"  verdicts: {counted}"
    sound = sum(line["checks"].get("sampleRatio") == "pass" for line in lines)
    yield f"  allocation sound: {sound} of {runs} {_verdict(sound >= runs - 2)}"
    if scenario != "same" and truths:
        right = sum(line["estimate"] * truths["real"].difference > 0 for line in lines)
        wrong = sum(line["naive"] * truths["real"].difference < 0 for line in lines)
        unsound = sum(not line["naiveAllocationSound"] for line in lines)
        yield f"  sign right: {right} of {runs} {_verdict(right >= 0.95 * runs)}"
        yield f"  by visitor-days: sign wrong in {wrong}, allocation unsound in {unsound}"
    if all(name in lines[0] for name in ("visitorDays", "n")):
        again = [
            sum(line["visitorDays"][k] for line in lines) / sum(line["n"][k] for line in lines)
            for k in (0, 1)
        ]
        yield f"  visits a browser: {again[0]:.3f} and {again[1]:.3f}"
    yield f"  processor time: {sum(line['cpu_s'] for line in lines) / runs:.1f} s a seed"


def _verdict(holds: bool) -> str:
    return "holds" if holds else "FAILS"


Work = tuple[str, int]


def work(one: Work) -> tuple[Work, dict[str, Any]]:
    name, seed = one
    started = time.process_time()
    line = brute_force(seed) if name == "truth" else reported(name, seed)
    return one, {**line, "cpu_s": round(time.process_time() - started, 2)}


@cache
def code() -> str:
    """What every figure rests on: the rooms from the site to the report, and this file."""
    from digest import digest  # beside this script; tests import the script as a module and need no digest

    root = Path(web_demo.__file__).parents[1]
    rooms = (path for room in ROOMS for path in sorted((root / room).rglob("*")))
    return digest([path for path in rooms if path.suffix in (".py", ".toml", ".html")] + [Path(__file__)])


def kept(path: Path) -> dict[Work, dict[str, Any]]:
    """What the results file holds of this very code."""
    found = {}
    for text in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            line = json.loads(text)
            if line.pop("code") != code():
                continue
            found[line.pop("scenario"), line.pop("seed")] = line
        except (ValueError, KeyError):  # cut off by an interruption
            continue
    return found


def run(wanted: Sequence[Work], results: Path, workers: int) -> dict[Work, dict[str, Any]]:
    done = kept(results)
    todo = [one for one in wanted if one not in done]
    results.parent.mkdir(parents=True, exist_ok=True)
    if results.exists() and not results.read_bytes().endswith(b"\n"):  # cut off within a line
        with results.open("ab") as end:
            end.write(b"\n")
    with (
        results.open("a", encoding="utf-8") as out,
        multiprocessing.get_context("spawn").Pool(workers) as pool,
    ):
        for (scenario, seed), line in pool.imap_unordered(work, todo):
            done[scenario, seed] = line
            out.write(json.dumps({"code": code(), "scenario": scenario, "seed": seed, **line}) + "\n")
            out.flush()
    return {one: done[one] for one in wanted}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--truth", type=int, default=200_000, help="citizens of the brute force")
    parser.add_argument("--results", type=Path, default=Path("var/end-to-end.jsonl"))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    batches = math.ceil(arguments.truth / TRUTH_VISITORS)
    seeds = range(arguments.seeds)
    # Brute force first and among the seeds, so that an interrupted run says something of everything.
    wanted = sorted(
        [
            *((name, seed) for seed in seeds for name in SCENARIOS),
            *(("truth", batch) for batch in range(batches)),
        ],
        key=lambda one: one[1] / batches if one[0] == "truth" else one[1] / max(arguments.seeds, 1),
    )
    text = "\n".join(table(run(wanted, arguments.results, arguments.workers)))
    print(text)
    sys.exit(1 if "FAILS" in text else 0)


if __name__ == "__main__":
    main()

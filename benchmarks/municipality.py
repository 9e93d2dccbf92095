# SPDX-License-Identifier: EUPL-1.2
"""A municipality in memory: citizens walk the demo site, and its report is made of what they sent.

Everything from the beacon to the report is what an installation uses, but for the store and the archive's
files: admission, identity, the archiver's columns, reconstruction, day tables, report.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa

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


@lru_cache(maxsize=2)
def walked(kind: type[Graph] = Graph) -> Walked:
    """The site, read once in each process."""
    clock = Clock()
    graph = kind(experiments("redesign"), clock=clock, random=Random(0), host=HOST, zone=ZONE)
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


def city(
    scenario: str,
    seed: int,
    visitors: int = VISITORS,
    days: int = DAYS,
    *,
    behaviour: Behaviour | None = None,
    kind: type[Graph] = Graph,
) -> City:
    """Citizens of a seed in a scenario; `behaviour` for habits of their own, `kind` for another site."""
    site = walked(kind)
    behaviour = behaviour or (Behaviour(returns_share=0.9) if scenario == "return" else None)
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
                behaviour=behaviour,
                landings=site.landings,
            )
        )
        return City(result, store.events(), pd.read_parquet(truth))


def by_day(events: pa.Table) -> Iterator[tuple[date, pd.DataFrame]]:
    """The events of each DAY."""
    frame = events.to_pandas()
    yield from frame.groupby(frame["time"].map(lambda time_ms: day_of(time_ms, ZONE)))


def closed(events: pa.Table, scenario: str) -> dict[str, pd.DataFrame]:
    """The day tables of all DAYs, one under the other."""
    known = {one.name: one for one in experiments(scenario)}
    parts = [
        reconstruct(rows, tasks=tasks(), experiments=known, day=day, sites=SITES)
        for day, rows in by_day(events)
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
    daily = visitor_days(made.truth).groupby("variant")["answered"].agg(["sum", "size"])
    other = next(variant.name for variant in experiment.variants[1:])
    naive = daily["sum"] / daily["size"]
    divided = allocation.sample_ratio(daily["size"].to_dict(), shares(experiment))
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
        "visitorDays": [int(daily["size"][name]) for name in (CONTROL, other)],
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

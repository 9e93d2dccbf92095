# SPDX-License-Identifier: EUPL-1.2
"""The end-to-end measurement itself: equal seeds, equal events as by the real way, and a table that can fail.

How often reports tell the truth takes hundreds of municipalities: `make truth`.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pandas as pd
import redis

from benchmarks import municipality
from benchmarks.end_to_end import bounds, table
from benchmarks.municipality import SITES, Store, city, closed, really, reported
from tracker.admission import Arrival
from tracker.answers import Answer
from tracker.collector import Collector, CollectorSettings
from tracker.keys import Keys
from tracker.stream import decode
from tracker.words import dictionary


def test_equal_seeds_give_equal_reports() -> None:
    first, again = (reported("redesign", seed, visitors=110) for seed in (4, 4))
    assert first == again
    assert sum(first["n"]) > 40
    assert first["verdict"] in ("better", "noClearDifference", "notEnoughData")
    assert first["checks"]["sampleRatio"] == "pass"
    # What was measured lies near what citizens know; the rest is the matter of many seeds.
    for measured, hits, units in zip(first["values"], first["real"], first["realUnits"], strict=True):
        assert abs(measured - hits / units) < 0.2


def test_without_an_effect_both_versions_are_the_same_pages() -> None:
    made = city("same", 3, visitors=60)
    units = closed(made.events, "same")["units"]
    mine = units[units["experiment"] == "zwerfvuil"]
    assert set(mine["variant"]) == {"current", "copy"}
    assert not made.truth["exposures"].str.contains("zwerfvuil=redesign").any()


def test_events_in_memory_are_those_that_the_collector_stores(
    store: redis.Redis, store_url: str, prefix: str, monkeypatch: Any
) -> None:
    """Every beacon goes both ways; pseudonyms hang on another salt, all else must be equal."""
    keys = Keys(prefix)
    arrivals: list[tuple[Arrival, Answer]] = []

    class Noted(Store):
        async def take(self, arrival: Arrival) -> Answer:
            arrivals.append((arrival, await super().take(arrival)))
            return arrivals[-1][1]

    monkeypatch.setattr(municipality, "Store", Noted)
    made = city("redesign", 6, visitors=40, days=2)

    async def collect() -> list[Answer]:
        collector = Collector(CollectorSettings(sites=SITES, store_url=store_url), keys=keys)
        try:
            return [await collector.take(arrival) for arrival, _ in arrivals]
        finally:
            await collector.close()

    assert [(one.status, one.headers) for one in asyncio.run(collect())] == [
        (one.status, one.headers) for _, one in arrivals
    ]
    words = dictionary(store.hgetall(keys.words))
    entries = [entry for part in range(16) for entry in store.xrange(keys.events(part))]
    stored = pd.DataFrame([_said(decode(key, fields, words)) for key, fields in entries])
    kept = made.events.to_pandas()
    order = ["page_view", "index"]
    stored, kept = (one.sort_values(order).reset_index(drop=True) for one in (stored, kept))
    assert len(stored) == len(kept) > 300
    people = pd.DataFrame({"stored": stored.pop("visitor"), "kept": kept.pop("visitor")})
    assert (people.groupby("stored")["kept"].nunique() == 1).all()
    assert (people.groupby("kept")["stored"].nunique() == 1).all()
    for name in kept.columns:
        assert _plain(stored[name]) == _plain(kept[name]), name


def _said(event: Any) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__struct_fields__}


def _plain(column: pd.Series[Any]) -> list[Any]:
    return [None if pd.isna(one) else round(one, 3) if isinstance(one, float) else one for one in column]


def test_the_truth_counts_from_the_exposure_on_and_that_day_only() -> None:
    rows = pd.DataFrame(
        [
            # person, visit, task, started_at, answered, exposures
            (1, 1, "zwerfvuil", 10, True, "zwerfvuil=redesign"),
            (2, 1, "zwerfvuil", 10, True, ""),  # before the exposure
            (2, 1, "paspoort", 20, True, "zwerfvuil=current"),
            (3, 1, "zwerfvuil", 10, False, "aa-controle=copy,zwerfvuil=current"),
            (3, 2, "zwerfvuil", 90, True, "zwerfvuil=current"),  # on another day
            (4, 1, "paspoort", 10, True, "zwerfvuil=redesign"),
            (5, 1, "zwerfvuil", 10, True, ""),  # takes no part
        ],
        columns=["person", "visit", "task", "started_at", "answered", "exposures"],
    )
    found = really(rows)
    assert found.to_dict("index") == {
        1: {"variant": "redesign", "answered": True},
        2: {"variant": "current", "answered": False},
        3: {"variant": "current", "answered": False},
        4: {"variant": "redesign", "answered": False},
    }


def _line(held: bool, verdict: str) -> dict[str, Any]:
    ci = [-0.05, 0.05] if held else [0.01, 0.1]
    return {
        "n": [500, 500],
        "ci": ci,
        "p": 0.5 if held else 0.01,
        "estimate": 0.0,
        "verdict": verdict,
        "checks": {"sampleRatio": "pass"},
        "naive": 0.0,
        "naiveAllocationSound": True,
        "visitorDays": [600, 600],
        "cpu_s": 1.0,
    }


def test_the_table_fails_where_intervals_miss_too_often() -> None:
    assert bounds(200, 0.95) == (181, 197)
    assert bounds(200, 0.05, 0.01)[1] == 18
    for misses, verdict in ((18, "holds"), (19, "holds"), (25, "FAILS")):
        lines = [_line(k >= misses, "better" if k < misses else "noClearDifference") for k in range(200)]
        text = "\n".join(table({("same", seed): line for seed, line in enumerate(lines)}))
        assert f"intervals that hold 0: {200 - misses} of 200 (181-197) {verdict}" in text
        false = "holds" if misses <= 18 else "FAILS"
        assert f"'better' or 'worse': {misses} of 200 (at most 18) {false}" in text

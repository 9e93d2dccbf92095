# SPDX-License-Identifier: EUPL-1.2
"""Citizens who walk the remembered site do and send, event by event, what they do on the rendered one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pandas as pd

from tests.web_demo.running_site import demo_experiments, running_site
from tracker.admission import Arrival
from tracker.answers import Answer
from web_demo.citizens.behaviour import Behaviour
from web_demo.citizens.graph import Graph
from web_demo.citizens.simulate import HOST, ZONE, Pages, simulate

START, VISITORS, DAYS = date(2026, 11, 2), 60, 6

#: Everybody has a form to send and hardly any knows how: drafts, refusals and returns within a few visitors.
BUSY = Behaviour(
    slip_share=0.15, second_question_share=0.5, returns_share=0.9, refuses_cookies_share=0.1, gpc_share=0.1
)


class _Clock:
    def __init__(self) -> None:
        self.time_ms = 0

    def set(self, time_ms: int) -> None:
        self.time_ms = time_ms

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(self.time_ms / 1000, UTC)


class _Kept:
    """A collector that keeps what it is given."""

    def __init__(self) -> None:
        self.arrivals: list[tuple[Any, ...]] = []

    async def take(self, arrival: Arrival) -> Answer:
        self.arrivals.append(
            (arrival.time_ms, arrival.client, msgspec.json.decode(arrival.body), dict(arrival.headers))
        )
        return Answer(204, ())


def _visited(truth: Path, *, remembered: bool) -> tuple[list[tuple[Any, ...]], pd.DataFrame]:
    clock, kept, random = _Clock(), _Kept(), Random(5)
    if remembered:
        graph = Graph(demo_experiments(), clock=clock, random=random, host=HOST, zone=ZONE)
        site: Any = Pages(graph.from_address, graph)
    else:
        site = running_site(clock, random).wsgi_app
    asyncio.run(
        simulate(
            site=site,
            collector=kept,
            visitors=VISITORS,
            days=DAYS,
            seed=3,
            start=START,
            clock=clock.set,
            truth_path=truth,
            behaviour=BUSY,
        )
    )
    return kept.arrivals, pd.read_parquet(truth)


def _kinds(arrivals: list[tuple[Any, ...]]) -> Mapping[str, int]:
    events = [event for _, _, beacon, _ in arrivals for event in beacon["e"]]
    named = [event["k"] + ":" + str(event.get("a", "")) for event in events]
    return {name: named.count(name) for name in set(named)}


def test_walking_the_remembered_site_gives_the_same_beacons_and_truth(tmp_path: Path) -> None:
    rendered, truth = _visited(tmp_path / "rendered.parquet", remembered=False)
    walked, same_truth = _visited(tmp_path / "walked.parquet", remembered=True)
    kinds = _kinds(rendered)
    assert min(kinds.get(f"form:{action}", 0) for action in ("error", "submit", "abandon", "step")) > 2
    assert len([beacon for *_, beacon, _ in rendered if beacon.get("f")]) > 30
    assert sum(kinds.values()) > 1000
    for one, other in zip(rendered, walked, strict=False):
        assert one == other
    assert len(walked) == len(rendered)
    pd.testing.assert_frame_equal(truth, same_truth)

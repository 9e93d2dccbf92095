# SPDX-License-Identifier: EUPL-1.2
"""The demonstration: a municipality whose citizens visit for two weeks, and what was concluded from it.

It lays out an ordinary installation in the data folder (settings, tasks, experiments), so every other command
works on it afterwards as it would on a municipality's own.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import random
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

from klantreis.errors import KlantreisError
from klantreis.settings import FILE, Settings, load, make_folder

if TYPE_CHECKING:
    from analysis.report import Report
    from klantreis.store import Store

SETTINGS = """\
# Settings of the demonstration; an installation of your own looks the same.
[site.voorbeeldstad]
hosts = ["localhost", "127.0.0.1", "www.voorbeeldstad.nl"]
timezone = "Europe/Amsterdam"
tasks = "tasks.toml"
experiments = "experiments"
call_code_pages = ["/**"]
"""
SITE = "voorbeeldstad"
MADE = (
    "archive",
    "tables",
    "reports",
    "journeys",
    "trends",
    "hints",
    "store",
    "experiments",
    "tasks.toml",
    "truth.parquet",
    "run-token",
    FILE,
)


class DemoError(KlantreisError):
    """The demonstration cannot run in this folder."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the demonstration shows. Equal plans give equal visits."""

    visitors: int
    days: int
    seed: int
    start: str

    @property
    def first_day(self) -> date:
        return date.fromisoformat(self.start)


def plan(*, visitors: int, days: int, seed: int, today: date) -> Plan:
    """Simulate the most recent whole weeks: starts on the last Monday from which all days are over."""
    earliest = today - timedelta(days=days)
    return Plan(visitors, days, seed, (earliest - timedelta(days=earliest.weekday())).isoformat())


def prepare(data: Path, wanted: Plan) -> bool:
    """Lay out the installation in `data`; True where an equal demonstration has already run there.

    A folder with anything else in it is left alone. Raises `DemoError`.
    """
    _hold(make_folder(data))
    marker = data / "demo.json"
    earlier = json.loads(marker.read_text(encoding="utf-8")) if marker.exists() else None
    if earlier and earlier["finished"]:
        if {**asdict(wanted), "finished": True, "start": earlier["start"]} == earlier:
            return True
        raise DemoError(
            f"{data} holds another demonstration ({earlier['visitors']} visitors, {earlier['days']} days, "
            f"seed {earlier['seed']}). Give another folder with --data, or remove this one: rm -r {data}"
        )
    found = [name for name in MADE if (data / name).exists()]
    if found and earlier is None:
        raise DemoError(
            f"{data} already holds an installation ({', '.join(found)}), which the demonstration leaves "
            "alone. Give an empty folder with --data."
        )
    for name in found:  # of a demonstration that was cut off
        target = data / name
        shutil.rmtree(target) if target.is_dir() else target.unlink()
    _mark(data, wanted, finished=False)
    _write_definitions(data, wanted)
    return False


def _hold(data: Path) -> None:
    """Keep the folder to ourselves until this process ends, so that two demonstrations cannot mix."""
    descriptor = os.open(data / "demo.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise DemoError(
            f"Another demonstration runs in {data}. Stop it first, or give another folder with --data."
        ) from None


def run(
    data: Path, wanted: Plan, store: Store, *, say: Callable[[str], None], advance: Callable[[], None]
) -> dict[str, Report]:
    """Let the citizens visit, close every DAY as it ends, and compute the reports, by experiment."""
    from klantreis.jobs import defined_experiments, make_report, register_of, task_digests

    settings = load(data)
    register = register_of(store)
    opening = datetime.combine(wanted.first_day, datetime.min.time(), UTC)
    for experiment in defined_experiments(settings).values():
        register.start(experiment, actor="demo", now=opening, tasks=task_digests(settings, experiment.site))
    # A second process archives and closes a day while the next one is being visited, and makes the pages of
    # journeys, trends and hints beside the reports.
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
        closing: list[Future[None]] = []

        def after_day(day: date) -> None:
            closing.append(pool.submit(_close, data, store.url, day))
            advance()

        asyncio.run(_visit(settings, store, wanted, after_day))
        # Whoever was still busy at the last turn of the day.
        closing.append(pool.submit(_close, data, store.url, wanted.first_day + timedelta(days=wanted.days)))
        for job in closing:
            job.result()
        say("Computing the reports …")
        pages = pool.submit(_make_pages, data)
        reports = {name: make_report(settings, store, name) for name in defined_experiments(settings)}
        pages.result()
    _mark(data, wanted, finished=True)
    return reports


async def _visit(settings: Settings, store: Store, wanted: Plan, after_day: Callable[[date], None]) -> None:
    from klantreis.server import create_collector, create_demo_site
    from web_demo.citizens.simulate import simulate

    collector = create_collector(settings, store.url)
    clock = _Clock()
    site = create_demo_site(settings, store, clock=clock, chance=random.Random(wanted.seed))  # noqa: S311  a seeded demo
    try:
        await simulate(
            site=site.wsgi_app,
            collector=collector,
            visitors=wanted.visitors,
            days=wanted.days,
            seed=wanted.seed,
            start=wanted.first_day,
            clock=clock.set,
            truth_path=settings.data / "truth.parquet",
            after_day=after_day,
        )
    finally:
        await collector.close()


class _Clock:
    """The simulated moment, which the site asks for and the simulation sets."""

    def __init__(self) -> None:
        self._time_ms = 0

    def set(self, time_ms: int) -> None:
        self._time_ms = time_ms

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(self._time_ms / 1000, UTC)


def _close(data: Path, store_url: str, day: date) -> None:
    """In the second process: archive what is there, then close DAY."""
    from klantreis.jobs import archive_all, close_days, promised_experiments, register_of
    from klantreis.store import Store as OpenStore

    settings = load(data)
    store = OpenStore(store_url)
    archive_all(settings, store)
    close_days(settings, [day], promised_experiments(register_of(store)).values())


def _make_pages(data: Path) -> None:
    """In the second process: /journeys/, the trends and the hints."""
    from klantreis.ahead import look_ahead
    from klantreis.jobs import defined_experiments, make_journeys

    settings = load(data)
    make_journeys(settings, defined_experiments(settings).values())
    look_ahead(settings)


def _mark(data: Path, wanted: Plan, *, finished: bool) -> None:
    text = json.dumps({**asdict(wanted), "finished": finished}, indent=2)
    (data / "demo.json").write_text(text + "\n", encoding="utf-8")


def _write_definitions(data: Path, wanted: Plan) -> None:
    """The demo's own settings, tasks and experiments, with dates that fit the simulated weeks."""
    source = files("web_demo") / "definitions"
    (data / FILE).write_text(SETTINGS, encoding="utf-8")
    (data / "tasks.toml").write_text((source / "tasks.toml").read_text(encoding="utf-8"), encoding="utf-8")
    make_folder(data / "experiments")
    dates: Mapping[str, Any] = {
        "starts": wanted.first_day,
        "ends": wanted.first_day + timedelta(days=wanted.days - 1),
    }
    for definition in (source / "experiments").iterdir():
        if definition.name.endswith(".toml"):
            text = definition.read_text(encoding="utf-8")
            (data / "experiments" / definition.name).write_text(_with_dates(text, dates), encoding="utf-8")


def _with_dates(text: str, dates: Mapping[str, date]) -> str:
    lines = []
    for line in text.splitlines():
        key = line.partition("=")[0].strip()
        if key in dates:
            left, _, rest = line.partition("=")
            comment = rest.partition("#")[2]
            line = f"{left}= {dates[key].isoformat()}" + (f"  #{comment}" if comment else "")
        lines.append(line)
    return "\n".join(lines) + "\n"

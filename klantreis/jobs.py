# SPDX-License-Identifier: EUPL-1.2
"""What is computed beside the pages: archive, close a day, make a report. Every job can be run again."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.definition import Experiment
from experiments.lifecycle import day_at
from experiments.loading import load as load_experiments
from experiments.register import Register
from klantreis.errors import SettingsError, StoreError
from klantreis.settings import Settings, make_folder
from tracker.keys import Keys

if TYPE_CHECKING:
    from analysis.calendar import Calendar
    from analysis.close import CloseResult
    from analysis.report import Report
    from analysis.scheduling import Where
    from analysis.task_promise import Kept
    from analysis.tasks import Tasks
    from experiments.lifecycle import Record
    from klantreis.store import Store
    from tracker.archive import Archiver, ArchiveResult

LANGUAGES = ("nl", "en")


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


def now_ms_of(settings: Settings) -> int | None:
    """This moment (ms since 1970), until which visits are recorded; None where the visitors are invented, who
    live by a clock of their own."""
    return None if is_demonstration(settings.data) else int(now().timestamp() * 1000)


def defined_experiments(settings: Settings) -> dict[str, Experiment]:
    """All experiments that are written down for the sites of this installation, by name."""
    folders = [files.experiments for files in settings.files.values() if files.experiments]
    paths = [path for folder in folders for path in sorted(folder.glob("*.toml"))]
    return load_experiments(paths)


def register_of(store: Store) -> Register:
    """The register of running and past experiments."""
    return Register(store.client(), keys=Keys())


def promised_experiments(register: Register) -> dict[str, Experiment]:
    """Every experiment that was ever started, as it was written down at that moment."""
    return {name: record.experiment for name, record in register.all().items()}


def tasks_of(settings: Settings, site: str) -> Tasks:
    """The task definitions of a site; none where the settings name no file."""
    from analysis.tasks import Tasks
    from analysis.tasks import load as load_tasks

    files = settings.files.get(site)
    return load_tasks(files.tasks) if files and files.tasks else Tasks(())


def task_digests(settings: Settings, site: str) -> dict[str, str] | None:
    """Fingerprints of a site's tasks by name, kept at the start; None where the settings name no file."""
    from analysis.task_promise import digests

    files = settings.files.get(site)
    return digests(tasks_of(settings, site)) if files and files.tasks else None


def calendar_of(settings: Settings, site: str) -> Calendar:
    """What happened in town, as the site's calendar tells; nothing where the settings name no file."""
    from analysis.calendar import NO_EVENTS
    from analysis.calendar import load as load_calendar

    files = settings.files.get(site)
    return load_calendar(files.calendar) if files and files.calendar else NO_EVENTS


def archiver_of(settings: Settings, store: Store) -> Archiver:
    """An archiver of this installation; ours until its `close`."""
    from tracker.archive import Archiver

    make_folder(settings.archive)
    return Archiver(
        store.client(),
        settings.archive,
        sites=settings.registry(),
        partitions=settings.partitions,
        keys=Keys(),
    )


def archive_once(settings: Settings, store: Store) -> ArchiveResult:
    """Move everything that the store holds into the archive, but for what another archiver is at."""
    return archiver_of(settings, store).run_once()


def archive_all(settings: Settings, store: Store, *, patience_s: float = 75.0) -> None:
    """Archive until no partition is left, asking living archivers to hand over and waiting for dead ones.

    Raises `StoreError` where another archiver does not hand over.
    """
    archiver = archiver_of(settings, store)
    deadline = time.monotonic() + patience_s
    while busy := archiver.run_once(demand=True).busy:
        if time.monotonic() > deadline:
            raise StoreError(
                f"Another archiver holds {busy} partitions of the store and does not hand them over. "
                "Stop it, or let it do the work."
            )
        time.sleep(1.0)


def close_days(
    settings: Settings,
    days: Iterable[date],
    experiments: Iterable[Experiment],
    *,
    where: Where | None = None,
    closed: Callable[[], None] = lambda: None,
    failed: Callable[[date, Exception], None] | None = None,
) -> list[CloseResult]:
    """Rebuild the journeys of the given DAYs into their day tables: in this process, unless `where` says
    otherwise. `closed` is called after each.

    With `failed`, what is wrong with one DAY is told to it, and the others are closed.
    """
    from analysis.close import close_days as rebuild
    from analysis.scheduling import HERE

    tasks = {site.name: tasks_of(settings, site.name) for site in settings.sites}
    done = []
    for result in rebuild(
        settings.archive,
        settings.tables,
        days,
        sites=settings.registry(),
        tasks=tasks,
        experiments=experiments,
        partitions=settings.partitions,
        where=where or HERE,
        failed=failed,
        now_ms=now_ms_of(settings),
    ):
        done.append(result)
        closed()
    return done


def make_report(
    settings: Settings, store: Store, name: str, *, excluded: Mapping[date, str] | None = None
) -> Report:
    """Compute the report of an experiment as it was promised, and write its files under `reports/`.

    `excluded` are days to leave out, each with its reason.
    """
    from analysis.evaluate import evaluate

    records = register_of(store).all()
    if name not in records:
        known = ", ".join(sorted(records)) or "none was started yet"
        raise SettingsError(
            f'There is no started experiment "{name}" here. Started: {known}. '
            f"Start one with: klantreis experiment start {name}"
        )
    record = records[name]
    zone = settings.site(record.experiment.site).zone
    # The register keeps the definition as it was; only coverage may have grown since.
    changed = ["coverage"] if len({ramp.coverage for ramp in record.ramps}) > 1 else []
    report = evaluate(
        record.experiment,
        settings.tables,
        now=now(),
        changed=changed,
        tasks=_tasks_kept(settings, record),
        excluded=excluded,
        stopped=None if record.stopped_at is None else day_at(record.stopped_at, zone),
        zone=zone,
    )
    if is_demonstration(settings.data):
        report = _with_caveat(report, "simulated")
    write_report(report, settings.reports)
    return report


def _tasks_kept(settings: Settings, record: Record) -> Kept | None:
    """What became of the site's task definitions since the start; None where it has no file of them."""
    from analysis.day_tables import closed_days
    from analysis.task_promise import kept

    files = settings.files.get(record.experiment.site)
    if not (files and files.tasks):
        return None
    days = closed_days(settings.tables)
    return kept(record.experiment, record.tasks, settings.tables, days, file=files.tasks.name)


def make_journeys(settings: Settings, experiments: Iterable[Experiment]) -> bool:
    """Compute the pages /journeys/ from the day tables, after counting the words of the last weeks.

    Words and single journeys go with their events, so this is due every DAY, also one without visits. False
    where there is nothing to show yet.
    """
    from analysis import vocabulary
    from analysis.journey_books import compute
    from analysis.journey_pages import Shelf

    tasks = {site.name: tasks_of(settings, site.name) for site in settings.sites}
    vocabulary.renew(settings.archive, settings.tables, tasks)
    made = compute(
        settings.tables,
        tasks=tasks,
        experiments=experiments,
        now=now(),
        keep_days=settings.retention_days,
        simulated=is_demonstration(settings.data),
    )
    shelf = Shelf(settings.journeys)
    if made is None:
        shelf.clear()
        return False
    make_folder(settings.journeys)
    shelf.put(made)
    return True


def renew(
    settings: Settings,
    store: Store,
    experiments: Mapping[str, Experiment],
    around: Callable[[str], AbstractContextManager[object]],
) -> None:
    """Make every report, the pages /journeys/, the trends and the hints anew.

    Each is made within `around` of its name, which says what becomes of an error: so one cannot keep the
    others from being made.
    """
    from klantreis.ahead import look_ahead

    for name in experiments:
        with around(f"report of {name}"):
            make_report(settings, store, name)
    with around("pages of journeys"):
        make_journeys(settings, experiments.values())
    with around("pages of trends and hints"):
        look_ahead(settings)


def is_demonstration(data: Path) -> bool:
    """Whether the visitors of this installation are invented."""
    return (data / "demo.json").exists()


def _with_caveat(report: Report, code: str) -> Report:
    from msgspec.structs import replace

    from analysis.wording import caveat

    sentences = {language: caveat(code, language) for language in LANGUAGES}
    return replace(
        report,
        caveats=(sentences["en"], *report.caveats),
        caveat_sentences=(sentences, *report.caveat_sentences),
    )


def write_report(report: Report, folder: Path) -> None:
    """Write the JSON, and the text and the page in every language; each file whole or not at all."""
    from analysis.rendering import render

    make_folder(folder)
    files = {f"{report.experiment}.json": render(report, form="json", language="en")}
    files[f"{report.experiment}.csv"] = render(report, form="csv", language="en")
    for language in LANGUAGES:
        files[f"{report.experiment}.{language}.txt"] = render(report, form="text", language=language)
        files[f"{report.experiment}.{language}.html"] = render(report, form="html", language=language)
    for file, text in files.items():
        aside = folder / f".{file}.{os.getpid()}"
        aside.write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8")
        aside.replace(folder / file)

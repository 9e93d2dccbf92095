# SPDX-License-Identifier: EUPL-1.2
"""`klantreis archive` and `klantreis close`: the jobs behind the pages."""

from __future__ import annotations

import signal
import threading
from datetime import datetime
from pathlib import Path

import click

from klantreis.commands import Day, data_option, where_of, where_options


@click.command(epilog="\b\nExample:\n  klantreis archive --once")
@click.option("--once", is_flag=True, help="Move what is there and stop.")
@click.option("--check", is_flag=True, help="Read every file, set damaged ones aside; exit 1 if there were.")
@click.option(
    "--linger",
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="How long events may wait in the store, so that few visitors make few files.",
)
@click.option("--every", default=10.0, show_default=True, metavar="SECONDS", help="Pause between two rounds.")
@data_option
@click.pass_context
def archive(ctx: click.Context, once: bool, check: bool, linger: float, every: float, data: Path) -> None:
    """Move events from the store into the archive; close a day and renew reports when it is over.

    Several may run, also on several machines that share the data folder: they divide the partitions, and
    take over from one that ended.
    """
    from klantreis.jobs import archive_once
    from klantreis.logs import configure
    from klantreis.settings import load
    from klantreis.store import open_store

    if not once:
        configure("archive", by_default="json")
    settings = load(data)
    if check:
        from tracker.compaction import check as check_files

        read, damaged = check_files(settings.archive)
        click.echo(f"{read} files read, {damaged} damaged and set aside under {settings.archive}/damaged")
        ctx.exit(1 if damaged else 0)
    # Beside a server it outlives a store that is away; asked for one round, it says so.
    with open_store(settings.data, settings.redis_url, must_answer=once) as store:
        if once:
            result = archive_once(settings, store)
            click.echo(f"{result.events} events in {result.files} files under {settings.archive}")
            if result.busy:
                left = f"Partitions with events that were left to other archivers: {result.busy}."
                click.echo(left, err=True)
            return
        from klantreis.night import run_forever

        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        run_forever(settings, store, stop, every_s=every, linger_s=linger)


@click.command(
    epilog="""\b
Examples:
  klantreis close
  klantreis close 2026-06-01
  klantreis close --scheduler tcp://10.0.0.5:8786
"""
)
@click.argument("day", type=Day, required=False)
@where_options
@data_option
def close(day: datetime | None, processes: int | None, scheduler: str, data: Path) -> None:
    """Rebuild the journeys of DAY (of all archived days, where none is given), and renew reports and pages.

    Closing a day again gives the same tables, so it does no harm. What is wrong with one day or one report
    is told at the end, with exit code 2; the others are closed and renewed all the same.
    """
    from klantreis.errors import KlantreisError
    from klantreis.failures import Kept
    from klantreis.jobs import archive_all, close_days, promised_experiments, register_of, renew
    from klantreis.progress import progress
    from klantreis.settings import load
    from klantreis.store import open_store
    from tracker.archive import days as archived_days

    settings, where, wrong = load(data), where_of(processes, scheduler), Kept()
    with open_store(settings.data, settings.redis_url) as store:
        archive_all(settings, store)
        days = [day.date()] if day else archived_days(settings.archive)
        promised = promised_experiments(register_of(store))
        done = []
        with progress("Closing days", total=len(days)) as advance, wrong.around("days"):
            done = close_days(
                settings,
                days,
                promised.values(),
                where=where,
                closed=advance,
                failed=lambda of_day, error: wrong.keep(f"day {of_day}", error),
            )
        renew(settings, store, promised, wrong.around)
    reports = len(promised) - sum(what.startswith("report") for what in wrong.sentences)
    pages = "" if "pages of journeys" in wrong.sentences else ", and the pages /journeys/"
    click.echo(f"{len(done)} days closed, {reports} reports renewed{pages}")
    if wrong.sentences:
        raise KlantreisError(wrong.text())

# SPDX-License-Identifier: EUPL-1.2
"""`klantreis demo`: from a visitor's click to a verdict, in two minutes."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING

import click

from klantreis.commands import data_option

if TYPE_CHECKING:
    from klantreis.store import Store

EPILOG = """\b
Examples:
  klantreis demo --once
  klantreis demo --visitors 1000 --days 7 --seed 2 --data /tmp/demo
"""


@click.command(epilog=EPILOG)
@click.option(
    "--once", is_flag=True, help="Stop after the verdict, instead of serving the site and the reports."
)
@click.option(
    "--visitors", default=3000, show_default=True, type=click.IntRange(10, 100_000), help="Citizens."
)
@click.option("--days", default=14, show_default=True, type=click.IntRange(1, 60), help="Simulated days.")
@click.option("--seed", default=1, show_default=True, help="Equal seeds give equal citizens.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@data_option
def demo(once: bool, visitors: int, days: int, seed: int, host: str, port: int, data: Path) -> None:
    """Citizens of Voorbeeldstad visit their municipality's site for two weeks; then comes the verdict.

    Two redesigned journeys run against the current ones, and a third experiment compares the site with
    itself. Then the site and the reports are served, to click through yourself.
    """
    from klantreis import demo as demonstration
    from klantreis.jobs import now
    from klantreis.progress import progress
    from klantreis.server import listen
    from klantreis.store import open_store

    with ExitStack() as stack:
        listener = None if once else stack.enter_context(listen(host, port))
        wanted = demonstration.plan(visitors=visitors, days=days, seed=seed, today=now().date())
        finished = demonstration.prepare(data, wanted)
        store = stack.enter_context(open_store(data, None))
        if not finished:
            click.echo(f"{visitors} citizens visit Voorbeeldstad on {days} days …", err=True)
            with progress("Days visited", total=days) as advance:
                demonstration.run(
                    data, wanted, store, say=lambda line: click.echo(line, err=True), advance=advance
                )
        _show(data)
        if listener:
            _serve(data, store, listener, f"http://{host}:{port}")


def _show(data: Path) -> None:
    """The verdicts in both languages, and where the reports lie."""
    from analysis.report import from_json
    from klantreis.jobs import LANGUAGES

    for path in sorted((data / "reports").glob("*.json")):
        report = from_json(path.read_bytes())
        click.echo(f"\n{report.experiment}: {report.question}")
        for language in LANGUAGES:
            click.echo(f"  {language}  {report.verdict.sentence[language]}")
    click.echo(f"\nReports: {data / 'reports'} (html, txt, json and csv)")
    click.echo(f"What the citizens really did: {data / 'truth.parquet'}")


def _serve(data: Path, store: Store, listener: socket, address: str) -> None:
    from klantreis.server import archiver_beside, create_app
    from klantreis.serving import run
    from klantreis.settings import load

    settings = load(data)
    with archiver_beside(settings, store):
        click.echo(_addresses(address))
        run(create_app(settings, store, demo_site=True), listener)


def _addresses(address: str) -> str:
    rows = [
        ("The site", f"{address}/"),
        ("Litter, redesigned", f"{address}/?kr_variant=zwerfvuil:redesign"),
        ("Debts, redesigned", f"{address}/werk-en-inkomen/schuldhulp?kr_variant=schuldhulp:redesign"),
        ("The reports", f"{address}/reports/"),
        ("The journeys", f"{address}/journeys/"),
        ("The experiments", f"{address}/experiments/"),
    ]
    return "\n" + "\n".join(f"{name + ':':<20}{url}" for name, url in rows) + "\n\nStop with Ctrl-C."

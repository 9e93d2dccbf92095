# SPDX-License-Identifier: EUPL-1.2
"""`klantreis serve` and `klantreis collect`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import click

from klantreis.commands import data_option

Command = TypeVar("Command", bound=Callable[..., Any])


def _address(command: Command) -> Command:
    port = click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
    return click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")(
        port(command)
    )


@click.command(epilog="\b\nExamples:\n  klantreis serve\n  klantreis serve --port 8080 --demo-site")
@_address
@click.option("--demo-site", is_flag=True, help="Serve the municipality of Voorbeeldstad too.")
@click.option("--no-archiver", is_flag=True, help="Run no archiver: klantreis archive does its work.")
@data_option
def serve(host: str, port: int, demo_site: bool, no_archiver: bool, data: Path) -> None:
    """Collector, archiver, reports and the public register of experiments, on one machine."""
    from klantreis.logs import configure
    from klantreis.server import archiver_beside, create_app, listen, tell_of_no_site
    from klantreis.serving import run
    from klantreis.settings import load, make_folder
    from klantreis.store import open_store

    configure(click.get_current_context().info_name or "", by_default="json")
    make_folder(data)
    settings = load(data)
    tell_of_no_site(settings)
    listener = listen(host, port)
    with (
        open_store(data, settings.redis_url, must_answer=False) as store,
        nullcontext() if no_archiver else archiver_beside(settings, store),
    ):
        app = create_app(settings, store, demo_site=demo_site)
        click.echo(f"http://{host}:{port}/reports/   (stop with Ctrl-C)")
        run(app, listener)


@click.command(
    epilog="\b\nExample:\n  KLANTREIS_REDIS_URL=redis://10.0.0.5:6379/0 klantreis collect --workers 2"
)
@_address
@click.option(
    "--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes, one per core."
)
@data_option
def collect(host: str, port: int, workers: int, data: Path) -> None:
    """The collector alone: /k.js, /e and /v1. Pages and jobs run elsewhere."""
    from klantreis.logs import configure
    from klantreis.server import create_collector, listen, tell_of_no_site
    from klantreis.serving import run, run_workers
    from klantreis.settings import load, make_folder
    from klantreis.store import open_store

    configure(click.get_current_context().info_name or "", by_default="json")
    make_folder(data)
    settings = load(data)
    tell_of_no_site(settings)
    listener = listen(host, port)
    with open_store(data, settings.redis_url, must_answer=False) as store:
        click.echo(f"http://{host}:{port}/e   ({workers} workers; stop with Ctrl-C)", err=True)
        if workers == 1:
            run(create_collector(settings, store.url), listener)
            return
        with TemporaryDirectory(prefix="klantreis-workers-") as folder:
            run_workers(workers, listener, data=data, store_url=store.url, folder=Path(folder))

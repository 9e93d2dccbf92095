# SPDX-License-Identifier: EUPL-1.2
"""`klantreis report`: what an experiment showed, and how sure that is."""

from __future__ import annotations

from pathlib import Path

import click

from klantreis.commands import Form, data_option, language_option, out_option, write_out

EPILOG = """\b
Examples:
  klantreis report zwerfvuil
  klantreis report zwerfvuil --language en --format html --out zwerfvuil.html
"""


@click.command(epilog=EPILOG)
@click.argument("experiment")
@click.option(
    "--format", "form", type=click.Choice(["text", "html", "json"]), default="text", show_default=True
)
@language_option
@out_option
@data_option
def report(experiment: str, form: Form, language: str, out: Path | None, data: Path) -> None:
    """Compute the report of EXPERIMENT from the day tables, as it was promised when it started."""
    from analysis.rendering import render
    from klantreis.jobs import make_report
    from klantreis.settings import load
    from klantreis.store import open_store

    settings = load(data)
    with open_store(settings.data, settings.redis_url) as store:
        made = make_report(settings, store, experiment)
    write_out(render(made, form=form, language=language), out)

# SPDX-License-Identifier: EUPL-1.2
"""`klantreis report`: what an experiment showed, and how sure that is."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from klantreis.commands import Form, data_option, language_option, out_option, write_out

EPILOG = """\b
Examples:
  klantreis report zwerfvuil
  klantreis report zwerfvuil --language en --format html --out zwerfvuil.html
  klantreis report zwerfvuil --format csv --out zwerfvuil.csv
  klantreis report zwerfvuil --without 2026-06-03="outage of the site"
"""


@click.command(epilog=EPILOG)
@click.argument("experiment")
@click.option(
    "--format", "form", type=click.Choice(["text", "html", "csv", "json"]), default="text", show_default=True
)
@click.option(
    "--without", multiple=True, metavar="DAY=REASON", help="Leave a day out, and say why; may be repeated."
)
@language_option
@out_option
@data_option
def report(
    experiment: str, form: Form, without: tuple[str, ...], language: str, out: Path | None, data: Path
) -> None:
    """Compute the report of EXPERIMENT from the day tables, as it was promised when it started."""
    from analysis.rendering import render
    from klantreis.jobs import make_report
    from klantreis.settings import load
    from klantreis.store import open_store

    excluded = _reasons(without)
    settings = load(data)
    with open_store(settings.data, settings.redis_url) as store:
        made = make_report(settings, store, experiment, excluded=excluded)
    write_out(render(made, form=form, language=language), out)


def _reasons(without: tuple[str, ...]) -> dict[date, str]:
    """`2026-06-03=outage of the site` as the day and its reason."""
    found = {}
    for one in without:
        day, equals, reason = one.partition("=")
        try:
            found[date.fromisoformat(day.strip())] = reason.strip()
        except ValueError:
            equals = ""
        if not equals or not reason.strip():
            raise click.UsageError(
                f'--without "{one}" is no day with a reason. Expected such as 2026-06-03="site was down".'
            )
    return found

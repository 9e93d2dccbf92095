# SPDX-License-Identifier: EUPL-1.2
"""`klantreis export`: tables for other programs."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from klantreis.commands import data_option, days_options, out_option, write_out
from klantreis.errors import SettingsError

EPILOG = """\b
Examples:
  klantreis export questions --out questions.csv
  klantreis export event-log --out log.parquet
  klantreis export event-log --reader retentioneering --from 2026-06-01 --to 2026-06-07 --out log.csv
"""


@click.command(epilog=EPILOG)
@click.argument("table")
@days_options()
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "parquet"]),
    help="By default what the file's name ends in; csv on the terminal.",
)
@click.option(
    "--reader",
    type=click.Choice(["pm4py", "retentioneering"]),
    default="pm4py",
    show_default=True,
    help="Who reads the event log: names of its columns (pm4py: those of XES).",
)
@out_option
@data_option
def export(
    table: str,
    first: datetime | None,
    last: datetime | None,
    form: str | None,
    reader: str,
    out: Path | None,
    data: Path,
) -> None:
    """Write TABLE of the closed days: a day table, `words`, `lostness` or `event-log`.

    What fewer than five visitors had is `other`. The event log has a case for each question, and nothing that
    says whose it was.
    """
    from analysis.exports import as_csv
    from klantreis.notebook import Data
    from klantreis.settings import load

    found = Data(load(data), first and first.date(), last and last.date())
    if form is None:
        form = "parquet" if out is not None and out.suffix == ".parquet" else "csv"
    if form == "csv":
        write_out(as_csv(found.table(table, reader=reader)).rstrip("\n"), out)
    elif out is None:
        raise SettingsError(f"Parquet is not for a terminal. Give a file with --out {table}.parquet")
    else:
        click.echo(f"Written: {found.save(table, out, form='parquet', reader=reader)}", err=True)

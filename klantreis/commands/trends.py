# SPDX-License-Identifier: EUPL-1.2
"""`klantreis trends`: when residents come, what is expected, and the peak that a load test should reach."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from klantreis.commands import data_option, language_option, out_option, write_out
from klantreis.errors import SettingsError

if TYPE_CHECKING:
    from analysis.trends import TaskTrend, Trend, Volumes
    from klantreis.settings import Settings

EPILOG = """\b
Examples:
  klantreis trends
  klantreis trends --language en --measure questions --task zwerfvuil
  klantreis trends --format csv --out days.csv
  klantreis trends --format json | python -m json.tool
"""
MEASURES = ("events", "views", "searches", "questions")


@click.command(epilog=EPILOG)
@click.option("--site", metavar="NAME", help="Site; the first of the settings by default.")
@click.option("--task", metavar="NAME", help="Only the questions about this task.")
@click.option(
    "--measure",
    type=click.Choice(MEASURES),
    default=None,
    help="What is counted: views by default, questions where a task is named.",
)
@click.option(
    "--weeks",
    type=click.IntRange(1, 4),
    default=4,
    show_default=True,
    help="How far to look ahead, as far as the days there are allow.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="csv holds the days; json everything.",
)
@language_option
@out_option
@data_option
def trends(
    site: str | None,
    task: str | None,
    measure: str | None,
    weeks: int,
    form: str,
    language: str,
    out: Path | None,
    data: Path,
) -> None:
    """Volumes by hour, weekday, month and way in, a forecast with its interval, and channel shift over time.

    Read from the day tables. Without options the page /journeys/trends is renewed too.
    """
    from analysis.trend_document import days_table, to_json
    from analysis.trends import by_task, trend
    from klantreis.ahead import make_trends
    from klantreis.jobs import calendar_of, now
    from klantreis.settings import load

    settings = load(data)
    name = site_asked(settings, site)
    volumes, calendar = _volumes(settings, name), calendar_of(settings, name)
    plain = task is None and measure is None and weeks == 4
    chosen = measure or ("questions" if task else "views")
    made = (
        make_trends(settings, name, volumes)
        if plain
        else trend(volumes, calendar, measure=chosen, task=task, weeks=weeks)
    )
    if form == "csv":
        write_out(days_table(made).to_csv(index=False).rstrip("\n"), out)
        return
    tasks = [] if task else by_task(volumes, calendar)
    if form == "json":
        write_out(to_json(made, tasks, now()).decode().rstrip("\n"), out)
        return
    write_out(_as_text(made, tasks, language), out)


def site_asked(settings: Settings, asked: str | None) -> str:
    """The site of that name, or the first one. Raises `SettingsError` where there is none."""
    from klantreis.ahead import sites_with_days

    known = sites_with_days(settings)
    if asked and asked not in known:
        raise SettingsError(f'There is no site "{asked}" here; there are {", ".join(known) or "none"}.')
    if not known:
        raise SettingsError(
            f"No closed day in {settings.data}. Bring some with: klantreis demo --once, or import a log "
            f"and close "
            "its days with: klantreis close"
        )
    return asked or known[0]


def _volumes(settings: Settings, site: str) -> Volumes:
    from analysis.day_tables import closed_days
    from klantreis.ahead import volumes_of
    from klantreis.progress import progress

    with progress("Days read", total=len(closed_days(settings.tables))) as advance:
        return volumes_of(settings, site, advance)


def _as_text(trend: Trend, tasks: list[TaskTrend], language: str) -> str:
    from analysis.rendering.trend_page import tables
    from analysis.rendering.trend_words import sentences
    from klantreis.terminal import table

    parts = ["\n".join(sentences(trend, language).values())]
    parts += [f"{one.caption}\n{table(one.headers, one.rows)}" for _, one in tables(trend, tasks, language)]
    return "\n\n".join(parts)

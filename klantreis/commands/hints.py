# SPDX-License-Identifier: EUPL-1.2
"""`klantreis hints`: where most residents are lost, and what is wrong there."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from klantreis.commands import data_option, days_options, language_option, out_option, write_out
from klantreis.errors import SettingsError

if TYPE_CHECKING:
    from analysis.hints import TaskHints
    from klantreis.settings import Settings

EPILOG = """\b
Examples:
  klantreis hints
  klantreis hints zwerfvuil --language en
  klantreis hints --from 2026-06-01 --to 2026-06-07 --format json
"""


@click.command(epilog=EPILOG)
@click.argument("task", required=False)
@click.option("--site", metavar="NAME", help="Site; the first of the settings by default.")
@days_options("First day; the last 28 days by default.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@language_option
@out_option
@data_option
def hints(
    task: str | None,
    site: str | None,
    first: datetime | None,
    last: datetime | None,
    form: str,
    language: str,
    out: Path | None,
    data: Path,
) -> None:
    """Per task the three places where most residents are lost, with the figures behind.

    Where an experiment is about the task, its variants are told apart too. Words are told only where at
    least 5 visitors typed them.
    """
    from analysis.hint_words import to_json
    from klantreis.ahead import hint_days, make_hints
    from klantreis.commands.trends import site_asked
    from klantreis.jobs import now
    from klantreis.progress import progress
    from klantreis.settings import load

    settings = load(data)
    name = site_asked(settings, site)
    days = _days(settings, first, last)
    shown = hint_days(settings, name) if days is None else days
    with progress("Days read", total=len(shown)) as advance:
        found = make_hints(settings, name, days=days, advance=advance)
    if task is not None:
        known = sorted({one.task for one in found})
        found = [one for one in found if one.task == task]
        if not found:
            raise SettingsError(
                f'Fewer than five visitors asked about a task "{task}". Asked about: '
                f"{', '.join(known) or 'none'}."
            )
    if form == "json":
        write_out(to_json(found, name, shown[0], shown[-1], now()).decode().rstrip("\n"), out)
        return
    write_out("\n\n".join(_as_text(one, language) for one in found), out)


def _days(settings: Settings, first: datetime | None, last: datetime | None) -> list[date] | None:
    """The closed DAYs of the period; None where none was asked for."""
    from analysis.day_tables import readable_days

    if first is None and last is None:
        return None
    after, before = (each.date() if each else None for each in (first, last))
    days = [day for day in readable_days(settings.tables) if (after or day) <= day <= (before or day)]
    if not days:
        raise SettingsError("No closed day lies between those dates. Close days with: klantreis close DAY")
    return days


def _as_text(found: TaskHints, language: str) -> str:
    from analysis.hint_words import sentence, summary

    title = found.task if found.exposure is None else f"{found.task}, {found.exposure}"
    lines = [f"{title}: {summary(found, language)}"]
    lines += [f"  {place}. {sentence(hint, language)}" for place, hint in enumerate(found.hints, 1)]
    return "\n".join([*lines, f"  {found.address}"])

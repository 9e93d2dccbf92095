# SPDX-License-Identifier: EUPL-1.2
"""The jobs that look ahead: trends and improvement hints of every site, written beside the reports."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from klantreis.jobs import LANGUAGES, calendar_of, defined_experiments, now
from klantreis.settings import Settings, make_folder
from tracker.happenings import happened

if TYPE_CHECKING:
    from analysis.hints import TaskHints, Word
    from analysis.trends import Trend, Volumes

LOG = logging.getLogger(__name__)
#: Hints are about now: older faults may have been mended.
HINT_DAYS = 28


def look_ahead(settings: Settings) -> None:
    """Renew the trends and the improvement hints of every site with closed DAYs.

    What is wrong with one site, such as a mistyped calendar, is logged and keeps no other from being renewed.
    """
    from analysis.errors import AnalysisError
    from experiments.errors import ExperimentsError

    for site in sites_with_days(settings):
        for what, make in (("trends", make_trends), ("hints", make_hints)):
            try:
                make(settings, site)
            except (AnalysisError, ExperimentsError) as error:
                happened(LOG, str(error), action="compute", object=f"{what} of {site}", result="failed")


def sites_with_days(settings: Settings) -> list[str]:
    """The sites of the settings; those that only an import brought where there are none."""
    from analysis import day_tables

    if settings.sites:
        return [site.name for site in settings.sites]
    days = day_tables.readable_days(settings.tables)[-1:]
    return sorted(set(day_tables.read(settings.tables, "volumes", days)["site"])) if days else []


def volumes_of(settings: Settings, site: str, advance: Callable[[], None] = lambda: None) -> Volumes:
    """The volumes of the site's DAYs that are over."""
    from analysis.trends import read

    known = settings.site(site)
    return read(settings.tables, known, before=_today(settings, site), advance=advance)


def make_trends(settings: Settings, site: str, volumes: Volumes | None = None) -> Trend:
    """Compute the trends of a site and write `SITE.json`, `SITE.nl.html` and `SITE.en.html` under `trends/`.

    Raises `AnalysisError` where no closed DAY holds visits, or the calendar cannot be read.
    """
    from analysis.rendering import trend_page
    from analysis.trend_document import to_json
    from analysis.trends import by_task, trend

    calendar = calendar_of(settings, site)
    volumes = volumes or volumes_of(settings, site)
    made, tasks, moment = trend(volumes, calendar), by_task(volumes, calendar), now()
    files = {f"{site}.json": to_json(made, tasks, moment)}
    for language in LANGUAGES:
        files[f"{site}.{language}.html"] = trend_page.body(made, tasks, language, moment).encode()
    write_files(settings.trends, files)
    return made


def make_hints(
    settings: Settings,
    site: str,
    *,
    days: Sequence[date] | None = None,
    advance: Callable[[], None] = lambda: None,
) -> list[TaskHints]:
    """Where residents of the site are lost in its last `HINT_DAYS` closed DAYs, written to `hints/SITE.json`.

    With `days` only those, and nothing is written. Raises `AnalysisError` where no DAY is closed.
    """
    from analysis import hints, losses
    from analysis.hint_words import to_json
    from analysis.journey_books import page_names

    wanted = hint_days(settings, site) if days is None else list(days)
    if not wanted:
        raise hints.NoDaysError("No day is closed yet. Close those of the archive: klantreis close")
    found = hints.all_tasks(
        losses.read(settings.tables, wanted, advance),
        site,
        exposures=_exposures(settings, site),
        words=_words(settings, site, wanted),
        pages=page_names(settings.tables),
    )
    if days is None:
        document = to_json(found, site, wanted[0], wanted[-1], now())
        write_files(settings.hints, {f"{site}.json": document})
    return found


def hint_days(settings: Settings, site: str) -> list[date]:
    """The DAYs that hints are about."""
    from analysis.day_tables import readable_days

    today = _today(settings, site)
    return [day for day in readable_days(settings.tables) if day < today][-HINT_DAYS:]


def _exposures(settings: Settings, site: str) -> dict[str, list[str]]:
    """By task, the variants of the experiments about it."""
    found: dict[str, list[str]] = {}
    for experiment in defined_experiments(settings).values():
        if experiment.task and experiment.site == site:
            found.setdefault(experiment.task, []).extend(
                f"{experiment.name}={variant.name}" for variant in experiment.variants
            )
    return found


def _words(settings: Settings, site: str, days: Sequence[date]) -> dict[str, tuple[Word, ...]]:
    """What found nothing, by task, in the windows of words that lie within the days."""
    import polars as pl

    from analysis import day_tables, vocabulary
    from analysis.hints import words_without_results

    windows = vocabulary.windows(settings.tables, days)
    return words_without_results(pl.from_pandas(day_tables.read(settings.tables, "words", windows)), site)


def write_files(folder: Path, files: dict[str, bytes]) -> None:
    """Write each file whole or not at all."""
    make_folder(folder)
    for name, content in files.items():
        aside = folder / f".{name}.{os.getpid()}"
        aside.write_bytes(content)
        aside.replace(folder / name)


def _today(settings: Settings, site: str) -> date:
    """The DAY of the site that is not over yet."""
    from tracker.day import day_of

    return day_of(int(now().timestamp() * 1000), settings.site(site).zone)

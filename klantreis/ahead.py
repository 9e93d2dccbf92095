# SPDX-License-Identifier: EUPL-1.2
"""The jobs that look ahead: trends and improvement hints of every site, written beside the reports."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from klantreis.jobs import LANGUAGES, calendar_of, now
from klantreis.settings import Settings, make_folder
from tracker.happenings import happened

if TYPE_CHECKING:
    from analysis.trends import Trend, Volumes

LOG = logging.getLogger(__name__)


def look_ahead(settings: Settings) -> None:
    """Renew the trends of every site with closed DAYs.

    What is wrong with one site, such as a mistyped calendar, is logged and keeps no other from being renewed.
    """
    from analysis.errors import AnalysisError

    for site in sites_with_days(settings):
        try:
            make_trends(settings, site)
        except AnalysisError as error:
            happened(LOG, str(error), action="compute", object=f"trends of {site}", result="failed")


def sites_with_days(settings: Settings) -> list[str]:
    """The sites of the settings; those that only an import brought where there are none."""
    from analysis import day_tables

    if settings.sites:
        return [site.name for site in settings.sites]
    days = day_tables.closed_days(settings.tables)[-1:]
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

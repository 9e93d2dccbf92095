# SPDX-License-Identifier: EUPL-1.2
"""Lines of access logs, and what an import makes of them."""

from __future__ import annotations

from pathlib import Path

from tracker.archive import days, read_events
from tracker.imports.access_log import AccessLogSummary, import_access_log
from tracker.site import Site

SITE = Site(name="voorbeeldstad", hosts=frozenset({"www.voorbeeldstad.nl"}))
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def line(
    target: str = "/afval",
    *,
    client: str = "192.0.2.1",
    time: str = "22/Nov/2026:12:00:00 +0100",
    method: str = "GET",
    status: int = 200,
    referrer: str = "-",
    agent: str = BROWSER,
) -> str:
    return f'{client} - - [{time}] "{method} {target} HTTP/1.1" {status} 512 "{referrer}" "{agent}"\n'


Rows = list[dict[str, object]]


def rows_of(root: Path) -> Rows:
    return [row for day in days(root) for row in read_events(root, day).to_pylist()]


def imported(folder: Path, *lines: str, site: Site = SITE) -> tuple[AccessLogSummary, Rows]:
    """Import the lines; returns the summary and the rows of all days."""
    folder.mkdir(exist_ok=True)
    log = folder / "access.log"
    log.write_text("".join(lines))
    summary = import_access_log([log], site=site, archive_root=folder / "archive")
    return summary, rows_of(folder / "archive")

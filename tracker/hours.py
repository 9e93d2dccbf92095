# SPDX-License-Identifier: EUPL-1.2
"""Views by hour, out of the archive: what `tracker.silence` judges.

Read are the page views of people in the DAYs of the last day and of the same days of the weeks before: site,
path and time, not who. What was imported is left out, since it says nothing of our script. Repeats are not
removed: they are few, and no sign of silence.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tracker.archive_files import files_of, read_tables
from tracker.archive_reader import days, listed_again
from tracker.event import Kind
from tracker.silence import ALPHA, PAGES, WEEKS, WINDOWS, Verdict, Verdicts, judge, windows_of
from tracker.site import Site, Sites

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

COLUMNS = ("site", "path", "time", "kind", "run", "automated")
# An hour is judged this long after it ended, so that what was sent in it is archived.
SETTLED_S = 300


def look(root: Path, sites: Sites, now_s: float) -> Verdicts:
    """The verdicts on all sites and their busiest pages, of the last whole hour before `now_s`."""
    known = days(root)
    found = {site.name: _look_at(root, known, site, now_s) for site in sites}
    return Verdicts(
        checked_at=now_s,
        sites={name: verdict for name, (verdict, _) in found.items()},
        pages={name: pages for name, (_, pages) in found.items()},
    )


def last_hour(site: Site, now_s: float) -> int:
    """The last hour that is over, in hours since 1970 on the site's clock."""
    settled = datetime.fromtimestamp(now_s - SETTLED_S, UTC).astimezone(site.zone)
    return int(settled.replace(tzinfo=UTC).timestamp()) // 3600 - 1


def _look_at(root: Path, known: list[date], site: Site, now_s: float) -> tuple[Verdict, dict[str, Verdict]]:
    hour = last_hour(site, now_s)
    today = datetime.fromtimestamp(hour * 3600, UTC).date()
    views = _views(root, site, _needed(known, today))
    weeks = _weeks(views, hour)
    verdict = judge(windows_of(_hourly(views), hour, weeks))
    if verdict.silent:
        return verdict, {}  # then all its pages are, which is no news
    earlier = views.filter(views["hour"] <= hour - 168 + 1)
    busiest = earlier.group_by("path").len().sort("len", "path", descending=[True, False]).head(PAGES)
    judged = {}
    for path in busiest["path"]:
        hourly = _hourly(views.filter(views["path"] == path))
        # So many pages are looked at, each with its share of the probability.
        judged[path] = judge(windows_of(hourly, hour, weeks), alpha=ALPHA / PAGES)
    return verdict, {path: one for path, one in judged.items() if one.silent}


def _needed(known: list[date], today: date) -> list[date]:
    """The DAYs that a window can reach into: it ends today, begins a day before, and a DAY turns at four."""
    reach = range(max(WINDOWS) // 24 + 2)
    wanted = {today - timedelta(days=7 * week + back) for week in range(WEEKS + 1) for back in reach}
    return [day for day in known if day in wanted]


def _views(root: Path, site: Site, needed: list[date]) -> pl.DataFrame:
    """Path and local hour of every view, one row each."""
    import polars as pl

    frames = [
        pl.DataFrame(table).filter(
            pl.col("site") == site.name,
            pl.col("kind") == Kind.VIEW,
            pl.col("run").is_null(),
            ~pl.col("automated"),
        )
        for day in needed
        for table in _tables(root, day)
    ]
    if not frames:
        return pl.DataFrame(schema={"path": pl.String, "hour": pl.Int64})
    moment = pl.from_epoch("time", time_unit="ms").dt.replace_time_zone("UTC")
    hour = moment.dt.convert_time_zone(site.timezone).dt.replace_time_zone(None).dt.epoch("s") // 3600
    return pl.concat(frames).select("path", hour=hour)


def _tables(root: Path, day: date) -> list[pa.Table]:
    def read() -> list[pa.Table]:
        paths = [path for path in files_of(root, day) if not path.name.startswith("import-")]
        return read_tables(paths, COLUMNS)

    return listed_again(root, day, read)


def _hourly(views: pl.DataFrame) -> dict[int, int]:
    counted = views.group_by("hour").len()
    return dict(zip(counted["hour"].to_list(), counted["len"].to_list(), strict=True))


def _weeks(views: pl.DataFrame, hour: int) -> int:
    """Whole earlier weeks since the first view of the site."""
    first = views["hour"].min()
    return max(0, min(WEEKS, (hour - max(WINDOWS) + 1 - first) // 168)) if isinstance(first, int) else 0

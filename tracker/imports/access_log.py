# SPDX-License-Identifier: EUPL-1.2
"""Access logs of a web server into the archive: what residents asked for before anything measured them.

A request for a page becomes a view; words in the site's search parameter become a search as well. All else
is set aside, and every line is counted: lines = views + set aside. A visitor is a keyed hash of client and
user agent for one DAY, with a salt that is made for the import and then forgotten. An event's identity comes
from its line, so the same file brings the same events; a file that was imported is recognised by its content.

Lines are taken a block at a time (`access_log_block`), and a log says the same things over and over: what was
made of a request, a referrer, a user agent or a minute is remembered (`access_log_memory`). Only views are
looked at one by one.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from tracker.case_numbers import CaseNumbers
from tracker.day import day_of
from tracker.identity import daily_visitor
from tracker.imports.access_log_block import table_of_lines
from tracker.imports.access_log_line import SetAside
from tracker.imports.access_log_memory import Memory, remember
from tracker.imports.access_log_summary import AccessLogSummary
from tracker.imports.intake import QUARTER_MS, Intake, Intakes
from tracker.imports.opened import ImportFileError, Lines, Progress, Whole, digest, lines
from tracker.site import Site

__all__ = ["AccessLogSummary", "import_access_log"]

REMEMBERED_VISITORS = 50_000  # visitors of whom we know the pages, to link a page to the one before
REMEMBERED_PAGES = 50

Times = npt.NDArray[np.int64]


def import_access_log(
    paths: Iterable[Path],
    *,
    site: Site,
    archive_root: Path,
    partitions: int | None = None,
    cases: CaseNumbers | None = None,
    random: Callable[[int], bytes] = secrets.token_bytes,
    progress: Progress | None = None,
) -> AccessLogSummary:
    """Read logs in the Combined Log Format or as JSON lines (also gzipped) as events of `site`.

    `cases` are the site's case numbers. Files are streamed; `progress(bytes read, bytes in all)` is called
    now and then. Pseudonyms of different files differ, so give one DAY as one file. Returns what became of
    every line. Raises `ImportFileError` for a file that is not a log and `ArchiveError` when the archive
    cannot be written.
    """
    files = [Path(path) for path in paths]
    whole = Whole(files, progress)
    summary = AccessLogSummary(site=site.name)
    reader = _Reader(site, summary, cases)
    intakes = Intakes(archive_root, site=site, partitions=partitions, random=random)
    with intakes.opened([f"access-log-{digest(path, site.name)}" for path in files]) as opened:
        for intake, path in zip(opened, files, strict=True):
            summary.already += intake.already
            summary.resumed += intake.resumed
            reader.read(path, whole, intake)
    return summary


class _Reader:
    """What is remembered from line to line while an import runs."""

    def __init__(self, site: Site, summary: AccessLogSummary, cases: CaseNumbers | None) -> None:
        self._site, self._summary = site, summary
        self._memory = Memory(site, cases)
        self._repeats: dict[bytes, int] = {}
        self._visitors: dict[tuple[str, str, date], int] = {}
        self._visited: OrderedDict[int, dict[str, tuple[str, int]]] = OrderedDict()
        self._hosts: dict[str, int] = {}
        self._own = ""  # the host whose pages fetch most pictures here: so the site is called
        self._second = (0, 0)

    def read(self, path: Path, whole: Whole, intake: Intake) -> None:
        """Read one file. Raises `ImportFileError` where not one of its lines is that of a log."""
        before = self._summary.lines, self._summary.malformed
        self._summary.files += 1
        for block in lines(path, whole):
            intake.take(self._events(block, path, intake))
        read, malformed = self._summary.lines - before[0], self._summary.malformed - before[1]
        if read and malformed == read:
            raise ImportFileError(
                f"{path} has no line in the Combined Log Format ({read:,} read), nor one of JSON. Expected "
                'lines such as: 192.0.2.1 - - [22/Nov/2026:08:00:00 +0100] "GET /afval HTTP/1.1" 200 512 "-" '
                '"Mozilla/5.0".'
            )

    def _events(self, block: Lines, path: Path, intake: Intake) -> pa.Table:
        """Events of a block of lines; what lines have in common is worked out once."""
        summary, memory = self._summary, self._memory

        def malformed(at: int, why: str) -> None:
            summary.note_malformed(path, block.first + at, why)

        table = memory.explained(table_of_lines(block.lines, malformed), malformed)
        summary.note(len(block.lines), table)
        if not self._site.hosts:
            fetched = table.filter(pl.col("reason") == SetAside.ASSET, pl.col("host") != "")["host"]
            for host, count in Counter(fetched).items():
                self._fetched_from(host, count)
        views = table.filter(pl.col("reason").is_null())
        return self._views(views, [block.lines[at] for at in views["at"]], intake)

    def _views(self, views: pl.DataFrame, lines: Sequence[bytes], intake: Intake) -> pa.Table:
        """Views, and the searches on the site itself that some of them are."""
        summary = self._summary
        views = self._known(self._memory.seen(views), intake).with_columns(
            pl.Series("page_view", self._page_views(lines), dtype=pl.String),
            pl.Series("time", self._in_order(views["time"].to_numpy())),
        )
        views = views.with_columns(pl.Series("origin", self._origins(views), dtype=pl.String))
        searches = views.filter(pl.col("words") != "")
        summary.views += views.height
        summary.searches += searches.height
        summary.automated += int(views["automated"].sum())
        summary.redacted.update(self._memory.redacted(views))
        events = [
            found.select(
                "visitor", "time", "page_view", "origin", "parameters", "automated",
                site=pl.lit(self._site.name), index=pl.lit(index, pl.Int16), kind=pl.lit(kind), query=query,
                path="clean", referrer="referrer_kept",
            )
            for found, index, kind, query in (
                (views, 0, "view", pl.lit(None, pl.String)),
                (searches, 1, "search", pl.col("words")),
            )
        ]  # fmt: skip
        return pl.concat(events).to_arrow(compat_level=pl.CompatLevel.oldest())

    def _known(self, views: pl.DataFrame, intake: Intake) -> pl.DataFrame:
        """Views with their `visitor`."""
        quarter = pl.col("time") // QUARTER_MS
        quarters = views.select(quarter.unique())["time"].to_list()
        days = [day_of(quarter * QUARTER_MS, self._site.zone) for quarter in quarters]
        views = views.with_columns(day=quarter.replace_strict(quarters, days, return_dtype=pl.Date))
        who = ["client", "agent_said", "day"]
        visitors = views.select(who).unique()
        known = [self._visitor(*row, intake) for row in visitors.iter_rows()]
        visitors = visitors.with_columns(pl.Series("visitor", known, dtype=pl.Int64))
        return views.join(visitors, on=who, how="left", maintain_order="left")

    def _visitor(self, client: str, user_agent: str, day: date, intake: Intake) -> int:
        visitor = self._visitors.get((client, user_agent, day))
        if visitor is None:
            # A log does not say which language a browser prefers, and knows no bucket.
            visitor = daily_visitor(
                intake.salt(day), site=self._site.name, ip=client, user_agent=user_agent, language="",
                bucket=None,
            )  # fmt: skip
            remember(self._visitors, (client, user_agent, day), visitor)
        return visitor

    def _page_views(self, lines: Sequence[bytes]) -> list[str]:
        """12 characters that the same line always gives; a line that stands there twice gives two."""
        ids = []
        repeats, salted = self._repeats, hashlib.sha256(self._site.name.encode() + b"\0")
        for line in lines:
            hashed = salted.copy()
            hashed.update(line.strip())
            digest = hashed.digest()
            repeat = repeats.get(digest, 0) + 1
            remember(repeats, digest, repeat)
            if repeat > 1:
                digest = hashlib.sha256(digest + repeat.to_bytes(8, "big")).digest()
            ids.append(digest[:9])
        text = urlsafe_b64encode(b"".join(ids)).decode()  # 9 bytes are 12 signs
        return [text[at : at + 12] for at in range(0, len(text), 12)]

    def _in_order(self, times_ms: Times) -> Times:
        """A log knows whole seconds: count on in milliseconds, so that lines keep their order."""
        if not len(times_ms):
            return times_ms
        second, lines = self._second
        at = np.arange(len(times_ms))
        turns = np.diff(times_ms, prepend=second) != 0
        since = at - np.maximum.accumulate(np.where(turns, at, -1 - lines))
        self._second = int(times_ms[-1]), int(since[-1])
        return times_ms + np.minimum(since, 999)

    def _origins(self, views: pl.DataFrame) -> list[str | None]:
        """The view from which each visitor came, where the referrer is a page of the site that they saw."""
        told = views.select("visitor", "path", pl.when(self._is_own()).then("from"), "page_view", "time")
        visited, origins = self._visited, []
        for visitor, path, came, page_view, time in zip(*(column.to_list() for column in told), strict=True):
            pages = visited.get(visitor)
            origin = None
            if pages is None:
                pages = visited[visitor] = {}
                if len(visited) > REMEMBERED_VISITORS:
                    visited.popitem(last=False)
            else:
                seen = pages.get(came)
                if seen and seen[1] <= time:  # a log is not always in the order of time
                    origin = seen[0]
                visited.move_to_end(visitor)
                pages.pop(path, None)
                if len(pages) >= REMEMBERED_PAGES:
                    del pages[next(iter(pages))]
            pages[path] = page_view, time
            origins.append(origin)
        return origins

    def _is_own(self) -> pl.Expr:
        """Whether a referrer is of the site itself."""
        if self._site.hosts:
            return pl.col("host").is_in(self._site.hosts)
        own = self._own.removeprefix("www.")
        return (pl.col("host").str.strip_prefix("www.") == own) & (pl.col("host") != "")

    def _fetched_from(self, host: str, times: int) -> None:
        """Pages fetch their own pictures: so the site is called that most of them come from."""
        count = self._hosts[host] = self._hosts.get(host, 0) + times
        if count > self._hosts.get(self._own, 0):
            self._own = host

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

import polars as pl
import pyarrow as pa

from tracker.archive_format import SCHEMA
from tracker.case_numbers import CaseNumbers
from tracker.identity import daily_visitor
from tracker.imports.access_log_block import table_of_lines
from tracker.imports.access_log_line import SetAside
from tracker.imports.access_log_memory import Came, Memory, remember
from tracker.imports.access_log_summary import AccessLogSummary
from tracker.imports.intake import Intake, Intakes
from tracker.imports.opened import ImportFileError, Lines, Progress, Whole, digest, lines
from tracker.site import Site

__all__ = ["AccessLogSummary", "import_access_log"]

REMEMBERED_VISITORS = 50_000  # visitors of whom we know the pages, to link a page to the one before
REMEMBERED_PAGES = 50

Row = tuple[int, int, str, int, str, str | None, str, str, str | None, str | None, bool]
ROW = pa.schema([
    SCHEMA.field(name)
    for name in ("visitor", "time", "page_view", "index", "kind", "query", "path", "parameters", "origin",
                 "referrer", "automated")
])  # fmt: skip


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
        fetched = table.filter(pl.col("reason") == SetAside.ASSET, pl.col("host") != "")["host"]
        for host, count in Counter(fetched).items():
            self._fetched_from(host, count)
        views = table.filter(pl.col("reason").is_null())
        return self._views(views, [block.lines[at] for at in views["at"]], intake)

    def _views(self, views: pl.DataFrame, lines: Sequence[bytes], intake: Intake) -> pa.Table:
        """Views, and searches on the site itself, one by one in the order of the log."""
        memory, summary, site = self._memory, self._summary, self._site.name
        rows: list[Row] = []
        columns = ("client", "minute", "time", "request", "status", "referrer", "agent")
        told = (views[name].to_list() for name in columns)
        for page_view, client, minute, time, request, status, referrer, user_agent in zip(
            self._page_views(lines), *told, strict=True
        ):
            page = memory.pages.get((request, status)) or memory.page(request, status)
            came = memory.referrers.get(referrer) or memory.came(referrer)
            agent = memory.agents.get(user_agent) or memory.agent(user_agent)
            day = memory.day(minute, time)
            visitor = self._visitors.get((client, user_agent, day))
            if visitor is None:
                # A log does not say which language a browser prefers, and knows no bucket.
                visitor = daily_visitor(
                    intake.salt(day), site=site, ip=client, user_agent=agent.text, language="", bucket=None
                )
                remember(self._visitors, (client, user_agent, day), visitor)
            ordered = self._in_order(time)
            origin = self._origin(visitor, came, ordered) if came.host else None
            shared = page.clean, page.parameters, origin, came.clean, agent.automated
            rows.append((visitor, ordered, page_view, 0, "view", None, *shared))
            if page.words:
                rows.append((visitor, ordered, page_view, 1, "search", page.words, *shared))
            if page.redacted or came.redacted:
                summary.redacted.update((*page.redacted, *came.redacted))
            self._remember(visitor, page.path, page_view, ordered)
            summary.automated += agent.automated
        summary.views += len(lines)
        summary.searches += len(rows) - len(lines)
        arrays = [pa.array([row[at] for row in rows], field.type) for at, field in enumerate(ROW)]
        return pa.Table.from_arrays([*arrays, pa.repeat(site, len(rows))], names=[*ROW.names, "site"])

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

    def _in_order(self, time_ms: int) -> int:
        """A log knows whole seconds: count on in milliseconds, so that lines keep their order."""
        second, lines = self._second
        lines = lines + 1 if second == time_ms else 0
        self._second = time_ms, lines
        return time_ms + min(lines, 999)

    def _origin(self, visitor: int, came: Came, time: int) -> str | None:
        """The view from which a visitor came here, where the referrer is a page of the site that they saw."""
        pages = self._visited.get(visitor)
        seen = pages.get(came.path) if pages and self._is_own(came.host) else None
        return seen[0] if seen and seen[1] <= time else None  # a log is not always in the order of time

    def _is_own(self, host: str) -> bool:
        if self._site.hosts:
            return host in self._site.hosts
        return bool(self._own) and self._own.removeprefix("www.") == host.removeprefix("www.")

    def _fetched_from(self, host: str, times: int) -> None:
        """Pages fetch their own pictures: so the site is called that most of them come from."""
        count = self._hosts[host] = self._hosts.get(host, 0) + times
        if count > self._hosts.get(self._own, 0):
            self._own = host

    def _remember(self, visitor: int, path: str, page_view: str, time: int) -> None:
        pages = self._visited.get(visitor)
        if pages is None:
            pages = self._visited[visitor] = {}
            if len(self._visited) > REMEMBERED_VISITORS:
                self._visited.popitem(last=False)
        else:
            self._visited.move_to_end(visitor)
            pages.pop(path, None)
            if len(pages) >= REMEMBERED_PAGES:
                del pages[next(iter(pages))]
        pages[path] = page_view, time

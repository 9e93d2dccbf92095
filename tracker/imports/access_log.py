# SPDX-License-Identifier: EUPL-1.2
"""Access logs of a web server into the archive: what residents asked for before anything measured them.

A request for a page becomes a view; words in the site's search parameter become a search as well. All else
is set aside, and every line is counted: lines = views + set aside. A visitor is a keyed hash of client and
user agent for one DAY, with a salt that is made for the import and then forgotten. An event's identity comes
from its line, so the same file brings the same events; a file that was imported is recognised by its content.

A log says the same things over and over: what was made of a request, a referrer or a minute is remembered
(`access_log_memory`), so that the work of a line is to find its parts.
"""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path

import msgspec

from tracker.day import day_of
from tracker.event import Event, Kind
from tracker.identity import daily_visitor
from tracker.imports.access_log_line import (
    MalformedLine,
    SetAside,
    fields_of,
    match_combined,
    text_of,
)
from tracker.imports.access_log_memory import Came, Memory, Page
from tracker.imports.access_log_summary import AccessLogSummary
from tracker.imports.intake import Intake, Intakes
from tracker.imports.opened import ImportFileError, Lines, Progress, Whole, digest, lines
from tracker.site import Site

__all__ = ["AccessLogSummary", "import_access_log"]

REMEMBERED_LINES = 100_000  # lines of which we know how often they stood there already
REMEMBERED_VISITORS = 50_000  # visitors of whom we know the pages, to link a page to the one before
REMEMBERED_PAGES = 50

_SECONDS = {f":{second:02d}": min(second, 59) * 1000 for second in range(61)}  # a leap second is told as :60


def import_access_log(
    paths: Iterable[Path],
    *,
    site: Site,
    archive_root: Path,
    partitions: int | None = None,
    random: Callable[[int], bytes] = secrets.token_bytes,
    progress: Progress | None = None,
) -> AccessLogSummary:
    """Read logs in the Combined Log Format or as JSON lines (also gzipped) as events of `site`.

    Files are streamed; `progress(bytes read, bytes in all)` is called now and then. Pseudonyms of different
    files differ, so give one DAY as one file. Returns what became of every line. Raises `ImportFileError` for
    a file that is not a log and `ArchiveError` when the archive cannot be written.
    """
    files = [Path(path) for path in paths]
    whole = Whole(files, progress)
    summary = AccessLogSummary(site=site.name)
    reader = _Reader(site, summary)
    intakes = Intakes(archive_root, site=site, partitions=partitions, random=random)
    with intakes.opened([f"access-log-{digest(path, site.name)}" for path in files]) as opened:
        for intake, path in zip(opened, files, strict=True):
            summary.already += intake.already
            summary.resumed += intake.resumed
            reader.read(path, whole, intake)
    return summary


class _Reader:
    """What is remembered from line to line while an import runs."""

    def __init__(self, site: Site, summary: AccessLogSummary) -> None:
        self._site, self._summary = site, summary
        self._site_name = site.name.encode()
        self._memory = Memory(site)
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
                f"{path} has no line in the Combined Log Format ({read:,} read), nor one of JSON. Expected lines "
                'such as: 192.0.2.1 - - [22/Nov/2026:08:00:00 +0100] "GET /afval HTTP/1.1" 200 512 "-" '
                '"Mozilla/5.0".'
            )

    def _events(self, block: Lines, path: Path, intake: Intake) -> list[Event]:
        """Events of a block of lines. One loop that calls little: every line of a log goes through it."""
        summary, memory = self._summary, self._memory
        events: list[Event] = []
        times: list[int] = []
        clients: list[str] = []
        statuses: list[str] = []
        reasons: list[SetAside] = []
        google_words = 0
        texts = _texts(block.lines)
        for number, (raw, text) in enumerate(zip(block.lines, texts, strict=True), start=block.first):
            try:
                found = match_combined(text)
                client, when, request, status, referrer, agent = found.groups() if found else fields_of(text)
                if isinstance(when, int):
                    time, day = when, day_of(when, self._site.zone)
                else:
                    minute, ms = memory.minutes.get(when[:17] + when[20:]), _SECONDS.get(when[17:20])
                    if minute is None or ms is None:
                        minute, ms = memory.minute(when)
                    time, day = minute[0] + ms, minute[1]
            except MalformedLine as error:
                summary.note_malformed(path, number, str(error))
                continue
            times.append(time)
            clients.append(client)
            statuses.append(status)
            came = memory.referrers.get(referrer) or memory.came(referrer)
            google_words += came.google_words
            asked = memory.requests.get((request, status)) or memory.asked(request, status)
            if isinstance(asked, Page):
                who = memory.agents.get(agent) or memory.agent(agent)
                visitor = self._visitor(client, who.text, day, intake)
                events += self._view(raw, visitor, time, asked, came, who.automated)
            else:
                reasons.append(asked)
                if asked is SetAside.ASSET and came.host:
                    self._fetched_from(came.host)
        summary.note(len(block.lines), times, clients, statuses, reasons)
        summary.google_words += google_words
        return events

    def _visitor(self, client: str, agent: str, day: date, intake: Intake) -> int:
        known = self._visitors.get((client, agent, day))
        if known is None:
            if len(self._visitors) >= REMEMBERED_VISITORS:
                self._visitors.clear()
            # A log does not say which language a browser prefers, and knows no bucket.
            known = self._visitors[client, agent, day] = daily_visitor(
                intake.salt(day), site=self._site.name, ip=client, user_agent=agent, language="", bucket=None
            )
        return known

    def _view(
        self, raw: bytes, visitor: int, time: int, page: Page, came: Came, automated: bool
    ) -> list[Event]:
        summary = self._summary
        page_view = self._page_view(raw)
        time = self._in_order(time)
        view = Event(
            site=self._site.name,
            visitor=visitor,
            time=time,
            page_view=page_view,
            index=0,
            kind=Kind.VIEW,
            path=page.clean,
            parameters=page.parameters,
            origin=self._origin(visitor, came, time) if came.host else None,
            referrer=came.clean,
            automated=automated,
        )
        if page.redacted or came.redacted:
            summary.redacted.update((*page.redacted, *came.redacted))
        self._remember(visitor, page.path, page_view, time)
        summary.views += 1
        summary.automated += automated
        if not page.words:
            return [view]
        summary.searches += 1
        return [view, msgspec.structs.replace(view, index=1, kind=Kind.SEARCH, query=page.words)]

    def _page_view(self, raw: bytes) -> str:
        """12 characters that the same line always gives; a line that stands there twice gives two."""
        if len(self._repeats) >= REMEMBERED_LINES:
            self._repeats.clear()
        digest = hashlib.sha256(b"%b\0%b" % (self._site_name, raw.strip())).digest()
        repeat = self._repeats[digest] = self._repeats.get(digest, 0) + 1
        if repeat > 1:
            digest = hashlib.sha256(digest + repeat.to_bytes(8, "big")).digest()
        return urlsafe_b64encode(digest[:9]).decode()

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

    def _fetched_from(self, host: str) -> None:
        """Pages fetch their own pictures: so the site is called that most of them come from."""
        count = self._hosts[host] = self._hosts.get(host, 0) + 1
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


def _texts(block: Sequence[bytes]) -> list[str]:
    """The lines as text, all at once where that can be done."""
    try:
        return b"\n".join(block).decode().split("\n")
    except UnicodeDecodeError:
        return [text_of(raw) for raw in block]

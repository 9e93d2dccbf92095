# SPDX-License-Identifier: EUPL-1.2
"""Access logs of a web server into the archive: what residents asked for before anything measured them.

A request for a page becomes a view; words in the site's search parameter become a search as well. All else
is set aside, and every line is counted: lines = views + set aside. A visitor is a keyed hash of client and
user agent for one DAY, with a salt that is made for the import and then forgotten. An event's identity comes
from its line, so the same file brings the same events; a file that was imported is recognised by its content.
"""

from __future__ import annotations

import gzip
import hashlib
import secrets
import zlib
from base64 import urlsafe_b64encode
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import BinaryIO

from tracker import address
from tracker.access_log_line import MalformedLine, Request, SetAside, parse, set_aside
from tracker.access_log_summary import AccessLogSummary
from tracker.archive import append
from tracker.bots import is_bot
from tracker.day import day_of
from tracker.errors import TrackerError
from tracker.event import Event, Kind
from tracker.identity import daily_visitor
from tracker.scrubber import Scrubber
from tracker.site import Site, Sites

__all__ = ["AccessLogError", "AccessLogSummary", "import_access_log"]

LONGEST_LINE = 65_536
PROGRESS_LINES = 5_000
REMEMBERED_LINES = 100_000  # lines of which we know how often they stood there already
REMEMBERED_VISITORS = 50_000  # visitors of whom we know the pages, to link a page to the one before
REMEMBERED_PAGES = 50

Progress = Callable[[int, int], None]


class AccessLogError(TrackerError):
    """A file that cannot be read as an access log."""


def import_access_log(
    paths: Iterable[Path],
    *,
    site: Site,
    archive_root: Path,
    partitions: int | None = None,
    random: Callable[[int], bytes] = secrets.token_bytes,
    progress: Progress | None = None,
) -> AccessLogSummary:
    """Read logs in the Combined Log Format (also gzipped) as events of `site`.

    Files are streamed; `progress(bytes read, bytes in all)` is called now and then. Give the files of one DAY
    together: pseudonyms of different imports differ. Returns what became of every line. Raises
    `AccessLogError` for a file that is not a log and `ArchiveError` when the archive cannot be written.
    """
    files = [Path(path) for path in paths]
    report = _Progress(progress, sum(_size(path) for path in files))
    reader = _Reader(site, random)
    for path in files:
        name = f"access-log-{_digest(path, site)}"
        events = reader.events(path, report)
        result = append(archive_root, events, name=name, sites=Sites([site]), partitions=partitions)
        reader.summary.already += result.already
    return reader.summary


class _Reader:
    """What is remembered from line to line while an import runs."""

    def __init__(self, site: Site, random: Callable[[int], bytes]) -> None:
        self.summary = AccessLogSummary(site=site.name)
        self._site = site
        self._searched = frozenset(site.search_parameters)
        self._kept = frozenset((*site.search_parameters, *site.campaign_parameters))
        self._zone = site.zone
        self._random = random
        self._salts: dict[date, bytes] = {}
        self._repeats: Counter[bytes] = Counter()
        self._visited: OrderedDict[int, OrderedDict[str, tuple[str, int]]] = OrderedDict()
        self._hosts: Counter[str] = Counter()
        self._second = (0, 0)

    def events(self, path: Path, report: _Progress) -> Iterator[Event]:
        """Events of one file. Raises `AccessLogError` where not one of its lines is that of a log."""
        summary = self.summary
        summary.files += 1
        readable = number = 0
        with _opened(path) as (file, position):
            for number, raw in enumerate(_lines(file, path), start=1):
                summary.lines += 1
                try:
                    request = parse(raw)
                except MalformedLine as error:
                    summary.note_malformed(path, number, str(error))
                else:
                    readable += 1
                    yield from self._of_request(request, raw)
                if number % PROGRESS_LINES == 0:
                    report.at(position())
            report.ended(_size(path))
        if number and not readable:
            raise AccessLogError(
                f"{path} has no line in the Combined Log Format ({number:,} read). Expected lines such as: "
                '192.0.2.1 - - [22/Nov/2026:08:00:00 +0100] "GET /afval HTTP/1.1" 200 512 "-" "Mozilla/5.0".'
            )

    def _of_request(self, request: Request, raw: bytes) -> Iterator[Event]:
        summary = self.summary
        summary.note(request)
        referrer = address.split(request.referrer)
        if referrer and address.search_words(referrer.host, referrer.query) and "google." in referrer.host:
            summary.google_words += 1
        reason = set_aside(request)
        if reason:
            summary.set_aside[reason] += 1
            if reason is SetAside.ASSET and referrer:
                self._hosts[referrer.host] += 1  # pages fetch their own pictures: so the site is called this
            return
        view = self._view(request, raw, referrer)
        summary.views += 1
        summary.automated += view.automated
        yield view
        searched = address.kept_parameters(request.query, self._searched)
        words = Scrubber().text(searched[0][1]) if searched else None
        if words:
            summary.searches += 1
            yield _search_of(view, words)

    def _view(self, request: Request, raw: bytes, referrer: address.Address | None) -> Event:
        clean = Scrubber()
        day = day_of(request.time_ms, self._zone)
        salt = self._salts.setdefault(day, self._random(32))
        visitor = daily_visitor(
            salt,
            site=self._site.name,
            ip=request.client,
            user_agent=request.user_agent,
            language="",  # a log does not say, and knows no bucket
            bucket=None,
        )
        page_view = self._page_view(raw)
        time = self._in_order(request.time_ms)
        event = Event(
            site=self._site.name,
            visitor=visitor,
            time=time,
            page_view=page_view,
            index=0,
            kind=Kind.VIEW,
            path=clean.path(request.path),
            parameters=clean.parameters(request.query, self._kept),
            origin=self._origin(visitor, referrer, time),
            referrer=clean.referrer(request.referrer),
            automated=is_bot(request.user_agent),
        )
        self.summary.redacted.update(clean.redacted)
        self._remember(visitor, request.path, page_view, time)
        return event

    def _page_view(self, raw: bytes) -> str:
        """12 characters that the same line always gives; a line that stands there twice gives two."""
        if len(self._repeats) >= REMEMBERED_LINES:
            self._repeats.clear()
        digest = hashlib.sha256(self._site.name.encode() + b"\0" + raw.strip()).digest()
        self._repeats[digest] += 1
        repeat = self._repeats[digest]
        if repeat > 1:
            digest = hashlib.sha256(digest + repeat.to_bytes(8, "big")).digest()
        return urlsafe_b64encode(digest[:9]).decode()

    def _in_order(self, time_ms: int) -> int:
        """A log knows whole seconds: count on in milliseconds, so that lines keep their order."""
        second, lines = self._second
        lines = lines + 1 if second == time_ms else 0
        self._second = time_ms, lines
        return time_ms + min(lines, 999)

    def _origin(self, visitor: int, referrer: address.Address | None, time: int) -> str | None:
        """The view from which a visitor came here, where the referrer is a page of the site that they saw."""
        if referrer is None or not self._is_own(referrer.host):
            return None
        seen = self._visited.get(visitor, OrderedDict()).get(referrer.path)
        return seen[0] if seen and seen[1] <= time else None  # a log is not always in the order of time

    def _is_own(self, host: str) -> bool:
        if self._site.hosts:
            return host in self._site.hosts
        most = self._hosts.most_common(1)
        return bool(most) and most[0][0].removeprefix("www.") == host.removeprefix("www.")

    def _remember(self, visitor: int, path: str, page_view: str, time: int) -> None:
        pages = self._visited.setdefault(visitor, OrderedDict())
        self._visited.move_to_end(visitor)
        pages[path] = page_view, time
        pages.move_to_end(path)
        if len(pages) > REMEMBERED_PAGES:
            pages.popitem(last=False)
        if len(self._visited) > REMEMBERED_VISITORS:
            self._visited.popitem(last=False)


def _search_of(view: Event, words: str) -> Event:
    return Event(
        site=view.site,
        visitor=view.visitor,
        time=view.time,
        page_view=view.page_view,
        index=1,
        kind=Kind.SEARCH,
        path=view.path,
        parameters=view.parameters,
        origin=view.origin,
        referrer=view.referrer,
        automated=view.automated,
        query=words,
    )


class _Progress:
    """Bytes read so far over all files, told to whoever wants to know."""

    def __init__(self, tell: Progress | None, total: int) -> None:
        self._tell, self._total, self._before = tell, total, 0

    def at(self, position: int) -> None:
        if self._tell:
            self._tell(self._before + position, self._total)

    def ended(self, size: int) -> None:
        self._before += size
        self.at(0)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, Callable[[], int]]]:
    """The file, unzipped where need be, and how far it has been read."""
    try:
        with path.open("rb") as plain:
            zipped = plain.read(2) == b"\x1f\x8b"
            plain.seek(0)
            if zipped:
                with gzip.open(plain) as file:
                    yield file, plain.tell  # type: ignore[misc]  # a GzipFile reads as a BinaryIO does
            else:
                yield plain, plain.tell
    except OSError as error:
        raise _unreadable(path, error) from None


def _lines(file: BinaryIO, path: Path) -> Iterator[bytes]:
    """Lines; one beyond any sense comes cut, so that it is malformed and does not fill the memory."""
    try:
        while line := file.readline(LONGEST_LINE):
            yield line
            while len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                line = file.readline(LONGEST_LINE)
    except (EOFError, zlib.error, OSError) as error:
        raise _unreadable(path, error) from None


def _digest(path: Path, site: Site) -> str:
    digest = hashlib.sha256(site.name.encode() + b"\0")
    with _opened(path) as (file, _):
        try:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
        except (EOFError, zlib.error) as error:
            raise _unreadable(path, error) from None
    return digest.hexdigest()[:24]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> AccessLogError:
    why = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return AccessLogError(f"{path} cannot be read ({why}). Give a whole access log, plain or gzipped.")

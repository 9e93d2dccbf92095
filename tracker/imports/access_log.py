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
from typing import Any

import numpy as np
import pyarrow as pa

from tracker.case_numbers import CaseNumbers
from tracker.day import day_of
from tracker.identity import daily_visitor
from tracker.imports.access_log_again import shared_with_earlier
from tracker.imports.access_log_block import table_of_lines
from tracker.imports.access_log_coded import Coded, Numbers, numbers_of, pairs_of
from tracker.imports.access_log_line import SetAside
from tracker.imports.access_log_memory import MOST, Came, Memory, Page, Said, remember
from tracker.imports.access_log_summary import AccessLogSummary
from tracker.imports.intake import QUARTER_MS, Intake, Intakes
from tracker.imports.opened import ImportFileError, Lines, Progress, Whole, digest, lines
from tracker.scrub import Mark
from tracker.site import Site

__all__ = ["AccessLogSummary", "import_access_log"]

REMEMBERED_VISITORS = 50_000  # visitors of whom we know the pages, to link a page to the one before
REMEMBERED_PAGES = 50


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
    names, added = [f"access-log-{digest(path, site.name)}" for path in files], set()
    with intakes.opened(names) as opened:
        for name, intake, path in zip(names, opened, files, strict=True):
            summary.already += intake.already
            summary.resumed += intake.resumed
            if not intake.already:
                added.add(name)
            reader.read(path, whole, intake)
    summary.again, summary.split = shared_with_earlier(archive_root, site.name, added)
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

        said = memory.explained(table_of_lines(block.lines, malformed), malformed)
        summary.note(len(block.lines), said)
        if not self._site.hosts:
            self._learn_own_host(said)
        return self._views(said, block.lines, intake)

    def _views(self, said: Said, lines: Sequence[bytes], intake: Intake) -> pa.Table:
        """Views, and the searches on the site itself that some of them are."""
        memory = self._memory
        at, time_ms, client, asked, referrer, agent = said.views()
        pages = [memory.page(*each) for each in asked.values]
        came = [memory.came(each) for each in referrer.values]
        agents = [memory.agent(each) for each in agent.values]
        visitor = self._visitors_of(time_ms, client, agent, [each.text for each in agents], intake)
        time_ms = self._in_order(time_ms)
        ids = self._page_views([lines[line] for line in at.tolist()])
        origins = self._origins(
            visitor.listed(visitor.values),
            asked.listed([page.path for page in pages]),
            referrer.listed([each.path if self._is_own(each.host) else None for each in came]),
            ids,
            time_ms.tolist(),
        )
        self._summary.redacted.update(_redacted(pages, asked) + _redacted(came, referrer))
        views = pa.table({
            "visitor": visitor.of_each(visitor.values, pa.int64()),
            "time": pa.array(time_ms),
            "page_view": ids,
            "origin": pa.array(origins, pa.string()),
            "path": asked.of_each([page.clean for page in pages], pa.string()),
            "parameters": asked.of_each([page.parameters for page in pages], pa.string()),
            "query": pa.nulls(len(ids), pa.string()),
            "referrer": referrer.of_each([each.clean for each in came], pa.string()),
            "automated": agent.of_each([each.automated for each in agents], pa.bool_()),
            "site": pa.repeat(self._site.name, len(ids)),
            "kind": pa.repeat("view", len(ids)),
            "index": pa.repeat(pa.scalar(0, pa.int16()), len(ids)),
        })  # fmt: skip
        words = asked.of_each([page.words or None for page in pages], pa.string())
        searches = _as_searches(views.filter(words.is_valid()), words.drop_null())
        self._summary.views += views.num_rows
        self._summary.automated += views["automated"].to_pylist().count(True)
        self._summary.searches += searches.num_rows
        return pa.concat_tables([views, searches])

    def _visitors_of(
        self, time_ms: Numbers, client: Coded[str], agent: Coded[str], agents: list[str], intake: Intake
    ) -> Coded[int]:
        quarter = numbers_of(time_ms // QUARTER_MS)
        days = [day_of(each * QUARTER_MS, self._site.zone) for each in quarter.values]
        browser = pairs_of(client, Coded(agents, agent.which))
        found = pairs_of(browser, Coded(days, quarter.which))
        known = [self._visitor(ip, user_agent, day, intake) for (ip, user_agent), day in found.values]
        return Coded(known, found.which)

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
            if len(repeats) >= MOST:
                repeats.clear()
            repeats[digest] = repeat
            if repeat > 1:
                digest = hashlib.sha256(digest + repeat.to_bytes(8, "big")).digest()
            ids.append(digest[:9])
        text = urlsafe_b64encode(b"".join(ids)).decode()  # 9 bytes are 12 signs
        return [text[at : at + 12] for at in range(0, len(text), 12)]

    def _in_order(self, times_ms: Numbers) -> Numbers:
        """A log knows whole seconds: count on in milliseconds, so that lines keep their order."""
        if not len(times_ms):
            return times_ms
        second, lines = self._second
        at = np.arange(len(times_ms))
        turns = np.diff(times_ms, prepend=second) != 0
        since = at - np.maximum.accumulate(np.where(turns, at, -1 - lines))
        self._second = int(times_ms[-1]), int(since[-1])
        return times_ms + np.minimum(since, 999)

    def _origins(
        self, visitors: list[int], paths: list[str], came: list[str | None], ids: list[str], times: list[int]
    ) -> list[str | None]:
        """The view from which each visitor came, where the referrer is a page of the site that they saw."""
        visited, origins = self._visited, []
        for visitor, path, before, page_view, time in zip(visitors, paths, came, ids, times, strict=True):
            pages = visited.get(visitor)
            origin = None
            if pages is None:
                pages = visited[visitor] = {}
                if len(visited) > REMEMBERED_VISITORS:
                    visited.popitem(last=False)
            else:
                seen = pages.get(before) if before else None
                if seen and seen[1] <= time:  # a log is not always in the order of time
                    origin = seen[0]
                visited.move_to_end(visitor)
                pages.pop(path, None)
                if len(pages) >= REMEMBERED_PAGES:
                    del pages[next(iter(pages))]
            pages[path] = page_view, time
            origins.append(origin)
        return origins

    def _is_own(self, host: str) -> bool:
        if self._site.hosts:
            return host in self._site.hosts
        return bool(self._own) and self._own.removeprefix("www.") == host.removeprefix("www.")

    def _learn_own_host(self, said: Said) -> None:
        """Pages fetch their own pictures: so the site is called that most of them come from."""
        fetched = np.array([reason is SetAside.ASSET for reason in said.reasons], np.bool_)[said.asked.which]
        referrers = said.referrer.only(fetched)
        hosts: Counter[str] = Counter()
        for referrer, times in zip(referrers.values, referrers.counts(), strict=True):
            hosts[self._memory.came(referrer).host] += times
        del hosts[""]
        for host, times in hosts.items():
            count = self._hosts[host] = self._hosts.get(host, 0) + times
            if count > self._hosts.get(self._own, 0):
                self._own = host


def _as_searches(views: pa.Table, words: pa.Array[Any]) -> pa.Table:
    """What visitors looked for on the pages that they saw."""
    index = pa.repeat(pa.scalar(1, pa.int16()), views.num_rows)
    told = {"query": words, "kind": pa.repeat("search", views.num_rows), "index": index}
    return pa.table([told.get(name, views[name]) for name in views.column_names], views.column_names)


def _redacted(made: Sequence[Page | Came], column: Coded[Any]) -> Counter[Mark]:
    """What was taken out of a column, of each of whose values `made` was made."""
    found: Counter[Mark] = Counter()
    for each, times in zip(made, column.counts(), strict=True):
        for mark in each.redacted:
            found[mark] += times
    return found

# SPDX-License-Identifier: EUPL-1.2
"""What the lines of a log have in common, worked out once: requests, referrers, user agents, minutes.

Each memory is bounded; a full one starts afresh. They live as long as the import.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple, TypeVar

from tracker import address
from tracker.admission import Scrubber
from tracker.bots import is_bot
from tracker.day import day_of
from tracker.imports.access_log_line import SetAside, asked_for, present, reason_of, time_ms
from tracker.scrub import Mark
from tracker.site import Site

MOST = 50_000
LONGEST = 1_000  # a text beyond this is worked out anew each time, so that the memory stays small

Key = TypeVar("Key")
Made = TypeVar("Made")


class Page(NamedTuple):
    """A request that is a view: what is kept of it, and what was taken out."""

    path: str
    clean: str  # the path, scrubbed
    parameters: str
    words: str | None  # searched for on the site itself
    redacted: tuple[Mark, ...]


class Came(NamedTuple):
    """A referrer: its parts, what is kept of it, and what was taken out."""

    host: str
    path: str
    clean: str | None
    google_words: bool
    redacted: tuple[Mark, ...]


class Agent(NamedTuple):
    """A user agent as it was sent, and whether it is a program's."""

    text: str
    automated: bool


class Memory:
    """What was made of the texts of a site's log so far."""

    def __init__(self, site: Site) -> None:
        self._searched = frozenset(site.search_parameters)
        self._kept = frozenset((*site.search_parameters, *site.campaign_parameters))
        self._zone = site.zone
        self.requests: dict[tuple[str, str], Page | SetAside] = {}  # by request and status
        self.referrers: dict[str, Came] = {}
        self.agents: dict[str, Agent] = {}
        self.minutes: dict[str, tuple[int, date]] = {}  # its first millisecond, and its DAY

    def asked(self, request: str, status: str) -> Page | SetAside:
        """What became of a request with this status: a page, or why it is none."""
        method, path, query = asked_for(request)
        reason = reason_of(method, int(status), path, query)
        found = reason or self._page(path, query)
        return _remember(self.requests, (request, status), found, len(request))

    def _page(self, path: str, query: str) -> Page:
        clean = Scrubber()
        searched = address.kept_parameters(query, self._searched)
        kept = clean.path(path), clean.parameters(query, self._kept)
        words = Scrubber().text(searched[0][1]) if searched else None
        return Page(path, *kept, words, tuple(clean.redacted))

    def came(self, referrer: str) -> Came:
        """What a referrer says."""
        text = present(referrer)
        page = address.split(text)
        if page is None:
            return _remember(self.referrers, referrer, Came("", "", None, False, ()), len(referrer))
        clean = Scrubber()
        kept = clean.referrer(text)
        google = "google." in page.host and address.search_words(page.host, page.query) is not None
        found = Came(page.host, page.path, kept, google, tuple(clean.redacted))
        return _remember(self.referrers, referrer, found, len(referrer))

    def agent(self, user_agent: str) -> Agent:
        """Who a user agent says it is."""
        text = present(user_agent)
        return _remember(self.agents, user_agent, Agent(text, is_bot(text)), len(user_agent))

    def minute(self, when: str) -> tuple[tuple[int, date], int]:
        """The minute of a time in the log's own notation, and milliseconds in it. Raises `MalformedLine`."""
        time = time_ms(when)
        start = time - time % 60_000
        found = start, day_of(start, self._zone)  # a DAY turns on a whole quarter of an hour
        _remember(self.minutes, when[:17] + when[20:], found, len(when))
        return found, time - start




def _remember(memory: dict[Key, Made], key: Key, made: Made, length: int) -> Made:
    if length <= LONGEST:
        if len(memory) >= MOST:
            memory.clear()
        memory[key] = made
    return made

# SPDX-License-Identifier: EUPL-1.2
"""What the lines of a log have in common, worked out once: requests, referrers, user agents, minutes.

Each memory is bounded; a full one starts afresh. They live as long as the import.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import NamedTuple, TypeVar

import polars as pl

from tracker import address
from tracker.bots import is_bot
from tracker.case_numbers import CaseNumbers
from tracker.day import day_of
from tracker.imports.access_log_line import (
    MalformedLine,
    SetAside,
    asked_for,
    present,
    reason_of,
    time_ms,
)
from tracker.scrub import Mark
from tracker.scrubber import Scrubber
from tracker.site import Site

MOST = 100_000
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
    """What was made of the texts of a site's log so far.

    Who asks for every view looks into `pages`, `referrers` and `agents` first, and calls where nothing is.
    """

    def __init__(self, site: Site, cases: CaseNumbers | None = None) -> None:
        self._cases = cases
        self._searched = frozenset(site.search_parameters)
        self._kept = frozenset((*site.search_parameters, *site.campaign_parameters))
        self._zone = site.zone
        self.pages: dict[tuple[str, str], Page] = {}  # by request and status
        self._set_aside: dict[tuple[str, str], SetAside] = {}
        self.referrers: dict[str, Came] = {}
        self.agents: dict[str, Agent] = {}
        self._minutes: dict[str, tuple[int, date]] = {}  # its first millisecond, and its DAY

    def explained(self, table: pl.DataFrame, malformed: Callable[[int, str], None]) -> pl.DataFrame:
        """Lines (`access_log_block`) with `time` since 1970 and what they are.

        Added are `reason` (null for a view), and `host` and `google_words` of the referrer. A line with a
        time that never was is left out, and `malformed(position, why)` told.
        """
        starts, never = {}, {}
        for minute in table["minute"].unique():
            try:
                starts[minute] = self._minute(minute)[0] if minute else 0
            except MalformedLine as error:
                never[minute] = str(error)
        if never:
            wrong = pl.col("minute").is_in(list(never))
            for at, minute in table.filter(wrong).select("at", "minute").iter_rows():
                malformed(at, never[minute])
            table = table.filter(~wrong)
        asked = table.select("request", "status").unique()
        reasons = [self.reason(*row) for row in asked.rows()]
        referrers = table.select("referrer").unique()
        came = [self.came(referrer) for referrer in referrers["referrer"]]
        asked = asked.with_columns(pl.Series("reason", reasons, dtype=pl.String))
        referrers = referrers.with_columns(
            pl.Series("host", [found.host for found in came], dtype=pl.String),
            pl.Series("google_words", [found.google_words for found in came], dtype=pl.Boolean),
        )
        begun = pl.DataFrame({"minute": list(starts), "start": list(starts.values())}, schema=_STARTS)
        return (
            table.join(begun, on="minute", how="left", maintain_order="left")
            .with_columns(time=pl.col("time") + pl.col("start"))
            .join(asked, on=["request", "status"], how="left", maintain_order="left")
            .join(referrers, on="referrer", how="left", maintain_order="left")
        )

    def day(self, minute: str, time_ms: int) -> date:
        """The DAY of a line; `minute` is empty where its log writes the time otherwise."""
        # A DAY turns on a whole quarter of an hour, so one answer serves a minute.
        return self._minute(minute)[1] if minute else day_of(time_ms, self._zone)

    def _minute(self, minute: str) -> tuple[int, date]:
        known = self._minutes.get(minute)
        if known is None:
            start = time_ms(f"{minute[:17]}:00{minute[17:]}")
            known = remember(self._minutes, minute, (start, day_of(start, self._zone)), len(minute))
        return known

    def page(self, request: str, status: str) -> Page:
        """The page that a view asked for."""
        known = self.pages.get((request, status))
        if known is None:
            _, path, query = asked_for(request)
            clean = Scrubber(cases=self._cases)
            searched = address.kept_parameters(query, self._searched)
            kept = clean.path(path), clean.parameters(query, self._kept)
            words = Scrubber(cases=self._cases).text(searched[0][1]) if searched else None
            known = Page(path, *kept, words, tuple(clean.redacted))
            remember(self.pages, (request, status), known, len(request))
        return known

    def reason(self, request: str, status: str) -> SetAside | None:
        """Why a request with this status is no view."""
        if (request, status) in self.pages:
            return None
        known = self._set_aside.get((request, status))
        if known is None:
            method, path, query = asked_for(request)
            known = reason_of(method, int(status), path, query)
            if known is not None:
                remember(self._set_aside, (request, status), known, len(request))
        return known

    def came(self, referrer: str) -> Came:
        """What a referrer says."""
        known = self.referrers.get(referrer)
        if known is None:
            text = present(referrer)
            page = address.split(text)
            clean = Scrubber(cases=self._cases)
            if page is None:
                known = Came("", "", None, False, ())
            else:
                kept = clean.referrer(text)
                google = "google." in page.host and address.search_words(page.host, page.query) is not None
                known = Came(page.host, page.path, kept, google, tuple(clean.redacted))
            remember(self.referrers, referrer, known, len(referrer))
        return known

    def agent(self, user_agent: str) -> Agent:
        """Who a user agent says it is."""
        known = self.agents.get(user_agent)
        if known is None:
            text = present(user_agent)
            known = remember(self.agents, user_agent, Agent(text, is_bot(text)), len(user_agent))
        return known


_STARTS = {"minute": pl.String, "start": pl.Int64}


def remember(memory: dict[Key, Made], key: Key, made: Made, length: int = 0) -> Made:
    """Put in a memory what was made of a text of that length."""
    if length <= LONGEST:
        if len(memory) >= MOST:
            memory.clear()
        memory[key] = made
    return made

# SPDX-License-Identifier: EUPL-1.2
"""What the lines of a log have in common, worked out once: requests, referrers, user agents, minutes.

Each memory is bounded; a full one starts afresh. They live as long as the import.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
import polars as pl

from tracker import address
from tracker.bots import is_bot
from tracker.case_numbers import CaseNumbers
from tracker.imports.access_log_coded import Coded, Flags, Numbers, pairs_of, texts_of
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


@dataclass(frozen=True, slots=True)
class Said:
    """What the well-formed lines of a block say; the lists say what it comes to, for each distinct value."""

    at: Numbers  # position in the block
    time_ms: Numbers
    client: Coded[str]
    asked: Coded[tuple[str, str]]  # request and status
    referrer: Coded[str]
    agent: Coded[str]
    reasons: list[SetAside | None]  # None for a view
    came: list[Came]

    def views(self) -> tuple[Numbers, Numbers, Coded[str], Coded[tuple[str, str]], Coded[str], Coded[str]]:
        """The same columns of views alone."""
        rows = np.array([reason is None for reason in self.reasons], np.bool_)[self.asked.which]
        return (
            self.at[rows],
            self.time_ms[rows],
            self.client.only(rows),
            self.asked.only(rows),
            self.referrer.only(rows),
            self.agent.only(rows),
        )


class Memory:
    """What was made of the texts of a site's log so far."""

    def __init__(self, site: Site, cases: CaseNumbers | None = None) -> None:
        self._cases = cases
        self._searched = frozenset(site.search_parameters)
        self._kept = frozenset((*site.search_parameters, *site.campaign_parameters))
        self._pages: dict[tuple[str, str], Page] = {}  # by request and status
        self._set_aside: dict[tuple[str, str], SetAside] = {}
        self._referrers: dict[str, Came] = {}
        self._agents: dict[str, Agent] = {}
        self._minutes: dict[str, int] = {}  # first millisecond

    def explained(self, table: pl.DataFrame, malformed: Callable[[int, str], None]) -> Said:
        """What lines (`access_log_block`) say. `malformed` is told of those with a time that never was."""
        time_ms, never = self._times(table, malformed)
        if never.any():
            table, time_ms = table.filter(~never), time_ms[~never]
        asked = pairs_of(texts_of(table["request"]), texts_of(table["status"]))
        referrer = texts_of(table["referrer"])
        return Said(
            at=table["at"].to_numpy(), time_ms=time_ms, client=texts_of(table["client"]), asked=asked,
            referrer=referrer, agent=texts_of(table["agent"]),
            reasons=[self.reason(*each) for each in asked.values],
            came=[self.came(each) for each in referrer.values],
        )  # fmt: skip

    def _times(self, table: pl.DataFrame, malformed: Callable[[int, str], None]) -> tuple[Numbers, Flags]:
        """Milliseconds since 1970 of each line, and which never were."""
        minute = texts_of(table["minute"])
        starts, never = [], []
        for text in minute.values:
            try:
                starts.append(self._minute(text) if text else 0)
                never.append("")
            except MalformedLine as error:
                starts.append(0)
                never.append(str(error))
        wrong = np.array([bool(why) for why in never], np.bool_)[minute.which]
        for row in np.flatnonzero(wrong):
            malformed(int(table["at"][int(row)]), never[minute.which[row]])
        return np.array(starts, np.int64)[minute.which] + table["time"].to_numpy(), wrong

    def _minute(self, minute: str) -> int:
        known = self._minutes.get(minute)
        if known is None:
            start = time_ms(f"{minute[:17]}:00{minute[17:]}")
            known = remember(self._minutes, minute, start, len(minute))
        return known

    def page(self, request: str, status: str) -> Page:
        """The page that a view asked for."""
        known = self._pages.get((request, status))
        if known is None:
            _, path, query = asked_for(request)
            clean = Scrubber(cases=self._cases)
            searched = address.kept_parameters(query, self._searched)
            kept = clean.path(path), clean.parameters(query, self._kept)
            words = Scrubber(cases=self._cases).text(searched[0][1]) if searched else None
            known = Page(path, *kept, words, tuple(clean.redacted))
            remember(self._pages, (request, status), known, len(request))
        return known

    def reason(self, request: str, status: str) -> SetAside | None:
        """Why a request with this status is no view."""
        if (request, status) in self._pages:
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
        known = self._referrers.get(referrer)
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
            remember(self._referrers, referrer, known, len(referrer))
        return known

    def agent(self, user_agent: str) -> Agent:
        """Who a user agent says it is."""
        known = self._agents.get(user_agent)
        if known is None:
            text = present(user_agent)
            known = remember(self._agents, user_agent, Agent(text, is_bot(text)), len(user_agent))
        return known


def remember(memory: dict[Key, Made], key: Key, made: Made, length: int = 0) -> Made:
    """Put in a memory what was made of a text of that length."""
    if length <= LONGEST:
        if len(memory) >= MOST:
            memory.clear()
        memory[key] = made
    return made

# SPDX-License-Identifier: EUPL-1.2
"""What the lines of a log have in common, worked out once: requests, referrers, user agents, minutes.

Each memory is bounded; a full one starts afresh. They live as long as the import.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import NamedTuple, TypeVar

import polars as pl

from tracker import address
from tracker.bots import is_bot
from tracker.case_numbers import CaseNumbers
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


# What a line gets of these, beside what it says.
OF_A_PAGE = {"path": pl.String, "clean": pl.String, "parameters": pl.String, "words": pl.String}
OF_A_REFERRER = {"host": pl.String, "from": pl.String, "referrer_kept": pl.String, "google_words": pl.Boolean}
OF_AN_AGENT = {"agent_said": pl.String, "automated": pl.Boolean}
REDACTED = ("page_redacted", "referrer_redacted")  # whether anything was


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

    def explained(self, table: pl.DataFrame, malformed: Callable[[int, str], None]) -> pl.DataFrame:
        """Lines (`access_log_block`) with `time` since 1970 and what they are.

        Added are `reason` (null for a view) and the columns of `OF_A_REFERRER`. A line with a time that
        never was is left out, and `malformed(position, why)` told.
        """
        table = self._timed(table, malformed)
        asked = table.select("request", "status").unique()
        reasons = [self.reason(*row) for row in asked.rows()]
        referrers = table.select("referrer").unique()
        came = [self.came(text) for text in referrers["referrer"]]
        of_each = [(*found[:4], bool(found.redacted)) for found in came]
        return table.join(
            asked.with_columns(pl.Series("reason", reasons, dtype=pl.String)),
            on=["request", "status"], how="left", maintain_order="left",
        ).join(
            _beside(referrers, of_each, OF_A_REFERRER | {REDACTED[1]: pl.Boolean}),
            on="referrer", how="left", maintain_order="left",
        )  # fmt: skip

    def seen(self, views: pl.DataFrame) -> pl.DataFrame:
        """Views (`explained`) with the columns of `OF_A_PAGE`, `OF_AN_AGENT` and `REDACTED`."""
        asked = views.select("request", "status").unique()
        pages = [self.page(*row) for row in asked.rows()]
        agents = views.select("agent").unique()
        return views.join(
            _beside(
                asked, [(*page[:4], bool(page.redacted)) for page in pages],
                OF_A_PAGE | {REDACTED[0]: pl.Boolean},
            ),
            on=["request", "status"], how="left", maintain_order="left",
        ).join(
            _beside(agents, [self.agent(text) for text in agents["agent"]], OF_AN_AGENT),
            on="agent", how="left", maintain_order="left",
        )  # fmt: skip

    def redacted(self, views: pl.DataFrame) -> Iterator[Mark]:
        """Everything that was taken out of views (`seen`), one mark each time."""
        marked = views.filter(pl.any_horizontal(REDACTED)).select("request", "status", "referrer")
        for request, status, referrer in marked.iter_rows():
            yield from self.page(request, status).redacted
            yield from self.came(referrer).redacted

    def _timed(self, table: pl.DataFrame, malformed: Callable[[int, str], None]) -> pl.DataFrame:
        starts, never = {}, {}
        for minute in table["minute"].unique():
            try:
                starts[minute] = self._minute(minute) if minute else 0
            except MalformedLine as error:
                never[minute] = str(error)
        if never:
            wrong = pl.col("minute").is_in(list(never))
            for at, minute in table.filter(wrong).select("at", "minute").iter_rows():
                malformed(at, never[minute])
            table = table.filter(~wrong)
        begun = pl.DataFrame({"minute": list(starts), "start": list(starts.values())}, schema=_STARTS)
        return (
            table.join(begun, on="minute", how="left", maintain_order="left")
            .with_columns(time=pl.col("time") + pl.col("start"))
            .drop("minute", "start")
        )

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


_STARTS = {"minute": pl.String, "start": pl.Int64}


def _beside(
    texts: pl.DataFrame, found: Sequence[tuple[object, ...]], columns: Mapping[str, type[pl.DataType]]
) -> pl.DataFrame:
    """Distinct texts with what was found of each, as columns."""
    parts = zip(*found, strict=True) if found else repeat(())
    return texts.with_columns(
        pl.Series(name, part, dtype=kind) for (name, kind), part in zip(columns.items(), parts, strict=False)
    )


def remember(memory: dict[Key, Made], key: Key, made: Made, length: int = 0) -> Made:
    """Put in a memory what was made of a text of that length."""
    if length <= LONGEST:
        if len(memory) >= MOST:
            memory.clear()
        memory[key] = made
    return made

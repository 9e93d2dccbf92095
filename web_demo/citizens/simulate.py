# SPDX-License-Identifier: EUPL-1.2
"""Weeks of visits in seconds: all citizens in one process, on a clock that only jumps.

Requests go straight into the site, beacons straight into the collector, through everything that a beacon
from a browser goes through. Visits take turns by simulated time, so the site and the collector see what they
would have seen, in the order in which they would have seen it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from web_demo.citizens.actions import Read, View, Visit
from web_demo.citizens.behaviour import Behaviour
from web_demo.citizens.browser import Browser
from web_demo.citizens.citizen import Citizen, Crawler, Visitor, World
from web_demo.citizens.daylight import Calendar
from web_demo.citizens.devices import CRAWLER
from web_demo.citizens.exchange import Request, Send
from web_demo.citizens.landings import Landings, crawl
from web_demo.citizens.mail import Collects, Mail
from web_demo.citizens.page import Page
from web_demo.citizens.parsing import Reader, Reads
from web_demo.citizens.truth import write_truth
from web_demo.citizens.words import Vocabulary, load
from web_demo.citizens.wsgi import Wsgi, caller

HOST = "www.voorbeeldstad.nl"
ZONE = ZoneInfo("Europe/Amsterdam")
_TOGETHER = 400  # beacons that share an acknowledgement
_ENGINE_ADDRESS = "198.18.0.1"


@dataclass(frozen=True, slots=True)
class Pages:
    """Where pages come from: for a client address what sends a request, and what reads the answer's body."""

    from_address: Callable[[str], Send]
    reader: Reads


def rendered(site_app: Wsgi) -> Pages:
    """Pages as the site renders them, one by one."""
    return Pages(caller(site_app, host=HOST), Reader())


@dataclass(frozen=True, slots=True)
class SimulationResult:
    """What was done. `beacons` and `events` are what was sent; `dropped` counts beacons by reason."""

    visitors: int
    crawlers: int
    visits: int
    page_views: int
    beacons: int
    events: int
    questions: int
    answered: int
    dropped: Mapping[str, int]


async def simulate(
    *,
    site: Wsgi | Pages,
    collector: Collects,
    visitors: int,
    days: int,
    seed: int,
    start: date,
    clock: Callable[[int], None] | None = None,
    progress: Callable[[float], None] | None = None,
    truth_path: Path | None = None,
    after_day: Callable[[date], None] | None = None,
    behaviour: Behaviour | None = None,
    vocabulary: Vocabulary | None = None,
    landings: Landings | None = None,
    zone: ZoneInfo = ZONE,
) -> SimulationResult:
    """Let citizens visit a site for a number of days.

    Args:
        site: the site as a WSGI application, host `HOST` over HTTPS; or `Pages` of it, as of a `graph.Graph`.
        collector: takes the beacons.
        visitors: number of people; bots come on top of it.
        days: DAYs from `start` on.
        seed: equal seeds and an equal site give equal visits.
        start: the first DAY.
        clock: told the simulated moment, in milliseconds since 1970, before the site is asked for anything.
        progress: told the share of the days that is over, 0-1.
        truth_path: Parquet file for the truth (`truth.truth_frame`).
        after_day: called with a DAY when it is over and all its beacons are acknowledged.
        behaviour: parameters; None for the defaults.
        vocabulary: words; None for `words.toml`.
        landings: what search engines know of the site; None to let one read it first.
        zone: the time zone in which a DAY turns.

    Raises:
        mail.DeliveryError: the collector refuses a beacon, or keeps putting beacons off.
    """
    calendar = Calendar(start, days, zone)
    tell = clock or _nobody
    tell(calendar.opens_ms)
    pages, mail = site if isinstance(site, Pages) else rendered(site), Mail(collector)
    world = World(vocabulary or load(), behaviour or Behaviour(), landings or read_by_engines(pages))
    walks = _walks(visitors, seed, world, lambda visitor, random: Browser(
        visitor.device,
        origin=f"https://{HOST}",
        send=pages.from_address(visitor.device.address),
        post=mail.post_from(visitor.device.address),
        reader=pages.reader,
        random=random,
    ))  # fmt: skip
    await _run(walks, calendar, mail, tell, after_day or _nobody, progress or _nobody)
    if truth_path is not None:
        write_truth((walk.visitor for walk in walks), truth_path)
    return _result(walks, visitors, mail)


@dataclass(slots=True)
class _Walk:
    """A visitor with browser, and how far the present visit has come."""

    visitor: Visitor
    browser: Browser
    random: np.random.Generator
    visit: Visit | None = None
    view: View | None = None
    visits: int = 0
    page_views: int = 0

    def go_on(self, now_ms: int) -> int | None:
        """Act until time has to pass; returns the moment to go on, None where the visit is over."""
        if self.visit is None:
            self.visit, self.view = self.visitor.visit(), None
            self.visits += 1
        while True:
            try:
                action = next(self.visit) if self.view is None else self.visit.send(self.view)
            except StopIteration:
                self.visit = None
                self.browser.close()
                return None
            if isinstance(action, Read):
                self.browser.do(action, now_ms)
                return now_ms + int(action.seconds * 1000)
            view = self.browser.do(action, now_ms)
            if view is not None:
                if view.opened_ms > now_ms:
                    now_ms = view.opened_ms
                    self.page_views += 1
                self.view = view


async def _run(
    walks: list[_Walk],
    calendar: Calendar,
    mail: Mail,
    tell: Callable[[int], None],
    after_day: Callable[[date], None],
    progress: Callable[[float], None],
) -> None:
    agenda = [(calendar.first_visit(walk.random), number) for number, walk in enumerate(walks)]
    heapq.heapify(agenda)
    closed = 0
    while agenda:
        now, number = heapq.heappop(agenda)
        walk = walks[number]
        for day in calendar.over_by(now):
            await mail.deliver()
            after_day(day)
            closed += 1
            progress(closed / calendar.days)
        tell(now)
        following = walk.go_on(now)
        if following is None:
            following = calendar.next_visit(now, walk.visitor.returns_in(), walk.random)
        if following is not None:
            heapq.heappush(agenda, (following, number))
        if len(mail.waiting) >= _TOGETHER:
            await mail.deliver()
    await mail.deliver()
    for day in calendar.over_by(None):
        after_day(day)
    progress(1.0)


def _walks(
    visitors: int, seed: int, world: World, open_browser: Callable[[Visitor, np.random.Generator], Browser]
) -> list[_Walk]:
    crawlers = round(visitors * world.behaviour.bot_share)
    walks = []
    for number, source in enumerate(np.random.SeedSequence(seed).spawn(visitors + crawlers)):
        # One generator for what somebody decides, one for what happens to them: how long a page takes to load
        # must not change who they are.
        inner, outer = (np.random.Generator(np.random.PCG64(part)) for part in source.spawn(2))
        visitor: Visitor = Citizen(number, world, inner) if number < visitors else Crawler(inner)
        walks.append(_Walk(visitor, open_browser(visitor, outer), outer))
    return walks


def read_by_engines(pages: Pages) -> Landings:
    """What search engines know of the site."""
    send = pages.from_address(_ENGINE_ADDRESS)

    def fetch(path: str) -> Page | None:
        # A crawler takes no part in any test, so what it reads is the control.
        response = send(Request("GET", path, {"User-Agent": CRAWLER, "Sec-GPC": "1"}))
        return pages.reader.read(response.body)[0] if response.status == 200 else None

    return crawl(fetch)


def _result(walks: list[_Walk], visitors: int, mail: Mail) -> SimulationResult:
    questions = [question for walk in walks for question in walk.visitor.questions if question.pages]
    return SimulationResult(
        visitors=visitors,
        crawlers=len(walks) - visitors,
        visits=sum(walk.visits for walk in walks),
        page_views=sum(walk.page_views for walk in walks),
        beacons=mail.beacons,
        events=mail.events,
        questions=len(questions),
        answered=sum(question.answered for question in questions),
        dropped=mail.dropped,
    )


def _nobody(_: object) -> None:
    """Nobody asked to be told."""

# SPDX-License-Identifier: EUPL-1.2
"""Page views as columns: everything about a page view that needs no memory of the visitor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from analysis.counting import alike
from analysis.entries import Arrival, Entry, has_campaign, read_referrer
from analysis.events import Coded, Events, Flags, Floats, Ints, K, first_rows
from analysis.globs import tidy
from analysis.scope import Scope
from analysis.tasks import Tasks
from analysis.thresholds import Thresholds
from analysis.words import Query, normalise
from tracker.site import Site

ENTRIES = tuple(Entry)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a site, and what the task definitions say of it."""

    site: str
    path: str
    task: int
    answer: bool
    #: Visible seconds after which it counts as read.
    read_s: float


@dataclass(frozen=True, slots=True)
class PageViews:
    """One place per page view in every column, in the order of their first events; -1 is none.

    `session` is the session of its first event; `page` a place in `pages`; `query` (of its first search) and
    `words` (of the search engine that led here) are places in `queries`; `entry` a place in `ENTRIES`;
    `referrer` is a place in `pages`; `opened` says that the view itself was seen, not only what followed.
    """

    first_row: Ints
    visitor: Ints
    time: Ints
    session: Ints
    site: Ints
    page: Ints
    task: Ints
    query: Ints
    words: Ints
    entry: Ints
    referrer: Ints
    origin: Ints
    opened: Flags
    visible_s: Floats
    pages: tuple[Page, ...]
    queries: tuple[Query, ...]
    #: Task of each query, per site: `query_task[site][query]`.
    query_task: tuple[tuple[int, ...], ...]
    #: Query of every event that is a search, as a place in `queries`.
    row_query: Ints

    def __len__(self) -> int:
        return len(self.time)


def page_views(events: Events, session: Ints, scope: Scope) -> PageViews:
    """The page views of the events; `session` numbers the session of each event."""
    sites, tasks = scope.sites, scope.tasks
    first = first_rows(events.page_view, len(events.origin))
    site = events.site.codes[first]
    numbers: dict[tuple[int, str], int] = {}
    paths, path = _pairs(site, events.text["path"].take(first))
    places = [numbers.setdefault((s, tidy(text)), len(numbers)) for s, text in paths]
    page = np.array(places, np.int64)[path]
    for s, text in _clicked(events):
        numbers.setdefault((s, text), len(numbers))
    pages = tuple(_page(sites[s].name, text, tasks[s], scope.thresholds) for s, text in numbers)
    referrers, referrer = _pairs(site, events.view_text["referrer"])
    came_from_page = np.where(events.origin >= 0, page[events.origin], -1)
    sites = [
        site if site.hosts else _with_own_host(site, number, referrers, referrer, came_from_page, numbers)
        for number, site in enumerate(sites)
    ]
    arrivals = [read_referrer(text, sites[s]) for s, text in referrers]
    came_from = [
        numbers.get((s, each.path or ""), -1) if each.entry is Entry.INTERNAL else -1
        for (s, _), each in zip(referrers, arrivals, strict=True)
    ]
    parameters, parameter = _pairs(site, events.view_text["parameters"])
    campaign = np.array([has_campaign(text, sites[s]) for s, text in parameters], bool)[parameter]

    queries, row_query, words = _queries(events, arrivals)
    searches = np.flatnonzero(events.kind == K.SEARCH)[::-1]
    query = np.full(len(first), -1, np.int64)
    query[events.page_view[searches]] = row_query[searches]
    opened = np.zeros(len(first), bool)
    opened[events.page_view[events.kind == K.VIEW]] = True
    return PageViews(
        first_row=first,
        visitor=events.visitor[first],
        time=events.time[first],
        session=session[first],
        site=site,
        page=page,
        task=np.array([each.task for each in pages], np.int64)[page],
        query=query,
        words=words[referrer],
        entry=_entry(arrivals, referrer, campaign, events.origin),
        referrer=np.array(came_from, np.int64)[referrer],
        origin=events.origin,
        opened=opened,
        visible_s=_visible(events, len(first)),
        pages=pages,
        queries=queries,
        query_task=tuple(tuple(map(each.of_query, queries)) for each in tasks),
        row_query=row_query,
    )


def _page(site: str, path: str, tasks: Tasks, thresholds: Thresholds) -> Page:
    """A short answer is read sooner than a long one."""
    read_s, words = thresholds.read_s, tasks.words_of(path)
    if words is not None:
        at_this_pace = 60 * words / thresholds.words_per_minute
        read_s = min(read_s, max(thresholds.read_at_least_s, at_this_pace))
    return Page(site, path, tasks.of_page(path), tasks.is_answer(path), read_s)


def _with_own_host(
    site: Site,
    number: int,
    referrers: Sequence[tuple[int, str]],
    referrer: Ints,
    came_from_page: Ints,
    numbers: Mapping[tuple[int, str], int],
) -> Site:
    """A site that only an import brought has no host names: it is called what the referrers call the page
    from which a page view is known to have come."""
    hosts: Counter[str] = Counter()
    seen = np.stack((referrer, came_from_page), axis=1)[came_from_page >= 0]
    for (place, source), count in Counter(map(tuple, seen.tolist())).items():
        which, text = referrers[place]
        arrival = read_referrer(text, site) if which == number else Arrival(Entry.DIRECT)
        if arrival.host and numbers.get((number, arrival.path or "")) == source:
            hosts[arrival.host] += count
    if not hosts:
        return site
    name = min(hosts, key=lambda host: (-hosts[host], host)).removeprefix("www.")
    return replace(site, hosts=frozenset({name, f"www.{name}"}))


def _clicked(events: Events) -> list[tuple[int, str]]:
    """The pages of the site that results led to. They are pages too where nobody is known to have seen them:
    two clicks to one page mean the same, whoever else went there."""
    rows = np.flatnonzero(events.kind == K.RESULT)
    targets, _ = _pairs(events.site.codes[rows], events.text["target"].take(rows))
    return [
        (site, tidy(text)) for site, text in targets if text.startswith("/") and not text.startswith("//")
    ]


def _pairs(site: Ints, coded: Coded) -> tuple[list[tuple[int, str]], Ints]:
    """The different (site, text) that occur, and for every row the place of its own."""
    place, first = alike(site, coded.codes)
    return [*zip(site[first].tolist(), coded.decode(first).tolist(), strict=True)], place


def _queries(events: Events, arrivals: Sequence[Arrival]) -> tuple[tuple[Query, ...], Ints, Ints]:
    """Every different query; its place for each event that is a search, and for each way of arriving.

    Place 0 is the empty query, which a search without words has; a search engine without words has none.
    """
    places: dict[Query, int] = {normalise(""): 0}
    typed = events.text["query"]
    table = np.array(
        [*(places.setdefault(normalise(text), len(places)) for text in typed.texts), 0], np.int64
    )
    row_query = np.where(events.kind == K.SEARCH, table[typed.codes], -1)
    words = [places.setdefault(query, len(places)) if (query := normalise(a.words)) else -1 for a in arrivals]
    return tuple(places), row_query, np.array(words, np.int64)


def _entry(arrivals: Sequence[Arrival], arrival: Ints, campaign: Flags, origin: Ints) -> Ints:
    """Places in `ENTRIES`: a campaign behind a search engine only, and never within the site."""
    entry = np.array([ENTRIES.index(each.entry) for each in arrivals], np.int64)[arrival]
    direct = entry == ENTRIES.index(Entry.DIRECT)
    settled = np.isin(entry, [ENTRIES.index(Entry.INTERNAL), ENTRIES.index(Entry.SEARCH_ENGINE)])
    entry[campaign & ~settled] = ENTRIES.index(Entry.CAMPAIGN)
    entry[direct & ~campaign & (origin >= 0)] = ENTRIES.index(Entry.INTERNAL)
    return entry


def _visible(events: Events, count: int) -> Floats:
    """Visible seconds of each page view, NaN where the browser never said."""
    rows = events.kind == K.ENGAGE
    seconds = np.full(count, -np.inf)
    np.fmax.at(seconds, events.page_view[rows], events.number["visible_s"][rows])
    return np.where(np.isfinite(seconds), seconds, np.nan)

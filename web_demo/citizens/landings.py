# SPDX-License-Identifier: EUPL-1.2
"""Where the world outside sends people: what a search engine knows of the site, and what letters print.

A search engine keeps no cookies, so it reads the control of every test; it knows that residents' words and
official words mean the same, which the site's own search may not.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urljoin, urlsplit

from web_demo.citizens.page import Page
from web_demo.citizens.words import Kind, Wish, tokens

Fetch = Callable[[str], Page | None]
_STEP = re.compile(r"/stap-\d+")
_MOST_PAGES = 300
_FITS = 0.25


class Landings:
    """Pages by how well they fit a wish.

    Args:
        pages: what the engine read, by path.
    """

    def __init__(self, pages: Mapping[str, Page]) -> None:
        self._pages = pages
        self._best: dict[str, tuple[str, ...]] = {}

    def best(self, wish: Wish) -> Sequence[str]:
        """Paths that fit, the best first, three at most; the start page where none does."""
        if wish.name not in self._best:
            scores = {path: _fit(wish, page) for path, page in self._pages.items()}
            fitting = [path for path, score in scores.items() if score > _FITS]
            ranked = sorted(fitting, key=lambda path: -scores[path])
            self._best[wish.name] = tuple(ranked[:3]) or ("/",)
        return self._best[wish.name]


def crawl(fetch: Fetch, start: str = "/") -> Landings:
    """Read the site from its start page on, along its links; forms and search results are left out.

    Args:
        fetch: gives the page at a path, None where there is none.
        start: path to begin with.
    """
    pages: dict[str, Page] = {}
    queue, met = deque([start]), {start}
    while queue and len(pages) < _MOST_PAGES:
        path = queue.popleft()
        page = fetch(path)
        if page is None:
            continue
        if not page.forms and page.results is None:
            pages[path] = page
        for link in page.links:
            target = urlsplit(urljoin(path, link.href))
            ours = not (target.scheme or target.netloc or target.query) and target.path.startswith("/")
            if ours and not _STEP.search(target.path) and target.path not in met:
                met.add(target.path)
                queue.append(target.path)
    return Landings(pages)


def _fit(wish: Wish, page: Page) -> float:
    weights = [term.weight for term in wish.lexicon.terms]
    title = wish.lexicon.scent(weights, f"{page.title} {page.heading}")
    text = wish.lexicon.scent(weights, page.text)
    if wish.kind is Kind.DO:
        helps = any(link.part == "main" and _STEP.search(link.href) for link in page.links)
    else:
        helps = any(wish.answered_by(f"{block.under} {block.text}") for block in page.blocks)
    # A page about nothing else ranks before one that also mentions it.
    alone = len(wish.lexicon.traces(page.heading)) / (1 + len(tokens(page.heading)))
    return 0.6 * title + 0.25 * text + 0.15 * helps + 0.1 * alone - (page.language != "nl")

# SPDX-License-Identifier: EUPL-1.2
"""What was found clean before: addresses and titles of public pages come again and again.

Only texts in which nothing was found are remembered, and of addresses only those without query and fragment:
nothing is kept here that isn't stored anyway.
"""

from __future__ import annotations

from typing import TypeVar

from tracker import address
from tracker.site import Site

MOST = 4096
MOST_PROXIES = 1024
T = TypeVar("T")


class Page:
    """The page of a beacon; its site and `place`, the address as it is stored, are found on the way."""

    __slots__ = ("address", "place", "site")

    def __init__(self, address: address.Address) -> None:
        self.address = address
        self.site: Site | None = None
        self.place: str | None = None


class Familiar:
    """Small memories of one collector; a full one starts afresh, so that nobody can fill it for good."""

    __slots__ = ("_pages", "paths", "proxies", "referrers", "titles")

    def __init__(self) -> None:
        self._pages: dict[str, Page] = {}
        self.paths: dict[str, str] = {}
        self.referrers: dict[str, str] = {}
        self.titles: dict[str, str] = {}
        self.proxies: set[str] = set()  # addresses of our own; add with `remember_proxy`

    def page(self, url: str) -> Page | None:
        """The page of an address, from memory where that is possible; None where it isn't one."""
        known = self._pages.get(url)
        if known is None:
            parts = address.split(url)
            known = None if parts is None else Page(parts)
        return known

    def remember_proxy(self, client: str) -> None:
        """Remember an address found within the trusted networks, which may be as wide as a country's."""
        if len(self.proxies) >= MOST_PROXIES:
            self.proxies.clear()
        self.proxies.add(client)

    def remember_page(self, url: str, page: Page) -> None:
        """Remember a page of which the address was found clean."""
        if not page.address.query and not page.address.fragment:
            remember(self._pages, url, page)


def remember(memory: dict[str, T], text: str, made: T) -> None:
    """Put in a memory what was made of a text."""
    if len(memory) >= MOST:
        memory.clear()
    memory[text] = made

# SPDX-License-Identifier: EUPL-1.2
"""What was found clean before: addresses and titles of public pages come again and again.

Only texts in which nothing was found are remembered, and of addresses only those without query and fragment:
nothing is kept here that isn't stored anyway.
"""

from __future__ import annotations

from typing import TypeVar

from tracker import address

MOST = 4096
T = TypeVar("T")


class Familiar:
    """Small memories of one collector; a full one starts afresh, so that nobody can fill it for good."""

    __slots__ = ("_pages", "paths", "proxies", "referrers", "titles")

    def __init__(self) -> None:
        self._pages: dict[str, address.Address] = {}
        self.paths: dict[str, str] = {}
        self.referrers: dict[str, str] = {}
        self.titles: dict[str, str] = {}
        self.proxies: set[str] = set()  # addresses of our own

    def split(self, url: str) -> address.Address | None:
        """`address.split`, from memory where that is possible."""
        return self._pages.get(url) or address.split(url)

    def remember_page(self, url: str, page: address.Address) -> None:
        """Remember a page of which the path was found clean."""
        if not page.query and not page.fragment:
            remember(self._pages, url, page)


def remember(memory: dict[str, T], text: str, made: T) -> None:
    """Put in a memory what was made of a text."""
    if len(memory) >= MOST:
        memory.clear()
    memory[text] = made

# SPDX-License-Identifier: EUPL-1.2
"""A site: the name under which a municipality's host names are measured together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Site:
    """A name with its host names and what may be kept of an address.

    `search_parameters` and `campaign_parameters` are the only query parameters that survive admission.
    `call_code_pages` are patterns of the pages that show a call code; without any no call has a question.
    """

    name: str
    hosts: frozenset[str]
    timezone: str = "Europe/Amsterdam"
    search_parameters: tuple[str, ...] = ("q", "zoek", "zoekterm", "query", "search")
    campaign_parameters: tuple[str, ...] = ("utm_source", "utm_medium", "utm_campaign", "kr_code")
    call_code_pages: tuple[str, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class Sites:
    """The sites of the settings, found by host name (lower case, without port)."""

    def __init__(self, sites: Iterable[Site]) -> None:
        self._by_name = {site.name: site for site in sites}
        self._by_host = {host.lower(): site for site in self._by_name.values() for host in site.hosts}

    def by_host(self, host: str) -> Site | None:
        return self._by_host.get(host.lower())

    def by_name(self, name: str) -> Site | None:
        return self._by_name.get(name)

    def __iter__(self) -> Iterator[Site]:
        return iter(self._by_name.values())

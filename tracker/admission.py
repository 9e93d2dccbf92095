# SPDX-License-Identifier: EUPL-1.2
"""Admission: what becomes of a beacon, as a list of small steps.

Each step looks at the arrival and at the draft made of it so far, and hands the draft on or drops the arrival
for one of the `Reason`s. No step touches Redis, a file or a clock. Read `STEPS` at the end first.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from tracker import address, wire
from tracker.bots import is_bot
from tracker.event import Event, Kind
from tracker.familiar import Familiar, remember
from tracker.identity import consented_visitor, daily_visitor, partition_of
from tracker.scrub import Mark, scrub
from tracker.site import Site, Sites
from tracker.stream import DETAILS

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Reason(StrEnum):
    """Why an arrival was dropped; the word in the ledger and in the header `Klantreis-Dropped`."""

    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    OPT_OUT = "opt_out"
    BOT = "bot"
    UNKNOWN_SITE = "unknown_site"
    STAFF = "staff"
    STALE = "stale"
    RUN_TOKEN = "run_token"  # noqa: S105 - a name


class Arrival(msgspec.Struct, frozen=True):
    """One request as it came in. `headers` has lower-case names; `client` is the address of the other end."""

    body: bytes
    headers: Mapping[str, str]
    client: str
    method: str
    content_type: str
    time_ms: int


class Drop(NamedTuple):
    """An arrival that isn't stored, why, and for a malformed one everything that is wrong with it."""

    reason: Reason
    problems: tuple[wire.Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What admission needs to know of the outside.

    `salt` gives the salt of a moment's DAY in a time zone, or None where it must first be fetched.
    `trusted_proxies` are the networks from which `X-Forwarded-For` is believed, `staff_networks` those of the
    municipality's own people, `run_token` the secret of load tests (None: none are admitted); `familiar`
    remembers what was clean.
    """

    sites: Sites
    salt: Callable[[ZoneInfo, int], bytes | None]
    partitions: int = 16
    trusted_proxies: tuple[Network, ...] = ()
    staff_networks: tuple[Network, ...] = ()
    run_token: str | None = None
    familiar: Familiar = field(default_factory=Familiar, compare=False)


class SaltMissingError(Exception):
    """The salt of this moment isn't at hand: fetch it and admit the arrival again."""

    def __init__(self, zone: ZoneInfo, time_ms: int) -> None:
        super().__init__(f"no salt for {time_ms} in {zone}")
        self.zone = zone
        self.time_ms = time_ms


class Draft:
    """What the steps have made of an arrival so far."""

    __slots__ = ("beacon", "client", "events", "page", "partition", "redacted", "rules", "run", "site",
                 "visitor")

    rules: Rules
    beacon: wire.Beacon
    page: address.Address
    site: Site
    client: str
    run: str | None
    visitor: int
    partition: int
    events: list[Event]
    redacted: list[Mark]

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.run = None


Step = Callable[[Arrival, Draft], Draft | Drop]


def admit(arrival: Arrival, rules: Rules) -> Draft | Drop:
    """The finished draft of an arrival, with its events, or why it is dropped.

    Raises `SaltMissingError` where the salt of the arrival's DAY must be fetched first.
    """
    draft = Draft(rules)
    for step in STEPS:
        outcome = step(arrival, draft)
        if type(outcome) is Drop:
            return outcome
    return draft


def small_enough(arrival: Arrival, draft: Draft) -> Draft | Drop:
    return Drop(Reason.TOO_LARGE) if len(arrival.body) > wire.MAX_BYTES else draft


def well_formed(arrival: Arrival, draft: Draft) -> Draft | Drop:
    try:
        draft.beacon, draft.page = wire.decode(arrival.body, draft.rules.familiar.split)
    except wire.MalformedError as error:
        return Drop(Reason.MALFORMED, tuple(error.problems))
    return draft


def not_opted_out(arrival: Arrival, draft: Draft) -> Draft | Drop:
    headers = arrival.headers
    # Our script sends nothing then; the pixel cannot know.
    return Drop(Reason.OPT_OUT) if headers.get("sec-gpc") == "1" or headers.get("dnt") == "1" else draft


def by_a_person(arrival: Arrival, draft: Draft) -> Draft | Drop:
    return Drop(Reason.BOT) if is_bot(arrival.headers.get("user-agent", "")) else draft


def of_a_known_site(arrival: Arrival, draft: Draft) -> Draft | Drop:
    site = draft.rules.sites.by_host(draft.page.host)
    origin = arrival.headers.get("origin")
    if site is None or (origin is not None and not is_site_origin(origin, draft.rules.sites)):
        return Drop(Reason.UNKNOWN_SITE)
    draft.site = site
    return draft


def not_by_staff(arrival: Arrival, draft: Draft) -> Draft | Drop:
    rules, forwarded = draft.rules, arrival.headers.get("x-forwarded-for")
    draft.client = client_address(arrival.client, forwarded, rules.trusted_proxies, rules.familiar)
    if rules.staff_networks and _within(draft.client, rules.staff_networks):
        return Drop(Reason.STAFF)
    return draft


def fresh(_arrival: Arrival, draft: Draft) -> Draft | Drop:
    # A beacon is taken whole or not at all; the script sends within minutes, so one stale event says that the
    # whole beacon lay somewhere.
    for event in draft.beacon.e:
        if event.d > wire.STALE_MS:
            return Drop(Reason.STALE)
    return draft


def with_a_true_run(_arrival: Arrival, draft: Draft) -> Draft | Drop:
    run = draft.beacon.run
    if run is None:
        return draft
    name, _, proof = run.partition(".")
    token = draft.rules.run_token
    if token is None or not hmac.compare_digest(proof, run_proof(token, name)):
        return Drop(Reason.RUN_TOKEN)
    draft.run = name
    return draft


def pseudonymous(arrival: Arrival, draft: Draft) -> Draft | Drop:
    beacon, site = draft.beacon, draft.site
    if beacon.c is not None:
        draft.visitor = consented_visitor(site.name, beacon.c)
    else:
        zone = _zone(site.timezone)
        salt = draft.rules.salt(zone, arrival.time_ms)
        if salt is None:
            raise SaltMissingError(zone, arrival.time_ms)
        headers = arrival.headers
        draft.visitor = daily_visitor(
            salt, site=site.name, ip=draft.client, user_agent=headers.get("user-agent", ""),
            language=headers.get("accept-language", ""), bucket=beacon.b)
    draft.partition = partition_of(draft.visitor, draft.rules.partitions)
    return draft


def scrubbed(arrival: Arrival, draft: Draft) -> Draft | Drop:
    """The events, with every text scrubbed: nothing else of the arrival goes further."""
    beacon, page, site, time_ms = draft.beacon, draft.page, draft.site, arrival.time_ms
    familiar = draft.rules.familiar
    clean = Scrubber(familiar)
    shown, first = beacon.x, beacon.f
    path = clean.path(page.path)
    if not clean.redacted:
        familiar.remember_page(beacon.u, page)
    shared: dict[str, Any] = {
        "site": site.name,
        "visitor": draft.visitor,
        "page_view": beacon.p,
        "origin": beacon.o,
        "path": path,
        "parameters": clean.parameters(page.query, _kept(site)) if page.query else "",
        "referrer": clean.referrer(beacon.r) if beacon.r else None,
        "bucket": beacon.b,
        "exposures": ",".join([f"{name}={shown[name]}" for name in sorted(shown)]) if shown else "",
        "first": ",".join(sorted(set(first))) if first else "",
        "consented": beacon.c is not None,
        "language": beacon.l,
        "viewport": beacon.w,
        "run": draft.run,
    }
    events = []
    for event in beacon.e:
        kind, make = _MAKERS[type(event)]
        events.append(Event(kind=kind, index=event.i, time=time_ms - event.d, **make(event, clean), **shared))
    draft.events = events
    draft.redacted = clean.redacted
    return draft


STEPS: tuple[Step, ...] = (
    small_enough,
    well_formed,
    not_opted_out,
    by_a_person,
    of_a_known_site,
    not_by_staff,
    fresh,
    with_a_true_run,
    pseudonymous,
    scrubbed,
)


def run_proof(token: str, run: str) -> str:
    """What follows the dot in a load test's `run`: 16 hex digits that only the token's holder can make."""
    return hmac.digest(token.encode(), run.encode(), "sha256").hex()[:16]


@lru_cache(maxsize=256)
def is_site_origin(origin: str, sites: Sites) -> bool:
    """Whether an `Origin` header names a host of one of the sites."""
    page = address.split(origin)
    return page is not None and sites.by_host(page.host) is not None


def client_address(
    client: str, forwarded: str | None, trusted: tuple[Network, ...], familiar: Familiar | None = None
) -> str:
    """Address of the visitor: the nearest hop that isn't one of our proxies.

    `forwarded` is what `X-Forwarded-For` says; each proxy adds the hop before it at the end, and whatever a
    stranger wrote in front of that is not believed.

    >>> client_address("10.0.0.1", "6.6.6.6, 192.0.2.7", (ipaddress.ip_network("10.0.0.0/8"),))
    '192.0.2.7'
    """
    if forwarded is None or not trusted:
        return client
    proxies = set() if familiar is None else familiar.proxies
    hops = forwarded.split(",") if "," in forwarded else (forwarded,)
    for hop in reversed(hops):
        if client not in proxies:
            if not _within(client, trusted):
                break
            proxies.add(client)
        client = hop.strip()
    return client


def _within(ip: str, networks: tuple[Network, ...]) -> bool:
    # `ipaddress` takes ten times as long, and remembering its answers would mean remembering visitors.
    if "." in ip:
        ip = ip.removeprefix("::ffff:")  # as a socket for both versions shows an IPv4 address
    try:
        packed = socket.inet_pton(socket.AF_INET6 if ":" in ip else socket.AF_INET, ip)
    except (OSError, ValueError):
        return False
    number = int.from_bytes(packed, "big")
    return any(len(packed) == size and number & mask == first for size, first, mask in _masks(networks))


@lru_cache(maxsize=16)
def _masks(networks: tuple[Network, ...]) -> tuple[tuple[int, int, int], ...]:
    """Bytes of an address, first address and mask of each network, as integers."""
    return tuple((net.max_prefixlen // 8, int(net.network_address), int(net.netmask)) for net in networks)


@lru_cache(maxsize=256)
def _kept(site: Site) -> frozenset[str]:
    return frozenset((*site.search_parameters, *site.campaign_parameters))


_zone = lru_cache(maxsize=256)(ZoneInfo)
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


class Scrubber:
    """Scrubs the texts of one beacon and remembers what it found."""

    __slots__ = ("_familiar", "redacted")

    def __init__(self, familiar: Familiar | None = None) -> None:
        self._familiar = familiar or Familiar()
        self.redacted: list[Mark] = []

    def text(self, raw: str | None) -> str | None:
        """Free text on one line, or None where there is none."""
        if not raw:
            return None
        if not raw.isprintable():
            raw = _BLANKS.sub(" ", raw)
        clean, found = scrub(raw.strip())
        self.redacted += found
        return clean or None

    def title(self, raw: str | None) -> str | None:
        """The same for the title of a page."""
        if raw is None:
            return None
        known = self._familiar.titles.get(raw)
        if known is None:
            before = len(self.redacted)
            known = self.text(raw)
            if known is not None and len(self.redacted) == before:
                remember(self._familiar.titles, raw, known)
        return known

    def path(self, raw: str) -> str:
        """A path, which stays one."""
        known = self._familiar.paths.get(raw)
        if known is None:
            clean, found = scrub(raw)
            known = address.quote_path(clean)
            self.redacted += found
            if not found:
                remember(self._familiar.paths, raw, known)
        return known

    def parameters(self, query: str, names: frozenset[str]) -> str:
        if not query:
            return ""
        pairs = address.kept_parameters(query, names)
        return address.join_parameters([(name, text) for name, value in pairs if (text := self.text(value))])

    def referrer(self, raw: str | None) -> str | None:
        """The address of the page before; of its query only the words for a search engine."""
        if not raw:
            return None
        known = self._familiar.referrers.get(raw)
        if known is not None:
            return known
        page = address.split(raw)
        if page is None:
            return None
        before = len(self.redacted)
        bare = f"{page.scheme}://{page.host}{self.path(page.path)}"
        if not page.query:
            if len(self.redacted) == before and not page.fragment:
                remember(self._familiar.referrers, raw, bare)
            return bare
        words = address.search_words(page.host, page.query)
        return f"{bare}?{self.parameters(page.query, frozenset({words[0]}))}" if words else bare

    def target(self, raw: str) -> str | None:
        """Where a click led: a path, or host and path, without query and fragment."""
        return self.text(re.split(r"[?#]", raw, maxsplit=1)[0])


_KIND_OF: Mapping[type, Kind] = {kind: Kind(tag) for tag, kind in wire.KINDS.items()}
_TEXTS = {"t": Scrubber.text, "q": Scrubber.text, "f": Scrubber.text, "g": Scrubber.text,
          "to": Scrubber.target}


def _maker(kind: type) -> Callable[[Any, Scrubber], dict[str, Any]]:
    """What turns a kind's own wire fields into those of `Event`: texts scrubbed, the rest as validated."""
    if kind is wire.View:  # the most frequent by far
        return lambda event, clean: {"title": clean.title(event.t)}
    fields = [(name, field, _TEXTS.get(name)) for name, field in DETAILS[_KIND_OF[kind]].items()]

    def make(event: Any, clean: Scrubber) -> dict[str, Any]:
        return {
            field: getattr(event, name) if text is None else text(clean, getattr(event, name))
            for name, field, text in fields
        }

    return make


_MAKERS = {kind: (word, _maker(kind)) for kind, word in _KIND_OF.items()}

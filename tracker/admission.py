# SPDX-License-Identifier: EUPL-1.2
"""Admission: what becomes of a beacon, as a list of small steps.

Each step looks at the arrival and at the draft made of it so far, and hands the draft on or drops the arrival
for one of the `Reason`s. No step touches Redis, a file or a clock. Read `STEPS` at the end first.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from tracker import address, packing, stream, wire
from tracker.arrival import Arrival, Drop, Reason
from tracker.bots import is_program
from tracker.case_numbers import CaseNumbers
from tracker.event import Kind
from tracker.familiar import Familiar, Page
from tracker.identity import consented_visitor, daily_visitor, partition_of
from tracker.networks import Network, address_of, within
from tracker.rate import RateLimit
from tracker.scrub import Mark
from tracker.scrubber import Scrubber
from tracker.site import Site, Sites
from tracker.stream import DETAILS
from tracker.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What admission needs to know of the outside.

    `salt` gives the salt of a moment's DAY in a time zone, or None where it must first be fetched.
    `trusted_proxies` are the networks from which `X-Forwarded-For` is believed, `staff_networks` those of the
    municipality's own people, `run_token` the secret of load tests (None: none are admitted), `cases` how
    case numbers look here and `limit` what one visitor may send; `familiar` remembers what was clean, and
    `words` has the codes for frequent texts.
    """

    sites: Sites
    salt: Callable[[ZoneInfo, int], bytes | None]
    partitions: int = 16
    trusted_proxies: tuple[Network, ...] = ()
    staff_networks: tuple[Network, ...] = ()
    run_token: str | None = None
    cases: CaseNumbers | None = None
    limit: RateLimit = field(default_factory=RateLimit, compare=False)
    familiar: Familiar = field(default_factory=Familiar, compare=False)
    words: Words = field(default_factory=Words, compare=False)


class SaltMissingError(Exception):
    """The salt of this moment isn't at hand: fetch it and admit the arrival again."""

    def __init__(self, zone: ZoneInfo, time_ms: int) -> None:
        super().__init__(f"no salt for {time_ms} in {zone}")
        self.zone = zone
        self.time_ms = time_ms


class Draft:
    """What the steps have made of an arrival so far."""

    __slots__ = (
        "beacon",
        "client",
        "each",
        "page",
        "partition",
        "redacted",
        "rules",
        "run",
        "shared",
        "site",
        "visitor",
    )

    rules: Rules
    beacon: wire.Beacon
    page: Page
    site: Site
    client: str
    run: str | None
    visitor: int
    partition: int
    shared: str  # what all its events share, as `tracker.packing` wants it
    each: list[str]  # what is each event's own
    redacted: list[Mark]

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.run = None


Step = Callable[[Arrival, Draft], Draft | Drop]


def admit(arrival: Arrival, rules: Rules) -> Draft | Drop:
    """The finished draft of an arrival, with its events packed, or why it is dropped.

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
        draft.beacon, draft.page = wire.decode_with(draft.rules.familiar.page, arrival.body)
    except wire.MalformedError as error:
        return Drop(Reason.MALFORMED, tuple(error.problems))
    return draft


def not_opted_out(arrival: Arrival, draft: Draft) -> Draft | Drop:
    headers = arrival.headers
    # Our script sends nothing then; the pixel cannot know.
    return Drop(Reason.OPT_OUT) if headers.get("sec-gpc") == "1" or headers.get("dnt") == "1" else draft


def by_a_person(arrival: Arrival, draft: Draft) -> Draft | Drop:
    return Drop(Reason.BOT) if is_program(arrival.headers) else draft


def of_a_known_site(arrival: Arrival, draft: Draft) -> Draft | Drop:
    page, sites = draft.page, draft.rules.sites
    site = page.site or sites.by_host(page.address.host)
    origin = arrival.headers.get("origin")
    if site is None or (origin is not None and site_of_origin(origin, sites) != site):
        return Drop(Reason.UNKNOWN_SITE)
    draft.site = page.site = site
    return draft


def not_by_staff(arrival: Arrival, draft: Draft) -> Draft | Drop:
    rules, forwarded = draft.rules, arrival.headers.get("x-forwarded-for")
    draft.client = client_address(arrival.client, forwarded, rules.trusted_proxies, rules.familiar)
    if rules.staff_networks and within(draft.client, rules.staff_networks):
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
            salt,
            site=site.name,
            ip=draft.client,
            user_agent=headers.get("user-agent", ""),
            language=headers.get("accept-language", ""),
            bucket=beacon.b,
        )
    draft.partition = partition_of(draft.visitor, draft.rules.partitions)
    return draft


def within_the_rate(arrival: Arrival, draft: Draft) -> Draft | Drop:
    if draft.run is not None or arrival.trusted:
        return draft  # a load test makes many visitors of one address, and so may a server
    wait_s = draft.rules.limit.wait_s(draft.visitor, arrival.time_ms)
    return Drop(Reason.RATE_LIMITED, wait_s=wait_s) if wait_s else draft


def scrubbed(arrival: Arrival, draft: Draft) -> Draft | Drop:
    """The events, with every text scrubbed: nothing else of the arrival goes further."""
    beacon, time_ms = draft.beacon, arrival.time_ms
    clean = Scrubber(draft.rules.familiar, draft.rules.cases)
    draft.shared = packing.shared(
        draft.visitor,
        beacon.p,
        draft.page.place or _place(draft, clean),
        beacon.o or "",
        _referrer(beacon.r, draft, clean) if beacon.r else "",
        stream.context(
            beacon.l,
            beacon.w,
            beacon.b,
            draft.rules.words.short(_exposures(beacon.x, beacon.f)) if beacon.x else "",
            stream.marks(consented=beacon.c is not None, run=draft.run) if beacon.c or draft.run else "",
        ),
    )
    each = draft.each = []
    for event in beacon.e:
        detail = clean.title(event.t) or "" if isinstance(event, wire.View) else _detail(event, clean)
        each.append(packing.own(time_ms - event.d, stream.index(event.i, _KIND_OF[type(event)]), detail))
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
    within_the_rate,
    scrubbed,
)


def run_proof(token: str, run: str) -> str:
    """What follows the dot in a load test's `run`: 16 hex digits that only the token's holder can make."""
    return hmac.digest(token.encode(), run.encode(), "sha256").hex()[:16]


@lru_cache(maxsize=256)
def site_of_origin(origin: str, sites: Sites) -> Site | None:
    """The site of which an `Origin` header names a host."""
    page = address.split(origin)
    return None if page is None else sites.by_host(page.host)


def client_address(
    client: str, forwarded: str | None, trusted: tuple[Network, ...], familiar: Familiar | None = None
) -> str:
    """Address of the visitor: the nearest hop that isn't one of our proxies.

    `forwarded` is what `X-Forwarded-For` says; each proxy adds the hop before it at the end, and whatever a
    stranger wrote in front of that is not believed.

    >>> from ipaddress import ip_network
    >>> client_address("10.0.0.1", "6.6.6.6, 192.0.2.7", (ip_network("10.0.0.0/8"),))
    '192.0.2.7'
    """
    if forwarded is None or not trusted:
        return client
    proxies: Collection[str] = () if familiar is None else familiar.proxies
    hops = forwarded.split(",") if "," in forwarded else (forwarded,)
    for hop in reversed(hops):
        if client not in proxies:
            if not within(client, trusted):
                break
            if familiar is not None:
                familiar.remember_proxy(client)
        client = address_of(hop)
    return client


@lru_cache(maxsize=256)
def _kept(site: Site) -> frozenset[str]:
    return frozenset((*site.search_parameters, *site.campaign_parameters))


_zone = lru_cache(maxsize=256)(ZoneInfo)


def _place(draft: Draft, clean: Scrubber) -> str:
    page, site, beacon = draft.page.address, draft.site, draft.beacon
    path = clean.path(page.path)
    name = draft.rules.words.short(site.name)
    place = stream.place(name, path, clean.parameters(page.query, _kept(site)) if page.query else "")
    if not clean.redacted:
        draft.page.place = place
        draft.rules.familiar.remember_page(beacon.u, draft.page)
    return place


def _referrer(raw: str, draft: Draft, clean: Scrubber) -> str:
    referrer = clean.short_referrer(raw)
    # Just a host is what search engines say; pages are too many to have words.
    return referrer if "/" in referrer else draft.rules.words.short(referrer)


def _exposures(shown: Mapping[str, str], first: Collection[str] | None) -> str:
    """What was shown, by name, with a mark where the browser met it for the first time."""
    if len(shown) == 1 and not first:  # nearly always
        ((name, variant),) = shown.items()
        return f"{name}={variant}"
    met = first or ()
    return ",".join([f"{name}={shown[name]}{'!' if name in met else ''}" for name in sorted(shown)])


_KIND_OF: Mapping[type, Kind] = {kind: Kind(tag) for tag, kind in wire.KINDS.items()}
_TEXTS = {"q": Scrubber.text, "f": Scrubber.text, "g": Scrubber.text, "to": Scrubber.target}


def _detail(event: Any, clean: Scrubber) -> str:
    """A kind's own wire fields: texts scrubbed, the rest as validated."""
    said = {}
    for name in DETAILS[_KIND_OF[type(event)]]:
        value, text = getattr(event, name), _TEXTS.get(name)
        said[name] = value if text is None else text(clean, value)
    return stream.detail(said)

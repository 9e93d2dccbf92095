# SPDX-License-Identifier: EUPL-1.2
"""Each step of admission keeps an arrival or drops it for its one reason."""

from __future__ import annotations

import dataclasses
from ipaddress import ip_network
from typing import Any

import hiredis
import pytest

from tests.tracker.beacons import NOON, SITES, arrival, beacon, event
from tracker import packing
from tracker.admission import STEPS, Draft, Rules, SaltMissingError, admit, client_address, run_proof
from tracker.arrival import Arrival, Drop, Reason
from tracker.event import Event, Kind
from tracker.site import Site, Sites
from tracker.stream import decode

RULES = Rules(
    sites=SITES,
    salt=lambda zone, time_ms: b"salt" * 8,
    run_token="geheim",
    trusted_proxies=(ip_network("10.0.0.0/8"),),
    staff_networks=(ip_network("198.51.100.0/24"),),
)


def admitted(given: Arrival) -> Draft:
    outcome = admit(given, RULES)
    assert isinstance(outcome, Draft), outcome
    return outcome


def events_of(draft: Draft) -> list[Event]:
    """The events as who reads the stream sees them."""
    reader = hiredis.Reader()
    reader.feed(packing.commands(packing.head("stream"), draft.shared, draft.each))
    found = []
    while (command := reader.gets()) is not False:
        xadd, stream, entry_id, *rest = command
        assert (xadd, stream, entry_id) == (b"XADD", b"stream", b"*")
        found.append(decode(b"1-0", dict(zip(rest[::2], rest[1::2], strict=True))))
    return found


def first(**changes: Any) -> Event:
    return events_of(admitted(arrival(beacon(**changes))))[0]


@pytest.mark.parametrize(
    ("reason", "given"),
    [
        pytest.param(Reason.TOO_LARGE, arrival(b" " * 60_001), id="60 kB and a byte"),
        pytest.param(Reason.MALFORMED, arrival(b"{}"), id="malformed"),
        pytest.param(Reason.OPT_OUT, arrival(sec_gpc="1"), id="Global Privacy Control"),
        pytest.param(Reason.OPT_OUT, arrival(dnt="1"), id="Do Not Track"),
        pytest.param(Reason.BOT, arrival(user_agent="Googlebot/2.1"), id="a crawler"),
        pytest.param(Reason.BOT, arrival(user_agent=""), id="nobody"),
        pytest.param(
            Reason.UNKNOWN_SITE, arrival(beacon(u="https://www.elders.nl/afval")), id="a page elsewhere"
        ),
        pytest.param(Reason.UNKNOWN_SITE, arrival(origin="https://elders.nl"), id="sent by a page elsewhere"),
        pytest.param(Reason.UNKNOWN_SITE, arrival(origin="null"), id="sent by a page of no site"),
        pytest.param(Reason.STAFF, arrival(client="198.51.100.9"), id="own staff"),
        pytest.param(
            Reason.STAFF, arrival(client="10.0.0.1", x_forwarded_for="198.51.100.9"), id="staff by our proxy"
        ),
        pytest.param(
            Reason.STALE, arrival(beacon(e=[{"i": 0, "k": "view", "d": 3_600_001}])), id="over an hour old"
        ),
        pytest.param(
            Reason.RUN_TOKEN, arrival(beacon(run="storm.0123456789abcdef")), id="a run without its token"
        ),
    ],
)
def test_drops(reason: Reason, given: Arrival) -> None:
    outcome = admit(given, RULES)
    assert isinstance(outcome, Drop)
    assert outcome.reason is reason


def test_a_page_of_one_site_does_not_speak_for_another() -> None:
    other = Site("elders", frozenset({"www.elders.nl", "elders.nl"}))
    rules = dataclasses.replace(RULES, sites=Sites([*SITES, other]))

    def reason(origin: str) -> Reason | None:
        outcome = admit(arrival(beacon(u="https://www.elders.nl/afval"), origin=origin), rules)
        return outcome.reason if isinstance(outcome, Drop) else None

    assert reason("https://www.voorbeeldstad.nl") is Reason.UNKNOWN_SITE
    assert reason("https://www.elders.nl") is None
    assert reason("https://elders.nl") is None  # another host of the same site


def test_no_load_test_is_admitted_where_no_token_is_set() -> None:
    given = arrival(beacon(run=f"storm.{run_proof('geheim', 'storm')}"))
    outcome = admit(given, dataclasses.replace(RULES, run_token=None))
    assert isinstance(outcome, Drop)
    assert outcome.reason is Reason.RUN_TOKEN


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(arrival(b" " * 59_999 + b"x"), id="just not too large"),
        pytest.param(arrival(b"{}", sec_gpc="1"), id="opted out too"),
    ],
)
def test_a_malformed_beacon_is_malformed_first(given: Arrival) -> None:
    outcome = admit(given, RULES)
    assert isinstance(outcome, Drop)
    assert outcome.reason is Reason.MALFORMED


def test_every_step_leaves_a_good_arrival_alone() -> None:
    draft = Draft(RULES)
    for step in STEPS:
        assert step(arrival(), draft) is draft


def test_makes_the_events_of_the_example() -> None:
    view, search = events_of(admitted(arrival()))
    assert (view.site, view.kind, view.path, view.parameters) == ("voorbeeldstad", Kind.VIEW, "/afval", "q=x")
    assert (view.page_view, view.index, view.origin) == ("k3j9x0q2m5Tz", 0, "Qm81xPz0aB2c")
    assert (view.bucket, view.exposures, view.first) == (417, "zwerfvuil=redesign", "zwerfvuil")
    assert (view.referrer, view.language, view.viewport) == ("https://www.google.com/", "nl", "s")
    assert (view.title, view.time, view.run, view.consented) == ("Afval", NOON, None, False)
    assert (search.query, search.results, search.answered_here, search.time) == (
        "grofvuil",
        8,
        None,
        NOON - 12,
    )
    assert search.visitor == view.visitor


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        (
            {"k": "result", "q": "vuil", "rank": 2, "to": "/afval?q=1#x"},
            {"query": "vuil", "rank": 2, "target": "/afval"},
        ),
        ({"k": "engage", "s": 3.5, "y": 40}, {"visible_s": 3.5, "depth": 40}),
        (
            {"k": "form", "f": "melding", "a": "error", "n": 2},
            {"form": "melding", "action": "error", "step": 2},
        ),
        ({"k": "goal", "g": "klaar"}, {"goal": "klaar"}),
        ({"k": "contact", "c": "tel"}, {"channel": "tel"}),
        ({"k": "feedback", "h": 0}, {"heartbeat": 0}),
        ({"k": "link", "to": "www.digid.nl/inloggen"}, {"target": "www.digid.nl/inloggen"}),
        ({"k": "file", "to": "/regels.pdf"}, {"target": "/regels.pdf"}),
        ({"k": "friction", "c": "rage"}, {"friction": "rage"}),
    ],
    ids=lambda value: value.get("k", ""),
)
def test_keeps_what_each_kind_says(fields: dict[str, Any], kept: dict[str, Any]) -> None:
    found = first(**event(**fields))
    assert {name: getattr(found, name) for name in kept} == kept


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        pytest.param({"u": "https://www.voorbeeldstad.nl"}, "path", "/", id="no path"),
        pytest.param(
            {"u": "https://www.voorbeeldstad.nl/klant/999990019"}, "path", "/klant/[bsn]", id="path"
        ),
        pytest.param(
            {"u": "https://www.voorbeeldstad.nl/caf\u00e9"}, "path", "/caf%C3%A9", id="path not encoded"
        ),
        pytest.param(
            {"u": "https://www.voorbeeldstad.nl/?q=bsn+999990019&utm_source=brief&token=geheim"},
            "parameters",
            "q=bsn+[bsn]&utm_source=brief",
            id="only search and campaign, scrubbed",
        ),
        pytest.param(
            {"r": "https://www.google.com/search?q=jan%2540example.nl&client=x"},
            "referrer",
            "https://www.google.com/search?q=[email]",
            id="words of a search engine",
        ),
        pytest.param(
            {"r": "https://elders.nl/klant/0612345678?naam=jan#x"},
            "referrer",
            "https://elders.nl/klant/[phone]",
            id="any other referrer without its query",
        ),
        pytest.param({"r": "android-app://com.google.android.gm/"}, "referrer", None, id="an app"),
        pytest.param({"r": ""}, "referrer", None, id="no referrer"),
        pytest.param(
            event(k="view", t="  Brief\n van \t 06-12345678 "), "title", "Brief van [phone]", id="title"
        ),
        pytest.param(event(k="view", t=" "), "title", None, id="blank title"),
        pytest.param(event(k="search", q="NL91ABNA0417164300"), "query", "[iban]", id="query"),
        pytest.param(event(k="form", f="jan@example.nl", a="start"), "form", "[email]", id="form name"),
        pytest.param(event(k="goal", g="1234AB 12"), "goal", "[address]", id="goal"),
        pytest.param(
            event(k="file", to="/brieven/999990019.pdf"), "target", "/brieven/[bsn].pdf", id="target"
        ),
    ],
)
def test_scrubs_every_text(changes: dict[str, Any], field: str, value: str | None) -> None:
    assert getattr(first(**changes), field) == value


def test_counts_what_it_scrubbed_by_type() -> None:
    given = arrival(
        beacon(u="https://www.voorbeeldstad.nl/999990019", **event(k="view", t="999990019 a@example.nl"))
    )
    assert sorted(admitted(given).redacted) == ["bsn", "bsn", "email"]


def test_marks_a_true_load_test() -> None:
    assert first(run=f"storm-1.{run_proof('geheim', 'storm-1')}").run == "storm-1"


def test_a_consented_visitor_is_the_same_on_any_day_and_network() -> None:
    body = beacon(c="Abcdefghijklmnop")
    found = [
        events_of(admitted(arrival(body, client=client, time_ms=time_ms)))[0]
        for client, time_ms in (("192.0.2.7", NOON), ("203.0.113.9", NOON + 10 * 86_400_000))
    ]
    assert found[0].visitor == found[1].visitor
    assert found[0].consented


def test_asks_for_a_salt_that_is_not_at_hand() -> None:
    with pytest.raises(SaltMissingError) as caught:
        admit(arrival(), dataclasses.replace(RULES, salt=lambda zone, time_ms: None))
    assert (str(caught.value.zone), caught.value.time_ms) == ("Europe/Amsterdam", NOON)


@pytest.mark.parametrize(
    ("client", "forwarded", "believed"),
    [
        pytest.param("203.0.113.9", "192.0.2.7", "203.0.113.9", id="a stranger's header"),
        pytest.param("10.0.0.1", "192.0.2.7", "192.0.2.7", id="our proxy's"),
        pytest.param("10.0.0.1", "6.6.6.6, 192.0.2.7", "192.0.2.7", id="what the stranger put in front"),
        pytest.param("10.0.0.1", "192.0.2.7, 10.0.0.2", "192.0.2.7", id="two proxies of ours"),
        pytest.param("::ffff:10.0.0.1", "192.0.2.7", "192.0.2.7", id="our proxy, on a socket for both"),
        pytest.param("10.0.0.1", None, "10.0.0.1", id="no header"),
        pytest.param("10.0.0.1", "onzin", "onzin", id="no address"),
    ],
)
def test_believes_only_our_proxies(client: str, forwarded: str | None, believed: str) -> None:
    assert client_address(client, forwarded, RULES.trusted_proxies) == believed

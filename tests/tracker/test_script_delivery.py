# SPDX-License-Identifier: EUPL-1.2
"""How k.js delivers: nothing lost when a page closes, nothing twice, patience with a collector in trouble."""

from __future__ import annotations

import base64
import hashlib
import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.tracker.script_site import SCRIPTS, ScriptSite, beat_until_heard, stop_the_clock

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = pytest.mark.browser

BLOCKED = """for (const name of ['sessionStorage', 'localStorage'])
  Object.defineProperty(window, name, {get() { throw new DOMException('denied', 'SecurityError'); }});"""
CLICK = '<a role="button" data-kr-contact="counter">balie</a>'


def kept(tab: Page, beacons: int) -> None:
    """Wait until so many beacons lie in the tab's memory."""
    script = """wanted => new Promise(done => {
      const look = () => JSON.parse(sessionStorage.kr).q.length == wanted ? done() : next.postMessage(0);
      const {port1, port2: next} = new MessageChannel();
      port1.onmessage = look;
      look(); })"""
    tab.evaluate(script, beacons)


def nothing_more(site: ScriptSite, tab: Page) -> None:
    """Nothing was sent up to now."""
    tab.evaluate("fetch('/e', {method: 'POST', body: 'mark'})")
    assert site.heard.get(timeout=15).body == b"mark"


def test_a_collector_at_another_address_is_understood_without_leave_for_cookies(
    site: ScriptSite, tab: Page
) -> None:
    """What it says of waiting can be read, since k.js sends no cookies along."""
    here, there = site.address, site.address.replace("127.0.0.1", "localhost")
    site.readers.add(here)
    site.answers.append((503, "60"))
    stop_the_clock(tab)
    tab.goto(site.page("/", "<p>", script=f'data-to="{there}/e"'))
    heard = site.heard.get(timeout=15)
    assert (heard.headers["origin"], heard.headers.get("cookie")) == (here, None)
    kept(tab, 1)
    tab.clock.run_for(30_000)
    assert site.heard.empty()
    tab.clock.run_for(35_000)
    assert identities(site.next()) == identities(heard.beacon)


def identities(beacon: dict[str, Any]) -> list[tuple[str, int, str]]:
    return [(beacon["p"], event["i"], event["k"]) for event in beacon["e"]]


@pytest.mark.parametrize("status", [429, 503])
def test_a_collector_that_says_later_gets_the_same_beacon_no_sooner(
    site: ScriptSite, tab: Page, status: int
) -> None:
    site.answers.append((status, "60"))
    stop_the_clock(tab)
    tab.goto(site.page("/", "<p>"))
    first = site.next()
    kept(tab, 1)
    tab.clock.run_for(30_000)
    nothing_more(site, tab)
    tab.clock.run_for(35_000)
    again = site.next()
    assert identities(again) == identities(first)
    assert again["e"][0]["d"] - first["e"][0]["d"] >= 60_000
    kept(tab, 0)


@pytest.mark.parametrize("trouble", [None, (503, None), (503, "Wed, 21 Oct 2026 07:28:00 GMT")])
def test_without_a_hint_it_waits_longer_each_time(
    site: ScriptSite, tab: Page, trouble: tuple[int, str | None] | None
) -> None:
    site.answers += [trouble] * 4
    stop_the_clock(tab)
    tab.goto(site.page("/", "<p>"))
    ages = [site.next()["e"][0]["d"]]
    for _ in range(4):
        kept(tab, 1)
        ages.append(beat_until_heard(site, tab)["e"][0]["d"])
    # It waits as long as the beacon is old, and a second more.
    assert [later - sooner >= sooner + 1_000 for sooner, later in pairwise(ages)] == [True] * 4


@pytest.mark.parametrize("status", [400, 404, 413, 500])
def test_what_was_refused_for_good_is_not_sent_again(site: ScriptSite, tab: Page, status: int) -> None:
    site.answers.append((status, None))
    tab.clock.install()
    with tab.expect_response("**/e"):
        tab.goto(site.page("/", "<p>"))
    site.next()
    tab.clock.run_for(60_000)
    nothing_more(site, tab)


def test_the_next_page_of_the_tab_sends_what_the_last_could_not(site: ScriptSite, tab: Page) -> None:
    site.answers.append((503, "60"))
    stop_the_clock(tab)
    tab.goto(site.page("/a", CLICK))
    first = site.next()
    kept(tab, 1)
    tab.click("a")
    tab.goto(site.page("/b", "<p>"))
    nothing_more(site, tab)  # the minute that the collector asked for holds for this page as well
    tab.clock.run_for(61_000)
    told = [site.next() for _ in range(3)]
    before = [event for beacon in told if beacon["p"] == first["p"] for event in identities(beacon)]
    assert sorted(kind for _, _, kind in before) == ["contact", "engage", "view"]
    assert sorted(index for _, index, _ in before) == [0, 1, 2]
    assert {beacon["u"] for beacon in told} == {f"{site.address}/a", f"{site.address}/b"}


def test_what_waits_is_limited_and_given_up_after_an_hour(site: ScriptSite, tab: Page) -> None:
    site.answers.append((503, "3000"))
    tab.clock.install()
    tab.goto(site.page("/", CLICK))
    site.next()
    kept(tab, 1)
    tab.evaluate("for (let n = 0; n < 1000; n++) document.querySelector('a').click()")
    tab.clock.run_for(1_000)
    stored = tab.evaluate("sessionStorage.kr")
    assert len(json.loads(stored)["q"]) == 20
    assert len(stored) < 50_000
    site.answers.extend([(503, "3000")] * 20)
    tab.clock.fast_forward(4_000_000)
    nothing_more(site, tab)


def test_who_refused_before_the_first_view_is_not_measured(site: ScriptSite, tab: Page) -> None:
    """As docs/script.md says: a script before k.js."""
    tab.add_init_script("localStorage.kr_c ||= '-'")
    tab.goto(site.page("/", CLICK))
    tab.click("a")
    nothing_more(site, tab)
    tab.evaluate("klantreis.consent(true)")
    tab.goto(site.page("/elders", "<p>"))
    assert len(site.next_view()["c"]) == 22


def test_consent_withdrawn_takes_back_what_was_not_sent_yet(site: ScriptSite, tab: Page) -> None:
    site.answers.append((503, "5"))
    stop_the_clock(tab)
    tab.goto(site.page("/", CLICK))
    site.next()
    kept(tab, 1)
    tab.click("a")
    tab.evaluate("klantreis.consent(false)")
    tab.clock.run_for(60_000)
    assert tab.evaluate("sessionStorage.kr") is None
    nothing_more(site, tab)


@pytest.mark.parametrize("politely", [True, False], ids=["closed", "killed"])
def test_a_page_closed_half_a_second_after_it_opened_has_been_read_for_that_long(
    site: ScriptSite, tab: Page, context: BrowserContext, politely: bool
) -> None:
    context.new_page()  # so that closing the tab does not end the browser's context
    stop_the_clock(tab)
    tab.goto(site.page("/", "<p>"))
    tab.clock.run_for(500)
    tab.close(run_before_unload=politely)
    engage, events = site.until("engage")
    assert 0.5 <= engage["s"] < 5
    if len(events) == 1:  # the two beacons of a page that goes may overtake each other
        events += site.until("view")[1]
    assert sorted(event["k"] for event in events) == ["engage", "view"]


def test_hiding_the_tab_sends_at_once(site: ScriptSite, tab: Page) -> None:
    stop_the_clock(tab)
    tab.goto(site.page("/", CLICK))
    site.next()
    tab.click("a")
    nothing_more(site, tab)  # it gathers for a second
    tab.evaluate(
        """Object.defineProperty(document, 'hidden', {get: () => true});
        document.dispatchEvent(new Event('visibilitychange', {bubbles: true}))"""
    )
    assert [event["k"] for event in site.next()["e"]] == ["contact", "engage"]


def test_without_storage_a_failed_beacon_is_still_sent_again(
    site: ScriptSite, tab: Page, context: BrowserContext
) -> None:
    context.add_init_script(BLOCKED)
    site.answers.append(None)
    stop_the_clock(tab)
    tab.goto(site.page("/", "<p>"))
    first = site.next()
    assert identities(beat_until_heard(site, tab)) == identities(first)


def test_where_beacons_are_blocked_the_page_works_and_memory_stays_small(
    site: ScriptSite, tab: Page, context: BrowserContext
) -> None:
    context.route("**/e", lambda route: route.abort("blockedbyclient"))
    tab.clock.install()
    tab.goto(site.page("/", CLICK))
    kept(tab, 1)
    tab.click("a")
    tab.clock.run_for(120_000)
    assert tab.evaluate("JSON.parse(sessionStorage.kr).q.length") <= 20
    assert site.heard.empty()  # and `context` saw no mistake on the page


def test_a_page_may_tell_things_of_its_own(site: ScriptSite, tab: Page) -> None:
    tab.goto(site.page("/", "<p>"))
    tab.evaluate("klantreis.tell('goal', {g: 'gelezen'}); klantreis.tell('goal', {get g() { throw 1 }})")
    tab.goto("about:blank")
    assert site.until("goal")[0]["g"] == "gelezen"


def integrity(text: bytes) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(text).digest()).decode()


@pytest.mark.parametrize("tampered", [False, True])
def test_with_subresource_integrity_only_the_true_script_runs(
    site: ScriptSite, tab: Page, tampered: bool
) -> None:
    true = (SCRIPTS / "k.js").read_bytes()
    if tampered:
        site.scripts["/k.js"] = true + b"//"
    tab.goto(site.page("/", "<p>", script=f'integrity="{integrity(true)}"'))
    assert tab.evaluate("'klantreis' in self") is not tampered
    if tampered:
        nothing_more(site, tab)
    else:
        assert site.next()["e"][0]["k"] == "view"

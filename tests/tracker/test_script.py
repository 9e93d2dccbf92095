# SPDX-License-Identifier: EUPL-1.2
"""k.js in a real Chromium: one test for each thing that it tells, and for each that it must not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.tracker.script_site import ScriptSite, stop_the_clock

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = pytest.mark.browser

GPC = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"
DNT = "Object.defineProperty(Navigator.prototype, 'doNotTrack', {get: () => '1'})"
BLOCKED = """for (const name of ['sessionStorage', 'localStorage'])
  Object.defineProperty(window, name, {get() { throw new DOMException('denied', 'SecurityError'); }});"""
NOTHING_WORKS = """const no = () => { throw new Error('no'); };
  window.fetch = history.pushState = window.getSelection = Math.random = no;"""


def kinds(beacon: dict[str, Any]) -> list[str]:
    return [event["k"] for event in beacon["e"]]


def leave(tab: Page) -> None:
    """Go where there is no script, so that the page is hidden and says its last."""
    tab.goto("about:blank")


def test_a_view_says_what_was_seen_and_how(site: ScriptSite, tab: Page) -> None:
    stop_the_clock(tab)
    tab.goto(site.page("/afval", "<p>tekst", title="Afval en grofvuil") + "?kr_code=x#deel")
    heard = site.heard.get(timeout=15)
    beacon = heard.beacon
    assert heard.headers["content-type"] == "text/plain;charset=UTF-8"
    assert re.fullmatch(r"[A-Za-z0-9_-]{12}", beacon.pop("p"))
    (view,) = beacon.pop("e")
    assert 0 <= view.pop("d") < 1000
    assert view == {"i": 0, "k": "view", "t": "Afval en grofvuil"}
    assert beacon == {"v": 1, "u": f"{site.address}/afval?kr_code=x", "r": "", "l": "nl", "w": "s"}


def test_the_next_page_names_the_one_before_and_another_tab_does_not(
    site: ScriptSite, tab: Page, context: BrowserContext
) -> None:
    site.page("/b", "<p>tweede")
    tab.goto(site.page("/a", '<a href="/b">verder</a>'))
    first = site.next()
    tab.click("a")
    second = next(beacon for beacon in iter(site.next, None) if beacon["u"].endswith("/b"))
    assert second["o"] == first["p"] != second["p"]
    assert second["r"] == f"{site.address}/a"
    context.new_page().goto(f"{site.address}/a")
    assert "o" not in next(beacon for beacon in iter(site.next, None) if "view" in kinds(beacon))


@pytest.mark.parametrize(("width", "name"), [(639, "s"), (640, "m"), (1023, "m"), (1024, "l")])
def test_the_viewport_has_three_classes(site: ScriptSite, tab: Page, width: int, name: str) -> None:
    tab.set_viewport_size({"width": width, "height": 700})
    tab.goto(site.page("/", "<p>"))
    assert site.next()["w"] == name


def keep_bucket(context: BrowserContext, site: ScriptSite, value: str) -> None:
    """The cookie that the server set together with the page."""
    context.add_cookies([{"name": "kr_b", "value": value, "url": site.address}])


def test_experiments_travel_along_and_the_first_time_is_told_once(
    site: ScriptSite, tab: Page, context: BrowserContext
) -> None:
    keep_bucket(context, site, "417.zwerfvuil.schuldhulp")
    tag = 'data-b="417" data-x="schuldhulp=current,zwerfvuil=redesign" data-f="zwerfvuil"'
    address = site.page("/", "<p>", script=tag)
    tab.goto(address)
    beacon = site.next()
    assert beacon["b"] == 417
    assert beacon["x"] == {"schuldhulp": "current", "zwerfvuil": "redesign"}
    assert beacon["f"] == ["zwerfvuil"]
    tab.goto(address)  # as out of the browser's cache: the same page, that still says "first"
    again = next(beacon for beacon in iter(site.next, None) if "view" in kinds(beacon))
    assert "f" not in again
    assert again["x"] == beacon["x"]


@pytest.mark.parametrize("cookie", ["", "41.zwerfvuil", "4170"])
def test_a_browser_that_kept_no_bucket_takes_no_part(
    site: ScriptSite, tab: Page, context: BrowserContext, cookie: str
) -> None:
    if cookie:
        keep_bucket(context, site, cookie)
    tab.goto(site.page("/", "<p>", script='data-b="417" data-x="zwerfvuil=redesign" data-f="zwerfvuil"'))
    beacon = site.next()
    assert kinds(beacon) == ["view"]
    assert not beacon.keys() & {"b", "x", "f"}


RESULTS = """<main data-kr-query="grofvuil ophalen" data-kr-results="8">
  <a data-kr-rank="1" href="/afval/grofvuil?uit=lijst">Grofvuil</a>
  <a data-kr-rank="2" href="/x"><b>X</b></a></main>"""


def test_a_site_search_tells_words_and_number_of_results(site: ScriptSite, tab: Page) -> None:
    tab.goto(site.page("/zoeken", RESULTS))
    beacon = site.next()
    assert kinds(beacon) == ["view", "search"]
    search = beacon["e"][1]
    assert (search["i"], search["q"], search["n"]) == (1, "grofvuil ophalen", 8)
    assert "a" not in search


def test_a_search_whose_answer_stands_on_the_page_says_so(site: ScriptSite, tab: Page) -> None:
    tab.goto(site.page("/zoeken", '<div data-kr-query="telefoon" data-kr-results="0" data-kr-answer>14 0'))
    search = site.next()["e"][1]
    assert (search["n"], search["a"]) == (0, True)


def test_a_clicked_result_tells_its_rank_and_where_it_leads(site: ScriptSite, tab: Page) -> None:
    tab.goto(site.page("/zoeken", RESULTS))
    tab.click("b")  # inside the link
    leave(tab)
    result, _ = site.until("result")
    assert (result["q"], result["rank"], result["to"]) == ("grofvuil ophalen", 2, "/x")


def test_a_result_opened_in_a_new_tab_counts_too(site: ScriptSite, tab: Page) -> None:
    site.page("/afval/grofvuil", "<p>")
    tab.goto(site.page("/zoeken", RESULTS))
    tab.click("a", button="middle")
    assert site.until("result")[0]["to"] == "/afval/grofvuil"


def test_visible_seconds_and_depth_are_told_when_the_page_is_left(site: ScriptSite, tab: Page) -> None:
    stop_the_clock(tab)
    tab.goto(site.page("/", "<p>regel</p>" * 150))
    site.next()
    tab.clock.run_for(12_000)
    tab.evaluate("scrollTo(0, 1600)")
    half = tab.evaluate("100 * (1600 + innerHeight) / document.documentElement.scrollHeight")
    tab.clock.run_for(3_000)
    leave(tab)
    engage, _ = site.until("engage")
    assert 15 <= engage["s"] < 20
    assert engage["y"] == pytest.approx(half, abs=1)
    assert 20 < half < 80


def test_hidden_time_is_not_engaged_time(site: ScriptSite, tab: Page) -> None:
    def turn(state: str) -> None:
        tab.evaluate(
            """state => {
            Object.defineProperty(document, 'hidden', {configurable: true, get: () => state == 'hidden'});
            document.dispatchEvent(new Event('visibilitychange')); }""",
            state,
        )

    stop_the_clock(tab)
    tab.goto(site.page("/", "<p>"))
    tab.clock.run_for(5_000)
    turn("hidden")
    before, _ = site.until("engage")
    tab.clock.run_for(60_000)
    turn("visible")
    tab.clock.run_for(2_000)
    turn("hidden")
    after, _ = site.until("engage")
    assert 5 <= before["s"] < 7
    assert 2 <= after["s"] - before["s"] < 4


def form(step: int, *, last: bool = False, invalid: bool = False, target: str = "/vervolg") -> str:
    return f"""<form method="post" action="{target}" data-kr-form="melding" data-kr-step="{step}"
      {"data-kr-last" if last else ""}><input name="wat" required {'aria-invalid="true"' if invalid else ""}>
      <button>Verder</button></form>"""


def said(events: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(event["a"], event["n"]) for event in events if event["k"] == "form"]


def heard_until_blank(site: ScriptSite, tab: Page) -> list[tuple[str, int]]:
    """What was told of the form up to the end of the visit."""
    tab.goto(site.page("/einde", '<i data-kr-goal="einde">'))
    return said(site.until("goal", g="einde")[1])


def test_a_form_is_started_at_the_first_input_and_abandoned_when_left(site: ScriptSite, tab: Page) -> None:
    tab.goto(site.page("/", form(1)))
    tab.fill("input", "een")
    tab.fill("input", "twee")
    assert heard_until_blank(site, tab) == [("start", 1), ("abandon", 1)]


def test_a_form_that_was_only_looked_at_is_neither_started_nor_abandoned(site: ScriptSite, tab: Page) -> None:
    tab.goto(site.page("/", form(1)))
    assert heard_until_blank(site, tab) == []


def test_a_form_of_three_steps_ends_in_one_submit(site: ScriptSite, tab: Page) -> None:
    site.page("/twee", form(2, target="/drie"))
    site.page("/drie", form(3, last=True, target="/dank"))
    site.page("/dank", '<p data-kr-goal="melding_verzonden">Dank u')
    tab.goto(site.page("/een", form(1, target="/twee")))
    for path in ("/twee", "/drie", "/dank"):
        tab.fill("input", "iets")
        tab.click("button")
        tab.wait_for_url(site.address + path)
    _, events = site.until("goal", g="melding_verzonden")
    assert said(events) == [("start", 1), ("step", 2), ("step", 3), ("submit", 3)]
    tab.goto(f"{site.address}/een")  # looking at it again is no new start, leaving it no new end
    assert heard_until_blank(site, tab) == []


def test_a_step_that_is_left_is_abandoned_there(site: ScriptSite, tab: Page) -> None:
    site.page("/twee", form(2))
    tab.goto(site.page("/een", form(1, target="/twee")))
    tab.fill("input", "iets")
    tab.click("button")
    tab.wait_for_url(f"{site.address}/twee")
    assert heard_until_blank(site, tab) == [("start", 1), ("step", 2), ("abandon", 2)]


def test_an_error_that_the_site_shows_is_told(site: ScriptSite, tab: Page) -> None:
    tab.goto(site.page("/", form(2, invalid=True)))
    beacon = site.next()
    assert said(beacon["e"]) == [("step", 2), ("error", 2)]


def test_an_error_that_the_browser_shows_is_told_once_an_attempt(site: ScriptSite, tab: Page) -> None:
    two_fields = form(1).replace("<button", '<input name="waar" required><button')
    tab.goto(site.page("/", two_fields))
    tab.click("button")
    tab.click("button")
    assert heard_until_blank(site, tab) == [("error", 1), ("error", 1)]


def test_a_goal_on_the_page_is_told_with_the_view(site: ScriptSite, tab: Page) -> None:
    tab.goto(site.page("/dank", '<p data-kr-goal="melding_verzonden">Dank u'))
    beacon = site.next()
    assert kinds(beacon) == ["view", "goal"]
    assert beacon["e"][1]["g"] == "melding_verzonden"


STAY = "document.querySelector('a').addEventListener('click', event => event.preventDefault())"
CONTACTS = {
    "tel": '<a href="tel:14012">bel</a>',
    "TEL": '<a href="TEL:14012">bel</a>',
    "mail": '<a href="mailto:info@voorbeeldstad.nl">mail</a>',
    "chat": '<a href="/chat" data-kr-contact="chat">chat</a>',
    "appointment": '<a href="https://afspraak.example/" data-kr-contact="appointment">afspraak</a>',
    "counter": '<a role="button" data-kr-contact="counter">adres van de balie</a>',
}


@pytest.mark.parametrize(("channel", "body"), CONTACTS.items(), ids=CONTACTS)
def test_a_click_to_another_channel_is_a_contact(
    site: ScriptSite, tab: Page, channel: str, body: str
) -> None:
    tab.goto(site.page("/", body))
    tab.evaluate(STAY)
    tab.click("a")
    leave(tab)
    contact, events = site.until("contact")
    assert contact["c"] == channel.lower()
    assert {event["k"] for event in events} <= {"view", "contact", "engage"}


@pytest.mark.parametrize(
    ("address", "kind", "target"),
    [
        ("https://www.rijk.example/schulden/hulp?bsn=1", "link", "www.rijk.example/schulden/hulp"),
        ("/bestanden/Formulier.PDF?v=2", "file", "/bestanden/Formulier.PDF"),
        ("https://elders.example/kaart.xlsx", "file", "elders.example/kaart.xlsx"),
    ],
)
def test_links_to_elsewhere_and_files_are_told_without_their_query(
    site: ScriptSite, tab: Page, address: str, kind: str, target: str
) -> None:
    tab.goto(site.page("/", f'<a href="{address}">daar</a>'))
    tab.evaluate(STAY)
    tab.click("a")
    leave(tab)
    assert site.until(kind)[0]["to"] == target


def test_a_link_within_the_site_is_told_by_its_view_only(site: ScriptSite, tab: Page) -> None:
    site.page("/b", '<i data-kr-goal="b">')
    tab.goto(site.page("/a", '<a href="/b">verder</a>'))
    tab.click("a")
    _, events = site.until("goal")
    assert {event["k"] for event in events} == {"view", "engage", "goal"}


def test_a_page_that_is_closed_right_after_opening_has_been_viewed(
    site: ScriptSite, tab: Page, context: BrowserContext
) -> None:
    context.new_page()  # so that closing the tab does not end the browser's context
    tab.goto(site.page("/", "<p>"), wait_until="domcontentloaded")
    tab.close()
    site.until("view")  # beside it comes, perhaps sooner, how long the page was seen


def test_what_was_done_just_before_closing_is_told(
    site: ScriptSite, tab: Page, context: BrowserContext
) -> None:
    context.new_page()
    tab.goto(site.page("/", CONTACTS["counter"]))
    tab.click("a")
    tab.close(run_before_unload=True)
    site.until("contact")


@pytest.mark.parametrize("signal", [GPC, DNT], ids=["gpc", "dnt"])
def test_who_opts_out_is_not_measured_and_nothing_is_kept(
    site: ScriptSite, tab: Page, context: BrowserContext, signal: str
) -> None:
    context.add_init_script(signal)
    body = RESULTS + form(1) + '<i data-kr-goal="g">'
    tab.goto(site.page("/", body, script='data-b="1" data-x="a=b" data-f="a"'))
    tab.fill("input", "iets")
    tab.evaluate("klantreis.consent(true)")
    tab.click("a")
    tab.goto(f"{site.address}/")
    assert tab.evaluate("sessionStorage.length + localStorage.length + document.cookie.length") == 0
    tab.evaluate("fetch('/e', {method: 'POST', body: 'the first thing heard'})")
    assert site.heard.get(timeout=15).body == b"the first thing heard"


def test_without_storage_it_works_for_the_page(site: ScriptSite, tab: Page, context: BrowserContext) -> None:
    keep_bucket(context, site, "1.a")
    context.add_init_script(BLOCKED)
    tab.goto(site.page("/", form(1), script='data-b="1" data-x="a=b" data-f="a"'))
    beacon = site.next()
    assert (kinds(beacon), beacon["f"]) == (["view"], ["a"])
    tab.fill("input", "iets")
    tab.evaluate("klantreis.consent(true)")
    leave(tab)
    _, events = site.until("form", a="abandon")
    assert said(events) == [("start", 1), ("abandon", 1)]


def test_when_nothing_works_the_page_does(site: ScriptSite, tab: Page, context: BrowserContext) -> None:
    context.add_init_script(NOTHING_WORKS)
    site.page("/vervolg", "<p>gelukt")
    tab.goto(site.page("/", form(1, last=True)))
    tab.fill("input", "iets")
    tab.click("button >> nth=0")
    tab.wait_for_url(f"{site.address}/vervolg")  # and `context` saw no mistake on the page


def test_the_script_twice_on_a_page_tells_things_once(site: ScriptSite, tab: Page) -> None:
    tab.goto(site.page("/", '<script src="/k.js" defer></script><p>'))
    site.next()
    tab.goto(site.page("/einde", '<i data-kr-goal="einde">'))
    _, events = site.until("goal")
    assert sorted(event["k"] for event in events if event["k"] != "engage") == ["goal", "view"]


def test_consent_begins_an_id_that_lasts_and_its_refusal_ends_everything(site: ScriptSite, tab: Page) -> None:
    address = site.page("/", CONTACTS["counter"])
    tab.goto(address)
    assert "c" not in site.next()
    tab.evaluate("klantreis.consent(true)")
    tab.goto(address)
    # How long the first page was seen comes too, perhaps after the second one's view.
    [with_id] = [beacon for beacon in (site.next(), site.next()) if "view" in kinds(beacon)]
    assert re.fullmatch(r"[\w-]{22}", with_id["c"])
    tab.evaluate("klantreis.consent(false)")
    tab.click("a")
    tab.goto(address)
    tab.evaluate("fetch('/e', {method: 'POST', body: 'the first thing heard'})")
    assert site.heard.get(timeout=15).body == b"the first thing heard"
    tab.evaluate("klantreis.consent(true)")
    again = site.next()
    assert kinds(again) == ["view"]
    assert again["c"] != with_id["c"]


def test_long_and_odd_texts_stay_within_the_format(site: ScriptSite, tab: Page) -> None:
    odd = f'<i data-kr-goal=""></i><i data-kr-query="{"😀" * 3000}" data-kr-results="veel"></i>'
    tab.goto(site.page("/", odd, title="😀" * 3000, lang="x-onbekend!") + "?q=" + "a" * 5000)
    beacon = site.next()  # the decoder of the collector took it
    assert kinds(beacon) == ["view", "search"]
    assert beacon["e"][0]["t"] == beacon["e"][1]["q"] == "😀" * 450
    assert "l" not in beacon


def test_many_actions_go_in_beacons_of_a_size_that_is_taken(site: ScriptSite, tab: Page) -> None:
    tab.goto(site.page("/", CONTACTS["counter"]))
    tab.evaluate("for (let n = 0; n < 250; n++) document.querySelector('a').click()")
    told: list[int] = []
    while len(told) < 252:  # they travel side by side, in any order; and so many clicks are rage
        told += [event["i"] for event in site.next()["e"]]
    assert sorted(told) == list(range(252))

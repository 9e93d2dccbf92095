# SPDX-License-Identifier: EUPL-1.2
"""k.js where a page is no document of its own: apps, tabs, the browser's memory; and clicks in vain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.chromium import LAUNCH_ARGUMENTS, system_chromium
from tests.tracker.script_site import ScriptSite, stop_the_clock

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.browser

HIDDEN = "Object.defineProperty(document, 'hidden', {configurable: true, get: () => true})"
SHOWN = "delete document.hidden; document.dispatchEvent(new Event('visibilitychange', {bubbles: true}))"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A Chromium that keeps pages in its memory, which Playwright turns off unless told otherwise."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=system_chromium(),
            args=list(LAUNCH_ARGUMENTS),
            ignore_default_args=["--disable-back-forward-cache"],
        )
        yield browser
        browser.close()


def path_of(beacon: dict[str, Any], site: ScriptSite) -> str:
    return str(beacon["u"]).removeprefix(site.address)


@pytest.mark.parametrize(
    ("act", "path"),
    [
        ("history.pushState(null, '', '/loket/stap-2')", "/loket/stap-2"),
        ("history.replaceState(null, '', '/loket/nieuw')", "/loket/nieuw"),
        ("location.hash = '#/stap-2'", "/loket/stap-2"),
    ],
    ids=["pushState", "replaceState", "hash"],
)
def test_an_app_that_shows_another_page_is_viewed_anew(
    site: ScriptSite, tab: Page, act: str, path: str
) -> None:
    stop_the_clock(tab)
    tab.goto(site.page("/loket", "<p>"), referer="https://www.google.com/")
    first = site.next_view()
    tab.evaluate(f"{act}; document.title = 'Stap 2'")
    tab.clock.run_for(400)
    second = site.next_view()
    assert path_of(second, site) == path
    assert second["p"] != first["p"] == second["o"]
    assert (first["r"], second["r"]) == ("https://www.google.com/", first["u"])
    assert second["e"][0] | {"d": 0} == {"i": 0, "k": "view", "d": 0, "t": "Stap 2"}


def test_the_back_button_of_an_app_is_a_view_too(site: ScriptSite, tab: Page) -> None:
    stop_the_clock(tab)
    tab.goto(site.page("/loket", "<p>"))
    viewed = [site.next_view()]
    tab.evaluate("history.pushState(null, '', '/stap-2')")
    tab.clock.run_for(400)
    viewed.append(site.next_view())
    tab.evaluate("new Promise(done => { addEventListener('popstate', done); history.back(); })")
    tab.clock.run_for(400)
    viewed.append(site.next_view())
    assert [path_of(beacon, site) for beacon in viewed] == ["/loket", "/stap-2", "/loket"]


def test_what_changes_in_an_address_while_somebody_types_is_one_view(site: ScriptSite, tab: Page) -> None:
    stop_the_clock(tab)
    tab.goto(site.page("/zoeken", "<p>"))
    site.next_view()
    for typed in ("gro", "grof", "grofvuil"):
        tab.evaluate(f"history.replaceState(null, '', '?q={typed}')")
        tab.clock.run_for(100)
    tab.clock.run_for(300)
    second = site.next_view()
    assert path_of(second, site) == "/zoeken?q=grofvuil"
    assert [(event["k"], event.get("q")) for event in second["e"]] == [("view", None), ("search", "grofvuil")]


def test_a_place_on_the_same_page_is_no_view(site: ScriptSite, tab: Page) -> None:
    stop_the_clock(tab)
    tab.goto(site.page("/", '<a href="#inhoud">naar de inhoud</a><p id="inhoud">'))
    tab.click("a")
    tab.evaluate("history.replaceState({plaats: 1}, '')")
    tab.clock.run_for(400)
    tab.goto("about:blank")
    _, events = site.until("engage")
    if len(events) == 1:  # the two beacons of a page that goes may overtake each other
        events += site.until("view")[1]
    assert sorted(event["k"] for event in events) == ["engage", "view"]


def test_a_form_in_an_app_is_abandoned_when_its_page_goes(site: ScriptSite, tab: Page) -> None:
    stop_the_clock(tab)
    tab.goto(site.page("/", '<form data-kr-form="melding"><input></form>'))
    tab.fill("input", "iets")
    tab.evaluate("document.forms[0].remove(); history.pushState(null, '', '/anders')")
    tab.clock.run_for(400)
    abandoned, _ = site.until("form", a="abandon")
    assert (abandoned["f"], abandoned["n"]) == ("melding", 1)


def test_a_return_out_of_the_browsers_memory_is_a_new_view(
    site: ScriptSite, tab: Page, context: BrowserContext
) -> None:
    context.add_cookies([{"name": "kr_b", "value": "1.a", "url": site.address}])
    site.page("/b", "<p>")
    tab.goto(site.page("/a", '<a href="/b">b</a>', script='data-b="1" data-x="a=b" data-f="a"'))
    tab.evaluate("self.kept = true")
    first = site.next_view()
    tab.click("a")
    second = site.next_view()
    tab.go_back(wait_until="commit")
    third = site.next_view()
    assert tab.evaluate("self.kept") is True  # the very same document, which ran no script again
    assert [path_of(beacon, site) for beacon in (first, second, third)] == ["/a", "/b", "/a"]
    assert third["p"] != first["p"]
    assert (second["o"], third["o"]) == (first["p"], second["p"])
    assert first["f"] == ["a"]
    assert "f" not in third


def test_a_refusal_on_the_next_page_holds_on_the_page_before(site: ScriptSite, tab: Page) -> None:
    site.page("/b", "<p>")
    tab.goto(site.page("/a", '<a href="/b">b</a>'))
    tab.click("a")
    site.next_view()
    site.next_view()
    tab.evaluate("klantreis.consent(false)")
    tab.go_back(wait_until="commit")
    tab.evaluate("fetch('/e', {method: 'POST', body: 'the end'})")
    bodies = [site.heard.get(timeout=15).body]
    while bodies[-1] != b"the end":
        bodies.append(site.heard.get(timeout=15).body)
    assert not [body for body in bodies if b'"view"' in body]


@pytest.mark.parametrize(("mark", "keys"), [("", ["Control"]), ("target=_blank", [])], ids=["ctrl", "_blank"])
def test_a_link_in_a_new_tab_is_reached_from_the_page_that_opened_it(
    site: ScriptSite, context: BrowserContext, mark: str, keys: list[Any]
) -> None:
    site.page("/doel", "<p>")
    elsewhere = context.new_page()
    elsewhere.goto(site.page("/anders", "<p>"))
    site.next_view()
    tab = context.new_page()
    tab.goto(site.page("/", f'<a {mark} href="/doel">doel</a>'))
    first = site.next_view()
    with context.expect_page():
        tab.click("a", modifiers=keys)
    opened = site.next_view()
    assert (path_of(opened, site), opened["o"]) == ("/doel", first["p"])
    tab.goto(f"{site.address}/doel")
    assert site.next_view()["o"] == first["p"]  # two branches of one page, not one line


def test_a_tab_behind_another_is_viewed_once_it_is_in_front(
    site: ScriptSite, tab: Page, context: BrowserContext
) -> None:
    context.add_init_script(HIDDEN)
    tab.goto(site.page("/", "<p>"))
    tab.evaluate("fetch('/e', {method: 'POST', body: 'the first thing heard'})")
    assert site.heard.get(timeout=15).body == b"the first thing heard"
    tab.evaluate(SHOWN)
    assert path_of(site.next_view(), site) == "/"


@pytest.mark.parametrize(
    ("query", "script", "words"),
    [
        ("?q=grof+vuil", "", "grof vuil"),
        ("?zoekterm=afval&q=", "", "afval"),
        ("?trefwoord=afval", 'data-q="trefwoord"', "afval"),
    ],
)
def test_a_search_is_taken_from_the_address_and_its_results_from_the_page(
    site: ScriptSite, tab: Page, query: str, script: str, words: str
) -> None:
    body = '<p data-kr-results="0">Niets gevonden</p><a data-kr-rank="1" href="/x">X</a>'
    tab.goto(site.page("/zoeken", body, script=script) + query)
    search = site.next_view()["e"][1]
    assert (search["k"], search["q"], search["n"]) == ("search", words, 0)
    tab.click("a")
    assert site.until("result")[0]["q"] == words


def test_a_page_without_search_words_is_no_search(site: ScriptSite, tab: Page) -> None:
    tab.goto(site.page("/zoeken", "<p>") + "?q=&page=2")
    assert [event["k"] for event in site.next_view()["e"]] == ["view"]


SLEEPY = "document.querySelector('[onwards]').addEventListener('click', () => document.body.append('gedaan'))"
FRICTION = {
    "a button that does nothing": ("<button onwards>x</button>", "", 1, "dead"),
    "a link to nowhere": ('<a onwards href="#">x</a>', "", 1, "dead"),
    "something that says it is a button": ("<i onwards role=button>x</i>", "", 1, "dead"),
    "a button that does something": ("<button onwards>x</button>", SLEEPY, 1, None),
    "a text": ("<p onwards>x", "", 1, None),
    "a button that sends a form": (
        "<form onsubmit='return false'><button onwards>x</button></form>",
        "addEventListener('submit', event => event.preventDefault())",
        1,
        None,
    ),
    "three clicks on a text": ("<p onwards style='user-select: none'>x", "", 3, "rage"),
    "five clicks on a button": ("<button onwards>x</button>", "", 5, "rage"),
    "two clicks on a text": ("<p onwards style='user-select: none'>x", "", 2, None),
}


@pytest.mark.parametrize(("body", "prepare", "clicks", "expected"), FRICTION.values(), ids=FRICTION)
def test_clicks_in_vain_are_friction(
    site: ScriptSite, tab: Page, body: str, prepare: str, clicks: int, expected: str | None
) -> None:
    stop_the_clock(tab)
    tab.goto(site.page("/", body))
    tab.evaluate(prepare or "0")
    for _ in range(clicks):
        tab.click("[onwards]")
    tab.clock.run_for(1_100)
    tab.goto(site.page("/einde", '<i data-kr-goal="einde">'))
    _, events = site.until("goal")
    assert [event["c"] for event in events if event["k"] == "friction"] == ([expected] if expected else [])


def test_who_selects_a_paragraph_by_three_clicks_is_not_angry(site: ScriptSite, tab: Page) -> None:
    stop_the_clock(tab)
    tab.goto(site.page("/", "<p>NL00 BANK 0000 0000 00"))
    tab.click("p", click_count=3)
    tab.clock.run_for(1_100)
    tab.goto(site.page("/einde", '<i data-kr-goal="einde">'))
    assert not [event for event in site.until("goal")[1] if event["k"] == "friction"]

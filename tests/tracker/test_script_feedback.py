# SPDX-License-Identifier: EUPL-1.2
"""feedback.js in a real Chromium: the question, its answers, and what keyboards and screen readers meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.tracker.script_site import ScriptSite

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = pytest.mark.browser

GPC = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"
EMPTY = "<main><h1>Afval</h1><div data-kr-feedback></div></main>"
OWN = """<form method="post" action="/feedback" data-kr-feedback><button value="1">ja</button>
  <button value="0">een beetje</button> <button value="-1">nee</button></form>
  <p data-kr-thanks hidden>Dank u wel</p>"""
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def opened(site: ScriptSite, tab: Page, body: str, lang: str = "nl") -> None:
    """A page on which the widget is ready."""
    tab.goto(site.page("/", body, lang=lang))
    tab.evaluate("import('/feedback.js')")


@pytest.mark.parametrize(
    ("lang", "question", "answers", "thanks"),
    [
        ("nl", "Hebt u gevonden wat u zocht?", ["Ja", "Gedeeltelijk", "Nee"], "Bedankt voor uw antwoord."),
        ("en-GB", "Did you find what you were looking for?", ["Yes", "Partly", "No"], "Thank you"),
    ],
)
def test_an_empty_mark_becomes_the_question_in_the_language_of_the_page(
    site: ScriptSite, tab: Page, lang: str, question: str, answers: list[str], thanks: str
) -> None:
    opened(site, tab, EMPTY, lang)
    assert tab.get_by_role("group", name=question).get_by_role("button").all_inner_texts() == answers
    results = Axe().run(tab, options={"runOnly": STANDARDS})
    assert results.violations_count == 0, results.generate_report()
    tab.keyboard.press("Tab")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    tab.wait_for_selector(f":focus:has-text('{thanks}')")
    assert tab.get_by_role("button").count() == 0
    results = Axe().run(tab, options={"runOnly": STANDARDS})
    assert results.violations_count == 0, results.generate_report()
    tab.goto("about:blank")
    assert site.until("feedback")[0]["h"] == 0


@pytest.mark.parametrize("mark", [1, 0, -1])
def test_a_form_of_the_site_is_answered_without_leaving_the_page(
    site: ScriptSite, tab: Page, mark: int
) -> None:
    opened(site, tab, OWN)
    tab.click(f'button[value="{mark}"]')
    tab.wait_for_selector(":focus:text-is('Dank u wel')")
    assert not tab.is_visible("button >> nth=0")
    assert tab.url == f"{site.address}/"
    tab.goto("about:blank")
    assert site.until("feedback")[0]["h"] == mark


def test_an_app_that_draws_a_new_page_gets_a_new_question(site: ScriptSite, tab: Page) -> None:
    opened(site, tab, EMPTY)
    tab.evaluate("document.querySelector('main').innerHTML = '<h1>Anders</h1><div data-kr-feedback></div>'")
    assert tab.get_by_role("button").count() == 3


def test_who_opted_out_posts_to_the_site_itself_and_is_not_asked_by_us(
    site: ScriptSite, tab: Page, context: BrowserContext
) -> None:
    context.add_init_script(GPC)
    site.page("/feedback", "<p>Dank u wel")
    tab.goto(site.page("/", OWN + "<div data-kr-feedback></div>"))
    assert tab.get_by_role("button").count() == 3
    tab.click('button[value="1"]')
    tab.wait_for_url(f"{site.address}/feedback")
    assert site.heard.empty()


def test_who_withdraws_on_the_page_posts_to_the_site_itself(site: ScriptSite, tab: Page) -> None:
    site.page("/feedback", "<p>Dank u wel")
    opened(site, tab, OWN)
    site.next()
    tab.evaluate("klantreis.consent(false)")
    tab.click('button[value="1"]')
    tab.wait_for_url(f"{site.address}/feedback")
    assert site.heard.empty()


def test_a_page_without_the_mark_does_not_load_the_widget(site: ScriptSite, tab: Page) -> None:
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(site.page("/", "<p>"))
    site.next()
    assert not [url for url in asked if "feedback" in url]

# SPDX-License-Identifier: EUPL-1.2
"""call-code.js in a real Chromium: the digits on the page are those that the collector's side makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.tracker.script_site import ScriptSite
from tracker.call_code import call_code

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = pytest.mark.browser

GPC = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"
BODY = """<p hidden>Uw belcode is <strong data-kr-call-code></strong>. Noemt u die als u belt?</p>
<a href="/verder">verder</a><script src="/call-code.js" defer></script>"""


def shown(tab: Page) -> str:
    tab.wait_for_function("document.querySelector('[data-kr-call-code]').textContent")
    assert tab.is_visible("text=Uw belcode is")
    return tab.inner_text("[data-kr-call-code]")


def test_every_page_view_shows_the_code_of_its_own_id(site: ScriptSite, tab: Page) -> None:
    site.page("/verder", BODY)
    tab.goto(site.page("/contact", BODY))
    first = site.next_view()
    assert shown(tab) == call_code(first["p"])
    tab.click("text=verder")
    second = site.next_view()
    assert second["p"] != first["p"]
    assert shown(tab) == call_code(second["p"])


def test_who_is_not_measured_has_no_code(site: ScriptSite, tab: Page, context: BrowserContext) -> None:
    address = site.page("/contact", BODY)
    tab.goto(address)
    shown(tab)
    tab.evaluate("klantreis.consent(false)")
    tab.reload()
    assert not tab.is_visible("text=Uw belcode is")
    context.add_init_script(GPC)
    other = context.new_page()
    other.goto(address)
    assert not other.is_visible("text=Uw belcode is")


def test_without_k_js_there_is_no_code(site: ScriptSite, tab: Page) -> None:
    site.scripts["/k.js"] = b"// blocked"
    tab.goto(site.page("/contact", BODY))
    assert not tab.is_visible("text=Uw belcode is")

# SPDX-License-Identifier: EUPL-1.2
"""The site in a real browser: axe-core finds nothing, a keyboard is enough, a small screen is wide enough."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.accessibility import STANDARDS, violations
from tests.web_demo.showing import FILLED, VERSIONS, served
from web_demo.content import load_content

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.browser

DIFFERENT = (
    "/",
    "/afval",
    "/afval/zwerfvuil-melden",  # leads to its counterpart in the current version
    "/werk-en-inkomen/schuldhulp",
    "/zoeken?q=zwerfvuil",
)
ALIKE = (
    "/identiteit/paspoort",
    "/zoeken?q=openingstijden",
    "/zoeken?q=grovfuil",
    "/contact",
    "/en",
    "/en/litter",
    "/en/search?q=passport",
    "/bestaat-niet",
    "/feedback/bedankt?page=/contact",
)
WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 320, "height": 640}  # WCAG 1.4.10, reflow


@pytest.fixture(scope="module", params=VERSIONS)
def site(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """(version, address)."""
    with served(request.param) as address:
        yield request.param, address


@pytest.fixture(scope="module")
def visitor(chromium: Browser, site: tuple[str, str]) -> Iterator[BrowserContext]:
    context = chromium.new_context(base_url=site[1], locale="nl-NL")
    try:
        yield context
    finally:
        context.close()


@pytest.fixture
def page(visitor: BrowserContext) -> Iterator[Page]:
    """A new tab of a visitor of whom the site knows nothing."""
    visitor.clear_cookies()
    page = visitor.new_page()
    yield page
    page.close()


def assert_accessible(page: Page, where: str) -> None:
    found = violations(page, STANDARDS)
    assert not found, f"{where}: {'; '.join(found)}"  # in full, also where pytest shortens lists


def assert_fits(page: Page, where: str) -> None:
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= page.viewport_size["width"], f"{where} is {wide} pixels wide"


def test_every_page_has_no_violation_and_fits_a_small_screen(page: Page, site: tuple[str, str]) -> None:
    for path in (*DIFFERENT, *(ALIKE if site[0] == "current" else ())):
        page.set_viewport_size(WIDE)
        page.goto(path)
        assert_accessible(page, path)
        page.set_viewport_size(NARROW)
        assert_fits(page, path)


def test_no_page_is_wider_than_a_small_screen(page: Page) -> None:
    page.set_viewport_size(NARROW)
    for path in load_content().pages:
        page.goto(path)
        assert_fits(page, path)


def test_axe_would_find_a_fault(page: Page) -> None:
    page.goto("/contact")
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=\"/x\"><h1></h1>')"
    )
    with pytest.raises(AssertionError, match="image-alt"):
        assert_accessible(page, "a page with a fault")


def fill(page: Page, answers: dict[str, object]) -> None:
    for name, answer in answers.items():
        field = page.locator(f"main form [name={name}]").first
        kind = field.evaluate("field => field.type")
        if kind in ("radio", "checkbox"):
            for value in answer if isinstance(answer, list) else [answer]:
                page.locator(f'main form [name={name}][value="{value}"]').check()
        elif kind == "select-one":
            field.select_option(str(answer))
        elif kind != "file":
            field.fill(str(answer))


def send(page: Page) -> None:
    """Press the button of the form and wait for the answer's page, whatever its address."""
    with page.expect_navigation():
        page.locator("main form button").click()


@pytest.mark.parametrize("form", ["melding", "schuldhulp"])
def test_every_step_of_a_journey_has_no_violation_with_and_without_errors(
    page: Page, site: tuple[str, str], form: str
) -> None:
    page.goto(f"/{form}/stap-1")
    page.set_viewport_size(NARROW)
    for number, answers in enumerate(FILLED[f"{form}-{site[0]}"], start=1):
        where = f"{form}, step {number}"
        assert page.url.endswith(f"/{form}/stap-{number}")
        assert_accessible(page, where)
        assert_fits(page, where)
        if page.locator("main form [aria-required=true]").count():
            send(page)
            assert page.title().startswith("Fout: ")
            page.wait_for_selector("#fouten:focus")  # a browser gives autofocus with a frame, after loading
            assert_accessible(page, f"{where}, with errors")
            assert_fits(page, f"{where}, with errors")
        fill(page, answers)
        send(page)
    assert page.url.endswith(f"/{form}/bedankt")
    assert page.locator("[data-kr-goal]").is_visible()
    assert_accessible(page, f"{form}, sent")


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus; it must be visible there."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            outline = page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
            assert outline >= 2, f"{selector} does not show its focus"
            return
    pytest.fail(f"{selector} cannot be reached with the Tab key")


def test_the_skip_link_comes_first_and_leads_to_the_content(page: Page) -> None:
    page.goto("/afval/grofvuil")
    page.keyboard.press("Tab")
    page.wait_for_selector(".utrecht-skip-link--visible-on-focus:focus")
    assert page.locator(".utrecht-skip-link").bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    page.wait_for_selector("#inhoud:focus")


def test_litter_can_be_reported_with_a_keyboard_alone(chromium: Browser) -> None:
    with served("redesign") as address:
        context = chromium.new_context(base_url=address)
        page = context.new_page()
        page.goto("/")
        tab_to(page, "a[href='/afval/zwerfvuil-melden']")
        page.keyboard.press("Enter")
        page.wait_for_url("**/afval/zwerfvuil-melden")
        tab_to(page, "a[href='/melding/stap-1']")
        page.keyboard.press("Enter")
        page.wait_for_url("**/melding/stap-1")
        tab_to(page, "main form button")
        page.keyboard.press("Enter")
        page.wait_for_selector("#fouten")
        tab_to(page, "#fouten a[href='#veld-wat']")
        page.keyboard.press("Enter")
        page.wait_for_selector("#veld-wat:focus")
        page.keyboard.press("Space")
        tab_to(page, "#veld-waar")
        page.keyboard.type("bij de vijver")
        page.keyboard.press("Enter")
        page.wait_for_url("**/melding/stap-2")
        tab_to(page, "main form button")
        page.keyboard.press("Enter")
        page.wait_for_url("**/melding/stap-3")
        assert page.get_by_text("bij de vijver").is_visible()
        tab_to(page, "main form button")
        page.keyboard.press("Enter")
        page.wait_for_url("**/melding/bedankt")
        context.close()


def test_large_letters_and_more_space_lose_nothing(page: Page) -> None:
    """WCAG 1.4.4 and 1.4.12: twice the size, and the spacing that readers may set."""
    page.set_viewport_size({"width": 640, "height": 800})
    for path in ("/", "/identiteit/paspoort", "/melding/stap-1"):
        page.goto(path)
        page.evaluate(
            """() => {
                document.documentElement.style.fontSize = "200%";
                for (const node of document.querySelectorAll("*")) {
                    node.style.setProperty("line-height", "1.5", "important");
                    node.style.setProperty("letter-spacing", "0.12em", "important");
                    node.style.setProperty("word-spacing", "0.16em", "important");
                }
            }"""
        )
        assert_fits(page, path)

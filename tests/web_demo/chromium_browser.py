# SPDX-License-Identifier: EUPL-1.2
"""The third driver of the citizens: a real Chromium, in which the page's own k.js makes the beacons."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Locator, Page

from web_demo.citizens.actions import (
    Action,
    Back,
    Contact,
    Feedback,
    FillIn,
    Follow,
    Leave,
    Open,
    Search,
    Submit,
    View,
)
from web_demo.citizens.page import Field, Form, Link
from web_demo.citizens.parsing import Reader


class ChromiumBrowser:
    """Carries out a citizen's actions in a tab of a real browser; the counterpart of `browser.Browser`."""

    def __init__(self, context: BrowserContext, origin: str, reader: Reader) -> None:
        self._context = context
        self._origin = origin
        self._reader = reader
        self._tabs: dict[int, Page] = {}

    def do(self, action: Action, now_ms: int) -> View | None:
        """Carry out one action; returns what is on the screen then, None after leaving."""
        if action.tab not in self._tabs:
            self._tabs[action.tab] = self._context.new_page()
        page = self._tabs[action.tab]
        if isinstance(action, Leave):
            page.goto("about:blank")  # closing a tab at once would not let k.js say goodbye
            self._tabs.pop(action.tab).close()
            return None
        self._act(page, action)
        body = page.content().encode()
        return View(self._reader.read(body)[0], page.url.removeprefix(self._origin).partition("?")[0], now_ms)

    def _act(self, page: Page, action: Action) -> None:
        if isinstance(action, Open):
            page.goto(f"{self._origin}{action.target}", referer=action.referrer or None)
        elif isinstance(action, Follow):
            self._navigate(page, _link(page, action.link).click)
        elif isinstance(action, Search):
            box = page.locator("input[type=search]").first
            box.fill(action.words)
            self._navigate(page, lambda: box.press("Enter"))
        elif isinstance(action, Back):
            page.go_back()
        elif isinstance(action, FillIn):
            _touch(_form(page, action.form), action.form.fields[0])
        elif isinstance(action, Submit):
            form = _form(page, action.form)
            for field in action.form.fields:
                _fill(form, field, action.answers.get(field.name, ()))
            self._navigate(page, form.locator("button[type=submit], button:not([type])").first.click)
        elif isinstance(action, Contact):
            _link(page, action.link).click()
        elif isinstance(action, Feedback):
            # k.js fetches feedback.js without holding the page up; until then the form posts to the site.
            page.evaluate("import('/feedback.js')")
            page.locator(f'form[data-kr-feedback] button[value="{action.mark}"]').click()

    def _navigate(self, page: Page, act: Callable[[], None]) -> None:
        with page.expect_navigation(wait_until="load"):
            act()


def _link(page: Page, link: Link) -> Locator:
    return page.locator(f'a[href="{link.href}"]:visible').filter(has_text=link.text).first


def _form(page: Page, form: Form) -> Locator:
    return page.locator(f'form[data-kr-form="{form.name}"]')


def _touch(form: Locator, field: Field) -> None:
    control = form.locator(f'[name="{field.name}"]').first
    if field.kind in ("radio", "checkbox"):
        control.check()
    elif field.kind == "select":
        control.select_option(index=1)
    else:
        control.fill("x")


def _fill(form: Locator, field: Field, values: tuple[str, ...]) -> None:
    controls = form.locator(f'[name="{field.name}"]')
    if field.kind == "radio":
        for value in values:
            form.locator(f'[name="{field.name}"][value="{value}"]').check()
    elif field.kind == "checkbox":
        for value, _ in field.options:
            form.locator(f'[name="{field.name}"][value="{value}"]').set_checked(value in values)
    elif field.kind == "select":
        controls.select_option(list(values) or "")
    elif field.kind != "file":
        controls.fill(values[0] if values else "")

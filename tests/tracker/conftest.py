# SPDX-License-Identifier: EUPL-1.2
"""Fixtures of the browser tests of k.js: a site that carries it, and a visitor who never was there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.tracker.script_site import ScriptSite, script_site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page


@pytest.fixture
def site() -> Iterator[ScriptSite]:
    with script_site() as found:
        yield found


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A visitor who never was here; a mistake of the script on any page fails the test."""
    context = chromium.new_context(viewport={"width": 390, "height": 800})
    mistakes: list[str] = []
    context.on("weberror", lambda error: mistakes.append(str(error.error)))
    yield context
    context.close()
    assert mistakes == []


@pytest.fixture
def tab(context: BrowserContext) -> Page:
    return context.new_page()

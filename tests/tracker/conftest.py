# SPDX-License-Identifier: EUPL-1.2
"""Fixtures: a site that carries k.js, a visitor who never was there, and streams that are to be archived."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis
from hypothesis import settings

from tests.tracker.archived import PARTITIONS, Streams
from tests.tracker.collecting import collect
from tests.tracker.script_site import ScriptSite, script_site
from tracker.keys import Keys

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

# A deadline asserts wall time, and fails where the machine has something else to do.
settings.register_profile("tracker", deadline=None)
settings.load_profile("tracker")


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


@pytest.fixture
def streams(stores: redis.Redis, prefix: str, tmp_path: Path) -> Iterator[Streams]:
    here = Streams(stores, prefix, tmp_path / "archive")
    yield here
    stores.delete(*(here.keys.events(number) for number in range(PARTITIONS)))


@pytest.fixture
def collecting(store_url: str, prefix: str) -> Callable[..., Any]:
    """Run a coroutine with a collector on the store: `collecting(use, partitions=4, url=...)`."""
    return partial(collect, Keys(prefix), url=store_url)

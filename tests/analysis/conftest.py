# SPDX-License-Identifier: EUPL-1.2
"""What holds for every test of the analysis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from analysis import compiled

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(autouse=True)
def _rows_of_this_test_alone() -> None:
    """The rows of earlier tests decide neither which form this one tries nor whether it waits for a compiler.

    The compiled form is tried on purpose, beside the interpreted one, in `test_cascade.py`.
    """
    compiled._done.clear()


@pytest.fixture(scope="module")
def tab(chromium: Browser) -> Iterator[Page]:
    """One tab for pages that keep nothing: a new context costs the browser more than a page."""
    page = chromium.new_page()
    yield page
    page.close()

# SPDX-License-Identifier: EUPL-1.2
"""What axe-core finds on a page that is open in a real Chromium."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

STANDARDS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")

# Only the violations come over: what passed is far more, and takes longer to write out than to find.
_FIND = """options => axe.run(document, options).then(found => found.violations.map(
    each => `${each.id} (${each.help}): ${each.nodes.map(node => node.html.slice(0, 120)).join(' | ')}`))"""


def violations(page: Page, standards: Sequence[str] = ()) -> list[str]:
    """The rules that the page breaks, each with where; of the `standards`, or of every rule that is on."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe())
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if standards:
        options["runOnly"] = list(standards)
    found: list[str] = page.evaluate(_FIND, options)
    return found


@cache
def _axe() -> str:
    from axe_playwright_python.sync_playwright import Axe

    script: str = Axe().axe_script
    return script

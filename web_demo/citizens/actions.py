# SPDX-License-Identifier: EUPL-1.2
"""What a citizen can do, and what comes back: the page shown after it.

`Citizen.visit()` yields an `Action` and is sent a `View`. A driver carries actions out: in process, over
HTTP or in Chromium.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass

from web_demo.citizens.page import Form, Link, Page


@dataclass(frozen=True, slots=True)
class View:
    """A page that is now on the screen of one browser.

    `id` is the page view's id, None where k.js does not run (opt-out, preview); `exposures` what the page's
    script tag says was shown. Both are for the truth file: no decision reads them.
    """

    page: Page
    path: str
    opened_ms: int
    id: str | None = None
    exposures: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _InTab:
    tab: int = 0


@dataclass(frozen=True, slots=True)
class Open(_InTab):
    """Come from outside: type an address or follow a link on another site (`referrer`)."""

    target: str
    referrer: str = ""


@dataclass(frozen=True, slots=True)
class Follow(_InTab):
    """Click a link of this page."""

    link: Link


@dataclass(frozen=True, slots=True)
class Search(_InTab):
    """Type words in the site's own search box."""

    words: str


@dataclass(frozen=True, slots=True)
class Back(_InTab):
    """The browser's back button."""


@dataclass(frozen=True, slots=True)
class Read(_InTab):
    """Look at the page for a while and scroll down to `depth` percent."""

    seconds: float
    depth: int = 0


@dataclass(frozen=True, slots=True)
class FillIn(_InTab):
    """Begin to fill in a form."""

    form: Form


@dataclass(frozen=True, slots=True)
class Submit(_InTab):
    """Press the form's button with these answers; an absent name is a field left empty."""

    form: Form
    answers: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Contact(_InTab):
    """Click a telephone number, a mail address or another way to reach a person."""

    link: Link


@dataclass(frozen=True, slots=True)
class Feedback(_InTab):
    """Answer the question under the page: -1, 0 or 1."""

    mark: int


@dataclass(frozen=True, slots=True)
class Leave(_InTab):
    """Close the tab."""


Action = Open | Follow | Search | Back | Read | FillIn | Submit | Contact | Feedback | Leave
Visit = Generator[Action, View, None]
Part = Generator[Action, View, View]

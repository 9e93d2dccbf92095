# SPDX-License-Identifier: EUPL-1.2
"""An event as it is stored: one thing that one visitor did, scrubbed and pseudonymous.

The wire (`tracker.wire`) is what a browser sends; this is what admission makes of it, what the stream
carries and what the archive keeps. The identity of an event is (site, page_view, index).
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Kind(StrEnum):
    """What happened."""

    VIEW = "view"
    SEARCH = "search"
    RESULT = "result"
    ENGAGE = "engage"
    FORM = "form"
    GOAL = "goal"
    CONTACT = "contact"
    FEEDBACK = "feedback"
    LINK = "link"
    FILE = "file"
    FRICTION = "friction"


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One event. `None` means that the browser did not say; it is never a zero."""

    site: str
    visitor: int  # signed 64-bit pseudonym
    time: int  # milliseconds since 1970, UTC: arrival minus the browser's delay
    page_view: str  # random id of the page view
    index: int  # counter within the page view
    kind: Kind
    path: str  # path of the page, scrubbed, without query
    parameters: str = ""  # kept search and campaign parameters, url-encoded, in the order of arrival
    origin: str | None = None  # page view this one was reached from, in the same tab
    referrer: str | None = None  # scrubbed address; its query survives only as a search engine's words
    bucket: int | None = None  # 0-999
    exposures: str = ""  # "schuldhulp=current,zwerfvuil=redesign": experiments on this page, by name
    first: str = ""  # "zwerfvuil": those that this browser met here for the first time
    consented: bool = False
    language: str | None = None
    viewport: str | None = None  # s, m or l
    run: str | None = None  # load-test run
    automated: bool = False  # a bot whose events an import keeps apart

    title: str | None = None  # view
    query: str | None = None  # search, result
    results: int | None = None  # search: number of results
    answered_here: bool | None = None  # search: the answer stood on the results page
    rank: int | None = None  # result, from 1
    target: str | None = None  # result, link, file
    visible_s: float | None = None  # engage: seconds visible so far
    depth: int | None = None  # engage: deepest scroll, percent
    form: str | None = None  # form
    action: str | None = None  # form: start, step, error, submit, abandon
    step: int | None = None  # form
    goal: str | None = None  # goal
    channel: str | None = None  # contact: tel, mail, chat, appointment, counter
    heartbeat: int | None = None  # feedback: -1, 0, 1
    friction: str | None = None  # friction: rage, dead

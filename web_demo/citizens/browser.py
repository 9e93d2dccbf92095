# SPDX-License-Identifier: EUPL-1.2
"""A browser without a screen: cookies, tabs, history, redirects, and `k.js` as `script.Tracker`.

It carries out a citizen's actions through two functions that the driver gives it: one that sends a request
and one that posts a beacon. It never waits; the time is told to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlencode, urljoin, urlsplit

import numpy as np

from web_demo.citizens.actions import (
    Action,
    Back,
    Contact,
    Feedback,
    FillIn,
    Follow,
    Leave,
    Open,
    Read,
    Search,
    Submit,
    View,
)
from web_demo.citizens.devices import Device
from web_demo.citizens.exchange import (
    Beacon,
    Cookies,
    Post,
    Request,
    Send,
    encoded,
    filled_in,
    would_refuse,
)
from web_demo.citizens.page import Page, Script
from web_demo.citizens.parsing import Reads
from web_demo.citizens.script import TabStorage, Tracker, page_view_id

_MOST_REDIRECTS = 8
_BUCKET_COOKIE = "kr_b"
_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


class BrowserError(RuntimeError):
    """The site did what no browser can follow, or an action does not fit the page shown."""


@dataclass(slots=True)
class _Shown:
    url: str
    referrer: str
    page: Page
    view: View
    tracker: Tracker | None


@dataclass(slots=True)
class _Tab:
    storage: TabStorage = field(default_factory=TabStorage)
    history: list[tuple[str, str]] = field(default_factory=list)
    shown: _Shown | None = None


class Browser:
    """One resident's browser.

    Args:
        device: user agent, screen and settings.
        origin: scheme and host of the site, without a slash at the end.
        send: carries a request to the site.
        post: takes a beacon; called in the order of sending.
        reader: parses pages, shared by many browsers.
        random: source of page view ids and loading times.
        run: mark of a load-test run, as it stands on the wire.
        loading_ms: shortest and longest time until a page is there; zeros where real time passes.
    """

    def __init__(
        self,
        device: Device,
        *,
        origin: str,
        send: Send,
        post: Post,
        reader: Reads,
        random: np.random.Generator,
        run: str | None = None,
        loading_ms: tuple[int, int] = (180, 900),
    ) -> None:
        self.device = device
        self._origin = origin
        self._send = send
        self._post = post
        self._reader = reader
        self._random = random
        self._run = run
        self._loading_ms = loading_ms
        self._cookies = Cookies()
        self._tabs: dict[int, _Tab] = {}
        self._front = 0
        self._headers = {"User-Agent": device.user_agent, "Accept-Language": device.accept_language}
        if device.opts_out:
            self._headers["Sec-GPC"] = "1"
        self._lower = {name.lower(): value for name, value in self._headers.items()}

    def do(self, action: Action, now_ms: int) -> View | None:
        """Carry out one action at a moment; returns what is on the screen then, None after leaving.

        Raises `BrowserError` where an action asks for a page and none is shown.
        """
        tab = self._tabs.setdefault(action.tab, _Tab())
        self._bring_to_front(action.tab, now_ms)
        if isinstance(action, Open):
            url = urljoin(f"{self._origin}/", action.target)
            return self._load(tab, "GET", url, action.referrer, now_ms)
        if isinstance(action, Leave):
            self._unload(tab, now_ms)
            del self._tabs[action.tab]
            return None
        shown = tab.shown
        if shown is None:
            raise BrowserError(f"{type(action).__name__} in a tab without a page; Open one first.")
        if isinstance(action, Follow):
            return self._follow(tab, shown, action, now_ms)
        if isinstance(action, Search):
            if shown.page.search is None:
                raise BrowserError(f"{shown.url} has no search box.")
            box = shown.page.search
            url = f"{urljoin(shown.url, box.action)}?{urlencode({box.name: action.words})}"
            return self._load(tab, "GET", url, _bare(shown.url), now_ms)
        if isinstance(action, Back):
            return self._back(tab, now_ms)
        if isinstance(action, Submit):
            return self._submit(tab, shown, action, now_ms)
        self._stay(shown, action, now_ms)
        return shown.view

    def leave(self, now_ms: int) -> None:
        """Close all tabs, wherever they are."""
        for tab in self._tabs.values():
            self._unload(tab, now_ms)
        self._tabs.clear()

    def close(self) -> None:
        """End the session: cookies without an age are forgotten."""
        self._tabs.clear()
        self._cookies.end_session()

    def _stay(self, shown: _Shown, action: Action, now_ms: int) -> None:
        tracker = shown.tracker
        if tracker is None:
            return
        if isinstance(action, Read):
            tracker.scrolled(action.depth)
        elif isinstance(action, FillIn):
            tracker.began(action.form, now_ms)
        elif isinstance(action, Contact):
            tracker.clicked(action.link, now_ms)
        elif isinstance(action, Feedback):
            tracker.judged(action.mark, now_ms)

    def _follow(self, tab: _Tab, shown: _Shown, action: Follow, now_ms: int) -> View:
        url = urljoin(shown.url, action.link.href)
        if shown.tracker is not None:
            shown.tracker.clicked(action.link, now_ms)
        return self._load(tab, "GET", url, _bare(shown.url), now_ms)

    def _back(self, tab: _Tab, now_ms: int) -> View:
        if len(tab.history) > 1:
            tab.history.pop()
        url, referrer = tab.history.pop()
        return self._load(tab, "GET", url, referrer, now_ms)

    def _submit(self, tab: _Tab, shown: _Shown, action: Submit, now_ms: int) -> View:
        form = action.form
        if form.validates and would_refuse(form, action.answers):
            if shown.tracker is not None:
                shown.tracker.refused(form, now_ms)
            return shown.view
        if shown.tracker is not None:
            shown.tracker.submitted(form, now_ms)
        pairs = filled_in(form, action.answers)
        url = urljoin(shown.url, form.action)
        if form.method == "get":
            return self._load(tab, "GET", f"{url}?{urlencode(pairs)}", _bare(shown.url), now_ms)
        body, kind = encoded(form, pairs)
        return self._load(tab, "POST", url, _bare(shown.url), now_ms, body=body, content_type=kind)

    def _load(
        self,
        tab: _Tab,
        method: str,
        url: str,
        referrer: str,
        now_ms: int,
        *,
        body: bytes = b"",
        content_type: str = "",
    ) -> View:
        for _ in range(_MOST_REDIRECTS):
            response = self._send(self._request(method, url, referrer, body, content_type))
            if self.device.keeps_cookies:
                self._cookies.take(response)
            location = response.header("location") if 300 <= response.status < 400 else None
            if location is None:
                break
            url = urljoin(url, location)
            if response.status not in (307, 308):
                method, body, content_type = "GET", b"", ""
        else:
            raise BrowserError(f"{url} redirects more than {_MOST_REDIRECTS} times.")
        self._unload(tab, now_ms)
        opened_ms = now_ms + int(self._random.integers(*self._loading_ms, endpoint=True))
        return self._show(tab, url, referrer, response.body, opened_ms)

    def _show(self, tab: _Tab, url: str, referrer: str, body: bytes, now_ms: int) -> View:
        page, script = self._reader.read(body)
        tracker = self._tracker(tab, url, referrer, page, script) if script is not None else None
        view = View(
            page=page,
            path=_path(url),
            opened_ms=now_ms,
            id=tracker.id if tracker else None,
            exposures=tracker.script.exposures if tracker else "",
        )
        tab.history.append((url, referrer))
        tab.shown = _Shown(url, referrer, page, view, tracker)
        if tracker is not None:
            tracker.loaded(now_ms)
        return view

    def _tracker(self, tab: _Tab, url: str, referrer: str, page: Page, script: Script) -> Tracker | None:
        if self.device.opts_out:
            return None

        def post(body: bytes, events: int, at_ms: int) -> None:
            added = {"content-type": "text/plain;charset=UTF-8", "origin": self._origin, "referer": url}
            self._post(Beacon(body, events, at_ms, {**self._lower, **added}))

        if not self.device.keeps_cookies:
            tab.storage = TabStorage()  # browsers that refuse cookies refuse storage with them
        return Tracker(
            id=page_view_id(self._random.bytes),
            url=url,
            referrer=referrer,
            page=page,
            script=script if self._kept(script.bucket) else Script(),
            device=self.device,
            storage=tab.storage,
            post=post,
            run=self._run,
        )

    def _kept(self, bucket: int | None) -> bool:
        """Whether the site's bucket cookie was kept: else k.js leaves this browser out of experiments."""
        kept = self._cookies.values.get(_BUCKET_COOKIE, "").partition(".")[0]
        return bucket is not None and kept == str(bucket)

    def _unload(self, tab: _Tab, now_ms: int) -> None:
        if tab.shown is not None and tab.shown.tracker is not None:
            tab.shown.tracker.left(now_ms)
        tab.shown = None

    def _bring_to_front(self, number: int, now_ms: int) -> None:
        if number == self._front:
            return
        behind = self._tabs.get(self._front)
        if behind is not None and behind.shown is not None and behind.shown.tracker is not None:
            behind.shown.tracker.covered(now_ms)
        self._front = number
        ahead = self._tabs[number].shown
        if ahead is not None and ahead.tracker is not None:
            ahead.tracker.uncovered(now_ms)

    def _request(self, method: str, url: str, referrer: str, body: bytes, content_type: str) -> Request:
        headers = {**self._headers, "Accept": _ACCEPT}
        if referrer:
            headers["Referer"] = referrer
        if self._cookies.values:
            headers["Cookie"] = str(self._cookies)
        if content_type:
            headers["Content-Type"] = content_type
        return Request(method, _target(url), headers, body)


@lru_cache(maxsize=4096)
def _bare(url: str) -> str:
    return url.partition("#")[0]


@lru_cache(maxsize=4096)
def _path(url: str) -> str:
    return urlsplit(url).path


@lru_cache(maxsize=4096)
def _target(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"

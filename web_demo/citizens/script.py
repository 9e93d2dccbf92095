# SPDX-License-Identifier: EUPL-1.2
"""`k.js` in Python: the same beacons, event by event, for browsers that run no JavaScript.

A test walks the same steps in Chromium with the real script and compares what is sent.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec

from web_demo.citizens.devices import Device
from web_demo.citizens.page import Form, Link, Page, Script

_FILES = (".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ods", ".odt", ".ppt", ".pptx", ".csv", ".zip")
_ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

Post = Callable[[bytes, int, int], None]


def page_view_id(pick: Callable[[int], bytes]) -> str:
    """Twelve random characters; `pick(n)` gives n random bytes."""
    return "".join(_ID_LETTERS[byte & 63] for byte in pick(12))


@dataclass(slots=True)
class Tracker:
    """The script on one page view. `post(body, events, at_ms)` sends a beacon; `storage` is the tab's own."""

    id: str
    url: str
    referrer: str
    page: Page
    script: Script
    device: Device
    storage: MutableMapping[str, str]
    post: Post
    run: str | None = None
    _queue: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    _counter: int = 0
    _origin: str | None = None
    _visible_since: int | None = None
    _visible_ms: int = 0
    _depth: int = 0
    _begun: Form | None = None
    _submitted: bool = False

    def loaded(self, now_ms: int) -> None:
        """The page is there: view, search, goals and form steps go out together."""
        page = self.page
        self._origin = self.storage.get("kr_o")
        self.storage["kr_o"] = self.id
        self._visible_since = now_ms
        self._add(now_ms, "view", t=page.title)
        if page.results is not None:
            here = {"a": True} if page.results.answered else {}
            self._add(now_ms, "search", q=page.results.query, n=page.results.count, **here)
        for goal in page.goals:
            self._add(now_ms, "goal", g=goal)
        for form in page.forms:
            if form.name is None:
                continue
            if form.step > 1:
                self._add(now_ms, "form", f=form.name, a="step", n=form.step)
                self._begun = form
            if form.refused:
                self._add(now_ms, "form", f=form.name, a="error", n=form.step)
                self._begun = form
        self._send(now_ms)

    def clicked(self, link: Link, now_ms: int) -> None:
        """A link was clicked: a result, a contact, a file or another host; other links say nothing."""
        target = urlsplit(urljoin(self.url, link.href))
        if link.contact is not None:
            self._add(now_ms, "contact", c=link.contact)
        elif link.rank is not None and self.page.results is not None:
            self._add(now_ms, "result", q=self.page.results.query, rank=link.rank, to=target.path)
        elif target.path.lower().endswith(_FILES):
            self._add(now_ms, "file", to=target.path)
        elif target.netloc != urlsplit(self.url).netloc:
            self._add(now_ms, "link", to=f"{target.netloc}{target.path}")

    def began(self, form: Form, now_ms: int) -> None:
        """The first input in a form."""
        if form.name is None:
            return
        key = f"kr_f_{form.name}"
        if form.step == 1 and key not in self.storage:
            self.storage[key] = "1"
            self._add(now_ms, "form", f=form.name, a="start", n=1)
        self._begun = form

    def refused(self, form: Form, now_ms: int) -> None:
        """The browser itself would not send the form."""
        if form.name is not None:
            self._add(now_ms, "form", f=form.name, a="error", n=form.step)

    def submitted(self, form: Form, now_ms: int) -> None:
        """The form goes to the server."""
        if form.name is None:
            return
        self._submitted = True
        if form.last:
            self._add(now_ms, "form", f=form.name, a="submit", n=form.step)

    def judged(self, mark: int, now_ms: int) -> None:
        """An answer to the question under the page."""
        self._add(now_ms, "feedback", h=mark)

    def scrolled(self, depth: int) -> None:
        """Deepest point so far, in percent."""
        self._depth = max(self._depth, depth)

    def hidden(self, now_ms: int, *, leaving: bool) -> None:
        """The tab was left or covered; `leaving` where the page is gone for good."""
        if self._visible_since is not None:
            self._visible_ms += now_ms - self._visible_since
            self._visible_since = None
            self._add(now_ms, "engage", s=round(self._visible_ms / 1000, 1), y=self._depth)
        if leaving and self._begun is not None and not self._submitted:
            self._add(now_ms, "form", f=self._begun.name, a="abandon", n=self._begun.step)
        self._send(now_ms)

    def shown(self, now_ms: int) -> None:
        """The tab is in front again."""
        if self._visible_since is None:
            self._visible_since = now_ms

    def _add(self, now_ms: int, kind: str, **fields: Any) -> None:
        self._queue.append((now_ms, {"i": self._counter, "k": kind, **fields}))
        self._counter += 1

    def _send(self, now_ms: int) -> None:
        if not self._queue:
            return
        beacon: dict[str, Any] = {"v": 1, "p": self.id, "u": self.url}
        if self._origin:
            beacon["o"] = self._origin
        if self.referrer:
            beacon["r"] = self.referrer
        if self.script.bucket is not None:
            beacon["b"] = self.script.bucket
        if self.script.shown:
            beacon["x"] = dict(self.script.shown)
        if self.script.first:
            beacon["f"] = list(self.script.first)
        if self.page.language:
            beacon["l"] = self.page.language
        beacon["w"] = self.device.viewport
        if self.run:
            beacon["run"] = self.run
        beacon["e"] = [{**event, "d": now_ms - at} for at, event in self._queue]
        events = len(self._queue)
        self._queue.clear()
        self.post(msgspec.json.encode(beacon), events, now_ms)

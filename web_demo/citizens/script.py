# SPDX-License-Identifier: EUPL-1.2
"""`k.js` in Python: the same beacons, event by event, for browsers that run no JavaScript.

A test walks the same steps in Chromium with the real script and compares what is sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec

from web_demo.citizens.devices import Device
from web_demo.citizens.page import Form, Link, Page, Script

_FILES = re.compile(r"(?i)\.(pdf|docx?|xlsx?|pptx?|od[pst]|rtf|txt|csv|zip|7z|rar|gz|epub|ics|mp[34])$")
_CHANNELS = frozenset({"tel", "mail", "chat", "appointment", "counter"})
_ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
_SEND_AFTER_MS = 2000
_MOST_WAITING = 19

Post = Callable[[bytes, int, int], None]


class _State(IntEnum):
    UNDER_WAY = 1
    ABANDONED = 2
    DONE = 3


@dataclass(slots=True)
class TabStorage:
    """What k.js keeps for a tab: the page view before, experiments told as first, forms under way."""

    before: str | None = None
    told: set[str] = field(default_factory=set)
    forms: dict[str, int] = field(default_factory=dict)


def page_view_id(pick: Callable[[int], bytes]) -> str:
    """Twelve random characters; `pick(n)` gives n random bytes."""
    return "".join([_ID_LETTERS[byte & 63] for byte in pick(12)])


@dataclass(slots=True)
class Tracker:
    """The script on one page view.

    `post(body, events, at_ms)` sends a beacon. Times are milliseconds since 1970 and never go back.
    """

    id: str
    url: str
    referrer: str
    page: Page
    script: Script
    device: Device
    storage: TabStorage
    post: Post
    run: str | None = None
    _queue: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    _shared: dict[str, Any] = field(default_factory=dict)
    _counter: int = 0
    _visible_since: int | None = None
    _visible_ms: int = 0
    _told_ms: int = 0
    _depth: int = 0
    _submitted: set[str] = field(default_factory=set)

    def loaded(self, now_ms: int) -> None:
        """The page is there: view, search, goals and form steps go out together."""
        page, storage = self.page, self.storage
        first = [name for name in self.script.first if name not in storage.told]
        self._shared = self._common(storage.before, first)
        storage.before = self.id
        storage.told.update(first)
        self._visible_since = now_ms
        self._record(now_ms, "view", t=page.title[:300])
        if page.results is not None:
            here = {"a": True} if page.results.answered else {}
            self._record(now_ms, "search", q=page.results.query[:300], n=page.results.count, **here)
        for goal in page.goals:
            self._record(now_ms, "goal", g=goal)
        for form in page.forms:
            if form.name is None:
                continue
            if form.step > 1:
                self._tell(form, "step", now_ms)
                storage.forms[form.name] = _State.UNDER_WAY
            if form.refused:
                self._tell(form, "error", now_ms)
        self._send(now_ms)

    def clicked(self, link: Link, now_ms: int) -> None:
        """A link was clicked: a contact, a result, a file or another host; other links say nothing."""
        target = urlsplit(urljoin(self.url, link.href))
        elsewhere = target.netloc != urlsplit(self.url).netloc
        to = (target.netloc if elsewhere else "") + target.path
        if link.contact is not None:
            if link.contact in _CHANNELS:
                self._record(now_ms, "contact", c=link.contact)
        elif target.scheme not in ("http", "https"):
            return
        elif link.rank is not None:
            query = {"q": self.page.results.query[:300]} if self.page.results is not None else {}
            self._record(now_ms, "result", **query, rank=link.rank, to=to[:500])
        elif _FILES.search(target.path):
            self._record(now_ms, "file", to=to[:500])
        elif elsewhere:
            self._record(now_ms, "link", to=to[:500])

    def began(self, form: Form, now_ms: int) -> None:
        """An input in a form."""
        if form.name is None or self.storage.forms.get(form.name) == _State.UNDER_WAY:
            return
        if form.name not in self.storage.forms and form.step == 1:
            self._tell(form, "start", now_ms)
        self.storage.forms[form.name] = _State.UNDER_WAY

    def refused(self, form: Form, now_ms: int) -> None:
        """The browser itself would not send the form."""
        self._tell(form, "error", now_ms)

    def submitted(self, form: Form, now_ms: int) -> None:
        """The form goes to the server."""
        if form.name is None:
            return
        self._submitted.add(form.name)
        if form.last:
            self._tell(form, "submit", now_ms)
            self.storage.forms[form.name] = _State.DONE

    def judged(self, mark: int, now_ms: int) -> None:
        """An answer to the question under the page."""
        self._record(now_ms, "feedback", h=mark)

    def scrolled(self, depth: int) -> None:
        """Deepest point so far, in percent."""
        self._depth = max(self._depth, depth)

    def left(self, now_ms: int) -> None:
        """The page is gone for good."""
        self._catch_up(now_ms)
        for form in self.page.forms:
            name = form.name
            if name is None or name in self._submitted or self.storage.forms.get(name) != _State.UNDER_WAY:
                continue
            self._tell(form, "abandon", now_ms)
            self.storage.forms[name] = _State.ABANDONED
        self.covered(now_ms)

    def covered(self, now_ms: int) -> None:
        """Another tab came in front of this page."""
        self._catch_up(now_ms)
        if self._visible_since is not None:
            self._visible_ms += now_ms - self._visible_since
            self._visible_since = None
        if self._visible_ms > self._told_ms:
            self._told_ms = self._visible_ms
            self._record(now_ms, "engage", s=round(self._visible_ms / 1000, 1), y=self._depth)
        self._send(now_ms)

    def uncovered(self, now_ms: int) -> None:
        """This page is in front again."""
        self._visible_since = now_ms if self._visible_since is None else self._visible_since

    def _tell(self, form: Form, action: str, now_ms: int) -> None:
        if form.name is not None:
            self._record(now_ms, "form", f=form.name, a=action, n=form.step)

    def _record(self, now_ms: int, kind: str, **fields: Any) -> None:
        self._catch_up(now_ms)
        self._queue.append((now_ms, {"i": self._counter, "k": kind, **fields}))
        self._counter += 1
        if len(self._queue) > _MOST_WAITING:
            self._send(now_ms)

    def _catch_up(self, now_ms: int) -> None:
        """Send what the script's timer would have sent before now."""
        if self._queue and now_ms >= (due := self._queue[0][0] + _SEND_AFTER_MS):
            self._send(due)

    def _send(self, now_ms: int) -> None:
        if not self._queue:
            return
        events = [{**event, "d": now_ms - at} for at, event in self._queue]
        self._queue.clear()
        self.post(msgspec.json.encode({**self._shared, "e": events}), len(events), now_ms)

    def _common(self, before: str | None, first: list[str]) -> dict[str, Any]:
        shared = {
            "v": 1,
            "p": self.id,
            "o": before,
            "u": self.url.partition("#")[0][:2048],
            "r": self.referrer,
            "b": self.script.bucket,
            "x": dict(self.script.shown) or None,
            "f": first or None,
            "l": self.page.language or None,
            "w": self.device.viewport,
            "run": self.run,
        }
        return {name: value for name, value in shared.items() if value is not None}

# SPDX-License-Identifier: EUPL-1.2
"""A site of a few pages with k.js, and the collector that its visitors talk to: it keeps what it hears."""

from __future__ import annotations

import queue
import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tracker import answers, wire

if TYPE_CHECKING:
    from playwright.sync_api import Page

SCRIPTS = Path(__file__).parents[2] / "tracker" / "script"
SCRIPT = SCRIPTS / "k.js"
PATIENCE_S = 15
NOON_S = 1_780_308_000  # 1 June 2026, 12:00 in Amsterdam


@dataclass(frozen=True)
class Heard:
    """One request to the collector."""

    headers: dict[str, str]
    body: bytes

    @property
    def beacon(self) -> dict[str, Any]:
        """The beacon, after the collector's own decoder took it."""
        wire.decode(self.body)
        found: dict[str, Any] = msgspec.json.decode(self.body)
        return found


@dataclass
class ScriptSite:
    """`pages` maps a path to the body of its page; what arrives at /e waits in `heard`.

    The collector says 204, unless the next of `answers` is something else: a status with a Retry-After, or
    None for a connection that breaks. `readers` are origins of pages elsewhere that may read its answers.
    `scripts` are texts served instead of the files.
    """

    address: str = ""
    pages: dict[str, str] = field(default_factory=dict)
    heard: queue.Queue[Heard] = field(default_factory=queue.Queue)
    answers: deque[tuple[int, str | None] | None] = field(default_factory=deque)
    scripts: dict[str, bytes] = field(default_factory=dict)
    readers: set[str] = field(default_factory=set)
    counted: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    left: set[str] = field(default_factory=set)
    before: dict[str, str | None] = field(default_factory=dict)

    def page(self, path: str, body: str, *, script: str = "", lang: str = "nl", title: str = "Afval") -> str:
        """Put a page there; `script` are more attributes of the script's tag. Returns its address."""
        self.pages[path] = (
            f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>'
            f'<script src="/k.js" defer {script}></script></head><body>{body}</body></html>'
        )
        return self.address + path

    def next(self) -> dict[str, Any]:
        """The next beacon."""
        beacon = self.heard.get(timeout=PATIENCE_S).beacon
        self.counted[beacon["p"]].update(event["i"] for event in beacon["e"])
        self.before[beacon["p"]] = beacon.get("o")
        if any(event["k"] == "engage" for event in beacon["e"]):
            self.left.add(beacon["p"])
        return beacon

    def next_view(self) -> dict[str, Any]:
        """The next beacon that begins a page view."""
        return next(beacon for beacon in iter(self.next, None) if beacon["e"][0]["k"] == "view")

    def until(self, kind: str, **fields: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Wait for an event of this kind with these fields; returns it, and all events heard up to then.

        Beacons may overtake each other on their way. So what came before the event is waited for too: on its
        own page, as its number tells, and on the pages before it, of which the last that they say as they go
        is how long they were seen. The events are in the order in which they happened.
        """
        seen: list[tuple[str, dict[str, Any]]] = []
        found: tuple[dict[str, Any], dict[str, Any]] | None = None
        while found is None or not self._heard_before(*found):
            beacon = self.next()
            seen += [(beacon["p"], event) for event in beacon["e"]]
            if found is None:
                wanted = (e for e in beacon["e"] if e["k"] == kind and fields.items() <= e.items())
                found = next(((beacon, event) for event in wanted), None)
        pages = list(self.counted)
        seen.sort(key=lambda told: (pages.index(told[0]), told[1]["i"]))
        return found[1], [event for _, event in seen]

    def _heard_before(self, beacon: dict[str, Any], event: dict[str, Any]) -> bool:
        if not self.counted[beacon["p"]].issuperset(range(event["i"])):
            return False
        page = beacon.get("o")
        while page in self.counted:
            numbers = self.counted[page]
            if page not in self.left or len(numbers) <= max(numbers):
                return False
            page = self.before[page]
        return True


def stop_the_clock(tab: Page) -> None:
    """On the pages that are opened from now on time passes only where the test says so."""
    tab.clock.install(time=NOON_S - 3600)  # it runs until it is stopped, and is never set back
    tab.clock.pause_at(NOON_S + 1)


def beat_until_heard(site: ScriptSite, tab: Page) -> dict[str, Any]:
    """Let time pass by quarters of a second until something is heard, four minutes at most."""
    for _ in range(960):
        if not site.heard.empty():
            break
        tab.clock.run_for(250)
        tab.evaluate("0")  # what the network did meanwhile is met
    return site.next()


@contextmanager
def script_site() -> Iterator[ScriptSite]:
    site = ScriptSite()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path in {"/k.js", "/feedback.js", "/call-code.js"}:
                script = site.scripts.get(path) or (SCRIPTS / path[1:]).read_bytes()
                self._answer(200, script, "text/javascript;charset=UTF-8")
            elif path in site.pages:
                self._answer(200, site.pages[path].encode(), "text/html;charset=UTF-8")
            else:
                self._answer(404, b"", "text/plain")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            if self.path == "/e":
                site.heard.put(Heard({name.lower(): value for name, value in self.headers.items()}, body))
                answer = site.answers.popleft() if site.answers else (204, None)
                if answer is None:
                    self.close_connection = True
                else:
                    self._answer(answer[0], b"", "text/plain", retry_after=answer[1])
            else:
                self.do_GET()  # a form of the site

        def _answer(self, status: int, body: bytes, kind: str, *, retry_after: str | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            elsewhere = "; connect-src *" if site.readers else ""
            self.send_header("Content-Security-Policy", f"default-src 'self'; script-src 'self'{elsewhere}")
            self.send_header("Content-Length", str(len(body)))
            if (origin := self.headers["Origin"]) in site.readers:
                for name, value in answers.for_origin(answers.STORED, origin, False).headers:
                    if name.startswith(b"access-control-"):
                        self.send_header(name.decode(), value.decode())
            if retry_after is not None:
                self.send_header("Retry-After", retry_after)
            with suppress(ConnectionError):  # a page that was closed does not wait for our answer
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Not on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    site.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

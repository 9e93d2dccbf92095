# SPDX-License-Identifier: EUPL-1.2
"""An unmodified `matomo.js` in a real Chromium, with everything it can do, against `klantreis collect`.

The file is Matomo's and not in this repository: `KLANTREIS_MATOMO_JS` names a copy, such as that of the
municipality's own Matomo. Every case is a page of its own; all are visited first, then the archive is read.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.klantreis.processes import BROWSER, serving, until
from tests.klantreis.test_matomo_clients import Collecting

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang="nl"><meta charset="utf-8"><title>Afval</title><h1>Afval</h1>
<a id="tel" href="tel:14030">Bel</a> <a id="out" href="https://elders.example/loket">Elders</a>
<a id="file" href="/formulier.pdf">Formulier</a> <a id="saved" href="/lijst" download>Lijst</a>
<div data-track-content data-content-name="banner">
<a id="banner" href="/actie" data-content-piece="b1">Actie</a></div>
<div class="matomoTrackContent" data-content-name="tegel" data-content-piece="t1">Tegel</div>
<script>document.addEventListener('click', event => event.preventDefault());
var _paq = window._paq = [['setTrackerUrl', '%s'], ['setSiteId', '3'], %s];</script>
<script async src="/matomo.js"></script>"""

VIEW = "['trackPageView']"
#: A text that must be stored nowhere.
NAME = "jan@example.nl"


def nothing(page: Page) -> None:
    """The page alone says it all."""


def push(*calls: str) -> Callable[[Page], None]:
    """What the page's own code tells Matomo later on."""
    return lambda page: page.evaluate(f"_paq.push({','.join(calls)})")


def click(*places: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        for place in places:
            page.click(place)

    return act


def later(seconds: int, *acts: Callable[[Page], None]) -> Callable[[Page], None]:
    """The same, and then the clock of the page jumps: what was queued is sent."""

    def act(page: Page) -> None:
        for each in acts:
            each(page)
        page.clock.fast_forward(seconds * 1000)

    return act


def look_away(page: Page) -> None:
    page.clock.fast_forward(20_000)
    page.evaluate("dispatchEvent(new Event('blur'))")


def leave(page: Page) -> None:
    page.evaluate("_paq.push(['trackContentImpression', 'banner', 'b2', '/elders'])")
    page.goto("about:blank")


def go_on(page: Page) -> None:
    """As an app does that shows another page."""
    page.evaluate("""_paq.push(['setReferrerUrl', location.href], ['setCustomUrl', '/app/stap-2'],
        ['setDocumentTitle', 'Stap 2'], ['trackPageView'])""")


def agree(page: Page) -> None:
    assert page.context.cookies() == []
    page.evaluate("_paq.push(['setConsentGiven'], ['trackEvent', 'contact', 'tel'])")


def agree_to_cookies(page: Page) -> None:
    assert page.context.cookies() == []
    page.evaluate("_paq.push(['setCookieConsentGiven'])")


class Case(NamedTuple):
    """A page, what is done on it, and the events that are stored of it: kind and what it tells."""

    name: str
    calls: str
    events: list[tuple[str, Any]]
    act: Callable[[Page], None] = nothing
    address: str = "/matomo.php"


FIRST = ("view", "Afval")
CASES = [
    Case("view", VIEW, [FIRST]),
    Case("title", "['trackPageView', 'Eigen titel']", [("view", "Eigen titel")]),
    Case("search", "['trackSiteSearch', 'grofvuil', 'afval', 8]", [("search", "grofvuil"), ("view", None)]),
    Case(
        "search-on-page",
        f"{VIEW}, ['trackSiteSearch', 'grofvuil', false, 0]",
        [("search", "grofvuil"), FIRST],
    ),
    Case(
        "events",
        f"{VIEW}, ['trackEvent', 'contact', 'tel'], ['trackEvent', 'goal', 'melding_verzonden'], "
        "['trackEvent', 'form', 'step', 'melding', 2], ['trackEvent', 'feedback', 'duim', 'x', 1], "
        "['trackEvent', 'Menu', 'open', 'hoofdmenu', 3.5]",
        [
            ("contact", "tel"),
            ("engage", None),
            ("feedback", 1),
            ("form", "step"),
            ("goal", "melding_verzonden"),
            FIRST,
        ],
    ),
    Case("goal", f"{VIEW}, ['trackGoal', 4, 12.5]", [("goal", "matomo-goal-4"), FIRST]),
    Case(
        "order",
        f"{VIEW}, ['addEcommerceItem', 'k1', 'Paspoort', 'Loket', 77.85, 1], "
        "['trackEcommerceCartUpdate', 77.85], ['trackEcommerceOrder', 'A1', 77.85]",
        [("engage", None), ("engage", None), FIRST],
    ),
    Case(
        "links",
        f"{VIEW}, ['enableLinkTracking']",
        [("file", "saved"), ("file", "pdf"), ("link", "elders"), FIRST],
        click("#out", "#file", "#saved", "#tel"),  # matomo.js itself says nothing of telephone links
    ),
    Case(
        "content",
        f"{VIEW}, ['trackAllContentImpressions']",
        [("engage", None), ("engage", None), ("link", "actie"), FIRST],
        later(3, click("#banner")),
    ),
    Case(
        "content-seen",
        f"{VIEW}, ['trackVisibleContentImpressions', true, 0]",
        [("engage", None), ("engage", None), FIRST],
        later(3),
    ),
    Case("heartbeat", f"{VIEW}, ['enableHeartBeatTimer', 5]", [("engage", None), FIRST], look_away),
    Case("ping", VIEW, [("engage", None), FIRST], push("['ping']")),
    Case("image", f"['setRequestMethod', 'GET'], {VIEW}", [FIRST]),
    Case("beacon-body", f"['setRequestMethod', 'POST'], {VIEW}", [FIRST]),
    Case("fetched", f"['disableAlwaysUseSendBeacon'], ['setRequestMethod', 'POST'], {VIEW}", [FIRST]),
    Case(
        "long",  # of more than 2,000 signs, hence in the body
        f"['setCustomVariable', 1, 'lang', '{'x' * 200}', 'page'], ['trackPageView', '{'Titel ' * 400}']",
        [("view", ("Titel " * 400)[:1000].strip())],
    ),
    Case(
        "queue",
        f"{VIEW}, ['queueRequest', 'e_c=contact&e_a=mail'], ['queueRequest', 'e_c=contact&e_a=chat']",
        [("contact", "chat"), ("contact", "mail"), FIRST],
        later(3),
    ),
    Case(
        "queue-fetched",
        f"['disableAlwaysUseSendBeacon'], {VIEW}, ['queueRequest', 'e_c=contact&e_a=mail'], "
        "['queueRequest', 'e_c=contact&e_a=chat']",
        [("contact", "chat"), ("contact", "mail"), FIRST],
        later(3),
    ),
    Case("leaving", VIEW, [("engage", None), FIRST], leave),
    Case("app", VIEW, [FIRST, ("view", "Stap 2")], go_on),
    Case("no-cookies", f"['disableCookies'], {VIEW}", [FIRST]),
    Case("no-performance", f"['disablePerformanceTracking'], {VIEW}", [FIRST]),
    Case("old-address", VIEW, [FIRST], address="/piwik.php"),
    Case("consent", f"['requireConsent'], {VIEW}", [("contact", "tel"), ("engage", None), FIRST], agree),
    Case("cookie-consent", f"['requireCookieConsent'], {VIEW}", [("engage", None), FIRST], agree_to_cookies),
    Case("refused", f"['optUserOut'], {VIEW}, ['trackEvent', 'contact', 'tel']", [], click("#out")),
    Case(
        "refused-no-more",  # matomo.js then sends what it had kept back
        f"['optUserOut'], {VIEW}",
        [FIRST, ("view", "Toch")],
        push("['forgetUserOptOut'], ['trackPageView', 'Toch']"),
    ),
    Case("not-asked", f"['requireConsent'], {VIEW}", [], click("#out")),
    Case("do-not-track", f"['setDoNotTrack', true], {VIEW}", []),
    Case(
        "user",
        f"['setUserId', '{NAME}'], ['setCustomDimension', 1, '{NAME}'], "
        f"['trackPageView', 'Brief van {NAME}']",
        [("view", "Brief van [email]")],
    ),
    Case(
        "script-error",
        f"['enableJSErrorTracking'], {VIEW}",
        [("engage", None), FIRST],
        lambda page: page.evaluate("onerror('fout', '/a.js', 1, 2, new Error('fout'))"),
    ),
    Case("two-trackers", f"['addTracker', '%s/matomo.php', '4'], {VIEW}", [FIRST, FIRST]),
]


@dataclass
class Visited:
    """What was sent and stored of all cases."""

    rows: dict[str, list[dict[str, Any]]]
    asked: Counter[str] = field(default_factory=Counter)  # requests to the collector, by case
    #: What the browser complained of, and answers that are no success.
    faults: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)  # Matomo's lasting ids


@pytest.fixture(scope="module")
def script() -> bytes:
    named = os.environ.get("KLANTREIS_MATOMO_JS")
    if not named:
        pytest.skip("NO matomo.js: it is on no registry; name a copy in KLANTREIS_MATOMO_JS to test with it")
    return Path(named).read_bytes()


@pytest.fixture(scope="module")
def visited(chromium: Browser, script: bytes, tmp_path_factory: pytest.TempPathFactory) -> Visited:
    folder = tmp_path_factory.mktemp("data")
    (folder / "klantreis.toml").write_text('[site.voorbeeldstad]\nhosts = ["localhost"]\n')
    found = Visited({})
    with serving("collect", "--data", folder) as address, pages(address, script) as site:
        collecting = Collecting(address, folder)
        for case in CASES:
            visit(chromium, collecting, f"{site}/{case.name}", case, found)
        rows = collecting.archived("/")
    for row in rows:
        found.rows.setdefault(row["path"].split("/")[1], []).append(row)
    return found


@contextmanager
def pages(address: str, script: bytes) -> Iterator[str]:
    """The site, beside the collector: one page for each case, with matomo.js."""
    bodies = {
        f"/{case.name}": PAGE % (address + case.address, case.calls.replace("%s", address)) for case in CASES
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_script = self.path == "/matomo.js"
            body = script if is_script else bodies.get(self.path, "").encode()
            self.send_response(200 if body else 204)  # a browser asks for an icon too
            self.send_header("Content-Type", "text/javascript" if is_script else "text/html;charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def visit(chromium: Browser, collecting: Collecting, url: str, case: Case, found: Visited) -> None:
    """Open the page as a new visitor, act, and wait until the collector has its events."""
    before = collecting.events()
    context = chromium.new_context(user_agent=BROWSER, locale="nl-NL")
    try:
        if case.name == "do-not-track":
            context.add_init_script("Object.defineProperty(navigator, 'doNotTrack', {get: () => '1'})")

        def note(request: Any) -> None:
            if ".php" in request.url:
                found.asked[case.name] += 1

        context.on("request", note)
        context.on(
            "response",
            lambda answer: answer.ok or found.faults.append(f"{case.name}: {answer.status} {answer.url}"),
        )
        context.on(
            "console", lambda line: line.type == "error" and found.faults.append(f"{case.name}: {line.text}")
        )
        context.on("weberror", lambda error: found.faults.append(f"{case.name}: {error.error}"))
        page = context.new_page()
        page.clock.install()
        page.goto(url, referer="https://www.google.com/")
        page.wait_for_function("window.Matomo && Matomo.initialized")
        case.act(page)
        with suppress(AssertionError):  # that events are missing is said of their case
            until(
                lambda: collecting.events() >= before + len(case.events),
                f"fewer than {len(case.events)} events came",
                within_s=15,
                pause=page.wait_for_timeout,
            )
        cookies = context.cookies()
        found.ids |= {one["value"].split(".")[0] for one in cookies if "_pk_id" in one["name"]}
    finally:
        context.close()


def told(row: dict[str, Any]) -> Any:
    """What an event says, in a word."""
    fields = {"view": "title", "search": "query", "goal": "goal", "contact": "channel", "form": "action",
              "feedback": "heartbeat"}  # fmt: skip
    if row["kind"] in ("link", "file"):
        last = row["target"].rpartition("/")[2]
        return {"loket": "elders", "formulier.pdf": "pdf", "lijst": "saved", "actie": "actie"}[last]
    return row[fields[row["kind"]]] if row["kind"] in fields else None


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_matomo_js_says_is_stored(visited: Visited, case: Case) -> None:
    rows = visited.rows.get(case.name, [])
    found = sorted(((row["kind"], told(row)) for row in rows), key=str)
    assert found == sorted(case.events, key=str)
    if not case.events:
        assert visited.asked[case.name] == 0


def test_the_browser_had_nothing_to_complain_of(visited: Visited) -> None:
    assert visited.faults == []


#: Cases of several hits that speak of one page view, also where the resident agreed in between.
SEVERAL = ("events", "links", "content", "order", "queue", "heartbeat", "search", "consent", "cookie-consent")


def test_hits_of_one_view_share_its_id_and_visitors_are_told_apart(visited: Visited) -> None:
    def ids(name: str, column: str = "page_view") -> int:
        return len({row[column] for row in visited.rows[name]})

    assert [ids(name) for name in SEVERAL] == [1] * len(SEVERAL)
    assert ids("app") == 2


def test_the_lasting_id_is_stored_only_with_consent(visited: Visited) -> None:
    consented = {name for name, rows in visited.rows.items() if any(row["consented"] for row in rows)}
    assert consented == {"consent"}
    assert visited.ids
    everything = json.dumps(visited.rows, default=str)
    assert [one for one in visited.ids if one in everything] == []
    assert NAME not in everything


def test_a_view_says_where_it_came_from_and_how_long_it_was_seen(visited: Visited) -> None:
    (view,) = visited.rows["view"]
    assert view["referrer"] == "https://www.google.com/"
    (ping,) = (row for row in visited.rows["heartbeat"] if row["kind"] == "engage")
    assert ping["visible_s"] >= 5

# SPDX-License-Identifier: EUPL-1.2
"""The browser without a screen sends what a real one sends: the same steps in both, beacon for beacon."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import numpy as np
import pytest
from werkzeug.serving import make_server

import tracker
from tests.web_demo.chromium_browser import ChromiumBrowser
from tests.web_demo.running_site import running_site
from web_demo.citizens.actions import (
    Action,
    Back,
    Contact,
    Feedback,
    FillIn,
    Follow,
    Leave,
    Open,
    Search,
    Submit,
    View,
)
from web_demo.citizens.behaviour import Behaviour
from web_demo.citizens.browser import Browser
from web_demo.citizens.citizen import Citizen, World
from web_demo.citizens.devices import Device
from web_demo.citizens.form_filling import fill
from web_demo.citizens.page import Form, Link
from web_demo.citizens.parsing import Reader
from web_demo.citizens.words import Wish, load
from web_demo.citizens.wsgi import caller

if TYPE_CHECKING:
    from playwright.sync_api import Browser as Chromium
    from playwright.sync_api import ViewportSize

pytestmark = pytest.mark.browser

SCRIPTS = Path(tracker.__file__).parent / "script"
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0"
WISH = load().wish("zwerfvuil")
Steps = Generator[Action, View, None]


class Drives(Protocol):
    """Either driver."""

    def do(self, action: Action, now_ms: int) -> View | None: ...


@dataclass
class Inbox:
    """Beacons as they came in."""

    bodies: list[bytes] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def put(self, body: bytes) -> None:
        with self.changed:
            self.bodies.append(body)
            self.changed.notify_all()

    def wait_for(self, events: int) -> None:
        """Wait until so many events have come in, half a minute at most."""

        def all_in() -> bool:
            return sum(len(json.loads(body)["e"]) for body in self.bodies) >= events

        with self.changed:
            self.changed.wait_for(all_in, timeout=30)


def searching_and_reading() -> Steps:
    view = yield Open("/", "https://www.google.com/")
    view = yield Search("zwerfvuil op straat")
    view = yield Follow(next(link for link in view.page.links if link.rank == 2))
    view = yield Feedback(-1)
    view = yield Back()
    view = yield Search("bestaatnietxyz")
    view = yield Contact(next(link for link in view.page.links if link.contact == "tel"))
    yield Leave()


def a_campaign_and_an_answer_among_the_results() -> Steps:
    view = yield Open("/afval/grofvuil?kr_code=BRIEF&onbekend=1#top")
    view = yield Search("openingstijden")
    view = yield Follow(next(link for link in view.page.links if link.href == "/"))
    yield Leave()


def filling_in_with_an_error_and_leaving() -> Steps:
    view = yield Open("/melding/stap-1")
    view = yield FillIn(form_of(view))
    view = yield Submit(form_of(view), {})
    view = yield Submit(form_of(view), good_answers(form_of(view)))
    view = yield Follow(home(view))
    view = yield Open("/melding/stap-1")
    view = yield FillIn(form_of(view))
    yield Leave()


def sending_a_form() -> Steps:
    view = yield Open("/melding/stap-1", "https://l.facebook.com/")
    view = yield FillIn(form_of(view))
    while view.page.forms:
        view = yield Submit(form_of(view), good_answers(form_of(view)))
    view = yield Feedback(1)
    view = yield Follow(home(view))
    yield Leave()


def form_of(view: View) -> Form:
    return view.page.forms[0]


def home(view: View) -> Link:
    return next(link for link in view.page.links if link.href == "/")


def good_answers(form: Form) -> dict[str, tuple[str, ...]]:
    random = np.random.default_rng(1)
    answers = {f.name: fill(f, WISH, lambda _: 0.0, random).values for f in form.fields if f.kind != "file"}
    return {name: values for name, values in answers.items() if values}


def drive(driver: Drives, steps: Steps) -> None:
    now = 1_790_000_000_000
    action = next(steps)
    while True:
        view = driver.do(action, now)
        now += 200
        try:
            action = steps.send(view)  # type: ignore[arg-type]
        except StopIteration:
            return


@dataclass
class Served:
    """The site with the real k.js on a loopback port; `random` draws the buckets."""

    wsgi: Callable[..., Any]
    random: Random
    inbox: Inbox = field(default_factory=Inbox)
    origin: str = ""

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if environ["PATH_INFO"] == "/e":
            self.inbox.put(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
            start_response("204 No Content", [])
            return [b""]
        if environ["PATH_INFO"] in {"/k.js", "/feedback.js", "/call-code.js"}:
            start_response("200 OK", [("Content-Type", "text/javascript")])
            return [(SCRIPTS / environ["PATH_INFO"][1:]).read_bytes()]
        return self.wsgi(environ, start_response)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    random = Random()
    site = Served(running_site(lambda: datetime.now(UTC), random).wsgi_app, random)
    server = make_server("127.0.0.1", 0, site, threaded=True)
    site.origin = f"http://127.0.0.1:{server.port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()


def told(bodies: list[bytes]) -> list[dict[str, Any]]:
    """Events in their order, each with what its beacon says, page views numbered instead of named."""
    beacons = [json.loads(body) for body in bodies]
    names: dict[str, int] = {}
    for beacon in beacons:
        names.setdefault(beacon["p"], len(names))
    found = []
    for beacon in beacons:
        shared = {key: value for key, value in beacon.items() if key not in ("e", "p", "o")}
        shared |= {"p": names[beacon["p"]], "o": names.get(beacon.get("o"))}
        for event in beacon["e"]:
            # How long and how far differ between a machine and a model; what was said must not.
            found.append({**shared, **{k: v for k, v in event.items() if k not in ("d", "s", "y")}})
    return sorted(found, key=lambda event: (event["p"], event["i"]))


def without_screen(served: Served, device: Device, steps: Steps) -> list[dict[str, Any]]:
    """What our browser sends on these steps."""
    bodies: list[bytes] = []
    browser = Browser(
        device,
        origin=served.origin,
        send=caller(served.wsgi, host=urlsplit(served.origin).netloc, scheme="http")("127.0.0.1"),
        post=lambda beacon: bodies.append(beacon.body),
        reader=Reader(),
        random=np.random.default_rng(0),
        loading_ms=(20, 20),
    )
    drive(browser, steps)
    return told(bodies)


def in_chromium(
    served: Served, chromium: Chromium, device: Device, steps: Steps, events: int
) -> list[dict[str, Any]]:
    """What the real k.js sends on these steps, as soon as so many events have come in."""
    screen: ViewportSize = {"width": device.width, "height": device.height}
    context = chromium.new_context(user_agent=device.user_agent, viewport=screen, locale="nl-NL")
    served.inbox = Inbox()
    try:
        drive(ChromiumBrowser(context, served.origin, Reader()), steps)
        served.inbox.wait_for(events)
    finally:
        context.close()
    return told(served.inbox.bodies)


WALKS = [
    (searching_and_reading, 390),
    (searching_and_reading, 1280),
    (a_campaign_and_an_answer_among_the_results, 820),
    (filling_in_with_an_error_and_leaving, 390),
    (sending_a_form, 1280),
]


@pytest.mark.parametrize("bucket_seed", [1, 2], ids=["one bucket", "another bucket"])
@pytest.mark.parametrize(("steps", "width"), WALKS, ids=lambda value: getattr(value, "__name__", str(value)))
def test_a_browser_without_a_screen_sends_what_chromium_sends(
    chromium: Chromium, served: Served, steps: Callable[[], Steps], width: int, bucket_seed: int
) -> None:
    device = Device(USER_AGENT, width, 800, width < 640, "nl-NL,nl;q=0.9", "127.0.0.1")
    served.random.seed(bucket_seed)
    ours = without_screen(served, device, steps())
    served.random.seed(bucket_seed)
    assert in_chromium(served, chromium, device, steps(), len(ours)) == ours


def walked(driver: Drives, citizen: Citizen) -> list[str]:
    """Everything that a citizen did, in words."""
    done, visit, now = [], citizen.visit(), 1_790_000_000_000
    action = next(visit)
    while True:
        done.append(_in_words(action))
        view = driver.do(action, now)
        now += 1000
        try:
            action = visit.send(view)  # type: ignore[arg-type]
        except StopIteration:
            return done


def _in_words(action: Action) -> str:
    match action:
        case Open(target):
            return f"open {target}"
        case Follow(link) | Contact(link):
            return f"{type(action).__name__.lower()} {link.text}"
        case Search(words):
            return f"search {words}"
        case Submit(form, answers):
            return f"submit {form.action} {dict(answers)}"
        case _:
            return type(action).__name__.lower()


PEOPLE = [("zwerfvuil", 2), ("zwerfvuil", 5), ("schuldhulp", 3), ("paspoort", 1)]


@pytest.mark.parametrize(("wish", "number"), PEOPLE)
def test_the_same_citizen_does_the_same_in_chromium(
    chromium: Chromium, served: Served, wish: str, number: int
) -> None:
    vocabulary = replace(load(), wishes=(load().wish(wish),))
    behaviour = replace(Behaviour(), second_question_share=0.0, gpc_share=0.0, refuses_cookies_share=0.0)

    def citizen() -> Citizen:
        return Citizen(number, World(vocabulary, behaviour, StartPage()), np.random.default_rng(number))

    device = citizen().device
    send = caller(served.wsgi, host=urlsplit(served.origin).netloc, scheme="http")("127.0.0.1")
    ours = Browser(
        device,
        origin=served.origin,
        send=send,
        post=lambda _: None,
        reader=Reader(),
        random=np.random.default_rng(0),
    )
    served.random.seed(number)
    expected = walked(ours, citizen())
    context = chromium.new_context(
        user_agent=device.user_agent, viewport={"width": device.width, "height": device.height}
    )
    try:
        served.random.seed(number)
        assert walked(ChromiumBrowser(context, served.origin, Reader()), citizen()) == expected
    finally:
        context.close()
    assert len(expected) > 4


class StartPage:
    """A search engine that knows the start page only."""

    def best(self, wish: Wish) -> Sequence[str]:
        return ("/",)

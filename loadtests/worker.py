# SPDX-License-Identifier: EUPL-1.2
"""The process that makes the load: Locust with the demo's citizens. Run as `python -m loadtests.worker`.

It is a process of its own since Locust turns the standard library into gevent's, which nothing else of the
house should run on. It reads an `Order` from standard input and writes `Message`s to standard output.
"""

from __future__ import annotations

# First of all: importing Locust is what replaces sockets and threads.
from locust.contrib.fasthttp import FastHttpSession, FastHttpUser  # isort: skip

import sys
import time
from collections import Counter
from typing import Any

import gevent
import msgspec
import numpy as np
from locust.env import Environment

from loadtests.messages import Group, Load, Message, Order, Progress, Tally
from web_demo.citizens.actions import Read, View
from web_demo.citizens.behaviour import Behaviour
from web_demo.citizens.browser import Browser
from web_demo.citizens.citizen import Citizen, World
from web_demo.citizens.exchange import Beacon, Request, Response
from web_demo.citizens.landings import Landings, crawl
from web_demo.citizens.page import Page
from web_demo.citizens.parsing import Reader
from web_demo.citizens.words import load

_TRIES = 5  # for a beacon that the collector puts off
_LONGEST_WAIT_S = 2.0
_LEAVING_S = 15.0  # time that visits get to come to an end
_OPTED_OUT = {"Sec-GPC": "1", "User-Agent": "klantreis-loadtest"}


class Books:
    """What was sent and what became of it, for all citizens together."""

    def __init__(self, seed: int) -> None:
        self._seeds = np.random.SeedSequence(seed)
        self.visits = 0
        self.sent = 0
        self.acknowledged = 0
        self.dropped: Counter[str] = Counter()
        self.closing = False

    def generators(self) -> list[np.random.Generator]:
        """Two for the next visitor: for what they decide, and for what happens to them."""
        return [np.random.Generator(np.random.PCG64(part)) for part in self._seeds.spawn(1)[0].spawn(2)]


class Pace:
    """Gives every beacon its turn, so that events come at a rate; what is behind time goes at once.

    Residents do not wait for a slow server to recover before they come: what could not be sent in time is
    sent as soon as it can be, and the rate holds over the whole run. A visit begins only when no beacon is
    waiting any more, so that no more citizens are about than the rate takes.
    """

    def __init__(self, rate: float | None, books: Books) -> None:
        self._rate, self._books = rate, books
        self._started = 0.0
        self._given = 0
        self._next_visit = 0.0

    def start(self) -> None:
        """The first turn is now."""
        self._started = time.perf_counter()

    def begin(self) -> None:
        """Wait until a visit more is needed."""
        if self._rate is None:
            return
        while not self._books.closing and (early := self._early()) > 0:
            gevent.sleep(min(early, 0.5))
        self._next_visit = time.perf_counter() - self._started + 1 / self._rate

    def turn(self, events: int) -> None:
        """Wait until that many events are due."""
        if self._rate is None:
            return
        due = self._started + self._given / self._rate
        self._given += events
        while not self._books.closing and (early := due - time.perf_counter()) > 0:
            gevent.sleep(min(early, 0.5))

    def _early(self) -> float:
        """Seconds until the next visit may begin."""
        due = max(self._next_visit, self._given / (self._rate or 1.0))
        return self._started + due - time.perf_counter()


class Resident(FastHttpUser):  # type: ignore[misc]
    """One citizen after another, on one connection."""

    abstract = True
    order: Order
    world: World
    reader: Reader
    books: Books
    pace: Pace

    def on_start(self) -> None:
        # Every citizen keeps cookies of their own; the connection must not mix them.
        self.client.client.cookiejar = None

    def visit(self) -> None:
        """One visit, from coming to leaving."""
        self.pace.begin()
        if self.books.closing:
            return
        inner, outer = self.books.generators()
        citizen = Citizen(self.books.visits, self.world, inner)
        self.books.visits += 1
        browser = Browser(
            citizen.device,
            origin=self.order.host,
            send=self._send,
            post=self._post,
            reader=self.reader,
            random=outer,
            run=self.order.mark,
            loading_ms=(0, 0),
        )
        self.client.request("GET", "/k.js", name="script")
        self._walk(citizen, browser)

    def _walk(self, citizen: Citizen, browser: Browser) -> None:
        visit, view = citizen.visit(), None
        try:
            while not self.books.closing:
                action = next(visit) if view is None else visit.send(view)
                shown: View | None = browser.do(action, _now_ms())
                view = shown or view
                if isinstance(action, Read):
                    gevent.sleep(action.seconds * self.order.think_factor)
        except StopIteration:
            return
        browser.leave(_now_ms())

    def _send(self, request: Request) -> Response:
        path = request.target.partition("?")[0]
        name = "searches" if path.endswith(("/zoeken", "/search")) else "pages"
        answer = self.client.request(
            request.method,
            request.target,
            name="forms" if request.method == "POST" else name,
            data=request.body or None,
            headers=dict(request.headers),
            allow_redirects=False,
        )
        pairs = answer.headers.items() if answer.headers is not None else ()
        headers = tuple((str(key).lower(), str(value)) for key, value in pairs)
        return Response(int(answer.status_code), headers, answer.content or b"")

    def _post(self, beacon: Beacon) -> None:
        self.pace.turn(beacon.events)
        self.books.sent += beacon.events
        for attempt in range(_TRIES):
            answer = self.client.request(
                "POST", "/e", name="beacons", data=beacon.body, headers=dict(beacon.headers)
            )
            if answer.status_code == 204:
                reason = answer.headers.get("klantreis-dropped")
                if reason:
                    self.books.dropped[str(reason)] += beacon.events
                else:
                    self.books.acknowledged += beacon.events
                return
            if answer.status_code not in (0, 429, 503):
                return
            said = answer.headers.get("retry-after") if answer.headers is not None else None
            gevent.sleep(min(_LONGEST_WAIT_S, float(said or 0.2 * 2**attempt)))

    tasks = [visit]  # noqa: RUF012 - Locust's way to name what a user does


class Gauge:
    """How busy this process is: its processor time, and how late a timer comes."""

    def __init__(self) -> None:
        self._shares: list[float] = []
        self._lags_ms: list[float] = []

    def watch(self) -> None:
        """Measure until killed."""
        wall, cpu = time.perf_counter(), time.process_time()
        while True:
            asked = time.perf_counter()
            gevent.sleep(0.1)
            now = time.perf_counter()
            self._lags_ms.append((now - asked - 0.1) * 1000)
            if now - wall >= 1.0:
                used = time.process_time()
                self._shares.append((used - cpu) / (now - wall))
                wall, cpu = now, used

    def read(self) -> Load:
        """Mean share of a core, the highest mean of five seconds, and the lateness that 95 % stay below."""
        shares = self._shares or [0.0]
        peaks = [sum(shares[i : i + 5]) / 5 for i in range(len(shares) - 4)] or [sum(shares) / len(shares)]
        return Load(
            cpu_mean=sum(shares) / len(shares),
            cpu_peak=max(peaks),
            lag_p95_ms=float(np.percentile(self._lags_ms or [0.0], 95)),
        )


def main() -> None:
    """Carry out the order on standard input."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    books, reader = Books(order.seed), Reader()
    environment = Environment(host=order.host, stop_timeout=_LEAVING_S)
    world = World(load(), Behaviour(), _landings(environment, order, reader))
    environment.stats.reset_all()
    pace = Pace(order.rate, books)
    shared = {
        "host": order.host, "order": order, "books": books, "pace": pace, "reader": reader, "world": world,
    }  # fmt: skip
    environment.user_classes = [type("VoorbeeldstadResident", (Resident,), {**shared, "abstract": False})]
    runner = environment.create_local_runner()
    gauge = Gauge()
    watcher = gevent.spawn(gauge.watch)
    started = time.perf_counter()
    pace.start()
    runner.start(order.users, spawn_rate=order.spawn_rate)
    while (elapsed := time.perf_counter() - started) < order.duration_s:
        gevent.sleep(min(1.0, order.duration_s - elapsed))
        total = environment.stats.total
        _say(
            Progress(
                elapsed_s=min(time.perf_counter() - started, order.duration_s),
                users=runner.user_count,
                requests=total.num_requests,
                failures=total.num_failures,
                events=books.acknowledged,
            )
        )
    books.closing, in_time = True, books.sent
    load_then = gauge.read()
    watcher.kill()
    runner.quit()
    _say(_tally(environment, books, in_time, load_then))


def _landings(environment: Any, order: Order, reader: Reader) -> Landings:
    """What a search engine knows of the site, read by somebody who is not measured."""
    session = FastHttpSession(order.host, environment.events.request, None)

    def fetch(path: str) -> Page | None:
        answer = session.request("GET", path, name="crawl", headers=_OPTED_OUT)
        return reader.read(answer.content)[0] if answer.status_code == 200 else None

    return crawl(fetch)


def _tally(environment: Any, books: Books, in_time: int, busy: Load) -> Tally:
    by_name: dict[str, Any] = {}
    for (name, _), entry in environment.stats.entries.items():
        if name in by_name:
            by_name[name].extend(entry)
        else:
            by_name[name] = entry
    return Tally(
        groups=[_group(name, entry) for name, entry in sorted(by_name.items())],
        total=_group("all", environment.stats.total),
        visits=books.visits,
        sent=books.sent,
        sent_in_time=in_time,
        acknowledged=books.acknowledged,
        dropped=dict(books.dropped),
        errors={
            f"{error.method} {error.name}: {error.error}"[:200]: error.occurrences
            for error in environment.stats.errors.values()
        },
        load=busy,
    )


def _group(name: str, entry: Any) -> Group:
    p50, p95, p99 = (float(entry.get_response_time_percentile(share) or 0) for share in (0.5, 0.95, 0.99))
    return Group(
        name=name,
        requests=entry.num_requests,
        failures=entry.num_failures,
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
    )


def _say(message: Message) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(message) + b"\n")
    sys.stdout.buffer.flush()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


if __name__ == "__main__":
    main()

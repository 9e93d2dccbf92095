# SPDX-License-Identifier: EUPL-1.2
"""The collector: takes beacons over HTTP and answers when they are stored.

An ASGI callable without a framework, since it stands on every page of the municipality. `take` is the way in
for who is in the same process; `__call__` is a thin shell round it.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import secrets
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from tracker import answers, ledger, packing, pixel, probe, runs, wire
from tracker.access import Operators
from tracker.admission import Rules, SaltMissingError, admit, client_address, is_site_origin
from tracker.answers import Answer
from tracker.arrival import Arrival, Drop
from tracker.asgi import App, Receive, Scope, Send, body_of, client_of, wanted
from tracker.bots import is_bot
from tracker.case_numbers import CaseNumbers
from tracker.commit import GroupCommit
from tracker.day import day_of
from tracker.delivery import Delivery
from tracker.errors import MismatchError, StoreAwayError
from tracker.identity import Salts
from tracker.keys import Keys
from tracker.networks import Network
from tracker.nodes import Nodes, nodes_of
from tracker.operator_pages import OperatorPages
from tracker.rate import Rate, RateLimit
from tracker.served_script import CALL_CODE, FEEDBACK, ServedScript
from tracker.site import Site, Sites
from tracker.spool import MIB, Spool, occupancy
from tracker.store_client import FAILURES, AsyncClient, open_async_client
from tracker.watching import Watching
from tracker.words import Words
from tracker.worker import Snapshot, Workers, snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorSettings:
    """What may differ between installations; `tracker.admission.Rules` explains the networks and the token.

    `max_waiting` events may wait for the store before new ones are answered 503; few arrivals wait `linger_s`
    for each other, so that they share the cost of a group. `store_timeout_s` bounds how long one group, hence
    one visitor's beacon, waits for the store; where it failed, it isn't asked again for `store_pause_s`.
    `replicas` must have a group too before it counts as stored. What the store cannot have waits in the
    folder `spool`, in at most `spool_bytes`; without it, or where it is full, the answer is 503.
    """

    sites: Sites
    store_url: str = "redis://127.0.0.1:6379/0"
    partitions: int = 16
    trusted_proxies: tuple[Network, ...] = ()
    staff_networks: tuple[Network, ...] = ()
    run_token: str | None = None
    operators: Operators = field(default_factory=Operators)
    cases: CaseNumbers | None = None
    rate: Rate = field(default_factory=Rate)
    max_waiting: int = 20_000
    linger_s: float = 0.0
    store_timeout_s: float = 2.0
    store_pause_s: float = 1.0
    replicas: int = 0
    spool: Path | None = None
    spool_bytes: int = 256 * MIB


# A store that was emptied has the words again within this time; entries with a code of an unknown word wait.
RENEW_WORDS_S = 60.0


def now_ms() -> int:
    """Milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


def _nothing_archived(_run: str) -> Collection[runs.Identity]:
    return ()


class Collector:
    """Takes beacons into Redis.

    `client` stands in for the settings' `store_url` (one without `decode_responses`; its owner closes it);
    `clock` gives milliseconds since 1970, `random` n random bytes, `archived` the identities that the archive
    holds of a load-test run, `workers` those who share its port. What isn't the collector's goes to the ASGI
    app `fallback`.
    """

    def __init__(
        self,
        settings: CollectorSettings,
        client: AsyncClient | None = None,
        *,
        keys: Keys | None = None,
        clock: Callable[[], int] = now_ms,
        random: Callable[[int], bytes] = secrets.token_bytes,
        archived: Callable[[str], Collection[runs.Identity]] = _nothing_archived,
        script: ServedScript | None = None,
        fallback: App | None = None,
        workers: Workers | None = None,
    ) -> None:
        self._settings = settings
        self._client = open_async_client(settings.store_url) if client is None else client
        self._owns_client = client is None
        self._keys = keys = keys or Keys()
        self.clock = clock
        self._scripts = {
            "/k.js": script or ServedScript(),
            "/feedback.js": ServedScript(FEEDBACK),
            "/call-code.js": ServedScript(CALL_CODE),
        }
        self._fallback = fallback
        self._salts = Salts(self._client, keys, random)
        self._words = Words()
        self._rules = Rules(
            sites=settings.sites,
            salt=self._salts.known,
            partitions=settings.partitions,
            trusted_proxies=settings.trusted_proxies,
            staff_networks=settings.staff_networks,
            run_token=settings.run_token,
            cases=settings.cases,
            limit=RateLimit(settings.rate),
            words=self._words,
        )
        self._delivery = delivery = self._make_delivery()
        self._commit = GroupCommit(
            delivery, keys, max_waiting=settings.max_waiting, linger_s=settings.linger_s
        )
        self._heads = [packing.head(keys.events(partition)) for partition in range(settings.partitions)]
        self._learning: asyncio.Task[None] | None = None
        self.counts = self._commit.counts
        self._workers = workers or Workers()
        self._started_at = time.time()
        self._watching = Watching(self._client, keys, partitions=settings.partitions, clock=clock)
        self._stopping = False
        self._settled = False
        self._away_until = 0.0
        self._asking = asyncio.Lock()
        # The ledger's DAY is one for all sites, since a beacon that was dropped may name none.
        self._zone = next(iter(settings.sites), Site("", frozenset())).zone
        self._for_operators = OperatorPages(
            self._client,
            keys,
            partitions=settings.partitions,
            operators=settings.operators,
            workers=self._workers,
            snapshot=self._snapshot,
            watching=self._watching,
            archived=archived,
            clock=clock,
            zone=self._zone,
        )

    def _make_delivery(self) -> Delivery:
        settings = self._settings
        spool = Spool(settings.spool, settings.spool_bytes) if settings.spool is not None else None
        return Delivery(
            self._make_nodes(),
            self._make_nodes(),
            spool,
            timeout_s=settings.store_timeout_s,
            pause_s=settings.store_pause_s,
            on_return=self._words.renew,  # the store may be another one now
        )

    def _make_nodes(self) -> Nodes:
        wait_s = self._settings.store_timeout_s / 2
        return nodes_of(self._client, self._keys, replicas=self._settings.replicas, wait_s=wait_s)

    async def start(self) -> None:
        """Claim the store for this number of partitions, and begin to replay what lies in the spool.

        Raises `MismatchError` where its streams were made for another number. A store that is away is no
        error: it is claimed when it is back, and until then every beacon is answered 503, since nobody knows
        the salt of its pseudonym.
        """
        await self._workers.join(self._snapshot)
        is_bot("")  # reads and compiles the list, so that no visitor waits for it
        with contextlib.suppress(StoreAwayError):
            await self._ask(self._settle)
        self._delivery.start()

    async def close(self) -> None:
        """Finish what waits for the store and hang up."""
        if self._learning is not None:
            self._learning.cancel()
        self._stopping = True
        self._workers.leave()
        await self._commit.close()
        if self._owns_client:
            await self._client.aclose()

    async def take(self, arrival: Arrival) -> Answer:
        """Admit one beacon and store it; the answer comes when that is done. Never raises for what came."""
        done: asyncio.Future[StoreAwayError | None] = asyncio.get_running_loop().create_future()

        def stored(error: StoreAwayError | None) -> None:
            if not done.done():  # who waited may have been cancelled
                done.set_result(error)

        try:
            try:
                answer = self.accept(arrival, stored)
            except SaltMissingError as missing:
                await self._prepare(missing.zone, missing.time_ms)
                answer = self.accept(arrival, stored)
        except (StoreAwayError, MismatchError):
            return answers.AWAY
        if answer is not None:
            return answer
        return answers.STORED if await done is None else answers.AWAY

    def accept(self, arrival: Arrival, stored: Callable[[StoreAwayError | None], None]) -> Answer | None:
        """`take` for who doesn't await: the answer, or None where `stored` will be called.

        Raises `SaltMissingError` where the store must be asked first, for which there is `take`, and
        `StoreAwayError` where too much waits for the store already.
        """
        if arrival.method != "POST":
            return answers.wrong_method("POST, OPTIONS")
        if not _is_plain_text(arrival.content_type):
            return answers.WRONG_TYPE
        outcome = admit(arrival, self._rules)
        day = day_of(arrival.time_ms, self._zone)
        if isinstance(outcome, Drop):
            self._commit.count_drop(day, ledger.dropped(outcome.reason))
            return answers.of_drop(outcome)
        if not self._settled:
            raise SaltMissingError(self._zone, arrival.time_ms)
        self._commit.put(
            outcome.partition,
            packing.commands(self._heads[outcome.partition], outcome.shared, outcome.each),
            len(outcome.each),
            stored,
            day=day,
            redacted=outcome.redacted,
            run=outcome.run,
        )
        if self._words.to_learn and self._learning is None:
            self._learning = asyncio.get_running_loop().create_task(self._learn())
        return None

    def for_page(self, answer: Answer, origin: str | None, host: str | None) -> Answer:
        """The answer as a page of `origin` may read it (headers `Origin` and `Host` of the request)."""
        if origin is None or origin.partition("://")[2] == host:
            return answer  # the usual case: page and collector are one host, which needs no leave
        if is_site_origin(origin, self._settings.sites):
            return answers.for_origin(answer, origin)
        return answer

    def count_refusal(self, answer: Answer) -> None:
        """For who sends an answer; successes are counted by group (`tracker.counts`)."""
        if answer.status >= 400:
            self.counts.refused[answer.status] += 1

    async def _ask(self, question: Callable[[], Awaitable[None]]) -> None:
        """Ask the store something that many arrivals may need at once: one asks, the others wait for it.

        After a failure nobody asks for a while, so that a crowd is answered 503 at once.
        Raises `StoreAwayError`.
        """
        loop = asyncio.get_running_loop()
        async with self._asking:
            if loop.time() < self._away_until:
                raise StoreAwayError("the store was away a moment ago")
            try:
                async with asyncio.timeout(self._settings.store_timeout_s):
                    await question()
            except FAILURES as error:
                self._away_until = loop.time() + self._settings.store_pause_s
                raise StoreAwayError(f"the store does not answer ({error or 'time-out'})") from error

    async def _prepare(self, zone: ZoneInfo, time_ms: int) -> None:
        """Ask the store for what is missing to take an arrival. Raises `StoreAwayError`."""

        async def question() -> None:
            await self._settle()
            if self._salts.known(zone, time_ms) is None:
                await self._salts.load(zone, time_ms)

        try:
            await self._ask(question)
        except StoreAwayError:
            if not (self._settled and self._salts.make_do(zone, time_ms)):
                raise

    async def _learn(self) -> None:
        """Give the store words that are missing there, and all of them again after a while."""
        loop = asyncio.get_running_loop()
        try:
            await self._ask(lambda: self._words.learn(self._client, self._keys, secure=self._secure))
            loop.call_later(RENEW_WORDS_S, self._words.renew)
        except StoreAwayError:
            await asyncio.sleep(self._settings.store_pause_s)
        self._learning = None

    async def _secure(self) -> None:
        """Make sure that as many replicas as must have an event also have the words in it."""
        if self._settings.replicas:
            nodes = self._make_nodes()
            try:
                await nodes.probe()
            finally:
                await nodes.hang_up()

    async def _settle(self) -> None:
        if self._settled:
            return
        ours = self._settings.partitions
        await self._client.set(self._keys.partitions, ours, nx=True)
        theirs = int(await self._client.get(self._keys.partitions) or ours)
        if theirs != ours:
            raise MismatchError(
                f"The store holds {theirs} partitions and the settings say {ours}. Set the number of "
                f"partitions to {theirs}, or begin with an empty store."
            )
        names = [site.name for site in self._settings.sites]
        await self._words.learn(self._client, self._keys, names, secure=self._secure)
        self._settled = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if scope["type"] == "http":
            answer = await self._beacon(scope, receive) if scope["path"] == "/e" else await self._other(scope)
            if answer is not None:
                self.count_refusal(answer)
                await send(
                    {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
                )
                await send({"type": "http.response.body", "body": answer.body})
                return
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if self._fallback is not None:
            await self._fallback(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.start()
        except MismatchError as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        # Beacons leave no garbage in circles, and what was loaded by now stays: Python needn't look through
        # all of it every few requests (a tenth of the time of a beacon).
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 20)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _beacon(self, scope: Scope, receive: Receive) -> Answer:
        headers = wanted(scope["headers"])
        if scope["method"] == "OPTIONS":
            answer = _PREFLIGHT
        else:
            answer = await self.take(
                Arrival(
                    await body_of(receive, wire.MAX_BYTES),
                    headers,
                    client_of(scope),
                    scope["method"],
                    headers.get("content-type", ""),
                    self.clock(),
                )
            )
        return self.for_page(answer, headers.get("origin"), headers.get("host"))

    async def _other(self, scope: Scope) -> Answer | None:
        """Every address but `/e`; None where it is the fallback's."""
        path: str = scope["path"]
        route = self._routes().get(path) or self._for_operators.route(path)
        if route is None:
            return None if self._fallback is not None else answers.NOT_FOUND
        if scope["method"] not in {"GET", "HEAD"}:
            return answers.wrong_method("GET, HEAD")
        try:
            return await route(scope)
        except (StoreAwayError, *FAILURES):
            return answers.AWAY

    def _routes(self) -> Mapping[str, Callable[[Scope], Awaitable[Answer]]]:
        return {
            "/e.gif": self._pixel,
            "/k.js": self._served_script,
            "/feedback.js": self._served_script,
            "/call-code.js": self._served_script,
            "/healthz": self._health,
            "/readyz": self._ready,
        }

    async def _pixel(self, scope: Scope) -> Answer:
        headers = wanted(scope["headers"])
        query: str = scope["query_string"].decode("latin-1")
        if query.startswith(f"{probe.PARAMETER}="):
            return self._probed(scope, headers, query.partition("=")[2])
        page = headers.get("referer")
        body = pixel.beacon_of(query, page)
        if page is not None:
            headers["origin"] = page  # an image has no `Origin`; a page elsewhere may not write here either
        return answers.as_pixel(
            await self.take(Arrival(body, headers, client_of(scope), "POST", "text/plain", self.clock()))
        )

    def _probed(self, scope: Scope, headers: Mapping[str, str], asked: str) -> Answer:
        if not probe.is_ours(asked, self._settings.run_token, self.clock()):
            return answers.NOT_FOUND
        forwarded, proxies = headers.get("x-forwarded-for"), self._settings.trusted_proxies
        return answers.page({"address": client_address(client_of(scope), forwarded, proxies)})

    async def _served_script(self, scope: Scope) -> Answer:
        return self._scripts[scope["path"]].answer(wanted(scope["headers"]))

    async def _health(self, _scope: Scope) -> Answer:
        """200 as long as the process lives: a store that is away is no reason to restart the collector."""
        try:
            async with asyncio.timeout(1):
                await self._client.ping()
        except FAILURES:
            return answers.page({"status": "ok", "store": "away"})
        return answers.page({"status": "ok", "store": "ok"})

    async def _ready(self, _scope: Scope) -> Answer:
        """200 where a beacon that comes now would be stored, else 503 with every reason why not."""
        reasons = await self._reasons_not_ready()
        if not reasons:
            return answers.page({"status": "ready"})
        return answers.problem(
            503,
            "Not ready",
            f"Beacons would not be stored: {'; '.join(reasons)}.",
            headers=((b"retry-after", b"%d" % answers.RETRY_AFTER_S),),
            errors=[wire.Problem("ready", reason) for reason in reasons],
        )

    async def _reasons_not_ready(self) -> list[str]:
        reasons = ["the collector is stopping"] if self._stopping else []
        waiting, most = self._commit.events_waiting, self._settings.max_waiting
        if waiting >= most:
            reasons.append(f"{waiting} events wait for the store, at most {most} may")
        refusal = await self._watching.refusal()
        if refusal is not None:
            return reasons if self._can_spool() else [*reasons, refusal]
        try:
            await self._prepare(self._zone, self.clock())
        except MismatchError as error:
            reasons.append(str(error).rstrip("."))
        except StoreAwayError:
            reasons.append("the salt of today cannot be had from the store")
        return reasons

    def _can_spool(self) -> bool:
        """Whether beacons are taken while the store is away."""
        settings = self._settings
        if settings.spool is None or not self._settled:
            return False
        known = self._salts.make_do(self._zone, self.clock())
        return known and occupancy(settings.spool).bytes < settings.spool_bytes

    def _snapshot(self) -> Snapshot:
        return snapshot(
            self.counts,
            worker=self._workers.number,
            started_at=self._started_at,
            events_waiting=self._commit.events_waiting,
        )


_PREFLIGHT = Answer(
    204,
    (
        (b"access-control-allow-methods", b"POST"),
        (b"access-control-allow-headers", b"content-type"),
        (b"access-control-max-age", b"86400"),
    ),
)


@lru_cache(maxsize=256)
def _is_plain_text(content_type: str) -> bool:
    kind, _, rest = content_type.partition(";")
    charset = rest.strip().lower().replace('"', "")
    return kind.strip().lower() == "text/plain" and charset in {"", "charset=utf-8"}

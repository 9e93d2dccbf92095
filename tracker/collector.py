# SPDX-License-Identifier: EUPL-1.2
"""The collector: takes beacons over HTTP and answers when they are stored.

An ASGI callable without a framework, since it stands on every page of the municipality. `take` is the way in
for who is in the same process; `__call__` is a thin shell round it.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from tracker import answers, ledger, packing, runs
from tracker.access import Operators
from tracker.admission import Draft, Rules, SaltMissingError, admit, site_of_origin
from tracker.answers import Answer
from tracker.arrival import Arrival, Drop, Reason
from tracker.asgi import App, Receive, Scope, Send
from tracker.bots import is_bot
from tracker.case_numbers import CaseNumbers
from tracker.commit import GroupCommit
from tracker.day import day_of
from tracker.delivery import Delivery
from tracker.errors import MismatchError, StoreAwayError
from tracker.front import Front
from tracker.groundwork import Groundwork
from tracker.identity import Salts
from tracker.keys import Keys
from tracker.networks import Network
from tracker.nodes import Nodes, nodes_of
from tracker.operator_pages import OperatorPages
from tracker.rate import Rate, RateLimit
from tracker.readiness import Readiness
from tracker.served_script import ServedScript
from tracker.site import Site, Sites
from tracker.spool import Spool
from tracker.spool_room import MIB
from tracker.store_client import AsyncClient, open_async_client
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
        self._heads = [packing.head(keys.events(partition)) for partition in range(settings.partitions)]
        self._groundwork = self._make_groundwork()
        self._spool = Spool(settings.spool, settings.spool_bytes) if settings.spool is not None else None
        self._delivery = self._make_delivery()
        self._commit = GroupCommit(
            self._delivery, keys, max_waiting=settings.max_waiting, linger_s=settings.linger_s
        )
        self.counts = self._commit.counts
        self._workers = workers or Workers()
        self._started_at = time.time()
        self._watching = Watching(
            self._client, self._make_nodes(), keys, partitions=settings.partitions, clock=clock
        )
        # The ledger's DAY is one for all sites, since a beacon that was dropped may name none.
        self._zone = next(iter(settings.sites), Site("", frozenset())).zone
        self._readiness = Readiness(
            self._client,
            self._groundwork,
            self._commit,
            self._watching,
            spool=self._spool,
            zone=self._zone,
            clock=clock,
        )
        for_operators = OperatorPages(
            self._client,
            keys,
            partitions=settings.partitions,
            operators=settings.operators,
            workers=self._workers,
            snapshot=self._snapshot,
            watching=self._watching,
            archived=archived,
            spool=settings.spool,
            clock=clock,
            zone=self._zone,
        )
        self._front = Front(
            self,
            self._readiness,
            for_operators,
            script=script,
            run_token=settings.run_token,
            proxies=settings.trusted_proxies,
            fallback=fallback,
        )

    def _make_groundwork(self) -> Groundwork:
        settings = self._settings
        return Groundwork(
            self._client,
            self._keys,
            self._salts,
            self._words,
            partitions=settings.partitions,
            sites=[site.name for site in settings.sites],
            timeout_s=settings.store_timeout_s,
            pause_s=settings.store_pause_s,
            secured_by=self._make_nodes if settings.replicas else None,
        )

    def _make_delivery(self) -> Delivery:
        settings = self._settings
        return Delivery(
            self._make_nodes(),
            self._make_nodes(),
            self._spool,
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
        await self._groundwork.settle()
        self._delivery.start()

    async def close(self) -> None:
        """Finish what waits for the store and hang up."""
        self._groundwork.stop()
        self._readiness.is_stopping = True
        self._workers.leave()
        await self._commit.close()
        await self._watching.close()
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
                await self._groundwork.prepare(missing.zone, missing.time_ms)
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
        outcome: Draft | Drop
        if arrival.method != "POST":
            if not arrival.body:  # somebody looks what is here; no beacon came
                return answers.wrong_method("POST, OPTIONS")
            outcome = Drop(Reason.WRONG_METHOD)
        elif not _is_plain_text(arrival.content_type):
            outcome = Drop(Reason.WRONG_TYPE)
        else:
            outcome = admit(arrival, self._rules)
        day = day_of(arrival.time_ms, self._zone)
        if isinstance(outcome, Drop):
            self._commit.count_drop(day, ledger.dropped(outcome.reason))
            return answers.of_drop(outcome)
        if not self._groundwork.is_settled:
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
        if self._words.to_learn:
            self._groundwork.learn_words()
        return None

    def for_page(
        self, answer: Answer, origin: str | None, host: str | None, *, credentials: bool = False
    ) -> Answer:
        """The answer as a page of `origin` may read it (headers `Origin` and `Host` of the request).

        `credentials` says that it may also where the browser sent cookies along, which nobody here reads.
        """
        if origin is None or origin.partition("://")[2] == host:
            return answer  # the usual case: page and collector are one host, which needs no leave
        if site_of_origin(origin, self._settings.sites) is not None:
            return answers.for_origin(answer, origin, credentials)
        return answer

    def count_refusal(self, answer: Answer) -> None:
        """For who sends an answer; successes are counted by group (`tracker.counts`)."""
        if answer.status >= 400:
            self.counts.refused[answer.status] += 1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        await self._front(scope, receive, send)

    def _snapshot(self) -> Snapshot:
        return snapshot(
            self.counts,
            worker=self._workers.number,
            started_at=self._started_at,
            events_waiting=self._commit.events_waiting,
        )


@lru_cache(maxsize=256)
def _is_plain_text(content_type: str) -> bool:
    kind, _, rest = content_type.partition(";")
    charset = rest.strip().lower().replace('"', "")
    return kind.strip().lower() == "text/plain" and charset in {"", "charset=utf-8"}

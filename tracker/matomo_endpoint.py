# SPDX-License-Identifier: EUPL-1.2
"""`/matomo.php`, `/piwik.php`, `/ppms.php`: Matomo's clients speak to the collector without knowing it.

An ASGI application that stands behind the collector and hands each hit to it as a beacon, so that whatever
holds for beacons holds for hits. What is at no other address goes to `fallback`.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tracker import answers, matomo
from tracker.answers import Answer
from tracker.arrival import Arrival
from tracker.asgi import App, Receive, Scope, Send, body_of, client_of, wanted
from tracker.takes import Takes
from tracker.wire import MAX_BYTES, Problem

PATHS = frozenset({"/matomo.php", "/piwik.php", "/ppms.php"})  # the last is Piwik PRO's
MAX_BODY_BYTES = 1_000_000
INLINE_BYTES = 32_768  # what is larger is read beside the loop, which has others to answer
AT_ONCE = 50  # hits of a bulk request under way together

_ALLOWED = "GET, HEAD, POST, OPTIONS"
_TOO_LARGE = answers.problem(
    413, "The request is too large", f"Expected at most {MAX_BODY_BYTES:,} bytes. Send several requests."
)
_PREFLIGHT = answers.preflight("GET, POST")


class MatomoEndpoint:
    """Takes Matomo's hits for a collector, which `serve` names before the first request.

    `token` is what clients must send as `token_auth` to speak for others (`cip`) or of the past (`cdt`);
    None: nobody may. Hits of more than `keep_days` ago are refused, as retention would remove them. `random`
    gives n random bytes.
    """

    def __init__(
        self,
        *,
        token: str | None = None,
        keep_days: int | None = None,
        fallback: App | None = None,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._token, self._fallback, self._random = token, fallback, random
        self._keep_ms = None if keep_days is None else keep_days * 86_400_000
        self._collector: Takes | None = None
        self._seen = matomo.Seen()
        self._reading = asyncio.Lock()

    def serve(self, collector: Takes) -> None:
        """Hand hits to this collector."""
        self._collector = collector

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if scope["type"] == "http" and scope["path"] in PATHS and self._collector is not None:
            answer = await self._answer(scope, receive, self._collector)
        elif self._fallback is not None:
            await self._fallback(scope, receive, send)
            return
        elif scope["type"] == "http":
            answer = answers.NOT_FOUND
        else:
            return
        if self._collector is not None:
            self._collector.count_refusal(answer)
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def _answer(self, scope: Scope, receive: Receive, collector: Takes) -> Answer:
        headers = wanted(scope["headers"])
        method = scope["method"]
        if method == "OPTIONS":
            answer = _PREFLIGHT
        elif method not in {"GET", "HEAD", "POST"}:
            answer = answers.wrong_method(_ALLOWED)
        else:
            body, client = await body_of(receive, MAX_BODY_BYTES), client_of(scope)
            if len(body) > MAX_BODY_BYTES:
                # As the ledger knows it: one beacon, which is too large.
                await self._count(collector, headers, client, bytes(MAX_BYTES + 1))
                answer = _TOO_LARGE
            else:
                query = scope["query_string"].decode("latin-1")
                answer = await self.take(query, body, headers, client, collector)
        # matomo.js sends with `sendBeacon`, with which a browser always sends cookies along.
        return collector.for_page(answer, headers.get("origin"), headers.get("host"), credentials=True)

    async def take(
        self, query: str, body: bytes, headers: Mapping[str, str], client: str, collector: Takes
    ) -> Answer:
        """Translate the hits of one request, store them, and answer as Matomo would."""
        try:
            bulk = await self._read(query, body)
        except matomo.NotHitsError as error:
            await self._count_malformed(collector, headers, client)
            return answers.malformed("hit", [error.problem])
        trusted = self._trusts(bulk.token)
        if bulk.many and bulk.token and not trusted:
            await self._count_malformed(collector, headers, client)
            return answers.malformed("hit", [Problem("token_auth", "not the token of this installation")])
        got: list[Answer] = []
        for start in range(0, len(bulk.hits), AT_ONCE):
            some = zip(bulk.hits[start : start + AT_ONCE], bulk.nth[start:], strict=False)
            got += await asyncio.gather(
                *(self._hit(hit, nth, trusted, headers, client, collector) for hit, nth in some)
            )
        return _of_many(got, bulk) if bulk.many else _of_one(got[0], bulk)

    async def _read(self, query: str, body: bytes) -> matomo.Bulk:
        """Raises `matomo.NotHitsError`."""
        if len(body) <= INLINE_BYTES:
            return matomo.read(query, body)
        async with self._reading:  # one at a time: the spool needs threads too
            return await asyncio.to_thread(matomo.read, query, body)

    async def _hit(
        self,
        hit: matomo.Parameters,
        nth: int,
        trusted: bool,
        headers: Mapping[str, str],
        client: str,
        collector: Takes,
    ) -> Answer:
        now = collector.clock()
        trusted = trusted or self._trusts(hit.get("token_auth"))
        oldest_ms = 0 if self._keep_ms is None else now - self._keep_ms
        context = matomo.Context(
            headers.get("referer"), now, trusted, self._random, self._seen, oldest_ms=oldest_ms, nth=nth
        )
        found = matomo.translate(hit, context)
        if isinstance(found, list):
            await self._count_malformed(collector, headers, client)
            return answers.malformed("hit", found)
        self._seen.note(found.page_view, found.time_ms, found.seen_s)
        given = {**headers, **found.headers}
        if found.client is not None:
            given.pop("x-forwarded-for", None)
        return await collector.take(
            Arrival(found.beacon, given, found.client or client, "POST", "text/plain", found.time_ms, trusted)
        )

    async def _count_malformed(self, collector: Takes, headers: Mapping[str, str], client: str) -> None:
        """An empty beacon is malformed too: so the ledger counts what could not even be translated."""
        await self._count(collector, headers, client, b"")

    async def _count(self, collector: Takes, headers: Mapping[str, str], client: str, body: bytes) -> None:
        await collector.take(Arrival(body, headers, client, "POST", "text/plain", collector.clock()))

    def _trusts(self, token: str | None) -> bool:
        return bool(token and self._token) and hmac.compare_digest(
            str(token).encode(errors="replace"), str(self._token).encode()
        )


def _of_one(answer: Answer, bulk: matomo.Bulk) -> Answer:
    """The answer to one hit: an image of one point, or 204 for who wants none; faults stay what they are."""
    return answers.as_pixel(answer) if bulk.image else answer


def _of_many(got: list[Answer], bulk: matomo.Bulk) -> Answer:
    """The answer to a bulk request, in Matomo's words."""
    away = next((answer for answer in got if answer.status >= 500), None)
    if away is not None:  # what was stored is known by its id when it comes again (`tracker.matomo`)
        return away
    waits = [int(answer.header("retry-after") or 1) for answer in got if answer.status == 429]
    if waits:  # under 200 the client would take it for stored or wrong, and drop it
        return answers.too_many_hits(max(waits))
    invalid = [position for position, answer in enumerate(got) if answer.status >= 400]
    if not invalid and not bulk.image:
        return answers.STORED
    page: dict[str, Any] = {
        "status": "success", "tracked": len(got) - len(invalid), "invalid": len(invalid),
        "invalid_indices": invalid,
    }  # fmt: skip
    return Answer(
        400 if invalid and len(invalid) == len(got) else 200,
        (*answers.STORED.headers, (b"content-type", b"application/json")),
        msgspec.json.encode(page),
    )

# SPDX-License-Identifier: EUPL-1.2
"""The collector's ASGI application: which address is whose, and when the process starts and stops.

What comes to `/e` goes to the collector; under its own protocol (`tracker.beacon_protocol`) a beacon doesn't
even come by here.
"""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from tracker import answers, pixel, probe
from tracker.admission import client_address
from tracker.answers import Answer
from tracker.arrival import Arrival
from tracker.asgi import App, Receive, Scope, Send, body_of, client_of, wanted
from tracker.description import ADDRESS, description
from tracker.errors import MismatchError, StoreAwayError
from tracker.networks import Network
from tracker.operator_pages import OperatorPages
from tracker.readiness import Readiness
from tracker.served_script import CALL_CODE, FEEDBACK, ServedScript
from tracker.store_client import FAILURES
from tracker.takes import Takes
from tracker.wire import MAX_BYTES


class Lives(Takes, Protocol):
    """What is needed of the collector beside that."""

    async def start(self) -> None: ...

    async def close(self) -> None: ...


class Front:
    """The way in over ASGI; what is at no address of the collector's is for `fallback`.

    `run_token` and `proxies` are those of its settings.
    """

    def __init__(
        self,
        collector: Lives,
        readiness: Readiness,
        for_operators: OperatorPages,
        *,
        script: ServedScript | None,
        run_token: str | None,
        proxies: tuple[Network, ...],
        fallback: App | None,
    ) -> None:
        self._collector, self._for_operators, self._fallback = collector, for_operators, fallback
        self._run_token, self._proxies = run_token, proxies
        self._scripts = {
            "/k.js": script or ServedScript(),
            "/feedback.js": ServedScript(FEEDBACK),
            "/call-code.js": ServedScript(CALL_CODE),
        }
        self._description = description()
        self._routes: Mapping[str, Callable[[Scope], Awaitable[Answer]]] = {
            "/e.gif": self._pixel,
            **dict.fromkeys(self._scripts, self._served_script),
            ADDRESS: self._described,
            "/healthz": readiness.health,
            "/readyz": readiness.ready,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if scope["type"] == "http":
            answer = await self._beacon(scope, receive) if scope["path"] == "/e" else await self._other(scope)
            if answer is not None:
                self._collector.count_refusal(answer)
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
            await self._collector.start()
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
        await self._collector.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _beacon(self, scope: Scope, receive: Receive) -> Answer:
        headers = wanted(scope["headers"])
        if scope["method"] == "OPTIONS":
            answer = _PREFLIGHT
        else:
            answer = await self._collector.take(
                Arrival(
                    await body_of(receive, MAX_BYTES),
                    headers,
                    client_of(scope),
                    scope["method"],
                    headers.get("content-type", ""),
                    self._collector.clock(),
                )
            )
        return self._collector.for_page(answer, headers.get("origin"), headers.get("host"))

    async def _other(self, scope: Scope) -> Answer | None:
        """Every address but `/e`; None where it is the fallback's, which nothing under `/v1` is."""
        path: str = scope["path"]
        route = self._routes.get(path) or self._for_operators.route(path)
        if route is None:
            ours = self._fallback is None or path == "/v1" or path.startswith("/v1/")
            return answers.NOT_FOUND if ours else None
        if scope["method"] not in {"GET", "HEAD"}:
            return answers.wrong_method("GET, HEAD")
        try:
            return await route(scope)
        except (StoreAwayError, *FAILURES):
            return answers.AWAY

    async def _pixel(self, scope: Scope) -> Answer:
        headers = wanted(scope["headers"])
        query: str = scope["query_string"].decode("latin-1")
        if query.startswith(f"{probe.PARAMETER}="):
            return self._probed(scope, headers, query.partition("=")[2])
        page = headers.get("referer")
        body = pixel.beacon_of(query, page)
        if page is not None:
            headers["origin"] = page  # an image has no `Origin`; a page elsewhere may not write here either
        now = self._collector.clock()
        arrival = Arrival(body, headers, client_of(scope), "POST", "text/plain", now)
        return answers.as_pixel(await self._collector.take(arrival))

    def _probed(self, scope: Scope, headers: Mapping[str, str], asked: str) -> Answer:
        if not probe.is_ours(asked, self._run_token, self._collector.clock()):
            return answers.NOT_FOUND
        forwarded = headers.get("x-forwarded-for")
        return answers.page({"address": client_address(client_of(scope), forwarded, self._proxies)})

    async def _described(self, _scope: Scope) -> Answer:
        return self._description

    async def _served_script(self, scope: Scope) -> Answer:
        return self._scripts[scope["path"]].answer(wanted(scope["headers"]))


_PREFLIGHT = answers.preflight("POST")

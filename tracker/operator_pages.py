# SPDX-License-Identifier: EUPL-1.2
"""Pages for operators alone: metrics, the ledger, and what became of a load test."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from tracker import answers, ledger, metrics, runs, wire
from tracker.access import Operators
from tracker.address import parameters
from tracker.answers import Answer
from tracker.asgi import Scope, client_of, wanted
from tracker.day import day_of
from tracker.keys import Keys
from tracker.spool_room import occupancy
from tracker.store_client import AsyncClient
from tracker.watching import Watching
from tracker.worker import Snapshot, Workers

Route = Callable[[Scope], Awaitable[Answer]]
Archived = Callable[[str], Collection[runs.Identity]]


class OperatorPages:
    """The routes, each behind `operators`.

    `snapshot` gives this worker's counts, `workers` those of the others, `archived` the identities that the
    archive holds of a load-test run. `zone` is where the ledger's DAY turns.
    """

    def __init__(
        self,
        client: AsyncClient,
        keys: Keys,
        *,
        partitions: int,
        operators: Operators,
        workers: Workers,
        snapshot: Callable[[], Snapshot],
        watching: Watching,
        archived: Archived,
        spool: Path | None,
        clock: Callable[[], int],
        zone: ZoneInfo,
    ) -> None:
        self._client = client
        self._keys = keys
        self._partitions = partitions
        self._operators = operators
        self._workers = workers
        self._snapshot = snapshot
        self._watching = watching
        self._archived = archived
        self._spool = spool
        self._clock = clock
        self._zone = zone
        self._counting = asyncio.Lock()
        self._routes: Mapping[str, Route] = {"/metrics": self._metrics, "/v1/ledger": self._ledger}

    def route(self, path: str) -> Route | None:
        """What answers a GET of this path; None where it isn't one of these pages."""
        page = self._run if path.startswith("/v1/runs/") else self._routes.get(path)
        if page is None:
            return None

        async def guarded(scope: Scope) -> Answer:
            refusal = self._operators.refusal(client_of(scope), wanted(scope["headers"]))
            return await page(scope) if refusal is None else refusal

        return guarded

    async def _metrics(self, scope: Scope) -> Answer:
        told = [value for name, value in scope["headers"] if name == b"accept"]
        today = day_of(self._clock(), self._zone)
        others, installation, refusal = await asyncio.gather(
            self._workers.others(), self._watching.installation(today), self._watching.refusal()
        )
        content_type, text = metrics.exposition(
            [self._snapshot(), *others],
            installation,
            b",".join(told).decode("latin-1"),
            is_up=refusal is None,
            spool=None if self._spool is None else await asyncio.to_thread(occupancy, self._spool),
        )
        kind = (b"content-type", content_type.encode())
        return Answer(200, (kind, (b"cache-control", b"no-store")), text)

    async def _ledger(self, scope: Scope) -> Answer:
        given = dict(parameters(scope["query_string"].decode("latin-1")))
        text = given.pop("day", None)
        problems = [wire.Problem(name, "unknown parameter; expected day") for name in given]
        try:
            day = date.fromisoformat(text) if text is not None else day_of(self._clock(), self._zone)
        except ValueError:
            problems.append(wire.Problem("day", f"{text!r} is no date; expected YYYY-MM-DD"))
        if problems:
            return answers.problem(400, "Wrong parameters", "Nothing was looked up.", errors=problems)
        return answers.page(await ledger.read(self._client, self._keys, day))

    async def _run(self, scope: Scope) -> Answer:
        run = scope["path"].removeprefix("/v1/runs/")
        accepted = await self._client.hget(self._keys.runs, run)
        if accepted is None:
            return answers.problem(404, "Unknown run", "No event of this run was ever taken.")
        async with self._counting:  # it reads every stream; one at a time is enough
            stored = await runs.stored_events(
                self._client,
                self._keys,
                partitions=self._partitions,
                run=run,
                archived=self._archived,
            )
        return answers.page({"run": run, "accepted": int(accepted), "stored": stored})

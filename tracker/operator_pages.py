# SPDX-License-Identifier: EUPL-1.2
"""Pages for operators alone: metrics, the ledger, and what became of a load test."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
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
from tracker.errors import StoreAwayError
from tracker.keys import Keys
from tracker.spool_room import occupancy
from tracker.store_client import FAILURES, AsyncClient
from tracker.watching import Watching
from tracker.worker import Snapshot, Workers

Route = Callable[[Scope], Awaitable[Answer]]
Archived = Callable[[str], Collection[runs.Identity]]

LOG = logging.getLogger(__name__)
_RUNS = "/v1/runs/"
_AWAY = answers.problem(
    503,
    "The store is away",
    "Nothing could be looked up. Ask again later.",
    headers=((b"retry-after", b"%d" % answers.RETRY_AFTER_S),),
)
_FAULT = answers.problem(500, "A fault of the collector", "Nothing could be looked up. The log says why.")


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
        page = self._run if path.startswith(_RUNS) else self._routes.get(path)
        if page is None:
            return None

        async def guarded(scope: Scope) -> Answer:
            refusal = self._operators.refusal(client_of(scope), wanted(scope["headers"]))
            if refusal is not None:
                return refusal
            try:
                return await page(scope)
            except (StoreAwayError, *FAILURES):
                return _AWAY
            except Exception:
                LOG.exception("A page for operators could not be made.")
                return _FAULT

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
        given, problems = _asked(scope, "day")
        text = given.get("day")
        day = day_of(self._clock(), self._zone) if text is None else _date(text)
        if day is None:
            problems.append(wire.Problem("day", f"{text!r} is no date; expected YYYY-MM-DD"))
        if problems or day is None:
            return _wrong(problems)
        return answers.page(await ledger.read(self._client, self._keys, day))

    async def _run(self, scope: Scope) -> Answer:
        _, problems = _asked(scope)
        if problems:
            return _wrong(problems)
        run = scope["path"].removeprefix(_RUNS)
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


def _asked(scope: Scope, *known: str) -> tuple[dict[str, str], list[wire.Problem]]:
    """Parameters of a request by name, and what is wrong with them whatever their values."""
    pairs = parameters(scope["query_string"].decode("latin-1"))
    times = Counter(name for name, _ in pairs)
    expected = ", ".join(known) or "none"
    problems = [
        wire.Problem(name, f"unknown parameter; expected {expected}") for name in times if name not in known
    ]
    problems += [
        wire.Problem(name, f"came {times[name]} times; expected it once") for name in known if times[name] > 1
    ]
    return dict(pairs), problems


def _date(text: str) -> date | None:
    """The date in the one form that the API describes; Python also reads `20260601` and `2026-W23-1`."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.isoformat() == text else None


def _wrong(problems: list[wire.Problem]) -> Answer:
    return answers.problem(400, "Wrong parameters", "Nothing was looked up.", errors=problems)

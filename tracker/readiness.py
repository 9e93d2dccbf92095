# SPDX-License-Identifier: EUPL-1.2
"""`/healthz` and `/readyz`: does the process live, and would a beacon that comes now be stored?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from zoneinfo import ZoneInfo

from tracker import answers, wire
from tracker.answers import Answer
from tracker.asgi import Scope
from tracker.commit import GroupCommit
from tracker.errors import MismatchError, StoreAwayError
from tracker.groundwork import Groundwork
from tracker.spool import Spool
from tracker.store_client import FAILURES, AsyncClient
from tracker.watching import Watching


class Readiness:
    """Looks at what stands between a beacon and the store, or the `spool` while that is away."""

    def __init__(
        self,
        client: AsyncClient,
        groundwork: Groundwork,
        commit: GroupCommit,
        watching: Watching,
        *,
        spool: Spool | None,
        zone: ZoneInfo,
        clock: Callable[[], int],
    ) -> None:
        self._client, self._groundwork = client, groundwork
        self._commit, self._watching = commit, watching
        self._spool = spool
        self._zone, self._clock = zone, clock
        self.is_stopping = False

    async def health(self, _scope: Scope) -> Answer:
        """200 as long as the process lives: a store that is away is no reason to restart the collector."""
        try:
            async with asyncio.timeout(1):
                await self._client.ping()
        except FAILURES:
            return answers.page({"status": "ok", "store": "away"})
        return answers.page({"status": "ok", "store": "ok"})

    async def ready(self, _scope: Scope) -> Answer:
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
        reasons = ["the collector is stopping"] if self.is_stopping else []
        waiting, most = self._commit.events_waiting, self._commit.max_waiting
        if waiting >= most:
            reasons.append(f"{waiting} events wait for the store, at most {most} may")
        refusal = await self._watching.refusal()
        if refusal is not None:
            return reasons if await self._can_spool() else [*reasons, refusal]
        try:
            await self._groundwork.prepare(self._zone, self._clock())
        except MismatchError as error:
            reasons.append(str(error).rstrip("."))
        except StoreAwayError:
            reasons.append("the salt of today cannot be had from the store")
        return reasons

    async def _can_spool(self) -> bool:
        """Whether beacons are taken while the store is away."""
        if self._spool is None or not self._groundwork.can_make_do(self._zone, self._clock()):
            return False
        return await asyncio.to_thread(self._spool.has_room)

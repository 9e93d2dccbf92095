# SPDX-License-Identifier: EUPL-1.2
"""Beacons on their way from simulated browsers to the collector."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from tracker.answers import Answer
from tracker.arrival import Arrival
from web_demo.citizens.exchange import Beacon

_TRIES = 5
_DROPPED = "klantreis-dropped"


class DeliveryError(RuntimeError):
    """The collector refused what a browser would have sent."""


class Collects(Protocol):
    """What a simulation needs of `tracker.collector.Collector`."""

    async def take(self, arrival: Arrival) -> Answer:
        """Admit, store and acknowledge one beacon."""


@dataclass(slots=True)
class Mail:
    """Gathers beacons and has them taken together, so that they share an acknowledgement of the store."""

    collector: Collects
    waiting: list[Arrival] = field(default_factory=list)
    beacons: int = 0
    events: int = 0
    dropped: Counter[str] = field(default_factory=Counter)

    def post_from(self, address: str) -> Callable[[Beacon], None]:
        """Where a browser at that address posts its beacons."""

        def post(beacon: Beacon) -> None:
            self.beacons += 1
            self.events += beacon.events
            self.waiting.append(
                Arrival(
                    body=beacon.body,
                    headers=beacon.headers,
                    client=address,
                    method="POST",
                    content_type=beacon.headers["content-type"],
                    time_ms=beacon.at_ms,
                )
            )

        return post

    async def deliver(self) -> None:
        """Have everything taken; a collector that says 'later' is asked again, as k.js does.

        Raises `DeliveryError` where a beacon is refused, or put off again and again.
        """
        for _ in range(_TRIES):
            arrivals, self.waiting = self.waiting, []
            answers = await asyncio.gather(*(self.collector.take(arrival) for arrival in arrivals))
            for arrival, answer in zip(arrivals, answers, strict=True):
                self._note(arrival, answer)
            if not self.waiting:
                return
        raise DeliveryError(
            f"The collector put off {len(self.waiting)} beacons {_TRIES} times. Is its store there?"
        )

    def _note(self, arrival: Arrival, answer: Answer) -> None:
        if answer.status in (429, 503):
            self.waiting.append(arrival)
        elif answer.status != 204:
            raise DeliveryError(f"Answer {answer.status} to {arrival.body!r}: {answer.body!r}")
        else:
            reason = answer.header(_DROPPED)
            self.dropped.update([reason] if reason else ())

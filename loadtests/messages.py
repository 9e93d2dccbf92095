# SPDX-License-Identifier: EUPL-1.2
"""What the command and the process that makes the load tell each other: one JSON object a line."""

from __future__ import annotations

import msgspec


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to do. `mark` is the run as it stands on the wire, with its proof; `rate` the events a second to
    keep to, None for as many as the citizens make."""

    host: str
    mark: str
    users: int
    spawn_rate: float
    duration_s: float
    think_factor: float
    seed: int
    rate: float | None = None


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Requests of one kind; times in milliseconds."""

    name: str
    requests: int
    failures: int
    p50_ms: float
    p95_ms: float
    p99_ms: float


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """How busy the generator itself was: part of one core, and how late its timers came (milliseconds)."""

    cpu_mean: float
    cpu_peak: float
    lag_p95_ms: float

    @property
    def saturated(self) -> bool:
        """Whether its own response times can no longer be trusted."""
        return self.cpu_peak > MOST_CPU or self.lag_p95_ms > MOST_LAG_MS


MOST_CPU = 0.9
MOST_LAG_MS = 100.0


class Progress(msgspec.Struct, frozen=True, kw_only=True, tag="progress"):
    """How far it is, about once a second."""

    elapsed_s: float
    users: int
    requests: int
    failures: int
    events: int


class Tally(msgspec.Struct, frozen=True, kw_only=True, tag="tally"):
    """What came of it. `sent` and `acknowledged` count events, `dropped` too, by the server's reason.

    `sent_in_time` are those before the end; citizens who then leave send what they still hold.
    """

    groups: list[Group]
    total: Group
    visits: int
    sent: int
    acknowledged: int
    dropped: dict[str, int]
    errors: dict[str, int]
    load: Load
    sent_in_time: int = 0


Message = Progress | Tally

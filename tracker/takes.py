# SPDX-License-Identifier: EUPL-1.2
"""What the ways into the collector need of it: an arrival is handed in, an answer comes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from tracker.answers import Answer
from tracker.arrival import Arrival


class Takes(Protocol):
    """What is needed of the collector."""

    clock: Callable[[], int]

    async def take(self, arrival: Arrival) -> Answer: ...

    def for_page(
        self, answer: Answer, origin: str | None, host: str | None, *, credentials: bool = False
    ) -> Answer: ...

    def count_refusal(self, answer: Answer) -> None: ...

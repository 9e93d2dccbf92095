# SPDX-License-Identifier: EUPL-1.2
"""The metrics of an installation to which nothing has happened yet: every name that can be asked for."""

from __future__ import annotations

from tracker.metrics import Installation, exposition
from tracker.spool_room import Occupancy
from tracker.worker import Distribution, Snapshot


def quiet_exposition() -> str:
    """The page of metrics as text."""
    nothing = Distribution([1.0], [0, 0], 0.0)
    one = Snapshot(
        worker=0, started_at=0, cpu_s=0, memory_bytes=0, events_waiting=0, store_failures=0, ledger={},
        refused={503: 0}, groups=nothing, store_s=nothing,
    )  # fmt: skip
    installation = Installation([0], 0.0, 0, {"v": False}, {"v": 0}, 0.0)
    return exposition([one], installation, "", is_up=True, spool=Occupancy(0, 0, 0))[1].decode()

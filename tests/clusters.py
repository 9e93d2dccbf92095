# SPDX-License-Identifier: EUPL-1.2
"""A Redis Cluster for the tests: three masters, each with a replica, on loopback."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers import free_port
from tests.store_process import StoreProcess, until

SLOTS = 16_384
MASTERS = 3


@dataclass(frozen=True, slots=True)
class Cluster:
    """In the beginning node n + 3 is the replica of node n."""

    nodes: tuple[StoreProcess, ...]

    @property
    def url(self) -> str:
        """The address that `KLANTREIS_REDIS_URL` takes."""
        return f"redis://{','.join(f'127.0.0.1:{node.port}' for node in self.nodes)}"

    def owner(self, key: str, asked: int = 0) -> int:
        """Number of the node that has a key now, in the eyes of the node `asked`."""
        client = self.nodes[asked].client
        slot = client.execute_command("CLUSTER KEYSLOT", key)
        ranges: Any = client.execute_command("CLUSTER SLOTS")
        [port] = [master[1] for first, last, master, *_ in ranges if first <= slot <= last]
        return [node.port for node in self.nodes].index(port)

    def is_master(self, number: int) -> bool:
        return bool(self.nodes[number].client.info("replication")["role"] == "master")

    def is_well(self) -> bool:
        """Whether every node lives, every slot has a master, and every master a replica."""
        facts = [node.client.info("replication") for node in self.nodes]
        masters = [one for one in facts if one["role"] == "master"]
        replicas = [one for one in facts if one["role"] == "slave"]
        return (
            all(_info(node)["cluster_state"] == "ok" for node in self.nodes)
            and [one["connected_slaves"] for one in masters] == [1] * MASTERS
            and [one["master_link_status"] for one in replicas] == ["up"] * MASTERS
        )


@contextlib.contextmanager
def running_cluster(binary: Path, *options: str) -> Iterator[Cluster]:
    """Run `binary` (Redis 7 or Valkey) as a Cluster; its processes end with the block."""
    options = ("--cluster-enabled", "yes", "--cluster-node-timeout", "1000", *options)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="klantreis-cluster-", ignore_cleanup_errors=True)
        )
        nodes = []
        for number in range(2 * MASTERS):
            bus = str(free_port())
            node = StoreProcess(binary, Path(folder) / str(number), *options, "--cluster-port", bus)
            stack.callback(node.close)
            nodes.append(node)
        cluster = Cluster(tuple(nodes))
        _join(cluster)
        yield cluster


def _join(cluster: Cluster) -> None:
    nodes = cluster.nodes
    for number, node in enumerate(nodes[:MASTERS]):
        first, behind = (SLOTS * n // MASTERS for n in (number, number + 1))
        node.client.execute_command("CLUSTER ADDSLOTSRANGE", first, behind - 1)
        node.client.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
    for node in nodes[1:]:
        bus = node.client.config_get("cluster-port")["cluster-port"]
        nodes[0].client.execute_command("CLUSTER MEET", "127.0.0.1", node.port, bus)
    until(lambda: all(_info(node)["cluster_known_nodes"] == str(len(nodes)) for node in nodes))
    for master, replica in zip(nodes[:MASTERS], nodes[MASTERS:], strict=True):
        replica.client.execute_command("CLUSTER REPLICATE", master.client.execute_command("CLUSTER MYID"))
    until(cluster.is_well)


def _info(node: StoreProcess) -> dict[str, str]:
    facts: dict[str, str] = node.client.execute_command("CLUSTER INFO")
    return facts

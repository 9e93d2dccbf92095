# SPDX-License-Identifier: EUPL-1.2
"""What a fault happens to: stores of every kind, and an installation under load before them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.installation import Installation
from tests.chaos.load import Crowd
from tests.chaos.network import Network
from tests.clusters import Cluster, running_cluster
from tests.store_process import StoreProcess, until


@dataclass(frozen=True, slots=True)
class Scene:
    """What a fault happens to, and for about how long.

    `spooled` is what it saw in the spool; `checks` are complaints, each with whether all is well.
    """

    stores: Any  # what the fault's `stores` lends
    installation: Installation
    ill_s: float
    spooled: list[int] = field(default_factory=list)
    checks: dict[str, bool] = field(default_factory=dict)

    def last(self, share: float = 1.0) -> None:
        """Let it last, under load."""
        time.sleep(self.ill_s * share)

    def look(self) -> None:
        """Look into the spool: before it is mended."""
        self.spooled.append(self.installation.spooled())

    def watch(self, share: float = 1.0) -> None:
        """Let it last and look all the while, where what is spooled may be replayed at once."""
        until_s = time.monotonic() + self.ill_s * share
        while time.monotonic() < until_s:
            self.look()
            time.sleep(0.02)

    def await_ready(self) -> None:
        """Wait until a beacon that comes now would be taken."""
        until(self.installation.is_ready)


@dataclass(frozen=True, slots=True)
class Fault:
    """`happen` makes it and mends it; afterwards everything must be well."""

    name: str
    happen: Callable[[Scene], None]
    stores: Callable[[Path, Path], AbstractContextManager[Any]]
    environment: Mapping[str, str] = field(default_factory=dict)
    workers: int = 1
    crowd: Crowd = field(default_factory=Crowd)
    spools: bool = True  # whether it isn't this fault if nothing goes to the spool
    refuses: bool = False  # the same for 503


@contextmanager
def one_store(binary: Path, folder: Path) -> Iterator[StoreProcess]:
    store = StoreProcess(binary, folder / "store")
    try:
        yield store
    finally:
        store.close()


@contextmanager
def absent_store(binary: Path, folder: Path) -> Iterator[StoreProcess]:
    with one_store(binary, folder) as store:
        store.kill()
        yield store


@dataclass(slots=True)
class Pair:
    """A master at `url` and its replica."""

    master: StoreProcess
    replica: StoreProcess
    url: str
    start_replica: Callable[[], StoreProcess]


@contextmanager
def master_and_replica(binary: Path, folder: Path) -> Iterator[Pair]:
    with contextlib.ExitStack() as stack:
        master = stack.enter_context(one_store(binary, folder))
        number = iter(range(9))

        def replica() -> StoreProcess:
            made = StoreProcess(
                binary, folder / f"replica{next(number)}", "--replicaof", f"127.0.0.1 {master.port}"
            )
            stack.callback(made.close)
            until(lambda: made.client.info("replication")["master_link_status"] == "up")
            return made

        yield Pair(master, replica(), master.url, replica)


@contextmanager
def cluster(binary: Path, _folder: Path) -> Iterator[Cluster]:
    with running_cluster(binary) as running:
        yield running


@dataclass(slots=True)
class Far:
    """A store behind a network, at whose `url` it is reached."""

    store: StoreProcess
    network: Network

    @property
    def url(self) -> str:
        return self.network.url


@contextmanager
def far_store(binary: Path, folder: Path) -> Iterator[Far]:
    with one_store(binary, folder) as store, contextlib.closing(Network(store.port)) as network:
        yield Far(store, network)

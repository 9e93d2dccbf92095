# SPDX-License-Identifier: EUPL-1.2
"""The store: a Redis or Valkey that the settings name, else an embedded one on the data folder."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, cast
from urllib.parse import quote, urlsplit, urlunsplit

import redis
import redis.asyncio
from redis.exceptions import RedisClusterException

from klantreis.embedded_store import EmbeddedServer
from klantreis.errors import StoreError
from klantreis.settings import make_folder
from tracker.store_client import is_cluster, open_async_client, open_client

__all__ = ["Store", "StoreError", "open_store", "unfit"]

LOG = logging.getLogger(__name__)
OLDEST = (6, 2)
CONNECTION = {"socket_connect_timeout": 2.0, "socket_timeout": 10.0}


class Store:
    """A store that answers: an address, and clients of it. Leave it with `close` or a `with` block."""

    def __init__(self, url: str, server: EmbeddedServer | None = None) -> None:
        self.url = url
        self._server = server

    def client(self, **options: Any) -> redis.Redis:
        """A client with a pool of its own; `options` are those of redis-py.

        That of a Cluster is of another class with the same commands, as far as they are about one key.
        """
        return cast("redis.Redis", open_client(self.url, **{**CONNECTION, **options}))

    def async_client(self, **options: Any) -> redis.asyncio.Redis:
        """The same for asyncio."""
        return cast("redis.asyncio.Redis", open_async_client(self.url, **{**CONNECTION, **options}))

    def close(self) -> None:
        """Leave; an embedded server that nobody uses any more is stopped."""
        server, self._server = self._server, None
        if server:
            server.leave()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(data: Path, url: str | None = None, *, must_answer: bool = True) -> Store:
    """Open the store at `url`, else the embedded one of the folder `data`.

    With `must_answer=False` a store at `url` that is away is no error: a collector starts without it. One
    that answers and cannot be used always is. Raises `StoreError`.
    """
    if url:
        _check(url, must_answer)
        return Store(url)
    server = EmbeddedServer(make_folder(data / "store").resolve())
    server.join()
    return Store(f"unix://{quote(str(server.socket))}?db=0", server)


def _check(url: str, must_answer: bool) -> None:
    shown = _without_password(url)
    try:
        every = list(_facts(url))
    except ValueError as error:
        raise StoreError(
            f"The store's address {shown} cannot be used ({error}). Expected redis://HOST:PORT/0, or "
            "redis://HOST:PORT,HOST:PORT for a Cluster."
        ) from None
    except redis.AuthenticationError as error:
        raise StoreError(
            f"The store at {shown} refuses us ({error}). Put the right user and password into the address: "
            "redis://USER:PASSWORD@HOST:PORT/0."
        ) from None
    except (redis.ConnectionError, redis.TimeoutError, RedisClusterException) as error:
        if not must_answer:
            LOG.warning("no store answers at %s yet: %s", shown, error)
            return
        raise StoreError(
            f"No store answers at {shown} ({error}). Start it, or leave KLANTREIS_REDIS_URL empty to use the "
            "built-in one."
        ) from None
    except redis.ResponseError as error:
        raise StoreError(f"The store at {shown} refuses INFO ({error}). Allow this user INFO.") from None
    for facts in every:
        _refuse_unfit(facts, shown, cluster=is_cluster(url))


def _facts(url: str) -> Iterator[dict[str, Any]]:
    """What every master says of itself."""
    client: Any = open_client(url, **CONNECTION)
    try:
        at = [{"target_nodes": node} for node in client.get_primaries()] if is_cluster(url) else [{}]
        for one in at:
            sections = [client.info(section, **one) for section in ("server", "memory", "cluster")]
            yield {name: fact for section in sections for name, fact in section.items()}
    finally:
        client.close()


def unfit(facts: Mapping[str, Any], shown: str, *, cluster: bool = False) -> str | None:
    """Why a store with these facts (of INFO) cannot be used, in one sentence; None where it can."""
    try:
        _refuse_unfit(facts, shown, cluster=cluster)
    except StoreError as error:
        return str(error)
    return None


def _refuse_unfit(facts: Mapping[str, Any], shown: str, *, cluster: bool = False) -> None:
    version = str(facts.get("redis_version", "0"))
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        raise StoreError(f"The store at {shown} is version {version}; expected 6.2 or newer. Upgrade it.")
    policy = facts.get("maxmemory_policy")
    if policy != "noeviction":
        raise StoreError(
            f"The store at {shown} throws data away when its memory is full (maxmemory-policy {policy}); "
            "expected noeviction. Mend it with: redis-cli CONFIG SET maxmemory-policy noeviction, and the "
            "same line in its configuration file."
        )
    if facts.get("cluster_enabled") and not cluster:
        raise StoreError(
            f"The store at {shown} runs as a Cluster; expected a single node, or several addresses. Name "
            "some of its nodes in KLANTREIS_REDIS_URL, with commas: redis://HOST:PORT,HOST:PORT."
        )


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, place, parts.path, "", ""))

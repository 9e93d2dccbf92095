# SPDX-License-Identifier: EUPL-1.2
"""The store: a Redis or Valkey that the settings name, else an embedded one on the data folder."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import redis
import redis.asyncio

from klantreis.embedded_store import EmbeddedServer
from klantreis.errors import StoreError
from klantreis.settings import make_folder

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
        """A client with a pool of its own; `options` are those of `redis.Redis.from_url`."""
        return redis.Redis.from_url(self.url, **{**CONNECTION, **options})

    def async_client(self, **options: Any) -> redis.asyncio.Redis:
        """The same for asyncio."""
        return redis.asyncio.Redis.from_url(self.url, **{**CONNECTION, **options})

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
        client = redis.Redis.from_url(url, **CONNECTION)
    except ValueError as error:
        raise StoreError(
            f"The store's address {shown} cannot be used ({error}). Expected redis://HOST:PORT/0."
        ) from None
    try:
        facts = {**client.info("server"), **client.info("memory"), **client.info("cluster")}
    except redis.AuthenticationError as error:
        raise StoreError(
            f"The store at {shown} refuses us ({error}). Put the right user and password into the address: "
            "redis://USER:PASSWORD@HOST:PORT/0."
        ) from None
    except (redis.ConnectionError, redis.TimeoutError) as error:
        if not must_answer:
            LOG.warning("no store answers at %s yet: %s", shown, error)
            return
        raise StoreError(
            f"No store answers at {shown} ({error}). Start it, or leave KLANTREIS_REDIS_URL empty to use the "
            "built-in one."
        ) from None
    except redis.ResponseError as error:
        raise StoreError(f"The store at {shown} refuses INFO ({error}). Allow this user INFO.") from None
    finally:
        client.close()
    _refuse_unfit(facts, shown)


def unfit(facts: Mapping[str, Any], shown: str) -> str | None:
    """Why a store with these facts (of INFO) cannot be used, in one sentence; None where it can."""
    try:
        _refuse_unfit(facts, shown)
    except StoreError as error:
        return str(error)
    return None


def _refuse_unfit(facts: Mapping[str, Any], shown: str) -> None:
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
    if facts.get("cluster_enabled"):
        raise StoreError(
            f"The store at {shown} runs as a Cluster; expected a single node, with or without replicas. "
            "Name one in KLANTREIS_REDIS_URL."
        )


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, place, parts.path, "", ""))

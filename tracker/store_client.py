# SPDX-License-Identifier: EUPL-1.2
"""Clients of the store by its address: one node, or a Cluster where the address names several with commas."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import unquote, urlsplit

import redis
import redis.asyncio
from redis.asyncio.cluster import ClusterNode as AsyncClusterNode
from redis.cluster import ClusterNode
from redis.exceptions import RedisClusterException, RedisError

PORT = 6379

# Everything by which a store says that it is away or not well.
FAILURES = (RedisError, RedisClusterException, OSError, TimeoutError)

Client = redis.Redis | redis.RedisCluster
AsyncClient = redis.asyncio.Redis | redis.asyncio.RedisCluster


def is_cluster(url: str) -> bool:
    """Whether an address is one of a Cluster.

    >>> is_cluster("redis://10.0.0.5:6379,10.0.0.6:6379"), is_cluster("redis://10.0.0.5:6379/0")
    (True, False)
    """
    parts = urlsplit(url)
    return parts.scheme in {"redis", "rediss"} and "," in parts.netloc


def open_client(url: str, **options: Any) -> Client:
    """A client; `options` are those of redis-py. Raises `ValueError` where the address is none."""
    if not is_cluster(url):
        return redis.Redis.from_url(url, **options)
    nodes = [ClusterNode(host, port) for host, port in _nodes(url)]  # type: ignore[no-untyped-call]
    return redis.RedisCluster(startup_nodes=nodes, **_cluster(url, options))


def open_async_client(url: str, **options: Any) -> AsyncClient:
    """The same for asyncio; it connects when it is first used.

    A Cluster is asked who has which slot by asking any node; one that hangs must not use up the time of all.
    """
    if not is_cluster(url):
        return redis.asyncio.Redis.from_url(url, **options)
    nodes = [AsyncClusterNode(host, port) for host, port in _nodes(url)]
    brief = {"socket_timeout": 1.0, "socket_connect_timeout": 1.0}
    return redis.asyncio.RedisCluster(startup_nodes=nodes, **_cluster(url, {**brief, **options}))


def _nodes(url: str) -> list[tuple[str, int]]:
    """Hosts and ports of an address.

    >>> _nodes("redis://us:er@10.0.0.5:7001,[::1]/")
    [('10.0.0.5', 7001), ('::1', 6379)]
    """
    found = []
    for place in urlsplit(url).netloc.rpartition("@")[2].split(","):
        one = urlsplit(f"//{place}")
        if place:
            found.append((one.hostname or "", one.port or PORT))
    return found


def _cluster(url: str, options: dict[str, Any]) -> dict[str, Any]:
    parts = urlsplit(url)
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    who = {"username": unquote(user) or None, "password": unquote(password) or None}
    # A node that is away may leave slots without a master for a while; the others still serve theirs.
    safe = {**who, "require_full_coverage": False, "ssl": parts.scheme == "rediss"}
    return cast("dict[str, Any]", {**safe, **options})

# SPDX-License-Identifier: EUPL-1.2
"""The servers that a store consists of, for what is asked of each by itself: INFO, CONFIG, a rewrite.

A command about a key finds its server; these have no key, and on a Cluster one answer is that of one server.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import redis

Role = Literal["primary", "replica"]


@dataclass(frozen=True, slots=True)
class Server:
    """One server; `name` is its address as HOST:PORT, or the path of its socket."""

    name: str
    role: Role
    client: redis.Redis


def primaries(client: redis.Redis | redis.RedisCluster) -> list[Server]:
    """The server behind a client, or every primary of a Cluster; the connections stay the client's."""
    if not isinstance(client, redis.RedisCluster):
        return [Server(_address(client), "primary", client)]
    nodes: list[Any] = client.get_primaries()  # type: ignore[no-untyped-call]
    return [
        Server(node.name, "primary", client.get_redis_connection(node))
        for node in sorted(nodes, key=lambda node: (node.host, node.port))
    ]


def _address(client: redis.Redis) -> str:
    at: dict[str, Any] = client.connection_pool.connection_kwargs
    return str(at["path"]) if "path" in at else f"{at.get('host', 'localhost')}:{at.get('port', 6379)}"

# SPDX-License-Identifier: EUPL-1.2
"""The servers that a store consists of, for what is asked of each by itself: INFO, CONFIG, a rewrite.

A command about a key finds its server; these have no key, and on a Cluster one answer is that of one server.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tracker.store_client import FAILURES

# "slotless": a master of a Cluster that has no slots, or none any more; its files may still hold something.
Role = Literal["primary", "replica", "slotless"]

_REPLICA = re.compile(r"slave\d+")  # of INFO
_KEPT = {"username", "password", "credential_provider", "socket_timeout", "socket_connect_timeout"}


@dataclass(frozen=True, slots=True)
class Server:
    """One server; `name` is its address as HOST:PORT, or the path of its socket."""

    name: str
    role: Role
    client: redis.Redis


@dataclass(frozen=True, slots=True)
class Group:
    """A primary and who follows it; `primary` is None where nobody knows whom they follow.

    The connections to the others are ours: leave them with `close`.
    """

    primary: Server | None
    others: list[Server] = field(default_factory=list)

    def close(self) -> None:
        for one in self.others:
            one.client.close()


def primaries(client: redis.Redis | redis.RedisCluster) -> list[Server]:
    """The server behind a client, or every primary of a Cluster; the connections stay the client's."""
    if not isinstance(client, redis.RedisCluster):
        return [Server(_address(client), "primary", client)]
    nodes: list[Any] = client.get_primaries()  # type: ignore[no-untyped-call]
    return [
        Server(node.name, "primary", client.get_redis_connection(node))
        for node in sorted(nodes, key=lambda node: (node.host, node.port))
    ]


def groups(client: redis.Redis | redis.RedisCluster) -> list[Group]:
    """Every server of the store that anybody knows of, also those that are away.

    Raises `redis.RedisError` where a primary does not answer.
    """
    found = [Group(primary) for primary in primaries(client)]
    if isinstance(client, redis.RedisCluster):
        with suppress(redis.ResponseError):  # a user who may not CLUSTER NODES
            return _of_cluster(found)
    return [Group(group.primary, list(_following(group.primary, set()))) for group in found if group.primary]


def _following(server: Server, seen: set[str]) -> Iterator[Server]:
    """Who follows a server, and who follows them."""
    facts: dict[str, Any] = server.client.info("replication")
    for name, told in facts.items():
        if not _REPLICA.fullmatch(name):
            continue
        replica = _beside(server.client, str(told["ip"]), int(told["port"]), "replica")
        if replica.name not in seen:
            seen.add(replica.name)
            yield replica
            with suppress(*FAILURES):  # that it does not answer is noticed by who asks it
                yield from _following(replica, seen)


def _of_cluster(found: list[Group]) -> list[Group]:
    """The groups with what `CLUSTER NODES` tells of replicas, of masters without slots, of nodes away."""
    known = {group.primary.name: group for group in found if group.primary}
    like = next(group.primary.client for group in found if group.primary)
    nodes: dict[str, dict[str, Any]] = like.execute_command("CLUSTER NODES")  # type: ignore[no-untyped-call]
    lost = Group(None)
    by_id: dict[str, Group] = defaultdict(lambda: lost)
    others = []
    for address, told in nodes.items():
        flags = set(told["flags"].split(","))
        host, _, port = address.rpartition(":")
        named = f"{told['hostname']}:{port}"
        if group := known.get(address) or known.get(named):
            by_id[told["node_id"]] = group
        elif "handshake" not in flags:
            role: Role = "slotless" if "master" in flags else "replica"
            others.append((told["master_id"], _beside(like, host, int(port), role)))
    for master, server in others:
        if group := known.get(_followed_by(server)):  # gossip may be older than its own word
            group.others.append(replace(server, role="replica"))
        else:
            by_id[master].others.append(server)
    return [*found, lost] if lost.others else found


def _followed_by(server: Server) -> str:
    """Whom a server says that it follows; nothing where it follows nobody or does not answer."""
    with suppress(*FAILURES):
        facts: dict[str, Any] = server.client.info("replication")
        if facts["role"] == "slave":
            return f"{facts['master_host']}:{facts['master_port']}"
    return ""


def _beside(client: redis.Redis, host: str, port: int, role: Role) -> Server:
    """A server that is reached in the same way as another one."""
    pool = client.connection_pool
    options = pool.connection_kwargs
    kept = {name: value for name, value in options.items() if name in _KEPT or name.startswith("ssl")}
    kind: Any = redis.Connection if "path" in options else pool.connection_class
    made: Any = redis.ConnectionPool(
        connection_class=kind, host=host, port=port, retry=Retry(NoBackoff(), 0), **kept
    )
    return Server(f"{host}:{port}", role, redis.Redis.from_pool(made))


def _address(client: redis.Redis) -> str:
    at: dict[str, Any] = client.connection_pool.connection_kwargs
    return str(at["path"]) if "path" in at else f"{at.get('host', 'localhost')}:{at.get('port', 6379)}"

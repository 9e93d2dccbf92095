# SPDX-License-Identifier: EUPL-1.2
"""How groups get to Redis: one pipeline for each node, all replies read as one."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol, cast

import hiredis
from redis.asyncio import Redis, RedisCluster
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import AskError, MovedError, RedisError

from tracker.group import Group, by_partition, pack
from tracker.keys import Keys
from tracker.link import Link

Client = Redis | RedisCluster

_PING = pack(("PING",))
_ASKING = pack(("ASKING",))
_FINE = frozenset({bytes, int})  # types of the replies to XADD, EVAL, WAIT
_REDIRECTIONS = 5


class TooFewReplicasError(RedisError):
    """The master has it, and not as many replicas as must."""


class Nodes(Protocol):
    """Where groups are written to: a single node or a Cluster."""

    async def write(self, groups: Sequence[Group]) -> None:
        """Store groups, in order within each lane, on as many replicas as must have them.

        Raises `RedisError` or `OSError` where anything of them may not be stored.
        """

    async def probe(self) -> None:
        """See whether every node answers and its replicas have all that it was told by anybody before.

        Raises as `write` does.
        """

    async def hang_up(self) -> None:
        """Close connections; what is under way on them is in doubt."""


def nodes_of(client: Client, keys: Keys, *, replicas: int, wait_s: float) -> Nodes:
    """The nodes behind a client; `replicas` must have a group within `wait_s`, or it is not stored."""
    if isinstance(client, RedisCluster):
        return _Cluster(client, keys, replicas, wait_s)
    return _SingleNode(client, replicas, wait_s)


class _Line:
    """A link that is made when it is needed, and the replicas behind it."""

    def __init__(self, make: Callable[[], AbstractConnection], replicas: int, wait_s: float) -> None:
        self._make = make
        self._replicas = replicas
        self._wait = pack(("WAIT", replicas, max(1, round(wait_s * 1000)))) if replicas else b""
        self._link: Link | None = None

    async def exchange(self, packed: bytes, replies: int) -> list[Any]:
        """Send commands and read their replies, refusals among them; then wait for the replicas.

        A connection that lay idle may have died unseen, so a second one is tried.
        """
        reused = self._link is not None
        try:
            answers = await self._send(packed, replies)
        except (RedisError, OSError):
            if not reused:
                raise
            await self.hang_up()
            answers = await self._send(packed, replies)
        if self._wait:
            acknowledged = answers.pop()
            if isinstance(acknowledged, Exception):
                raise acknowledged
            if acknowledged < self._replicas:
                raise TooFewReplicasError(f"{acknowledged} of {self._replicas} replicas acknowledged in time")
        return answers

    async def _send(self, packed: bytes, replies: int) -> list[Any]:
        if self._link is None:
            self._link = await Link.to(self._make)
        return await self._link.exchange(packed + self._wait, replies + bool(self._wait))

    async def hang_up(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            await link.close()


class _SingleNode:
    def __init__(self, client: Redis, replicas: int, wait_s: float) -> None:
        make = cast("Callable[[], AbstractConnection]", client.connection_pool.make_connection)
        self._line = _Line(make, replicas, wait_s)

    async def write(self, groups: Sequence[Group]) -> None:
        parts, replies = [], 0
        for group in groups:
            counting = [command for _, command in group.counting()]
            parts += [packed.commands for packed in group.entries]
            parts += counting
            replies += sum([packed.count for packed in group.entries]) + len(counting)
        _refuse(await self._line.exchange(b"".join(parts), replies))

    async def probe(self) -> None:
        _refuse(await self._line.exchange(_PING, 1))

    async def hang_up(self) -> None:
        await self._line.hang_up()


class _Piece(NamedTuple):
    """Commands on one key, which stay together on their way to its node."""

    key: str
    replies: int
    commands: bytes


class _Left(NamedTuple):
    """A piece that its node refused: its key lies elsewhere, or is to be asked for at `place`."""

    piece: _Piece
    place: str | None


class _Cluster:
    """All nodes of a Cluster; redis-py's client knows which key lies where."""

    def __init__(self, client: RedisCluster, keys: Keys, replicas: int, wait_s: float) -> None:
        self._client = client
        self._keys = keys
        self._limits = (replicas, wait_s)
        self._lines: dict[str, _Line] = {}
        self._stale = True

    async def write(self, groups: Sequence[Group]) -> None:
        pieces = [
            _Piece(self._keys.events(entries.partition), entries.count, entries.commands)
            for entries in by_partition(groups)
        ]
        pieces += [_Piece(key, 1, command) for group in groups for key, command in group.counting()]
        for _ in range(_REDIRECTIONS):
            await self._refresh()
            left = await self._everywhere(pieces)
            for piece, place in left:
                if place is not None:
                    await self._ask(place, piece)
            pieces = [piece for piece, place in left if place is None]
            if not pieces:
                return
            self._stale = True
        raise RedisError(f"keys of the Cluster kept moving ({pieces[0].key})")

    async def _everywhere(self, pieces: Iterable[_Piece]) -> list[_Left]:
        """Send every piece to its node, all nodes at once; returns those that lie elsewhere by now."""
        by_node: dict[str, list[_Piece]] = defaultdict(list)
        for piece in pieces:
            by_node[self._name_of(piece.key)].append(piece)
        sent = await _all([self._send(name, found) for name, found in by_node.items()])
        return [one for left in sent for one in left]

    async def _send(self, name: str, pieces: list[_Piece]) -> list[_Left]:
        packed = b"".join([piece.commands for piece in pieces])
        answers = await self._line(name).exchange(packed, sum([piece.replies for piece in pieces]))
        if _FINE.issuperset(map(type, answers)):
            return []
        left: list[_Left] = []
        first = 0
        for piece in pieces:
            mine = answers[first : first + piece.replies]
            refusals = [answer for answer in mine if type(answer) not in _FINE]
            first += piece.replies
            kinds = set(map(type, refusals))
            if kinds == {MovedError}:
                left.append(_Left(piece, None))
            elif kinds == {AskError}:
                left.append(_Left(piece, f"{refusals[0].host}:{refusals[0].port}"))
            else:
                _refuse(refusals)
        return left

    async def _ask(self, name: str, piece: _Piece) -> None:
        """Send commands to the node that is about to get their key; every command must ask by itself."""
        reader = hiredis.Reader()
        reader.feed(piece.commands)
        commands = [pack(tuple(cast("list[bytes]", reader.gets()))) for _ in range(piece.replies)]
        packed = b"".join([_ASKING + command for command in commands])
        answers = await self._line(name).exchange(packed, 2 * piece.replies)
        _refuse(answers[1::2])

    async def probe(self) -> None:
        self._stale = True
        await self._refresh()
        names = {node.name for node in self._client.get_primaries()}
        for answers in await _all([self._line(name).exchange(_PING, 1) for name in names]):
            _refuse(answers)

    async def _refresh(self) -> None:
        if self._stale:
            await self._client.initialize()
            await self._client.nodes_manager.initialize()
            self._stale = False

    def _name_of(self, key: str) -> str:
        return str(self._client.get_node_from_key(key).name)  # type: ignore[union-attr]

    def _line(self, name: str) -> _Line:
        line = self._lines.get(name)
        if line is None:
            host, _, port = name.rpartition(":")
            # One that only a redirection named is reached in the same way as the others.
            like = self._client.get_node(node_name=name) or self._client.get_primaries()[0]
            options = {**like.connection_kwargs, "host": host, "port": int(port)}
            make = partial(like.connection_class, **options)
            line = self._lines[name] = _Line(make, *self._limits)
        return line

    async def hang_up(self) -> None:
        self._stale = True
        lines, self._lines = self._lines, {}
        for line in lines.values():
            await line.hang_up()


async def _all(exchanges: Iterable[Any]) -> list[Any]:
    """The results of all; where one fails, the others are finished first, so that none is left under way."""
    results = await asyncio.gather(*exchanges, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


def _refuse(answers: Sequence[Any]) -> None:
    """Raise the first refusal among replies."""
    if not _FINE.issuperset(map(type, answers)):
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer

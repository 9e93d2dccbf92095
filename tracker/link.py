# SPDX-License-Identifier: EUPL-1.2
"""One connection to the store for pipelines: commands out, all replies back at once.

redis-py finds the server, logs in, speaks TLS and chooses the database; then its connection is taken over,
since reading a pipeline's replies one by one through its streams costs more than making the commands.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import hiredis
from redis._parsers.base import BaseParser
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as StoreConnectionError
from redis.exceptions import InvalidResponse

_MORE = object()  # the reader's word for "not all there yet", which no reply can be


class Link(asyncio.Protocol):
    """A connection with at most one pipeline under way."""

    def __init__(self, connection: AbstractConnection) -> None:
        self._connection = connection  # keeps the socket, and how to close it
        writer: Any = connection._writer
        self._transport: asyncio.Transport = writer.transport
        self._reader = hiredis.Reader(
            protocolError=InvalidResponse,
            replyError=BaseParser.parse_error,
            notEnoughData=_MORE,
        )
        self._replies: list[Any] = []
        self._expected = 0
        self._done: asyncio.Future[list[Any]] | None = None
        self._lost: Exception | None = None
        self._transport.set_protocol(self)

    @classmethod
    async def to(cls, make: Callable[[], AbstractConnection]) -> Link:
        """A new link, over a connection that `make` gives. Raises `redis.RedisError` and `OSError`."""
        connection = make()
        connection.retry = Retry(NoBackoff(), 0)  # who uses the link knows what to do instead
        await connection.connect()  # type: ignore[no-untyped-call]
        return cls(connection)

    async def exchange(self, commands: bytes, replies: int) -> list[Any]:
        """Send packed commands and wait for that many replies; refusals are among them as exceptions.

        Raises `redis.ConnectionError` where the connection ends first; whoever gives up waiting closes the
        link, as later replies would be taken for those of another pipeline.
        """
        if self._lost is not None:
            raise StoreConnectionError(f"the connection ended ({self._lost})")
        done = self._done = asyncio.get_running_loop().create_future()
        self._expected = replies
        self._transport.write(commands)
        answers: list[Any] = await done
        return answers

    async def close(self) -> None:
        await self._connection.disconnect(nowait=True)

    def data_received(self, data: bytes) -> None:
        reader, replies = self._reader, self._replies
        try:
            reader.feed(data)
            while (reply := reader.gets()) is not _MORE:
                replies.append(reply)
        except InvalidResponse as error:
            self._transport.abort()
            self.connection_lost(error)
            return
        if len(replies) >= self._expected and self._done is not None:
            done, self._done, self._replies = self._done, None, []
            if not done.done():
                done.set_result(replies)

    def connection_lost(self, error: Exception | None) -> None:
        self._lost = error or EOFError("the store hung up")
        done, self._done = self._done, None
        if done is not None and not done.done():
            done.set_exception(StoreConnectionError(f"the connection ended ({self._lost})"))

# SPDX-License-Identifier: EUPL-1.2
"""A wire to the store that a test can cut, stall and mend."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from tests.servers import free_port


class Switch:
    """Hands on what comes in on a port of its own to the store's; off until `on()`.

    A connection ends once it brought `most_bytes` (None: as many as come) to the store.
    """

    def __init__(self, store_port: int, *, most_bytes: int | None = None) -> None:
        self._store_port = store_port
        self._most_bytes = most_bytes
        self._port = free_port()
        self._flowing = asyncio.Event()
        self._writers: list[asyncio.StreamWriter] = []

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    def stall(self) -> None:
        """From now on everything is swallowed and nothing answered."""
        self._flowing.clear()

    @contextlib.asynccontextmanager
    async def on(self) -> AsyncIterator[None]:
        """Connected inside the block; afterwards every connection is gone and none can be made."""
        self._flowing.set()
        server = await asyncio.start_server(self._join, "127.0.0.1", self._port)
        try:
            yield
        finally:
            server.close()
            for writer in self._writers:
                writer.transport.abort()
            self._writers.clear()
            await server.wait_closed()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._store_port)
        self._writers += [writer, far_writer]
        with contextlib.suppress(OSError):
            await asyncio.gather(
                self._hand_on(reader, far_writer, self._most_bytes), self._hand_on(far_reader, writer, None)
            )

    async def _hand_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most_bytes: int | None
    ) -> None:
        passed = 0
        while (data := await reader.read(65_536)) and (most_bytes is None or passed < most_bytes):
            await self._flowing.wait()
            writer.write(data)
            await writer.drain()
            passed += len(data)
        writer.close()

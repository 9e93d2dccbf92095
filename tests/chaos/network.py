# SPDX-License-Identifier: EUPL-1.2
"""A network between collector and store that delays, tears apart, swallows and cuts what goes over it."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from collections import Counter

_CUT, _SWALLOWED = 0.02, 0.03  # share of what is handed on, and of what is not cut
_LONGEST_DELAY_S = 0.03
#: Every kind that there is.
HARM = frozenset({"cut in commands", "cut in replies", "swallowed commands", "swallowed replies", "torn"})


class Network:
    """Hands on what comes in on a port of its own to the store's; badly while `is_bad`.

    `harm` counts what it did: `cut` in commands and in replies at any byte, `swallowed` (the connection stays
    and says nothing more), `torn` (handed on late and in pieces). Lives in a thread; end with `close`.
    """

    def __init__(self, store_port: int, *, seed: int = 1) -> None:
        self.is_bad = False
        self.late_s = 0.0  # how long commands are on their way
        self._joined: set[asyncio.Task[None]] = set()
        self.harm: Counter[str] = Counter()
        self._store_port = store_port
        self._chance = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        server = self._loop.run_until_complete(asyncio.start_server(self._join, "127.0.0.1", 0))
        self.port: int = server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def cut(self) -> None:
        """Cut every connection; what was on its way never arrives."""

        async def all_of_them() -> None:
            for task in list(self._joined):
                task.cancel()

        asyncio.run_coroutine_threadsafe(all_of_them(), self._loop).result()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._store_port)
        except OSError:
            writer.transport.abort()
            return
        both = (writer, far_writer)
        task = asyncio.current_task()
        assert task is not None
        self._joined.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await asyncio.gather(
                    self._hand_on(reader, far_writer, both, "commands"),
                    self._hand_on(far_reader, writer, both, "replies"),
                )
        finally:
            self._joined.discard(task)
            for each in both:
                each.transport.abort()

    async def _hand_on(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        both: tuple[asyncio.StreamWriter, asyncio.StreamWriter],
        what: str,
    ) -> None:
        is_swallowed = False
        while data := await reader.read(65_536):
            if is_swallowed:
                continue
            if self.late_s and what == "commands":
                await asyncio.sleep(self.late_s)
            if not self.is_bad:
                writer.write(data)
            elif self._chance.random() < _CUT:
                self.harm[f"cut in {what}"] += 1
                writer.write(data[: self._chance.randrange(len(data))])
                await asyncio.sleep(0.01)  # so that what is before the cut arrives
                for each in both:
                    each.transport.abort()
                return
            elif self._chance.random() < _SWALLOWED:
                self.harm[f"swallowed {what}"] += 1
                is_swallowed = True
            else:
                await self._tear(data, writer)
            await writer.drain()
        for each in both:
            each.close()

    async def _tear(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        """In two pieces, the second one later: also in the midst of a number or of a line's end."""
        self.harm["torn"] += 1
        at = self._chance.randrange(len(data))
        writer.write(data[:at])
        await writer.drain()
        await asyncio.sleep(self._chance.random() * _LONGEST_DELAY_S)
        writer.write(data[at:])

# SPDX-License-Identifier: EUPL-1.2
"""All replies to a pipeline at once: redis-py reads them one by one, through three coroutines each."""

from __future__ import annotations

from typing import Any

from redis._parsers import _AsyncHiredisParser
from redis._parsers.hiredis import NOT_ENOUGH_DATA


class PipelineParser(_AsyncHiredisParser):
    """redis-py's parser (`Connection.set_parser`), which can read many replies as one list.

    While `expected` is above 0, one reading takes so many replies and gives them as a list of raw replies;
    refusals are among them as exceptions, not raised.
    """

    expected = 0

    async def read_response(self, disable_decoding: bool = False, push_request: bool = False) -> Any:
        if not self.expected:
            return await super().read_response(disable_decoding, push_request)
        replies: list[Any] = []
        reader: Any = self._reader
        while len(replies) < self.expected:
            reply = reader.gets(False)
            if reply is NOT_ENOUGH_DATA:
                await self.read_from_socket()  # type: ignore[no-untyped-call]
            elif isinstance(reply, ConnectionError):
                raise reply
            else:
                replies.append(reply)
        return replies

# SPDX-License-Identifier: EUPL-1.2
"""Short codes for the few texts that stand in nearly every entry of a stream.

The name of the site, what the experiments showed and the search engine that people came from are the same in
entry after entry, and take a third of its memory. The hash `kr:words` holds them once, by a code made of the
text itself: whoever writes it, in whatever order and however often, writes the same. An entry has a code only
where the store had acknowledged the word before; else it has the text.

| code | text |
| --- | --- |
| `~FXQd` | `voorbeeldstad` |
| `~j0ms` | `zwerfvuil=redesign!` |
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from tracker.keys import Keys
from tracker.store_client import AsyncClient

MARK = "~"  # no site name, experiment or host begins with it
OFTEN = 16  # times that a text must have come before it is worth a word
MOST = 1_000  # words of one collector; a stranger who makes texts up fills this, and nothing else changes
_CANDIDATES = 1_024


def code_of(text: str) -> str:
    """Five characters for a text: two different ones share them once in 17 million pairs.

    >>> code_of("voorbeeldstad")
    '~FXQd'
    """
    digest = hashlib.sha256(text.encode()).digest()
    return MARK + urlsafe_b64encode(digest[:3]).decode()


class Words:
    """The words of which this process knows that the store has them."""

    def __init__(self) -> None:
        self._codes: dict[str, str] = {}
        self._met: dict[str, int] = {}
        self.to_learn: dict[str, None] = {}  # texts for `learn`

    def short(self, text: str) -> str:
        """The code of a text, or the text itself, which is learnt when it has come often enough."""
        code = self._codes.get(text)
        if code is None:
            self._meet(text)
            return text
        return code

    async def learn(
        self,
        client: AsyncClient,
        keys: Keys,
        texts: Iterable[str] = (),
        *,
        secure: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Put what came often, and `texts`, into the store. Raises `redis.RedisError` while it is away.

        A code that the store has for another text (one pair in 17 million) is not used, and none before
        `secure` has made sure that the store's replicas have what was written.
        """
        mine, self.to_learn = self.to_learn, {}  # what comes meanwhile is for the next time
        wanted = [*mine, *texts]
        if not wanted:
            return
        asking = client.pipeline(transaction=False)
        for text in wanted:
            asking.hsetnx(keys.words, code_of(text), text)
            asking.hget(keys.words, code_of(text))
        try:
            answers: list[Any] = await asking.execute()
            if secure is not None:
                await secure()
        except BaseException:
            self.to_learn = mine | self.to_learn
            raise
        for text, held in zip(wanted, answers[1::2], strict=True):
            if held == text.encode():
                self._codes[text] = code_of(text)
            else:
                self._codes.pop(text, None)

    def renew(self) -> None:
        """Have `learn` write down all words again: the store may have been emptied, or be another one now."""
        self.to_learn.update(dict.fromkeys(self._codes))

    def _meet(self, text: str) -> None:
        if not text or len(self._codes) + len(self.to_learn) >= MOST:
            return
        if len(self._met) >= _CANDIDATES:
            self._met.clear()
        times = self._met[text] = self._met.get(text, 0) + 1
        if times == OFTEN:
            self.to_learn[text] = None


def dictionary(held: Mapping[bytes, bytes]) -> dict[str, str]:
    """Texts by code, of what HGETALL gives."""
    return {code.decode(): text.decode() for code, text in held.items()}

# SPDX-License-Identifier: EUPL-1.2
"""What happened, for the log: a sentence for people, and for machines the fields that BIO2 asks for.

A happening carries what the program knows by itself: names from the settings, counts, kinds of errors. Never
an address, a user agent or anything a resident typed.
"""

from __future__ import annotations

import logging
from typing import Literal

Result = Literal["ok", "failed", "refused"]
Fact = str | int | float | bool | None

ATTRIBUTE = "klantreis"  # where a log record carries the fields


def happened(
    log: logging.Logger,
    sentence: str,
    *,
    action: str,
    object: str,  # noqa: A002  the field's name
    result: Result = "ok",
    actor: str | None = None,
    **facts: Fact,
) -> None:
    """Write one line; `actor` is who did it, by default the program itself."""
    level = logging.INFO if result == "ok" else logging.WARNING if result == "refused" else logging.ERROR
    fields = {"action": action, "object": object, "result": result, "actor": actor, **facts}
    log.log(level, "%s", sentence, extra={ATTRIBUTE: fields})


class StoreWatch:
    """Says once that the store is away and once that it is back, however many groups meet it so."""

    __slots__ = ("_away", "_log")

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._away = False

    def away(self, error: BaseException) -> None:
        if not self._away:
            self._away = True
            happened(
                self._log,
                "The store does not answer, or does not write; it is tried again.",
                action="store-away",
                object="store",
                result="failed",
                error=type(error).__name__,
            )

    def answered(self) -> None:
        if self._away:
            self._away = False
            happened(self._log, "The store answers again.", action="store-back", object="store")

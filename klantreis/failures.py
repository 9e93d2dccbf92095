# SPDX-License-Identifier: EUPL-1.2
"""What fails in one job and is no end of the others.

Beside a server it is told in the log and tried again later; a command tells all of it at its end.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import redis
from redis.exceptions import RedisClusterException

from analysis.errors import AnalysisError
from experiments.errors import ExperimentsError
from klantreis.errors import KlantreisError
from tracker.errors import TrackerError
from tracker.happenings import happened

#: Roots of the rooms' errors: each says what came, what was expected and how to mend it.
EXPECTED = (AnalysisError, ExperimentsError, KlantreisError, TrackerError)
#: A failure is told, and what is costly tried again, once in this time.
AGAIN_S = 3600.0


class Failures:
    """What failed lately, by name: a round every ten seconds would fill the log with one mistyped file."""

    __slots__ = ("_log", "_monotonic", "_told")

    def __init__(self, log: logging.Logger, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._log, self._monotonic = log, monotonic
        self._told: dict[str, float] = {}

    @contextmanager
    def told(self, action: str, what: str) -> Iterator[None]:
        """Tell what fails in the block and go on after it, but for a store that is away: all wait."""
        try:
            yield
        except (redis.RedisError, RedisClusterException):
            raise
        except Exception as error:  # noqa: BLE001  a fault in one report must not end the archiving
            self.tell(action, what, error)
        else:
            self._told.pop(what, None)

    def tell(self, action: str, what: str, error: Exception) -> None:
        """Write a line, unless there was one about this within the hour."""
        if self.rests(what):
            return
        self._told[what] = self._monotonic()
        kind = type(error).__name__
        sentence = str(error)
        if not isinstance(error, (*EXPECTED, OSError)):
            sentence = (
                f"This failed by a fault of klantreis ({kind}). Please report it, with the lines above."
            )
            self._log.error("%s failed", what, exc_info=error)
        happened(self._log, sentence, action=action, object=what, result="failed", error=kind)

    def rests(self, what: str) -> bool:
        """Whether it failed within the hour: then it need not be tried now."""
        return what in self._told and self._monotonic() - self._told[what] < AGAIN_S

    def due_again(self, *kinds: str) -> bool:
        """Whether something whose name begins so failed, and has rested; asked once for each time."""
        due = [what for what in self._told if what.startswith(kinds) and not self.rests(what)]
        for what in due:
            del self._told[what]
        return bool(due)


class Kept:
    """The sentences of what failed in a command, by name, to be told at its end."""

    __slots__ = ("sentences",)

    def __init__(self) -> None:
        self.sentences: dict[str, str] = {}

    @contextmanager
    def around(self, what: str) -> Iterator[None]:
        """Keep what our rooms raise in the block, and go on after it."""
        try:
            yield
        except EXPECTED as error:
            self.keep(what, error)

    def keep(self, what: str, error: Exception) -> None:
        self.sentences[what] = str(error)

    def text(self) -> str:
        """What failed and why, one line each; what failed for one reason, together."""
        together: dict[str, list[str]] = {}
        for what, sentence in self.sentences.items():
            together.setdefault(sentence, []).append(what)
        return "\n".join(f"{', '.join(names)}: {sentence}" for sentence, names in together.items())

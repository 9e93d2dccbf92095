# SPDX-License-Identifier: EUPL-1.2
"""What can go wrong with a promise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches


class ExperimentsError(Exception):
    """Root of this room: the message says what came, what was expected and how to mend it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend in a definition file; `line` counts from 1, None where it cannot be told."""

    file: str
    line: int | None
    key: str
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


class DefinitionsError(ExperimentsError):
    """Definition files that cannot be used; `problems` lists everything at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))


class UnknownExperimentError(ExperimentsError):
    """A name that no definition and no register knows."""


class BucketError(ExperimentsError, ValueError):
    """A number that is no bucket."""


class RefusedError(ExperimentsError):
    """The lifecycle says no; `reasons` lists everything that has to be mended."""

    def __init__(self, what: str, reasons: Sequence[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(f"{what} is refused. " + " ".join(reasons))


class PlanError(ExperimentsError, ValueError):
    """Numbers with which no test can be planned."""


def did_you_mean(given: str, known: Sequence[str]) -> str:
    """The hint for a name that is not known.

    >>> did_you_mean("varaints", ["variants", "pages"])
    'Did you mean "variants"?'
    >>> did_you_mean("colour", ["variants", "pages"])
    'Known here: pages, variants.'
    """
    near = get_close_matches(given, known, 1)
    return f'Did you mean "{near[0]}"?' if near else f"Known here: {', '.join(sorted(known))}."

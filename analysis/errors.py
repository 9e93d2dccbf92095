# SPDX-License-Identifier: EUPL-1.2
"""What can go wrong while concluding something."""

from __future__ import annotations

from collections.abc import Sequence

from experiments.errors import Problem


class AnalysisError(Exception):
    """Root of this room: the message says what came, what was expected and how to mend it."""


class TaskDefinitionsError(AnalysisError):
    """A file of task definitions that cannot be used; `problems` lists everything at once, with lines."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))


class EventsError(AnalysisError, ValueError):
    """A frame that is no frame of events."""


class TableError(AnalysisError, ValueError):
    """A table that differs from its declaration, or a file that holds another version of it."""


class ReconciliationError(AnalysisError):
    """Events that came in and are neither in a question nor set aside: a fault of ours, never passed over."""

# SPDX-License-Identifier: EUPL-1.2
"""What holds for all events of a DAY while its tables are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.events import Ints
from analysis.tasks import Tasks
from analysis.thresholds import Thresholds
from tracker.site import Site


@dataclass(frozen=True, slots=True)
class Scope:
    """`sites`, `tasks` and `ends_at` have one place per site of the events, in their order.

    `ends_at` is the moment (ms) at which the DAY turns, or at which nothing more was recorded before that.
    """

    day: str
    sites: Sequence[Site]
    tasks: Sequence[Tasks]
    ends_at: Ints
    thresholds: Thresholds

# SPDX-License-Identifier: EUPL-1.2
"""The planned time of an experiment, and where it is in that.

A verdict that is given once (`looks = "end"`) is given when the planned last DAY is over. A stop does not
bring it forward: whoever has figures in sight chooses when to stop, and a verdict at a chosen moment finds
differences that are not there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from experiments.definition import Experiment
from tracker.day import day_bounds

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@dataclass(frozen=True, slots=True)
class Term:
    """`ends` is the planned last DAY and `left` how many DAYs are still to be closed, 0 where it is over.
    `stopped` is the DAY of a stop before the planned last one."""

    ends: date
    left: int
    stopped: date | None = None

    @property
    def over(self) -> bool:
        """Whether the experiment ran to the end of its planned last DAY."""
        return self.left == 0 and self.stopped is None

    @property
    def running(self) -> bool:
        return self.left > 0 and self.stopped is None


def term_of(experiment: Experiment, reached: date | None, *, stopped: date | None = None) -> Term:
    """The term of an experiment, from the last DAY that is closed (of any site: nobody may come on the
    planned last one) and the DAY of its stop."""
    early = stopped if stopped is not None and stopped < experiment.ends else None
    if reached is None or reached < experiment.starts:
        return Term(experiment.ends, (experiment.ends - experiment.starts).days + 1, early)
    return Term(experiment.ends, max(0, (experiment.ends - reached).days), early)


def finished(days: Iterable[date], now: datetime, zone: ZoneInfo = AMSTERDAM) -> list[date]:
    """Those of the DAYs that were over at `now`, in the site's zone: a DAY that still runs is no look.

    >>> [len(finished([date(2026, 6, 1)], datetime.fromisoformat(now))) for now in (
    ...     "2026-06-02T01:59:59Z", "2026-06-02T02:00:00Z"
    ... )]
    [0, 1]
    """
    now_ms = int(now.timestamp() * 1000)
    return [day for day in days if day_bounds(day, zone)[1] <= now_ms]

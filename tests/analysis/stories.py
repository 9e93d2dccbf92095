# SPDX-License-Identifier: EUPL-1.2
"""What visitors did, told as short stories, and the events that the tracker would have kept of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pandas as pd

from analysis.reconstruct import reconstruct
from analysis.tasks import Tasks, loads
from analysis.thresholds import DEFAULTS, Thresholds
from tracker.event import Event, Kind
from tracker.site import Site, Sites

DAY = date(2026, 6, 10)
NINE = int(datetime(2026, 6, 10, 9, tzinfo=ZoneInfo("Europe/Amsterdam")).astimezone(UTC).timestamp() * 1000)
SITE = Site("voorbeeldstad", frozenset({"www.voorbeeldstad.nl"}))
SITES = Sites([SITE])

TASKS = loads(
    """
    [task.zwerfvuil]
    question = "Ik wil zwerfvuil melden"
    pages    = ["/afval/zwerfvuil*", "/melding/**"]
    answers  = ["/melding/bedankt"]
    goals    = ["melding_verzonden"]
    queries  = ["zwerfvuil", "rommel op straat"]

    [task.zwerfvuil.phase]
    uitvoering = ["/melding/stap-*"]

    [task.paspoort]
    question = "Ik heb een nieuw paspoort nodig"
    pages    = ["/paspoort"]
    answers  = ["/paspoort"]
    queries  = ["paspoort"]

    [task.grofvuil]
    question = "Ik wil grofvuil laten ophalen"
    pages    = ["/grofvuil", "/grofvuil/**"]
    answers  = ["/grofvuil/ophalen"]
    queries  = ["grofvuil"]
    """
)


@dataclass
class Story:
    """Events of visitors, one call per thing done; times are seconds after nine in the morning of `DAY`."""

    events: list[Event] = field(default_factory=list)
    _count: int = 0

    def page(
        self,
        path: str,
        at: float,
        *,
        visitor: int = 1,
        came: str | None = None,
        referrer: str | None = None,
        seen: float | None = None,
        **fields: Any,
    ) -> str:
        """A page opened. `came` is the page view it was reached from, `seen` the seconds it was visible."""
        self._count += 1
        view = str(fields.pop("page_view", f"pv{self._count:010d}"))
        common = {"path": path, "origin": came, "referrer": referrer, "visitor": visitor, **fields}
        self.event(Kind.VIEW, at, page_view=view, index=0, **common)
        if seen is not None:
            self.event(Kind.ENGAGE, at + seen, page_view=view, index=90, visible_s=seen, **common)
        return view

    def search(self, query: str, at: float, *, results: int = 5, answered: bool = False, **rest: Any) -> str:
        """A results page with its search."""
        view = self.page("/zoeken", at, **rest)
        opened = self._of(view)
        self.event(
            Kind.SEARCH, at + 0.012, query=query, results=results, answered_here=answered, index=1, **opened
        )
        return view

    def on(self, view: str, kind: Kind, at: float, **fields: Any) -> None:
        """Something done on a page view."""
        index = 2 + sum(event.page_view == view for event in self.events)
        self.event(kind, at, index=index, **{**self._of(view), **fields})

    def event(self, kind: Kind, at: float, **fields: Any) -> None:
        known = {"site": SITE.name, "visitor": 1, **fields}
        self.events.append(Event(kind=kind, time=NINE + round(at * 1000), **known))

    def frame(self) -> pd.DataFrame:
        rows = [msgspec.structs.asdict(event) for event in self.events]
        names = [each.name for each in msgspec.structs.fields(Event)]
        frame = pd.DataFrame(rows, columns=names)
        return frame.astype({"visitor": "int64", "time": "int64", "index": "int16"})

    def tables(self, **settings: Any) -> dict[str, pd.DataFrame]:
        return tables_of(self.frame(), **settings)

    def _of(self, view: str) -> dict[str, Any]:
        event = next(event for event in self.events if event.page_view == view)
        names = (
            "site",
            "visitor",
            "page_view",
            "path",
            "origin",
            "referrer",
            "bucket",
            "exposures",
            "viewport",
        )
        return {name: getattr(event, name) for name in names}


def tables_of(
    frame: pd.DataFrame,
    *,
    tasks: Tasks = TASKS,
    definitions: Thresholds = DEFAULTS,
    **settings: Any,
) -> dict[str, pd.DataFrame]:
    """All tables of the events of `DAY`."""
    settings = {"experiments": {}, "day": DAY, "sites": SITES, **settings}
    return reconstruct(frame, tasks={SITE.name: tasks}, definitions=definitions, **settings)

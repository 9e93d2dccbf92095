# SPDX-License-Identifier: EUPL-1.2
"""Contacts and survey answers beside the events: which page view they belong to, by the call code alone.

By time alone chance would join nearly every call, so nothing is joined by it: it only bounds how old a code
may be. A code that fits two page views is not joined. `docs/adr/0010-call-codes.md` has the arithmetic.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl

from analysis.frames import conform
from analysis.globs import compiled, tidy
from analysis.tables import ANSWERS, CONTACTS, Column
from analysis.tasks import NO_TASK, Tasks
from analysis.words import normalise
from tracker.archive import read_events
from tracker.call_code import call_code
from tracker.contacts import read_contacts, read_surveys
from tracker.event import Kind
from tracker.site import Sites

#: A code is good for so long after its page was opened: as long as a session outlives silence.
GOOD_FOR_S = 1800
#: The clock of the contact centre may run behind by so much; most write down whole minutes.
EARLY_S = 120
#: Counters within a page view that no browser gives: what is joined gets these, downwards.
_LAST_INDEX = 32_767


class Fit(StrEnum):
    """What became of a record's call code."""

    PAGE_VIEW = "page view"
    NO_CODE = "no code"
    NOWHERE = "no page view"
    SEVERAL = "several page views"


@dataclass(frozen=True, slots=True)
class Joined:
    """A touchpoint from elsewhere, of a visitor's page view. `time` is in ms since 1970."""

    site: str
    visitor: int
    page_view: str
    time: int
    kind: Kind
    channel: str | None = None
    heartbeat: int | None = None


@dataclass(frozen=True, slots=True)
class _Shown:
    """A page view that showed a code."""

    time: int
    page_view: str
    visitor: int


def joined_records(root: Path, day: date, sites: Sites | None) -> list[Joined]:
    """The contacts and answers of a DAY whose call code fits one page view, by time."""
    fitted = _fitted(root, day, sites)
    found = [
        Joined(
            site=row["site"],
            visitor=view.visitor,
            page_view=view.page_view,
            time=max(row["time"], view.time + 1),
            kind=kind,
            channel=row.get("channel"),
            heartbeat=row.get("heartbeat"),
        )
        for kind, row, _, view in fitted
        if view is not None
    ]
    return sorted(found, key=lambda one: (one.time, one.page_view, one.kind))


def side_tables(
    root: Path, day: date, sites: Sites | None, tasks: Mapping[str, Tasks]
) -> dict[str, pd.DataFrame]:
    """`contacts` and `answers`: every record of the DAY, counted by task and by what became of its code."""
    contacts: Counter[tuple[Any, ...]] = Counter()
    answers: Counter[tuple[Any, ...]] = Counter()
    for kind, row, fit, _ in _fitted(root, day, sites):
        of_site = tasks.get(row["site"], Tasks())
        key = (row["site"], day.isoformat(), of_site.name(_task(of_site, row)), fit.value)
        if kind is Kind.CONTACT:
            contacts[(*key, row["channel"])] += 1
        else:
            answers[(*key, row["heartbeat"])] += 1
    return {
        "contacts": _counted(contacts, ("site", "day", "task", "joined", "channel"), "contacts", CONTACTS),
        "answers": _counted(answers, ("site", "day", "task", "joined", "heartbeat"), "answers", ANSWERS),
    }


def with_records(events: pd.DataFrame, joined: Iterable[Joined]) -> pd.DataFrame:
    """The events, and behind them the touchpoints from elsewhere as events of their page view."""
    wanted = list(joined)
    if not wanted:
        return events
    of_views = (events["kind"] == Kind.VIEW.value) & events["page_view"].isin(
        [one.page_view for one in wanted]
    )
    views = {(row["site"], row["page_view"]): row for row in events[of_views].to_dict("records")}
    seen: Counter[str] = Counter()
    rows: list[dict[str, Any]] = []
    for one in wanted:
        view = views.get((one.site, one.page_view))
        if view is None:  # removed meanwhile
            continue
        index = _LAST_INDEX - seen[one.page_view]
        here: dict[str, Any] = {"kind": one.kind.value, "time": one.time, "index": index}
        said = {"channel": one.channel, "heartbeat": one.heartbeat, "title": None, "first": ""}
        rows.append({str(name): value for name, value in view.items()} | here | said)
        seen[one.page_view] += 1
    added = pd.DataFrame(rows, columns=events.columns).astype(events.dtypes.to_dict())
    return pd.concat([events, added], ignore_index=True)


def _fitted(
    root: Path, day: date, sites: Sites | None
) -> list[tuple[Kind, dict[str, Any], Fit, _Shown | None]]:
    records = [(Kind.CONTACT, row) for row in read_contacts(root, day).to_pylist()]
    records += [(Kind.FEEDBACK, row) for row in read_surveys(root, day).to_pylist()]
    if not records:
        return []
    coded = any(row["call_code"] for _, row in records)
    shown = _shown(root, day, sites) if coded and sites is not None else {}
    return [(kind, row, *_fit(row, shown)) for kind, row in records]


def _fit(row: Mapping[str, Any], shown: Mapping[tuple[str, str], list[_Shown]]) -> tuple[Fit, _Shown | None]:
    if not row["call_code"]:
        return Fit.NO_CODE, None
    first, last = row["time"] - GOOD_FOR_S * 1000, row["time"] + EARLY_S * 1000
    near = [one for one in shown.get((row["site"], row["call_code"]), []) if first <= one.time <= last]
    if len({one.page_view for one in near}) > 1:
        return Fit.SEVERAL, None
    return (Fit.PAGE_VIEW, near[0]) if near else (Fit.NOWHERE, None)


def _shown(root: Path, day: date, sites: Sites) -> dict[tuple[str, str], list[_Shown]]:
    """The page views of people on pages that show a code, by site and code."""
    columns = ["site", "kind", "path", "page_view", "time", "visitor", "run", "automated"]
    events = pl.DataFrame(read_events(root, day, columns=columns))
    views = events.filter(
        pl.col("kind") == Kind.VIEW.value,
        pl.col("run").is_null(),
        ~pl.col("automated").fill_null(value=False),
    )
    found: dict[tuple[str, str], list[_Shown]] = {}
    for site in sites:
        patterns = [compiled(glob) for glob in site.call_code_pages]
        of_site = views.filter(pl.col("site") == site.name)
        paths = [
            path
            for path in of_site["path"].unique().to_list()
            if any(pattern.fullmatch(tidy(path)) for pattern in patterns)
        ]
        shown = of_site.filter(pl.col("path").is_in(paths)).sort("time")
        for view, time, visitor in shown.select("page_view", "time", "visitor").iter_rows():
            found.setdefault((site.name, call_code(view)), []).append(_Shown(time, view, visitor))
    return found


def _task(tasks: Tasks, row: Mapping[str, Any]) -> int:
    """The task of the page that an answer is about, else of the subject's words."""
    task = tasks.of_page(row["path"]) if row.get("path") else NO_TASK
    if task == NO_TASK and row["subject"]:
        task = tasks.of_query(normalise(row["subject"]))
    return task


def _counted(
    counts: Counter[tuple[Any, ...]], keys: tuple[str, ...], what: str, columns: Mapping[str, Column]
) -> pd.DataFrame:
    rows = [dict(zip(keys, key, strict=True)) | {what: count} for key, count in sorted(counts.items())]
    return conform(
        pd.DataFrame(rows, columns=list(columns)).astype(
            {name: column.dtype for name, column in columns.items()}
        ),
        columns,
    )

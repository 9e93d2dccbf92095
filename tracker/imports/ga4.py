# SPDX-License-Identifier: EUPL-1.2
"""Google Analytics 4 as exported to BigQuery, as JSON lines or Parquet, into the archive.

Fields after Google's reference "BigQuery Export schema", https://support.google.com/analytics/answer/7029846.
What was measured by itself (enhanced measurement) is taken over; an event with a name of the site's own
counts where it is named as a goal. `user_pseudo_id` goes into the pseudonym of a DAY and nowhere else; events
without one, from who refused, cannot be put together and are set aside.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tracker import address
from tracker.case_numbers import CaseNumbers
from tracker.event import Event, Kind
from tracker.imports.account import BadRecordError, ImportAccount, SetAsideError
from tracker.imports.event_files import Visitor, identity, import_events, index_of
from tracker.imports.json_records import Record, json_records
from tracker.imports.opened import ImportFileError, Progress, Whole
from tracker.scrubber import Scrubber
from tracker.site import Site

VIEWPORTS = {"mobile": "s", "tablet": "m", "desktop": "l"}
COLUMNS = ("event_timestamp", "event_name", "event_params", "user_pseudo_id", "device", "batch_page_id",
           "batch_event_index")  # fmt: skip
ROWS_AT_ONCE = 5_000
REMEMBERED_PAGES = 100_000


def import_ga4(
    paths: Iterable[Path], *, site: Site, archive_root: Path, goals: Iterable[str] = (),
    partitions: int | None = None, cases: CaseNumbers | None = None, progress: Progress | None = None,
) -> ImportAccount:  # fmt: skip
    """Read an export as events of `site`; `goals` are names of events that a resident came for.

    `cases` are the site's case numbers. Returns what became of each event. Raises `ImportFileError` and
    `ArchiveError`.
    """
    named = frozenset(goals)
    return import_events(
        paths, kind="ga4", what="events", site=site, archive_root=archive_root, partitions=partitions,
        progress=progress, records=_records, translator=lambda account: _Ga4(site, account, named, cases),
    )  # fmt: skip


def _records(path: Path, whole: Whole) -> Iterator[Record]:
    try:
        with path.open("rb") as file:
            parquet = file.read(4) == b"PAR1"
    except OSError:
        parquet = False  # reading it as JSON says what is the matter
    return _parquet(path, whole) if parquet else json_records(path, whole)


def _parquet(path: Path, whole: Whole) -> Iterator[Record]:
    try:
        with pq.ParquetFile(path) as file:
            columns = [name for name in COLUMNS if name in file.schema_arrow.names]
            number, groups = 0, max(file.num_row_groups, 1)
            for batch in file.iter_batches(batch_size=ROWS_AT_ONCE, columns=columns):
                for row in batch.to_pylist():
                    number += 1
                    yield number, row
                whole.at(path.stat().st_size * number // max(file.metadata.num_rows, groups))
    except (pa.ArrowException, OSError) as error:
        raise ImportFileError(f"{path} is not a whole Parquet file ({error}). Export it again.") from None
    whole.ended(path)


class _Ga4:
    def __init__(
        self, site: Site, account: ImportAccount, goals: frozenset[str], cases: CaseNumbers | None
    ) -> None:
        self._site, self._account, self._goals, self._cases = site, account, goals, cases
        self._kept = frozenset((*site.search_parameters, *site.campaign_parameters))
        self._open: OrderedDict[tuple[str, str, str], str] = (
            OrderedDict()
        )  # page views of user, session, page
        self._seen: OrderedDict[str, float] = OrderedDict()  # seconds seen of page views

    def events(self, record: Mapping[str, Any], visitor: Visitor) -> list[Event]:
        name, who = record.get("event_name"), record.get("user_pseudo_id")
        time = _time_ms(record)
        if not isinstance(name, str) or not name:
            raise BadRecordError("no event_name")
        if not isinstance(who, str) or not who:
            raise SetAsideError("without user_pseudo_id (consent refused)")
        told = _parameters(record)
        clean = Scrubber(cases=self._cases)
        said = self._said(name, told, clean)
        location = told.get("page_location", "")
        page = address.split(location)
        if page is None:
            raise BadRecordError(f"page_location is no address of a page, for {name[:40]}")
        if self._site.hosts and page.host not in self._site.hosts:
            raise SetAsideError("page of another host")
        page_view = self._page_view(record, name, who, told, time)
        if said["kind"] is Kind.ENGAGE:
            seconds = self._seen.pop(page_view, 0.0) + _seconds(told)
            self._seen[page_view] = seconds
            if len(self._seen) > REMEMBERED_PAGES:
                self._seen.popitem(last=False)
            said["visible_s"] = min(seconds, 86_400.0)
        device = record.get("device")
        category = device.get("category") if isinstance(device, dict) else None
        index = (
            0 if said["kind"] is Kind.VIEW else index_of(name, time, record.get("batch_event_index"), told)
        )
        event = Event(
            site=self._site.name, visitor=visitor(who, time), time=time, page_view=page_view, index=index,
            path=clean.path(page.path), parameters=clean.parameters(page.query, self._kept),
            referrer=clean.referrer(told.get("page_referrer", "")) if said["kind"] is Kind.VIEW else None,
            viewport=VIEWPORTS.get(str(category)), **said,
        )  # fmt: skip
        self._account.redacted.update(clean.redacted)
        return [event]

    def _said(self, name: str, told: Mapping[str, str], clean: Scrubber) -> dict[str, Any]:
        """The fields of an event of this name. Raises `SetAsideError` where we have no word for it."""
        target = told.get("link_url", "")[:2048]
        match name:
            case "page_view":
                return {"kind": Kind.VIEW, "title": clean.title(told.get("page_title", "")[:1000] or None)}
            case "view_search_results":
                return {"kind": Kind.SEARCH, "query": clean.text(told.get("search_term", "")[:1000])}
            case "click" if target.startswith(("tel:", "mailto:")):
                return {"kind": Kind.CONTACT, "channel": "tel" if target.startswith("tel:") else "mail"}
            case "click":
                return {"kind": Kind.LINK, "target": clean.target(target)}
            case "file_download":
                return {"kind": Kind.FILE, "target": clean.target(target)}
            case "scroll" | "user_engagement":
                depth = told.get("percent_scrolled", "")
                known = depth.isdecimal() and int(depth[:9]) <= 100
                return {"kind": Kind.ENGAGE, "depth": int(depth) if known else None}
            case "form_start" | "form_submit":
                form = told.get("form_name") or told.get("form_id") or "form"
                return {
                    "kind": Kind.FORM,
                    "form": clean.text(form[:200]),
                    "action": name.removeprefix("form_"),
                }
        if name in self._goals:
            return {"kind": Kind.GOAL, "goal": clean.text(name[:200])}
        raise SetAsideError(f"event {name[:40]}")

    def _page_view(
        self, record: Mapping[str, Any], name: str, who: str, told: Mapping[str, str], time: int
    ) -> str:
        """The page view of an event: as the export numbers pages, else the last view of that page."""
        key = who, told.get("ga_session_id", ""), told.get("page_location", "")
        number = record.get("batch_page_id")
        if number is not None:
            return identity("ga4", *key, number)
        if name == "page_view" or key not in self._open:
            self._open.pop(key, None)
            self._open[key] = identity("ga4", *key, time)
            if len(self._open) > REMEMBERED_PAGES:
                self._open.popitem(last=False)
        return self._open[key]


def _parameters(record: Mapping[str, Any]) -> dict[str, str]:
    """`event_params` as names and texts."""
    told: dict[str, str] = {}
    for pair in record.get("event_params") or ():
        value = pair.get("value") if isinstance(pair, dict) else None
        if isinstance(value, dict) and isinstance(pair.get("key"), str):
            given = next((value[kind] for kind in _KINDS if value.get(kind) is not None), None)
            if given is not None:
                told[pair["key"]] = str(given).replace("\0", " ")
    return told


_KINDS = ("string_value", "int_value", "double_value", "float_value")


def _seconds(told: Mapping[str, str]) -> float:
    """How long the page was seen since the event before."""
    given = told.get("engagement_time_msec", "")
    return int(given[:9]) / 1000 if given.isdecimal() else 0.0


def _time_ms(record: Mapping[str, Any]) -> int:
    given = record.get("event_timestamp")
    try:
        time = int(given) // 1000 if isinstance(given, int | str) else 0
    except ValueError:
        time = 0
    if not 0 < time < 7_258_118_400_000:
        raise BadRecordError(f'event_timestamp is "{str(given)[:40]}", expected microseconds since 1970')
    return time

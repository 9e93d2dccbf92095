# SPDX-License-Identifier: EUPL-1.2
"""Matomo's visits (`Live.getLastVisitsDetails` as JSON) into the archive.

Fields after Matomo's reference "Reporting API, module Live",
https://developer.matomo.org/api-reference/reporting-api#Live. Addresses of visitors (`visitIp`), their ids
and where they live are not read into anything that is stored; the visitor id goes into the pseudonym of a
DAY. A page view has the id that the same hit would have had at `/matomo.php` (`tracker.matomo`), so a period
that was measured both ways is not counted twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tracker import address
from tracker.case_numbers import CaseNumbers
from tracker.event import Event, Kind
from tracker.imports.account import BadRecordError, ImportAccount
from tracker.imports.event_files import Visitor, identity, import_events, index_of
from tracker.imports.json_records import json_records
from tracker.imports.opened import Progress
from tracker.matomo import event_of_category
from tracker.scrubber import Scrubber
from tracker.site import Site

VIEWPORTS = {"smartphone": "s", "phablet": "s", "tablet": "m", "desktop": "l"}
MOST_ACTIONS = 10_000
LONGEST_STAY_S = 1_800  # Matomo ends a visit after that


def import_matomo(
    paths: Iterable[Path], *, site: Site, archive_root: Path, partitions: int | None = None,
    cases: CaseNumbers | None = None, progress: Progress | None = None,
) -> ImportAccount:  # fmt: skip
    """Read visits as events of `site`; `cases` are its case numbers. Returns what became of each.

    Raises `ImportFileError` and `ArchiveError`.
    """
    return import_events(
        paths,
        kind="matomo",
        what="visits",
        site=site,
        archive_root=archive_root,
        partitions=partitions,
        progress=progress,
        records=json_records,
        translator=lambda account: _Visits(site, account, cases),
    )


class _Visits:
    def __init__(self, site: Site, account: ImportAccount, cases: CaseNumbers | None) -> None:
        self._site, self._account, self._cases = site, account, cases
        self._kept = frozenset((*site.search_parameters, *site.campaign_parameters))

    def events(self, record: Mapping[str, Any], visitor: Visitor) -> list[Event]:
        actions = record.get("actionDetails")
        if not isinstance(actions, list) or len(actions) > MOST_ACTIONS:
            raise BadRecordError(f"no list of at most {MOST_ACTIONS:,} actions under actionDetails")
        who = _text(record, "visitorId") or _text(record, "idVisit")
        if not who:
            raise BadRecordError("neither visitorId nor idVisit")
        clean, found, where = Scrubber(cases=self._cases), [], "/"
        viewport = VIEWPORTS.get(_text(record, "deviceType").lower())
        referrer = clean.referrer(_text(record, "referrerUrl"))
        for position, action in enumerate(actions):
            if not isinstance(action, dict):
                raise BadRecordError(f"action {position} is no object")
            time = _time_ms(action, record)
            page = address.split(_text(action, "url"))
            if page is not None and action.get("type") not in ("outlink", "download"):
                where = clean.path(page.path)
            said = _said(action, clean)
            if not said:
                self._account.passed_over[f"action of type {_text(action, 'type')[:40] or 'unknown'}"] += 1
                continue
            view = _text(action, "idpageview")
            page_view = (
                identity("matomo", _text(record, "idSite"), _text(record, "visitorId"), view)
                if view
                else identity("matomo visit", _text(record, "idSite"), _text(record, "idVisit"), position)
            )
            for fields in said:
                index = 0 if fields["kind"] is Kind.VIEW else index_of(time, position, fields["kind"])
                found.append(
                    Event(
                        visitor=visitor(who, time),
                        time=time,
                        page_view=page_view,
                        index=index,
                        path=where,
                        parameters=clean.parameters(page.query, self._kept) if page else "",
                        referrer=referrer,
                        site=self._site.name,
                        viewport=viewport,
                        **fields,
                    )
                )
                referrer = None
        self._account.redacted.update(clean.redacted)
        return found


def _said(action: Mapping[str, Any], clean: Scrubber) -> list[dict[str, Any]]:
    """The fields of the events of an action; none where we have no word for it."""
    view = {"kind": Kind.VIEW, "title": clean.title(_text(action, "pageTitle")[:1000] or None)}
    spent = _number(action, "timeSpent")
    seen = [{"kind": Kind.ENGAGE, "visible_s": min(spent, LONGEST_STAY_S)}] if spent else []
    match _text(action, "type"):
        case "action":
            return [view, *seen]
        case "search":
            words = clean.text(_text(action, "siteSearchKeyword")[:1000])
            results = _number(action, "siteSearchCount")
            count = int(results) if results is not None else None
            return [view, *seen, {"kind": Kind.SEARCH, "query": words, "results": count}]
        case "outlink":
            return [{"kind": Kind.LINK, "target": clean.target(_text(action, "url")[:2048])}]
        case "download":
            return [{"kind": Kind.FILE, "target": clean.target(_text(action, "url")[:2048])}]
        case "goal" if _text(action, "goalId"):
            return [{"kind": Kind.GOAL, "goal": f"matomo-goal-{_text(action, 'goalId')}"[:200]}]
        case "event":
            return _of_event(action, clean)
    return []


def _of_event(action: Mapping[str, Any], clean: Scrubber) -> list[dict[str, Any]]:
    """As at `/matomo.php`: the four categories that say something here."""
    said = event_of_category({
        "e_c": _text(action, "eventCategory"), "e_a": _text(action, "eventAction"),
        "e_n": _text(action, "eventName"), "e_v": _text(action, "eventValue"),
    })  # fmt: skip
    match said:
        case {"k": "goal", "g": goal}:
            return [{"kind": Kind.GOAL, "goal": clean.text(goal)}]
        case {"k": "contact", "c": channel}:
            return [{"kind": Kind.CONTACT, "channel": channel}]
        case {"k": "feedback", "h": heartbeat}:
            return [{"kind": Kind.FEEDBACK, "heartbeat": heartbeat}]
        case {"k": "form", "f": form, "a": step_action, **rest}:
            return [
                {"kind": Kind.FORM, "form": clean.text(form), "action": step_action, "step": rest.get("n")}
            ]
    return []


def _time_ms(action: Mapping[str, Any], visit: Mapping[str, Any]) -> int:
    seconds = _number(action, "timestamp")
    if seconds is None:
        seconds = _number(visit, "serverTimestamp")
    if seconds is None or not 0 < seconds < 7_258_118_400:
        raise BadRecordError("no timestamp, expected seconds since 1970")
    return int(seconds * 1000)


def _text(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    return (
        value.replace("\0", " ") if isinstance(value, str) else str(value) if isinstance(value, int) else ""
    )


def _number(record: Mapping[str, Any], name: str) -> float | None:
    value = record.get(name)
    try:
        number = float(value) if isinstance(value, str | int | float) and value != "" else None
    except (ValueError, OverflowError):
        return None
    return number if number is not None and 0 <= number < 1e15 else None

# SPDX-License-Identifier: EUPL-1.2
"""What happened in town, written down in TOML: storms, outages, letters sent.

[[event]]
name     = "storm-ciaran"
kind     = "storm"                # storm, outage, letter, holiday, campaign or other
from     = 2026-11-02
to       = 2026-11-03             # left out: the day of `from` alone
nl       = "Storm Ciarán"
en       = "Storm Ciarán"
expected = [2026-12-01]           # first days on which the like is expected again
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from analysis.errors import AnalysisError
from experiments.errors import Problem, did_you_mean
from experiments.places import Places, Steps

_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")
_KEYS = ("name", "kind", "from", "to", "nl", "en", "expected")
#: A longer one is no event but a new normal, which the level of the forecast follows by itself.
LONGEST_DAYS = 62


class EventKind(StrEnum):
    """What sort of thing happened; events of one kind are assumed to have one effect."""

    STORM = "storm"
    OUTAGE = "outage"
    LETTER = "letter"
    HOLIDAY = "holiday"
    CAMPAIGN = "campaign"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """Something that happened from `first` to `last`, both included; `is_expected` where it has yet to."""

    name: str
    kind: EventKind
    first: date
    last: date
    nl: str
    en: str
    is_expected: bool = False

    def text(self, language: str) -> str:
        return self.nl if language == "nl" else self.en

    def days(self) -> Iterator[date]:
        for place in range((self.last - self.first).days + 1):
            yield self.first + timedelta(days=place)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The events of a site by their first day; those expected again are events of their own."""

    events: tuple[CalendarEvent, ...] = ()

    def between(self, first: date, last: date) -> tuple[CalendarEvent, ...]:
        """Events that touch the period."""
        return tuple(event for event in self.events if event.first <= last and event.last >= first)

    def kinds_of(self, day: date) -> frozenset[EventKind]:
        """The kinds of events on a day."""
        return frozenset(event.kind for event in self.events if event.first <= day <= event.last)


#: What is known where nobody keeps a calendar.
NO_EVENTS = Calendar()


class CalendarError(AnalysisError):
    """A calendar that cannot be used; `problems` lists everything at once, with lines."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))


def load(path: Path) -> Calendar:
    """The calendar of a file. Raises `CalendarError` with everything that is wrong with it."""
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        message = f"cannot be read ({error.strerror}). Mend its place or its rights."
        raise CalendarError([Problem(str(path), None, "", message)]) from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        message = "is not UTF-8. Save the file again as UTF-8 text."
        raise CalendarError([Problem(str(path), line, "", message)]) from None
    return loads(text, source=str(path))


def loads(text: str, *, source: str = "calendar.toml") -> Calendar:
    """The calendar of a file's text; `source` is the file's name in messages.

    Raises `CalendarError` with all problems at once, each with its line.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+)", str(error))
        message = f"is not valid TOML: {error}. Mend that place; a date is written 2026-11-02."
        raise CalendarError([Problem(source, int(at[1]) if at else None, "", message)]) from None
    reader = _Reader(source, Places(text))
    events = reader.events(raw)
    if reader.problems:
        raise CalendarError(sorted(reader.problems, key=lambda problem: problem.line or 0))
    return Calendar(tuple(sorted(events, key=lambda event: (event.first, event.name))))


class _Reader:
    """Turns parsed TOML into events and collects what is wrong on the way."""

    def __init__(self, source: str, places: Places) -> None:
        self.problems: list[Problem] = []
        self._source, self._places = source, places

    def events(self, raw: dict[str, Any]) -> list[CalendarEvent]:
        for key in raw:
            if key != "event":
                self._report(
                    (key,), f"unknown key. {did_you_mean(key, ['event'])} Write [[event]] above each."
                )
        tables = raw.get("event", [])
        if not isinstance(tables, list):
            self._report(("event",), "is one table. Write [[event]], with two brackets, above each event.")
            return []
        found: list[CalendarEvent] = []
        seen: set[str] = set()
        for place, table in enumerate(tables):
            at: Steps = ("event", place)
            if not isinstance(table, dict):
                self._report(at, f"is {table!r}. Write [[event]] above each event.")
                continue
            before = len(self.problems)
            made = self._event(at, table)
            if made and made[0].name in seen:
                self._report((*at, "name"), f'"{made[0].name}" is there twice. Give each event its own name.')
            if len(self.problems) == before:
                found += made
                seen.add(made[0].name)
        return found

    def _event(self, at: Steps, table: dict[str, Any]) -> list[CalendarEvent]:
        for key in table:
            if key not in _KEYS:
                self._report((*at, key), f"unknown key. {did_you_mean(key, _KEYS)}")
        name, kind = self._text(at, table, "name"), self._text(at, table, "kind")
        if name and not _NAME.fullmatch(name):
            hint = "Use lower-case letters, digits and hyphens, beginning with a letter."
            self._report((*at, "name"), f'"{name}" is no name of an event. {hint}')
        kinds = [one.value for one in EventKind]
        if kind and kind not in kinds:
            self._report((*at, "kind"), f'"{kind}" is no kind of event. {did_you_mean(kind, kinds)}')
        texts = {language: self._text(at, table, language) for language in ("nl", "en")}
        first = self._day((*at, "from"), table.get("from"))
        last = self._day((*at, "to"), table["to"]) if "to" in table else first
        again = self._days((*at, "expected"), table.get("expected", []))
        if first is None or last is None or kind not in kinds or not name:
            return []
        if last < first:
            self._report((*at, "to"), f"{last} is before {first}. Write the last day of the event.")
        elif (last - first).days >= LONGEST_DAYS:
            self._report(
                (*at, "to"),
                f"the event lasts {(last - first).days + 1} days; at most {LONGEST_DAYS}. "
                "Write only the days on which it was felt.",
            )
        for day in again:
            if day <= last:
                self._report(
                    (*at, "expected"), f"{day} is not after the event itself. Write days that are to come."
                )
        length = last - first
        return [
            CalendarEvent(name, EventKind(kind), day, day + length, **texts, is_expected=place > 0)
            for place, day in enumerate([first, *again])
        ]

    def _text(self, at: Steps, table: dict[str, Any], key: str) -> str:
        value = table.get(key)
        if isinstance(value, str) and value.strip():
            return value
        came = "is missing" if value is None else f"is {value!r}"
        self._report((*at, key), f"{came}. Write it as text between quotes.")
        return ""

    def _day(self, steps: Steps, value: object) -> date | None:
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        came = "is missing" if value is None else f"is {value!r}"
        self._report(steps, f"{came}. Write a day without quotes: 2026-11-02.")
        return None

    def _days(self, steps: Steps, value: object) -> list[date]:
        if not isinstance(value, list):
            self._report(steps, f"is {value!r}. Write a list of days: [2026-12-01].")
            return []
        return [day for one in value if (day := self._day(steps, one)) is not None]

    def _report(self, steps: Steps, message: str) -> None:
        key = ".".join(str(step + 1) if isinstance(step, int) else step for step in steps)
        self.problems.append(Problem(self._source, self._places.line(steps), key, message))


def kinds_seen(calendar: Calendar, days: Iterable[date]) -> dict[EventKind, int]:
    """On how many of the days each kind of event was felt."""
    counted: dict[EventKind, int] = {}
    for day in days:
        for kind in calendar.kinds_of(day):
            counted[kind] = counted.get(kind, 0) + 1
    return counted

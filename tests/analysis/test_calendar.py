# SPDX-License-Identifier: EUPL-1.2
"""The calendar: what is read, what is refused with its line, and which days are public holidays."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.calendar import CalendarError, EventKind, loads
from analysis.holidays import easter, holidays, is_holiday, kings_day

GOOD = """
[[event]]
name = "storm"
kind = "storm"
from = 2026-11-02
to = 2026-11-03
nl = "Storm"
en = "A storm"
expected = [2026-12-01]

[[event]]
name = "brief-energie"
kind = "letter"
from = 2026-10-05
nl = "Brief over de energietoeslag"
en = "Letter about the energy allowance"
"""


def test_events_are_read_with_those_that_are_expected_again() -> None:
    calendar = loads(GOOD)
    assert [(event.name, event.first, event.last, event.is_expected) for event in calendar.events] == [
        ("brief-energie", date(2026, 10, 5), date(2026, 10, 5), False),
        ("storm", date(2026, 11, 2), date(2026, 11, 3), False),
        ("storm", date(2026, 12, 1), date(2026, 12, 2), True),
    ]
    assert calendar.kinds_of(date(2026, 12, 2)) == {EventKind.STORM}
    assert calendar.kinds_of(date(2026, 11, 4)) == frozenset()
    assert [event.name for event in calendar.between(date(2026, 11, 3), date(2026, 11, 30))] == ["storm"]
    assert calendar.events[1].text("en") == "A storm"


BROKEN = {
    "an unknown kind": (GOOD.replace('"letter"', '"leter"'), 'calendar.toml:13: event.2.kind: "leter" is no'),
    "its likeness": (GOOD.replace('"letter"', '"leter"'), 'Did you mean "letter"?'),
    "a misspelt key": (GOOD.replace("expected =", "expcted ="), "calendar.toml:9: event.1.expcted: unknown"),
    "a day in quotes": (
        GOOD.replace("from = 2026-10-05", 'from = "5 oktober"'),
        "calendar.toml:14: event.2.from",
    ),
    "no day": (GOOD.replace("from = 2026-10-05\n", ""), "event.2.from: is missing"),
    "an end before its begin": (
        GOOD.replace("to = 2026-11-03", "to = 2026-11-01"),
        "calendar.toml:6: event.1.to",
    ),
    "a year long": (GOOD.replace("to = 2026-11-03", "to = 2027-11-03"), "at most 62"),
    "expected in the past": (GOOD.replace("[2026-12-01]", "[2026-11-01]"), "is not after the event itself"),
    "two of one name": (GOOD.replace('"brief-energie"', '"storm"'), "calendar.toml:12: event.2.name"),
    "no text": (GOOD.replace('en = "A storm"\n', ""), "event.1.en: is missing"),
    "one table": ('[event]\nname = "x"', "with two brackets"),
    "an impossible day": (GOOD.replace("2026-11-03", "2026-02-30"), "is not valid TOML"),
    "something else": ("[[storm]]\n", "calendar.toml:1: storm: unknown key"),
}


@pytest.mark.parametrize(("text", "said"), BROKEN.values(), ids=BROKEN)
def test_what_is_wrong_is_said_with_its_line(text: str, said: str) -> None:
    with pytest.raises(CalendarError) as refusal:
        loads(text)
    assert said in str(refusal.value)


def test_all_problems_are_told_at_once() -> None:
    text = GOOD.replace('"letter"', '"leter"').replace("to = 2026-11-03", "to = 2026-11-01")
    with pytest.raises(CalendarError) as refusal:
        loads(text)
    assert [problem.line for problem in refusal.value.problems] == [6, 13]


# As published by the Rijksoverheid for these years.
KNOWN = {
    2024: ["01-01", "03-29", "04-01", "04-27", "05-05", "05-09", "05-20", "12-25", "12-26"],
    2025: ["01-01", "04-18", "04-21", "04-26", "05-05", "05-29", "06-09", "12-25", "12-26"],
    2026: ["01-01", "04-03", "04-06", "04-27", "05-05", "05-14", "05-25", "12-25", "12-26"],
    2027: ["01-01", "03-26", "03-29", "04-27", "05-05", "05-06", "05-17", "12-25", "12-26"],
}


@pytest.mark.parametrize("year", KNOWN)
def test_public_holidays_of_known_years(year: int) -> None:
    found = holidays(date(year, 1, 1), date(year, 12, 31))
    assert [f"{day:%m-%d}" for day in found] == KNOWN[year]


def test_the_kings_birthday_is_not_celebrated_on_a_sunday() -> None:
    assert (kings_day(2025), kings_day(2014), kings_day(2031)) == (
        date(2025, 4, 26), date(2014, 4, 26), date(2031, 4, 26),
    )  # fmt: skip
    assert holidays(date(2013, 4, 30), date(2013, 4, 30)) == {
        date(2013, 4, 30): {"nl": "Koninginnedag", "en": "Queen's Day"}
    }


@given(st.integers(1583, 4099))
def test_easter_is_a_sunday_within_its_bounds(year: int) -> None:
    day = easter(year)
    assert day.weekday() == 6
    assert date(year, 3, 22) <= day <= date(year, 4, 25)


@given(st.dates(date(1990, 1, 1), date(2090, 12, 31)))
def test_a_day_is_a_holiday_exactly_where_it_is_listed(day: date) -> None:
    assert is_holiday(day) == (day in holidays(day - timedelta(days=3), day + timedelta(days=3)))

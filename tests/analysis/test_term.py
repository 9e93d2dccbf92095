# SPDX-License-Identifier: EUPL-1.2
"""No verdict before its time: one look, at the end of the planned last DAY, and what is told until then."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from analysis import day_tables
from analysis.estimates.group_sequential import crossing
from analysis.evaluate import evaluate
from analysis.rendering import render
from analysis.report import Report, Role, Status, VerdictCode
from analysis.term import Term, finished, term_of
from tests.analysis.day_table_samples import EXPERIMENT, browsers, tables_of, write

FIRST, LAST = date(2026, 6, 1), date(2026, 6, 4)
#: The size is there after two DAYs, and the difference is so large that any look would find it.
SHORT = replace(EXPERIMENT, planned_size=1000, starts=FIRST, ends=LAST)
AFTER = datetime(2026, 6, 20, tzinfo=UTC)


def over_days(count: int, days: int) -> pd.DataFrame:
    units = browsers(SHORT, count, 21, answered={"redesign": 0.75})
    return units.assign(day=[(FIRST + timedelta(days=n % days)).isoformat() for n in range(len(units))])


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("tables"), over_days(2400, 4))


@pytest.fixture(scope="module")
def nights(root: Path) -> list[Report]:
    """The report of every night, each with one DAY more."""
    closed = day_tables.closed_days(root)
    return [
        evaluate(SHORT, root, now=datetime(2026, 6, day + 1, 6, tzinfo=UTC), days=closed[:day])
        for day in range(1, 5)
    ]


def status(report: Report, name: str) -> Status:
    return next(check.status for check in report.checks if check.name == name)


def test_reaching_the_planned_size_early_gives_no_look_a_night_until_the_last_day(
    nights: list[Report],
) -> None:
    assert [status(night, "plannedSize") for night in nights[1:]] == [Status.PASS] * 3
    codes = [night.verdict.code for night in nights]
    assert codes == [VerdictCode.NOT_ENOUGH_DATA] * 3 + [VerdictCode.BETTER]


@pytest.mark.parametrize("form", ["text", "html"])
def test_before_that_nothing_in_the_report_tells_a_winner_or_a_p(nights: list[Report], form: str) -> None:
    *_, early, last = nights
    winner = r"duidelijk (beter|slechter)|versie is (beter|slechter)|clearly (better|worse)|version is better"
    for language in ("nl", "en"):
        assert re.search(winner, render(last, form=form, language=language))
        assert not re.search(winner, render(early, form=form, language=language))
    others = [one for one in early.results if one.role is not Role.GUARDRAIL]
    assert {(one.p_value, one.p_adjusted) for one in others} == {(None, None)}
    assert {one.p_value for one in (*early.second.readings, *early.second.curves)} == {None}
    assert early.second.beliefs == ()
    assert all(one.p_value is not None for one in last.results if one.role is Role.PRIMARY)


def test_the_sentence_says_what_it_waits_for_and_how_long(nights: list[Report]) -> None:
    first, second, third, _ = (night.verdict.sentence for night in nights)
    assert "van de 1.000 geplande bezoekers mee" in first["nl"]
    assert first["nl"].endswith("De proef loopt nog 3 dagen, tot en met 4 juni 2026.")
    assert first["en"].endswith("The experiment runs for 3 more days, up to 4 June 2026.")
    assert second["nl"].endswith("Het oordeel komt na de laatste dag, 4 juni 2026: nog 2 dagen.")
    assert second["en"].endswith("The verdict comes after the last day, 4 June 2026: 2 days to go.")
    assert third["nl"].endswith("nog 1 dag.")
    assert third["en"].endswith("1 day to go.")


def test_a_stop_before_the_last_day_gives_no_verdict_however_long_one_waits(root: Path) -> None:
    """Whoever sees the figures chooses when to stop, so that a verdict at the stop would be a look."""
    report = evaluate(SHORT, root, now=AFTER, stopped=date(2026, 6, 3))
    assert report.verdict.code is VerdictCode.NOT_ENOUGH_DATA
    assert "gestopt op 3 juni 2026" in report.verdict.sentence["nl"]
    assert "stopped on 3 June 2026" in report.verdict.sentence["en"]
    assert status(report, "duration") is Status.WARN
    assert not any("still running" in caveat for caveat in report.caveats)


class TestADayThatStillRuns:
    """`klantreis close` may close today: its browsers have not had their day yet, so it is no look."""

    def test_is_left_out_and_said(self, root: Path) -> None:
        evening = datetime(2026, 6, 4, 20, tzinfo=UTC)
        report = evaluate(SHORT, root, now=evening)
        assert report.period["to"] == "2026-06-03"
        assert report.verdict.code is VerdictCode.NOT_ENOUGH_DATA
        assert status(report, "unfinishedDay") is Status.WARN
        told = next(check for check in report.checks if check.name == "unfinishedDay")
        assert "2026-06-04" in told.detail
        assert "telt nog niet mee" in told.sentence["nl"]

    @pytest.mark.parametrize(
        ("moment", "zone", "over"),
        [
            ("2026-06-02T01:59:59Z", "Europe/Amsterdam", False),
            ("2026-06-02T02:00:00Z", "Europe/Amsterdam", True),
            ("2026-06-02T02:00:00Z", "America/Curacao", False),
            ("2026-06-02T08:00:00Z", "America/Curacao", True),
        ],
    )
    def test_is_over_at_four_o_clock_of_its_site(self, moment: str, zone: str, over: bool) -> None:
        found = finished([FIRST], datetime.fromisoformat(moment), ZoneInfo(zone))
        assert found == ([FIRST] if over else [])


class TestTheLastDayIsOver:
    def test_though_nobody_came_on_it(self, tmp_path: Path) -> None:
        """The next DAY is closed, with nobody of the experiment either."""
        root = write(tmp_path, over_days(1800, 3))
        day_tables.write(root, date(2026, 6, 5), 0, tables_of(over_days(1, 1).iloc[:0]))
        report = evaluate(SHORT, root, now=AFTER)
        assert report.verdict.code is VerdictCode.BETTER
        assert status(report, "duration") is Status.PASS

    def test_though_it_is_left_out(self, root: Path) -> None:
        report = evaluate(SHORT, root, now=AFTER, excluded={LAST: "storing van de site"})
        assert report.verdict.code is VerdictCode.BETTER

    def test_and_with_fewer_browsers_than_planned_there_will_be_none(self, root: Path) -> None:
        report = evaluate(replace(SHORT, planned_size=9000), root, now=AFTER)
        assert report.verdict.code is VerdictCode.NOT_ENOUGH_DATA
        assert report.verdict.sentence["nl"].startswith("Geen oordeel: de proef is voorbij, en er deden ")
        assert report.verdict.sentence["en"].startswith("No verdict: the experiment is over, and only ")


def test_what_a_look_every_night_from_the_planned_size_on_would_cost() -> None:
    """The figures of `docs/statistics.md`: a size after one week of four, every night and twice."""
    nights = [day / 28 for day in range(7, 29)]
    for shares, wrong in ((nights, 0.186), ([0.25, 1.0], 0.091), ([1.0], 0.05)):
        above, below = crossing(shares, [1.959964] * len(shares), 0.0)
        assert above.sum() + below.sum() == pytest.approx(wrong, abs=0.0005)


TERMS = [
    pytest.param(None, None, Term(LAST, 4), id="nothing closed"),
    pytest.param(date(2026, 5, 20), None, Term(LAST, 4), id="not begun"),
    pytest.param(FIRST, None, Term(LAST, 3), id="first day closed"),
    pytest.param(LAST, None, Term(LAST, 0), id="last day closed"),
    pytest.param(date(2026, 7, 1), None, Term(LAST, 0), id="long over"),
    pytest.param(LAST, date(2026, 6, 3), Term(LAST, 0, date(2026, 6, 3)), id="stopped before the last day"),
    pytest.param(LAST, LAST, Term(LAST, 0), id="stopped on the last day"),
    pytest.param(LAST, date(2026, 7, 1), Term(LAST, 0), id="stopped when it was over"),
]


@pytest.mark.parametrize(("reached", "stopped", "term"), TERMS)
def test_where_an_experiment_is_in_its_planned_time(
    reached: date | None, stopped: date | None, term: Term
) -> None:
    assert term_of(SHORT, reached, stopped=stopped) == term

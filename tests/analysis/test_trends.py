# SPDX-License-Identifier: EUPL-1.2
"""Trends: what the day tables hold, the channel shift over time, the document and the page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask

from analysis import day_tables
from analysis.calendar import loads
from analysis.channel_shift import Shift, shift_change
from analysis.errors import AnalysisError
from analysis.forecast import Forecast, TooLittle
from analysis.rendering import trend_page
from analysis.rendering.trend_words import sentences
from analysis.trend_document import days_table, read_target, to_json
from analysis.trend_pages import blueprint
from analysis.trends import Volumes, by_task, gather, read, trend
from tests.analysis.console import console, served
from tests.analysis.past_weeks import MONDAY, drawn, rows_of
from tests.analysis.stories import DAY, SITE, Story
from tests.analysis.test_html import Page as Parsed
from tests.analysis.test_html import Scheme, check_form, violations
from tracker.event import Kind

if TYPE_CHECKING:
    from playwright.sync_api import Page

NOW = datetime(2026, 5, 1, 3, tzinfo=UTC)
CALENDAR = loads(
    f"""
    [[event]]
    name = "storm"
    kind = "storm"
    from = {MONDAY + timedelta(days=30)}
    nl = "Storm <Ciarán>"
    en = "Storm <Ciarán>"
    expected = [{MONDAY + timedelta(days=60)}]
    """
)
HISTORY = drawn(8, level=60.0)


@pytest.fixture(scope="module")
def volumes() -> Volumes:
    return gather(SITE, rows_of(HISTORY, shifted=[0.05, 0.05, 0.1, 0.1, 0.15, 0.2, 0.25, 0.3]))


def test_every_event_of_a_question_is_in_one_hour_of_its_task_and_entry() -> None:
    story = Story()
    found = story.search("zwerfvuil", 2400, referrer="https://www.google.com/")
    page = story.page("/afval/zwerfvuil", 2430, came=found, seen=40)
    story.on(page, Kind.CONTACT, 2480, channel="tel")
    late = story.page("/melding/stap-1", 3700, came=page)
    story.on(late, Kind.GOAL, 3701, goal="melding_verzonden")
    story.page("/paspoort", 20, visitor=2, seen=50)
    tables = story.tables()
    table, seconds = tables["volumes"], tables["seconds"]
    assert table["events"].sum() == tables["questions"]["events"].sum() == seconds["events"].sum()
    assert table["questions"].sum() == len(tables["questions"])
    mine = table[table["task"] == "zwerfvuil"].sort_values("hour")
    assert mine["views"].tolist() == [2, 1]
    assert mine["searches"].tolist() == [1, 0]
    assert mine["questions"].tolist() == [1, 0]
    assert set(mine["entry"]) == {"search_engine"}
    # The search and its results page come in the same second.
    assert seconds["events"].max() == 2


def test_day_tables_give_back_what_came(volumes: Volumes) -> None:
    history = volumes.history("questions")
    assert history.first == MONDAY
    assert (history.counts == HISTORY.counts).all()
    assert (volumes.history("views", "zwerfvuil").counts == 3 * HISTORY.counts).all()
    made = trend(volumes, measure="questions")
    assert sum(count for _, count in made.by_entry) == HISTORY.counts.sum()
    assert [(month, days) for month, days, _ in made.by_month] == [("2026-02", 27), ("2026-03", 29)]
    assert sum(made.by_hour) == pytest.approx(HISTORY.counts.sum() / 56)
    assert by_task(volumes)[0].questions == HISTORY.counts[-28:].sum()


def test_the_peak_is_of_events_whatever_is_shown(volumes: Volumes) -> None:
    of_views, of_questions = trend(volumes), trend(volumes, measure="questions")
    assert of_views.peak == of_questions.peak
    assert of_views.peak is not None
    assert of_views.uneven is not None
    # A tenth of an hour's events came in one second of it, rounded down.
    assert 270 < of_views.uneven.ratio <= 360
    assert of_views.peak.per_second >= of_views.uneven.per_second


def test_a_hole_between_days_and_a_day_half_measured_are_left_out() -> None:
    history = drawn(6, level=60.0)
    history.counts[-1] = 0
    history.counts[-1, 12] = 1
    hole = MONDAY + timedelta(days=6)
    made = trend(gather(SITE, (one for one in rows_of(history) if one.day != hole)), measure="questions")
    assert (made.history.first, made.history.last) == (
        hole + timedelta(days=1),
        history.last - timedelta(days=1),
    )
    assert made.gaps == 6
    assert "6 earlier days are left out" in sentences(made, "en")["gaps"]


def test_trends_are_read_from_the_tables_of_closed_days_that_are_over(tmp_path: Path) -> None:
    story = Story()
    story.search("zwerfvuil", 0)
    story.page("/paspoort", 20, visitor=2, seen=50)
    day_tables.write(tmp_path, DAY, 0, story.tables())
    found = read(tmp_path, SITE)
    assert found.days == (DAY,)
    assert found.history("questions").counts.sum() == 2
    assert found.history("questions").counts[0, 9] == 2  # nine on the site's clock
    assert found.uneven is not None
    assert read(tmp_path, SITE, before=DAY).days == ()


def test_channel_shift_over_time(volumes: Volumes) -> None:
    rising = trend(volumes).shifts
    assert [round(week.share, 2) for week in rising][::7] == [0.05, 0.3]
    assert all(week.low < week.share < week.high for week in rising)
    change = shift_change(rising)
    assert change is not None
    assert change.is_clear
    assert change.factor > 3
    steady = [Shift(MONDAY + timedelta(days=7 * n), 200, 20 + n % 2, 0.1, 0.07, 0.15) for n in range(8)]
    same = shift_change(steady)
    assert same is not None
    assert not same.is_clear
    assert shift_change(steady[:3]) is None


def test_weeks_that_differ_by_more_than_chance_make_no_trend() -> None:
    """Two weeks of trouble at the end of eight: counted as chance alone it would be called a rise."""
    shares = [20, 80, 10, 60, 15, 20, 90, 70]
    weeks = [Shift(MONDAY + timedelta(days=7 * n), 200, s, s / 200, 0, 1) for n, s in enumerate(shares)]
    change = shift_change(weeks)
    assert change is not None
    assert change.factor > 1.5
    assert not change.is_clear


def test_nothing_and_unknown_names_are_refused_in_a_sentence(volumes: Volumes, tmp_path: Path) -> None:
    with pytest.raises(AnalysisError, match="klantreis close"):
        trend(read(tmp_path, SITE))
    with pytest.raises(AnalysisError, match="Asked about: zwerfvuil"):
        trend(volumes, task="paspoort")
    with pytest.raises(AnalysisError, match='no measure "clicks"'):
        trend(volumes, measure="clicks")


def test_the_document_holds_what_a_load_test_and_others_need(volumes: Volumes, tmp_path: Path) -> None:
    made = trend(volumes, CALENDAR)
    path = tmp_path / "voorbeeldstad.json"
    path.write_bytes(to_json(made, by_task(volumes), NOW))
    document = json.loads(path.read_bytes())
    assert made.peak is not None
    assert read_target(path) == pytest.approx(made.peak.per_second, abs=0.1)
    assert read_target(path, "storm") >= read_target(path)
    assert isinstance(made.ahead, Forecast)
    assert len(document["forecast"]["hours"]) == 24 * len(document["forecast"]["days"]) == 24 * 21
    assert document["refused"] is None
    assert document["forecast"]["effects"]["storm"]["days"] == 1
    assert len(days_table(made)) == 56 + 21


def test_too_little_is_said_in_the_document_and_on_the_page() -> None:
    volumes = gather(SITE, rows_of(drawn(2, level=60.0)))
    made = trend(volumes)
    assert isinstance(made.ahead, TooLittle)
    document = json.loads(to_json(made, by_task(volumes), NOW))
    assert (document["forecast"], document["peak"]) == (None, None)
    assert "minstens 4 hele weken" in document["refused"]["nl"]
    page = trend_page.body(made, by_task(volumes), "en", NOW)
    assert "at least 4 whole weeks" in page
    assert "band" not in page


def test_a_day_of_the_week_that_was_never_seen_is_neither_the_quietest_nor_zero() -> None:
    """Wednesday to Friday of one week."""
    week = drawn(1, level=60.0)
    volumes = gather(SITE, list(rows_of(week))[2:5])
    made = trend(volumes)
    assert re.fullmatch(r"Het drukst is het van \d+ tot \d+ uur\.", sentences(made, "nl")["hours"])
    assert re.fullmatch(r"The busiest hour is \d+:00 to \d+:00\.", sentences(made, "en")["hours"])
    page = trend_page.body(made, by_task(volumes), "nl", NOW)
    assert re.search(r'<th scope="row">maandag</th><td class="figure-cell">–</td>', page)
    assert not re.search(r'<th scope="row">woensdag</th><td class="figure-cell">–</td>', page)


@pytest.fixture(scope="module")
def shelf(volumes: Volumes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trends")
    made, tasks = trend(volumes, CALENDAR), by_task(volumes, CALENDAR)
    (folder / "voorbeeldstad.json").write_bytes(to_json(made, tasks, NOW))
    for language in ("nl", "en"):
        page = trend_page.body(made, tasks, language, NOW)
        (folder / f"voorbeeldstad.{language}.html").write_text(page, encoding="utf-8")
    return folder


def application(folder: Path) -> Flask:
    return console(blueprint(folder))


@pytest.mark.parametrize(("language", "said"), [("nl", "waarschijnlijk tussen"), ("en", "probably between")])
def test_the_page_says_what_the_pictures_show(shelf: Path, language: str, said: str) -> None:
    answer = application(shelf).test_client().get(f"/journeys/trends?lang={language}")
    page = answer.get_data(as_text=True)
    check_form(Parsed(page))
    assert said in page
    assert "Storm &lt;Ciarán&gt;" in page
    # The storm, that which is expected, Good Friday and Easter Monday; on a wide and on a narrow picture.
    assert page.count('class="span"') == 4 * 2
    assert page.count("<svg") == 2 * 4
    assert answer.headers["Cache-Control"] == "no-cache"
    assert not re.search(r"<script|style=", page)


def test_a_page_without_trends_says_how_to_make_them(tmp_path: Path) -> None:
    page = (
        application(tmp_path / "nowhere").test_client().get("/journeys/trends?lang=en").get_data(as_text=True)
    )
    assert "klantreis trends" in page


ABSENT = ("/journeys/trends?site=x", "/journeys/trends/x.json", "/journeys/trends/..%2fsecret.json")


@pytest.mark.parametrize("address", ABSENT)
def test_another_site_is_not_found(shelf: Path, address: str) -> None:
    (shelf.parent / "secret.json").write_text("{}")
    assert application(shelf).test_client().get(address).status_code == 404


@pytest.fixture
def address(shelf: Path) -> Iterator[str]:
    with served(application(shelf)) as found:
        yield found


@pytest.mark.browser
@pytest.mark.parametrize(("language", "width", "scheme"), [("nl", 1200, "light"), ("en", 320, "dark")])
def test_everyone_can_use_the_page(
    address: str, language: str, width: int, scheme: Scheme, tab: Page
) -> None:
    page = f"{address}/journeys/trends?lang={language}"
    assert violations(tab, page, width=width, scheme=scheme) == []


def test_weeks_begin_on_monday(volumes: Volumes) -> None:
    assert all(week.week.weekday() == date(2026, 2, 2).weekday() for week in trend(volumes).shifts)

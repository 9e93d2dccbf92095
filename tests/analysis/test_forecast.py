# SPDX-License-Identifier: EUPL-1.2
"""The forecast: it finds a pattern that is known, says how far off it may be, and refuses to guess."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from analysis.calendar import EventKind, loads
from analysis.forecast import MIN_WEEKS, Forecast, TooLittle, forecast
from analysis.peaks import predict, unevenness
from analysis.seasonal import History, fit
from benchmarks.forecast import backtest, wikispeedia
from tests.analysis.past_weeks import MONDAY, drawn, truth

STORMS = [MONDAY + timedelta(days=days) for days in (23, 50, 79)]
CALENDAR = "\n".join(
    f'[[event]]\nname = "storm-{place}"\nkind = "storm"\nfrom = {day}\nnl = "Storm"\nen = "Storm"'
    for place, day in enumerate(STORMS)
)


def made(history: History, calendar: str = "", **settings: int) -> Forecast:
    found = forecast(history, loads(calendar), **settings)
    assert isinstance(found, Forecast)
    return found


def test_a_known_pattern_is_found_and_its_interval_holds_what_comes() -> None:
    whole = drawn(24)
    ahead = made(whole.until(20 * 7))
    means = truth(ahead.first, 28, 500.0)
    assert ahead.first == MONDAY + timedelta(days=140)
    np.testing.assert_allclose(ahead.days.mean, means.sum(axis=1), rtol=0.08)
    seen = whole.counts[140:]
    within = (seen >= ahead.hours.low) & (seen <= ahead.hours.high)
    assert 0.93 <= within.mean() <= 1.0
    assert ((seen.sum(axis=1) >= ahead.days.low) & (seen.sum(axis=1) <= ahead.days.high)).mean() >= 0.9
    # Independent visitors vary little: an interval that is always right and says nothing is no use.
    assert ((ahead.days.high - ahead.days.low) / ahead.days.mean).max() < 0.5


def test_farther_ahead_is_not_surer() -> None:
    ahead = made(drawn(20, seed=5))
    spread = (ahead.weeks.high - ahead.weeks.low) / ahead.weeks.mean
    assert (np.diff(spread) > -0.02).all()
    np.testing.assert_allclose(ahead.weeks.mean, ahead.days.mean.reshape(-1, 7).sum(axis=1))
    np.testing.assert_allclose(ahead.days.mean, ahead.hours.mean.sum(axis=1))


def test_a_site_that_doubled_is_followed_within_two_weeks() -> None:
    before, after = drawn(16), drawn(18, level=1000.0, seed=2)
    grown = History(MONDAY, np.concatenate([before.counts, after.counts[112:]]))
    ahead = made(grown)
    assert ahead.days.mean[:7].sum() == pytest.approx(truth(ahead.first, 7, 1000.0).sum(), rel=0.15)


def test_a_public_holiday_is_a_sunday() -> None:
    history = drawn(15)  # up to 17 May, so that Whit Monday lies ahead
    ahead = made(history)
    by_day = dict(zip(ahead.dates(), ahead.days.mean, strict=True))
    assert by_day[date(2026, 5, 25)] == pytest.approx(by_day[date(2026, 5, 24)], rel=0.15)
    assert by_day[date(2026, 5, 25)] < 0.7 * by_day[date(2026, 5, 18)]


def test_an_event_is_explained_and_one_that_is_expected_counts() -> None:
    history = drawn(15, factors=dict.fromkeys(STORMS, 2.0))
    plain, told = (
        made(history),
        made(history, CALENDAR.replace('en = "Storm"', 'en = "Storm"\nexpected = [2026-05-20]', 1)),
    )
    effect = told.effects[EventKind.STORM]
    assert effect.low < 2.0 < effect.high
    assert (effect.factor, effect.days) == (pytest.approx(2.0, rel=0.12), 3)
    storm = told.dates().index(date(2026, 5, 20))
    assert told.days.mean[storm] == pytest.approx(2 * truth(date(2026, 5, 20), 1, 500.0).sum(), rel=0.15)
    assert told.days.mean[storm] > 1.7 * plain.days.mean[storm]


def test_an_event_that_was_never_seen_is_said_and_not_invented() -> None:
    letter = '[[event]]\nname = "brief"\nkind = "letter"\nfrom = 2026-05-20\nnl = "Brief"\nen = "Letter"'
    history = drawn(15)
    told = made(history, letter)
    assert told.unknown == (EventKind.LETTER,)
    np.testing.assert_allclose(told.days.mean, made(history).days.mean)


REACHES = {4: 1, 5: 1, 6: 2, 8: 3, 10: 4, 30: 4}


@pytest.mark.parametrize(("weeks", "reach"), REACHES.items())
def test_it_looks_as_far_ahead_as_its_error_could_be_measured(weeks: int, reach: int) -> None:
    assert len(made(drawn(weeks)).days.mean) == 7 * reach


def test_too_little_is_refused_in_both_languages() -> None:
    short = forecast(drawn(4).until(27))
    assert short == TooLittle(3, MIN_WEEKS)
    assert (
        short.sentence("en") == "There is no forecast yet: it takes at least 4 whole weeks, and there are 3."
    )
    assert "minstens 4 hele weken" in short.sentence("nl")
    few = forecast(drawn(8, level=1.0))
    assert isinstance(few, TooLittle)
    assert "below 20 nothing can be said" in few.sentence("en")
    assert isinstance(forecast(History(MONDAY, np.zeros((0, 24)))), TooLittle)
    assert isinstance(forecast(History(MONDAY, np.zeros((70, 24)))), TooLittle)


def test_weeks_of_nothing_but_holidays_and_events_do_not_break_it() -> None:
    every_day = (
        f'[[event]]\nname = "lang"\nkind = "outage"\nfrom = {MONDAY}\nto = {MONDAY + timedelta(days=27)}\n'
        'nl = "x"\nen = "x"'
    )
    model = fit(drawn(4), loads(every_day))
    assert np.isfinite(model.mean(MONDAY, 28)).all()


def test_the_peak_is_that_of_the_busiest_hour_and_as_uneven_as_was_seen() -> None:
    ahead = made(drawn(12, level=100_000.0))
    hour = [{"second": second, "events": 1} for second in range(1800)] + [{"second": 1800, "events": 6}]
    uneven = unevenness(pl.DataFrame(hour))
    assert uneven is not None
    assert (uneven.hours, uneven.per_second, uneven.per_hour) == (1, 6, 1806)
    assert uneven.ratio == pytest.approx(6 * 3600 / 1806)
    peak = predict(ahead, uneven)
    assert peak.per_second == pytest.approx(ahead.hours.high.max() / 3600 * uneven.ratio)
    assert peak.per_hour == ahead.hours.high.max()
    assert peak.at_hour in (9, 10, 11)
    # What was seen already can come again, however quiet the weeks ahead are.
    assert predict(made(drawn(12)), uneven).per_second == 6
    assert unevenness(pl.DataFrame({"second": [], "events": []})) is None


@pytest.mark.shared
def test_on_real_visits_it_beats_last_week_and_its_interval_holds(shared: Path) -> None:
    found = backtest(wikispeedia(shared / "data" / "wikispeedia"), weeks=(30,), every=182)
    assert found.error_ratio < 1.0
    assert 0.88 <= found.hour_coverage <= 1.0
    assert 0.85 <= found.day_coverage <= 1.0

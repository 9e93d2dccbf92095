# SPDX-License-Identifier: EUPL-1.2
"""A page that loops is stopped, a resident never is, and memory doesn't grow with either."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.answers import too_many
from tracker.rate import Rate, RateLimit

NOON = 1_780_308_000_000


def admitted(limit: RateLimit, visitor: int, times_ms: list[int]) -> int:
    return sum(limit.wait_s(visitor, time_ms) == 0 for time_ms in times_ms)


@pytest.mark.parametrize(
    ("what", "every_ms", "minutes"),
    [
        pytest.param("a resident who hurries", 1000, 60, id="one beacon a second for an hour"),
        pytest.param("a class behind one address", 250, 60, id="four a second for an hour"),
    ],
)
def test_residents_never_meet_it(what: str, every_ms: int, minutes: int) -> None:
    times = list(range(NOON, NOON + minutes * 60_000, every_ms))
    assert admitted(RateLimit(), 7, times) == len(times), what


def test_a_looping_page_does_within_two_minutes() -> None:
    limit = RateLimit()
    waits = [limit.wait_s(7, NOON + number * 100) for number in range(3000)]
    first = next(number for number, wait in enumerate(waits) if wait)
    assert first * 100 <= 120_000
    after = waits[first:]
    assert sum(wait == 0 for wait in after) / len(after) == pytest.approx(0.5, abs=0.01)  # five of its ten
    assert set(after) == {0, 1}


def test_who_waits_as_long_as_told_comes_in() -> None:
    limit = RateLimit(Rate(per_second=0.1, burst=1))
    assert limit.wait_s(7, NOON) == 0
    wait = limit.wait_s(7, NOON + 1)
    assert wait == 10
    assert limit.wait_s(7, NOON + 1 + wait * 1000) == 0


def test_another_visitor_is_another_matter() -> None:
    limit = RateLimit(Rate(per_second=1, burst=1))
    assert [limit.wait_s(visitor, NOON) for visitor in (1, 2, 1, -1)] == [0, 0, 1, 0]


def test_memory_is_of_one_size_and_a_crowd_stops_nobody() -> None:
    limit = RateLimit()
    before = tracemalloc_of(limit, range(1))
    assert tracemalloc_of(limit, range(50_000)) - before < 10_000


def tracemalloc_of(limit: RateLimit, visitors: range) -> int:
    """Bytes that are held more after all these visitors came in at once."""
    tracemalloc.start()
    try:
        first = tracemalloc.get_traced_memory()[0]
        assert all(limit.wait_s(visitor, NOON) == 0 for visitor in visitors)
        return tracemalloc.get_traced_memory()[0] - first
    finally:
        tracemalloc.stop()


def test_who_shares_a_slot_shares_the_rate() -> None:
    limit = RateLimit(Rate(per_second=1, burst=1), slots=8)
    assert [limit.wait_s(visitor, NOON) for visitor in (3, 11, 4)] == [0, 1, 0]


def test_a_clock_that_is_set_back_stops_nobody_for_hours() -> None:
    limit = RateLimit(Rate(per_second=1, burst=5))
    assert limit.wait_s(7, NOON) == 0
    assert limit.wait_s(7, NOON - 3_600_000) == 0


@settings(deadline=None)  # the machine may be busy
@given(
    st.floats(0.1, 100),
    st.integers(1, 50),
    st.lists(st.integers(0, 5_000), min_size=1, max_size=200),
)
def test_nobody_gets_more_than_rate_and_burst(per_second: float, burst: int, gaps_ms: list[int]) -> None:
    limit, now, times = RateLimit(Rate(per_second=per_second, burst=burst)), NOON, []
    for gap in gaps_ms:
        now += gap
        wait = limit.wait_s(7, now)
        assert 0 <= wait <= 1 / per_second + 1
        if wait == 0:
            times.append(now)
    for first in range(len(times)):
        for last in range(first, len(times)):
            span_s = (times[last] - times[first]) / 1000
            assert last - first + 1 <= burst + span_s * per_second + 1e-6


@pytest.mark.parametrize(
    "wrong", [{"per_second": 0}, {"per_second": -1}, {"burst": 0}, {"per_second": float("nan")}]
)
def test_a_senseless_rate_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Rate(**wrong)  # type: ignore[arg-type]


def test_the_answer_says_when_to_come_back() -> None:
    answer = too_many(7)
    assert (answer.status, answer.header("retry-after")) == (429, "7")
    assert answer.header("content-type") == "application/problem+json"
    assert answer.header("klantreis-dropped") == "rate_limited"

# SPDX-License-Identifier: EUPL-1.2
"""The cookie says what a browser met, whatever else it may contain, and lives as long as promised."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.definition import NAME
from experiments.exposure import (
    LONGEST_S,
    BucketCookie,
    draw_bucket,
    lifetime_s,
    opted_out,
    parse,
    renewed,
)
from experiments.register import AMSTERDAM
from tests.experiments.definitions import LITTER, litter

NAMES = st.from_regex(NAME, fullmatch=True)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("417", BucketCookie(417)),
        ("0", BucketCookie(0)),
        ("417.zwerfvuil.schuldhulp", BucketCookie(417, ("schuldhulp", "zwerfvuil"))),
        ("417.zwerfvuil.zwerfvuil", BucketCookie(417, ("zwerfvuil",))),
        ("417..<script>.Zwerfvuil.a b.zwerfvuil", BucketCookie(417, ("zwerfvuil",))),
        (None, None),
        ("", None),
        ("zwerfvuil", None),
        ("1000", None),
        ("-1", None),
        ("007", None),
        ("٤١٧", None),
        ("417\n", None),
        ("417 ", None),
        ("4" * 5000, None),
        ("417" + ".a" * 5000, None),
    ],
)
def test_garbage_is_tolerated(value: str | None, expected: BucketCookie | None) -> None:
    assert parse(value) == expected


@given(st.text())
def test_no_value_raises(value: str) -> None:
    for text in (value, f"417.{value}"):
        cookie = parse(text)
        assert cookie is None or 0 <= cookie.bucket <= 999


@given(st.integers(0, 999), st.sets(NAMES, max_size=20))
def test_what_is_written_is_read_back(bucket: int, names: set[str]) -> None:
    cookie = BucketCookie(bucket, tuple(sorted(names)))
    assert parse(str(cookie)) == cookie
    assert len(str(cookie)) < 4096


@given(st.integers(0, 999), st.sets(NAMES), st.sets(NAMES), st.sets(NAMES))
def test_a_renewed_cookie_keeps_its_bucket_and_only_what_runs(
    bucket: int, met: set[str], reported: set[str], running: set[str]
) -> None:
    cookie = renewed(BucketCookie(bucket, tuple(sorted(met))), reported, running)
    assert cookie.bucket == bucket
    assert set(cookie.met) == (met | reported) & running


def test_buckets_are_drawn_evenly() -> None:
    """200,000 draws: chi-squared with 999 degrees of freedom within 5 standard deviations of its mean."""
    random = Random(1)
    counts = Counter(draw_bucket(random) for _ in range(200_000))
    chi_squared = sum((counts[bucket] - 200) ** 2 / 200 for bucket in range(1000))
    assert set(counts) == set(range(1000))
    assert 999 - 5 * 44.7 < chi_squared < 999 + 5 * 44.7


@pytest.mark.parametrize(
    ("now", "ends", "expected"),
    [
        # The DAY of 14 June ends on the 15th at 04:00 in Amsterdam, 02:00 UTC.
        (datetime(2026, 6, 15, 1, 59, 59, tzinfo=UTC), date(2026, 6, 14), 1),
        (datetime(2026, 6, 14, 2, tzinfo=UTC), date(2026, 6, 14), 24 * 3600),
        (datetime(2026, 6, 15, 2, tzinfo=UTC), date(2026, 6, 14), 0),
        (datetime(2027, 1, 1, tzinfo=UTC), date(2026, 6, 14), 0),
        # 90 days at most, whatever was promised.
        (datetime(2026, 1, 1, tzinfo=UTC), date(2026, 6, 14), LONGEST_S),
        # The night in which the clock goes back has 25 hours.
        (datetime(2026, 10, 24, 2, tzinfo=UTC), date(2026, 10, 24), 25 * 3600),
    ],
)
def test_the_cookie_ends_with_the_experiment(now: datetime, ends: date, expected: int) -> None:
    assert lifetime_s([litter(ends=ends)], now, AMSTERDAM) == expected


def test_the_cookie_ends_with_the_last_of_its_experiments() -> None:
    now = datetime(2026, 6, 14, 2, tzinfo=UTC)
    assert lifetime_s([LITTER, litter(ends=date(2026, 6, 15))], now, AMSTERDAM) == 2 * 24 * 3600
    assert lifetime_s([], now, AMSTERDAM) == 0


@pytest.mark.parametrize(
    ("sec_gpc", "dnt", "expected"),
    [
        (None, None, False),
        ("1", None, True),
        (None, "1", True),
        ("0", "0", False),
        (None, "unspecified", False),
    ],
)
def test_opt_out(sec_gpc: str | None, dnt: str | None, expected: bool) -> None:
    assert opted_out(sec_gpc, dnt) is expected

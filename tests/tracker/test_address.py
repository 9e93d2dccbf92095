# SPDX-License-Identifier: EUPL-1.2
"""Queries are read as the standard library reads them, and however they are made, at little cost."""

from __future__ import annotations

import sys
from types import FrameType
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.address import kept_parameters, parameters

QUERIES = st.text(st.sampled_from("ab&=+%;/?4128cC3A9eé€\udcff\0 "), max_size=40)


@settings(deadline=None)  # the machine may be busy
@given(st.one_of(QUERIES, st.text()))
def test_a_query_says_what_the_standard_library_reads_in_it(query: str) -> None:
    assert parameters(query) == parse_qsl(query, keep_blank_values=True)
    assert kept_parameters(query, frozenset({"a", "b"})) == [
        (name, value) for name, value in parse_qsl(query) if name in {"a", "b"}
    ]


MILLION = 1_000_000
LONG = {
    "percent signs": "%" * MILLION,
    "escapes": "%41" * (MILLION // 3),
    "halves of letters": "%C3" * (MILLION // 3),
    "spaces": "+" * MILLION,
}


@pytest.mark.parametrize("query", LONG.values(), ids=LONG)
def test_a_long_query_is_no_work_for_each_of_its_signs(query: str) -> None:
    """A megabyte of `%` used to hold up everybody for half a second."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        kept_parameters(f"q={query}", frozenset({"q"}))
    finally:
        sys.setprofile(None)
    assert calls < 100

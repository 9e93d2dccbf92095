# SPDX-License-Identifier: EUPL-1.2
"""Page patterns mean what a web team reads in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.scope import applies_to, is_pattern, overlap
from tests.experiments.definitions import litter


@pytest.mark.parametrize(
    ("pattern", "inside", "outside"),
    [
        ("/", ["/"], ["/afval", "/afval/"]),
        ("/afval", ["/afval", "/afval/"], ["/", "/afval/x", "/afvalpas", "/en/afval"]),
        ("/afval/*", ["/afval/x", "/afval/x/"], ["/afval", "/afval/x/y"]),
        ("/afval/**", ["/afval", "/afval/", "/afval/x", "/afval/x/y"], ["/afvalpas", "/"]),
        ("/afval/grof*", ["/afval/grofvuil", "/afval/grof"], ["/afval/zwerfvuil", "/afval/grof/x"]),
        ("/**", ["/", "/afval", "/afval/x"], []),
        ("/a.b/c+d", ["/a.b/c+d"], ["/aXb/c+d", "/a.b/ccd"]),
    ],
)
def test_pages_within_a_pattern(pattern: str, inside: list[str], outside: list[str]) -> None:
    experiment = litter(pages=(pattern,))
    assert [path for path in inside if not applies_to(experiment, path)] == []
    assert [path for path in outside if applies_to(experiment, path)] == []


STEPS = st.sampled_from(["a", "b", "ab", "*", "a*", "*b", "a*b"])
PATTERNS = st.tuples(st.lists(STEPS, max_size=3), st.booleans()).map(
    lambda drawn: "/" + "/".join([*drawn[0], *(["**"] if drawn[1] else [])])
)
PATHS = st.lists(st.text("ab", min_size=1, max_size=3), max_size=4).map(lambda steps: "/" + "/".join(steps))


@given(PATTERNS, PATTERNS, PATHS)
def test_patterns_that_share_a_page_overlap(one: str, other: str, path: str) -> None:
    assert is_pattern(one)
    assert overlap(one, other) == overlap(other, one)
    if applies_to(litter(pages=(one,)), path) and applies_to(litter(pages=(other,)), path):
        assert overlap(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("/afval", "/afvalpas"), ("/*", "/a/b"), ("/a*", "/b*"), ("/a/**", "/b/**"), ("/", "/a")],
)
def test_patterns_that_share_no_page_do_not(one: str, other: str) -> None:
    assert not overlap(one, other)

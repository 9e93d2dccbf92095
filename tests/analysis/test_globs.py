# SPDX-License-Identifier: EUPL-1.2
"""Patterns of pages: what they match, and whether two can meet."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.globs import compiled, intersect, tidy

MATCHES = {
    "itself": ("/afval", "/afval", True),
    "a slash at the end": ("/afval", "/afval/", True),
    "within a segment": ("/afval/zwerfvuil*", "/afval/zwerfvuil-melden", True),
    "not over segments": ("/afval/zwerfvuil*", "/afval/zwerfvuil/melden", False),
    "one segment": ("/afval/*", "/afval/grofvuil", True),
    "over segments": ("/melding/**", "/melding/stap-1/foto", True),
    "the section itself": ("/melding/**", "/melding", True),
    "another section": ("/melding/**", "/meldingen", False),
    "in between": ("/a/**/z", "/a/b/c/z", True),
    "in between, nothing": ("/a/**/z", "/a/z", True),
    "everything": ("/**", "/", True),
    "a dot is a dot": ("/a.b", "/axb", False),
}


@pytest.mark.parametrize(("glob", "path", "fits"), MATCHES.values(), ids=MATCHES)
def test_match(glob: str, path: str, fits: bool) -> None:
    assert bool(compiled(glob).fullmatch(tidy(path))) is fits


MEETINGS = {
    "equal": ("/afval", "/afval", True),
    "wider and narrower": ("/afval/*", "/afval/zwerfvuil*", True),
    "both wild, apart": ("/afval/grof*", "/afval/zwerf*", False),
    "both wild, together": ("/afval/*vuil", "/afval/zwerf*", True),
    "a section and a page below": ("/afval/**", "/afval/a/b/c", True),
    "a section and itself": ("/afval/**", "/afval", True),
    "one segment against two": ("/afval/*", "/afval/a/b", False),
}


@pytest.mark.parametrize(("a", "b", "meet"), MEETINGS.values(), ids=MEETINGS)
def test_intersect(a: str, b: str, meet: bool) -> None:
    assert intersect(a, b) is meet
    assert intersect(b, a) is meet


segments = st.lists(st.sampled_from(["a", "b", "ab", "*", "a*", "**"]), min_size=1, max_size=4)
plain = st.lists(st.sampled_from(["a", "b", "ab", "aa"]), max_size=4)


@given(segments, segments, plain)
def test_a_path_that_matches_both_means_that_they_meet(a: list[str], b: list[str], path: list[str]) -> None:
    one, other, where = "/" + "/".join(a), "/" + "/".join(b), tidy("/" + "/".join(path))
    if compiled(one).fullmatch(where) and compiled(other).fullmatch(where):
        assert intersect(one, other)

# SPDX-License-Identifier: EUPL-1.2
"""The k.js that is served is small, and made of the source that stands beside it."""

from __future__ import annotations

import gzip
import json
import subprocess

import pytest

from tracker.script import build
from tracker.served_script import SCRIPT

MOST_BYTES = 2_048
RENEW = "k.js is not made of the present source/k.js; run `make script` and commit what it writes"


def test_it_is_small() -> None:
    assert len(gzip.compress(SCRIPT.read_bytes(), 9)) <= MOST_BYTES


def test_what_is_served_is_made_of_the_present_source_and_by_the_present_tool() -> None:
    said = json.loads(build.RECORD.read_text(encoding="utf-8"))
    assert said == build.record_of(build.BUILT.read_bytes()), RENEW


def test_where_the_tool_is_at_hand_it_makes_the_very_same_bytes() -> None:
    try:
        made = build.minified(offline=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip(f"no {build.TERSER} in npm's cache; `make script` gets it")
    assert made == build.BUILT.read_bytes(), RENEW

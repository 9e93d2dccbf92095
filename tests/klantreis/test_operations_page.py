# SPDX-License-Identifier: EUPL-1.2
"""`docs/operations.md` is complete: every setting, metric and happening of the code is on it."""

from __future__ import annotations

import re
from pathlib import Path

from klantreis import settings
from tracker.metrics import Installation, exposition
from tracker.worker import Distribution, Snapshot

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
ROOMS = ("tracker", "experiments", "analysis", "klantreis", "loadtests", "web_demo")
SOURCES = [path.read_text(encoding="utf-8") for room in ROOMS for path in (ROOT / room).rglob("*.py")]


def test_the_table_has_exactly_the_variables_that_are_read() -> None:
    written = re.findall(r"^\| `(KLANTREIS_[A-Z_]+)` \|", PAGE, re.MULTILINE)
    assert written == sorted(settings.VARIABLES)
    read = {name for source in SOURCES for name in re.findall(r'"(KLANTREIS_[A-Z_]+)"', source)}
    assert read - {"KLANTREIS_SHARED"} == set(settings.VARIABLES)


def test_every_setting_of_the_file_is_on_the_page() -> None:
    for name in (settings._TOP - {"site", "redis"}) | settings._SITE:
        assert f"`{name}`" in PAGE or f"] {name}`" in PAGE, name


def test_every_metric_is_on_the_page_and_no_other() -> None:
    nothing = Distribution([1.0], [0, 0], 0.0)
    one = Snapshot(
        worker=0, started_at=0, cpu_s=0, memory_bytes=0, events_waiting=0, store_failures=0, ledger={},
        refused={503: 0}, groups=nothing, store_s=nothing,
    )  # fmt: skip
    text = exposition([one], Installation([0], 0.0, 0, {"v": False}, {"v": 0}, 0.0), "")[1].decode()
    told = set(re.findall(r"^# TYPE (klantreis_\w+)", text, re.MULTILINE))
    assert set(re.findall(r"`(klantreis_\w+)`", PAGE)) == told


def test_every_kind_of_happening_is_on_the_page() -> None:
    actions = {action for source in SOURCES for action in re.findall(r'\baction="([a-z-]+)"', source)}
    assert {action for action in actions if f"`{action}`" not in PAGE} == set()

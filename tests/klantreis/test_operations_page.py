# SPDX-License-Identifier: EUPL-1.2
"""`docs/operations.md` is complete: every setting, metric and happening of the code is on it."""

from __future__ import annotations

import re
from pathlib import Path

from klantreis import settings
from tests.klantreis.quiet_metrics import quiet_exposition

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
    text = quiet_exposition()
    told = set(re.findall(r"^# TYPE (klantreis_\w+)", text, re.MULTILINE))
    assert set(re.findall(r"`(klantreis_\w+)`", PAGE)) == told


def test_what_keeps_and_removes_is_on_the_page() -> None:
    for command in ("backup", "restore", "retain", "forget"):
        assert f"`klantreis {command}" in PAGE, command
    assert "archive.md#back-up-and-restore" in PAGE


def test_every_kind_of_happening_is_on_the_page() -> None:
    actions = {action for source in SOURCES for action in re.findall(r'\baction="([a-z-]+)"', source)}
    assert {action for action in actions if f"`{action}`" not in PAGE} == set()

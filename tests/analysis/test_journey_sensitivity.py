# SPDX-License-Identifier: EUPL-1.2
"""The same days under other definitions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from analysis.journey_sensitivity import DEFINITIONS, GAPS_MIN, sensitivity
from analysis.thresholds import DEFAULTS
from tests.analysis.stories import SITE, SITES, TASKS, Story, tables_of
from tests.analysis.test_close import archived

KEYS = ["gap_min", "definition", "experiment", "variant"]


def broken_off() -> Story:
    """Two pages 20 minutes apart, and 50 minutes later an answer that stood on the results page."""
    story = Story()
    for visitor, variant in ((1, "current"), (2, "redesign")):
        met = {"visitor": visitor, "exposures": f"zwerfvuil={variant}"}
        first = story.page("/grofvuil", 0, **met)
        story.page("/grofvuil/prijzen", 1200, came=first, **met)
        if visitor == 2:
            story.search("paspoort", 4200, answered=True, **met)
    return story


def test_every_definition_has_its_row(tmp_path: Path) -> None:
    archived(tmp_path, broken_off())
    found = sensitivity(tmp_path / "archive", sites=SITES, tasks={SITE.name: TASKS}).set_index(KEYS)
    assert len(found) == len(GAPS_MIN) * len(DEFINITIONS) * 3
    assert [found.loc[(gap, "hard", "", ""), "sessions"] for gap in GAPS_MIN] == [5, 3, 2]
    everyone = found.xs(("", ""), level=("experiment", "variant"))
    assert set(everyone["questions"]) == {3}
    assert everyone.loc[(30, "hard"), "share_success"] == 0
    assert everyone.loc[(30, "soft"), "share_success"] == pytest.approx(1 / 3)
    assert found.loc[(30, "soft", "zwerfvuil", "redesign"), "share_success"] == pytest.approx(1 / 2)
    assert found.loc[(30, "soft", "zwerfvuil", "current"), "share_success"] == 0


@pytest.mark.parametrize("gap", GAPS_MIN)
@pytest.mark.parametrize("definition", DEFINITIONS)
def test_it_says_what_the_tables_say_under_those_thresholds(
    tmp_path: Path, gap: int, definition: str
) -> None:
    story = broken_off()
    archived(tmp_path, story)
    found = sensitivity(tmp_path / "archive", sites=SITES, tasks={SITE.name: TASKS}).set_index(KEYS)
    thresholds = replace(DEFAULTS, session_gap_s=gap * 60, soft_answer=definition == "soft")
    tables = tables_of(story.frame(), definitions=thresholds)
    row = found.loc[(gap, definition, "", "")]
    assert row["sessions"] == len(tables["sessions"])
    assert row["share_success"] == tables["questions"]["success"].mean()


def test_without_days_it_is_empty(tmp_path: Path) -> None:
    assert sensitivity(tmp_path).empty

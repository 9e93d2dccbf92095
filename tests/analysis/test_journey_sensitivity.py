# SPDX-License-Identifier: EUPL-1.2
"""The same days under other definitions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from analysis.journey_sensitivity import DEFINITIONS, GAPS_MIN, sensitivity
from analysis.tables import Outcome
from analysis.thresholds import DEFAULTS, alternatives
from tests.analysis.stories import SITE, SITES, TASKS, Story, tables_of
from tests.analysis.test_close import archived

#: What a report calls by the same silences.
OTHER = {
    int(name.removeprefix("silence")): each
    for name, each in alternatives(DEFAULTS).items()
    if "silence" in name
}
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


def read_and_asked_again() -> Story:
    """Two people read an answer, and search for the same 20 and 45 minutes later."""
    story = broken_off()
    for visitor, away_min in ((3, 20), (4, 45)):
        page = story.page("/paspoort", 0, visitor=visitor, seen=45)
        story.search("paspoort", 60 * away_min, visitor=visitor, came=page)
    return story


def test_every_definition_has_its_row(tmp_path: Path) -> None:
    archived(tmp_path, broken_off())
    found = sensitivity(tmp_path / "archive", sites=SITES, tasks={SITE.name: TASKS}).figures.set_index(KEYS)
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
    story = read_and_asked_again()
    archived(tmp_path, story)
    found = sensitivity(tmp_path / "archive", sites=SITES, tasks={SITE.name: TASKS}).figures.set_index(KEYS)
    thresholds = replace({30: DEFAULTS, **OTHER}[gap], soft_answer=definition == "soft")
    tables = tables_of(story.frame(), definitions=thresholds)
    row = found.loc[(gap, definition, "", "")]
    assert row["sessions"] == len(tables["sessions"])
    assert row["share_success"] == tables["questions"]["success"].mean()


def test_a_silence_is_the_one_that_a_report_means_by_it(tmp_path: Path) -> None:
    """Who searches again after 20 minutes was answered if 15 minutes of silence are enough, and after 45
    if 30 are."""
    archived(tmp_path, read_and_asked_again())
    found = sensitivity(tmp_path / "archive", sites=SITES, tasks={SITE.name: TASKS}).figures.set_index(KEYS)
    everyone = found.xs(("hard", "", ""), level=("definition", "experiment", "variant"))
    assert (everyone["share_success"] * everyone["questions"]).tolist() == pytest.approx([2, 1, 0])


def test_every_task_has_its_outcomes_under_every_definition(tmp_path: Path) -> None:
    archived(tmp_path, read_and_asked_again())
    whole = sensitivity(tmp_path / "archive", sites=SITES, tasks={SITE.name: TASKS})
    found = whole.tasks.set_index(["task", "gap_min", "definition"])
    assert len(found) == 2 * len(GAPS_MIN) * len(DEFINITIONS)  # rubbish, and a passport
    outcomes = [outcome.value for outcome in Outcome]
    assert (found[outcomes].sum(axis=1) == found["questions"]).all()
    assert found.loc[("paspoort", 15, "hard"), ["read", "answered_on_results"]].tolist() == [2, 1]
    assert found.loc[("paspoort", 30, "hard"), "read"] == 1
    assert found.loc[("paspoort", 60, "hard"), "share_success"] == 0
    assert found.loc[("paspoort", 60, "soft"), "share_success"] == pytest.approx(1 / 3)
    assert found.loc[("grofvuil", 60, "soft"), "abandoned"] == 2
    everyone = whole.figures[whole.figures["experiment"] == ""].set_index(["gap_min", "definition"])[
        "questions"
    ]
    assert found.groupby(["gap_min", "definition"])["questions"].sum().to_dict() == everyone.to_dict()


def test_without_days_it_is_empty(tmp_path: Path) -> None:
    found = sensitivity(tmp_path)
    assert found.figures.empty
    assert found.tasks.empty

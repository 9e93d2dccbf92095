# SPDX-License-Identifier: EUPL-1.2
"""What an answer is was promised too: a report says when tasks were changed after the start."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from analysis.close import close_days
from analysis.promises import unchanged
from analysis.report import Status
from analysis.task_promise import Kept, digests, kept
from analysis.tasks import Tasks, loads
from experiments.definition import Experiment
from tests.analysis.stories import DAY, SITE, SITES, Story
from tests.analysis.test_units import ONE
from tests.archives import append

TEXT = """
[task.zwerfvuil]
question = "Ik wil zwerfvuil melden"
pages    = ["/afval/zwerfvuil*", "/melding/**"]
answers  = ["/melding/bedankt"]
goals    = ["melding_verzonden"]

[task.zwerfvuil.words]
"/melding/bedankt" = 60

[task.paspoort]
question = "Ik heb een nieuw paspoort nodig"
pages    = ["/paspoort"]
answers  = ["/paspoort"]
"""
LITTER = replace(ONE, task="zwerfvuil", starts=DAY, ends=DAY + timedelta(days=6))


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ("\n[task.paspoort]", "\n# A remark.\n\n[task.paspoort]", set()),
        ("Ik wil zwerfvuil melden", "Ik wil rommel melden", set()),
        ("[task.paspoort]", '[task.paspoort]\naudience = "resident"', set()),
        ("[task.paspoort]", '[task.paspoort]\naudience = "business"', set()),
        ('["/afval/zwerfvuil*", "/melding/**"]', '["/melding/**", "/afval/zwerfvuil*"]', set()),
        ('= ["/melding/bedankt"]', '= ["/melding/*"]', {"zwerfvuil"}),
        ("melding_verzonden", "melding_begonnen", {"zwerfvuil"}),
        ('"/melding/bedankt" = 60', '"/melding/bedankt" = 20', {"zwerfvuil"}),
        ("[task.paspoort]", "[task.reisdocument]", {"paspoort", "reisdocument"}),
    ],
)
def test_a_fingerprint_is_of_what_is_said(before: str, after: str, changed: set[str]) -> None:
    assert before in TEXT
    one, other = digests(loads(TEXT)), digests(loads(TEXT.replace(before, after)))
    assert {name for name in {**one, **other} if one.get(name) != other.get(name)} == changed


def test_a_fingerprint_of_an_earlier_version_still_fits() -> None:
    """As it was made before tasks had an audience, kept in registers and day tables."""
    assert digests(loads(TEXT)) == {"zwerfvuil": "f90442b82016d082", "paspoort": "70577543367031d5"}


def _closed(root: Path, tasks: dict[int, Tasks]) -> None:
    """Days with one visit each, closed with the tasks of that time."""
    story = Story()
    story.page("/melding/bedankt", 0, seen=40)
    for day, of_day in tasks.items():
        events = [msgspec.structs.replace(e, time=e.time + day * 86_400_000) for e in story.events]
        append(root / "archive", events, name=f"day{day}", sites=SITES, partitions=1)
        closing = close_days(
            root / "archive", root / "tables", [DAY + timedelta(days=day)],
            sites=SITES, tasks={SITE.name: of_day}, experiments=[], partitions=1,
        )  # fmt: skip
        assert len([*closing]) == 1


def _kept(root: Path, promised: Tasks | None, experiment: Experiment = LITTER) -> Kept:
    days = [DAY + timedelta(days=day) for day in range(3)]
    told = None if promised is None else digests(promised)
    return kept(experiment, told, root / "tables", days, file="tasks.toml")


def test_a_task_that_changed_on_the_way_is_told_with_its_day(tmp_path: Path) -> None:
    before, after = loads(TEXT), loads(TEXT.replace('"/melding/bedankt" = 60', '"/melding/bedankt" = 20'))
    _closed(tmp_path, {0: before, 1: after, 2: after})
    found = _kept(tmp_path, before)
    assert (found.changed, found.since, found.voiding) == (("zwerfvuil",), DAY + timedelta(days=1), True)
    check = unchanged([], found)
    assert check.status is Status.FAIL
    for language, moment in (("nl", "vanaf 11 juni 2026"), ("en", "from 11 June 2026 on")):
        assert "tasks.toml" in check.sentence[language]
        assert moment in check.sentence[language]
    assert unchanged([], _kept(tmp_path, before, replace(LITTER, task="paspoort"))).status is Status.WARN
    assert unchanged([], _kept(tmp_path, before, replace(LITTER, task=None))).status is Status.FAIL


def test_tasks_that_were_kept_pass_and_days_of_others_do_not_count(tmp_path: Path) -> None:
    tasks = loads(TEXT)
    _closed(tmp_path, {0: tasks, 2: loads(TEXT.replace("melding_verzonden", "melding_begonnen"))})
    found = _kept(tmp_path, tasks, replace(LITTER, ends=DAY + timedelta(days=1)))
    assert (found.since, found.known) == (None, True)
    assert unchanged([], found) == unchanged([])


def test_what_is_not_known_is_said_and_no_failure(tmp_path: Path) -> None:
    """A register or tables of before: neither knows with which tasks it was made."""
    _closed(tmp_path, {0: loads(TEXT)})
    check = unchanged([], _kept(tmp_path, None))
    assert check.status is Status.PASS
    assert "not known" in check.sentence["en"]
    assert "niet van alle dagen bekend" in check.sentence["nl"]
    assert unchanged(["variants"], _kept(tmp_path, None)).status is Status.FAIL

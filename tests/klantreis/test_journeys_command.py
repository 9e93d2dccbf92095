# SPDX-License-Identifier: EUPL-1.2
"""`klantreis journeys` on more days than memory should hold."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from klantreis.cli import cli
from klantreis.commands import journeys
from tests.analysis.stories import DAY, SITES, Story
from tests.analysis.test_vocabulary import event_on
from tests.archives import append


@pytest.fixture
def two_days(tmp_path: Path) -> Path:
    story = Story()
    story.page("/paspoort", 0, visitor=1)
    for place in range(2):
        events = [event_on(one, place) for one in story.events]
        append(tmp_path / "archive", events, name=f"day{place}", sites=SITES)
    return tmp_path


def asked(data: Path, *arguments: str) -> tuple[dict[str, object], str]:
    ran = CliRunner().invoke(cli, ["journeys", "--format", "json", "--data", str(data), *arguments])
    assert ran.exit_code == 0, ran.output
    return json.loads(ran.stdout)["overview"], ran.stderr


def test_the_last_days_are_read_where_all_would_take_much_memory(
    two_days: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, said = asked(two_days)
    assert (whole["days"], said) == (2, "")
    monkeypatch.setattr(journeys, "READ_BYTES", 1)
    last = DAY + timedelta(days=1)
    some, said = asked(two_days)
    assert (some["days"], some["firstDay"]) == (1, last.isoformat())
    assert f"Only {last} to {last} are read, since all 2 days" in said
    named, said = asked(two_days, "--from", DAY.isoformat())
    assert (named["days"], said) == (2, "")

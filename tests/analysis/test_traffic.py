# SPDX-License-Identifier: EUPL-1.2
"""A plan that stands on what was recorded."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from analysis import day_tables
from analysis.errors import AnalysisError
from analysis.rendering.plans import Planned, render, sentences
from analysis.traffic import Today, Traffic, commoner, designs, question_of, recorded
from experiments.definition import Better, Experiment, Looks, Metric
from experiments.planning import Question
from tests.analysis.stories import DAY, Story
from tests.analysis.test_units import ONE, report
from tracker.event import Kind

LITTER = replace(ONE, pages=("/afval/**",))


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten visitors of the pages, four of whom report and two of whom call; two others elsewhere."""
    story = Story()
    for visitor in range(12):
        page = story.page(
            "/afval/zwerfvuil-melden" if visitor < 10 else "/paspoort", visitor * 60, visitor=visitor
        )
        if visitor < 4:
            report(story, page, visitor * 60 + 10, visitor=visitor)
        elif visitor < 6:
            story.on(page, Kind.CONTACT, visitor * 60 + 9, channel="tel")
    folder = tmp_path_factory.mktemp("tables")
    day_tables.write(folder, DAY, 0, story.tables())
    return folder


def test_traffic_and_baselines_are_what_was_recorded(root: Path) -> None:
    found = recorded(root, LITTER)
    assert (found.days, found.browsers_per_day) == (1, 10)
    shares = {name: found.metrics[name].value for name in ("answered", "contacted", "submitted")}
    assert shares == {"answered": 0.4, "contacted": 0.2, "submitted": 0.4}
    assert found.metrics["answered"].spread is None
    assert found.metrics["time"].value == pytest.approx((6 * 600 + 4 * 31) / 10, abs=1)


def test_the_plan_asks_what_the_definition_promised(root: Path) -> None:
    question = replace(question_of(LITTER, recorded(root, LITTER), 0.1), power=0.9)
    assert (question.baseline, question.browsers_per_day, question.power) == (0.4, 10, 0.9)
    assert question.weights == (0.5, 0.5)
    made = designs(question)
    assert made[Looks.END].total < made[Looks.DAILY].total < made[Looks.ANY_TIME].total


def test_a_mean_is_planned_with_its_spread(root: Path) -> None:
    counted = replace(LITTER, primary=Metric("pages", Better.LOWER))
    question = question_of(counted, recorded(root, counted), -0.5)
    assert question.spread is not None
    assert designs(question)[Looks.END].total > 0


def test_a_commoner_metric_is_a_way_out() -> None:
    shares = {"answered": 0.5, "contacted": 0.02, "started": 0.3, "submitted": 0.05}
    traffic = Traffic(28, 60.0, {name: Today(value, None) for name, value in shares.items()})
    rare: Experiment = replace(LITTER, primary=Metric("submitted", Better.HIGHER))
    question = question_of(rare, traffic, 0.01)
    assert not designs(question)[Looks.END].possible
    ways = commoner(rare, traffic, question)
    assert set(ways) == {"answered", "started"}
    told = render(Planned("zwerfvuil", "submitted", 28, Looks.END, designs(question), ways), form="text")
    assert "Dat kan niet binnen 12 weken" in told
    assert "‘antwoord gevonden’, in" in told


@pytest.mark.parametrize("looks", [Looks.DAILY, Looks.ANY_TIME])
def test_a_way_out_fits_by_the_looks_that_were_chosen(looks: Looks) -> None:
    """Judged once the commoner metric fits in twelve weeks; looked at in another way it may not."""
    today = {name: Today(0.1, None) for name in ("answered", "contacted", "submitted")} | {
        "started": Today(0.16, None)
    }
    rare: Experiment = replace(LITTER, primary=Metric("answered", Better.HIGHER))
    fits = {}
    for browsers in (50.0, 54.0, 200.0):
        traffic = Traffic(28, browsers, today)
        question = question_of(rare, traffic, 0.02)
        ways = commoner(rare, traffic, question, looks)
        once = commoner(rare, traffic, question)
        assert all(way == designs(way.question)[looks] for way in ways.values())
        fits[browsers] = (bool(once), bool(ways))
    assert (True, False) in fits.values()
    assert fits[200.0] == (True, True)


@pytest.mark.parametrize("recorded_days", [28, 0], ids=["recorded", "given"])
def test_the_plan_says_that_who_returns_is_counted_again(recorded_days: int) -> None:
    """A browser is known for one DAY, so the weeks come out too few where many return."""
    question = Question(baseline=0.5, effect=0.1, browsers_per_day=50)
    planned = Planned("", "answered", recorded_days, Looks.END, designs(question))
    dutch, english = (" ".join(sentences(planned, language)) for language in ("nl", "en"))
    assert "meer weken" in dutch if recorded_days else "te weinig weken" in dutch
    assert "more weeks" in english if recorded_days else "too few weeks" in english


@pytest.mark.parametrize(
    ("experiment", "days", "message"),
    [
        (replace(LITTER, pages=("/bestaat-niet",)), None, "nobody came to /bestaat-niet"),
        (LITTER, [], "No day was closed yet"),
        (replace(LITTER, site="anderstad"), None, "nobody came"),
    ],
    ids=["no such page", "nothing recorded", "another site"],
)
def test_what_cannot_be_planned_says_so(
    root: Path, experiment: Experiment, days: list[date] | None, message: str
) -> None:
    with pytest.raises(AnalysisError, match=message):
        recorded(root, experiment, days=days)


def test_the_page_stands_alone_and_the_json_holds_the_curve(root: Path) -> None:
    question = question_of(LITTER, recorded(root, LITTER), 0.1)
    planned = Planned("zwerfvuil", "answered", 1, Looks.END, designs(question), curve=True)
    page = render(planned, form="html")
    assert not re.search(r"<script|https?://(?!www\.w3\.org)", page)
    assert page.count("<svg") == 4
    told = json.loads(render(planned, form="json"))
    assert set(told["designs"]) == {"end", "daily", "any-time"}
    at_effect = next(one["chance"] for one in told["curve"] if one["difference"] == pytest.approx(0.1))
    assert at_effect == pytest.approx(0.8, abs=0.01)
    assert "kans om het te zien" in render(planned, form="text")

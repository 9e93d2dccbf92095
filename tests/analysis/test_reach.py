# SPDX-License-Identifier: EUPL-1.2
"""What a day keeps beside its units: what was known, who was reached, what was said, other definitions."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis.frames import conform
from analysis.tables import EXPOSED, SAID, STRATA, VALUES
from experiments.assignment import variant_for
from tests.analysis.stories import Story
from tests.analysis.test_units import BUCKET, ONE, OTHER, SHOWN, met, report, tables
from tracker.event import Kind


def value_counts(made: dict[str, pd.DataFrame], definition: str, measure: str) -> dict[int, int]:
    rows = made["values"].query("definition == @definition and measure == @measure and segment == ''")
    return dict(zip(rows["value"].tolist(), rows["units"].tolist(), strict=True))


def test_what_was_known_is_of_the_session_of_the_exposure() -> None:
    story = Story()
    landing = story.page("/nieuws", 0, referrer="https://www.google.com/", viewport="s")
    report(story, story.page("/afval", 60, came=landing, viewport="s", **met()), 70, viewport="s")
    made = tables(story)
    conform(made["strata"], STRATA)
    known = made["strata"].iloc[0]
    assert known[["viewport", "entry", "daypart", "landing"]].tolist() == [
        "s",
        "search_engine",
        "morning",
        "/nieuws",
    ]
    assert (known["units"], known["answered_sum"]) == (1, 1)


def test_visitors_are_reached_once_a_day_and_a_return_has_no_mark() -> None:
    story = Story()
    page = story.page("/", 0, visitor=1, **met())
    story.page("/afval", 5, visitor=1, came=page, **met(first=False))
    story.page("/", 9, visitor=2, **met(first=False))
    rows = tables(story)["exposed"]
    conform(rows, EXPOSED)
    assert rows[["variant", "visitors", "unmarked", "both"]].values.tolist() == [[SHOWN, 2, 1, 0]]


def test_a_visitor_with_two_versions_is_seen() -> None:
    other = next(b for b in range(1000) if variant_for(ONE, b) == OTHER)
    story = Story()
    story.page("/", 0, visitor=1, **met())
    story.page("/afval", 5, visitor=1, **met(bucket=other, variant=OTHER))
    rows = tables(story)["exposed"]
    assert rows[["variant", "visitors", "both"]].values.tolist() == [[SHOWN, 1, 1]]


@pytest.mark.parametrize("variant", [OTHER, None])
def test_who_was_shown_something_else_was_not_reached(variant: str | None) -> None:
    story = Story()
    story.page("/", 0, **met(variant=variant))
    assert tables(story)["exposed"].empty


@pytest.mark.parametrize(
    ("marks", "told"),
    [((1,), [[1, 1, 1]]), ((-1,), [[1, 0, 1]]), ((-1, 1), [[1, 1, 1]]), ((0,), []), ((), [])],
)
def test_what_was_said_stands_beside_what_was_inferred(marks: tuple[int, ...], told: list[list[int]]) -> None:
    story = Story()
    thanks = report(story, story.page("/afval/zwerfvuil-melden", 0, **met()), 7)
    for place, mark in enumerate(marks):
        story.on(thanks, Kind.FEEDBACK, 40 + place, heartbeat=mark)
    rows = tables(story)["said"]
    conform(rows, SAID)
    assert rows[["inferred", "asked", "units"]].values.tolist() == told


def test_an_answer_among_the_results_counts_by_the_soft_definition_only() -> None:
    story = Story()
    story.search("zwerfvuil", 0, answered=True, **met())
    made = tables(story)
    conform(made["values"], VALUES)
    assert made["units"]["answered"].tolist() == [0]
    assert value_counts(made, "silence15", "answered") == {0: 1}
    assert value_counts(made, "softAnswers", "answered") == {1: 1}


def test_other_silences_are_counted_apart_and_nobody_is_lost() -> None:
    story = Story()
    for visitor in range(5):
        shown = met(bucket=BUCKET)
        page = story.page("/afval/zwerfvuil-melden", visitor * 40, visitor=visitor, **shown)
        if visitor % 2:
            report(story, page, visitor * 40 + 20 * 60, visitor=visitor, **met(first=False))
    made = tables(story)
    for definition in ("silence15", "silence60", "softAnswers"):
        assert sum(value_counts(made, definition, "answered").values()) == len(made["units"]) == 5
    assert value_counts(made, "", "pages") == made["units"]["pages"].value_counts().to_dict()


def test_a_day_without_the_experiment_costs_nothing() -> None:
    story = Story()
    story.page("/afval/zwerfvuil-melden", 0)
    made = tables(story)
    assert all(made[name].empty for name in ("units", "values", "strata", "exposed", "said"))

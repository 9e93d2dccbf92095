# SPDX-License-Identifier: EUPL-1.2
"""What residents said, against what was inferred."""

from __future__ import annotations

import pandas as pd

from analysis.asked import asked_by_variant, asked_outcomes
from analysis.estimates import misclassification
from analysis.estimates.misclassification import Asked
from tests.analysis.stories import Story, tables_of
from tracker.event import Kind


def told() -> dict[str, pd.DataFrame]:
    """Ten of each variant: six of `current` and eight of `redesign` reach the goal; half of all are asked, of
    whom one who did not reach it found it all the same."""
    story = Story()
    for variant, successes in (("current", 6), ("redesign", 8)):
        for number in range(10):
            met = {"visitor": len(story.events), "exposures": f"zwerfvuil={variant}"}
            page = story.page("/afval/zwerfvuil", number * 60, **met)
            if number < successes:
                story.on(page, Kind.GOAL, number * 60 + 20, goal="melding_verzonden", **met)
            if number % 2:
                said = 1 if number < successes or number == 9 else -1
                story.on(page, Kind.FEEDBACK, number * 60 + 25, heartbeat=0, **met)
                story.on(page, Kind.FEEDBACK, number * 60 + 30, heartbeat=said, **met)
    return tables_of(story.frame())


def test_the_last_answer_stands_against_the_outcome() -> None:
    tables = told()
    found = asked_outcomes(tables["questions"], tables["moves"]).set_index(["variant", "said", "success"])
    assert found["questions"].to_dict() == {
        ("", "found", False): 2,
        ("", "found", True): 7,
        ("", "not found", False): 1,
        ("current", "found", False): 1,
        ("current", "found", True): 3,
        ("current", "not found", False): 1,
        ("redesign", "found", False): 1,
        ("redesign", "found", True): 4,
    }


def test_the_estimators_get_it_by_variant() -> None:
    tables = told()
    questions, moves = tables["questions"], tables["moves"]
    found = asked_by_variant(questions, moves, "zwerfvuil", tasks=["zwerfvuil"])
    assert found == {"current": Asked(10, 6, 3, 1, 0, 1), "redesign": Asked(10, 8, 4, 1, 0, 0)}
    assert asked_by_variant(questions, moves, "zwerfvuil", tasks=["paspoort"]) == {}
    assert asked_by_variant(questions, moves, "schuldhulp") == {}
    refused = misclassification.compare(found["current"], found["redesign"])
    assert not hasattr(refused, "ci")  # ten are too few to correct with


def test_nobody_asked_is_an_empty_table() -> None:
    story = Story()
    story.page("/afval/zwerfvuil", 0)
    tables = tables_of(story.frame())
    assert asked_outcomes(tables["questions"], tables["moves"]).empty
    empty = tables_of(story.frame().iloc[:0])
    assert asked_outcomes(empty["questions"], empty["moves"]).empty

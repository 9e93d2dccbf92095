# SPDX-License-Identifier: EUPL-1.2
"""The journey map and the flows of a book: figures by hand, and widths that add up."""

from __future__ import annotations

from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from analysis.disclosure import OTHER
from analysis.events import Coded, K
from analysis.flows import find_edges, find_routes, flows_table
from analysis.groups import grouped
from analysis.journey_book import Book, Touch
from analysis.journey_books import merged
from analysis.journey_map import Beat, Moment, map_of, moments
from analysis.moves import Moves
from analysis.outcomes import OUTCOMES
from analysis.rendering import paths
from analysis.rendering.journey_labels import PICTURES
from analysis.rendering.journey_map_section import the_map
from analysis.report import Flow
from analysis.tables import FLOWS, TOUCHPOINTS, Outcome
from tests.analysis.journey_samples import books
from tests.analysis.stories import Story
from tracker.event import Kind


def book(task: str = "zwerfvuil") -> Book:
    return next(one for one in books().books if one.task.task == task)


def test_the_versions_of_the_town() -> None:
    assert [(v.name, v.questions) for v in book().versions] == [("current", 19), ("redesign", 19)]
    assert book("paspoort").versions == ()


def test_every_phase_has_its_touchpoints_with_who_came_and_who_left() -> None:
    shown = map_of(book())
    found = {
        phase: [(stop.touchpoint, stop.figures["current"].questions) for stop in stops]
        for phase, stops in shown.stops.items()
        if stops
    }
    assert found == {
        "oriëntatie": [("/afval/zwerfvuil-melden", 19), ("search", 19)],
        "contact": [("tel", 5)],
        "uitvoering": [("/melding/stap-1", 14)],
        "afronding": [("/melding/bedankt", 8)],
        "evaluatie": [("feedback", 14)],
    }
    form = shown.stops["uitvoering"][0].figures["redesign"]
    assert (form.share, form.leaving, form.mark, form.hard) == (14 / 19, 6 / 14, -1.0, 6 / 14)


def test_the_line_keeps_what_was_given_apart_from_what_was_inferred() -> None:
    shown = map_of(book())
    assert [beat.value for beat in shown.given["current"]] == [None, None, -1.0, 1.0, None]
    assert [beat.value for beat in shown.hard["current"]] == [6 / 38, None, 6 / 14, 0.0, None]
    assert moments(shown.hard["current"], low_is_good=True) == {
        Moment.START: 0,
        Moment.PEAK: 3,
        Moment.WORST: 2,
        Moment.END: 3,
    }


def test_a_mean_of_four_marks_is_not_told() -> None:
    touch = next(one for one in book().touchpoints if one.touchpoint == "/melding/stap-1" and one.variant)
    few = replace(book(), touchpoints=(replace(touch, given=4, given_sum=-4),))
    assert all(beat == Beat(None, beat.count) for beat in map_of(few).given[touch.variant])


def test_a_task_without_an_experiment_has_one_line() -> None:
    shown = map_of(book("paspoort"))
    assert shown.versions == ("",)
    assert shown.stops["oriëntatie"][0].figures[""].share == 1.0


def test_what_fewer_than_five_came_to_is_other_in_both_tables() -> None:
    touch = {"site": "a", "task": "t", "experiment": "", "variant": "", "phase": "oriëntatie"}
    counts = dict.fromkeys(("visits", "last", "left", "given", "given_sum", "given_bad", "hard"), 0)
    places = {"/veel": 9, "/vier": 4, "/twee": 2}
    touches = pl.DataFrame(
        [{**touch, "touchpoint": p, "questions": n, "visitors": n, **counts} for p, n in places.items()]
    )
    way = {"site": "a", "task": "t", "experiment": "", "variant": "", "order": 0, "source": "start"}
    flows = pl.DataFrame([{**way, "target": p, "questions": n, "visitors": n} for p, n in places.items()])
    found, passages = merged(touches.select(list(TOUCHPOINTS)), flows.select(list(FLOWS)))
    assert {(one.touchpoint, one.questions) for one in found} == {("/veel", 9), ("other", 6)}
    assert {(one.source, one.target, one.questions) for one in passages} == {
        ("start", "/veel", 9),
        ("start", "other", 6),
    }


def test_what_four_visitors_came_to_often_is_other_in_both_tables() -> None:
    story = Story()
    for visitor in range(6):
        for again in range(2):
            at = 5000 * again + visitor
            page = story.page("/afval/zwerfvuil-melden", at, visitor=visitor)
            if visitor < 4:
                page = story.page("/melding/eigen", at + 10, visitor=visitor, came=page)
            story.on(page, Kind.GOAL, at + 20, goal="melding_verzonden")
    tables = story.tables()
    touches, passages = merged(*(pl.from_pandas(tables[name]) for name in ("touchpoints", "flows")))
    for name, counts in {"/afval/zwerfvuil-melden": (12, 6), OTHER: (8, 4)}.items():
        rows = [(one.questions, one.visitors) for one in touches if one.touchpoint == name]
        assert tuple(map(sum, zip(*rows, strict=True))) == counts
    assert {one.touchpoint for one in touches} == {"/afval/zwerfvuil-melden", OTHER}
    assert {end for one in passages for end in (one.source, one.target)} == {
        "start", "/afval/zwerfvuil-melden", OTHER, "answered",
    }  # fmt: skip


def touched(touchpoint: str, questions: int, visitors: int, variant: str = "") -> Touch:
    """A page at which everyone gave up."""
    return Touch(
        variant=variant, phase="oriëntatie", touchpoint=touchpoint, visits=questions, questions=questions,
        visitors=visitors, last=questions, left=questions, given=0, given_sum=0, hard=questions,
    )  # fmt: skip


def test_a_place_stands_on_the_map_from_five_visitors_on() -> None:
    places = (touched("/vijf", 5, 5), touched("/vier", 40, 4))
    shown = map_of(replace(book("paspoort"), touchpoints=places))
    assert [stop.touchpoint for stop in shown.stops["oriëntatie"]] == ["/vijf"]
    alone = map_of(replace(book("paspoort"), touchpoints=places[1:]))
    assert alone.hard[""][0].value is None


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_map_on_which_every_place_is_other_says_that_nobody_stops_anywhere(language: str) -> None:
    made = the_map(replace(book("paspoort"), touchpoints=(touched(OTHER, 9, 9),)), language)
    assert made is not None
    assert PICTURES["map"][language]["calm"] in made.body


def test_the_place_that_is_named_is_one_that_five_of_a_version_came_to() -> None:
    few = [touched("/weinig", 40, 4, variant) for variant in ("current", "redesign")]
    many = [touched("/veel", 6, 6, "current"), touched("/veel", 4, 4, "redesign")]
    made = the_map(replace(book(), touchpoints=(*few, *many)), "nl")
    assert made is not None
    assert (
        "De meeste bezoekers stoppen bij /veel: bij de huidige versie van de 100 die er komen 100."
        in made.body
    )


PLACES = st.sampled_from(["/a", "/b", "/c", "/d", "search", "tel"])
WALKS = st.lists(
    st.tuples(st.lists(PLACES, max_size=9), st.sampled_from([outcome.value for outcome in Outcome])),
    min_size=1,
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(WALKS, st.integers(1, 4), st.integers(0, 4))
def test_widths_add_up_whatever_visitors_do(
    walks: list[tuple[list[str], str]], steps: int, named: int
) -> None:
    """At every node as much flows in as flows out, exits and 'other' included, and every column holds every
    question."""
    flows = [
        Flow(variant="", **row)
        for row in _table(walks).select("order", "source", "target", "questions").iter_rows(named=True)
    ]
    drawn = paths.follow(flows, paths.common_touchpoints(flows, steps=steps, most=named))
    assert all(sum(column.values()) == len(walks) for column in drawn.columns)
    for place, links in enumerate(drawn.links):
        leaving, arriving = Counter[str](), Counter[str]()
        for (source, target), questions in links.items():
            leaving[source] += questions
            arriving[target] += questions
        assert +leaving == +Counter(drawn.columns[place])
        assert +arriving == +Counter(drawn.columns[place + 1])
    ends = Counter("answered" if outcome == "read" else outcome for _, outcome in walks)
    assert +Counter(drawn.columns[-1]) == +ends


def _table(walks: list[tuple[list[str], str]]) -> pl.DataFrame:
    """The flows of made-up questions, by the function that makes the day table."""
    names: dict[str, int] = {}
    steps = [
        (question, K.CONTACT if place == "tel" else K.VIEW, names.setdefault(place, len(names)))
        for question, (walk, _) in enumerate(walks)
        for place in walk
    ]
    question, kind, place = np.array(steps, np.int64).reshape(-1, 3).T
    moves = Moves(
        row=np.arange(len(steps)),
        question=question,
        kind=kind,
        touchpoint=Coded(place, tuple(names)),
        phase=np.zeros_like(place),
        heartbeat=np.full(len(steps), np.nan),
        given=np.zeros(len(steps), bool),
    )
    ends = np.array([OUTCOMES.index(Outcome(outcome)) for _, outcome in walks])
    everyone = pl.DataFrame({"site": ["a"], "task": ["t"], "experiment": [""], "variant": [""]})
    asked = np.arange(len(walks))
    groups = grouped(everyone, asked, np.zeros_like(asked), asked)
    return flows_table(groups, find_edges(find_routes(moves), ends), longest=5)

# SPDX-License-Identifier: EUPL-1.2
"""Pictures show the numbers they were given: places, widths and names."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from analysis.rendering import paths, pictures
from analysis.rendering.path_table import path_table
from analysis.rendering.pictures import Caption, Difference, Line, Point, Steps
from analysis.rendering.scales import Linear, clock_ticks, nice_ticks, spread_labels
from analysis.rendering.svg import width_of
from analysis.report import Flow
from analysis.tables import Outcome

SVG = "{http://www.w3.org/2000/svg}"
CAPTION = Caption("picture", "A title", "A description")
WIDTHS = [720.0, 340.0]

finite = st.floats(-1e6, 1e6, allow_nan=False)


def parsed(drawn: Markup) -> ElementTree.Element:
    return ElementTree.fromstring(str(drawn))  # our own output


def classed(root: ElementTree.Element, *names: str) -> list[ElementTree.Element]:
    """Elements that have all these classes, in drawing order."""
    return [one for one in root.iter() if set(names) <= set((one.get("class") or "").split())]


def axis_of(root: ElementTree.Element) -> Linear:
    """The horizontal scale as a reader takes it from the marks under the picture."""
    marks = [
        (float((one.text or "").rstrip(" %")), float(one.get("x") or 0)) for one in classed(root, "tick")
    ]
    (first, start), (last, end) = marks[0], marks[-1]
    return Linear(first, last, start, end)


@given(finite, st.floats(1e-3, 1e6))
def test_marks_are_even_and_cover_the_data(low: float, span: float) -> None:
    ticks = nice_ticks(low, low + span)
    steps = [second - first for first, second in pairwise(ticks)]
    assert ticks[0] <= low + 1e-6 * span
    assert ticks[-1] >= low + span - 1e-6 * span
    assert max(steps) == pytest.approx(min(steps), rel=1e-6, abs=1e-9)
    assert 2 <= len(ticks) <= 8


@given(st.floats(0, 1e7))
def test_a_clock_has_few_marks_and_reaches_the_end(longest: float) -> None:
    ticks = clock_ticks(longest)
    assert ticks[0] == 0
    assert ticks[-1] >= longest
    assert 2 <= len(ticks) <= 7


@given(st.lists(st.floats(0, 100), min_size=1, max_size=5))
def test_labels_keep_their_distance_and_their_order(places: list[float]) -> None:
    placed = spread_labels(places, 15, 0, 100)
    ordered = [place for _, place in sorted(zip(places, placed, strict=True))]
    assert all(second - first >= 15 - 1e-6 for first, second in pairwise(sorted(placed)))
    assert ordered == sorted(ordered)
    assert all(-1e-6 <= place <= 100 + 1e-6 for place in placed)


@pytest.mark.parametrize("width", WIDTHS)
def test_an_interval_lies_where_its_numbers_are(width: float) -> None:
    points = [
        Point("huidige versie", "1.490 bezoekers", 0, 50.0, 47.5, 52.5, "50,0 %"),
        Point("nieuwe versie", "1.510 bezoekers", 1, 57.0, 54.5, 59.5, "57,0 %"),
    ]
    root = parsed(pictures.intervals(points, CAPTION, width=width, format_tick=lambda tick: f"{tick:g} %"))
    axis = axis_of(root)
    bars = classed(root, "range")
    assert [float(bar.get("x1") or 0) for bar in bars] == pytest.approx([axis(47.5), axis(54.5)], abs=0.02)
    assert [float(bar.get("x2") or 0) for bar in bars] == pytest.approx([axis(52.5), axis(59.5)], abs=0.02)
    dot = classed(root, "mark", "v0")[0]
    assert float(dot.get("cx") or 0) == pytest.approx(axis(50), abs=0.02)
    assert {"50,0 %", "57,0 %"} <= {one.text for one in root.iter(f"{SVG}text")}


def difference(**changed: Any) -> Difference:
    fields: dict[str, Any] = {
        "label": "antwoord gevonden", "note": "", "series": 1, "value": 0.14, "low": 0.06, "high": 0.22,
        "shown": "+7,0 procentpunt", "sure": "duidelijk beter", "is_clear": True,
    }  # fmt: skip
    return Difference(**(fields | changed))


def drawn_forest(*rows: Difference, width: float = 720.0) -> ElementTree.Element:
    return parsed(
        pictures.forest(
            rows, CAPTION, width=width, format_tick=lambda t: f"{100 * t:g}", worse="slechter", better="beter"
        )
    )


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("low", "high"), [(-0.26, 0.97), (-0.1, 0.2), (-0.9, 0.01), (0.0, 3.0)])
def test_values_at_the_marks_stand_apart(width: float, low: float, high: float) -> None:
    rows = [difference(value=0.8 * max(low, high, key=abs), low=low, high=high)]
    drawn = pictures.forest(
        rows, CAPTION, width=width, format_tick=lambda t: f"{100 * t:+g} %", worse="slechter", better="beter"
    )
    marks = [(float(one.get("x") or 0), one.text or "") for one in classed(parsed(drawn), "tick")]
    assert len(marks) >= 2
    assert "+0 %" in dict(marks).values()
    for (left, one), (right, other) in pairwise(marks):
        assert right - left > (width_of(one, 12.5) + width_of(other, 12.5)) / 2 + 5  # and a space


@pytest.mark.parametrize("width", WIDTHS)
def test_better_stands_to_the_right_of_the_middle_line(width: float) -> None:
    root = drawn_forest(difference(), difference(value=-0.1, low=-0.2, high=-0.02), width=width)
    zero = float(classed(root, "zero")[0].get("x1") or 0)
    good, bad = classed(root, "range")
    assert float(good.get("x1") or 0) > zero > float(bad.get("x2") or 0)


def test_an_unclear_difference_has_an_open_mark() -> None:
    root = drawn_forest(difference(), difference(is_clear=False, low=-0.02))
    assert len(classed(root, "mark", "hollow")) == 1


def test_an_interval_beyond_the_picture_ends_in_an_arrow() -> None:
    root = drawn_forest(difference(value=0.01, low=-30.0, high=30.0))
    assert len(classed(root, "cap")) == 0
    assert len(classed(root, "mark")) == 3  # the value, and an arrow at both ends


@pytest.mark.parametrize("width", WIDTHS)
def test_a_curve_ends_at_its_last_share(width: float) -> None:
    line = Line("nieuwe versie", 1, ((0, 0, 0, 0), (60, 0.2, 0.1, 0.3), (120, 0.4, 0.3, 0.5)), "40 %")
    root = parsed(
        pictures.curves(
            [line], CAPTION, width=width, format_x=str, format_y=lambda tick: f"{tick:g}", x_title="tijd"
        )
    )
    drawn = next(one for one in classed(root, "curve", "v1") if one.tag == f"{SVG}path").get("d") or ""
    levels = {
        float(one.text or 0): float(one.get("y") or 0) - 4
        for one in classed(root, "tick")
        if one.get("text-anchor") == "end" and "." in (one.text or "")
    }
    last_y = float(drawn.rpartition(",")[2])
    assert last_y == pytest.approx(levels[0.4], abs=0.02)


def test_a_line_breaks_where_a_phase_has_no_heartbeat() -> None:
    series = [Steps("huidige versie", 0, (0.5, None, -0.2, 0.1))]
    root = parsed(
        pictures.steps(
            series,
            ["a", "b", "c", "d"],
            CAPTION,
            width=720,
            low=-1,
            high=1,
            format_y=lambda tick: f"{tick:g}",
        )
    )
    assert len(classed(root, "mark", "v0")) == 4  # three values and one in the key
    assert len(classed(root, "curve", "v0")) == 2  # one stretch and the key


def test_variants_differ_by_shape_and_dash_besides_colour() -> None:
    points = [Point(str(place), "", place, 1.0 + place, 0.5, 4.5, "") for place in range(3)]
    root = parsed(pictures.intervals(points, CAPTION, width=720, format_tick=str))
    marks = classed(root, "mark")
    assert marks[0].tag == f"{SVG}circle"
    assert len(marks[1].get("d", "").split("L")) != len(marks[2].get("d", "").split("L"))


def test_thinning_keeps_both_ends() -> None:
    points = [(float(x), 0.0, 0.0, 0.0) for x in range(5000)]
    kept = pictures.thinned(points)
    assert len(kept) <= 240
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert list(kept) == sorted(kept)


def test_every_picture_can_be_heard() -> None:
    root = parsed(pictures.intervals([Point("a", "", 0, 1, 0, 2, "1")], CAPTION, width=340, format_tick=str))
    assert root.get("role") == "img"
    named = {one.get("id"): one.text for one in root}
    assert [named[name] for name in (root.get("aria-labelledby") or "").split()] == [
        "A title",
        "A description",
    ]


@pytest.mark.parametrize("name", ["<b>&\"'", "]]>", "\x00\x1b[31m", "</svg><script>"])
def test_names_cannot_break_out(name: str) -> None:
    points = [Point(name, name, 0, 1, 0, 2, name)]
    drawn = pictures.intervals(points, Caption("x", name, name), width=720, format_tick=lambda _: name)
    root = parsed(drawn)
    assert {one.tag for one in root.iter()} <= {
        f"{SVG}{tag}" for tag in ("svg", "title", "desc", "g", "line", "circle", "text")
    }


# A question: the touchpoints passed, and how it ended.
journeys = st.lists(
    st.tuples(
        st.lists(st.sampled_from(["/", "/afval", "search", "/contact", "other"]), max_size=6),
        st.sampled_from(list(Outcome)),
    ),
    min_size=1,
    max_size=40,
)


def flows_of(questions: list[tuple[list[str], Outcome]], variant: str = "current") -> list[Flow]:
    counts = Counter(
        (order, source, target)
        for road, outcome in questions
        for order, (source, target) in enumerate(pairwise(["start", *road, outcome.value]))
    )
    return [
        Flow(variant=variant, order=order, source=source, target=target, questions=count)
        for (order, source, target), count in counts.items()
    ]


@given(journeys, st.integers(1, 4), st.integers(1, 4))
def test_every_column_holds_every_question(
    questions: list[tuple[list[str], Outcome]], steps: int, most: int
) -> None:
    flows = flows_of(questions)
    followed = paths.follow(flows, paths.common_touchpoints(flows, steps=steps, most=most))
    assert [sum(column.values()) for column in followed.columns] == [len(questions)] * (steps + 3)
    for place, links in enumerate(followed.links):
        leaving, arriving = Counter[str](), Counter[str]()
        for (source, target), count in links.items():
            leaving[source] += count
            arriving[target] += count
        assert +leaving == +Counter(followed.columns[place])
        assert +arriving == +Counter(followed.columns[place + 1])


@given(journeys)
def test_the_last_column_holds_the_outcomes(questions: list[tuple[list[str], Outcome]]) -> None:
    flows = flows_of(questions)
    followed = paths.follow(flows, paths.common_touchpoints(flows, steps=2, most=3))
    ends = Counter("answered" if outcome is Outcome.READ else outcome.value for _, outcome in questions)
    assert +Counter(followed.columns[-1]) == ends


def test_the_height_of_an_end_is_its_share() -> None:
    questions = [(["/"], Outcome.ANSWERED)] * 3 + [(["/"], Outcome.ABANDONED)]
    flows = flows_of(questions)
    root = parsed(
        paths.draw(
            paths.follow(flows, paths.common_touchpoints(flows, steps=2, most=3)),
            CAPTION,
            width=540,
            name_of=str,
            share_of=lambda share: f"{100 * share:.0f} %",
            columns=["begin", "stap {step}", "later", "einde"],
        )
    )
    good, gone = classed(root, "node", "good")[0], classed(root, "node", "gone")[0]
    assert float(good.get("height") or 0) == pytest.approx(3 * float(gone.get("height") or 0), rel=0.001)
    assert {"75 %", "25 %"} <= {one.text for one in root.iter(f"{SVG}text")}


@given(journeys, journeys)
def test_the_table_of_the_paths_holds_every_question_that_moves(
    these: list[tuple[list[str], Outcome]], those: list[tuple[list[str], Outcome]]
) -> None:
    flows = [*flows_of(these, "current"), *flows_of(those, "redesign")]
    named = paths.common_touchpoints(flows, steps=2, most=3)
    followed = {
        name: paths.follow([flow for flow in flows if flow.variant == name], named)
        for name in ("current", "redesign")
    }
    table = path_table(followed, "Paden", "nl")
    for place, after in enumerate(("begin", "1", "2", "later")):
        for column, one in enumerate(followed.values()):
            moved = sum(int(row[3 + column].split()[0]) for row in table.rows if row[0] == after)
            assert moved == one.total - sum(one.columns[place].get(end, 0) for end in paths.ENDS)


def test_what_too_few_questions_did_is_added_up_in_the_table() -> None:
    questions = [(["/"], Outcome.ANSWERED)] * 400 + [(["/afval"], Outcome.ABANDONED)] * 3
    flows = flows_of(questions)
    followed = {"current": paths.follow(flows, [frozenset(), frozenset({"/", "/afval"})])}
    assert path_table(followed, "Paths", "en").rows == (
        ("start", "start", "home page", "400 (99%)"),
        ("start", "other", "other", "3 (1%)"),
        ("1", "home page", "goes on", "400 (99%)"),
        ("1", "other", "other", "3 (1%)"),
        ("later", "goes on", "found an answer", "400 (99%)"),
        ("later", "other", "other", "3 (1%)"),
    )

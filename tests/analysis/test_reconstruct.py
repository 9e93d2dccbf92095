# SPDX-License-Identifier: EUPL-1.2
"""Laws of the reconstruction: nothing is lost, nothing depends on order or partitions, bad input is named."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import day_tables
from analysis.errors import EventsError, TableError
from analysis.frames import added_up, conform, nothing, published
from analysis.reconstruct import TABLES
from analysis.tables import SESSIONS, Outcome, empty
from analysis.thresholds import Thresholds
from tests.analysis.anything import PATHS, QUERIES, RELAXED, stories
from tests.analysis.stories import DAY, SITE, Story, tables_of
from tests.analysis.test_units import ONE
from tracker.event import Kind


@RELAXED
@given(stories())
def test_every_event_is_in_a_question_or_set_aside(story: Story) -> None:
    tables = story.tables()
    aside = tables["set_aside"]
    away = aside.loc[aside["table"] == "events", "rows"].sum()
    assert tables["questions"]["events"].sum() + away == len(story.events)
    assert tables["sessions"]["events"].sum() + away == len(story.events)
    assert tables["sessions"]["questions"].sum() == len(tables["questions"])
    assert tables["questions"]["pages"].sum() == tables["sessions"]["pages"].sum()
    assert tables["questions"]["searches"].sum() == tables["sessions"]["searches"].sum()


@RELAXED
@given(stories(), st.integers(0, 1000))
def test_the_order_of_the_rows_does_not_matter(story: Story, seed: int) -> None:
    frame = story.frame()
    shuffled = frame.sample(frac=1, random_state=seed).reset_index(drop=True)
    again = tables_of(shuffled)
    for name, table in tables_of(frame).items():
        pd.testing.assert_frame_equal(table, again[name])


@RELAXED
@given(stories())
def test_events_that_come_twice_count_once(story: Story) -> None:
    frame = story.frame()
    once, twice = tables_of(frame), tables_of(pd.concat([frame, frame], ignore_index=True))
    for name in ("sessions", "questions", "moves"):
        pd.testing.assert_frame_equal(once[name], twice[name])


@RELAXED
@given(stories(), st.sampled_from((2, 3, 16)))
def test_partitions_change_no_total(story: Story, partitions: int) -> None:
    frame = story.frame()
    whole = tables_of(frame)
    parts = [
        tables_of(frame[frame["visitor"] % partitions == partition], partition=partition)
        for partition in range(partitions)
    ]
    keys = {
        "questions": [
            *(
                name
                for name in TABLES["questions"]
                if name not in ("partition", "visitor", "question", "session")
            )
        ],
        "sessions": [
            *(name for name in TABLES["sessions"] if name not in ("partition", "visitor", "session"))
        ],
        "moves": [*(name for name in TABLES["moves"] if name not in ("partition", "question"))],
    }
    for name, columns in keys.items():
        joined = pd.concat([tables[name] for tables in parts])
        pd.testing.assert_frame_equal(_sorted(whole[name], columns), _sorted(joined, columns))


@RELAXED
@given(stories(), st.sampled_from((2, 3, 16)), st.booleans())
def test_partitions_at_once_are_what_each_is_by_itself(story: Story, partitions: int, strange: bool) -> None:
    for visitor, bucket in enumerate((1, 2, 600, 601, None)):  # two of them say what their bucket does not
        exposed = {"exposures": "zwerfvuil=redesign", "first": "zwerfvuil", "bucket": bucket}
        story.page("/", 10, visitor=visitor, **exposed)
    story.page("/", 11, visitor=2, exposures="iets=anders", first="iets", bucket=2)
    frame = story.frame()
    if strange:  # the same identities sent by others too
        frame = pd.concat([frame, frame.assign(visitor=frame["visitor"] + 1)], ignore_index=True)
    of = frame["visitor"].to_numpy() % partitions
    known = {"experiments": {ONE.name: ONE}}
    at_once = tables_of(frame, partition=of, **known)
    apart = [tables_of(frame[of == each], partition=each, **known) for each in sorted(set(of))]
    for name, table in at_once.items():
        parts = [tables[name] for tables in apart if len(tables[name])] or [apart[0][name]]
        expected = pd.concat(parts, ignore_index=True)
        if name in day_tables.ADDED:
            keys = day_tables.ADDED[name]
            expected = published(added_up(pl.from_pandas(expected), TABLES[name], keys), TABLES[name])
        pd.testing.assert_frame_equal(table, expected)


@RELAXED
@given(stories())
def test_a_question_never_spans_two_visitors(story: Story) -> None:
    tables = story.tables()
    alone: list[int] = []
    for visitor in sorted({event.visitor for event in story.events}):
        only = Story(events=[event for event in story.events if event.visitor == visitor])
        alone += only.tables()["questions"]["events"].tolist()
    assert sorted(tables["questions"]["events"]) == sorted(alone)


def test_a_clicked_page_in_common_is_one_whoever_else_saw_it() -> None:
    """The page that results lead to was not seen by the visitor, but it was by another, or by nobody."""

    def told(*, seen_by_another: bool) -> list[int]:
        story = Story()
        for at, query in ((0, "zwerfvuil"), (60, "trouwen")):
            view = story.search(query, at)
            story.on(view, Kind.RESULT, at + 5, target="/paspoort")
        if seen_by_another:
            story.page("/paspoort", 0, visitor=2)
        questions = story.tables()["questions"]
        return questions.loc[questions["start"] == "site_search", "events"].tolist()

    assert told(seen_by_another=True) == told(seen_by_another=False) == [6]


@RELAXED
@given(stories())
def test_outcomes_keep_their_order(story: Story) -> None:
    """A goal beats a contact, a contact beats reading; success and cause agree."""
    tables = story.tables()
    questions, moves = tables["questions"].set_index("question"), tables["moves"]
    called = set(moves.loc[moves["kind"] == "contact", "question"])
    for number, question in questions.iterrows():
        if number in called:
            assert question["outcome"] in (Outcome.ANSWERED, Outcome.CHANNEL_SHIFT)
        assert question["success"] == (question["outcome"] in (Outcome.ANSWERED, Outcome.READ))
        assert question["success"] == (question["cause"] == "answered")
        assert question["time_s"] >= 0


def _sorted(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    return frame[columns].sort_values(columns).reset_index(drop=True)


def test_tables_are_as_declared_also_of_an_empty_day() -> None:
    story = Story()
    story.page("/", 0)
    for frame in (story.frame(), story.frame().iloc[:0]):
        tables = tables_of(frame)
        assert set(tables) == set(TABLES)
        for name, columns in TABLES.items():
            conform(tables[name], columns)
    assert not any(map(len, tables.values()))


def test_no_pseudonym_is_left() -> None:
    story = Story()
    for visitor in (7_777_777_777_777, -8_888_888_888_888):
        story.search("paspoort", 0, visitor=visitor)
    for table in story.tables().values():
        assert not {7_777_777_777_777, -8_888_888_888_888} & set(table.to_numpy().ravel().tolist())


ASIDE = {
    "a load test": ({"run": "r1"}, "load test"),
    "a bot": ({"automated": True}, "bot"),
    "a bot in a load test": ({"automated": True, "run": "r1"}, "load test"),
}


@pytest.mark.parametrize(("fields", "reason"), ASIDE.values(), ids=ASIDE)
def test_set_aside_with_its_visitors(fields: dict[str, Any], reason: str) -> None:
    story = Story()
    story.page("/", 0, **fields)
    story.page("/", 5, **fields)
    story.page("/", 9, visitor=2)
    tables = story.tables()
    assert len(tables["questions"]) == 1
    assert tables["set_aside"][["table", "reason", "rows"]].values.tolist() == [
        ["events", reason, 2],
        ["visitors", reason, 1],
    ]


def test_events_of_another_day_are_set_aside() -> None:
    story = Story()
    story.page("/", 20 * 3600)
    story.page("/", -6 * 3600)
    story.page("/", 0)
    tables = story.tables()
    assert tables["set_aside"][["reason", "rows"]].values.tolist() == [["outside the day", 2]]


def test_a_visitor_with_too_many_events_is_set_aside() -> None:
    story = Story()
    for number in range(30):
        story.page("/", number)
    story.page("/", 0, visitor=2)
    tables = story.tables(definitions=Thresholds(events_per_visitor=29))
    assert len(tables["questions"]) == 1
    assert tables["set_aside"]["reason"].unique().tolist() == ["too many events by one visitor"]


def test_a_million_events_by_one_visitor_leave_the_others_alone() -> None:
    story = Story()
    story.page("/", 0, page_view="machine00000")
    frame = story.frame()
    story.page("/paspoort", 0, visitor=2, seen=40)
    million = frame.loc[np.zeros(1_000_000, int)].assign(index=np.arange(1_000_000))
    tables = tables_of(pd.concat([story.frame().iloc[1:], million], ignore_index=True))
    assert tables["questions"]["outcome"].tolist() == ["read"]
    assert tables["set_aside"]["rows"].tolist() == [1_000_000, 1]


def test_columns_that_are_categories_or_of_another_type_are_read_as_well() -> None:
    story = Story()
    page = story.search("paspoort", 0)
    story.page("/paspoort", 5, came=page, seen=40)
    frame = story.frame()
    whole = tables_of(frame)
    texts = ["site", "page_view", "kind", "path", "origin", "query"]
    for other in (frame.astype(dict.fromkeys(texts, "category")), frame.astype(dict.fromkeys(texts, object))):
        for name, table in tables_of(other).items():
            pd.testing.assert_frame_equal(table, whole[name])
    assert len(tables_of(frame.assign(bucket="none", visible_s="long"))["questions"]) == 1


def test_an_unknown_kind_is_set_aside() -> None:
    story = Story()
    story.page("/", 0)
    frame = pd.concat([story.frame(), story.frame().assign(kind="hover", index=7)], ignore_index=True)
    assert tables_of(frame.astype({"index": "int16"}))["set_aside"]["reason"].tolist() == ["unknown kind"]


Spoil = Callable[[pd.DataFrame], pd.DataFrame]
BAD: Mapping[str, tuple[Spoil, str]] = {
    "columns missing": (lambda frame: frame.drop(columns=["page_view", "kind"]), "lack page_view, kind"),
    "a time that is no number": (lambda frame: frame.assign(time="nine o'clock"), "Column time"),
    "a time with a fraction": (lambda frame: frame.assign(time=1.5), "Column time"),
    "lists for words": (lambda frame: frame.assign(query=[["a"]] * len(frame)), "Column query"),
    "a column twice": (lambda frame: pd.concat([frame, frame[["time"]]], axis=1), "have time twice"),
    "a path that is missing": (lambda frame: frame.assign(path=None), "Column path"),
}


@pytest.mark.parametrize(("spoil", "message"), BAD.values(), ids=BAD)
def test_a_frame_that_holds_no_events(spoil: Spoil, message: str) -> None:
    story = Story()
    story.page("/", 0)
    with pytest.raises(EventsError, match=message):
        tables_of(spoil(story.frame()))


def test_conform_names_what_differs() -> None:
    frame = empty(SESSIONS)
    with pytest.raises(TableError, match="landing"):
        conform(frame.drop(columns="landing"), SESSIONS)
    with pytest.raises(TableError, match="pages is float64, not int32"):
        conform(frame.astype({"pages": "float64"}), SESSIONS)
    with pytest.raises(TableError, match="order"):
        conform(frame[list(reversed(frame.columns))], SESSIONS)
    assert conform(nothing(SESSIONS), SESSIONS).empty


@pytest.mark.shared
def test_real_journeys_on_gov_uk(shared: Path) -> None:
    """67 real sequences of pages, of which two search again: as many sessions and questions, no page lost."""
    table = pd.read_csv(shared / "data/govuk/journeys_sample.tsv", sep="\t")
    story = Story()
    hits = 0
    for visitor, sequence in enumerate(table["sequence"]):
        came = None
        for place, hit in enumerate(sequence.split(">>")):
            path, what, *_ = hit.split("<<")
            if what.startswith("PAGE"):
                at = visitor * 60 + place * 10
                search = "q=" in path
                hits += 1
                path = path if path.startswith("/") else f"/{path}"
                if search:
                    query = path.partition("q=")[2].partition("&")[0].replace("+", " ")
                    came = story.search(query, at, visitor=visitor, came=came)
                else:
                    came = story.page(path.partition("?")[0], at, visitor=visitor, came=came)
    tables = tables_of(story.frame())
    assert len(tables["sessions"]) == len(table)
    assert tables["questions"]["pages"].sum() == hits
    assert len(tables["questions"]) >= len(table)
    assert SITE.name == tables["questions"]["site"].iloc[0]
    assert DAY.isoformat() == tables["questions"]["day"].iloc[0]


def test_a_big_shuffle_is_the_same_day() -> None:
    chance = random.Random(4)
    story = Story()
    for visitor in range(40):
        came = None
        for place in range(chance.randrange(1, 6)):
            at = visitor * 100 + place * 20
            if chance.random() < 0.3:
                came = story.search(chance.choice(QUERIES), at, visitor=visitor, came=came)
            else:
                came = story.page(
                    chance.choice(PATHS), at, visitor=visitor, came=came, seen=chance.choice((3, 50))
                )
    frame = story.frame()
    whole = tables_of(frame)
    again = tables_of(frame.sample(frac=1, random_state=1).reset_index(drop=True))
    assert len(whole["questions"]) > 40
    for name, table in whole.items():
        pd.testing.assert_frame_equal(table, again[name])

# SPDX-License-Identifier: EUPL-1.2
"""What leaves the house: readable for others, and saying no more than it may.

pm4py reads it in the oracles' environment of `test_oracles`: `oracles/bin/pip install pm4py pyarrow`.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.disclosure import OTHER
from analysis.errors import TableError
from analysis.exports import Reader, as_csv, as_parquet, event_log, exported, lost_ways
from analysis.reconstruct import TABLES
from experiments.assignment import variant_for
from tests.analysis.stories import Story, tables_of
from tests.analysis.test_journeys import town
from tests.analysis.test_units import ONE, busy_day, experiment
from tracker.event import Kind

ASKED = """
import json, sys
import pandas as pd, pm4py
log = pm4py.format_dataframe(pd.read_parquet(sys.argv[1]))
steps, starts, ends = pm4py.discover_dfg(log)
print(json.dumps({"steps": [[*pair, count] for pair, count in steps.items()], "starts": starts}))
"""


def town_with_one_of_its_own() -> dict[str, pd.DataFrame]:
    """Six who do the same, and one who reads a page that nobody else reads."""
    story: Story = town()
    home = story.page("/", 0, visitor=9)
    story.page("/zeldzaam", 9, visitor=9, came=home)
    return tables_of(story.frame())


def test_lostness_is_told_of_each_question_that_was_answered() -> None:
    """Six went straight to the form; a seventh, in a version that nobody else saw, went round."""
    story = Story()
    for visitor in range(7):
        lost = visitor == 6
        more = {"exposures": "zwerfvuil=redesign", "bucket": 1} if lost else {}
        view = story.page("/", 0, visitor=visitor, referrer="https://www.google.com/", **more)
        if lost:
            story.page("/contact", 5, visitor=visitor, came=view, **more)
            view = story.page("/", 10, visitor=visitor, came=view, **more)
        view = story.page("/melding/stap-1", 20, visitor=visitor, came=view, **more)
        story.on(view, Kind.GOAL, 30, goal="melding_verzonden")
    tables = tables_of(story.frame())
    found = lost_ways(tables["questions"], tables["moves"])
    assert found["exposures"].tolist() == [""] * 6 + [OTHER]
    assert found["views"].tolist() == [2] * 6 + [4]
    assert found["distinct"].tolist() == [2] * 6 + [3]
    assert found["lostness"][:6].tolist() == [0.0] * 6
    assert found.columns.tolist()[:6] == ["site", "day", "partition", "question", "task", "exposures"]
    assert not len(lost_ways(tables["questions"].head(0), tables["moves"].head(0)))


def test_a_case_is_a_question_and_its_events_keep_their_order() -> None:
    tables = town_with_one_of_its_own()
    log = event_log(tables["questions"], tables["moves"])
    assert list(log.columns[:3]) == ["case:concept:name", "concept:name", "time:timestamp"]
    assert log["case:concept:name"].nunique() == len(tables["questions"])
    first = log[log["case:concept:name"] == log["case:concept:name"].iloc[0]]
    assert first["concept:name"].tolist() == ["/", "results page", "search", "/afval/zwerfvuil"]
    assert str(log["time:timestamp"].dtype) == "datetime64[us, UTC]"
    shuffled = log.sample(frac=1, random_state=1)
    again = shuffled.sort_values(["case:concept:name", "time:timestamp"], ignore_index=True)
    pd.testing.assert_frame_equal(again, log)
    others = event_log(tables["questions"], tables["moves"], Reader.RETENTIONEERING)
    assert list(others.columns[:3]) == ["user_id", "event", "timestamp"]
    assert others["event"].tolist() == log["concept:name"].tolist()


def test_what_only_a_few_had_is_not_told() -> None:
    tables = town_with_one_of_its_own()
    log = event_log(tables["questions"], tables["moves"])
    assert "/zeldzaam" in tables["moves"]["touchpoint"].tolist()
    assert OTHER in log["concept:name"].tolist()
    assert "contact: tel" not in log["concept:name"].tolist()  # two visitors
    for name in TABLES:
        text = as_csv(exported(name, tables))
        assert "/zeldzaam" not in text
        assert len(text.splitlines()) == len(tables[name]) + 1
    assert "/afval/zwerfvuil" in as_csv(exported("moves", tables))


TWO = {name: experiment(name=name) for name in ("twee", "zwerfvuil")}
BUCKET = 417
SHOWN = ",".join(f"{name}={variant_for(one, BUCKET)}" for name, one in TWO.items())
MET: Mapping[str, Any] = {"bucket": BUCKET, "exposures": SHOWN, "first": "twee,zwerfvuil"}


def to_and_fro() -> dict[str, pd.DataFrame]:
    """The tables of a visitor who goes to and fro between two pages, then asks about it three times more; met
    by two experiments."""
    story = Story()
    page = story.page("/melding/eigen", 0, visitor=9, **MET)
    for turn in range(8):
        path = "/melding/eigen" if turn % 2 else "/afval/zwerfvuil-eigen"
        page = story.page(path, 10 + turn * 40, came=page, visitor=9, **MET)
    for again in range(1, 4):
        story.on(page, Kind.GOAL, again * 5000 - 1000, goal="melding_verzonden")
        page = story.page("/melding/eigen", again * 5000, visitor=9, **MET)
    return tables_of(story.frame(), experiments=TWO)


#: Tables with a column that may say where somebody was.
TELLING = ("sessions", "questions", "moves", "units", "strata", "flows", "touchpoints", "transitions")


@pytest.fixture(scope="module")
def one_visitor() -> Mapping[str, pd.DataFrame]:
    return to_and_fro()


@pytest.mark.parametrize("name", TELLING)
def test_one_visitor_is_one_however_often_something_happened(
    name: str, one_visitor: Mapping[str, pd.DataFrame]
) -> None:
    frame = one_visitor[name]
    for count in {"flows": ["questions"], "transitions": ["times"]}.get(name, []):
        assert frame.groupby("source")[count].sum()["/melding/eigen"] >= 5
    own = ("eigen", SHOWN)
    assert any(text in as_csv(frame) for text in own)
    left = as_csv(exported(name, one_visitor))
    assert not any(text in left for text in own)
    assert len(left.splitlines()) == len(frame) + 1


def test_what_five_visitors_had_is_told_in_every_table() -> None:
    story = Story()
    for visitor in range(5):
        page = story.page("/afval/zwerfvuil", visitor * 60, visitor=visitor, **MET)
        story.on(page, Kind.FEEDBACK, visitor * 60 + 5, heartbeat=1)
    tables = tables_of(story.frame(), experiments=TWO)
    for name in TELLING:
        assert len(tables[name])
        pd.testing.assert_frame_equal(exported(name, tables), tables[name])


def test_which_versions_one_visitor_met_stands_in_no_event_log(
    one_visitor: Mapping[str, pd.DataFrame],
) -> None:
    assert set(one_visitor["questions"]["exposures"]) == {SHOWN}
    log = event_log(one_visitor["questions"], one_visitor["moves"])
    assert set(log["case:exposures"]) == {OTHER}


def test_every_table_comes_back_from_parquet_as_it_is() -> None:
    tables = tables_of(busy_day().frame(), experiments={"zwerfvuil": ONE})
    for name in TABLES:
        frame = exported(name, tables)
        pd.testing.assert_frame_equal(pd.read_parquet(BytesIO(as_parquet(frame))), frame)
        assert list(frame.columns) == list(TABLES[name])
    with pytest.raises(TableError, match="event-log"):
        exported("question", tables)


def test_no_cell_is_a_formula() -> None:
    texts = ["=1+1", "+31 20", "-2", "@SUM(A1)", "\tx", "gewoon", "a=b", ""]
    frame = pd.DataFrame({"text": texts, "number": [-1.5] * len(texts)})
    read = pd.read_csv(StringIO(as_csv(frame)), keep_default_na=False)
    assert read["text"].tolist() == ["'=1+1", "'+31 20", "'-2", "'@SUM(A1)", "'\tx", "gewoon", "a=b", ""]
    assert read["number"].tolist() == [-1.5] * len(texts)
    moments = pd.DataFrame({"at": pd.to_datetime([1_000_000, 1_000_001], unit="us", utc=True)})
    assert as_csv(moments).splitlines()[1:] == [
        "1970-01-01T00:00:01.000000+00:00",
        "1970-01-01T00:00:01.000001+00:00",
    ]


def test_pm4py_reads_the_event_log(tmp_path: Path) -> None:
    python = os.environ.get("KLANTREIS_ORACLES")
    if python is None:
        pytest.skip("KLANTREIS_ORACLES names no Python with the oracles")
    if subprocess.run([python, "-c", "import pm4py"], capture_output=True, check=False).returncode:
        pytest.skip(f"pm4py is not installed beside {python}")
    story = Story()
    for visitor in range(6):
        page = story.page("/afval/zwerfvuil", 0, visitor=visitor)
        step = story.page("/melding/stap-1", 10, visitor=visitor, came=page)
        story.on(step, Kind.GOAL, 60, goal="melding_verzonden", visitor=visitor)
    tables = tables_of(story.frame())
    path = tmp_path / "log.parquet"
    path.write_bytes(as_parquet(event_log(tables["questions"], tables["moves"])))
    ran = subprocess.run(
        [python, "-W", "ignore", "-c", ASKED, path], capture_output=True, text=True, check=True
    )
    found = json.loads(ran.stdout.splitlines()[-1])
    assert found["starts"] == {"/afval/zwerfvuil": 6}
    assert ["/afval/zwerfvuil", "/melding/stap-1", 6] in found["steps"]
    assert sum(count for _, _, count in found["steps"]) == 12

# SPDX-License-Identifier: EUPL-1.2
"""Calls and survey answers find their question by the call code, and by nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from analysis import day_tables
from analysis.close import close_days
from analysis.journeys import from_archive
from analysis.side_records import Fit, joined_records
from tests.analysis.stories import DAY, NINE, SITE, TASKS, Story
from tests.archives import append
from tracker.archive_files import files_of, read_tables
from tracker.archive_format import PARTITION, SCHEMA
from tracker.archive_schema import VERSION_KEY
from tracker.call_code import CODES, call_code
from tracker.event import Kind
from tracker.imports.side_files import import_contacts, import_surveys
from tracker.site import Sites

SHOWING = replace(SITE, call_code_pages=("/contact", "/afval/**"))
SITES = Sites([SHOWING])


def at(second: float) -> str:
    """A moment after nine, as a contact centre writes it."""
    return datetime.fromtimestamp(NINE / 1000 + second, UTC).isoformat()


def recorded(root: Path, story: Story, calls: Iterable[tuple[float, str, str]]) -> Path:
    """The archive of a story, and calls: second, subject and code."""
    append(root / "archive", story.events, name="verhaal", sites=SITES, partitions=4)
    lines = [f"{at(second)};{subject};telefoon;{code}" for second, subject, code in calls]
    path = root / "kcc.csv"
    path.write_text("\n".join(["Tijdstip;Onderwerp;Kanaal;Belcode", *lines]) + "\n")
    import_contacts([path], site=SHOWING, archive_root=root / "archive")
    return root


def closed(root: Path, name: str) -> pd.DataFrame:
    """A day table of the recorded DAY."""
    tasks = {SITE.name: TASKS}
    list(
        close_days(
            root / "archive", root / "tables", [DAY], sites=SITES, tasks=tasks, experiments=[], partitions=4
        )
    )
    return day_tables.read(root / "tables", name)


def litter(story: Story, at: float = 0, *, visitor: int = 1, **fields: object) -> str:
    home = story.page("/", at, visitor=visitor)
    return story.page("/afval/zwerfvuil", at + 10, visitor=visitor, came=home, **fields)


def test_a_call_with_its_code_is_how_the_question_ended(tmp_path: Path) -> None:
    story = Story()
    view = litter(story)
    other = litter(story, visitor=2)
    recorded(tmp_path, story, [(300, "Afval", call_code(view)), (310, "Zwerfvuil", ""), (320, "", "")])
    questions = closed(tmp_path, "questions").set_index("visitor")
    assert call_code(view) != call_code(other)
    assert sorted(questions["outcome"]) == ["abandoned", "channel_shift"]
    joined = questions[questions["outcome"] == "channel_shift"].iloc[0]
    assert (joined["channel"], joined["time_s"], joined["task"]) == ("tel", 300.0, "zwerfvuil")
    contacts = day_tables.read(tmp_path / "tables", "contacts").set_index(["joined", "task"])["contacts"]
    assert contacts.to_dict() == {("page view", ""): 1, ("no code", "zwerfvuil"): 1, ("no code", ""): 1}
    found = from_archive(tmp_path / "archive", sites=SITES, tasks={SITE.name: TASKS})
    assert sorted(found.questions["outcome"]) == sorted(questions["outcome"])


def test_a_call_after_the_answer_confirms_it(tmp_path: Path) -> None:
    story = Story()
    view = litter(story)
    story.on(view, Kind.GOAL, 60, goal="melding_verzonden")
    question = closed(recorded(tmp_path, story, [(200, "", call_code(view))]), "questions").iloc[0]
    assert (question["outcome"], bool(question["confirming_contact"])) == ("answered", True)
    assert question["events"] == 4


def with_code(code: str) -> str:
    """A page view's id that gives this code."""
    return next(name for name in (f"again{number:07d}" for number in count()) if call_code(name) == code)


def test_what_does_not_fit_one_page_view_is_counted_and_not_joined(tmp_path: Path) -> None:
    story = Story()
    first = litter(story)
    twin = litter(story, 600, visitor=2, page_view=with_code(call_code(first)))
    late = litter(story, 0, visitor=3)
    early = litter(story, 2000, visitor=4)
    elsewhere = story.page("/paspoort", 0, visitor=5)  # shows no code
    robot = story.page("/contact", 0, visitor=6, automated=True)
    assert len({call_code(one) for one in (first, late, early, elsewhere, robot)}) == 5
    assert call_code(first) == call_code(twin)
    calls = [
        (700, "", call_code(first)),  # two page views
        (10 + 1801, "", call_code(late)),
        (2010 - 121, "", call_code(early)),
        (60, "", call_code(elsewhere)),
        (60, "", call_code(robot)),
        (60, "", ""),
    ]
    recorded(tmp_path, story, calls)
    contacts = closed(tmp_path, "contacts")
    assert contacts.set_index("joined")["contacts"].to_dict() == {
        Fit.SEVERAL.value: 1, Fit.NOWHERE.value: 4, Fit.NO_CODE.value: 1,
    }  # fmt: skip
    assert "channel_shift" not in set(closed(tmp_path, "questions")["outcome"])


def test_files_that_know_no_robots_yet_show_codes_too(tmp_path: Path) -> None:
    """An older version wrote no column `automated`: its page views are people's."""
    story = Story()
    recorded(tmp_path, story, [(60, "", call_code(litter(story)))])
    for path in files_of(tmp_path / "archive", DAY):
        (table,) = read_tables([path], [name for name in SCHEMA.names if name != "automated"])
        older = table.drop_columns([PARTITION.name]).replace_schema_metadata({VERSION_KEY: "1"})
        pq.write_table(older, path)
    assert "automated" not in pq.read_schema(path).names
    assert [one.kind for one in joined_records(tmp_path / "archive", DAY, SITES)] == [Kind.CONTACT]


@pytest.mark.parametrize("second", [10 - 120, 10, 10 + 1800])
def test_a_code_is_good_for_half_an_hour_and_clocks_may_differ(tmp_path: Path, second: float) -> None:
    story = Story()
    recorded(tmp_path, story, [(second, "", call_code(litter(story)))])
    (joined,) = joined_records(tmp_path / "archive", DAY, SITES)
    assert joined.time == max(NINE + round(second * 1000), NINE + 10_001)


def test_chance_joins_no_more_than_arithmetic_allows(tmp_path: Path) -> None:
    """200 page views in half an hour, and calls that belong to none of them: without a code, and with one
    that was made up or misheard. Only the latter can go wrong: 200/10,000 x (1 - 1/10,000)^199 = 1.96 %."""
    rng, story = np.random.default_rng(4), Story()
    for visitor in range(200):
        name = "".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz0123456789"), 12))
        story.page("/contact", float(rng.uniform(0, 1500)), visitor=visitor, page_view=name)
    wrong = 4000
    calls = [(1600 + number / 100, "", f"{rng.integers(CODES):04d}") for number in range(wrong)]
    calls += [(1600 + number / 100, "x", "") for number in range(1000)]
    recorded(tmp_path, story, calls)
    joined = joined_records(tmp_path / "archive", DAY, SITES)
    expected = wrong * 200 / CODES * (1 - 1 / CODES) ** 199
    assert abs(len(joined) - expected) < 4 * expected**0.5
    assert closed(tmp_path, "contacts").set_index("joined")["contacts"]["no code"] == 1000


def test_codes_are_spread_evenly() -> None:
    rng = np.random.default_rng(5)
    letters = list("abcdefghijklmnopqrstuvwxyz0123456789")
    names = ["".join(row) for row in rng.choice(letters, (50_000, 12))]
    counts = np.bincount([int(call_code(name)) for name in names], minlength=CODES)
    chi_squared = float(((counts - 5) ** 2 / 5).sum())
    assert abs(chi_squared - CODES) < 5 * (2 * CODES) ** 0.5


def test_without_pages_that_show_codes_nothing_is_joined(tmp_path: Path) -> None:
    story = Story()
    recorded(tmp_path, story, [(60, "", call_code(litter(story)))])
    assert joined_records(tmp_path / "archive", DAY, Sites([SITE])) == []


def test_a_survey_answer_with_a_code_is_a_heartbeat_that_was_given(tmp_path: Path) -> None:
    story = Story()
    view = litter(story)
    append(tmp_path / "archive", story.events, name="verhaal", sites=SITES, partitions=4)
    path = tmp_path / "enquete.csv"
    path.write_text(
        "Tijdstip;Cijfer;Pagina;Belcode\n"
        f"{at(100)};1;/afval/zwerfvuil;{call_code(view)}\n{at(101)};5;/paspoort;\n{at(102)};4;/over;\n"
    )
    import_surveys([path], site=SHOWING, archive_root=tmp_path / "archive", scale="1..5")
    moves = closed(tmp_path, "moves")
    given = moves[moves["given"]]
    assert given[["kind", "touchpoint", "heartbeat"]].to_numpy().tolist() == [
        ["feedback", "/afval/zwerfvuil", -1.0]
    ]
    answers = day_tables.read(tmp_path / "tables", "answers").set_index(["joined", "task", "heartbeat"])[
        "answers"
    ]
    assert answers.to_dict() == {
        ("page view", "zwerfvuil", -1): 1,
        ("no code", "paspoort", 1): 1,
        ("no code", "", 1): 1,
    }

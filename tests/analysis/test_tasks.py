# SPDX-License-Identifier: EUPL-1.2
"""Task definitions: what they say, and how they are mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.errors import TaskDefinitionsError
from analysis.tables import Audience, Phase
from analysis.tasks import NO_TASK, load, loads
from analysis.words import normalise
from tests.analysis.stories import TASKS

GOOD = """
[task.zwerfvuil]
question = "Ik wil zwerfvuil melden"
pages    = ["/melding/**"]
goals    = ["melding_verzonden"]
"""


def test_a_page_a_goal_and_a_query_lead_to_their_task() -> None:
    assert TASKS.name(TASKS.of_page("/afval/zwerfvuil-melden")) == "zwerfvuil"
    assert TASKS.name(TASKS.of_page("/paspoort/")) == "paspoort"
    assert TASKS.of_page("/contact") == NO_TASK
    assert TASKS.name(TASKS.of_goal("melding_verzonden")) == "zwerfvuil"
    assert TASKS.of_goal("iets_anders") == NO_TASK
    assert TASKS.name(TASKS.of_query(normalise("zwerfvul melden"))) == "zwerfvuil"
    assert TASKS.name(TASKS.of_query(normalise("er ligt rommel op straat"))) == "zwerfvuil"
    assert TASKS.of_query(normalise("rommel")) == NO_TASK
    assert TASKS.is_answer("/melding/bedankt")
    assert not TASKS.is_answer("/melding/stap-1")
    assert TASKS.phase_of("/melding/stap-2") is Phase.EXECUTION
    assert TASKS.phase_of("/melding/bedankt") is None


def test_the_longest_example_wins() -> None:
    tasks = loads(
        GOOD.replace("goals", 'queries = ["paspoort"]\ngoals')
        + '[task.kwijt]\nquestion="?"\npages=["/kwijt"]\nanswers=["/kwijt"]\nqueries=["paspoort kwijt"]\n'
    )
    assert tasks.name(tasks.of_query(normalise("paspoort kwijt wat nu"))) == "kwijt"
    assert tasks.name(tasks.of_query(normalise("paspoort verlengen"))) == "zwerfvuil"


ANSWER = '[task.a]\nquestion = "?"\npages = ["/a", "/b"]\nanswers = ["/a"]\n'


def test_an_answer_may_tell_how_many_words_it_has() -> None:
    tasks = loads(ANSWER + 'words = { "/a" = 120 }')
    assert (tasks.words_of("/a"), tasks.words_of("/b"), tasks.words_of("/c")) == (120, None, None)


def test_a_task_is_for_residents_unless_it_says_otherwise() -> None:
    for said, expected in (
        ("", Audience.RESIDENT),
        ('audience = "resident"', Audience.RESIDENT),
        ('audience = "business"', Audience.BUSINESS),
    ):
        assert [task.audience for task in loads(ANSWER + said)] == [expected]


PROBLEMS = {
    "an audience of another kind": (ANSWER + 'audience = "both"', 5, "is 'both'. Write \"resident\" or"),
    "two audiences": (ANSWER + 'audience = ["resident", "business"]', 5, 'Write "resident" or "business"'),
    "words that are none": (ANSWER + 'words = { "/a" = "veel" }', 5, "Write how many it has"),
    "words of no answer": (ANSWER + 'words = { "/b" = 12 }', 5, "is no answer of the task"),
    "words without a page": (ANSWER + "words = 120", 5, "is no table"),
    "unknown key": (GOOD + 'anwsers = ["/x"]', 6, 'Did you mean "answers"?'),
    "unknown table": ('[taks.a]\nquestion = "?"', 1, 'Did you mean "task"?'),
    "no question": ('[task.a]\npages = ["/a"]\nanswers = ["/a"]', 1, "is missing"),
    "no pages": ('[task.a]\nquestion = "?"\ngoals = ["g"]', 1, "Name the pages"),
    "no way to be answered": ('[task.a]\nquestion = "?"\npages = ["/a"]', 1, "can never be answered"),
    "an answer out of reach": (
        '[task.a]\nquestion = "?"\npages = ["/a/**"]\nanswers = ["/b"]',
        4,
        '"/b" cannot be reached',
    ),
    "a page that is no path": ('[task.a]\nquestion = "?"\npages = ["a"]\ngoals = ["g"]', 3, "Begin it with"),
    "a text where a list belongs": (
        '[task.a]\nquestion = "?"\npages = "/a"\ngoals = ["g"]',
        3,
        "list of texts",
    ),
    "a query without a word": (GOOD + 'queries = ["?!"]', 6, "has no word"),
    "a name with a space": ('[task."a b"]\nquestion="?"\npages=["/a"]\ngoals=["g"]', 1, "lower-case letters"),
    "an unknown phase": (
        GOOD + '[task.zwerfvuil.phase]\ncontakt = ["/melding/x"]',
        7,
        'Did you mean "contact"?',
    ),
    "a page of two tasks": (
        GOOD + '[task.b]\nquestion = "?"\npages = ["/melding/bedankt"]\nanswers = ["/melding/bedankt"]',
        8,
        'overlaps "/melding/**" of task zwerfvuil (line 2)',
    ),
    "a goal of two tasks": (
        GOOD + '[task.b]\nquestion = "?"\npages = ["/b"]\ngoals = ["melding_verzonden"]',
        9,
        "also a goal of task zwerfvuil",
    ),
    "broken TOML": ("[task.a\nquestion = 1", 1, "is not valid TOML"),
}


@pytest.mark.parametrize(("text", "line", "message"), PROBLEMS.values(), ids=PROBLEMS)
def test_a_problem_names_its_line_and_how_to_mend_it(text: str, line: int, message: str) -> None:
    with pytest.raises(TaskDefinitionsError) as caught:
        loads(text, source="tasks.toml")
    told = [str(problem) for problem in caught.value.problems]
    assert any(each.startswith(f"tasks.toml:{line}:") and message in each for each in told), told


def test_all_problems_come_together() -> None:
    with pytest.raises(TaskDefinitionsError) as caught:
        loads('[task.a]\nquestion = 3\npages = ["a"]\ncolour = "red"\n[task.b]\nquestion = "?"')
    assert len(caught.value.problems) >= 5


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TaskDefinitionsError, match="cannot be read"):
        load(tmp_path / "tasks.toml")


def test_the_demo_s_own_definitions_hold() -> None:
    tasks = load(Path(__file__).parents[2] / "web_demo" / "definitions" / "tasks.toml")
    assert {"zwerfvuil", "schuldhulp"} <= {task.name for task in tasks}

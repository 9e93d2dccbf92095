# SPDX-License-Identifier: EUPL-1.2
"""A definition that is right becomes an experiment; one that is wrong is told with file, line and mend."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.tables import UNIT_MEASURES, UNITS
from experiments.definition import METRICS, Variant
from experiments.errors import DefinitionsError
from experiments.loading import load, loads
from tests.experiments.definitions import LITTER, TEXT


def problems(text: str) -> list[str]:
    with pytest.raises(DefinitionsError) as caught:
        loads(text, source="z.toml")
    return [str(problem) for problem in caught.value.problems]


def without(line: str) -> str:
    kept = [one for one in TEXT.splitlines() if not one.startswith(line)]
    assert len(kept) < len(TEXT.splitlines())
    return "\n".join(kept)


def test_a_definition_becomes_an_experiment() -> None:
    assert loads(TEXT) == {"zwerfvuil": LITTER}


def test_one_file_holds_several() -> None:
    both = loads(TEXT + TEXT.replace("experiment.zwerfvuil", "experiment.paspoort"))
    assert list(both) == ["zwerfvuil", "paspoort"]


def test_inline_tables_mean_the_same() -> None:
    text = (
        without("current = 50")
        .replace("redesign = 50\n", "")
        .replace("[experiment.zwerfvuil.variants]\n", "")
    )
    text = text.replace(
        "planned_size = 1200", "planned_size = 1200\nvariants = { current = 1, redesign = 1 }"
    )
    assert loads(text) == {"zwerfvuil": LITTER}


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ("current = 90\nredesign = 10", (0.9, 0.1)),
        ("current = 0.5\nredesign = 0.5", (0.5, 0.5)),
        ("current = 1\nredesign = 1\nkort = 2", (0.25, 0.25, 0.5)),
    ],
)
def test_weights_are_brought_to_one(weights: str, expected: tuple[float, ...]) -> None:
    found = loads(TEXT.replace("current = 50\nredesign = 50", weights))["zwerfvuil"].variants
    assert tuple(variant.weight for variant in found) == expected
    assert found[0] == Variant("current", expected[0])


@pytest.mark.parametrize(
    ("was", "becomes", "line", "says"),
    [
        ("task =", "tsak =", 4, 'unknown key. Did you mean "task"?'),
        (
            "planned_size = 1200",
            'planned_size = "1200"',
            8,
            "expected a whole number of 1 or more; got '1200'.",
        ),
        ("planned_size = 1200", "planned_size = 0", 8, "expected a whole number of 1 or more; got 0."),
        ("planned_size = 1200", "planned_size = true", 8, "expected a whole number of 1 or more; got True."),
        ("current = 50", "current = -1", 12, "expected a weight above 0"),
        ("current = 50", "current = 0", 12, "expected a weight above 0"),
        ("current = 50", "current = nan", 12, "expected a weight above 0"),
        ("current = 50", "current = inf", 12, "expected a weight above 0"),
        ("current = 50", 'current = "half"', 12, "expected a weight above 0"),
        ("current = 50\n", "", 11, "expected two or more names with their weights"),
        ("redesign = 50", "Redesign = 50", 13, "a name is 1 to 32 characters of a-z, 0-9 and -"),
        ('"answered"', '"answerd"', 15, 'Did you mean "answered"?'),
        ('"higher"', '"up"', 16, "expected one of higher, lower; got 'up'."),
        ("margin = 0.03", "margin = 0", 20, "expected a margin above 0"),
        ("ends = 2026-06-14", "ends = 2026-05-14", 7, "2026-05-14 lies before starts, 2026-06-01"),
        ("ends = 2026-06-14", "ends = 2026-08-30", 7, "the test would last 91 days. Expected at most 90"),
        ("ends = 2026-06-14", 'ends = "2026-06-14"', 7, "expected a date without quotes"),
        ("ends = 2026-06-14", "ends = 2026-06-14T10:00:00", 7, "without quotes and without a time"),
        ('"/afval/**"', '"afval"', 5, '"afval" is no page'),
        ('"/afval/**"', '"/afval?q=x"', 5, '"/afval?q=x" is no page'),
        ('"/afval/**"', '"https://www.voorbeeldstad.nl/"', 5, "is no page"),
        ('["/", "/zoeken", "/afval/**"]', '"/"', 5, "expected a list of text"),
        ('["/", "/zoeken", "/afval/**"]', "[]", 5, "expected a list of text"),
        ('"proceseigenaar afval"', '"  "', 9, "expected text"),
        (
            "approved_by",
            "coverage = 0\napproved_by",
            9,
            "a share of the browsers, above 0 and up to 1; got 0.",
        ),
        ("approved_by", "coverage = 1.5\napproved_by", 9, "above 0 and up to 1; got 1.5."),
        ("[[experiment.zwerfvuil.guardrails]]", "[experiment.zwerfvuil.guardrails]", 17, "with two brackets"),
        (
            "[experiment.zwerfvuil.primary]\n",
            "[experiment.zwerfvuil.pirmary]\n",
            14,
            'Did you mean "primary"?',
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(was: str, becomes: str, line: int, says: str) -> None:
    assert was in TEXT
    told = problems(TEXT.replace(was, becomes, 1))
    assert any(one.startswith(f"z.toml:{line}: ") and says in one for one in told), told


@pytest.mark.parametrize(
    "key", ["question", "site", "pages", "starts", "ends", "planned_size", "approved_by", "roll_back"]
)
def test_what_is_missing_is_told_with_a_line_to_add(key: str) -> None:
    (told,) = problems(without(f"{key} ="))
    assert told.startswith(f"z.toml:1: experiment.zwerfvuil: {key} is missing. Add a line such as: {key} = ")


def test_all_problems_come_together_in_the_order_of_the_file() -> None:
    text = TEXT.replace("task", "tsak", 1).replace("= 50", "= -1").replace('"answered"', '"found"')
    lines = [int(re.findall(r":(\d+):", one)[0]) for one in problems(text)]
    assert lines == [4, 12, 13, 15]


def test_a_metric_is_judged_once() -> None:
    again = '[[experiment.zwerfvuil.secondary]]\nmetric = "answered"\nbetter = "higher"\n'
    assert problems(TEXT + again) == [
        "z.toml:21: experiment.zwerfvuil.secondary.0: answered is already judged. Leave it out here."
    ]


def test_broken_toml_names_file_and_line() -> None:
    (told,) = problems(TEXT.replace("site = ", "site "))
    assert told.startswith("z.toml:3: is not valid TOML")


@pytest.mark.parametrize("text", ["", "[experiments.zwerfvuil]\n", "experiment = 3\n"])
def test_a_file_without_experiments_says_what_it_should_hold(text: str) -> None:
    assert any("Expected a table such as [experiment.zwerfvuil]" in one for one in problems(text))


def test_a_name_that_cannot_travel_is_refused() -> None:
    for name in ("Zwerfvuil", "1zwerfvuil", "zwerf_vuil", "a" * 33, '"zwerf.vuil"'):
        told = problems(TEXT.replace("experiment.zwerfvuil", f"experiment.{name}"))
        assert any("a name is 1 to 32 characters" in one for one in told), name


def test_every_metric_is_something_the_analysis_measures() -> None:
    assert set(METRICS) - {"time"} == set(UNIT_MEASURES) - {"arrived"}  # a step on the way, not an aim
    assert "time_s" in UNITS


class TestFolders:
    def test_a_folder_is_read_whole(self, tmp_path: Path) -> None:
        (tmp_path / "a.toml").write_text(TEXT, "utf-8")
        (tmp_path / "b.toml").write_text(TEXT.replace("experiment.zwerfvuil", "experiment.paspoort"), "utf-8")
        (tmp_path / "notes.txt").write_text("nothing", "utf-8")
        assert list(load([tmp_path])) == ["zwerfvuil", "paspoort"]

    def test_problems_of_all_files_come_together(self, tmp_path: Path) -> None:
        (tmp_path / "a.toml").write_text(TEXT.replace("= 50", "= -1"), "utf-8")
        (tmp_path / "b.toml").write_bytes(b"# caf\xe9\n")
        (tmp_path / "c.toml").write_text("[experiment\n", "utf-8")
        with pytest.raises(DefinitionsError) as caught:
            load([tmp_path, tmp_path / "d.toml"])
        told = str(caught.value)
        assert re.search(r"a\.toml:12: .*weight", told)
        assert "b.toml:1: is not UTF-8" in told
        assert "c.toml:1: is not valid TOML" in told
        assert re.search(r"d\.toml: cannot be read \(No such file", told)

    def test_a_name_is_used_once(self, tmp_path: Path) -> None:
        for file in ("a.toml", "b.toml"):
            (tmp_path / file).write_text(TEXT, "utf-8")
        with pytest.raises(DefinitionsError, match=r"b\.toml:1: zwerfvuil: is also defined in .*a\.toml"):
            load([tmp_path])

    def test_an_empty_folder_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(DefinitionsError, match=r"holds no definition. Expected files that end in \.toml"):
            load([tmp_path])


@settings(deadline=None)
@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    for given_text in (text, f"[experiment.zwerfvuil]\n{text}"):
        try:
            loads(given_text)
        except DefinitionsError as error:
            assert error.problems  # noqa: PT017  most texts fail, the few that do not are as welcome

# SPDX-License-Identifier: EUPL-1.2
"""The report on a terminal."""

from __future__ import annotations

import re
import unicodedata

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings

from analysis.rendering import render
from analysis.rendering.sections import LanguageError, Table
from analysis.rendering.text import draw
from analysis.report import Report, from_json
from tests.analysis.any_report import reports
from tests.analysis.sample_reports import all_reports, do_not_use, not_enough_data, report, three_variants

SAMPLES = {one.experiment: one for one in all_reports()}


def text(one: Report, language: str = "nl") -> str:
    return render(one, form="text", language=language)


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("one", SAMPLES.values(), ids=SAMPLES)
def test_fits_a_terminal(one: Report, language: str) -> None:
    written = text(one, language)
    assert max(map(len, written.splitlines())) <= 80
    assert written.endswith("\n")


def test_the_verdict_comes_first() -> None:
    lines = text(report()).splitlines()
    assert lines[0] == "BETER"
    assert lines[1].startswith(
        "De nieuwe versie is beter: van de 100 bezoekers vonden er 57 een antwoord, bij"
    )


EXPECTED = {
    "both values stand under their version": (
        report(),
        "antwoord gevonden                                          50,0 %         57,0 %\n"
        "    +7,0 procentpunt (+3,0 tot +11,0): duidelijk beter\n",
    ),
    "a time": (report(), "    −2 min 31 s (−3 min 52 s tot −1 min 10 s): duidelijk beter\n"),
    "a refused result says why": (
        report(),
        "eerste vraag beantwoord                                         –              –\n"
        "    niet te zeggen: er zijn te weinig bezoekers om de onzekerheid te berekenen\n",
    ),
    "a guardrail says its limit": (report(), "grens: hooguit 2,0 procentpunt slechter\n"),
    "what was set aside, with the number": (report(), "andere versie getoond dan geloot       1\n"),
    "with three versions each row names its own": (three_variants(), "antwoord gevonden (versie kort)"),
    "a void report calls nothing clear": (
        do_not_use(),
        "    +7,0 procentpunt (+3,0 tot +11,0): niet te gebruiken\n",
    ),
    "a failed check": (do_not_use(), "✕  Eerlijke verdeling: De bezoekers zijn niet verdeeld"),
    "too early": (not_enough_data(), "Nog geen oordeel: er deden 20 van de 3.000 geplande bezoekers mee."),
}


@pytest.mark.parametrize(("one", "expected"), EXPECTED.values(), ids=EXPECTED)
def test_says(one: Report, expected: str) -> None:
    assert expected in text(one)


def test_segments_stand_apart_from_the_results() -> None:
    main, _, exploration = text(report()).partition("Deelgroepen, om te verkennen")
    assert "scherm" not in main
    assert "antwoord gevonden, scherm: klein (telefoon) " in exploration


def test_parts_of_the_day_stand_in_the_order_of_the_day() -> None:
    one = report()
    part = next(result for result in one.results if result.segment is not None)
    names = ("daypart=night", "daypart=afternoon", "daypart=morning", "daypart=evening")
    whole = tuple(result for result in one.results if result.segment is None)
    parts = tuple(msgspec.structs.replace(part, segment=name) for name in names)
    shown = text(msgspec.structs.replace(one, results=whole + parts))
    told = re.findall(r"dagdeel: (\w+)", shown)
    assert told == ["ochtend", "middag", "avond", "nacht"]


def test_an_unknown_language_is_refused_in_words() -> None:
    with pytest.raises(LanguageError, match="a report can be had in nl, en, not in 'fr'"):
        text(report(), "fr")


def test_json_reads_back_as_the_same_report() -> None:
    assert from_json(render(report(), form="json", language="nl").encode()) == report()


def test_words_are_wrapped_within_their_own_column() -> None:
    table = Table("", ("een", "twee"), (("woord " * 12, "zin " * 20),))
    drawn = draw(table, 40)
    assert max(map(len, drawn.splitlines())) <= 40
    assert drawn.count("woord") == 12


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(reports)
def test_any_report_is_plain_text(one: Report) -> None:
    for language in ("nl", "en"):
        written = text(one, language)
        steering = [letter for letter in written if unicodedata.category(letter) == "Cc" and letter != "\n"]
        assert steering == []
        assert max(map(len, written.splitlines())) <= 80

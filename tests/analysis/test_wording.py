# SPDX-License-Identifier: EUPL-1.2
"""Words and figures as a councillor reads them."""

from __future__ import annotations

import doctest
import re
from datetime import UTC, date, datetime
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis import exposed, intake, naming, notation, reconstruct, wording
from analysis.estimates import Refusal
from analysis.phrases import checks, journeys, methods, metrics, second, verdicts
from analysis.phrases.checks import CHECKS
from analysis.phrases.methods import REFUSALS, SET_ASIDE
from analysis.phrases.metrics import MetricWords
from analysis.rendering import labels, scales
from analysis.report import Estimand, Result, Role, Status, VerdictCode
from tests.analysis.sample_results import check, refused, result

NUMBERS = {
    "thousands in Dutch": (notation.number(1490, "nl"), "1.490"),
    "thousands in English": (notation.number(1490, "en"), "1,490"),
    "millions": (notation.number(5_500_000, "nl"), "5.500.000"),
    "decimals in Dutch": (notation.number(0.57, "nl", decimals=2), "0,57"),
    "decimals in English": (notation.number(0.57, "en", decimals=2), "0.57"),
    "a minus is no hyphen": (notation.number(-3, "en"), "−3"),
    "a plus where asked": (notation.number(3, "nl", signed=True), "+3"),
    "no sign on what rounds to zero": (notation.number(-0.004, "nl", decimals=2, signed=True), "0,00"),
    "percentage in Dutch": (notation.percentage(0.57, "nl"), "57 %"),
    "percentage in English": (notation.percentage(0.57, "en"), "57%"),
    "percentage points": (notation.points(-0.031, "nl"), "−3,1 procentpunt"),
    "small average": (notation.quantity(0.566, "nl"), "0,57"),
    "large average": (notation.quantity(1490.4, "en"), "1,490"),
    "an axis has no idle zeros": (notation.quantity(2.5, "nl", trim=True), "2,5"),
    "seconds": (notation.duration(24, "nl"), "24 s"),
    "few seconds keep a decimal": (notation.duration(4.24, "nl"), "4,2 s"),
    "minutes": (notation.duration(204, "nl"), "3 min 24 s"),
    "whole minutes": (notation.duration(180, "en"), "3 min"),
    "rounding carries over": (notation.duration(59.7, "nl"), "1 min"),
    "rounding carries over to the hour": (notation.duration(3599.8, "en"), "1 h"),
    "hours in Dutch": (notation.duration(3900, "nl"), "1 u 5 min"),
    "a time that got shorter": (notation.duration(-46, "nl", signed=True), "−46 s"),
    "date in Dutch": (notation.day(date(2026, 11, 22), "nl"), "22 november 2026"),
    "date in English": (notation.day(date(2026, 11, 22), "en"), "22 November 2026"),
    "period within a month": (
        notation.period(date(2026, 11, 9), date(2026, 11, 22), "nl"),
        "9 tot en met 22 november 2026",
    ),
    "period over months": (
        notation.period(date(2026, 10, 30), date(2026, 11, 22), "en"),
        "30 October to 22 November 2026",
    ),
    "period over years": (
        notation.period(date(2025, 12, 30), date(2026, 1, 2), "nl"),
        "30 december 2025 tot en met 2 januari 2026",
    ),
    "one day": (notation.period(date(2026, 1, 2), date(2026, 1, 2), "nl"), "2 januari 2026"),
    "moment in the municipality": (
        notation.moment(datetime(2026, 11, 23, 3, 12, tzinfo=UTC), "nl"),
        "23 november 2026, 4.12 uur",
    ),
    "a rare chance": (notation.odds(0.0004, "nl"), "1 op de 2.500"),
    "a common chance": (notation.odds(0.31, "nl"), "3 op de 10"),
    "a vanishing chance": (notation.odds(1e-9, "en"), "less than 1 in 10,000"),
}


@pytest.mark.parametrize(("written", "expected"), NUMBERS.values(), ids=NUMBERS)
def test_notation(written: str, expected: str) -> None:
    assert written == expected


@given(st.floats(-1e9, 1e9), st.integers(0, 4))
def test_a_written_number_reads_back(value: float, decimals: int) -> None:
    for language, thousands, point in (("nl", ".", ","), ("en", ",", ".")):
        written = notation.number(value, language, decimals=decimals)
        read = float(written.replace(thousands, "").replace(point, ".").replace("−", "-"))
        assert read == pytest.approx(value, abs=0.5000001 * 10**-decimals)


@pytest.mark.parametrize("module", [notation, scales], ids=lambda module: module.__name__)
def test_examples_in_the_docstrings(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0


BETTER, WORSE, UNCLEAR = VerdictCode.BETTER, VerdictCode.WORSE, VerdictCode.NO_CLEAR_DIFFERENCE
UNEVEN = check("sampleRatio", Status.FAIL)
TIME = result(
    metric="time_s", kind="time", unit="s", better="lower", values=(250.0, 204.0), estimate=-46.0,
    ci=(-72.0, -20.0),
)  # fmt: skip
PAGES = result(
    metric="pages", kind="mean", better="lower", values=(5.61, 4.2), estimate=-1.41, ci=(-1.9, -0.9)
)
OWN = result(metric="minuten", kind="mean", variant="B", control="A", values=(5.61, 5.5), estimate=-0.11,
             ci=(-0.9, 0.7), p_adjusted=0.5)  # fmt: skip

SENTENCES = {
    "better": (
        (BETTER, result(), {}),
        "De nieuwe versie is beter: van de 100 bezoekers vonden er 57 een antwoord, bij de huidige versie "
        "50; "
        "het echte verschil ligt waarschijnlijk tussen 3 en 11.",
        "The new version is better: out of 100 visitors, 57 found an answer, with the current version 50; "
        "the "
        "real difference is probably between 3 and 11.",
    ),
    "worse": (
        (WORSE, result(values=(0.5, 0.43), estimate=-0.07, ci=(-0.11, -0.03)), {}),
        "De nieuwe versie is slechter: van de 100 bezoekers vonden er 43 een antwoord, bij de huidige "
        "versie 50; "
        "het echte verschil ligt waarschijnlijk tussen 3 en 11.",
        "The new version is worse: out of 100 visitors, 43 found an answer, with the current version 50; the "
        "real difference is probably between 3 and 11.",
    ),
    "no clear difference": (
        (UNCLEAR, result(values=(0.5, 0.51), estimate=0.01, ci=(-0.03, 0.05), p_adjusted=0.6), {}),
        "Er is geen duidelijk verschil: van de 100 bezoekers vonden er 51 een antwoord, bij de huidige "
        "versie "
        "50; het echte verschil ligt waarschijnlijk tussen 3 minder en 5 meer.",
        "There is no clear difference: out of 100 visitors, 51 found an answer, with the current version "
        "50; the "
        "real difference is probably between 3 fewer and 5 more.",
    ),
    "a clear difference is not told as possibly nil": (
        (BETTER, result(values=(0.5, 0.54), estimate=0.04, ci=(0.0004, 0.08)), {}),
        "De nieuwe versie is beter: van de 100 bezoekers vonden er 54 een antwoord, bij de huidige versie "
        "50; "
        "het echte verschil ligt waarschijnlijk tussen net boven 0 en 8.",
        "The new version is better: out of 100 visitors, 54 found an answer, with the current version 50; "
        "the "
        "real difference is probably between just above 0 and 8.",
    ),
    "rare outcomes are told out of more": (
        (BETTER, result(values=(0.005, 0.008), estimate=0.003, ci=(0.0012, 0.0051)), {}),
        "De nieuwe versie is beter: van de 1.000 bezoekers vonden er 8 een antwoord, bij de huidige versie "
        "5; "
        "het echte verschil ligt waarschijnlijk tussen 1 en 5.",
        "The new version is better: out of 1,000 visitors, 8 found an answer, with the current version 5; "
        "the "
        "real difference is probably between 1 and 5.",
    ),
    "time": (
        (BETTER, TIME, {}),
        "De nieuwe versie is beter: bezoekers zochten gemiddeld 3 min 24 s naar een antwoord, bij de huidige "
        "versie 4 min 10 s; het echte verschil ligt waarschijnlijk tussen 20 s en 1 min 12 s.",
        "The new version is better: visitors spent 3 min 24 s on average looking for an answer, with the "
        "current "
        "version 4 min 10 s; the real difference is probably between 20 s and 1 min 12 s.",
    ),
    "mean": (
        (BETTER, PAGES, {}),
        "De nieuwe versie is beter: bezoekers bekeken gemiddeld 4,2 pagina's, bij de huidige versie 5,6; het "
        "echte verschil ligt waarschijnlijk tussen 0,9 en 1,9.",
        "The new version is better: visitors viewed 4.2 pages on average, with the current version 5.6; "
        "the real "
        "difference is probably between 0.9 and 1.9.",
    ),
    "ratio of questions": (
        (BETTER, result(estimand=Estimand.QUESTION, kind="ratio"), {}),
        "De nieuwe versie is beter: van de 100 vragen kregen er 57 een antwoord, bij de huidige versie 50; "
        "het "
        "echte verschil ligt waarschijnlijk tussen 3 en 11.",
        "The new version is better: out of 100 questions, 57 got an answer, with the current version 50; the "
        "real difference is probably between 3 and 11.",
    ),
    "a team's own column": (
        (UNCLEAR, OWN, {}),
        "Er is geen duidelijk verschil: ‘minuten’ was gemiddeld 5,5, bij versie A 5,6; het echte verschil "
        "ligt "
        "waarschijnlijk tussen 0,9 minder en 0,7 meer.",
        "There is no clear difference: ‘minuten’ was 5.5 on average, with version A 5.6; the real "
        "difference is "
        "probably between 0.9 less and 0.7 more.",
    ),
    "a guardrail holds back": (
        (
            UNCLEAR,
            result(),
            {"guardrails": [result(metric="contacted", role=Role.GUARDRAIL, unbroken=False)]},
        ),
        "Geen duidelijk betere versie: van de 100 bezoekers vonden er 57 een antwoord, bij de huidige "
        "versie 50; "
        "het echte verschil ligt waarschijnlijk tussen 3 en 11. Let op wat niet slechter mocht worden: "
        "belde of "
        "mailde (over de grens gegaan).",
        "No version is clearly better: out of 100 visitors, 57 found an answer, with the current version "
        "50; the "
        "real difference is probably between 3 and 11. Mind what was not to get worse: phoned or mailed "
        "(went "
        "over the limit).",
    ),
    "not enough data": (
        (VerdictCode.NOT_ENOUGH_DATA, result(), {"units": 412, "planned_size": 3000}),
        "Nog geen oordeel: er deden 412 van de 3.000 geplande bezoekers mee.",
        "No verdict yet: 412 of the 3,000 planned visitors took part.",
    ),
    "not enough for any figure": (
        (VerdictCode.NOT_ENOUGH_DATA, refused(reason="tooFewUnits: 9 and 11, at least 20 are needed"), {}),
        "Nog geen oordeel mogelijk: er zijn te weinig bezoekers om de onzekerheid te berekenen.",
        "No verdict is possible yet: there are too few visitors to work out the uncertainty.",
    ),
    "do not use": (
        (VerdictCode.DO_NOT_USE, result(), {"failed": [UNEVEN]}),
        "Gebruik deze uitslag niet. De bezoekers zijn niet verdeeld zoals was afgesproken. Er gaat iets "
        "mis bij "
        "het loten of het meten; zoek eerst uit wat.",
        "Do not use this outcome. The visitors were not divided as agreed. Something is wrong in the "
        "allocation "
        "or the measurement; find out what before anything else.",
    ),
}


@pytest.mark.parametrize(("said", "dutch", "english"), SENTENCES.values(), ids=SENTENCES)
def test_verdict_sentence(said: Any, dutch: str, english: str) -> None:
    code, primary, facts = said
    assert wording.verdict_sentence(code, primary, language="nl", **facts) == dutch
    assert wording.verdict_sentence(code, primary, language="en", **facts) == english


@given(
    code=st.sampled_from(list(VerdictCode)),
    control=st.floats(0.001, 0.999),
    variant=st.floats(0.001, 0.999),
    half=st.floats(0.0001, 0.4),
    language=st.sampled_from(notation.LANGUAGES),
)
def test_what_a_sentence_never_says(
    code: VerdictCode, control: float, variant: float, half: float, language: str
) -> None:
    estimate = variant - control
    one = result(values=(control, variant), estimate=estimate, ci=(estimate - half, estimate + half))
    said = wording.verdict_sentence(code, one, language=language, units=10, planned_size=100).lower()
    assert not re.search(r"signific|geen verschil|no difference|mensen|people|nan|none", said)
    assert said.endswith(".")


def test_a_clear_difference_never_has_an_end_at_zero() -> None:
    for low in (0.00001, 0.0004, 0.004, 0.02):
        said = wording.verdict_sentence(
            VerdictCode.BETTER, result(estimate=0.05, ci=(low, 0.1)), language="nl"
        )
        assert "tussen 0 en" not in said


SURE = {
    "clear and up": (result(), "duidelijk beter", "clearly better"),
    "clear and down": (
        result(estimate=-0.07, ci=(-0.11, -0.03)),
        "duidelijk slechter",
        "clearly worse",
    ),
    "down is better for a time": (TIME, "duidelijk beter", "clearly better"),
    "corrected for many metrics": (
        result(p_value=0.03, p_adjusted=0.09),
        "geen duidelijk verschil",
        "no clear difference",
    ),
    "guardrail held": (
        result(role=Role.GUARDRAIL, unbroken=True),
        "binnen de grens gebleven",
        "stayed within the limit",
    ),
    "guardrail open": (
        result(role=Role.GUARDRAIL, unbroken=None),
        "onzeker of de grens is gehouden",
        "uncertain whether the limit held",
    ),
    "refused": (
        refused(reason="noVariation"),
        "niet te zeggen: alle bezoekers hadden dezelfde waarde",
        "cannot be told: all visitors had the same value",
    ),
}


@pytest.mark.parametrize(("one", "dutch", "english"), SURE.values(), ids=SURE)
def test_how_sure(one: Result, dutch: str, english: str) -> None:
    assert (wording.how_sure(one, "nl"), wording.how_sure(one, "en")) == (dutch, english)


def test_every_refusal_has_words() -> None:
    unnamed = {refusal.value for refusal in Refusal} - REFUSALS.keys()
    assert unnamed == set()


def test_a_refusal_without_words_is_told_in_the_right_language() -> None:
    assert wording.refusal("some sentence in English", "nl") == "deze berekening is niet mogelijk"


def test_a_check_sentence_without_its_facts_says_which_one_is_missing() -> None:
    with pytest.raises(ValueError, match="needs the fact 'units'"):
        wording.check_sentence("plannedSize", Status.WARN, language="nl")


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("name", CHECKS)
def test_every_check_has_a_sentence_for_every_status(name: str, status: Status) -> None:
    facts = {"units": 20, "planned": 3000, "both": 3, "seen": 2000}
    dutch, english = (
        wording.check_sentence(name, status, language=lang, facts=facts) for lang in ("nl", "en")
    )
    assert dutch != english
    assert dutch.endswith(".")


NAMES = {
    "variant of the demo": (naming.variant_name("redesign", "nl"), "de nieuwe versie"),
    "variant of a team": (naming.variant_name("kort", "en"), "version kort"),
    "in a table without article": (naming.short_variant_name("current", "nl"), "huidige versie"),
    "screen": (naming.segment_name("viewport=s", "nl"), "scherm: klein (telefoon)"),
    "part of the day": (naming.segment_name("daypart=evening", "nl"), "dagdeel: avond (18 tot 24 uur)"),
    "night": (naming.segment_name("daypart=night", "en"), "part of the day: night (midnight to 6)"),
    "a segment of a team": (naming.segment_name("wijk=noord", "nl"), "wijk: noord"),
    "method": (naming.method_name("Welch t", "nl"), "twee gemiddelden vergeleken (Welch)"),
    "corrected method": (
        naming.method_name("Welch t, skewness taken out", "en"),
        "two means compared, skewness allowed for (Welch, Hall)",
    ),
    "metric per question": (
        naming.metric_name("answered", "nl", estimand=Estimand.QUESTION),
        "vraag beantwoord",
    ),
    "page": (naming.touchpoint_name("/afval", "nl"), "/afval"),
    "home": (naming.touchpoint_name("/", "nl"), "startpagina"),
}


@pytest.mark.parametrize(("named", "expected"), NAMES.values(), ids=NAMES)
def test_names(named: str, expected: str) -> None:
    assert named == expected


def _texts(value: object, path: str = "") -> list[tuple[str, dict[str, str]]]:
    """Every pair of Dutch and English words in a module's tables."""
    if isinstance(value, MetricWords):
        return [(f"{path}.{part}", getattr(value, part)) for part in ("name", "clause", "meaning")]
    if isinstance(value, dict):
        if value.keys() == {"nl", "en"} and isinstance(value["nl"], str):
            return [(path, value)]
        return [pair for key, inner in value.items() for pair in _texts(inner, f"{path}[{key!r}]")]
    return []


def _by_language() -> list[tuple[str, dict[str, str]]]:
    return [
        (
            f"{table}[{key!r}]",
            {"nl": getattr(labels, table)["nl"][key], "en": getattr(labels, table)["en"][key]},
        )
        for table in ("LABELS", "PAGES")
        for key in getattr(labels, table)["nl"]
    ]


TEXTS = [
    pair
    for module in (checks, journeys, methods, metrics, second, verdicts, labels)
    for name, value in vars(module).items()
    if name.isupper()
    for pair in _texts(value, name)
] + _by_language()


def test_both_languages_have_the_same_labels() -> None:
    for table in (labels.LABELS, labels.PAGES):
        assert table["nl"].keys() == table["en"].keys()


@pytest.mark.parametrize(("where", "texts"), TEXTS, ids=[where for where, _ in TEXTS])
def test_each_language_speaks_itself(where: str, texts: dict[str, str]) -> None:
    english = r"\b(the|with|and|visitors?|this|not|from|than|answer|which|better|worse|question)\b"
    dutch = r"\b(de|het|een|van|met|en|bezoekers?|zijn|niet|dan|antwoord|beter|slechter|vraag)\b"
    assert not re.search(english, texts["nl"].lower())
    assert not re.search(dutch, texts["en"].lower())
    assert set(re.findall(r"{\w+}", texts["nl"])) == set(re.findall(r"{\w+}", texts["en"]))


OURS = (
    *intake.REASONS, reconstruct.NO_PAGE_VIEW, exposed.AGAIN, exposed.MISMATCH, exposed.NOT_EXPOSED,
    exposed.NO_BUCKET, exposed.NO_VARIANT, exposed.OTHER_SITE, exposed.UNKNOWN_EXPERIMENT,
)  # fmt: skip


@pytest.mark.parametrize("reason", OURS)
def test_why_events_and_exposures_were_set_aside_is_said_in_both_languages(reason: str) -> None:
    assert SET_ASIDE[reason].keys() == {"nl", "en"}

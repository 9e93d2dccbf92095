# SPDX-License-Identifier: EUPL-1.2
"""The name of everything that a report shows, in Dutch and English, and the fixed sentences about it."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.notation import number
from analysis.phrases.checks import CHECK_SENTENCES, CHECKS, STATUSES
from analysis.phrases.journeys import PHASES, SEGMENT_COLUMNS, SEGMENT_VALUES, TOUCHPOINTS
from analysis.phrases.methods import METHODS, REFUSALS, SET_ASIDE
from analysis.phrases.metrics import METRICS, QUESTION_METRICS, SAME_METRIC, MetricWords
from analysis.phrases.second import AMONG, DEFINED, KNOWN_NAMES, MILESTONES, REACHING, VIEW_NOTES, VIEWS
from analysis.phrases.texts import Phrases, Texts
from analysis.phrases.verdicts import CAVEATS, ESTIMANDS, VARIANTS, VERDICTS
from analysis.report import Estimand, Status, VerdictCode


def verdict_label(code: VerdictCode, language: str) -> str:
    """The verdict in one to four words, for a heading or a list."""
    return VERDICTS[code.value][language]


def variant_name(name: str, language: str) -> str:
    """'de huidige versie', 'de nieuwe versie', or 'versie kort' for a name of the team's own."""
    known = VARIANTS.get(name)
    return known[language] if known else f"{'versie' if language == 'nl' else 'version'} {name}"


def metric_name(metric: str, language: str, *, estimand: Estimand = Estimand.VISITOR) -> str:
    """The metric in words; a team's own column keeps its own name."""
    words = metric_words(metric, estimand)
    return words.name[language] if words else metric


def metric_meaning(metric: str, language: str, *, estimand: Estimand = Estimand.VISITOR) -> str | None:
    """What the metric counts, in a sentence; None for a team's own column."""
    words = metric_words(metric, estimand)
    return words.meaning[language] if words else None


def method_name(method: str, language: str) -> str:
    """A statistical method in plain words; an unknown one keeps its name."""
    lowered = method.lower()
    for key, texts in METHODS.items():
        if key in lowered:
            return texts[language]
    return method


def estimand_name(estimand: Estimand, language: str) -> str:
    return ESTIMANDS[estimand.value][language]


def status_name(status: Status, language: str) -> str:
    return STATUSES[status.value][language]


def check_name(name: str, language: str) -> str:
    return _known(CHECKS, name, language)


def phase_name(phase: str, language: str) -> str:
    return _known(PHASES, phase, language)


def touchpoint_name(touchpoint: str, language: str) -> str:
    """A touchpoint or an end of a path in words; a page keeps its path."""
    return _known(TOUCHPOINTS, touchpoint, language)


def milestone_name(milestone: str, language: str) -> str:
    """A milestone as what a visitor did: 'kwam bij het antwoord'."""
    return _known(MILESTONES, milestone, language)


def among_name(milestone: str, language: str) -> str:
    """Those who reached a milestone: 'met een vraag over het onderwerp'."""
    return _known(AMONG, milestone, language)


def reaching_text(milestone: str, count: str, language: str) -> str:
    """How many reached it: 'kwamen er 69 bij het antwoord'."""
    return _known(REACHING, milestone, language).format(count=count)


def view_name(view: str, language: str) -> str:
    """How a difference is looked at once more."""
    return _known(VIEWS, view, language)


def view_note(view: str, language: str) -> str:
    """What that is for, in a sentence."""
    return _known(VIEW_NOTES, view, language)


def defined_name(definition: str, language: str) -> str:
    """Other limits for a visit and an answer; '' are those that were agreed."""
    return _known(DEFINED, definition, language)


def known_name(known: str, language: str) -> str:
    """What was known at a first exposure: 'dagdeel'."""
    return _known(KNOWN_NAMES, known, language)


def segment_name(segment: str, language: str) -> str:
    """'viewport=s' in words: 'scherm: klein (telefoon)'."""
    column, _, value = segment.partition("=")
    shown = SEGMENT_VALUES[segment][language] if segment in SEGMENT_VALUES else value
    return f"{_known(SEGMENT_COLUMNS, column, language)}: {shown}"


def segment_place(segment: str) -> int:
    """Where a segment stands among others: small before large, morning before noon, unknown ones last."""
    known = [*SEGMENT_VALUES]
    return known.index(segment) if segment in known else len(known)


def set_aside_reason(reason: str, language: str) -> str:
    """Why rows were set aside; a reason without a translation is given as it came."""
    return _known(SET_ASIDE, reason, language)


def short_variant_name(name: str, language: str) -> str:
    """The same without its article, for tables and pictures: 'huidige versie'."""
    return variant_name(name, language).removeprefix("de " if language == "nl" else "the ")


def refusal(reason: str, language: str) -> str:
    """Why an estimate could not be made, as part of a sentence.

    `reason` is a key of `phrases.methods.REFUSALS`, with or without ': details' behind it; another one is
    reported as an analysis that was not possible, since free text would be in one language only.
    """
    known = REFUSALS.get(reason.partition(":")[0].strip())
    if known:
        return known[language]
    return "deze berekening is niet mogelijk" if language == "nl" else "this analysis is not possible"


def caveat(code: str, language: str) -> str:
    """A caveat by its code (a key of `phrases.verdicts.CAVEATS`).

    Raises:
        KeyError: no such caveat.
    """
    return CAVEATS[code][language]


def check_sentence(
    name: str, status: Status, *, language: str, facts: Mapping[str, float] | None = None
) -> str:
    """What a check found, for people. `facts` fills in counts, such as units and planned of plannedSize."""
    texts = CHECK_SENTENCES.get((name, status.value))
    if texts is None:
        return f"{check_name(name, language)}: {status_name(status, language)}."
    written = {key: number(value, language) for key, value in (facts or {}).items()}
    try:
        return texts[language].format_map(written)
    except KeyError as missing:
        raise ValueError(f"check_sentence({name!r}, …) needs the fact {missing}") from None


def metric_words(metric: str, estimand: Estimand) -> MetricWords | None:
    """All that can be said of a metric; None for a team's own column."""
    metric = SAME_METRIC.get(metric, metric)
    if estimand is Estimand.QUESTION:
        as_question = {"answered": "success", "contacted": "contact"}.get(metric, metric)
        if as_question in QUESTION_METRICS:
            return QUESTION_METRICS[as_question]
    if estimand is Estimand.FIRST_QUESTION and metric == "answered":
        metric = "first_answered"
    return METRICS.get(metric) or QUESTION_METRICS.get(metric)


def _known(phrases: Phrases, key: str, language: str) -> str:
    texts: Texts | None = phrases.get(key)
    return texts[language] if texts else key

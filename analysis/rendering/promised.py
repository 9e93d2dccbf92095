# SPDX-License-Identifier: EUPL-1.2
"""What an experiment fixed beforehand, and the thresholds used, as lines that people read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from analysis import wording
from analysis.rendering.sections import as_date, labels
from analysis.report import Report

#: Key of the report's `definitions` -> words.
#: A key that is missing here is shown as it is; keys of thresholds arrive in snake_case and are turned.
DEFINITIONS: Mapping[str, Mapping[str, str]] = {
    "site": {"nl": "Site", "en": "Site"},
    "pages": {"nl": "Pagina's", "en": "Pages"},
    "task": {"nl": "Onderwerp", "en": "Task"},
    "primary": {"nl": "Hoofdmaat", "en": "Primary metric"},
    "secondary": {"nl": "Andere maten", "en": "Other metrics"},
    "guardrails": {"nl": "Mag niet slechter worden", "en": "May not get worse"},
    "plannedSize": {"nl": "Gepland aantal bezoekers", "en": "Planned number of visitors"},
    "starts": {"nl": "Begint op", "en": "Starts on"},
    "ends": {"nl": "Eindigt op", "en": "Ends on"},
    "approvedBy": {"nl": "Goedgekeurd door", "en": "Approved by"},
    "rollBack": {"nl": "Zo gaan we terug", "en": "Roll-back"},
    "looks": {"nl": "Wanneer er geoordeeld wordt", "en": "When it is judged"},
    "adjusted": {"nl": "Gecorrigeerd voor het soort bezoek", "en": "Adjusted for the kind of visit"},
    "fingerprint": {"nl": "Kenmerk van deze afspraken", "en": "Fingerprint of these promises"},
    "coverage": {"nl": "Deel van de bezoekers dat meedoet", "en": "Share of visitors that takes part"},
    "variants": {"nl": "Verdeling over de versies", "en": "Allocation to the versions"},
    "unit": {"nl": "Wie er telt", "en": "Who is counted"},
    "outcomeWindow": {"nl": "Hoe lang we kijken", "en": "How long we look"},
    "success": {"nl": "Antwoord gevonden betekent", "en": "Found an answer means"},
    "horizonS": {"nl": "Langste tijd die meetelt", "en": "Longest time that counts"},
    "alpha": {"nl": "Duidelijk bij een kans kleiner dan", "en": "Clear at a chance below"},
    "confidence": {"nl": "Zekerheid van de grenzen", "en": "Confidence of the limits"},
    "corrections": {"nl": "Correctie voor veel vergelijken", "en": "Correction for comparing often"},
    "sessionGapS": {"nl": "Stilte die een bezoek beëindigt", "en": "Silence that ends a session"},
    "questionOpenS": {"nl": "Een vraag blijft open", "en": "A question stays open for"},
    "openQuestions": {"nl": "Open vragen per bezoeker, hooguit", "en": "Open questions per visitor, at most"},
    "trigramCosine": {"nl": "Zoekwoorden lijken op elkaar vanaf", "en": "Queries are alike from"},
    "trigramHalfLifeS": {"nl": "Die gelijkenis halveert na", "en": "That likeness halves after"},
    "readS": {"nl": "Een antwoord telt als gelezen na", "en": "An answer counts as read after"},
    "wordsPerMinute": {
        "nl": "Een kort antwoord is eerder gelezen: woorden per minuut",
        "en": "A short answer is read sooner: words per minute",
    },
    "readAtLeastS": {"nl": "Maar nooit eerder dan na", "en": "But never sooner than after"},
    "quietAfterReadS": {"nl": "Na het lezen niet meer zoeken", "en": "No more searching after reading for"},
    "pogoStickS": {"nl": "Snel terug naar de resultaten", "en": "Quickly back to the results"},
    "softAnswer": {"nl": "Antwoord tussen de resultaten telt", "en": "Answers on the results page count"},
    "eventsPerVisitor": {"nl": "Geen bewoner boven zoveel klikken", "en": "No resident above so many events"},
    "flowSteps": {"nl": "Stappen van een pad", "en": "Steps of a path"},
}

#: Values of the definitions that are words of ours.
DEFINITION_VALUES: Mapping[str, Mapping[str, str]] = {
    "browser at its first exposure": {
        "nl": "een browser bij het eerste bezoek aan de proef",
        "en": "a browser at its first visit to the experiment",
    },
    "the DAY of the first exposure": {
        "nl": "de dag van dat eerste bezoek, tot 4 uur 's nachts",
        "en": "the day of that first visit, until 4 in the morning",
    },
    "end": {"nl": "één keer, aan het eind", "en": "once, at the end"},
    "daily": {
        "nl": "na elke dag, met grenzen die vooraf vastliggen",
        "en": "after every day, with boundaries fixed beforehand",
    },
    "any-time": {
        "nl": "op elk moment, met een ruimere grens",
        "en": "at any time, with a wider boundary",
    },
    "answered or read": {"nl": "klaar, of het antwoord gelezen", "en": "done, or read the answer"},
    "answered or read or answered on results": {
        "nl": "klaar, het antwoord gelezen, of gezien tussen de zoekresultaten",
        "en": "done, read the answer, or saw it among the search results",
    },
    "Holm over variants": {"nl": "Holm, over de versies", "en": "Holm, over the versions"},
    "Holm over metrics and variants": {
        "nl": "Holm, over maten en versies",
        "en": "Holm, over metrics and versions",
    },
    "none: all must hold": {"nl": "geen: ze moeten alle houden", "en": "none: all must hold"},
    "Benjamini-Hochberg, segments included": {
        "nl": "Benjamini-Hochberg, met de deelgroepen",
        "en": "Benjamini-Hochberg, segments included",
    },
}

#: Families of results, by their key in `corrections`.
FAMILIES: Mapping[str, Mapping[str, str]] = {
    "primary": {"nl": "hoofdmaat", "en": "primary metric"},
    "secondary": {"nl": "andere maten", "en": "other metrics"},
    "guardrail": {"nl": "wat niet slechter mag", "en": "what may not get worse"},
    "exploration": {"nl": "verkenning", "en": "exploration"},
}


def promised(report: Report, language: str) -> list[tuple[str, str]]:
    """What was fixed beforehand and the thresholds used, one line each, nested ones unfolded."""
    return list(_lines(report.definitions, language))


def _lines(definitions: Mapping[str, Any], language: str) -> Iterable[tuple[str, str]]:
    for written, value in definitions.items():
        key = _camel(written)
        if value is None or value in ("", [], {}, ()) or key == "question":
            continue
        if key not in DEFINITIONS and isinstance(value, Mapping):
            yield from _lines(value, language)
        else:
            name = DEFINITIONS[key][language] if key in DEFINITIONS else key
            yield name, _definition(key, value, language)


def _definition(key: str, value: Any, language: str) -> str:
    if key == "looks" and isinstance(value, Mapping):
        when = str(value.get("when", ""))
        return DEFINITION_VALUES[when][language] if when in DEFINITION_VALUES else when
    if isinstance(value, bool):
        return {"nl": ("nee", "ja"), "en": ("no", "yes")}[language][value]
    if isinstance(value, Mapping):
        return _several_values(key, value, language)
    if isinstance(value, list | tuple):
        return "; ".join(_definition(key, one, language) for one in value)
    if isinstance(value, int | float):
        return _figure(key, value, language)
    text = str(value)
    found = as_date(text) if key in {"starts", "ends"} else None
    if found:
        return wording.day(found, language)
    if key in {"primary", "secondary"}:
        return wording.metric_name(text, language)
    return DEFINITION_VALUES[text][language] if text in DEFINITION_VALUES else text


def _several_values(key: str, value: Mapping[str, Any], language: str) -> str:
    if "metric" in value:
        return _metric(value, language)
    if {"name", "weight"} <= value.keys():
        name = wording.short_variant_name(str(value["name"]), language)
        return f"{name} {_definition('weight', value['weight'], language)}"
    families = {name: texts[language] for name, texts in FAMILIES.items()}
    return "; ".join(
        f"{families.get(str(name), str(name))}: {_definition(key, one, language)}"
        for name, one in value.items()
    )


def _figure(key: str, value: float, language: str) -> str:
    if key in {"coverage", "weight", "confidence"}:
        return wording.percentage(value, language, decimals=0 if round(value * 100, 6) % 1 == 0 else 1)
    if key.endswith("S"):
        return wording.duration(value, language)
    return wording.quantity(value, language, trim=True)


def _metric(value: Mapping[str, Any], language: str) -> str:
    metric = str(value["metric"])
    name = wording.metric_name(metric, language)
    if value.get("better") == "lower":
        name += f" ({labels(language)['lower_is_better']})"
    margin = value.get("margin")
    if isinstance(margin, int | float):
        if wording.is_share_metric(metric):
            size = wording.points(margin, language, signed=False)
        elif wording.is_time_metric(metric):
            size = wording.duration(margin, language)
        else:
            size = wording.quantity(margin, language, trim=True)
        name += f", {labels(language)['at_most_worse'].format(margin=size)}"
    cap = value.get("cap")
    if isinstance(cap, int | float):
        name += f", {labels(language)['cut_at'].format(cap=wording.quantity(cap, language, trim=True))}"
    return name


def _camel(key: str) -> str:
    first, *others = key.split("_")
    return first + "".join(word.capitalize() for word in others)

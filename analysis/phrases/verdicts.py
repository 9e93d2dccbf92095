# SPDX-License-Identifier: EUPL-1.2
"""The verdict, whom it speaks of, and what a reader must keep in mind."""

from __future__ import annotations

from analysis.phrases.texts import Phrases

VERDICTS: Phrases = {
    "better": {"nl": "Beter", "en": "Better"},
    "worse": {"nl": "Slechter", "en": "Worse"},
    "noClearDifference": {"nl": "Geen duidelijk verschil", "en": "No clear difference"},
    "notEnoughData": {"nl": "Nog te weinig gegevens", "en": "Not enough data yet"},
    "doNotUse": {"nl": "Niet gebruiken", "en": "Do not use"},
}

VARIANTS: Phrases = {
    "current": {"nl": "de huidige versie", "en": "the current version"},
    "control": {"nl": "de huidige versie", "en": "the current version"},
    "redesign": {"nl": "de nieuwe versie", "en": "the new version"},
}

ESTIMANDS: Phrases = {
    "visitor": {"nl": "per bezoeker", "en": "per visitor"},
    "question": {"nl": "per vraag", "en": "per question"},
    "firstQuestion": {"nl": "bij de eerste vraag", "en": "at the first question"},
}

CAVEATS: Phrases = {
    "browsersNotPeople": {
        "nl": "Een bezoeker is hier een browser, geen mens. Wie telefoon én computer gebruikt, telt dubbel.",
        "en": "A visitor is a browser here, not a person. Whoever uses phone and computer counts twice.",
    },
    "oneDay": {
        "nl": "We volgen een bezoeker alleen op de dag van het eerste bezoek aan de proef. Wat daarna "
        "gebeurt, weten we niet.",
        "en": "We follow a visitor only on the day of the first visit to the experiment. What happens "
        "later we do not know.",
    },
    "inferred": {
        "nl": "Of iemand een antwoord vond, leiden we af uit klikken en lezen. Dat klopt niet altijd.",
        "en": "Whether someone found an answer is inferred from clicks and reading. It is not always right.",
    },
    "interim": {
        "nl": "De proef loopt nog. Cijfers onderweg schommelen; het oordeel komt aan het eind.",
        "en": "The experiment is still running. Figures go up and down meanwhile; the verdict comes last.",
    },
    "segments": {
        "nl": "Cijfers van deelgroepen zijn om te verkennen. Bij veel groepen wijkt er altijd wel een af.",
        "en": "Figures of segments are for exploration. Among many, one always stands out by chance.",
    },
    "simulated": {
        "nl": "Deze bezoekers zijn nagebootst. De uitslag zegt niets over een echte gemeente.",
        "en": "These visitors are simulated. The verdict says nothing about a real municipality.",
    },
    "notPlanned": {
        "nl": "Vooraf is niets vastgelegd over maat en aantal. Zie de uitslag als een verkenning.",
        "en": "Nothing was fixed beforehand about metric and size. Read the verdict as an exploration.",
    },
    "manyVariants": {
        "nl": "Er zijn meer dan twee versies. De toevalskansen zijn daarvoor gecorrigeerd.",
        "en": "There are more than two versions. The probabilities are corrected for that.",
    },
}

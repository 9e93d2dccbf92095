# SPDX-License-Identifier: EUPL-1.2
"""What the public register says, in Dutch and English."""

from __future__ import annotations

from collections.abc import Mapping

LANGUAGES = ("nl", "en")

WORDS: Mapping[str, Mapping[str, str]] = {
    "nl": {
        "title": "Proeven op deze website",
        "why": (
            "Wij proberen nieuwe versies van pagina’s uit, om te zien of bewoners er sneller mee "
            "geholpen zijn. Wie welke versie ziet, is toeval. Wij leggen niet vast wie u bent. Wilt u "
            "niet meedoen? Zet dan ‘Global Privacy Control’ of ‘Do Not Track’ aan in uw browser: u "
            "ziet dan altijd de huidige versie."
        ),
        "none": "Er zijn nog geen proeven geweest.",
        "away": "Het register is nu even niet te lezen. Probeer het over een minuut opnieuw.",
        "running": "Loopt nu",
        "scheduled": "Begint later",
        "ended": "Afgelopen",
        "stopped": "Gestopt",
        "name": "Naam van de proef",
        "until": "tot en met",
        "where": "Op welke pagina’s",
        "versions": "Versies",
        "judged": "Waar wij op letten",
        "coverage": "Wie meedoet",
        "everybody": "alle bezoekers van deze pagina’s",
        "share": "{} van de 100 bezoekers van deze pagina’s",
        "stopped_on": "gestopt op",
        "now": "zoals het nu is",
    },
    "en": {
        "title": "Experiments on this website",
        "why": (
            "We try out new versions of pages, to see whether they help residents sooner. Who sees "
            "which version is left to chance. We do not record who you are. Would you rather not take "
            "part? Switch on ‘Global Privacy Control’ or ‘Do Not Track’ in your browser: you will "
            "then always see the current version."
        ),
        "none": "There have been no experiments yet.",
        "away": "The register cannot be read just now. Please try again in a minute.",
        "running": "Running now",
        "scheduled": "Starts later",
        "ended": "Over",
        "stopped": "Stopped",
        "name": "Name of the experiment",
        "until": "to",
        "where": "On which pages",
        "versions": "Versions",
        "judged": "What we look at",
        "coverage": "Who takes part",
        "everybody": "all visitors of these pages",
        "share": "{} of 100 visitors of these pages",
        "stopped_on": "stopped on",
        "now": "as it is now",
    },
}

MONTHS: Mapping[str, tuple[str, ...]] = {
    "nl": (
        "januari",
        "februari",
        "maart",
        "april",
        "mei",
        "juni",
        "juli",
        "augustus",
        "september",
        "oktober",
        "november",
        "december",
    ),
    "en": (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
}

METRICS: Mapping[str, Mapping[str, str]] = {
    "nl": {
        "answered": "hoeveel bezoekers een antwoord vinden",
        "contacted": "hoeveel bezoekers bellen, mailen of langskomen",
        "started": "hoeveel bezoekers aan een formulier beginnen",
        "submitted": "hoeveel bezoekers een formulier versturen",
        "questions": "met hoeveel vragen een bezoeker komt",
        "pages": "hoeveel pagina’s een bezoeker bekijkt",
        "searches": "hoe vaak een bezoeker zoekt",
        "time": "hoe lang een bezoeker zoekt naar het antwoord",
    },
    "en": {
        "answered": "how many visitors find an answer",
        "contacted": "how many visitors call, write or drop in",
        "started": "how many visitors start a form",
        "submitted": "how many visitors send a form",
        "questions": "how many questions a visitor comes with",
        "pages": "how many pages a visitor looks at",
        "searches": "how often a visitor searches",
        "time": "how long it takes a visitor to find the answer",
    },
}

# SPDX-License-Identifier: EUPL-1.2
"""The parts of a journey and the kinds of visitors."""

from __future__ import annotations

from analysis.phrases.texts import Phrases

PHASES: Phrases = {
    "oriëntatie": {"nl": "oriëntatie", "en": "orientation"},
    "contact": {"nl": "contact", "en": "contact"},
    "uitvoering": {"nl": "uitvoering", "en": "carrying out"},
    "afronding": {"nl": "afronding", "en": "completion"},
    "evaluatie": {"nl": "evaluatie", "en": "evaluation"},
}

#: Touchpoints that are not a page, and the two ends of a path.
TOUCHPOINTS: Phrases = {
    "start": {"nl": "begin", "en": "start"},
    "search": {"nl": "zoeken", "en": "search"},
    "tel": {"nl": "telefoon", "en": "telephone"},
    "mail": {"nl": "e-mail", "en": "e-mail"},
    "chat": {"nl": "chat", "en": "chat"},
    "appointment": {"nl": "afspraak", "en": "appointment"},
    "counter": {"nl": "balie", "en": "counter"},
    "feedback": {"nl": "reactie", "en": "feedback"},
    "form": {"nl": "formulier", "en": "form"},
    "goal": {"nl": "doel bereikt", "en": "goal reached"},
    "other": {"nl": "overig", "en": "other"},
    "/": {"nl": "startpagina", "en": "home page"},
    "continues": {"nl": "gaat verder", "en": "goes on"},
    "answered": {"nl": "antwoord gevonden", "en": "found an answer"},
    "read": {"nl": "antwoord gelezen", "en": "read the answer"},
    "answered_on_results": {"nl": "zag antwoord bij zoeken", "en": "saw answer in results"},
    "channel_shift": {"nl": "belde of mailde", "en": "phoned or mailed"},
    "abandoned": {"nl": "gestopt", "en": "gave up"},
    "censored": {"nl": "niet verder gezien", "en": "not seen further"},
}

SEGMENT_COLUMNS: Phrases = {
    "viewport": {"nl": "scherm", "en": "screen"},
    "entry": {"nl": "binnengekomen via", "en": "came in through"},
    "daypart": {"nl": "dagdeel", "en": "part of the day"},
    "language": {"nl": "taal", "en": "language"},
}

SEGMENT_VALUES: Phrases = {
    "viewport=s": {"nl": "klein (telefoon)", "en": "small (phone)"},
    "viewport=m": {"nl": "middelgroot (tablet)", "en": "medium (tablet)"},
    "viewport=l": {"nl": "groot (computer)", "en": "large (computer)"},
    "viewport=": {"nl": "onbekend", "en": "unknown"},
    "entry=direct": {"nl": "rechtstreeks", "en": "direct"},
    "entry=search_engine": {"nl": "zoekmachine", "en": "search engine"},
    "entry=campaign": {"nl": "brief of campagne", "en": "letter or campaign"},
    "entry=social": {"nl": "sociale media", "en": "social media"},
    "entry=referral": {"nl": "link op een andere site", "en": "link on another site"},
    "entry=internal": {"nl": "eigen site", "en": "own site"},
    "entry=": {"nl": "onbekend", "en": "unknown"},
    "daypart=morning": {"nl": "ochtend (6 tot 12 uur)", "en": "morning (6 to noon)"},
    "daypart=afternoon": {"nl": "middag (12 tot 18 uur)", "en": "afternoon (noon to 18)"},
    "daypart=evening": {"nl": "avond (18 tot 24 uur)", "en": "evening (18 to midnight)"},
    "daypart=night": {"nl": "nacht (0 tot 6 uur)", "en": "night (midnight to 6)"},
}

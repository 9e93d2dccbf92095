# SPDX-License-Identifier: EUPL-1.2
"""What stands beside the verdict: other views, beliefs, steps, other definitions, and the way to the end."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.phrases.texts import Phrases

VIEWS: Phrases = {
    "plain": {"nl": "zonder correctie", "en": "without adjustment"},
    "adjusted": {
        "nl": "gecorrigeerd voor het soort bezoek",
        "en": "adjusted for the kind of visit",
    },
    "stratified": {"nl": "per soort bezoek vergeleken", "en": "compared by kind of visit"},
    "asked": {"nl": "verbeterd met antwoorden van bezoekers", "en": "put right by what visitors said"},
    "powered": {
        "nl": "hetzelfde, op een tweede manier berekend",
        "en": "the same, worked out a second way",
    },
}

#: What a view is for, in a sentence.
VIEW_NOTES: Phrases = {
    "plain": {
        "nl": "De berekening zonder correctie, ter vergelijking.",
        "en": "The estimate without adjustment, for comparison.",
    },
    "adjusted": {
        "nl": "Houdt rekening met pagina van binnenkomst, scherm, herkomst en dagdeel. Dat haalt toeval weg.",
        "en": "Allows for entry page, screen, origin and part of the day. That takes chance away.",
    },
    "stratified": {
        "nl": "Hetzelfde, door eerst gelijke bezoeken te vergelijken.",
        "en": "The same, by comparing like visits first.",
    },
    "asked": {
        "nl": "Of iemand een antwoord vond, leiden we af. Hier is dat verbeterd met wat bezoekers zelf "
        "zeiden.",
        "en": "Whether someone found an answer is inferred. Here it is put right by what visitors said.",
    },
    "powered": {
        "nl": "Een tweede manier om die afleiding te verbeteren.",
        "en": "A second way to put that inference right.",
    },
}

MILESTONES: Phrases = {
    "exposed": {"nl": "kwam op de pagina van de proef", "en": "came to the page of the experiment"},
    "asked": {"nl": "had een vraag over het onderwerp", "en": "had a question about the task"},
    "arrived": {"nl": "kwam bij het antwoord", "en": "got to the answer"},
    "answered": {"nl": "vond het antwoord", "en": "found the answer"},
    "started": {"nl": "begon het formulier", "en": "started the form"},
    "submitted": {"nl": "verstuurde het formulier", "en": "submitted the form"},
}

#: Whoever reached a milestone: "van de 100 bezoekers ...".
AMONG: Phrases = {
    "exposed": {"nl": "van de proef", "en": "in the experiment"},
    "asked": {"nl": "met een vraag over het onderwerp", "en": "with a question about the task"},
    "arrived": {"nl": "die bij het antwoord kwamen", "en": "who got to the answer"},
    "started": {"nl": "die het formulier begonnen", "en": "who started the form"},
}

#: Reaching a milestone, of many: {count} of them.
REACHING: Phrases = {
    "asked": {
        "nl": "hadden er {count} een vraag over het onderwerp",
        "en": "{count} had a question about it",
    },
    "arrived": {"nl": "kwamen er {count} bij het antwoord", "en": "{count} got to the answer"},
    "answered": {"nl": "vonden er {count} het antwoord", "en": "{count} found the answer"},
    "started": {"nl": "begonnen er {count} aan het formulier", "en": "{count} started the form"},
    "submitted": {"nl": "verstuurden er {count} het formulier", "en": "{count} submitted the form"},
}

#: What was known of a visitor at the first exposure.
KNOWN_NAMES: Phrases = {
    "viewport": {"nl": "scherm", "en": "screen"},
    "entry": {"nl": "herkomst", "en": "origin"},
    "daypart": {"nl": "dagdeel", "en": "part of the day"},
    "landing": {"nl": "pagina van binnenkomst", "en": "entry page"},
}

DEFINED: Phrases = {
    "": {"nl": "zoals afgesproken", "en": "as agreed"},
    "silence15": {
        "nl": "bezoek eindigt na 15 minuten stilte",
        "en": "a visit ends after 15 minutes of silence",
    },
    "silence60": {
        "nl": "bezoek eindigt na 60 minuten stilte",
        "en": "a visit ends after 60 minutes of silence",
    },
    "softAnswers": {
        "nl": "antwoord tussen de zoekresultaten telt ook",
        "en": "an answer among the search results counts too",
    },
}

SECOND: Mapping[str, Mapping[str, str]] = {
    "nl": {
        "title": "Nog eens bekeken",
        "note": "Deze cijfers bekijken dezelfde proef op een andere manier. Ze veranderen het oordeel niet.",
        "views": "Het verschil, op een andere manier berekend",
        "views_note": "Een kleinere kans op toeval, of verbeterd met wat bezoekers zelf zeiden.",
        "view": "Hoe bekeken",
        "explained": "Minder ruis",
        "why": "Waarvoor",
        "beliefs": "Wat u mag verwachten",
        "beliefs_note": "We gaan er vooraf van uit dat nieuwe versies meestal weinig schelen: twee van de "
        "drie "
        "minder dan {sd} ten opzichte van de huidige versie. Daarna telt wat we zagen.",
        "chance": "Kans dat deze versie beter is",
        "losing": "Verwacht verlies als u deze kiest",
        "keeping": "Verwacht verlies als u de huidige houdt",
        "lift": "Verwacht verschil, ten opzichte van de huidige",
        "alternatives": "Houdt het oordeel stand?",
        "almost_none": "minder dan {share}",
        "alternatives_note": "Hetzelfde, met andere grenzen voor wat een bezoek en een antwoord is.",
        "definition": "Grenzen",
        "verdict": "Oordeel",
        "mixtures": "Andere bezoekers, of dezelfde beter geholpen?",
        "mixtures_note": "Het verschil in twee delen. Bezoekers zijn over de versies geloot, dus van andere "
        "bezoekers hoort bijna niets te komen. Is dat deel groot, kijk dan eerst naar de verdeling.",
        "known": "Bezoekers ingedeeld naar",
        "mix": "Door andere bezoekers",
        "rate": "Bij dezelfde bezoekers",
        "cannot": "niet te zeggen: {reason}",
        "steps": "Welke stap maakte het verschil?",
        "step": "Stap",
        "step_of": "{source} → {target}",
        "reached": "Bezoekers bij die stap",
        "part": "Deel van het verschil",
        "steps_sentence": "Het verschil zit het meest in één stap. Van de 100 bezoekers {among} {verb} "
        "met {version}; met {control} {old}. Die stap is goed voor {part} van het hele verschil van {whole}.",
        "steps_unclear": "Van geen enkele stap is duidelijk dat die het verschil maakt.",
        "steps_note": "De delen tellen op tot het hele verschil. Ze beschrijven waar het verschil zit, niet "
        "waardoor het komt.",
        "flow": "Wat bezoekers anders deden",
        "flow_sentence": "Van {tested} soorten stappen komen er {clear} duidelijk vaker of minder vaak voor.",
        "flow_none": "Van {tested} soorten stappen is er geen die duidelijk vaker of minder vaak voorkomt.",
        "flow_most": "Het meest verandert: van {source} naar {target}, bij {version} {new} keer per 100 "
        "vragen "
        "en bij {control} {old} keer.",
        "flow_note": "Keren per 100 vragen. De kans is gecorrigeerd voor alle stappen samen: een stap telt "
        "pas "
        "als duidelijk anders bij een kans kleiner dan 1 op de 20.",
        "flow_apart": "De paden als geheel verschillen {distance} van elkaar; alleen toeval geeft al "
        "ongeveer "
        "{expected}. {told}",
        "flow_apart_clear": "Bezoekers lopen dus een andere weg.",
        "flow_apart_unclear": "Dat er een andere weg wordt gelopen, is niet duidelijk.",
        "edge": "Van → naar",
        "odds": "Kans bij toeval, gecorrigeerd",
        "per": "keer per 100 vragen",
        "progress": "Hoe ver de proef is",
        "progress_sentence": "Tot en met {day} deden {n} bezoekers mee. Gepland waren er {planned}.",
        "progress_end": "Er wordt één keer geoordeeld, aan het eind. Onderweg staan hier daarom geen "
        "uitkomsten.",
        "progress_note_end": "Wie tussendoor kijkt en stopt bij een mooie dag, vindt verschillen die er "
        "niet zijn.",
        "progress_decided": "Op {day} ging de lijn over de grens: toen stond het oordeel vast.",
        "progress_open": "De lijn is nog binnen de grenzen: er is nog geen oordeel.",
        "progress_over": "De lijn bleef tot het eind binnen de grenzen.",
        "progress_note": "De lijn laat zien hoe ver de versies uit elkaar liggen, gemeten in toevalsmarges. "
        "Boven de bovenste grens is de nieuwe versie beter, onder de onderste slechter. De grenzen lagen "
        "vooraf vast en houden rekening met elke keer kijken.",
        "day": "Dag",
        "seen": "Bezoekers tot dan",
        "share": "Deel van het plan",
        "statistic": "Afstand tot ‘geen verschil’",
        "bound": "Grens",
        "planned": "gepland",
        "versus": "{version} en huidige versie samen",
    },
    "en": {
        "title": "Another look",
        "note": "These figures look at the same experiment in another way. They do not change the verdict.",
        "views": "The difference, worked out in another way",
        "views_note": "With less chance in it, or put right by what visitors said themselves.",
        "view": "How it was looked at",
        "explained": "Less noise",
        "why": "What for",
        "beliefs": "What to expect",
        "beliefs_note": "Beforehand we take it that new versions mostly differ little: two in three by less "
        "than {sd} of the current version. After that counts what we saw.",
        "chance": "Chance that this version is better",
        "losing": "Expected loss if you choose it",
        "keeping": "Expected loss if you keep the current one",
        "lift": "Expected difference, relative to the current version",
        "alternatives": "Does the verdict hold?",
        "almost_none": "less than {share}",
        "alternatives_note": "The same, with other limits for what a visit and an answer is.",
        "definition": "Limits",
        "verdict": "Verdict",
        "mixtures": "Other visitors, or the same ones better served?",
        "mixtures_note": "The difference in two parts. Visitors were drawn by lot, so almost nothing should "
        "come from other visitors. Where that part is large, look at the allocation first.",
        "known": "Visitors by",
        "mix": "From other visitors",
        "rate": "Among the same visitors",
        "cannot": "cannot be told: {reason}",
        "steps": "Which step made the difference?",
        "step": "Step",
        "step_of": "{source} → {target}",
        "reached": "Visitors at that step",
        "part": "Part of the difference",
        "steps_sentence": "Most of the difference is in one step. Out of 100 visitors {among}, {verb} with "
        "{version}; with {control} {old}. That step makes {part} of the whole difference of {whole}.",
        "steps_unclear": "Of no single step is it clear that it makes the difference.",
        "steps_note": "The parts add up to the whole difference. They describe where it is, not what caused "
        "it.",
        "flow": "What visitors did differently",
        "flow_sentence": "Of {tested} kinds of steps, {clear} clearly occur more or less often.",
        "flow_none": "Of {tested} kinds of steps, none clearly occurs more or less often.",
        "flow_most": "What changes most: from {source} to {target}, {new} times in 100 questions with "
        "{version} and {old} times with {control}.",
        "flow_note": "Times per 100 questions. The chance is corrected for all steps together: a step is "
        "clearly different only at a chance below 1 in 20.",
        "flow_apart": "The paths as a whole are {distance} apart; chance alone makes about {expected}. "
        "{told}",
        "flow_apart_clear": "So visitors go another way.",
        "flow_apart_unclear": "It is not clear that visitors go another way.",
        "edge": "From → to",
        "odds": "Chance alone, corrected",
        "per": "times per 100 questions",
        "progress": "How far the experiment is",
        "progress_sentence": "Up to {day}, {n} visitors took part. Planned were {planned}.",
        "progress_end": "It is judged once, at the end. Hence no outcomes are shown on the way.",
        "progress_note_end": "Whoever looks meanwhile and stops on a good day finds differences that are "
        "not there.",
        "progress_decided": "On {day} the line crossed the boundary: then the verdict was settled.",
        "progress_open": "The line is still within the boundaries: there is no verdict yet.",
        "progress_over": "The line stayed within the boundaries up to the end.",
        "progress_note": "The line shows how far apart the versions are, measured in margins of chance. "
        "Above the upper boundary the new version is better, below the lower one worse. The boundaries were "
        "fixed beforehand and allow for every look.",
        "day": "Day",
        "seen": "Visitors by then",
        "share": "Share of the plan",
        "statistic": "Distance from ‘no difference’",
        "bound": "Boundary",
        "planned": "planned",
        "versus": "{version} and current version together",
    },
}

# SPDX-License-Identifier: EUPL-1.2
"""Headings and column names of the rendered report, in Dutch and English."""

from __future__ import annotations

from collections.abc import Mapping

LABELS: Mapping[str, Mapping[str, str]] = {
    "nl": {
        "experiment": "Proef",
        "skip": "Naar de inhoud",
        "other_language": "English",
        "verdict": "Oordeel",
        "period": "Periode",
        "visitors": "Bezoekers",
        "versions": "Versies",
        "unit_note": "Een bezoeker is een browser bij het eerste bezoek aan de proef.",
        "planned": "Gepland aantal bezoekers",
        "approved_by": "Goedgekeurd door",
        "computed": "Berekend op",
        "attention": "Let hierop",
        "pictures": "In beeld",
        "numbers": "Cijfers bij dit beeld",
        "results": "Alle uitkomsten",
        "results_note": "Achter elk verschil staat tussen welke grenzen het echte verschil waarschijnlijk "
        "ligt. "
        "Zulke grenzen bevatten het echte verschil in 95 van de 100 proeven.",
        "segments": "Deelgroepen, om te verkennen",
        "guardrails": "Wat niet slechter mocht worden",
        "guardrails_note": "Vooraf is afgesproken hoeveel slechter dit hooguit mocht worden.",
        "checks": "Is de proef eerlijk verlopen?",
        "promised": "Wat vooraf is afgesproken",
        "set_aside": "Terzijde gelegd",
        "set_aside_none": "Er is niets terzijde gelegd.",
        "caveats": "Bedenk hierbij",
        "methods": "Hoe er is gerekend",
        "methods_note": "De kans is: hoe vaak een verschil als dit zou voorkomen als beide versies even "
        "goed zijn.",
        "meanings": "Wat de woorden betekenen",
        "metric": "Maat",
        "version": "Versie",
        "reason": "Reden",
        "rows": "Aantal",
        "check": "Controle",
        "outcome": "Uitkomst",
        "explanation": "Uitleg",
        "chance": "Kans bij toeval",
        "difference": "Verschil",
        "range": "waarschijnlijk van … tot …",
        "sure": "Hoe zeker",
        "limit": "Afgesproken grens",
        "group": "Groep",
        "method": "Methode",
        "p": "p",
        "p_adjusted": "p, gecorrigeerd",
        "none": "geen",
        "cut_at": "afgekapt op {cap}",
        "to": "tot",
        "csv": "Cijfers als tabel (CSV)",
        "worse": "slechter",
        "better": "beter",
        "minutes": "tijd sinds het begin van de vraag",
        "primary": "hoofdmaat",
        "no_result": "niet te berekenen",
        "at_most_worse": "hooguit {margin} slechter",
        "questions": "Vragen",
        "units": "Bezoekers in de vergelijking",
        "footer": "Gemaakt met klantreis, vrije software onder de EUPL-1.2.",
        "lower_is_better": "minder is beter",
        "time": "Tijd",
        "answered": "Antwoord",
        "from_step": "Na stap",
        "source": "Van",
        "target": "Naar",
        "count": "Vragen",
        "phase": "Fase",
        "kind": "Soort",
        "given": "gegeven",
        "inferred": "afgeleid",
        "bad": "slecht",
        "neutral": "neutraal",
        "good": "goed",
        "mean": "Gemiddelde",
        "void": "niet te gebruiken",
        "void_note": "Trek hier geen conclusie uit: de proef is niet eerlijk verlopen.",
        "early": "nog niet te zeggen",
        "early_note": "Dit is een tussenstand: wacht tot genoeg bezoekers hebben meegedaan.",
    },
    "en": {
        "experiment": "Experiment",
        "skip": "To the content",
        "other_language": "Nederlands",
        "verdict": "Verdict",
        "period": "Period",
        "visitors": "Visitors",
        "versions": "Versions",
        "unit_note": "A visitor is a browser at its first visit to the experiment.",
        "planned": "Planned number of visitors",
        "approved_by": "Approved by",
        "computed": "Computed on",
        "attention": "Mind this",
        "pictures": "In pictures",
        "numbers": "Figures behind this picture",
        "results": "All results",
        "results_note": "Beside each difference stand the limits between which the real one probably lies. "
        "Such limits hold the real difference in 95 of 100 experiments.",
        "segments": "Segments, for exploration",
        "guardrails": "What was not to get worse",
        "guardrails_note": "How much worse this might get at most was agreed beforehand.",
        "checks": "Was the experiment fair?",
        "promised": "What was agreed beforehand",
        "set_aside": "Set aside",
        "set_aside_none": "Nothing was set aside.",
        "caveats": "Keep in mind",
        "methods": "How it was worked out",
        "methods_note": "The chance is how often a difference like this would occur if both versions were "
        "equally "
        "good.",
        "meanings": "What the words mean",
        "metric": "Metric",
        "version": "Version",
        "reason": "Reason",
        "rows": "Number",
        "check": "Check",
        "outcome": "Outcome",
        "explanation": "Explanation",
        "chance": "Chance alone",
        "difference": "Difference",
        "range": "probably from … to …",
        "sure": "How sure",
        "limit": "Limit agreed",
        "group": "Group",
        "method": "Method",
        "p": "p",
        "p_adjusted": "p, corrected",
        "none": "none",
        "cut_at": "cut at {cap}",
        "to": "to",
        "csv": "Figures as a table (CSV)",
        "worse": "worse",
        "better": "better",
        "minutes": "time since the start of the question",
        "primary": "primary metric",
        "no_result": "cannot be worked out",
        "at_most_worse": "at most {margin} worse",
        "questions": "Questions",
        "units": "Visitors compared",
        "footer": "Made with klantreis, free software under the EUPL-1.2.",
        "lower_is_better": "lower is better",
        "time": "Time",
        "answered": "Answer",
        "from_step": "After step",
        "source": "From",
        "target": "To",
        "count": "Questions",
        "phase": "Phase",
        "kind": "Kind",
        "given": "given",
        "inferred": "inferred",
        "bad": "bad",
        "neutral": "neutral",
        "good": "good",
        "mean": "Mean",
        "void": "not to be used",
        "void_note": "Draw no conclusion from this: the experiment was not fair.",
        "early": "too early to tell",
        "early_note": "This is an interim state: wait until enough visitors have taken part.",
    },
}

#: What an experiment fixed beforehand and the thresholds used: key of the report's `definitions` -> words.
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

#: Titles, sentences and notes of the pictures.
FIGURES: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "success": {
        "nl": {
            "title": "Hoofdmaat: {metric}",
            "range": "waarschijnlijk",
            "note": "De stip is wat we zagen. De streep laat zien waar de echte waarde waarschijnlijk ligt.",
        },
        "en": {
            "title": "Primary metric: {metric}",
            "range": "probably",
            "note": "The mark is what we saw. The bar shows where the real value probably lies.",
        },
    },
    "differences": {
        "nl": {
            "title": "Verschil met de huidige versie, per maat",
            "sentence": "Van de {all} maten zijn er {better} duidelijk beter en {worse} duidelijk slechter "
            "dan bij "
            "de huidige versie.",
            "relative": "Ten opzichte van de huidige versie",
            "range": "waarschijnlijk",
            "note": "Rechts van de lijn doet de nieuwe versie het beter, links slechter. Raakt de streep "
            "de lijn, "
            "dan is het verschil niet duidelijk; de stip is dan open.",
        },
        "en": {
            "title": "Difference from the current version, by metric",
            "sentence": "Of the {all} metrics, {better} are clearly better and {worse} clearly worse than "
            "with the "
            "current version.",
            "relative": "Relative to the current version",
            "range": "probably",
            "note": "To the right of the line the new version does better, to the left worse. Where the "
            "bar touches "
            "the line the difference is not clear, and the mark is open.",
        },
    },
    "time": {
        "nl": {
            "title": "Hoe snel bezoekers een antwoord vinden",
            "sentence": "Na {time} had {shares} een antwoord.",
            "each": "{share} van de bezoekers van {version}",
            "answered": "antwoord",
            "elsewhere": "belde of mailde",
            "abandoned": "gestopt",
            "note": "De lijn laat zien welk deel van de bezoekers op dat moment een antwoord had. Hoe "
            "eerder de "
            "lijn stijgt, hoe beter. De band eromheen is de onzekerheid.",
        },
        "en": {
            "title": "How fast visitors find an answer",
            "sentence": "After {time}, {shares} had an answer.",
            "each": "{share} of the visitors of {version}",
            "answered": "answer",
            "elsewhere": "phoned or mailed",
            "abandoned": "gave up",
            "note": "The line shows which share of the visitors had an answer by that time. The sooner it "
            "rises, "
            "the better. The band around it is the uncertainty.",
        },
    },
    "paths": {
        "nl": {
            "title": "Welke weg bezoekers aflegden",
            "panel": "Paden bij {version}",
            "ended": "Van de 100 vragen eindigden er bij {version} {answered} met een antwoord en "
            "{contact} met bellen of "
            "mailen; {abandoned} keer stopte de bezoeker zonder antwoord.",
            "ended_again": "Bij {version} was dat {answered}, {contact} en {abandoned}.",
            "columns": "begin|stap {step}|later|einde",
            "note": "Elke band is een groep vragen; hoe dikker, hoe meer. Links begint de vraag, rechts "
            "staat hoe "
            "die eindigde. Wat klaar is, loopt bovenaan door naar rechts.",
        },
        "en": {
            "title": "Which way visitors went",
            "panel": "Paths in {version}",
            "ended": "Out of 100 questions in {version}, {answered} ended with an answer and {contact} in "
            "a call or mail; "
            "{abandoned} times the visitor gave up.",
            "ended_again": "In {version} that was {answered}, {contact} and {abandoned}.",
            "columns": "start|step {step}|later|end",
            "note": "Each band is a group of questions; the thicker, the more. On the left the question "
            "starts, on "
            "the right stands how it ended. What is done runs on along the top.",
        },
    },
    "heartbeat": {
        "nl": {
            "title": "Hoe bezoekers het beleefden",
            "given": "Wat bezoekers zelf zeiden",
            "given_note": "Gemiddelde van de reacties op de site, per fase.",
            "inferred": "Haperingen per 100 vragen",
            "inferred_note": "Afgeleid uit gedrag: fouten in een formulier, zoeken zonder resultaat, snel "
            "terugkeren.",
            "lowest": "Het laagste punt is de fase {phase} bij {version}: gemiddeld {mean}, bij "
            "{count} reacties.",
            "stuck": "Bezoekers haperden het vaakst in de fase {phase} bij {version}: {count} keer.",
            "note": "Een goede reis begint goed en eindigt goed. Reacties van bezoekers en wat we uit gedrag "
            "afleiden, staan apart.",
        },
        "en": {
            "title": "How visitors experienced it",
            "given": "What visitors said themselves",
            "given_note": "Mean of the reactions on the site, by phase.",
            "inferred": "Hard moments per 100 questions",
            "inferred_note": "Inferred from behaviour: errors in a form, searches without results, quick "
            "returns.",
            "lowest": "The lowest point is the phase {phase} in {version}: {mean} on average, of "
            "{count} reactions.",
            "stuck": "Visitors got stuck most in the phase {phase} in {version}: {count} times.",
            "note": "A good journey starts well and ends well. What visitors said and what we infer from "
            "behaviour "
            "stand apart.",
        },
    },
}

#: The pages under /reports/.
PAGES: Mapping[str, Mapping[str, str]] = {
    "nl": {
        "title": "Uitslagen",
        "experiment": "Proef",
        "why": "Elke proef vergelijkt een nieuwe versie van een pagina met de huidige. Hier staat wat "
        "eruit kwam, en "
        "hoe zeker dat is.",
        "empty": "Er zijn nog geen uitslagen.",
        "how": "Een uitslag ontstaat als een dag is afgesloten. Maak er een met:",
        "unreadable": "Deze uitslag is niet te lezen. Maak hem opnieuw met:",
        "missing_title": "Deze uitslag is er niet",
        "missing": "Er is geen uitslag met deze naam. Misschien is de proef nog niet begonnen, of is de "
        "naam anders "
        "gespeld.",
        "back": "Naar alle uitslagen",
        "period": "Periode",
        "computed": "Berekend op",
        "downloads": "Downloaden",
        "html": "Los bestand (HTML)",
        "txt": "Tekst",
        "csv": "Tabel (CSV)",
        "json": "Gegevens (JSON)",
    },
    "en": {
        "title": "Reports",
        "experiment": "Experiment",
        "why": "Every experiment compares a new version of a page with the current one. Here is what came "
        "out, and how "
        "sure that is.",
        "empty": "There are no reports yet.",
        "how": "A report comes into being when a day is closed. Make one with:",
        "unreadable": "This report cannot be read. Make it again with:",
        "missing_title": "There is no such report",
        "missing": "No report has this name. Perhaps the experiment has not started yet, or the name is "
        "spelled "
        "differently.",
        "back": "To all reports",
        "period": "Period",
        "computed": "Computed on",
        "downloads": "Download",
        "html": "Stand-alone file (HTML)",
        "txt": "Text",
        "csv": "Table (CSV)",
        "json": "Data (JSON)",
    },
}

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
        "early_note": "Dit is een tussenstand: wacht tot genoeg bezoekers hebben meegedaan en er een oordeel "
        "is.",
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
        "early_note": "This is an interim state: wait until enough visitors took part and there is a "
        "verdict.",
    },
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
            "compared": "Over de hele lijn: zo'n afstand tussen {version} en {control} ontstaat bij toeval "
            "in {odds} gevallen (log-rank).",
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
            "compared": "Over the whole line: chance alone makes such a distance between {version} and "
            "{control} {odds} times (log-rank).",
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
            "given_note": "Gemiddelde van de reacties, bij de fase van de pagina waar ze over gingen; van "
            "minder dan vijf is er geen.",
            "inferred": "Haperingen per 100 vragen",
            "inferred_note": "Afgeleid uit gedrag: fouten in een formulier, zoeken zonder resultaat, snel "
            "terugkeren.",
            "lowest": "Het laagste punt is de fase {phase} bij {version}: gemiddeld {mean}, bij "
            "{count} reacties.",
            "few": "Er zijn te weinig reacties om te zeggen waar het laagste punt ligt.",
            "stuck": "Bezoekers haperden het vaakst in de fase {phase} bij {version}: {count} keer.",
            "note": "Een goede reis begint goed en eindigt goed. Reacties van bezoekers en wat we uit gedrag "
            "afleiden, staan apart.",
        },
        "en": {
            "title": "How visitors experienced it",
            "given": "What visitors said themselves",
            "given_note": "Mean of the reactions, in the phase of the page that they were about; of fewer "
            "than five there is none.",
            "inferred": "Hard moments per 100 questions",
            "inferred_note": "Inferred from behaviour: errors in a form, searches without results, quick "
            "returns.",
            "lowest": "The lowest point is the phase {phase} in {version}: {mean} on average, of "
            "{count} reactions.",
            "few": "There are too few reactions to say where the lowest point is.",
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

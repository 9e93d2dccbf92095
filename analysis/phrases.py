# SPDX-License-Identifier: EUPL-1.2
"""The words of the report in Dutch and English: data only, one entry per thing that can be said.

Dutch is plain (level B1) and speaks of "bezoekers", since a browser is counted and not a person.
`analysis.wording` makes sentences of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Texts = Mapping[str, str]
Phrases = Mapping[str, Texts]

#: Of what the figures are told: "van de 100 bezoekers".
NOUNS: Phrases = {
    "visitors": {"nl": "bezoekers", "en": "visitors"},
    "questions": {"nl": "vragen", "en": "questions"},
    "moments": {"nl": "paren van momenten", "en": "pairs of moments"},
    "pairs": {"nl": "paren van bezoekers", "en": "pairs of visitors"},
    "forms": {"nl": "begonnen formulieren", "en": "forms that were started"},
}


@dataclass(frozen=True, slots=True)
class MetricWords:
    """How one metric is named, explained, and told in a sentence.

    `clause` holds `{value}`; for a share it follows "van de 100 `among`" (a key of `NOUNS`), else it stands
    on its own.
    """

    name: Texts
    clause: Texts
    meaning: Texts
    share: bool = False
    among: str = "visitors"


METRICS: Mapping[str, MetricWords] = {
    "answered": MetricWords(
        name={"nl": "antwoord gevonden", "en": "found an answer"},
        clause={"nl": "vonden er {value} een antwoord", "en": "{value} found an answer"},
        meaning={
            "nl": "De bezoeker maakte af waarvoor hij kwam, of las het antwoord ten minste 30 seconden.",
            "en": "The visitor finished what they came for, or read the answer for at least 30 seconds.",
        },
        share=True,
    ),
    "ranked": MetricWords(
        name={"nl": "wie het beter deed", "en": "who did better"},
        clause={
            "nl": "won de bezoeker van deze versie er {value}",
            "en": "the visitor of this version won {value}",
        },
        meaning={
            "nl": "We vergelijken twee bezoekers, een van elke versie. Wie sneller een antwoord vond, wint "
            "van wie later een antwoord vond, die van wie belde of mailde, en die van wie niets vond.",
            "en": "Two visitors, one of each version, are compared. Whoever found an answer sooner wins from "
            "whoever found it later, those from who phoned or mailed, and those from who found nothing.",
        },
        share=True,
        among="pairs",
    ),
    "contacted": MetricWords(
        name={"nl": "belde of mailde", "en": "phoned or mailed"},
        clause={"nl": "belden of mailden er {value}", "en": "{value} phoned or mailed"},
        meaning={
            "nl": "De bezoeker klikte op een telefoonnummer, e-mailadres, chat of afspraak voordat er een "
            "antwoord was.",
            "en": "The visitor clicked a telephone number, e-mail address, chat or appointment before there "
            "was an answer.",
        },
        share=True,
    ),
    "started": MetricWords(
        name={"nl": "formulier begonnen", "en": "started the form"},
        clause={"nl": "begonnen er {value} aan het formulier", "en": "{value} started the form"},
        meaning={
            "nl": "De bezoeker vulde iets in bij de eerste stap van het formulier.",
            "en": "The visitor filled in something at the first step of the form.",
        },
        share=True,
    ),
    "submitted": MetricWords(
        name={"nl": "formulier verstuurd", "en": "submitted the form"},
        clause={"nl": "verstuurden er {value} het formulier", "en": "{value} submitted the form"},
        meaning={
            "nl": "De bezoeker verstuurde de laatste stap van het formulier.",
            "en": "The visitor submitted the last step of the form.",
        },
        share=True,
    ),
    "first_answered": MetricWords(
        name={"nl": "eerste vraag beantwoord", "en": "first question answered"},
        clause={
            "nl": "vonden er {value} meteen bij hun eerste vraag een antwoord",
            "en": "{value} found an answer to their first question",
        },
        meaning={
            "nl": "De eerste vraag van de bezoeker eindigde met een antwoord.",
            "en": "The visitor's first question ended with an answer.",
        },
        share=True,
    ),
    "form_success": MetricWords(
        name={"nl": "succesratio van het formulier", "en": "success rate of the form"},
        clause={"nl": "werden er {value} verstuurd", "en": "{value} were submitted"},
        meaning={
            "nl": "Verstuurde formulieren, gedeeld door begonnen formulieren.",
            "en": "Forms submitted, divided by forms started.",
        },
        share=True,
        among="forms",
    ),
    "time": MetricWords(
        name={"nl": "tijd tot een antwoord", "en": "time to an answer"},
        clause={
            "nl": "bezoekers zochten gemiddeld {value} naar een antwoord",
            "en": "visitors spent {value} on average looking for an answer",
        },
        meaning={
            "nl": "De tijd van het begin van de vraag tot de pagina met het antwoord. Wie geen antwoord "
            "vindt, telt mee met de langste tijd. Zo lijkt een versie niet sneller als bezoekers eerder "
            "stoppen.",
            "en": "The time from the start of the question to the page with the answer. Whoever finds no "
            "answer counts with the longest time, so that giving up sooner does not look faster.",
        },
    ),
    "pages": MetricWords(
        name={"nl": "bekeken pagina's", "en": "pages viewed"},
        clause={
            "nl": "bezoekers bekeken gemiddeld {value} pagina's",
            "en": "visitors viewed {value} pages on average",
        },
        meaning={
            "nl": "Hoeveel pagina's de bezoeker nodig had voor deze vraag. Minder is beter.",
            "en": "How many pages the visitor needed for this question. Fewer is better.",
        },
    ),
    "searches": MetricWords(
        name={"nl": "zoekopdrachten", "en": "searches"},
        clause={
            "nl": "bezoekers zochten gemiddeld {value} keer op de site",
            "en": "visitors searched the site {value} times on average",
        },
        meaning={
            "nl": "Hoe vaak de bezoeker het zoekvak van de site gebruikte. Minder is beter.",
            "en": "How often the visitor used the site's search box. Fewer is better.",
        },
    ),
    "questions": MetricWords(
        name={"nl": "vragen per bezoeker", "en": "questions per visitor"},
        clause={
            "nl": "bezoekers hadden gemiddeld {value} vragen",
            "en": "visitors had {value} questions on average",
        },
        meaning={
            "nl": "Hoe vaak de bezoeker opnieuw begon over dit onderwerp. Minder is beter.",
            "en": "How often the visitor started again on this subject. Fewer is better.",
        },
    ),
    "heartbeat_responses": MetricWords(
        name={"nl": "reacties van bezoekers per vraag", "en": "reactions of visitors per question"},
        clause={
            "nl": "bij een vraag zeiden bezoekers gemiddeld {value} keer hoe zij het vonden",
            "en": "in a question visitors said {value} times on average how it was",
        },
        meaning={
            "nl": "Reacties van bezoekers, gedeeld door vragen. Verschilt dit, dan zijn de reacties niet "
            "zomaar te vergelijken.",
            "en": "Reactions of visitors, divided by questions. Where this differs, the reactions cannot "
            "simply be compared.",
        },
    ),
    "heartbeat_given": MetricWords(
        name={"nl": "beleving, volgens de bezoeker", "en": "heartbeat, by the visitor"},
        clause={
            "nl": "was de reactie in deze versie bij {value} de beste van de twee",
            "en": "the reaction in this version was the better one in {value}",
        },
        meaning={
            "nl": "We vergelijken twee reacties, een uit elke versie: slecht, neutraal of goed.",
            "en": "Two reactions, one from each version, are compared: bad, neutral or good.",
        },
        share=True,
        among="moments",
    ),
    "heartbeat_inferred": MetricWords(
        name={"nl": "beleving, afgeleid uit klikken", "en": "heartbeat, inferred from clicks"},
        clause={
            "nl": "was de beleving in deze versie bij {value} de beste van de twee",
            "en": "the heartbeat in this version was the better one in {value}",
        },
        meaning={
            "nl": "Hetzelfde, afgeleid uit wat bezoekers deden: slecht, neutraal, goed.",
            "en": "The same, inferred from what visitors did: bad, neutral, good.",
        },
        share=True,
        among="moments",
    ),
    "heartbeat": MetricWords(
        name={"nl": "beleving", "en": "heartbeat"},
        clause={
            "nl": "bezoekers gaven gemiddeld een {value}",
            "en": "visitors gave {value} on average",
        },
        meaning={
            "nl": "Hoe bezoekers het beleefden: −1 is slecht, 0 is neutraal en +1 is goed.",
            "en": "How visitors experienced it: −1 is bad, 0 is neutral and +1 is good.",
        },
    ),
}

#: The same metrics where the row is a question, returns included.
QUESTION_METRICS: Mapping[str, MetricWords] = {
    "success": MetricWords(
        name={"nl": "vraag beantwoord", "en": "question answered"},
        clause={"nl": "kregen er {value} een antwoord", "en": "{value} got an answer"},
        meaning={
            "nl": "Van alle vragen, ook van bezoekers die terugkwamen: hoeveel eindigden met een antwoord.",
            "en": "Of all questions, those of returning visitors included: how many ended with an answer.",
        },
        share=True,
        among="questions",
    ),
    "contact": MetricWords(
        name={"nl": "vraag eindigde met bellen of mailen", "en": "question ended in a call or mail"},
        clause={"nl": "eindigden er {value} met bellen of mailen", "en": "{value} ended in a call or mail"},
        meaning={
            "nl": "Van alle vragen: bij hoeveel ging de bezoeker over op telefoon, e-mail, chat of afspraak.",
            "en": "Of all questions: in how many the visitor turned to telephone, mail, chat or appointment.",
        },
        share=True,
        among="questions",
    ),
    "pages": MetricWords(
        name={"nl": "pagina's per vraag", "en": "pages per question"},
        clause={
            "nl": "een vraag kostte gemiddeld {value} pagina's",
            "en": "a question took {value} pages on average",
        },
        meaning={
            "nl": "Bekeken pagina's, gedeeld door het aantal vragen. Minder is beter.",
            "en": "Pages viewed, divided by the number of questions. Fewer is better.",
        },
    ),
    "searches": MetricWords(
        name={"nl": "zoekopdrachten per vraag", "en": "searches per question"},
        clause={
            "nl": "een vraag kostte gemiddeld {value} zoekopdrachten",
            "en": "a question took {value} searches on average",
        },
        meaning={
            "nl": "Zoekopdrachten op de site, gedeeld door het aantal vragen. Minder is beter.",
            "en": "Searches on the site, divided by the number of questions. Fewer is better.",
        },
    ),
}

#: Other spellings under which the same metric may arrive.
SAME_METRIC: Mapping[str, str] = {
    "time_s": "time",
    "time_to_answer": "time",
    "timeToAnswer": "time",
    "firstAnswered": "first_answered",
    "firstQuestionAnswered": "first_answered",
    "formSuccess": "form_success",
    "successRate": "form_success",
}

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

STATUSES: Phrases = {
    "pass": {"nl": "in orde", "en": "passed"},
    "warn": {"nl": "let op", "en": "take care"},
    "fail": {"nl": "niet in orde", "en": "failed"},
}

ESTIMANDS: Phrases = {
    "visitor": {"nl": "per bezoeker", "en": "per visitor"},
    "question": {"nl": "per vraag", "en": "per question"},
    "firstQuestion": {"nl": "bij de eerste vraag", "en": "at the first question"},
}

CHECKS: Phrases = {
    "sampleRatio": {"nl": "Eerlijke verdeling", "en": "Fair allocation"},
    "exposureMismatch": {"nl": "Juiste versie getoond", "en": "Right version shown"},
    "plannedSize": {"nl": "Gepland aantal bezoekers", "en": "Planned number of visitors"},
    "bucketDispersion": {"nl": "Loting goed gespreid", "en": "Buckets well spread"},
    "duration": {"nl": "Geplande looptijd", "en": "Planned duration"},
    "setAside": {"nl": "Terzijde gelegde gegevens", "en": "Data set aside"},
    "occupiedBuckets": {"nl": "Genoeg loten in gebruik", "en": "Enough buckets in use"},
    "definitions": {"nl": "Afspraken onveranderd", "en": "Promises unchanged"},
    "sensitivity": {"nl": "Uitslag houdt stand", "en": "Verdict holds"},
    "estimate": {"nl": "Vergelijken mogelijk", "en": "Comparison possible"},
    "sampleRatioAnyTime": {"nl": "Eerlijke verdeling, elke dag", "en": "Fair allocation, every day"},
    "looks": {"nl": "Tussentijds kijken", "en": "Looking on the way"},
    "segments": {"nl": "Deelgroepen gelijk", "en": "Segments alike"},
    "weekdays": {"nl": "Dagen van de week gelijk", "en": "Days of the week alike"},
    "novelty": {"nl": "Verschil blijft", "en": "Difference lasts"},
    "excludedDays": {"nl": "Weggelaten dagen", "en": "Days left out"},
}

#: (check, status) -> sentence. `{…}` are facts that `check_sentence` formats.
CHECK_SENTENCES: Mapping[tuple[str, str], Texts] = {
    ("sampleRatio", "pass"): {
        "nl": "De bezoekers zijn over de versies verdeeld zoals was afgesproken.",
        "en": "The visitors were divided over the versions as agreed.",
    },
    ("sampleRatio", "warn"): {
        "nl": "De verdeling van de bezoekers over de versies wijkt een beetje af. Houd dit in de gaten.",
        "en": "The division of the visitors over the versions is a little off. Keep an eye on it.",
    },
    ("sampleRatio", "fail"): {
        "nl": "De bezoekers zijn niet verdeeld zoals was afgesproken. Er gaat iets mis bij het loten of het "
        "meten; zoek eerst uit wat.",
        "en": "The visitors were not divided as agreed. Something is wrong in the allocation or the "
        "measurement; find out what before anything else.",
    },
    ("exposureMismatch", "pass"): {
        "nl": "De bezoekers zagen de versie waarvoor zij geloot waren.",
        "en": "The visitors saw the version they were allocated to.",
    },
    ("exposureMismatch", "warn"): {
        "nl": "Een klein deel van de bezoekers zag een andere versie dan geloot was. Zij tellen niet mee.",
        "en": "A small share of the visitors saw another version than allocated. They are not counted.",
    },
    ("exposureMismatch", "fail"): {
        "nl": "Te veel bezoekers zagen een andere versie dan geloot was. De versies zijn zo niet te "
        "vergelijken.",
        "en": "Too many visitors saw another version than allocated. The versions cannot be compared.",
    },
    ("plannedSize", "pass"): {
        "nl": "Er deden genoeg bezoekers mee: {units}. Gepland waren er {planned}.",
        "en": "Enough visitors took part: {units}. Planned were {planned}.",
    },
    ("plannedSize", "warn"): {
        "nl": "Er deden {units} van de {planned} geplande bezoekers mee. Wacht met een oordeel.",
        "en": "So far {units} of the {planned} planned visitors took part. Wait before you judge.",
    },
    ("plannedSize", "fail"): {
        "nl": "Er deden {units} van de {planned} geplande bezoekers mee. Dat is te weinig voor een oordeel.",
        "en": "Only {units} of the {planned} planned visitors took part, too few for a verdict.",
    },
    ("bucketDispersion", "pass"): {
        "nl": "De bezoekers zijn goed over de loten gespreid.",
        "en": "The visitors are well spread over the buckets.",
    },
    ("bucketDispersion", "warn"): {
        "nl": "Sommige loten hebben opvallend veel bezoekers. Kijk of een cache de cookie bewaart.",
        "en": "Some buckets hold remarkably many visitors. See whether a cache keeps the cookie.",
    },
    ("bucketDispersion", "fail"): {
        "nl": "Een paar loten hebben veel te veel bezoekers. Waarschijnlijk deelt een cache één cookie met "
        "iedereen.",
        "en": "A few buckets hold far too many visitors. A cache probably shares one cookie with everyone.",
    },
    ("duration", "pass"): {
        "nl": "De proef liep zo lang als gepland.",
        "en": "The experiment ran as long as planned.",
    },
    ("duration", "warn"): {
        "nl": "De proef loopt nog, of stopte eerder dan gepland.",
        "en": "The experiment is still running, or stopped sooner than planned.",
    },
    ("duration", "fail"): {
        "nl": "De proef liep niet in de periode die was afgesproken.",
        "en": "The experiment did not run in the period agreed.",
    },
    ("setAside", "pass"): {
        "nl": "Er zijn weinig gegevens terzijde gelegd.",
        "en": "Little data was set aside.",
    },
    ("setAside", "warn"): {
        "nl": "Er zijn veel gegevens terzijde gelegd. Kijk hieronder waarom.",
        "en": "Much data was set aside. See below why.",
    },
    ("setAside", "fail"): {
        "nl": "Er zijn te veel gegevens terzijde gelegd om op de rest te bouwen.",
        "en": "Too much data was set aside to build on the rest.",
    },
    ("occupiedBuckets", "pass"): {
        "nl": "Er zijn genoeg loten in gebruik om de onzekerheid goed te berekenen.",
        "en": "Enough buckets are in use to work out the uncertainty well.",
    },
    ("occupiedBuckets", "warn"): {
        "nl": "Er zijn weinig loten in gebruik. De onzekerheid is daardoor zelf onzeker.",
        "en": "Few buckets are in use, which makes the uncertainty itself uncertain.",
    },
    ("occupiedBuckets", "fail"): {
        "nl": "Er zijn te weinig loten in gebruik om de onzekerheid te berekenen.",
        "en": "Too few buckets are in use to work out the uncertainty.",
    },
    ("sampleRatioAnyTime", "pass"): {
        "nl": "Ook onderweg waren de bezoekers op elk moment verdeeld zoals was afgesproken.",
        "en": "On the way too the visitors were divided as agreed at every moment.",
    },
    ("sampleRatioAnyTime", "warn"): {
        "nl": "Op een moment onderweg week de verdeling af. Toen deden nog niet alle loten mee; kijk of dat "
        "het verklaart.",
        "en": "At some moment on the way the division was off. Not all buckets took part yet; see whether "
        "that explains it.",
    },
    ("sampleRatioAnyTime", "fail"): {
        "nl": "Op een moment onderweg waren de bezoekers niet verdeeld zoals was afgesproken. Zoek eerst uit "
        "wat er toen misging.",
        "en": "At some moment on the way the visitors were not divided as agreed. First find out what went "
        "wrong then.",
    },
    ("looks", "pass"): {
        "nl": "De grens die vooraf vastlag is bereikt, of het geplande einde. De cijfers houden er rekening "
        "mee dat er vaker is gekeken.",
        "en": "The boundary fixed beforehand was reached, or the planned end. The figures allow for having "
        "looked more than once.",
    },
    ("looks", "warn"): {
        "nl": "De grens die vooraf vastlag is nog niet bereikt. Wacht met een oordeel.",
        "en": "The boundary fixed beforehand has not been reached yet. Wait before you judge.",
    },
    ("segments", "pass"): {
        "nl": "Het is niet duidelijk dat de nieuwe versie in de ene deelgroep anders werkt dan in de andere. "
        "Lees geen verschil tussen deelgroepen af.",
        "en": "It is not clear that the new version works otherwise in one segment than in another. Do not "
        "read a difference between segments.",
    },
    ("segments", "warn"): {
        "nl": "De nieuwe versie werkt niet in elke deelgroep hetzelfde. Eén cijfer voor iedereen zegt dan "
        "niet alles.",
        "en": "The new version does not work the same in every segment. One figure for everyone then does "
        "not say it all.",
    },
    ("weekdays", "pass"): {
        "nl": "We zien geen duidelijk ander effect op andere dagen van de week.",
        "en": "We see no clearly other effect on other days of the week.",
    },
    ("weekdays", "warn"): {
        "nl": "Het effect hangt af van de dag van de week. Vergelijk alleen hele weken.",
        "en": "The effect hangs on the day of the week. Compare whole weeks only.",
    },
    ("novelty", "pass"): {
        "nl": "Het verschil wordt over de dagen niet duidelijk groter of kleiner.",
        "en": "The difference does not clearly grow or fade over the days.",
    },
    ("novelty", "warn"): {
        "nl": "Het verschil wordt over de dagen groter of kleiner. Misschien werkt het vooral zolang het "
        "nieuw is.",
        "en": "The difference grows or fades over the days. Perhaps it works mainly while it is new.",
    },
    ("excludedDays", "warn"): {
        "nl": "Er zijn dagen weggelaten. Hieronder staat welke en waarom.",
        "en": "Days were left out. See which ones and why.",
    },
    ("definitions", "pass"): {
        "nl": "De afspraken zijn tijdens de proef niet veranderd.",
        "en": "What was agreed did not change during the experiment.",
    },
    ("definitions", "warn"): {
        "nl": "Er is tijdens de proef iets veranderd aan de afspraken.",
        "en": "Something that was agreed changed during the experiment.",
    },
    ("definitions", "fail"): {
        "nl": "De afspraken zijn tijdens de proef veranderd. De uitslag telt daarom niet.",
        "en": "What was agreed changed during the experiment, so the verdict does not count.",
    },
    ("sensitivity", "pass"): {
        "nl": "Met andere grenzen voor een sessie blijft de uitslag hetzelfde.",
        "en": "With other limits for a session the verdict stays the same.",
    },
    ("sensitivity", "warn"): {
        "nl": "Met andere grenzen voor een sessie verandert de uitslag.",
        "en": "With other limits for a session the verdict changes.",
    },
    ("sensitivity", "fail"): {
        "nl": "De uitslag hangt af van de gekozen grenzen voor een sessie.",
        "en": "The verdict hangs on the limits chosen for a session.",
    },
}

#: Why an estimate could not be made.
REFUSALS: Phrases = {
    "noUnits": {
        "nl": "een van de versies heeft geen bezoekers",
        "en": "one of the versions has no visitors",
    },
    "tooFewUnits": {
        "nl": "er zijn te weinig bezoekers om de onzekerheid te berekenen",
        "en": "there are too few visitors to work out the uncertainty",
    },
    "tooFewBuckets": {
        "nl": "er zijn te weinig loten in gebruik om de onzekerheid te berekenen",
        "en": "too few buckets are in use to work out the uncertainty",
    },
    "giantBucket": {
        "nl": "één lot bevat een te groot deel van de bezoekers",
        "en": "one bucket holds too large a share of the visitors",
    },
    "tooRare": {
        "nl": "het kwam te weinig voor om iets over het verschil te zeggen",
        "en": "it happened too rarely to say anything about the difference",
    },
    "noVariation": {
        "nl": "alle bezoekers hadden dezelfde waarde",
        "en": "all visitors had the same value",
    },
    "zeroDenominator": {
        "nl": "er is niets om door te delen",
        "en": "there is nothing to divide by",
    },
    "noEvents": {
        "nl": "niemand bereikte een einde binnen de gemeten tijd",
        "en": "nobody reached an end within the time measured",
    },
    "heavyTail": {
        "nl": "een paar zeer grote waarden bepalen het gemiddelde",
        "en": "a few very large values decide the mean",
    },
    "controlNearZero": {
        "nl": "de huidige versie ligt te dicht bij nul voor een verhouding",
        "en": "the current version lies too close to zero for a relative difference",
    },
    "beyondFollowUp": {
        "nl": "bezoekers zijn niet zo lang gevolgd als daarvoor nodig is",
        "en": "visitors were not followed for as long as this needs",
    },
    "expectedTooSmall": {
        "nl": "er worden te weinig bezoekers verwacht om dit te toetsen",
        "en": "too few visitors are expected to test this",
    },
    "fallingCounts": {
        "nl": "het aantal bezoekers daalt van de ene dag op de andere, dat kan niet",
        "en": "the number of visitors falls from one day to the next, which cannot be",
    },
    "unmeasured": {
        "nl": "dit is niet gemeten",
        "en": "this was not measured",
    },
}

#: Methods in plain words; found by the first key that occurs in the method's name.
METHODS: Phrases = {
    "newcombe": {
        "nl": "twee aandelen vergeleken (interval van Newcombe)",
        "en": "two shares compared (Newcombe interval)",
    },
    "boschloo": {
        "nl": "exacte toets voor kleine aantallen (Boschloo)",
        "en": "exact test for small numbers (Boschloo)",
    },
    "barnard": {
        "nl": "exacte toets voor kleine aantallen (Barnard)",
        "en": "exact test for small numbers (Barnard)",
    },
    "win probability": {
        "nl": "vergeleken op rang (Brunner–Munzel)",
        "en": "compared by rank (Brunner–Munzel)",
    },
    "group sequential": {
        "nl": "tussentijds kijken volgens plan (Lan–DeMets)",
        "en": "looks as planned (Lan–DeMets)",
    },
    "confidence sequence": {
        "nl": "op elk moment kijken (betrouwbaarheidsreeks)",
        "en": "looks at any time (confidence sequence)",
    },
    "miettinen": {
        "nl": "twee aandelen vergeleken (Miettinen–Nurminen)",
        "en": "two shares compared (Miettinen–Nurminen)",
    },
    "exact": {"nl": "exacte toets voor kleine aantallen", "en": "exact test for small numbers"},
    "permutation": {
        "nl": "de loting duizenden keren overgedaan (permutatietoets)",
        "en": "the allocation repeated thousands of times (permutation test)",
    },
    "fieller": {
        "nl": "verhouding van twee gemiddelden (Fieller)",
        "en": "ratio of two means (Fieller)",
    },
    "delta": {
        "nl": "verhouding van sommen, per lot samengenomen (deltamethode)",
        "en": "ratio of sums, clustered by bucket (delta method)",
    },
    "restricted": {
        "nl": "gemiddelde tijd tot een vaste grens (Aalen–Johansen)",
        "en": "mean time up to a fixed limit (Aalen–Johansen)",
    },
    "aalen": {
        "nl": "gemiddelde tijd tot een vaste grens (Aalen–Johansen)",
        "en": "mean time up to a fixed limit (Aalen–Johansen)",
    },
    "rmst": {
        "nl": "gemiddelde tijd tot een vaste grens (Aalen–Johansen)",
        "en": "mean time up to a fixed limit (Aalen–Johansen)",
    },
    "welch": {"nl": "twee gemiddelden vergeleken (Welch)", "en": "two means compared (Welch)"},
    "wald": {"nl": "twee aandelen vergeleken (Wald)", "en": "two shares compared (Wald)"},
}

SET_ASIDE: Phrases = {
    "load test": {"nl": "belastingtest", "en": "load test"},
    "bot": {"nl": "bot", "en": "bot"},
    "variant differs from the hash of the bucket": {
        "nl": "andere versie getoond dan geloot",
        "en": "another version shown than allocated",
    },
    "unit in two variants": {"nl": "bezoeker in twee versies", "en": "visitor in two versions"},
    "exact duplicate row": {"nl": "dubbele regel", "en": "duplicate row"},
    "duplicate row": {"nl": "dubbele regel", "en": "duplicate row"},
    "duplicate": {"nl": "dubbele regel", "en": "duplicate row"},
    "missing unit": {"nl": "bezoeker ontbreekt", "en": "visitor is missing"},
    "missing variant": {"nl": "versie ontbreekt", "en": "version is missing"},
    "missing outcome": {"nl": "uitkomst ontbreekt", "en": "outcome is missing"},
    "missing per": {"nl": "noemer ontbreekt", "en": "denominator is missing"},
    "missing observed": {"nl": "waarneming ontbreekt", "en": "observed is missing"},
    "outcome is text": {"nl": "uitkomst is tekst", "en": "outcome is text"},
    "outcome is not a number": {"nl": "uitkomst is geen getal (NaN)", "en": "outcome is not a number (NaN)"},
    "outcome is infinite": {"nl": "uitkomst is oneindig", "en": "outcome is infinite"},
    "outcome is negative": {"nl": "uitkomst is negatief", "en": "outcome is negative"},
    "outcome is neither 0 nor 1": {"nl": "uitkomst is geen 0 of 1", "en": "outcome is neither 0 nor 1"},
    "per is text": {"nl": "noemer is tekst", "en": "denominator is text"},
    "per is not a number": {"nl": "noemer is geen getal (NaN)", "en": "denominator is not a number (NaN)"},
    "per is infinite": {"nl": "noemer is oneindig", "en": "denominator is infinite"},
    "per is negative": {"nl": "noemer is negatief", "en": "denominator is negative"},
    "observed is text": {"nl": "waarneming is tekst", "en": "observed is text"},
    "observed is not a number": {"nl": "waarneming is geen getal", "en": "observed is not a number"},
    "observed is infinite": {"nl": "waarneming is oneindig", "en": "observed is infinite"},
    "observed is neither 0 nor 1": {"nl": "waarneming is geen 0 of 1", "en": "observed is neither 0 nor 1"},
    "unexpected value": {"nl": "onverwachte waarde", "en": "unexpected value"},
    "unknown variant": {"nl": "onbekende versie", "en": "unknown version"},
    "unknown experiment": {"nl": "onbekende proef", "en": "unknown experiment"},
    "outside the period": {
        "nl": "buiten de periode van de proef",
        "en": "outside the period of the experiment",
    },
    "no question": {"nl": "hoort bij geen vraag", "en": "belongs to no question"},
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
}

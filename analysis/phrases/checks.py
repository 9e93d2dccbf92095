# SPDX-License-Identifier: EUPL-1.2
"""What the checks of a report are called, and what each found."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.phrases.texts import Phrases, Texts

STATUSES: Phrases = {
    "pass": {"nl": "in orde", "en": "passed"},
    "warn": {"nl": "let op", "en": "take care"},
    "fail": {"nl": "niet in orde", "en": "failed"},
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
    "exposureLost": {"nl": "Eerste bezoeken gemeten", "en": "First visits measured"},
    "kindsOfVisit": {"nl": "Gelijke bezoeken", "en": "Visits alike"},
    "twoVersions": {"nl": "Eén versie per bezoeker", "en": "One version per visitor"},
    "cap": {"nl": "Uitschieters afgekapt", "en": "Outliers cut"},
    "estimate": {"nl": "Vergelijken mogelijk", "en": "Comparison possible"},
    "sampleRatioAnyTime": {"nl": "Eerlijke verdeling, elke dag", "en": "Fair allocation, every day"},
    "looks": {"nl": "Tussentijds kijken", "en": "Looking on the way"},
    "segments": {"nl": "Deelgroepen gelijk", "en": "Segments alike"},
    "weekdays": {"nl": "Dagen van de week gelijk", "en": "Days of the week alike"},
    "novelty": {"nl": "Verschil blijft", "en": "Difference lasts"},
    "excludedDays": {"nl": "Weggelaten dagen", "en": "Days left out"},
    "unfinishedDay": {"nl": "Lopende dag", "en": "Day that still runs"},
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
    ("unfinishedDay", "warn"): {
        "nl": "Vandaag loopt nog en telt nog niet mee: de bezoekers van vandaag kunnen nog verder.",
        "en": "Today is not over and does not count yet: its visitors may still go on.",
    },
    ("exposureLost", "pass"): {
        "nl": "Op de eerste dag raakten er weinig eerste bezoeken zoek, en bij elke versie ongeveer "
        "evenveel.",
        "en": "On the first day few first visits got lost, about as many for each version.",
    },
    ("exposureLost", "warn"): {
        "nl": "Op de eerste dag raakten er veel eerste bezoeken zoek: meer dan 5 van de 100. Bij elke versie "
        "ongeveer evenveel, dus de vergelijking blijft eerlijk. Zoek wel uit hoe dat komt.",
        "en": "On the first day many first visits got lost: more than 5 in 100. About as many for each "
        "version, so the comparison stays fair. Do find out why.",
    },
    ("exposureLost", "fail"): {
        "nl": "Bij de ene versie raakten meer eerste bezoeken zoek dan bij de andere. Daardoor vergelijken "
        "we "
        "twee verschillende groepen bezoekers. Kijk of een van de versies trager is of fouten geeft.",
        "en": "More first visits got lost with one version than with the other, so two different groups of "
        "visitors are compared. See whether one of the versions is slower or gives errors.",
    },
    ("kindsOfVisit", "pass"): {
        "nl": "De bezoekers van elke versie kwamen op dezelfde manieren binnen, met dezelfde schermen en op "
        "dezelfde uren.",
        "en": "The visitors of each version came in the same ways, with the same screens and at the same "
        "hours.",
    },
    ("kindsOfVisit", "warn"): {
        "nl": "Bezoekers van de ene versie kwamen anders binnen dan die van de andere. Loten kan dat niet "
        "doen; waarschijnlijk heeft een versie eigen adressen of links, of gaat bij het doorsturen de code "
        "van een brief verloren. Vergelijk deelgroepen dan niet.",
        "en": "Visitors of one version came in otherwise than those of the other. A draw cannot do that; one "
        "version probably has addresses or links of its own, or loses the code of a letter where it sends "
        "visitors on. Then do not compare segments.",
    },
    ("twoVersions", "pass"): {
        "nl": "Bezoekers die we op één dag vaker zagen, kregen steeds dezelfde versie.",
        "en": "Visitors whom we saw again on the same day always got the same version.",
    },
    ("twoVersions", "warn"): {
        "nl": "Van de {seen} bezoekers zagen er {both} op één dag twee versies, bijvoorbeeld omdat zij "
        "hun "
        "cookies wisten. Zij tellen mee bij de eerste.",
        "en": "Of the {seen} visitors, {both} saw two versions on one day, for instance because they "
        "deleted their cookies. They count with the first.",
    },
    ("twoVersions", "fail"): {
        "nl": "Van de {seen} bezoekers zagen er {both} op één dag twee versies. Dat zijn er te veel om "
        "de "
        "versies te vergelijken.",
        "en": "Of the {seen} visitors, {both} saw two versions on one day. Those are too many to compare "
        "the versions.",
    },
    ("cap", "pass"): {
        "nl": "Zeer hoge aantallen zijn afgekapt op de grens die vooraf was afgesproken. Dat raakte bij elke "
        "versie hooguit 1 van de 100 bezoekers.",
        "en": "Very high counts were cut at the limit agreed beforehand. It touched at most 1 in 100 "
        "visitors "
        "of each version.",
    },
    ("cap", "warn"): {
        "nl": "De afgesproken grens kapt meer dan 1 van de 100 bezoekers af. Dat zijn geen uitschieters "
        "meer; "
        "lees het gemiddelde met die grens erbij.",
        "en": "The limit agreed beforehand cuts more than 1 in 100 visitors. Those are no outliers any more; "
        "read the mean together with that limit.",
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
        "nl": "Met andere grenzen voor een bezoek en een antwoord blijft het oordeel hetzelfde.",
        "en": "With other limits for a visit and an answer the verdict stays the same.",
    },
    ("sensitivity", "warn"): {
        "nl": "Met andere grenzen voor een bezoek of een antwoord verandert het oordeel. Hieronder staat "
        "wanneer.",
        "en": "With other limits for a visit or an answer the verdict changes. See below when.",
    },
    ("sensitivity", "fail"): {
        "nl": "Het oordeel hangt af van de gekozen grenzen voor een bezoek of een antwoord.",
        "en": "The verdict hangs on the limits chosen for a visit or an answer.",
    },
}

#: Instead of the sentence of `kindsOfVisit`, where only the addresses differ.
OWN_ADDRESSES: Texts = {
    "nl": "De bezoekers van elke versie kwamen op dezelfde manieren binnen. Elke versie heeft eigen "
    "adressen, dus de pagina van binnenkomst telt niet mee als kenmerk van een bezoek.",
    "en": "The visitors of each version came in the same ways. Each version has addresses of its own, so the "
    "page they came in on does not count as a trait of a visit.",
}

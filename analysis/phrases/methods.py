# SPDX-License-Identifier: EUPL-1.2
"""How an estimate was made, why one could not be, and what was left out of it."""

from __future__ import annotations

from analysis.phrases.texts import Phrases

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
    "notReached": {
        "nl": "daarvoor vonden te weinig bezoekers een antwoord",
        "en": "too few visitors found an answer for that",
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
    "cuped": {
        "nl": "gecorrigeerd voor wat bij het eerste bezoek al bekend was (CUPED)",
        "en": "adjusted for what was known at the first visit (CUPED)",
    },
    "post-stratified": {
        "nl": "eerst per soort bezoek vergeleken, dan samengeteld (poststratificatie)",
        "en": "compared by kind of visit first, then added up (post-stratification)",
    },
    "rogan": {
        "nl": "verbeterd met antwoorden van bezoekers (Rogan–Gladen)",
        "en": "put right by what visitors said (Rogan–Gladen)",
    },
    "prediction-powered": {
        "nl": "verbeterd met antwoorden van bezoekers (prediction-powered)",
        "en": "put right by what visitors said (prediction-powered)",
    },
    "quantile": {
        "nl": "tijd waarbinnen een deel een antwoord had (kwantiel)",
        "en": "time within which a share had an answer (quantile)",
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
    "welch t, skewness": {
        "nl": "twee gemiddelden vergeleken, scheefheid verrekend (Welch, Hall)",
        "en": "two means compared, skewness allowed for (Welch, Hall)",
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
    "unknown kind": {"nl": "onbekend soort gebeurtenis", "en": "unknown kind of event"},
    "outside the day": {"nl": "buiten de dag", "en": "outside the day"},
    "too many events by one visitor": {
        "nl": "te veel gebeurtenissen van één bezoeker",
        "en": "too many events by one visitor",
    },
    "experiment of another site": {"nl": "proef van een andere site", "en": "experiment of another site"},
    "exposure without a bucket": {
        "nl": "versie getoond zonder lot",
        "en": "version shown without a bucket",
    },
    "first exposure without a variant": {
        "nl": "eerste keer gezien, zonder versie",
        "en": "first exposure without a version",
    },
    "first exposure sent twice": {
        "nl": "eerste keer gezien, dubbel gestuurd",
        "en": "first exposure sent twice",
    },
    "question under an exposure that does not count": {
        "nl": "vraag bij een versie die niet meetelt",
        "en": "question under a version that does not count",
    },
}

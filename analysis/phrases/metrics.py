# SPDX-License-Identifier: EUPL-1.2
"""How each metric is named, explained, and told in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.phrases.texts import Phrases, Texts

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
            "nl": "De bezoeker maakte af waarvoor hij kwam, of las het antwoord: 30 seconden lang, of korter "
            "bij een korte tekst.",
            "en": "The visitor finished what they came for, or read the answer: for 30 seconds, or less "
            "where it is short.",
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
    "time_quarter": MetricWords(
        name={"nl": "tijd waarin 1 op de 4 antwoord had", "en": "time in which 1 in 4 had an answer"},
        clause={
            "nl": "1 op de 4 bezoekers had binnen {value} een antwoord",
            "en": "1 in 4 visitors had an answer within {value}",
        },
        meaning={
            "nl": "Van alle bezoekers, ook wie geen antwoord vond: binnen welke tijd had een kwart een "
            "antwoord.",
            "en": "Of all visitors, those without an answer too: within what time a quarter had theirs.",
        },
    ),
    "time_half": MetricWords(
        name={"nl": "tijd waarin de helft antwoord had", "en": "time in which half had an answer"},
        clause={
            "nl": "de helft van de bezoekers had binnen {value} een antwoord",
            "en": "half of the visitors had an answer within {value}",
        },
        meaning={
            "nl": "Van alle bezoekers, ook wie geen antwoord vond: binnen welke tijd had de helft een "
            "antwoord. "
            "Vond minder dan de helft er een, dan is dit niet te zeggen.",
            "en": "Of all visitors, those without an answer too: within what time half had theirs. Where "
            "fewer "
            "than half found one, it cannot be told.",
        },
    ),
    "time_most": MetricWords(
        name={"nl": "tijd waarin 3 op de 4 antwoord hadden", "en": "time in which 3 in 4 had an answer"},
        clause={
            "nl": "3 op de 4 bezoekers hadden binnen {value} een antwoord",
            "en": "3 in 4 visitors had an answer within {value}",
        },
        meaning={
            "nl": "Van alle bezoekers, ook wie geen antwoord vond: binnen welke tijd hadden er drie van de "
            "vier "
            "een antwoord.",
            "en": "Of all visitors, those without an answer too: within what time three in four had theirs.",
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

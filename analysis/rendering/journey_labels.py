# SPDX-License-Identifier: EUPL-1.2
"""What the pages /journeys/ say, in Dutch and English."""

from __future__ import annotations

from collections.abc import Mapping

Words = Mapping[str, str]

JOURNEYS: Mapping[str, Words] = {
    "nl": {
        "title": "Klantreizen",
        "why": "Waar kwamen bewoners voor, en vonden zij het? Bovenaan staan de onderwerpen waar de meeste "
        "vragen zonder antwoord bleven: daar helpt een verbetering de meeste bewoners.",
        "empty": "Er zijn nog geen klantreizen.",
        "how": "Ze ontstaan als een dag is afgesloten. Maak ze met:",
        "missing_title": "Deze klantreis is er niet",
        "missing": "Er is geen onderwerp met deze naam, of er kwamen in deze weken te weinig bezoekers voor.",
        "unreadable": "Deze klantreis is niet te lezen. Maak hem opnieuw met:",
        "back": "Naar alle klantreizen",
        "task": "Onderwerp",
        "period": "Periode",
        "computed": "Berekend op",
        "facts": "In het kort",
        "questions": "Vragen",
        "answered": "Antwoord gevonden",
        "on_results": "Antwoord gezien bij zoeken",
        "contacted": "Belde of mailde",
        "abandoned": "Gestopt",
        "unanswered": "Zonder antwoord",
        "share": "Deel zonder antwoord",
        "effort": "Moeite",
        "complaints": "Slechte reacties",
        "of_marks": "{bad} van {given}",
        "calls": "Telefoon, mail en balie",
        "official": "Officiële naam",
        "business": "voor ondernemers",
        "order": "Zet bovenaan",
        "order_unanswered": "meeste zonder antwoord",
        "order_volume": "meeste vragen",
        "order_share": "grootste deel zonder antwoord",
        "order_effort": "meeste moeite",
        "order_complaints": "meeste slechte reacties",
        "order_calls": "meeste telefoon, mail en balie",
        "numbers": "Cijfers bij dit beeld",
        "notes": "Bedenk hierbij",
        "simulated": "Deze bezoekers zijn nagebootst. De cijfers zeggen niets over een echte gemeente.",
        "note_inferred": "Of iemand een antwoord vond, leiden we af uit klikken en lezen. Dat klopt niet "
        "altijd.",
        "note_answered": "Antwoord gevonden betekent: klaar, of het antwoord gelezen. Wie het antwoord "
        "tussen de zoekresultaten zag staan en niets meer deed, telt apart: of het is gelezen, weten we "
        "niet.",
        "note_unanswered": "Zonder antwoord betekent: de bezoeker stopte, of ging bellen, mailen of naar de "
        "balie. Het deel zonder antwoord is van de vragen waarvan we het einde zagen.",
        "note_effort": "Moeite is een optelsum die vooraf vaststaat: 1 punt voor elke pagina, zoekactie, "
        "zoekactie zonder resultaat, andere zoekwoorden, keer teruggaan en boze klik; 2 voor een fout in een "
        "formulier.",
        "note_five": "Onderwerpen, woorden, plekken en stappen van minder dan vijf bezoekers laten we niet "
        "zien. Ze tellen wel mee, onder ‘overig’.",
        "note_calls": "Telefoon, mail en balie zijn de registraties van de gemeente zelf over dit onderwerp. "
        "De meeste zijn niet aan een vraag op de site te koppelen.",
        "note_small": "Nog {count} vragen gingen over onderwerpen die bijna niemand had.",
        "note_no_task": "Bij {count} vragen weten we niet waarover ze gingen.",
        "all": "alle bezoekers",
        "version": "Versie",
        "phase": "Fase",
        "place": "Plek",
        "visits": "Bezoeken",
        "came": "Vragen die hier kwamen",
        "leaving": "Stopte hier",
        "mark": "Reacties (gemiddeld)",
        "hard": "Haperingen",
        "other": "overige plekken",
        "more_places": "en nog {count} plekken",
        "more_place": "en nog 1 plek",
        "to_report": "Welke versie is beter? Zie de uitslag van de proef",
    },
    "en": {
        "title": "Journeys",
        "why": "What did residents come for, and did they find it? On top stand the tasks of which most "
        "questions went without an answer: an improvement there helps most residents.",
        "empty": "There are no journeys yet.",
        "how": "They come into being when a day is closed. Make them with:",
        "missing_title": "There is no such journey",
        "missing": "No task has this name, or too few visitors came for it in these weeks.",
        "unreadable": "This journey cannot be read. Make it again with:",
        "back": "To all journeys",
        "task": "Task",
        "period": "Period",
        "computed": "Computed on",
        "facts": "In short",
        "questions": "Questions",
        "answered": "Found an answer",
        "on_results": "Saw the answer among the results",
        "contacted": "Phoned or mailed",
        "abandoned": "Gave up",
        "unanswered": "Without an answer",
        "share": "Share without an answer",
        "effort": "Effort",
        "complaints": "Bad marks",
        "of_marks": "{bad} of {given}",
        "calls": "Telephone, mail, counter",
        "official": "Official name",
        "business": "for businesses",
        "order": "Put on top",
        "order_unanswered": "most without an answer",
        "order_volume": "most questions",
        "order_share": "largest share without an answer",
        "order_effort": "most effort",
        "order_complaints": "most bad marks",
        "order_calls": "most telephone, mail, counter",
        "numbers": "Figures behind this picture",
        "notes": "Keep in mind",
        "simulated": "These visitors are simulated. The figures say nothing about a real municipality.",
        "note_inferred": "Whether someone found an answer is inferred from clicks and reading. It is not "
        "always right.",
        "note_answered": "Found an answer means: done, or read the answer. Who saw it among the search "
        "results and did nothing more is counted apart: whether it was read, we do not know.",
        "note_unanswered": "Without an answer means: the visitor gave up, or turned to telephone, mail or "
        "counter. The share without an answer is of the questions whose end was seen.",
        "note_effort": "Effort is a sum fixed beforehand: 1 point for each page, search, search without "
        "results, other search words, return and angry click; 2 for an error in a form.",
        "note_five": "Tasks, words, places and steps of fewer than five visitors are not shown. They do "
        "count, under ‘other’.",
        "note_calls": "Telephone, mail and counter are the municipality's own records about the task. Most "
        "of them cannot be joined to a question on the site.",
        "note_small": "{count} more questions were about tasks that hardly anybody had.",
        "note_no_task": "Of {count} questions we do not know what they were about.",
        "all": "all visitors",
        "version": "Version",
        "phase": "Phase",
        "place": "Place",
        "visits": "Visits",
        "came": "Questions that came here",
        "leaving": "Gave up here",
        "mark": "Marks (mean)",
        "hard": "Hard moments",
        "other": "other places",
        "more_places": "and {count} more places",
        "more_place": "and 1 more place",
        "to_report": "Which version is better? See the report of the experiment",
    },
}

#: Titles, sentences and notes of the pictures of the pages.
PICTURES: Mapping[str, Mapping[str, Words]] = {
    "ranking": {
        "nl": {
            "title": "Waar bleven vragen zonder antwoord?",
            "sentence": "De meeste vragen zonder antwoord gingen over ‘{question}’: {unanswered} van de "
            "{questions}. De drie bovenste onderwerpen samen zijn {share} van alle vragen zonder antwoord.",
            "sentence_one": "De meeste vragen zonder antwoord gingen over ‘{question}’: {unanswered} van de "
            "{questions}.",
            "row": "{unanswered} van {questions} zonder antwoord ({share})",
            "note": "Hoe langer de balk, hoe meer vragen. Elke balk begint links met wie een antwoord vond "
            "of het zag bij zoeken; dan volgt van wie we het einde niet zagen, wie ging bellen of mailen, en "
            "dan wie stopte.",
        },
        "en": {
            "title": "Where did questions go without an answer?",
            "sentence": "Most questions without an answer were about ‘{question}’: {unanswered} of "
            "{questions}. The top three tasks together are {share} of all questions without an answer.",
            "sentence_one": "Most questions without an answer were about ‘{question}’: {unanswered} of "
            "{questions}.",
            "row": "{unanswered} of {questions} without an answer ({share})",
            "note": "The longer the bar, the more questions. Each bar starts on the left with who found an "
            "answer or saw it among the results; then follow those whose end was not seen, those who phoned "
            "or mailed, and then those who gave up.",
        },
    },
    "map": {
        "nl": {
            "title": "De klantreis, van begin tot eind",
            "sentence": "De meeste bezoekers stoppen bij {place}: {told}.",
            "told": "bij {version} van de 100 die er komen {count}",
            "told_all": "van de 100 die er komen {count}",
            "calm": "Er is geen plek waar veel bezoekers stoppen.",
            "felt": "Het dieptepunt in wat bezoekers zelf zeiden ligt {where}.",
            "felt_at": "bij {version} in de fase {phase}",
            "felt_all": "in de fase {phase}",
            "felt_every": "bij elke versie in de fase {phase}",
            "given": "Wat bezoekers zelf zeiden",
            "hard": "Haperingen, afgeleid uit gedrag",
            "good": "goed",
            "neutral": "neutraal",
            "bad": "slecht",
            "start": "begin",
            "peak": "top",
            "worst": "dieptepunt",
            "end": "eind",
            "stops": "{share} stopt",
            "key": "Laatste stuk van een balk: wie hier stopte",
            "note": "Van links naar rechts staan de fasen van de reis. De lengte van een balk zegt welk deel "
            "van de vragen op die plek kwam. Een goede reis begint goed en eindigt goed; wat bijblijft zijn "
            "de top, het dieptepunt en het eind. Wat bezoekers zelf zeiden en wat we uit gedrag afleiden, "
            "staan apart. Haperingen zijn: een fout in een formulier, zoeken zonder resultaat, snel terug "
            "naar de resultaten en boze klikken.",
            "line": "De lijn van de beleving",
            "line_kind": "Soort",
        },
        "en": {
            "title": "The journey from start to end",
            "sentence": "Most visitors give up at {place}: {told}.",
            "told": "in {version} {count} out of 100 who come there",
            "told_all": "{count} out of 100 who come there",
            "calm": "There is no place where many visitors give up.",
            "felt": "The low in what visitors said themselves is {where}.",
            "felt_at": "in {version} in the phase {phase}",
            "felt_all": "in the phase {phase}",
            "felt_every": "in every version in the phase {phase}",
            "given": "What visitors said themselves",
            "hard": "Hard moments, inferred from behaviour",
            "good": "good",
            "neutral": "neutral",
            "bad": "bad",
            "start": "start",
            "peak": "peak",
            "worst": "low",
            "end": "end",
            "stops": "{share} give up",
            "key": "Last part of a bar: who gave up here",
            "note": "From left to right stand the phases of the journey. The length of a bar says which "
            "share of the questions came to that place. A good journey starts well and ends well; what "
            "stays in memory are the peak, the low and the end. What visitors said and what we infer from "
            "behaviour stand apart. Hard moments are: an error in a form, a search without results, a quick "
            "return to the results, and angry clicks.",
            "line": "The line of the heartbeat",
            "line_kind": "Kind",
        },
    },
    "ways": {
        "nl": {
            "title": "Wat volgde waarop",
            "ended": "Van de 100 vragen {version}eindigden er {answered} met een antwoord en {contact} met "
            "bellen of mailen; {abandoned} keer stopte de bezoeker.",
            "of": "bij {version} ",
            "panel": "Paden: {version}",
            "note": "Elke band is een groep vragen; hoe dikker, hoe meer. Wat klaar is, loopt aan de rand "
            "door naar rechts, zodat elke kolom alle vragen bevat. Kleine groepen zitten in ‘overig’.",
        },
        "en": {
            "title": "What followed what",
            "ended": "Out of 100 questions {version}{answered} ended with an answer and {contact} in a call "
            "or mail; {abandoned} times the visitor gave up.",
            "of": "in {version} ",
            "panel": "Paths: {version}",
            "note": "Each band is a group of questions; the thicker, the more. What is done runs on along "
            "the edge, so that every column holds all questions. Small groups are in ‘other’.",
        },
    },
    "words": {
        "nl": {
            "title": "De woordkloof: wat bewoners typen en hoe de pagina's heten",
            "sentence": "Bewoners typen {words}, maar {where} gebruikt die woorden.",
            "no_title": "geen enkele titel van deze pagina's",
            "no_title_of": "geen titel in {version}",
            "closed": "Alle woorden die bewoners vaak typen, staan in de titels van de pagina's.",
            "in_titles": "in de titels",
            "in_none": "in geen titel",
            "only": "alleen in {version}",
            "unused": "Woorden die wel in de titels of in de officiële naam staan, maar die minder dan vijf "
            "bezoekers typten: {words}.",
            "word": "Woord",
            "query": "Getypt",
            "also": "ook: {words}",
            "visitors": "Bezoekers",
            "typed": "‘{word}’ ({count} bezoekers)",
            "zero": "Zonder resultaat",
            "again": "Zocht daarna opnieuw",
            "answered": "Vond een antwoord",
            "stands": "In de titels",
            "queries": "Wat bewoners typten, en wat erna kwam",
            "rest": "Nog {count} keer werd er gezocht met woorden van minder dan vijf bezoekers.",
            "note": "Geteld van {period}, bij vijf bezoekers of meer. Een volle balk: het woord staat in een "
            "titel. Een open balk: in geen enkele. Titels zijn die van pagina's van dit onderwerp.",
            "all_title": "De woordkloof over alle onderwerpen",
            "all_sentence": "Deze woorden typen bewoners vaak, maar de pagina's waar zij moeten zijn heten "
            "anders: {words}.",
            "all_note": "Geteld van {period}, bij vijf bezoekers of meer. Achter het woord staat de vraag "
            "waarbij het werd getypt.",
            "nowhere": "Gezocht zonder dat er een onderwerp bij past",
            "nowhere_sentence": "Bij deze zoekwoorden hoort geen onderwerp. Misschien ontbreekt een pagina.",
        },
        "en": {
            "title": "The word gap: what residents type and what the pages are called",
            "sentence": "Residents type {words}, but {where} uses those words.",
            "no_title": "no title of these pages",
            "no_title_of": "no title in {version}",
            "closed": "All words that residents often type stand in the titles of the pages.",
            "in_titles": "in the titles",
            "in_none": "in no title",
            "only": "only in {version}",
            "unused": "Words that do stand in the titles or in the official name, but that fewer than five "
            "visitors typed: {words}.",
            "word": "Word",
            "query": "Typed",
            "also": "also: {words}",
            "visitors": "Visitors",
            "typed": "‘{word}’ ({count} visitors)",
            "zero": "Without results",
            "again": "Searched again after it",
            "answered": "Found an answer",
            "stands": "In the titles",
            "queries": "What residents typed, and what came after it",
            "rest": "{count} more searches were made with words of fewer than five visitors.",
            "note": "Counted over {period}, with five visitors or more. A full bar: the word stands in a "
            "title. An open bar: in none. Titles are those of the pages of this task.",
            "all_title": "The word gap over all tasks",
            "all_sentence": "Residents often type these words, but the pages where they should be are called "
            "otherwise: {words}.",
            "all_note": "Counted over {period}, with five visitors or more. Behind the word stands the "
            "question with which it was typed.",
            "nowhere": "Searched without a task that fits",
            "nowhere_sentence": "No task belongs to these search words. Perhaps a page is missing.",
        },
    },
    "stories": {
        "nl": {
            "title": "Zo ging het: reizen om te lezen",
            "intro": "Elk verhaal is één vraag die echt zo ging, en die het meest lijkt op alle andere "
            "van zijn soort. We weten niet van wie.",
            "heading": "{outcome}, bij {version}",
            "heading_all": "{outcome}",
            "like": "Zo eindigden {questions} vragen in de laatste dagen.",
        },
        "en": {
            "title": "How it went: journeys to read",
            "intro": "Each story is one question that really went like this, and that is most like all "
            "others of its kind. We do not know whose.",
            "heading": "{outcome}, in {version}",
            "heading_all": "{outcome}",
            "like": "{questions} questions ended like this in the last days.",
        },
    },
}

#: What a scene of a story is called; `{place}` is its touchpoint.
SCENES: Mapping[str, Words] = {
    "view": {"nl": "Opent {place}", "en": "Opens {place}"},
    "view_search": {"nl": "Bekijkt zoekresultaten", "en": "Looks at search results"},
    "search": {"nl": "Zoekt op de site", "en": "Searches the site"},
    "search_bad": {"nl": "Zoekt op de site, en vindt niets", "en": "Searches the site, and finds nothing"},
    "reformulation": {"nl": "Zoekt opnieuw, met andere woorden", "en": "Searches again, in other words"},
    "reformulation_bad": {
        "nl": "Zoekt opnieuw met andere woorden, en vindt niets",
        "en": "Searches again in other words, and finds nothing",
    },
    "form": {"nl": "Vult {place} in", "en": "Fills in {place}"},
    "form_bad": {"nl": "Vult {place} in, en krijgt een fout", "en": "Fills in {place}, and gets an error"},
    "pogo_stick": {
        "nl": "Gaat snel terug naar de zoekresultaten",
        "en": "Goes quickly back to the search results",
    },
    "backtrack": {"nl": "Gaat terug naar {place}", "en": "Goes back to {place}"},
    "contact": {"nl": "Kiest voor {place}", "en": "Turns to {place}"},
    "goal": {"nl": "Is klaar: {place}", "en": "Is done: {place}"},
    "feedback_good": {"nl": "Zegt dat het goed ging", "en": "Says that it went well"},
    "feedback_neutral": {"nl": "Geeft een neutrale reactie", "en": "Gives a neutral mark"},
    "feedback_bad": {"nl": "Zegt dat het niet goed ging", "en": "Says that it did not go well"},
    "hop": {"nl": "Gaat naar een andere site", "en": "Leaves to another site"},
    "end_answered": {"nl": "Antwoord gevonden", "en": "Found an answer"},
    "end_read": {"nl": "Antwoord gelezen", "en": "Read the answer"},
    "end_channel_shift": {"nl": "Ging bellen, mailen of langs", "en": "Phoned, mailed or went there"},
    "end_abandoned": {"nl": "Gestopt zonder antwoord", "en": "Gave up without an answer"},
}

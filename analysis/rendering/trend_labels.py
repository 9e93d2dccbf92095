# SPDX-License-Identifier: EUPL-1.2
"""Headings and names of the page on trends, in Dutch and English."""

from __future__ import annotations

from collections.abc import Mapping

from analysis.calendar import EventKind

LABELS: Mapping[str, Mapping[str, str]] = {
    "nl": {
        "title": "Trends",
        "eyebrow": "Klantreizen van {site}",
        "days": "Per dag, met verwachting",
        "hours": "Per uur van de dag",
        "weekdays": "Per dag van de week",
        "months": "Per maand",
        "entries": "Hoe bezoekers binnenkwamen",
        "shift": "Bellen of mailen in plaats van een antwoord",
        "tasks": "Vragen per onderwerp",
        "events": "Agenda: wat er gebeurde",
        "peak": "Drukste seconde",
        "numbers": "Cijfers bij dit beeld",
        "day": "Dag",
        "week": "Week vanaf",
        "count": "Aantal",
        "expected": "verwacht",
        "seen": "geteld",
        "range": "waarschijnlijk van … tot …",
        "hour": "Uur",
        "weekday": "Dag",
        "mean": "Gemiddeld per dag",
        "month": "Maand",
        "seen_days": "Dagen geteld",
        "entry": "Binnenkomst",
        "share": "Deel",
        "questions": "Vragen",
        "shifted": "Belde of mailde",
        "task": "Onderwerp",
        "recent": "Vragen in vier weken",
        "next_week": "Verwacht in de week erna",
        "sign": "Teken",
        "event": "Wat",
        "kind": "Soort",
        "period": "Periode",
        "status": "Uit de agenda",
        "comes": "wordt verwacht",
        "was": "is geweest",
        "holiday": "feestdag",
        "site": "Site",
        "none_yet": "Er zijn nog geen trends berekend. Dat gebeurt elke nacht, of nu met:",
        "no_events": "In deze periode staat niets in de agenda en was er geen feestdag. "
        "Zet stormen, storingen en brieven in het agendabestand, dan rekent de verwachting ermee.",
        "method": "Hoe er is gerekend",
        "method_text": "De verwachting is het niveau van de laatste weken, keer wat gewoon is voor de dag "
        "van de week en het uur, keer wat er in de agenda staat. Een feestdag telt als een zondag. Hoe ver "
        "het ernaast kan zitten, is gemeten: dezelfde verwachting is ook vanuit eerdere weken gemaakt en "
        "vergeleken met wat er toen kwam.",
        "computed": "Berekend op",
        "other": "geen onderwerp",
    },
    "en": {
        "title": "Trends",
        "eyebrow": "Journeys of {site}",
        "days": "By day, with a forecast",
        "hours": "By hour of the day",
        "weekdays": "By day of the week",
        "months": "By month",
        "entries": "How visitors arrived",
        "shift": "Calling or mailing instead of an answer",
        "tasks": "Questions by task",
        "events": "Calendar: what happened",
        "peak": "Busiest second",
        "numbers": "Numbers of this picture",
        "day": "Day",
        "week": "Week from",
        "count": "Count",
        "expected": "expected",
        "seen": "counted",
        "range": "probably from … to …",
        "hour": "Hour",
        "weekday": "Day",
        "mean": "Mean of a day",
        "month": "Month",
        "seen_days": "Days counted",
        "entry": "Arrival",
        "share": "Share",
        "questions": "Questions",
        "shifted": "Called or mailed",
        "task": "Task",
        "recent": "Questions in four weeks",
        "next_week": "Expected in the week after",
        "sign": "Sign",
        "event": "What",
        "kind": "Kind",
        "period": "Period",
        "status": "From the calendar",
        "comes": "is expected",
        "was": "has been",
        "holiday": "public holiday",
        "site": "Site",
        "none_yet": "No trends have been computed yet. That is done every night, or now with:",
        "no_events": "Nothing stands in the calendar of this period, and there was no public holiday. "
        "Put storms, outages and letters into the calendar file, and the forecast reckons with them.",
        "method": "How it was computed",
        "method_text": "The forecast is the level of the last weeks, times what is usual for the day of the "
        "week and the hour, times what stands in the calendar. A public holiday counts as a Sunday. How far "
        "off it may be is measured: the same forecast was made from earlier weeks too, and compared with "
        "what came then.",
        "computed": "Computed on",
        "other": "no task",
    },
}

MEASURES: Mapping[str, Mapping[str, str]] = {
    "nl": {
        "events": "gebeurtenissen", "views": "paginaweergaven", "searches": "zoekopdrachten",
        "questions": "vragen",
    },
    "en": {"events": "events", "views": "page views", "searches": "searches", "questions": "questions"},
}  # fmt: skip

KINDS: Mapping[str, Mapping[EventKind, str]] = {
    "nl": {
        EventKind.STORM: "storm", EventKind.OUTAGE: "storing", EventKind.LETTER: "brief",
        EventKind.HOLIDAY: "vakantie", EventKind.CAMPAIGN: "campagne", EventKind.OTHER: "iets anders",
    },
    "en": {
        EventKind.STORM: "storm", EventKind.OUTAGE: "outage", EventKind.LETTER: "letter",
        EventKind.HOLIDAY: "holiday", EventKind.CAMPAIGN: "campaign", EventKind.OTHER: "something else",
    },
}  # fmt: skip

ENTRIES: Mapping[str, Mapping[str, str]] = {
    "nl": {
        "direct": "adres getypt of bewaard", "search_engine": "zoekmachine", "campaign": "brief of campagne",
        "social": "sociale media", "referral": "andere site", "internal": "binnen de site",
    },
    "en": {
        "direct": "address typed or kept", "search_engine": "search engine", "campaign": "letter or campaign",
        "social": "social media", "referral": "another site", "internal": "within the site",
    },
}  # fmt: skip

WEEKDAYS = {
    "nl": ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}

# SPDX-License-Identifier: EUPL-1.2
"""What is said about trends, in Dutch and English: headings, names and whole sentences."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from analysis import notation
from analysis.calendar import EventKind
from analysis.channel_shift import shift_change
from analysis.forecast import Forecast, TooLittle
from analysis.trends import Trend

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
_MONTHS = {
    "nl": ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"),
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}


def short_day(day: date, language: str) -> str:
    """A day on an axis: 9 nov."""
    return f"{day.day} {_MONTHS[language][day.month - 1]}"


def weekday(day: date, language: str) -> str:
    return WEEKDAYS[language][day.weekday()]


def amount(value: float, language: str) -> str:
    """A count, or a mean of counts."""
    return notation.number(value, language) if value >= 10 else notation.quantity(value, language, trim=True)


def between(low: str, high: str, language: str) -> str:
    return f"{low} tot {high}" if language == "nl" else f"{low} to {high}"


def sentences(trend: Trend, language: str) -> dict[str, str]:
    """What the trend says, by part: days, ahead, hours, peak, shift, effects, gaps. A part may be absent."""
    made = {
        "days": _days(trend, language),
        "ahead": _ahead(trend, language),
        "hours": _busiest(trend, language),
        "peak": _peak(trend, language),
        "shift": _shift(trend, language),
        "effects": _effects(trend, language),
        "gaps": _gaps(trend, language),
    }
    return {part: said for part, said in made.items() if said}


def _days(trend: Trend, language: str) -> str:
    history, words = trend.history, MEASURES[language][trend.measure]
    total = float(history.counts.sum())
    when = notation.period(history.first, history.last, language)
    count = notation.number(total, language)
    mean = amount(total / len(history), language)
    if language == "nl":
        return f"Van {when} kwamen er {count} {words}, gemiddeld {mean} per dag."
    return f"From {when} {count} {words} came, {mean} a day on average."


def _ahead(trend: Trend, language: str) -> str:
    if isinstance(trend.ahead, TooLittle):
        return trend.ahead.sentence(language)
    weeks = trend.ahead.weeks
    last = trend.ahead.first + timedelta(days=6)
    when = notation.period(trend.ahead.first, last, language)
    mean, low, high = (amount(float(end[0]), language) for end in (weeks.mean, weeks.low, weeks.high))
    words = MEASURES[language][trend.measure]
    said = (
        f"Van {when} worden er {mean} {words} verwacht, waarschijnlijk tussen {low} en {high}."
        if language == "nl"
        else f"From {when} {mean} {words} are expected, probably between {low} and {high}."
    )
    return " ".join([said, *_unknown(trend.ahead, language)])


def _unknown(ahead: Forecast, language: str) -> list[str]:
    return [
        f"In de agenda wordt een {KINDS[language][kind]} verwacht. Wat die doet is nog nooit gezien, dus "
        "dat zit er niet in."
        if language == "nl"
        else f"The calendar expects {_a(KINDS[language][kind])}. What that does was never seen, so it is "
        "not in here."
        for kind in ahead.unknown
    ]


def _a(name: str) -> str:
    """With its English article."""
    return name if name.startswith("something") else f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _busiest(trend: Trend, language: str) -> str:
    hour = max(range(len(trend.by_hour)), key=lambda place: trend.by_hour[place])
    days = [value if value == value else 0.0 for value in trend.by_weekday]
    day = WEEKDAYS[language][max(range(7), key=lambda place: days[place])]
    quiet = WEEKDAYS[language][min(range(7), key=lambda place: trend.by_weekday[place])]
    if language == "nl":
        return f"Het drukst is het van {hour} tot {hour + 1} uur en op {day}; {quiet} is de stilste dag."
    return (
        f"The busiest hour is {hour}:00 to {hour + 1}:00 and the busiest day {day}; {quiet} is the quietest."
    )


def _peak(trend: Trend, language: str) -> str:
    if trend.peak is None or trend.uneven is None:
        return ""
    peak, day = trend.peak, date.fromisoformat(trend.peak.at_day)
    count, hour = notation.number(peak.per_second, language), peak.at_hour
    seen = notation.number(trend.uneven.per_second, language)
    if language == "nl":
        said = (
            f"In de drukste seconde komen er naar verwachting hooguit {count} gebeurtenissen, op "
            f"{weekday(day, 'nl')} "
            f"{notation.day(day, 'nl')} tussen {hour} en {hour + 1} uur; tot nu toe waren het er {seen}. "
            'Een belastingtest neemt dat als doel met target = "forecast".'
        )
    else:
        said = (
            f"In the busiest second at most {count} events are expected, on {weekday(day, 'en')} "
            f"{notation.day(day, 'en')} between {hour}:00 and {hour + 1}:00; so far it was {seen}. "
            'A load test takes it as its target with target = "forecast".'
        )
    for kind, rate in peak.by_kind.items():
        name, most = KINDS[language][kind], notation.number(rate, language)
        said += (
            f" Op een dag met een {name}: {most}."
            if language == "nl"
            else f" On a day with {_a(name)}: {most}."
        )
    return said


def _shift(trend: Trend, language: str) -> str:
    if not trend.shifts:
        return ""
    last = trend.shifts[-1]
    share, low, high = (
        notation.percentage(value, language, decimals=1) for value in (last.share, last.low, last.high)
    )
    when, count = notation.day(last.week, language), notation.number(last.questions, language)
    if language == "nl":
        said = (
            f"In de week van {when} eindigde {share} van de {count} vragen met bellen of mailen "
            f"(waarschijnlijk {between(low, high, language)})."
        )
    else:
        said = (
            f"In the week of {when} {share} of the {count} questions ended with a call or a mail "
            f"(probably {between(low, high, language)})."
        )
    change = shift_change(trend.shifts)
    if change is None:
        return said
    weeks = notation.number(change.weeks, language)
    if not change.is_clear:
        told = (
            f"Over {weeks} weken is er geen duidelijke verandering."
            if language == "nl"
            else f"Over {weeks} weeks there is no clear change."
        )
    elif language == "nl":
        told = f"Over {weeks} weken is dat duidelijk {'meer' if change.factor > 1 else 'minder'} geworden."
    else:
        told = f"Over {weeks} weeks it has clearly become {'more' if change.factor > 1 else 'less'}."
    return f"{said} {told}"


def _effects(trend: Trend, language: str) -> str:
    if isinstance(trend.ahead, TooLittle):
        return ""
    told = []
    for kind, effect in trend.ahead.effects.items():
        factor, low, high = (
            notation.quantity(value, language) for value in (effect.factor, effect.low, effect.high)
        )
        days = notation.number(effect.days, language)
        told.append(
            f"Op dagen met een {KINDS[language][kind]} ({days}) kwam er {factor} keer zoveel als anders "
            f"(waarschijnlijk {between(low, high, language)})."
            if language == "nl"
            else f"On days with {_a(KINDS[language][kind])} ({days}) {factor} times as much came as "
            f"otherwise (probably {between(low, high, language)})."
        )
    return " ".join(told)


def _gaps(trend: Trend, language: str) -> str:
    if not trend.gaps:
        return ""
    days = notation.number(trend.gaps, language)
    if language == "nl":
        return f"{days} eerdere dagen tellen niet mee, want tussen die en de latere ontbreken er dagen."
    return f"{days} earlier days are left out, since days are missing between them and the later ones."

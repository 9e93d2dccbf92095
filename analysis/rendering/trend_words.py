# SPDX-License-Identifier: EUPL-1.2
"""What is said about trends, in Dutch and English: headings, names and whole sentences."""

from __future__ import annotations

from datetime import date, timedelta

from analysis import notation
from analysis.channel_shift import shift_change
from analysis.forecast import Forecast, TooLittle
from analysis.rendering.trend_labels import KINDS, MEASURES, WEEKDAYS
from analysis.trends import Trend

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
    """The busiest hour; of the days of the week only once each was seen."""
    hour = max(range(len(trend.by_hour)), key=lambda place: trend.by_hour[place])
    if any(value != value for value in trend.by_weekday):
        if language == "nl":
            return f"Het drukst is het van {hour} tot {hour + 1} uur."
        return f"The busiest hour is {hour}:00 to {hour + 1}:00."
    busy, quiet = (
        WEEKDAYS[language][end(range(7), key=lambda place: trend.by_weekday[place])] for end in (max, min)
    )
    if language == "nl":
        return f"Het drukst is het van {hour} tot {hour + 1} uur en op {busy}; {quiet} is de stilste dag."
    return (
        f"The busiest hour is {hour}:00 to {hour + 1}:00 and the busiest day {busy}; {quiet} is the quietest."
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

# SPDX-License-Identifier: EUPL-1.2
"""The page on trends: every picture with its sentence and the table of its numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

import numpy as np
from markupsafe import Markup

from analysis import notation
from analysis.calendar import CalendarEvent
from analysis.forecast import TooLittle
from analysis.rendering.panels import Figure, one_panel
from analysis.rendering.pictures import Caption
from analysis.rendering.sections import Table
from analysis.rendering.templates import filled
from analysis.rendering.timelines import Moment, Span, bars, timeline
from analysis.rendering.trend_labels import ENTRIES, KINDS, LABELS, MEASURES, WEEKDAYS
from analysis.rendering.trend_words import amount, between, sentences, short_day, weekday
from analysis.trends import TaskTrend, Trend

#: Days before the forecast that the picture shows.
SHOWN_DAYS = 56


def body(trend: Trend, tasks: Sequence[TaskTrend], language: str, computed_at: datetime) -> Markup:
    """The page without a shell around it; it has no style attribute."""
    words, said = LABELS[language], sentences(trend, language)
    return filled(
        "trends/body.html",
        words=words,
        eyebrow=words["eyebrow"].format(site=trend.site),
        ahead=said["ahead"],
        is_refused=isinstance(trend.ahead, TooLittle),
        peak=said.get("peak", ""),
        notes=[said[part] for part in ("gaps", "effects") if part in said],
        figures=_figures(trend, said, language),
        tables=_shown_tables(trend, tasks, language),
        events=_events_table(trend, language),
        computed=notation.moment(computed_at, language),
    )


def _figures(trend: Trend, said: dict[str, str], language: str) -> list[Figure]:
    made = [_days(trend, said["days"], language), *_profiles(trend, said["hours"], language)]
    return made + ([_shift(trend, said["shift"], language)] if "shift" in said else [])


def _days(trend: Trend, sentence: str, language: str) -> Figure:
    words, seen, ahead = LABELS[language], _seen(trend), _ahead(trend)
    title = f"{words['days']}: {MEASURES[language][trend.measure]}"
    caption = Caption("days", title, sentence)
    rows = [(_date(one.day, language), amount(one.value, language), words["seen"], "") for one in seen]
    rows += [
        (
            _date(one.day, language),
            amount(one.value, language),
            words["expected"],
            between(amount(one.low, language), amount(one.high, language), language),
        )
        for one in ahead
    ]
    return Figure(
        name="days",
        title=title,
        sentence=sentence,
        panels=one_panel(
            lambda width: timeline(
                seen,
                ahead,
                [Span(event.first, event.last, sign) for sign, event in _signed(trend)] + _holidays(trend),
                caption,
                width=width,
                format_y=lambda tick: notation.number(tick, language),
                format_day=lambda day: short_day(day, language),
            )
        ),
        table=Table(
            title, (words["day"], words["count"], "", words["range"]), tuple(rows), frozenset({1, 3})
        ),
    )


def _seen(trend: Trend) -> list[Moment]:
    totals = trend.history.counts.sum(axis=1).tolist()
    pairs = list(zip(trend.history.days(), totals, strict=True))
    return [Moment(day, total, total, total) for day, total in pairs[-SHOWN_DAYS:]]


def _ahead(trend: Trend) -> list[Moment]:
    if isinstance(trend.ahead, TooLittle):
        return []
    days = trend.ahead.days
    ends = (days.mean.tolist(), days.low.tolist(), days.high.tolist())
    return [Moment(*each) for each in zip(trend.ahead.dates(), *ends, strict=True)]


def _profiles(trend: Trend, sentence: str, language: str) -> list[Figure]:
    words = LABELS[language]
    names = WEEKDAYS[language]
    made = [
        ("hours", words["hour"], [str(hour) for hour in range(24)], trend.by_hour, sentence),
        ("weekdays", words["weekday"], [name[:2] for name in names], trend.by_weekday, ""),
    ]
    figures = []
    for name, head, short, values, told in made:
        title = words[name]
        full = [f"{hour}–{hour + 1}" for hour in range(24)] if name == "hours" else list(names)
        caption = Caption(name, title, told or title)
        rows = tuple(
            (one, amount(value, language) if np.isfinite(value) else "–")
            for one, value in zip(full, values, strict=True)
        )
        figures.append(
            Figure(
                name=name,
                title=title,
                sentence=told,
                panels=one_panel(_bars(short, np.nan_to_num(values).tolist(), caption, language)),
                table=Table(title, (head, words["mean"]), rows, frozenset({1})),
            )
        )
    return figures


def _bars(
    names: Sequence[str], values: Sequence[float], caption: Caption, language: str
) -> Callable[[float], Markup]:
    def shown(tick: float) -> str:
        return amount(tick, language) if tick else "0"

    return lambda width: bars(names, values, caption, width=width, format_y=shown)


def _shift(trend: Trend, sentence: str, language: str) -> Figure:
    words, title = LABELS[language], LABELS[language]["shift"]
    moments = [Moment(week.week, week.share, week.low, week.high) for week in trend.shifts]
    caption = Caption("shift", title, sentence)

    def percentage(value: float) -> str:
        return notation.percentage(value, language, decimals=1)

    def share(value: float) -> str:
        return notation.percentage(value, language, decimals=0 if round(value * 100, 6) % 1 == 0 else 1)

    rows = tuple(
        (
            _date(week.week, language),
            notation.number(week.questions, language),
            notation.number(week.shifted, language),
            percentage(week.share),
            between(percentage(week.low), percentage(week.high), language),
        )
        for week in trend.shifts
    )
    headers = (words["week"], words["questions"], words["shifted"], words["share"], words["range"])
    return Figure(
        name="shift",
        title=title,
        sentence=sentence,
        panels=one_panel(
            lambda width: timeline(
                moments,
                [],
                [],
                caption,
                width=width,
                format_y=share,
                format_day=lambda day: short_day(day, language),
                mark_points=True,
            )
        ),
        table=Table(title, headers, rows, frozenset({1, 2, 3, 4})),
    )


def tables(trend: Trend, tasks: Sequence[TaskTrend], language: str) -> list[tuple[str, Table]]:
    """Every table with its name, those under the pictures too: what a terminal shows."""
    said = sentences(trend, language)
    events = _events_table(trend, language)
    made = [(figure.name, figure.table) for figure in _figures(trend, said, language)]
    return [*made, *([("events", events)] if events else []), *_shown_tables(trend, tasks, language)]


def _shown_tables(trend: Trend, tasks: Sequence[TaskTrend], language: str) -> list[tuple[str, Table]]:
    words = LABELS[language]
    total = sum(count for _, count in trend.by_entry) or 1
    months = tuple(
        (
            _month(month, language),
            notation.number(days, language),
            notation.number(count, language),
            amount(count / days, language),
        )
        for month, days, count in trend.by_month
    )
    entries = tuple(
        (
            ENTRIES[language].get(entry, entry),
            notation.number(count, language),
            notation.percentage(count / total, language),
        )
        for entry, count in trend.by_entry
    )
    count = MEASURES[language][trend.measure].capitalize()
    of_month = (words["month"], words["seen_days"], count, words["mean"])
    of_entry = (words["entry"], count, words["share"])
    made = [
        ("months", Table(words["months"], of_month, months, frozenset({1, 2, 3}))),
        ("entries", Table(words["entries"], of_entry, entries, frozenset({1, 2}))),
    ]
    if tasks:
        rows = tuple(
            (one.task, notation.number(one.questions, language), *_next(one, language)) for one in tasks
        )
        headers = (words["task"], words["recent"], words["next_week"], words["range"])
        made.insert(0, ("tasks", Table(words["tasks"], headers, rows, frozenset({1, 2, 3}))))
    return made


def _next(one: TaskTrend, language: str) -> tuple[str, str]:
    if isinstance(one.ahead, TooLittle):
        return "–", "–"
    weeks = one.ahead.weeks
    mean, low, high = (amount(float(end[0]), language) for end in (weeks.mean, weeks.low, weeks.high))
    return mean, between(low, high, language)


def _events_table(trend: Trend, language: str) -> Table | None:
    words = LABELS[language]
    rows = [
        (
            sign,
            event.text(language),
            KINDS[language][event.kind],
            notation.period(event.first, event.last, language),
            words["comes" if event.is_expected else "was"],
        )
        for sign, event in _signed(trend)
    ]
    rows += [
        (_STAR, names[language], words["holiday"], notation.day(day, language), "")
        for day, names in trend.public_holidays.items()
        if day >= _first_shown(trend)
    ]
    if not rows:
        return None
    headers = (words["sign"], words["event"], words["kind"], words["period"], words["status"])
    return Table(words["events"], headers, tuple(rows))


_STAR = "★"


def _signed(trend: Trend) -> list[tuple[str, CalendarEvent]]:
    """The events of the picture, each with the letter by which the table explains it."""
    shown = [event for event in trend.events if event.last >= _first_shown(trend)]
    return [(_sign(place), event) for place, event in enumerate(shown)]


def _sign(place: int) -> str:
    """A to Z, then A2 and on."""
    return chr(65 + place % 26) + (str(place // 26 + 1) if place >= 26 else "")


def _holidays(trend: Trend) -> list[Span]:
    return [Span(day, day, _STAR) for day in trend.public_holidays]


def _first_shown(trend: Trend) -> date:
    return max(trend.history.first, trend.history.last - timedelta(days=SHOWN_DAYS - 1))


def _date(day: date, language: str) -> str:
    return f"{weekday(day, language)} {notation.day(day, language)}"


def _month(month: str, language: str) -> str:
    return notation.day(date.fromisoformat(f"{month}-01"), language).partition(" ")[2]

# SPDX-License-Identifier: EUPL-1.2
"""Volumes by hour, weekday, month and way in, what is expected, and the channel shift over time.

Read are day tables alone, so that a year of trends needs no events. A day is a DAY, from 04:00 to 04:00; an
hour is one on the site's clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from analysis import day_tables
from analysis.calendar import NO_EVENTS, Calendar, CalendarEvent
from analysis.channel_shift import Shift, shifts
from analysis.errors import AnalysisError
from analysis.forecast import MOST_WEEKS, Forecast, TooLittle, forecast
from analysis.holidays import holidays
from analysis.peaks import Peak, Unevenness, predict, unevenness
from analysis.seasonal import HOURS, History
from analysis.tables import Outcome
from tracker.site import Site

MEASURES = ("events", "views", "searches", "questions")
#: A first or last DAY with less than this part of an ordinary one was not measured whole.
WHOLE = 0.1
#: DAYs whose seconds are looked at for the peak within an hour.
PEAK_DAYS = 28


@dataclass(frozen=True, slots=True)
class Volumes:
    """What the day tables hold of a site: `hourly` has day, clock (0-23), task, entry and `MEASURES`;
    `weekly` has week (its Monday), task, questions, shifted."""

    site: str
    days: tuple[date, ...]
    hourly: pl.DataFrame
    weekly: pl.DataFrame
    uneven: Unevenness | None = None

    def history(self, measure: str, task: str | None = None) -> History:
        """The counts of the last days without a gap between them."""
        days = unbroken(self.days)
        rows = self.hourly if task is None else self.hourly.filter(pl.col("task") == task)
        counts = np.zeros((len(days), HOURS))
        rows = rows.filter(pl.col("day").is_between(days[0], days[-1])) if days else rows.clear()
        summed = rows.group_by("day", "clock").agg(pl.col(measure).sum())
        if summed.height:
            place = [(day - days[0]).days for day in summed["day"].to_list()]
            counts[place, summed["clock"].to_numpy()] = summed[measure].to_numpy()
        return History(days[0] if days else date.min, counts)


@dataclass(frozen=True, slots=True)
class Trend:
    """All that is said of one site, or of one of its tasks: counts are of `measure`."""

    site: str
    task: str | None
    measure: str
    history: History
    ahead: Forecast | TooLittle
    by_hour: Sequence[float]
    by_weekday: Sequence[float]
    by_month: Sequence[tuple[str, int, int]]
    by_entry: Sequence[tuple[str, int]]
    shifts: Sequence[Shift]
    events: Sequence[CalendarEvent]
    public_holidays: dict[date, dict[str, str]]
    peak: Peak | None = None
    uneven: Unevenness | None = None
    gaps: int = 0


@dataclass(frozen=True, slots=True)
class TaskTrend:
    """The questions of a task: in the four weeks before, and the week that is expected."""

    task: str
    questions: int
    ahead: Forecast | TooLittle = field(repr=False)


def unbroken(days: Sequence[date]) -> tuple[date, ...]:
    """The last days that follow each other.

    >>> [day.day for day in unbroken([date(2026, 6, 1), date(2026, 6, 3), date(2026, 6, 4)])]
    [3, 4]
    """
    start = len(days) - 1
    while start > 0 and days[start] - days[start - 1] == timedelta(days=1):
        start -= 1
    return tuple(days[max(start, 0) :])


def whole_days(days: Sequence[date], events: Sequence[int]) -> tuple[date, ...]:
    """The days without those at either end on which hardly anything came: measuring began or ended there.

    A quiet day in between stays, for that is how it was.

    >>> [day.day for day in whole_days([date(2026, 6, day) for day in (1, 2, 3, 4)], [3, 900, 0, 1100])]
    [2, 3, 4]
    """
    least = WHOLE * float(np.median(events)) if events else 0.0
    whole = [place for place, count in enumerate(events) if count > 0 and count >= least]
    return tuple(days[whole[0] : whole[-1] + 1]) if whole else ()


@dataclass(frozen=True, slots=True)
class DayRows:
    """The rows of one DAY that trends are made of, as declared in `analysis.tables`; `seconds` may be left
    out."""

    day: date
    volumes: pl.DataFrame
    questions: pl.DataFrame
    seconds: pl.DataFrame | None = None


def read(
    root: Path,
    site: Site,
    *,
    before: date | None = None,
    advance: Callable[[], None] = lambda: None,
) -> Volumes:
    """The volumes of a site in the closed DAYs before `before`, which is not over yet.

    `advance` is called after each DAY. Raises `TableError` for tables of another version.
    """
    wanted = [day for day in day_tables.readable_days(root) if before is None or day < before]

    def rows() -> Iterator[DayRows]:
        for day in wanted:
            names = ("volumes", "questions", *(("seconds",) if day in wanted[-PEAK_DAYS:] else ()))
            yield DayRows(day, *(pl.from_pandas(day_tables.read(root, name, [day])) for name in names))
            advance()

    return gather(site, rows())


def gather(site: Site, days: Iterable[DayRows]) -> Volumes:
    """The volumes of a site out of the rows of its DAYs, one after the other in their order."""
    mine = pl.col("site") == site.name
    hourly, weekly, seconds = {}, [], []
    for one in days:
        hourly[one.day] = _on_the_clock(one.volumes.filter(mine), one.day, site.zone)
        weekly.append(_ended(one.questions.filter(mine), one.day))
        if one.seconds is not None:
            seconds.append(one.seconds.filter(mine).drop("site"))
    if not hourly:
        return Volumes(site.name, (), pl.DataFrame(), pl.DataFrame())
    return Volumes(
        site.name,
        whole_days(list(hourly), [int(frame["events"].sum()) for frame in hourly.values()]),
        hourly=pl.concat(hourly.values()),
        weekly=pl.concat(weekly).group_by("week", "task").agg(pl.all().sum()).sort("week", "task"),
        uneven=unevenness(pl.concat(seconds)) if seconds else None,
    )


def _on_the_clock(volumes: pl.DataFrame, day: date, zone: ZoneInfo) -> pl.DataFrame:
    clock = pl.from_epoch("hour", time_unit="ms").dt.replace_time_zone("UTC").dt.convert_time_zone(str(zone))
    return (
        volumes.with_columns(clock=clock.dt.hour())
        .group_by("clock", "task", "entry")
        .agg(pl.col(*MEASURES).sum())
        .with_columns(day=pl.lit(day))
        .sort("clock", "task", "entry")
    )


def _ended(questions: pl.DataFrame, day: date) -> pl.DataFrame:
    monday = day - timedelta(days=day.weekday())
    return questions.group_by("task").agg(
        week=pl.lit(monday).first(),
        questions=pl.len().cast(pl.Int64),
        shifted=(pl.col("outcome") == Outcome.CHANNEL_SHIFT.value).sum().cast(pl.Int64),
    )


def trend(
    volumes: Volumes,
    calendar: Calendar = NO_EVENTS,
    *,
    measure: str = "views",
    task: str | None = None,
    weeks: int = MOST_WEEKS,
) -> Trend:
    """Everything about a site, or about one task of it. Raises `AnalysisError` where there is nothing."""
    if measure not in MEASURES:
        raise AnalysisError(f'There is no measure "{measure}"; there are {", ".join(MEASURES)}.')
    if not volumes.days or not volumes.hourly.height:
        raise AnalysisError(
            f"No closed day holds visits of site {volumes.site}. Close the days of its archive: klantreis "
            f"close"
        )
    known = sorted(set(volumes.hourly["task"].to_list()) - {""})
    if task is not None and task not in known:
        raise AnalysisError(f'Nobody asked about a task "{task}". Asked about: {", ".join(known) or "none"}.')
    rows = volumes.hourly if task is None else volumes.hourly.filter(pl.col("task") == task)
    history = volumes.history(measure, task)
    ahead = forecast(history, calendar, weeks=weeks)
    last = history.last + timedelta(days=7 * weeks)
    return Trend(
        site=volumes.site,
        task=task,
        measure=measure,
        history=history,
        ahead=ahead,
        by_hour=(history.counts.sum(axis=0) / len(history)).tolist(),
        by_weekday=_by_weekday(history),
        by_month=_by_month(rows, volumes.days, measure),
        by_entry=_by_entry(rows, measure),
        shifts=shifts(volumes.weekly, task),
        events=calendar.between(history.first, last),
        public_holidays=holidays(history.first, last),
        peak=_peak(volumes, calendar, weeks) if task is None else None,
        uneven=volumes.uneven if task is None else None,
        gaps=len(volumes.days) - len(history),
    )


def _peak(volumes: Volumes, calendar: Calendar, weeks: int) -> Peak | None:
    """From the forecast of events, whatever else is shown: those are what a server must take."""
    ahead = forecast(volumes.history("events"), calendar, weeks=weeks)
    if isinstance(ahead, TooLittle) or volumes.uneven is None:
        return None
    return predict(ahead, volumes.uneven)


def by_task(volumes: Volumes, calendar: Calendar = NO_EVENTS) -> list[TaskTrend]:
    """Every task by its questions of the last four weeks, most first; the rest is no task's."""
    found = []
    for task in sorted(set(volumes.hourly["task"].to_list()) - {""}):
        history = volumes.history("questions", task)
        recent = int(history.counts[-28:].sum())
        found.append(TaskTrend(task, recent, forecast(history, calendar, weeks=1)))
    return sorted(found, key=lambda one: (-one.questions, one.task))


def _by_weekday(history: History) -> list[float]:
    """Mean of a day, Monday to Sunday; NaN for one that was not seen."""
    totals = history.counts.sum(axis=1)
    weekday = np.array([day.weekday() for day in history.days()])
    return [float(totals[weekday == n].mean()) if (weekday == n).any() else np.nan for n in range(7)]


def _by_month(rows: pl.DataFrame, days: Sequence[date], measure: str) -> list[tuple[str, int, int]]:
    """Month (2026-11), its days that were seen, and the count in them."""
    seen: dict[str, int] = {}
    for day in days:
        seen[f"{day:%Y-%m}"] = seen.get(f"{day:%Y-%m}", 0) + 1
    inside = rows.filter(pl.col("day").is_between(days[0], days[-1]))
    summed = inside.group_by(month=pl.col("day").dt.strftime("%Y-%m")).agg(pl.col(measure).sum())
    counted = dict(summed.iter_rows())
    return [(month, number, int(counted.get(month, 0))) for month, number in seen.items()]


def _by_entry(rows: pl.DataFrame, measure: str) -> list[tuple[str, int]]:
    summed = rows.group_by("entry").agg(pl.col(measure).sum())
    return sorted(
        ((entry, int(count)) for entry, count in summed.iter_rows()), key=lambda one: (-one[1], one[0])
    )

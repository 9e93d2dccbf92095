# SPDX-License-Identifier: EUPL-1.2
"""The trends of a site as JSON for others (camelCase), and as tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pandas as pd

from analysis.channel_shift import shift_change
from analysis.errors import AnalysisError
from analysis.forecast import Ahead, Forecast, TooLittle
from analysis.notation import LANGUAGES
from analysis.rendering.trend_words import sentences
from analysis.trends import TaskTrend, Trend

SCHEMA_VERSION = 1


class PeakTarget(msgspec.Struct, frozen=True, rename="camel"):
    """What a load test reads of the document."""

    per_second: float
    by_kind: dict[str, float] = {}


class _WithPeak(msgspec.Struct, frozen=True, rename="camel"):
    peak: PeakTarget | None = None


class TargetError(AnalysisError):
    """No forecast that a load test could aim at."""


def to_json(trend: Trend, tasks: Sequence[TaskTrend], computed_at: datetime) -> bytes:
    """The whole document, both languages, with a line break at its end."""
    return msgspec.json.format(msgspec.json.encode(document(trend, tasks, computed_at)), indent=1) + b"\n"


def document(trend: Trend, tasks: Sequence[TaskTrend], computed_at: datetime) -> dict[str, Any]:
    """The document as plain values; a figure that does not exist is null."""
    history = trend.history
    change = shift_change(trend.shifts)
    return {
        "schemaVersion": SCHEMA_VERSION,
        "computedAt": computed_at.isoformat(timespec="seconds"),
        "site": trend.site,
        "task": trend.task,
        "measure": trend.measure,
        "period": {"from": history.first, "to": history.last},
        "earlierDaysLeftOut": trend.gaps,
        "days": [
            {"day": day, "count": count}
            for day, count in zip(history.days(), history.counts.sum(axis=1).tolist(), strict=True)
        ],
        "byHour": list(trend.by_hour),
        "byWeekday": [None if math.isnan(value) else value for value in trend.by_weekday],
        "byMonth": [{"month": month, "days": days, "count": n} for month, days, n in trend.by_month],
        "byEntry": [{"entry": entry, "count": count} for entry, count in trend.by_entry],
        "channelShift": [asdict(week) for week in trend.shifts],
        "channelShiftChange": None if change is None else {**asdict(change), "isClear": change.is_clear},
        "calendar": [
            {"name": event.name, "kind": event.kind, "from": event.first, "to": event.last,
             "nl": event.nl, "en": event.en, "isExpected": event.is_expected}
            for event in trend.events
        ],
        "publicHolidays": [{"day": day, **names} for day, names in trend.public_holidays.items()],
        "forecast": _forecast(trend.ahead),
        "refused": _refused(trend.ahead),
        "peak": None if trend.peak is None else {
            "perSecond": round(trend.peak.per_second, 1),
            "perHour": round(trend.peak.per_hour, 1),
            "day": trend.peak.at_day,
            "hour": trend.peak.at_hour,
            "byKind": {kind.value: round(rate, 1) for kind, rate in trend.peak.by_kind.items()},
        },
        "unevenness": None if trend.uneven is None else {
            "ratio": trend.uneven.ratio, "hours": trend.uneven.hours, "perSecond": trend.uneven.per_second,
            "perHour": trend.uneven.per_hour,
        },
        "tasks": [
            {"task": one.task, "questions": one.questions, "nextWeek": _first(one.ahead)} for one in tasks
        ],
        "sentences": {language: sentences(trend, language) for language in LANGUAGES},
    }  # fmt: skip


def _refused(ahead: Forecast | TooLittle) -> dict[str, Any] | None:
    if isinstance(ahead, Forecast):
        return None
    said = {language: ahead.sentence(language) for language in LANGUAGES}
    return {"weeks": ahead.weeks, "needed": ahead.needed, **said}


def _forecast(ahead: Forecast | TooLittle) -> dict[str, Any] | None:
    if isinstance(ahead, TooLittle):
        return None
    hours = [
        {"day": day, "hour": hour, "mean": mean, "low": low, "high": high}
        for day, *rows in zip(ahead.dates(), *_ends(ahead.hours), strict=True)
        for hour, (mean, low, high) in enumerate(zip(*rows, strict=True))
    ]
    return {
        "weeks": [
            {"from": ahead.dates()[7 * week], "mean": mean, "low": low, "high": high}
            for week, (mean, low, high) in enumerate(zip(*_ends(ahead.weeks), strict=True))
        ],
        "days": [
            {"day": day, "mean": mean, "low": low, "high": high}
            for day, mean, low, high in zip(ahead.dates(), *_ends(ahead.days), strict=True)
        ],
        "hours": hours,
        "effects": {kind.value: asdict(effect) for kind, effect in ahead.effects.items()},
        "neverSeen": [kind.value for kind in ahead.unknown],
        "earlierForecasts": ahead.origins,
    }


def _first(ahead: Forecast | TooLittle) -> dict[str, float] | None:
    if isinstance(ahead, TooLittle):
        return None
    mean, low, high = (end[0] for end in _ends(ahead.weeks))
    return {"mean": mean, "low": low, "high": high}


def _ends(ahead: Ahead) -> tuple[list[Any], list[Any], list[Any]]:
    return ahead.mean.round(2).tolist(), ahead.low.tolist(), ahead.high.tolist()


def days_table(trend: Trend) -> pd.DataFrame:
    """day, seen, expected, low, high: a row for every day that was counted or is expected."""
    rows: list[dict[str, Any]] = [
        {"day": day.isoformat(), "seen": count, "expected": math.nan, "low": math.nan, "high": math.nan}
        for day, count in zip(trend.history.days(), trend.history.counts.sum(axis=1).tolist(), strict=True)
    ]
    if isinstance(trend.ahead, Forecast):
        rows += [
            {"day": day.isoformat(), "seen": math.nan, "expected": mean, "low": low, "high": high}
            for day, mean, low, high in zip(trend.ahead.dates(), *_ends(trend.ahead.days), strict=True)
        ]
    return pd.DataFrame(rows)


def read_target(path: Path, kind: str | None = None) -> float:
    """The predicted busiest second, in events, of a document on disk; with `kind` on a day with such an
    event.

    Raises `TargetError` where there is no document or no forecast in it.
    """
    try:
        peak = msgspec.json.decode(path.read_bytes(), type=_WithPeak).peak
    except FileNotFoundError:
        raise TargetError(f"There is no forecast at {path}. Make one with: klantreis trends") from None
    except (OSError, msgspec.DecodeError) as error:
        raise TargetError(f"{path} cannot be read ({error}). Make it again with: klantreis trends") from None
    if peak is None:
        raise TargetError(
            f"{path} holds no forecast, since there were too few days. `klantreis trends` says how many "
            f"it takes; "
            "until then give the rate as a number."
        )
    if kind is None:
        return peak.per_second
    if kind not in peak.by_kind:
        known = ", ".join(sorted(peak.by_kind)) or "none"
        raise TargetError(
            f'{path} knows no effect of "{kind}"; seen were: {known}. Put such an event into the calendar '
            f"first."
        )
    return peak.by_kind[kind]

# SPDX-License-Identifier: EUPL-1.2
"""How many events come in the busiest second: what a load test should aim at.

Within an hour visitors do not come evenly, and a page sends several events at once. How uneven that is, is
measured: of the busiest hours that were seen, the busiest second over the mean of its hour. That ratio
falls as hours get busier, so that one measured on busy hours is, for a busier one, rather too high than too
low.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from analysis.calendar import EventKind
from analysis.forecast import Forecast

HOUR_S = 3600
#: Hours on which the ratio is measured.
BUSIEST = 24


@dataclass(frozen=True, slots=True)
class Unevenness:
    """`ratio` is busiest second over mean second, the highest of `hours` busy hours; `per_second` is the
    busiest second that was seen in them, and `per_hour` the events of the busiest hour."""

    ratio: float
    hours: int
    per_second: int
    per_hour: int


@dataclass(frozen=True, slots=True)
class Peak:
    """The predicted busiest second, in events: in an hour as busy as the upper end of the forecast.

    `by_kind` is the same on a day with an event of that kind, of those whose effect was seen.
    """

    per_second: float
    per_hour: float
    at_day: str
    at_hour: int
    by_kind: dict[EventKind, float]


def unevenness(seconds: pl.DataFrame, busiest: int = BUSIEST) -> Unevenness | None:
    """From rows of `SECONDS` of one site; None where there are none."""
    if not seconds.height:
        return None
    together = seconds.group_by("second").agg(pl.col("events").sum())
    hours = (
        together.group_by(hour=pl.col("second") // HOUR_S)
        .agg(total=pl.col("events").sum(), peak=pl.col("events").max())
        .sort(["total", "hour"], descending=[True, False])
        .head(busiest)
    )
    ratios = hours["peak"] * HOUR_S / hours["total"]
    return Unevenness(
        float(ratios.to_numpy().max()),
        hours.height,
        int(hours["peak"].to_numpy().max()),
        int(hours["total"][0]),
    )


def predict(forecast: Forecast, uneven: Unevenness) -> Peak:
    """The busiest second of the busiest hour that the forecast of events allows for."""
    place = int(forecast.hours.high.argmax())
    day, hour = divmod(place, forecast.hours.high.shape[1])
    per_hour = float(forecast.hours.high.max())

    def second(events: float) -> float:
        # One second cannot hold more than its hour, nor be expected below what was seen already.
        return max(min(events, events / HOUR_S * uneven.ratio), float(uneven.per_second))

    return Peak(
        per_second=second(per_hour),
        per_hour=per_hour,
        at_day=forecast.dates()[day].isoformat(),
        at_hour=hour,
        by_kind={kind: second(per_hour * max(1.0, one.high)) for kind, one in forecast.effects.items()},
    )

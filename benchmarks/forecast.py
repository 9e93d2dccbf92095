# SPDX-License-Identifier: EUPL-1.2
"""How good the forecast is on real visits: its error against last week's, and what its interval really holds.

    python benchmarks/forecast.py ../shared/data

The folder holds `wikispeedia/paths_finished_unique.tsv`: the moments at which 28,718 paths of real people
began in five years (West & Leskovec, WWW 2012; West, Pineau & Precup, IJCAI 2009), and
`access-log/access.log` (elastic/examples, Apache-2.0): 10,000 requests in three and a half days. The first
gives a rolling-origin backtest: at many days the forecast is made of what was known then, and compared with
what came. The naive forecast says that each day will be as the same weekday of the last week. The second is
too short for a forecast; it says how well the busiest second of an hour follows from the hour, when the
ratio is measured on the earlier half of the log.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl

from analysis.forecast import Forecast, forecast
from analysis.peaks import HOUR_S, unevenness
from analysis.seasonal import History

FIRST, LAST = date(2008, 9, 1), date(2014, 1, 12)
#: Before this day no origin, so that every length of history has the same ones.
_START = 420
_MOMENT = re.compile(r"\[([^\]]+)\]")


@dataclass(frozen=True, slots=True)
class Backtest:
    """Mean absolute error of a day over that of the naive forecast, and shares within the 95 % interval.

    `pinball_ratio` is the loss of the interval's ends (quantiles .025 and .975) of days over that of the
    naive forecast's own past errors at those quantiles.
    """

    weeks: int
    origins: int
    error_ratio: float
    pinball_ratio: float
    day_coverage: float
    hour_coverage: float
    by_week: tuple[float, ...]
    trend_ratio: float
    day_coverage_by_week: tuple[float, ...]


def wikispeedia(folder: Path) -> History:
    """Paths begun, by hour in UTC."""
    table = pd.read_csv(folder / "paths_finished_unique.tsv", sep="\t", usecols=["timestamp"])
    hours = (table["timestamp"].to_numpy() - pd.Timestamp(FIRST).timestamp()) // HOUR_S
    count = ((LAST - FIRST).days + 1) * 24
    inside = hours[(hours >= 0) & (hours < count)].astype(int)
    return History(FIRST, np.bincount(inside, minlength=count).reshape(-1, 24).astype(float))


def backtest(history: History, weeks: Sequence[int], every: int) -> Backtest:
    """Forecasts from the last `weeks` known, made every so many days; of several lengths the last is
    returned."""
    found = None
    for length in weeks:
        found = _backtest(history, length, every)
    if found is None:
        raise ValueError("no length of history was given")
    return found


def _backtest(history: History, weeks: int, every: int) -> Backtest:
    known = 7 * weeks
    errors, naive, days, hours, pinball, naive_pinball, drawn_on = [], [], [], [], [], [], []
    for origin in range(max(_START, known), len(history) - 28, every):
        past = History(
            history.first + timedelta(days=origin - known), history.counts[origin - known : origin]
        )
        ahead = forecast(past)
        if not isinstance(ahead, Forecast):
            continue
        reach = len(ahead.days.mean)
        seen = history.counts[origin : origin + reach]
        totals, before = seen.sum(axis=1), past.counts.sum(axis=1)
        last_week = np.resize(before[-7:], reach)
        errors.append(np.abs(totals - ahead.days.mean))
        naive.append(np.abs(totals - last_week))
        drawn_on.append(np.abs(totals - ahead.days.mean * damped_trend(before, reach)))
        days.append((totals >= ahead.days.low) & (totals <= ahead.days.high))
        hours.append(((seen >= ahead.hours.low) & (seen <= ahead.hours.high)).mean(axis=1))
        misses = before[7:] - before[:-7]
        ends = [np.maximum(last_week + np.quantile(misses, level), 0) for level in (0.025, 0.975)]
        pinball.append(_pinball(totals, ahead.days.low, 0.025) + _pinball(totals, ahead.days.high, 0.975))
        naive_pinball.append(_pinball(totals, ends[0], 0.025) + _pinball(totals, ends[1], 0.975))
    error, of_naive, within = np.array(errors), np.array(naive), np.array(days)
    parts = [slice(start, start + 7) for start in range(0, error.shape[1], 7)]
    return Backtest(
        weeks=weeks,
        origins=len(error),
        error_ratio=float(error.mean() / of_naive.mean()),
        pinball_ratio=float(np.mean(pinball) / np.mean(naive_pinball)),
        day_coverage=float(within.mean()),
        hour_coverage=float(np.mean(hours)),
        trend_ratio=float(np.mean(drawn_on) / of_naive.mean()),
        by_week=tuple(float(error[:, part].mean() / of_naive[:, part].mean()) for part in parts),
        day_coverage_by_week=tuple(float(within[:, part].mean()) for part in parts),
    )


def damped_trend(before: np.ndarray, reach: int, damping: float = 0.7) -> np.ndarray:
    """What would multiply the days ahead if the growth of ten weeks went on, less with each week."""
    weeks = np.log(before[len(before) % 7 :].reshape(-1, 7).sum(axis=1)[-10:] + 0.5)
    slope = float(np.polyfit(np.arange(len(weeks)), weeks, 1)[0])
    ahead = np.arange(1, reach + 1) / 7
    return np.exp(slope * damping * (1 - damping**ahead) / (1 - damping))


def _pinball(seen: np.ndarray, end: np.ndarray, level: float) -> np.ndarray:
    return np.where(seen >= end, level * (seen - end), (1 - level) * (end - seen))


@dataclass(frozen=True, slots=True)
class PeakTest:
    """Of `hours` later hours, the share whose busiest second stayed within what the earlier ones gave."""

    ratio: float
    hours: int
    within: float
    mean_excess: float


def access_log_peaks(path: Path) -> PeakTest:
    """The ratio from the first half of the hours; held against each hour of the second half, as busy as it
    was."""
    found = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if moment := _MOMENT.search(line):
            found.append(int(datetime.strptime(moment[1], "%d/%b/%Y:%H:%M:%S %z").timestamp()))
    seconds = pl.DataFrame({"second": found}).group_by("second").agg(events=pl.len())
    middle = (min(found) + max(found)) // 2
    earlier = unevenness(seconds.filter(pl.col("second") < middle))
    if earlier is None:
        raise ValueError(f"{path} holds no requests")
    later = (
        seconds.filter(pl.col("second") >= middle)
        .group_by(hour=pl.col("second") // HOUR_S)
        .agg(total=pl.col("events").sum(), peak=pl.col("events").max())
    )
    predicted = later["total"].to_numpy() / HOUR_S * earlier.ratio
    peak = later["peak"].to_numpy()
    return PeakTest(
        earlier.ratio, later.height, float((peak <= predicted).mean()), float((predicted / peak).mean())
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--every", type=int, default=28, help="days between two origins")
    given = parser.parse_args()
    history = wikispeedia(given.data / "wikispeedia")
    print(
        "weeks known  origins  error  with trend  pinball  days in 95 %  hours in 95 %  error by week ahead"
    )
    for weeks in (4, 6, 10, 26, 52):
        one = _backtest(history, weeks, given.every)
        by_week = " ".join(f"{ratio:.2f}" for ratio in one.by_week)
        print(
            f"{weeks:11d}  {one.origins:7d}  {one.error_ratio:5.3f}  {one.trend_ratio:10.3f}  "
            f"{one.pinball_ratio:7.3f}  "
            f"{one.day_coverage:12.1%}  {one.hour_coverage:13.1%}  {by_week}"
        )
    peaks = access_log_peaks(given.data / "access-log" / "access.log")
    print(
        f"peak: ratio {peaks.ratio:.1f} of the first half; {peaks.within:.1%} of {peaks.hours} later "
        f"hours stayed "
        f"within it; it is {peaks.mean_excess:.2f} times their busiest second on average"
    )


if __name__ == "__main__":
    main()

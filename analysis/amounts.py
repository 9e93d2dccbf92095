# SPDX-License-Identifier: EUPL-1.2
"""The values and differences of a result as people write them: in the unit of its metric, with the decimals
that its uncertainty leaves."""

from __future__ import annotations

import math

from analysis.naming import metric_words
from analysis.notation import duration, number, percentage, points, quantity
from analysis.phrases.metrics import METRICS
from analysis.report import Estimand, Result, Role
from analysis.second_views import Alternative, Reading


def as_result(one: Reading | Alternative) -> Result:
    """The figures of another view as a result, to write them as any other."""
    return Result(
        metric=one.metric,
        estimand=Estimand.VISITOR,
        segment=None,
        variant=one.variant,
        control=one.control,
        kind=one.kind,
        n=one.n,
        values=one.values,
        estimate=one.estimate,
        ci=one.ci,
        relative=None,
        relative_ci=None,
        p_value=one.p_value,
        p_adjusted=None,
        method="",
        role=Role.SECONDARY,
        better=one.better,
        unit=one.unit,
    )


def value_text(result: Result, value: float, language: str) -> str:
    """A value of the result's metric with its unit: 57,0 %, 3 min 24 s, 4,21."""
    if is_share(result):
        return percentage(value, language, decimals=_share_decimals(result))
    if is_time(result):
        return duration(value, language)
    return _mean_text(result, value, language)


def difference_text(result: Result, value: float, language: str, *, bare: bool = False) -> str:
    """A signed difference in the result's metric: +7,0 procentpunt, −20 s; `bare` leaves the unit out."""
    if is_share(result):
        if bare:
            return number(100 * value, language, decimals=_share_decimals(result), signed=True)
        return points(value, language, decimals=_share_decimals(result))
    if is_time(result):
        return duration(value, language, signed=True)
    return _mean_text(result, value, language, signed=True)


def interval_text(result: Result, language: str) -> str:
    """The 95 % interval of the difference: '+3,0 tot +11,0'; empty for a refused result."""
    if result.ci is None:
        return ""
    low, high = (difference_text(result, end, language, bare=True) for end in result.ci)
    return f"{low} {'tot' if language == 'nl' else 'to'} {high}"


def is_share_metric(metric: str, *, estimand: Estimand = Estimand.VISITOR) -> bool:
    """Whether a metric by this name is a share of visitors or questions, told as "57 of 100"."""
    words = metric_words(metric, estimand)
    return words is not None and words.share


def is_time_metric(metric: str) -> bool:
    """Whether a metric by this name is a time in seconds."""
    return metric_words(metric, Estimand.VISITOR) is METRICS["time"]


def is_share(result: Result) -> bool:
    """Whether the result's values are shares (1.0 is all)."""
    return result.kind == "proportion" or is_share_metric(result.metric, estimand=result.estimand)


def is_time(result: Result) -> bool:
    """Whether the result's values are seconds."""
    return result.unit == "s" or (result.kind == "time" and result.unit == "")


def _share_decimals(result: Result) -> int:
    """One decimal, or more where the interval would otherwise end in equal figures."""
    if result.ci is None:
        return 1
    half = abs(result.ci[1] - result.ci[0]) / 2
    return 1 if half >= 0.002 else 2 if half >= 0.0002 else 3


def _mean_text(result: Result, value: float, language: str, *, signed: bool = False) -> str:
    """A mean with the decimals that its uncertainty leaves: down to the half-width's first figure."""
    if result.ci is None or not (half := abs(result.ci[1] - result.ci[0]) / 2):
        return quantity(value, language, signed=signed)
    decimals = min(4, max(0, -math.floor(math.log10(half))))
    return number(value, language, decimals=decimals, signed=signed)

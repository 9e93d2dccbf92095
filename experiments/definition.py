# SPDX-License-Identifier: EUPL-1.2
"""An experiment as it is written down before anyone sees it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

#: Names of experiments and variants: they travel in a cookie, in HTML attributes and on the wire.
NAME = re.compile(r"(?!(?:[^0-9]*[0-9]){7})[a-z][a-z0-9-]{0,31}")

#: What a metric may be: a column of the units table, or `time`, the time to the answer.
METRICS: Mapping[str, str] = {
    "answered": "share of browsers with an answered question",
    "contacted": "share of browsers that turned to phone, mail, chat or counter",
    "started": "share of browsers that started a form",
    "submitted": "share of browsers that submitted a form",
    "questions": "questions per browser",
    "pages": "page views per browser",
    "searches": "site searches per browser",
    "time": "restricted mean time to the answer, in seconds",
}

#: Metrics that count something without an upper end, so that a few browsers may decide a mean.
COUNTS = ("questions", "pages", "searches")

#: Metrics whose estimate can be adjusted for what was known at the first exposure.
ADJUSTABLE = ("answered", "contacted", "started", "submitted", *COUNTS)


class Looks(StrEnum):
    """When a verdict may be given: at the end only, after any day by planned looks, or at any time."""

    END = "end"
    DAILY = "daily"  # group sequential, O'Brien-Fleming type spending over the planned size
    ANY_TIME = "any-time"  # confidence sequence tuned to the planned size


class Better(StrEnum):
    """The direction in which a metric improves."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True)
class Variant:
    """One version of a journey; `weight` is its share of the buckets, the weights of a test add up to 1."""

    name: str
    weight: float


@dataclass(frozen=True, slots=True)
class Metric:
    """What is measured and which way is better. `name` is one of `METRICS`.

    `cap`, for one of `COUNTS`, is the value at which outliers are cut: agreed before anyone has seen them.
    """

    name: str
    better: Better
    cap: float | None = None


@dataclass(frozen=True, slots=True)
class Guardrail:
    """A metric that may not get worse by more than `margin`, in the metric's own unit."""

    metric: Metric
    margin: float


@dataclass(frozen=True, slots=True)
class Experiment:
    """What a team promised: the question, the versions, how success is judged, and who agreed.

    The first variant is the control. `planned_size` counts browsers at their first exposure, all variants
    together. `coverage` is the share of buckets that take part at all. `looks` says when one may look.
    With `adjusted` the verdict stands on the estimate adjusted for what was known at the first exposure.
    """

    name: str
    site: str
    question: str
    pages: tuple[str, ...]
    variants: tuple[Variant, ...]
    primary: Metric
    planned_size: int
    starts: date
    ends: date
    approved_by: str
    roll_back: str
    task: str | None = None
    secondary: tuple[Metric, ...] = ()
    guardrails: tuple[Guardrail, ...] = field(default=())
    coverage: float = 1.0
    looks: Looks = Looks.END
    adjusted: bool = False

    @property
    def control(self) -> Variant:
        return self.variants[0]

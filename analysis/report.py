# SPDX-License-Identifier: EUPL-1.2
"""The report as a value: what was promised, what was seen, what is concluded and how sure that is.

Its JSON form (camelCase) is a contract with others; renderings live in `analysis.rendering`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from analysis.noun import Noun
from analysis.second_views import SecondViews

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 1


class Status(StrEnum):
    PASS = "pass"  # noqa: S105  a verdict on a check, not a password
    WARN = "warn"
    FAIL = "fail"


class VerdictCode(StrEnum):
    BETTER = "better"
    WORSE = "worse"
    NO_CLEAR_DIFFERENCE = "noClearDifference"
    NOT_ENOUGH_DATA = "notEnoughData"
    DO_NOT_USE = "doNotUse"


class Estimand(StrEnum):
    """Over which rows an estimate speaks (see `docs/statistics.md`)."""

    VISITOR = "visitor"
    QUESTION = "question"
    FIRST_QUESTION = "firstQuestion"


class Role(StrEnum):
    PRIMARY = "primary"
    SECONDARY = "secondary"
    GUARDRAIL = "guardrail"


class Check(Noun, frozen=True):
    """A condition on which the whole comparison stands. `p_value` is None where the check has none."""

    name: str  # sampleRatio, exposureMismatch, plannedSize, ...
    status: Status
    p_value: float | None
    detail: str  # English
    sentence: dict[str, str]  # the same for people, per language: nl, en


class VariantCount(Noun, frozen=True):
    """How many took part. `units` are browsers at their first exposure."""

    name: str
    units: int
    visitors: int
    questions: int


class Result(Noun, frozen=True):
    """One comparison of one variant with the control. An impossible one has a `reason` and no numbers.

    `n`, `values`: control first, then the variant. `estimate` = variant - control, in the metric's unit,
    with its 95 % interval `ci`; `relative` is estimate / control value.
    """

    metric: str
    estimand: Estimand
    segment: str | None
    variant: str
    control: str
    kind: str  # proportion, mean, ratio, time
    n: tuple[int, int]
    values: tuple[float, float] | None
    estimate: float | None
    ci: tuple[float, float] | None
    relative: float | None
    relative_ci: tuple[float, float] | None
    p_value: float | None
    p_adjusted: float | None
    method: str
    role: Role
    better: str = "higher"  # or lower
    unit: str = ""  # s, pages, ... ; empty for a share
    value_cis: tuple[tuple[float, float], tuple[float, float]] | None = None  # of the two values
    margin: float | None = None  # of a guardrail
    cap: float | None = None  # value at which outliers were agreed to be cut
    unbroken: bool | None = None  # of a guardrail: True held, False broken, None inconclusive
    reason: str | None = None


class SetAside(Noun, frozen=True):
    reason: str
    rows: int
    table: str = ""  # whose rows: events, units, ...


class Verdict(Noun, frozen=True):
    code: VerdictCode
    sentence: dict[str, str]  # nl, en


class Curve(Noun, frozen=True):
    """Cumulative share of a variant's browsers over time (Aalen-Johansen), with its 95 % band."""

    variant: str
    time_s: tuple[float, ...]
    answered: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    elsewhere: tuple[float, ...]  # channel shift
    abandoned: tuple[float, ...]


class Flow(Noun, frozen=True):
    """`questions` that went from `source` to `target` at position `order` of their path."""

    variant: str
    order: int
    source: str
    target: str
    questions: int


class Heartbeat(Noun, frozen=True):
    """Heartbeat of one phase in one variant: counts of -1, 0 and +1, and their mean."""

    variant: str
    phase: str
    given: bool
    counts: tuple[int, int, int]
    mean: float


class Pictures(Noun, frozen=True):
    """The numbers behind the pictures."""

    time_to_answer: tuple[Curve, ...] = ()
    flows: tuple[Flow, ...] = ()
    heartbeats: tuple[Heartbeat, ...] = ()


class Transition(Noun, frozen=True):
    """How often a question of each version went from `source` to `target`, control first.

    `p_any` holds over all transitions that were tested together (max-T over permuted buckets), of all
    variants (Bonferroni).
    """

    variant: str
    control: str
    source: str
    target: str
    values: tuple[float, float]
    p_value: float
    p_any: float


class PathDistance(Noun, frozen=True):
    """The share of all transitions that would have to move for a variant to be as the control.

    `expected` is what chance alone makes of it. `p_adjusted` holds over the variants; reports that were made
    before it was told have none.
    """

    variant: str
    control: str
    distance: float
    expected: float
    p_value: float
    p_adjusted: float | None = None


class Report(Noun, frozen=True):
    experiment: str
    question: str
    control: str
    period: dict[str, str]  # from, to: ISO dates of the DAYs
    definitions: dict[str, Any]  # what was fixed beforehand, and the thresholds used
    checks: tuple[Check, ...]
    variants: tuple[VariantCount, ...]
    results: tuple[Result, ...]
    set_aside: tuple[SetAside, ...]
    verdict: Verdict
    caveats: tuple[str, ...]  # English
    caveat_sentences: tuple[dict[str, str], ...] = ()  # the same for people: nl, en
    pictures: Pictures = Pictures()
    transitions: tuple[Transition, ...] = ()
    paths: tuple[PathDistance, ...] = ()
    second: SecondViews = SecondViews()
    schema_version: int = SCHEMA_VERSION
    created_at: str = ""  # UTC, with Z

    @property
    def frames(self) -> dict[str, pd.DataFrame]:
        """The figures as tables, by part of the report: results, readings, steps, transitions, ..."""
        from analysis.report_frames import frames

        return frames(self)

    def _repr_html_(self) -> str:
        """What a notebook shows of it, in Dutch; `analysis.rendering.html.notebook` has English too."""
        from analysis.rendering.html import notebook

        return notebook(self)


def to_json(report: Report) -> bytes:
    """The report as JSON, two spaces of indentation."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2)


def from_json(data: bytes) -> Report:
    return msgspec.json.decode(data, type=Report)

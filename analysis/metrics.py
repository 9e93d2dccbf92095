# SPDX-License-Identifier: EUPL-1.2
"""The metrics of an experiment: from which columns each is read, and by which estimator compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from analysis.bucket_table import BucketTable
from analysis.errors import AnalysisError
from analysis.estimates import (
    Arm,
    Estimate,
    Refusal,
    Refused,
    Sums,
    mean,
    proportion,
    quantile,
    ranks,
    ratio,
    survival,
)
from analysis.report import Estimand, Role
from analysis.results import Asked

#: compare(table, control, variant, segment, null)
Compare = Callable[[BucketTable, str, str, str, float], Estimate | Refused]
Count = Callable[[BucketTable, str, str], int]
OneArm = Callable[[BucketTable, str, str], Arm | Refused]

SHARES = ("answered", "contacted", "started", "submitted")
COUNTS: Mapping[str, str] = {"questions": "questions", "pages": "pages", "searches": "searches"}

#: Times within which this share of all browsers had their answer.
QUANTILES: Mapping[str, float] = {"time_quarter": 0.25, "time_half": 0.5, "time_most": 0.75}

#: Clustered ratios: (numerator, denominator) in the bucket table.
RATIOS: Mapping[tuple[str, Estimand], tuple[str, str]] = {
    ("form_success", Estimand.VISITOR): ("submitted_sum", "started_sum"),
    ("answered", Estimand.QUESTION): ("question_success_sum", "all_questions"),
    ("contacted", Estimand.QUESTION): ("question_contact_sum", "all_questions"),
    ("pages", Estimand.QUESTION): ("question_pages_sum", "all_questions"),
    ("searches", Estimand.QUESTION): ("question_searches_sum", "all_questions"),
}

#: What an experiment may be judged by: nothing that divides by what came after the first exposure.
PRIMARY_METRICS = (*SHARES, *COUNTS, "time_s", "first_answered")


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric as it was asked, how it is compared, and over how many rows of its estimand."""

    asked: Asked
    _compare: Compare
    _count: Count
    _arm: OneArm

    def compare(
        self, table: BucketTable, control: str, variant: str, segment: str = ""
    ) -> Estimate | Refused:
        return self._compare(table, control, variant, segment, self.asked.null)

    def count(self, table: BucketTable, variant: str, segment: str = "") -> int:
        return self._count(table, variant, segment)

    def arm(self, table: BucketTable, variant: str, segment: str = "") -> Arm | Refused:
        """What one variant shows by itself, for looks on the way and second readings."""
        return self._arm(table, variant, segment)

    def as_secondary(self) -> Measure:
        return replace(self, asked=replace(self.asked, role=Role.SECONDARY))


def measure(
    name: str,
    better: str,
    *,
    estimand: Estimand = Estimand.VISITOR,
    role: Role = Role.SECONDARY,
    margin: float | None = None,
    cap: float | None = None,
) -> Measure:
    """The measure of a metric's name, a column of `analysis.tables.UNITS` or `form_success`.

    `cap` is the value at which outliers of a count are cut, as agreed beforehand.

    Raises:
        AnalysisError: no such metric, or one that a verdict may not stand on.
    """
    if role is Role.PRIMARY and name not in (*PRIMARY_METRICS, "time"):
        raise AnalysisError(
            f'"{name}" cannot be the primary metric. '
            f"Choose one over all visitors: {', '.join(PRIMARY_METRICS)}."
        )
    if name == "time":
        name = "time_s"
    if name == "first_answered":
        name, estimand = "answered", Estimand.FIRST_QUESTION

    def asked(kind: str, unit: str = "") -> Asked:
        return Asked(name, kind, better, estimand, role, unit, margin, cap)

    if cap is not None and (name not in COUNTS or estimand is not Estimand.VISITOR):
        raise AnalysisError(f'"{name}" cannot be cut at {cap:g}: a cap is for {", ".join(COUNTS)}.')
    if (name, estimand) in RATIOS:
        numerator, denominator = RATIOS[name, estimand]
        return Measure(
            asked("ratio"),
            _ratio(numerator, denominator),
            _total(denominator),
            lambda table, variant, segment: ratio.arm(
                table.clusters(numerator, denominator, variant, segment)
            ),
        )
    if name == "answered" and estimand is Estimand.FIRST_QUESTION:
        return Measure(asked("proportion"), _first_question, BucketTable.units, _first_question_arm)
    if name in SHARES and estimand is Estimand.VISITOR:
        return Measure(asked("proportion"), _share(name), BucketTable.units, _share_arm(name))
    if name in COUNTS and estimand is Estimand.VISITOR:
        return Measure(asked("mean", COUNTS[name]), _mean(name, cap), BucketTable.units, _mean_arm(name, cap))
    if name == "ranked" and estimand is Estimand.VISITOR:
        return Measure(asked("rank"), _ranked, BucketTable.units, _no_arm)
    if name == "time_s" and estimand is Estimand.VISITOR:
        return Measure(asked("time", "s"), _time, BucketTable.units, _time_arm)
    if name in QUANTILES and estimand is Estimand.VISITOR:
        share = QUANTILES[name]
        return Measure(asked("quantile", "s"), _quantile(share), BucketTable.units, _quantile_arm(share))
    raise AnalysisError(
        f'There is no metric "{name}" per {estimand}. '
        f"Known per visitor: {', '.join((*PRIMARY_METRICS, 'form_success'))}."
    )


def _share(column: str) -> Compare:
    def compare(
        table: BucketTable, control: str, variant: str, segment: str, null: float
    ) -> Estimate | Refused:
        left, right = (table.sums(column, name, segment) for name in (control, variant))
        return proportion.compare(left, right, null=null)

    return compare


def _mean(column: str, cap: float | None) -> Compare:
    def compare(
        table: BucketTable, control: str, variant: str, segment: str, null: float
    ) -> Estimate | Refused:
        left, right = (table.sums(column, name, segment, cap=cap) for name in (control, variant))
        return mean.compare(left, right, null=null)

    return compare


def _ratio(numerator: str, denominator: str) -> Compare:
    def compare(
        table: BucketTable, control: str, variant: str, segment: str, null: float
    ) -> Estimate | Refused:
        left, right = (table.clusters(numerator, denominator, name, segment) for name in (control, variant))
        return ratio.compare(left, right, null=null)

    return compare


def _time(table: BucketTable, control: str, variant: str, segment: str, null: float) -> Estimate | Refused:
    left, right = (table.ends(name, segment) for name in (control, variant))
    return survival.compare(left, right, null=null)


def _quantile(share: float) -> Compare:
    def compare(
        table: BucketTable, control: str, variant: str, segment: str, null: float
    ) -> Estimate | Refused:
        left, right = (quantile.of_ends(table.ends(name, segment)) for name in (control, variant))
        if isinstance(left, Refused):
            return left
        return right if isinstance(right, Refused) else quantile.compare(left, right, share, null=null)

    return compare


def _quantile_arm(share: float) -> OneArm:
    def arm(table: BucketTable, variant: str, segment: str) -> Arm | Refused:
        found = quantile.of_ends(table.ends(variant, segment))
        return found if isinstance(found, Refused) else quantile.arm(found, share)

    return arm


def _ranked(table: BucketTable, control: str, variant: str, segment: str, null: float) -> Estimate | Refused:
    pair = ranks.of_ends(table.ends(control, segment), table.ends(variant, segment))
    return ranks.compare(*pair, null=null)


def _no_arm(_table: BucketTable, _variant: str, _segment: str) -> Arm | Refused:
    return Refused(Refusal.UNMEASURED, "a rank is told of two variants together, not of one")


def _first_question(
    table: BucketTable, control: str, variant: str, segment: str, null: float
) -> Estimate | Refused:
    left, right = (_first_question_sums(table, name, segment) for name in (control, variant))
    return proportion.compare(left, right, null=null)


def _first_question_sums(table: BucketTable, variant: str, segment: str) -> Sums:
    # Over all browsers: whether there was a question at all comes after the exposure.
    hits = table.total("first_answered_sum", variant, segment)
    return Sums(table.units(variant, segment), hits, hits)


def _share_arm(column: str) -> OneArm:
    return lambda table, variant, segment: _rate(table.sums(column, variant, segment))


def _mean_arm(column: str, cap: float | None) -> OneArm:
    return lambda table, variant, segment: mean.arm(table.sums(column, variant, segment, cap=cap))


def _time_arm(table: BucketTable, variant: str, segment: str) -> Arm | Refused:
    return survival.restricted_mean(table.ends(variant, segment))


def _first_question_arm(table: BucketTable, variant: str, segment: str) -> Arm | Refused:
    return _rate(_first_question_sums(table, variant, segment))


def _rate(sums: Sums) -> Arm | Refused:
    return proportion.arm(sums) if sums.n else mean.no_units()


def _total(column: str) -> Count:
    def count(table: BucketTable, variant: str, segment: str) -> int:
        return int(table.total(column, variant, segment))

    return count

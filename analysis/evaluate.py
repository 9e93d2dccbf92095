# SPDX-License-Identifier: EUPL-1.2
"""From the day tables of one experiment to its report.

Rows of equal bucket are added over days and partitions first; every variance is taken after that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from analysis import (
    balance,
    consistency,
    exposure_checks,
    journey_tests,
    picture_data,
    promises,
    second_readings,
    verdict,
    verdict_sensitivity,
    wording,
)
from analysis.bucket_table import BucketTable
from analysis.comparisons import compare_all, over_variants, promised_measure
from analysis.daily import Days, progress, watch
from analysis.errors import AnalysisError
from analysis.estimates import Refused, multiplicity
from analysis.report import Check, Report, Result, Role, SetAside, VariantCount, Verdict
from analysis.results import corrected, watched
from analysis.second_views import SecondViews, View
from analysis.task_promise import Kept
from analysis.term import AMSTERDAM, Term, finished, term_of
from analysis.thresholds import DEFAULTS, Thresholds
from analysis.visitor_mix import mixtures
from analysis.which_step import step_parts
from analysis.withheld import withheld
from experiments.definition import Experiment, Looks

if TYPE_CHECKING:
    import pandas as pd

#: Tables of `analysis.tables` that a report is made of, and those that are read day by day.
TABLES = (
    *("buckets", "times", "values", "strata", "exposed", "said"),
    *("flows", "transitions", "heartbeats", "set_aside"),
)
BY_DAY = ("buckets", "times", "values", "exposed")


def evaluate(
    experiment: Experiment,
    tables_root: Path,
    *,
    now: datetime,
    days: Sequence[date] | None = None,
    thresholds: Thresholds = DEFAULTS,
    changed: Sequence[str] | None = None,
    tasks: Kept | None = None,
    excluded: Mapping[date, str] | None = None,
    stopped: date | None = None,
    zone: ZoneInfo = AMSTERDAM,
) -> Report:
    """The report of one experiment, from the day tables under `tables_root`.

    Args:
        experiment: the definition as it was when the experiment started.
        now: the moment of the report, with a time zone.
        days: DAYs to read; all by default.
        thresholds: those with which the days were closed; they are printed.
        changed: names of what was changed after the start; None where that is not known.
        tasks: what became of the site's task definitions since; None where it has none.
        excluded: DAYs to leave out, of all variants alike, each with its reason. The report names them and
            says what the verdict would be with them.
        stopped: the DAY on which the experiment was stopped; None where it was not.
        zone: that of the site. A DAY that still runs at `now` there is left out, and the report says so.

    Raises:
        AnalysisError: the primary metric or a guardrail is none that is measured, or a day is left out
            without a reason.
    """
    from analysis import day_tables

    unreasoned = [day.isoformat() for day, reason in (excluded or {}).items() if not reason.strip()]
    if unreasoned:
        raise AnalysisError(
            f"{', '.join(unreasoned)} would be left out without a reason. Say in a few words why, such as "
            '"outage of the site": it is printed in the report.'
        )
    present = days if days is not None else day_tables.closed_days(tables_root)
    closed = finished(present, now, zone)
    running = [day for day in present if day not in closed and experiment.starts <= day <= experiment.ends]
    term = term_of(experiment, max(closed, default=None), stopped=stopped)

    def made(chosen: Sequence[date]) -> Report:
        seen = [day for day in chosen if experiment.starts <= day <= experiment.ends] or chosen
        read = {name: _read(tables_root, name, chosen, experiment.name) for name in TABLES}
        return evaluate_tables(
            experiment,
            read,
            now=now,
            days=[day.isoformat() for day in seen],
            thresholds=thresholds,
            changed=changed,
            tasks=tasks,
            term=term,
        )

    whole = made(closed)
    left_out = {day: reason for day, reason in (excluded or {}).items() if day in closed}
    report = made([day for day in closed if day not in left_out]) if left_out else whole
    said = list(promises.unfinished_day(running))
    if left_out:
        reasons = {day.isoformat(): reason.strip() for day, reason in sorted(left_out.items())}
        said.append(promises.excluded_days(reasons, whole.verdict.code.value))
        report = msgspec.structs.replace(report, definitions={**report.definitions, "excludedDays": reasons})
    return msgspec.structs.replace(report, checks=(*report.checks, *said))


def _read(root: Path, name: str, days: Sequence[date], experiment: str) -> pd.DataFrame:
    """A table over the given days; what looks are made of with the DAY beside every row."""
    from analysis import day_tables

    if name in day_tables.ADDED:
        return day_tables.read_added(root, name, days, experiment, by_day=name in BY_DAY)
    return day_tables.read(root, name, days=days, experiment=experiment)


def evaluate_tables(
    experiment: Experiment,
    tables: Mapping[str, pd.DataFrame],
    *,
    now: datetime,
    days: Sequence[str],
    thresholds: Thresholds = DEFAULTS,
    changed: Sequence[str] | None = None,
    tasks: Kept | None = None,
    term: Term | None = None,
) -> Report:
    """The same from frames: rows of all `days` (ISO dates) and partitions, in any order.

    Buckets, times and values with a column `day` can be looked at day by day; without one, only as a whole.
    `term` is by default that of an experiment of which the last of `days` is closed.

    Raises:
        AnalysisError: an experiment without two variants of different names, or a sum that is no number.
    """
    _refuse_impossible(experiment, tables)
    counts = tables["values"]
    promised = counts[counts["definition"] == ""]
    table = BucketTable.of(tables["buckets"], tables["times"], promised)
    by_day = Days.of(tables["buckets"], tables["times"], promised)
    names = [variant.name for variant in experiment.variants]
    last = max(days, default="")
    term = term or term_of(experiment, date.fromisoformat(last) if last else None)
    felt = journey_tests.heartbeats(experiment, table, tables["heartbeats"])
    primary, secondary, guardrails, exploration = compare_all(experiment, table, felt)
    moved, apart = journey_tests.transitions(experiment, table, tables["transitions"])
    first = promised_measure(experiment.primary, Role.PRIMARY)
    plain = primary
    readings = second_readings.adjusted_readings(first, plain, tables["strata"])
    if experiment.adjusted:
        primary = corrected(second_readings.as_promised(first, plain, tables["strata"]), multiplicity.holm)
        readings = tuple(second_readings.reading(View.PLAIN, one) for one in plain)
    over: bool | None = None
    looks: tuple[Check, ...] = ()
    if experiment.looks is not Looks.END and by_day is not None:
        primary, over, looks = _looked(experiment, primary, by_day, ended=term.left == 0)
    checks = (
        *promises.checks(
            experiment,
            table,
            tables["set_aside"],
            last=last,
            term=term,
            changed=changed,
            tasks=tasks,
            by_day=by_day,
        ),
        *exposure_checks.checks(experiment, table, tables["exposed"]),
        *balance.checks(tables["strata"], names),
        *looks,
        *consistency.checks(experiment, table, by_day),
    )

    def judged(found: Sequence[Result]) -> Verdict:
        return verdict.decide(
            found,
            checks=checks,
            guardrails=guardrails,
            units=sum(table.units(name) for name in names),
            planned_size=experiment.planned_size,
            over=over,
            term=term,
        )

    others = verdict_sensitivity.alternatives(
        counts[counts["definition"] != ""],
        plain,
        lambda other: corrected(over_variants(experiment, other, [first]), multiplicity.holm),
        lambda found: judged(found).code,
    )
    report = Report(
        experiment=experiment.name,
        question=experiment.question,
        control=experiment.control.name,
        period={"from": min(days, default=""), "to": last},
        definitions=promises.definitions(experiment, thresholds),
        checks=(*checks, *verdict_sensitivity.check(others)),
        variants=tuple(
            VariantCount(
                name=name,
                units=table.units(name),
                visitors=table.visitors(name),
                questions=table.questions(name),
            )
            for name in names
        ),
        results=(*primary, *guardrails, *secondary, *exploration),
        set_aside=_set_aside(tables["set_aside"]),
        verdict=judged(primary),
        **_caveats(experiment, running=now.date() <= experiment.ends and term.running),
        pictures=picture_data.of(table, tables["flows"], tables["heartbeats"], names),
        transitions=moved,
        paths=apart,
        second=SecondViews(
            readings=(*readings, *second_readings.asked_readings(experiment, table, tables["said"])),
            beliefs=second_readings.beliefs(experiment, first, table),
            steps=step_parts(experiment, table),
            alternatives=others,
            progress=progress(experiment, first, by_day) if by_day is not None else (),
            mixtures=mixtures(experiment, first, tables["strata"]),
            curves=picture_data.curve_tests({name: table.ends(name) for name in names}, names[0]),
        ),
        created_at=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    return withheld(report) if over is None and verdict.too_early(checks, term=term) else report


def _refuse_impossible(experiment: Experiment, tables: Mapping[str, pd.DataFrame]) -> None:
    """What no report can be made of, whoever made it: told before anything is estimated."""
    names = [variant.name for variant in experiment.variants]
    if len(names) < 2:
        raise AnalysisError(
            f'"{experiment.name}" has {len(names)} variant ({", ".join(names)}), and there is nothing to '
            "compare it with. Expected the control and at least one other."
        )
    if len(set(names)) < len(names):
        raise AnalysisError(
            f'"{experiment.name}" has variants of the same name ({", ".join(names)}): who saw which cannot '
            "be told. Give each its own name."
        )
    for name in ("buckets", "times", "values", "strata"):
        figures = tables[name].select_dtypes("number")
        wrong = [str(column) for column in figures if not np.isfinite(figures[column]).all()]
        if wrong:
            raise AnalysisError(
                f'The table {name} of "{experiment.name}" holds a value that is no number, or infinite, in '
                f"{', '.join(wrong)}. Close its days again: klantreis close."
            )


def _looked(
    experiment: Experiment, fixed: Sequence[Result], by_day: Days, *, ended: bool
) -> tuple[tuple[Result, ...], bool, tuple[Check, ...]]:
    """Primary results by what the looks allow, whether it is over, and the check that says so.

    It is over as soon as one variant reached its boundary, or all reached the end.
    """
    found = watch(experiment, promised_measure(experiment.primary, Role.PRIMARY), by_day, ended=ended)
    primary = tuple(watched(one, found[one.variant], variants=len(found)) for one in fixed)
    known = [one for one in found.values() if not isinstance(one, Refused)]
    decided = any(one.decided is not None for one in known)
    over = decided or (bool(known) and len(known) == len(found) and all(one.over for one in known))
    details = [
        f"{name}: {one}"
        if isinstance(one, Refused)
        else f"{name}: {one.looks} looks, "
        + (f"boundary reached on {one.decided}" if one.decided else "none reached its boundary")
        for name, one in found.items()
    ]
    return primary, over, (promises.looked(over, details),)


def _set_aside(frame: pd.DataFrame) -> tuple[SetAside, ...]:
    if frame.empty:
        return ()
    counted = frame.groupby(["table", "reason"], sort=True)["rows"].sum().reset_index()
    return tuple(
        SetAside(reason=str(reason), rows=int(rows), table=str(table))
        for table, reason, rows in zip(counted["table"], counted["reason"], counted["rows"], strict=True)
        if rows
    )


def _caveats(experiment: Experiment, *, running: bool) -> dict[str, Any]:
    codes = ["browsersNotPeople", "oneDay", "inferred", "segments"]
    if len(experiment.variants) > 2:
        codes.append("manyVariants")
    if running:
        codes.append("interim")
    return {
        "caveats": tuple(wording.caveat(code, "en") for code in codes),
        "caveat_sentences": tuple(
            {language: wording.caveat(code, language) for language in wording.LANGUAGES} for code in codes
        ),
    }

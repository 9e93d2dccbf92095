# SPDX-License-Identifier: EUPL-1.2
"""What was fixed beforehand, and whether it was kept: the definitions and checks of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from analysis import allocation, verdict, wording
from analysis.bucket_table import BucketTable
from analysis.daily import Days
from analysis.estimates import LEVEL, Refused, multiplicity, survival
from analysis.estimates.group_sequential import Spending
from analysis.report import Check, Status
from analysis.task_promise import Kept
from analysis.term import Term
from analysis.thresholds import Thresholds
from experiments.assignment import assignments, shares
from experiments.definition import Experiment, Looks, Metric
from experiments.lifecycle import digest

if TYPE_CHECKING:
    import pandas as pd

#: Reason under which the reconstruction sets an exposure aside.
MISMATCH = "variant differs from the hash of the bucket"

#: p below which a difference is taken to differ between segments, weekdays or days.
UNLIKE = 0.01

#: A change of these while the experiment runs makes two experiments of one. A raised coverage does not.
VOIDING = ("variants", "primary", "pages", "name", "looks", "planned_size", "adjusted")


def definitions(experiment: Experiment, thresholds: Thresholds) -> dict[str, Any]:
    """Everything that was fixed beforehand, as the report's JSON prints it."""
    drawn = shares(experiment)

    def written(metric: Metric) -> dict[str, Any]:
        cap = {} if metric.cap is None else {"cap": metric.cap}
        return {"metric": metric.name, "better": metric.better.value, **cap}

    return {
        "question": experiment.question,
        "site": experiment.site,
        "task": experiment.task,
        "pages": list(experiment.pages),
        "variants": [
            {"name": one.name, "weight": one.weight, "buckets": drawn[one.name]}
            for one in experiment.variants
        ],
        "coverage": experiment.coverage,
        "primary": written(experiment.primary),
        "secondary": [written(metric) for metric in experiment.secondary],
        "guardrails": [{**written(g.metric), "margin": g.margin} for g in experiment.guardrails],
        "plannedSize": experiment.planned_size,
        "looks": looks(experiment),
        "adjusted": experiment.adjusted,
        "starts": experiment.starts.isoformat(),
        "ends": experiment.ends.isoformat(),
        "approvedBy": experiment.approved_by,
        "rollBack": experiment.roll_back,
        "fingerprint": digest(experiment),
        "unit": "browser at its first exposure",
        "outcomeWindow": "the DAY of the first exposure",
        "success": "answered or read" + (" or answered on results" if thresholds.soft_answer else ""),
        "horizonS": survival.HORIZON_S,
        "alpha": verdict.ALPHA,
        "confidence": LEVEL,
        "corrections": {
            "primary": "Holm over variants",
            "secondary": "Holm over metrics and variants",
            "guardrail": "none: all must hold",
            "exploration": "Benjamini-Hochberg, segments included",
        },
        "thresholds": asdict(thresholds),
    }


def looks(experiment: Experiment) -> dict[str, Any]:
    """When a verdict may be given, and what was fixed for that."""
    if experiment.looks is Looks.DAILY:
        how = {"spending": Spending.OBRIEN_FLEMING.value, "time": "first exposures / planned size"}
    elif experiment.looks is Looks.ANY_TIME:
        how = {"tunedTo": str(experiment.planned_size)}
    else:
        how = {}
    return {"when": experiment.looks.value, **how}


def checks(
    experiment: Experiment,
    table: BucketTable,
    set_aside: pd.DataFrame,
    *,
    last: str,
    term: Term,
    changed: Sequence[str] | None,
    tasks: Kept | None = None,
    by_day: Days | None = None,
) -> tuple[Check, ...]:
    """The conditions on which the comparison stands, in the order in which they void it."""
    names = [variant.name for variant in experiment.variants]
    units = {name: table.units(name) for name in names}
    mismatched = int(set_aside.loc[set_aside["reason"] == MISMATCH, "rows"].sum()) if len(set_aside) else 0
    ramped = "coverage" in (changed or ())
    found = [
        sample_ratio(units, shares(experiment)),
        *(() if by_day is None else sample_ratio_so_far(by_day, names, shares(experiment), ramped=ramped)),
        exposure_mismatch(mismatched + _misplaced(experiment, table), sum(units.values())),
        dispersion(table, sum(shares(experiment).values()), ramped=ramped),
        planned_size(sum(units.values()), experiment.planned_size),
        duration(experiment, last, term),
    ]
    if changed is not None or tasks is not None:
        found.append(unchanged(changed, tasks))
    return tuple(found)


def sample_ratio(units: Mapping[str, int], drawn: Mapping[str, float]) -> Check:
    """First exposures against the buckets that the hash gives each variant."""
    found = allocation.sample_ratio(units, drawn)
    if isinstance(found, Refused):
        return check("sampleRatio", Status.WARN, str(found), sentence=_unknown(str(found)))
    status = Status.PASS if found.sound else Status.FAIL
    seen = ", ".join(
        f"{name} {units.get(name, 0)} ({mean:.1f} expected)" for name, mean in found.expected.items()
    )
    return check("sampleRatio", status, f"first exposures: {seen}", p_value=found.p_value)


def sample_ratio_so_far(
    by_day: Days, names: Sequence[str], drawn: Mapping[str, float], *, ramped: bool = False
) -> tuple[Check, ...]:
    """The same at the end of every day: a fault that came and went is seen too.

    Where the coverage was raised on the way, earlier days had other buckets than today's: it only warns.
    """
    found = by_day.first_unsound(names, drawn)
    if found is None:
        return ()
    worst, day = found
    failed = Status.WARN if ramped else Status.FAIL
    status = Status.PASS if worst.sound else failed
    return (check("sampleRatioAnyTime", status, f"smallest up to the end of {day}", p_value=worst.p_value),)


def alike(name: str, found: Mapping[str, float], detail: str) -> tuple[Check, ...]:
    """Whether a difference is the same throughout, from p-values of several questions (Holm over them).

    It only warns: unlike is no fault of the experiment, but a reason not to read one figure for all.
    """
    if not found:
        return ()
    adjusted = multiplicity.holm(list(found.values()))
    least = min(p for p in adjusted if p is not None)
    told = ", ".join(f"{what} p {p:.3g}" for what, p in found.items())
    status = Status.PASS if least >= UNLIKE else Status.WARN
    return (check(name, status, f"{detail}: {told} (Holm: {least:.3g})", p_value=least),)


def looked(over: bool, details: Sequence[str]) -> Check:
    """Whether the looks on the way have come to a verdict, or to the planned end."""
    return check("looks", Status.PASS if over else Status.WARN, "; ".join(details))


def excluded_days(reasons: Mapping[str, str], verdict_with: str) -> Check:
    """Days that were left out, why, and what the verdict would be with them."""
    told = ", ".join(f"{day} ({reason})" for day, reason in sorted(reasons.items()))
    return check("excludedDays", Status.WARN, f"{told}; with them the verdict is {verdict_with}")


def unfinished_day(running: Sequence[date]) -> tuple[Check, ...]:
    """A DAY whose tables are there though it still runs, which was left out."""
    told = ", ".join(day.isoformat() for day in running)
    return (check("unfinishedDay", Status.WARN, f"{told} was closed before it was over"),) if running else ()


def exposure_mismatch(mismatched: int, units: int) -> Check:
    """Exposures whose variant is not the one that the hash gives their bucket."""
    total = mismatched + units
    share = mismatched / total if total else 0.0
    status = Status.FAIL if share > allocation.MAX_MISMATCH else Status.WARN if mismatched else Status.PASS
    return check(
        "exposureMismatch",
        status,
        f"{mismatched} of {total} exposures showed another variant than the hash of their bucket gives "
        f"({share:.2%}; at most {allocation.MAX_MISMATCH:.1%})",
    )


def dispersion(table: BucketTable, buckets: int, *, ramped: bool = False) -> Check:
    """No bucket holds more browsers than an even draw can give it.

    Where the coverage was raised on the way, the first buckets rightly hold more: then it only warns.
    """
    units = table.units_by_bucket()
    p_value = allocation.fullest_bucket(units, buckets)
    failed = Status.WARN if ramped else Status.FAIL
    status = Status.PASS if p_value >= allocation.ALPHA else failed
    most = max(units.values(), default=0)
    detail = f"the fullest of {buckets} buckets holds {most} of {sum(units.values())} browsers"
    return check("bucketDispersion", status, detail, p_value=p_value)


def planned_size(units: int, planned: int) -> Check:
    """Whether the size that was fixed beforehand has been reached."""
    status = Status.PASS if units >= planned else Status.WARN
    facts = {"units": units, "planned": planned}
    return check("plannedSize", status, f"{units} of {planned} planned first exposures", facts=facts)


def duration(experiment: Experiment, last: str, term: Term) -> Check:
    """Whether the experiment ran to the end that was fixed beforehand; `last` is the last DAY seen."""
    stop = "" if term.stopped is None else f"; stopped on {term.stopped.isoformat()}"
    return check(
        "duration",
        Status.PASS if term.over else Status.WARN,
        f"planned {experiment.starts.isoformat()} to {experiment.ends.isoformat()}; "
        f"last day seen {last or 'none'}{stop}",
    )


def unchanged(changed: Sequence[str] | None, tasks: Kept | None = None) -> Check:
    """Whether definition and tasks are still those with which the experiment started."""
    wrong = [*(changed or ())]
    if tasks is not None and tasks.since is not None:
        wrong.append(f"{tasks.file} from {tasks.since.isoformat()} on ({', '.join(tasks.changed)})")
    void = any(name in VOIDING for name in changed or ()) or (tasks is not None and tasks.voiding)
    status = Status.FAIL if void else Status.WARN if wrong else Status.PASS
    detail = (
        f"changed after the start: {', '.join(wrong)}" if wrong else "nothing was changed after the start"
    )
    found = check("definitions", status, detail)
    told = {} if tasks is None else tasks.sentence()
    if not told:
        return found
    # Of the definition alone only where that has something to say.
    before = {language: f"{found.sentence[language]} " for language in told} if changed or not wrong else {}
    sentence = {language: before.get(language, "") + text for language, text in told.items()}
    return check("definitions", status, detail if wrong else f"{detail}; {told['en']}", sentence=sentence)


def check(
    name: str,
    status: Status,
    detail: str,
    *,
    p_value: float | None = None,
    facts: Mapping[str, float] | None = None,
    sentence: dict[str, str] | None = None,
) -> Check:
    """A check with its sentence in every language, `sentence` where there is one of its own."""
    return Check(
        name=name,
        status=status,
        p_value=p_value,
        detail=detail,
        sentence=sentence
        or {
            language: wording.check_sentence(name, status, language=language, facts=facts)
            for language in wording.LANGUAGES
        },
    )


def _unknown(reason: str) -> dict[str, str]:
    return {
        "nl": f"De verdeling kon niet worden getoetst: {wording.refusal(reason, 'nl')}.",
        "en": f"The allocation could not be tested: {wording.refusal(reason, 'en')}.",
    }


def _misplaced(experiment: Experiment, table: BucketTable) -> int:
    """Units that the bucket table counts under another variant than the hash of their bucket gives."""
    drawn = assignments(experiment)
    rows = table.rows[table.rows["segment"] == ""]
    return sum(
        int(units)
        for variant, bucket, units in zip(rows["variant"], rows["bucket"], rows["units"], strict=True)
        if drawn[int(bucket)] != variant
    )

# SPDX-License-Identifier: EUPL-1.2
"""What can be said about a set of experiments before they start: rules over values, no files, no store.

Whether one definition is well-formed is `experiments.loading`'s business; here it is about how it sits among
the others, on this site, and beside what already runs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import combinations
from math import ceil

from experiments.assignment import shares
from experiments.definition import Experiment
from experiments.errors import did_you_mean
from experiments.lifecycle import Record, State, changed_fields
from experiments.scope import overlap

FEW_BUCKETS = 30  # below this a bucket-clustered interval is too narrow (statistics.md: 10.6 % errors at 10)
FEW_BROWSERS = 100


class Severity(StrEnum):
    ERROR = "error"  # it must not start like this
    WARNING = "warning"  # somebody should look at it


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know about an experiment; `sentence` says what was found and how to mend it."""

    experiment: str
    severity: Severity
    sentence: str

    def __str__(self) -> str:
        return f"{self.severity}: {self.experiment}: {self.sentence}"


def check(
    experiments: Iterable[Experiment],
    *,
    today: date,
    records: Mapping[str, Record] | None = None,
    browsers_per_day: Mapping[str, float] | None = None,
    sites: Collection[str] | None = None,
    tasks: Collection[str] | None = None,
) -> tuple[Finding, ...]:
    """Everything worth knowing about these definitions, errors first.

    Args:
        experiments: the definitions of an installation.
        today: the DAY.
        records: what the register holds, by name; those that run count for overlaps as well.
        browsers_per_day: browsers a day that reach the pages of an experiment, by its name, where known.
        sites: names of the sites, None where not known.
        tasks: names of the tasks, None where not known.
    """
    records = records or {}
    defined = {experiment.name: experiment for experiment in experiments}
    findings: list[Finding] = []
    for experiment in defined.values():
        findings += _approval(experiment)
        findings += _names(experiment, sites, tasks)
        findings += _dates(experiment, records.get(experiment.name), today)
        findings += _buckets(experiment)
        findings += _size(experiment, (browsers_per_day or {}).get(experiment.name))
    elsewhere = {
        name: record.experiment for name, record in records.items() if record.state(today) is State.RUNNING
    }
    findings += _overlaps(
        [*defined.values(), *(elsewhere[name] for name in elsewhere.keys() - defined.keys())]
    )
    return tuple(sorted(findings, key=lambda finding: (finding.severity, finding.experiment)))


def _approval(experiment: Experiment) -> list[Finding]:
    missing = [key for key in ("approved_by", "roll_back") if not getattr(experiment, key).strip()]
    sentence = "{} is empty. A test cannot start without an approver and a way back (BIO2 8.31.01, 8.32.01)."
    return [Finding(experiment.name, Severity.ERROR, sentence.format(key)) for key in missing]


def _names(
    experiment: Experiment, sites: Collection[str] | None, tasks: Collection[str] | None
) -> list[Finding]:
    findings = []
    for word, name, known in (("site", experiment.site, sites), ("task", experiment.task, tasks)):
        if name is not None and known is not None and name not in known:
            hint = did_you_mean(name, sorted(known)) if known else "None is defined here."
            findings.append(Finding(experiment.name, Severity.ERROR, f'there is no {word} "{name}". {hint}'))
    return findings


def _dates(experiment: Experiment, record: Record | None, today: date) -> list[Finding]:
    days = (experiment.ends - experiment.starts).days + 1
    findings = []
    if record is not None and (changed := set(changed_fields(experiment, record.experiment)) - {"coverage"}):
        sentence = (
            f"the definition was changed after the start ({', '.join(sorted(changed))}). The test goes on as "
            "it was promised; put the definition back, or give the changed one a new name."
        )
        findings.append(Finding(experiment.name, Severity.ERROR, sentence))
    if record is None and today > experiment.ends:
        sentence = f"its last day, {experiment.ends}, is over and it was never started. Choose new dates."
        findings.append(Finding(experiment.name, Severity.WARNING, sentence))
    if days < 7:
        sentence = f"it lasts {days} days. Weekends differ from working days: plan whole weeks."
        findings.append(Finding(experiment.name, Severity.WARNING, sentence))
    return findings


def _buckets(experiment: Experiment) -> list[Finding]:
    findings = []
    for name, buckets in shares(experiment).items():
        if buckets == 0:
            sentence = f"no bucket sees {name}: weight or coverage is too small. Raise it."
            findings.append(Finding(experiment.name, Severity.ERROR, sentence))
        elif buckets < FEW_BUCKETS:
            sentence = (
                f"only {buckets} of 1,000 buckets see {name}; figures that count returning visitors need "
                f"{FEW_BUCKETS} or more. Raise weight or coverage."
            )
            findings.append(Finding(experiment.name, Severity.WARNING, sentence))
    return findings


def _size(experiment: Experiment, browsers_per_day: float | None) -> list[Finding]:
    findings = []
    counted = shares(experiment)
    taking_part = sum(counted.values())
    smallest = min(counted, key=counted.__getitem__)
    expected = experiment.planned_size * counted[smallest] / max(taking_part, 1)
    if expected < FEW_BROWSERS:
        sentence = (
            f"planned_size {experiment.planned_size} leaves {smallest} about {expected:.0f} browsers: too "
            "few to tell anything but a huge difference. See `klantreis experiment plan`."
        )
        findings.append(Finding(experiment.name, Severity.WARNING, sentence))
    if browsers_per_day is not None:
        days = (experiment.ends - experiment.starts).days + 1
        per_day = browsers_per_day * taking_part / 1000
        if per_day * days < experiment.planned_size:
            needed = f"{ceil(experiment.planned_size / per_day)} days" if per_day > 0 else "for ever"
            sentence = (
                f"planned_size {experiment.planned_size} is not reached in {days} days with "
                f"{browsers_per_day:g} browsers a day: it takes {needed}. End later, raise coverage or plan "
                "for a larger difference."
            )
            findings.append(Finding(experiment.name, Severity.WARNING, sentence))
    return findings


def _overlaps(experiments: Sequence[Experiment]) -> list[Finding]:
    """Tests on the same pages at the same time: their draws are independent, but they may interact."""
    findings = []
    for one, other in combinations(experiments, 2):
        together = one.site == other.site and one.starts <= other.ends and other.starts <= one.ends
        pages = [page for page in one.pages if any(overlap(page, theirs) for theirs in other.pages)]
        if together and pages:
            sentence = (
                f"{other.name} runs at the same time on {', '.join(pages)}. Both comparisons stay fair: "
                "who sees what is drawn independently; look whether the two changes get in each other's way."
            )
            findings.append(Finding(one.name, Severity.WARNING, sentence))
    return findings

# SPDX-License-Identifier: EUPL-1.2
"""Whether tasks still say what they said when an experiment started: what an answer is, is the outcome."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from analysis import day_tables
from analysis.notation import day as written_day
from analysis.tasks import Tasks
from experiments.definition import Experiment

#: What a task says that no outcome hangs on.
_WORDING = ("name", "question", "upl", "audience")


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of the task definitions in `file` since the start: those of the tasks `changed` are others
    from the DAY `since` on. `voiding` where the experiment is about one of them, `known` where the start and
    every DAY tell with which they were made."""

    file: str
    changed: tuple[str, ...] = ()
    since: date | None = None
    voiding: bool = False
    known: bool = True

    def sentence(self) -> dict[str, str]:
        """For people, in every language; empty where all was kept."""
        if self.since is not None:
            names = ", ".join(self.changed)
            return {
                "nl": f"De taken in {self.file} zijn na de start veranderd ({names}): "
                f"vanaf {written_day(self.since, 'nl')} zijn dagen met andere berekend dan bij de start.",
                "en": f"The tasks in {self.file} were changed after the start ({names}): from "
                f"{written_day(self.since, 'en')} on, days were rebuilt with others than at the start.",
            }
        if not self.known:
            return {
                "nl": f"Of {self.file} na de start is veranderd, is niet van alle dagen bekend.",
                "en": f"Whether {self.file} was changed after the start is not known of all days.",
            }
        return {}


def digests(tasks: Tasks) -> dict[str, str]:
    """A fingerprint of each task by its name: of what it says, not of how the file is laid out.

    What is empty does not count, so that a key which a later version adds changes no fingerprint without it.
    """
    found = {}
    for task in tasks:
        said = {
            name: value
            for name in type(task).__dataclass_fields__
            if name not in _WORDING and (value := getattr(task, name))
        }
        for name in ("pages", "answers", "goals", "queries"):
            if name in said:
                said[name] = sorted(said[name])
        text = json.dumps(said, sort_keys=True, ensure_ascii=False)
        found[task.name] = hashlib.sha256(text.encode()).hexdigest()[:16]
    return found


def kept(
    experiment: Experiment,
    promised: Mapping[str, str] | None,
    tables_root: Path,
    days: Iterable[date],
    *,
    file: str,
) -> Kept:
    """The fingerprints `promised` at the start (None where it kept none) against those of the day tables."""
    mine = [day for day in sorted(days) if experiment.starts <= day <= experiment.ends]
    if promised is None:
        return Kept(file, known=False)
    known, since, changed = True, None, set[str]()
    for day in mine:
        for of_sites in day_tables.tasks_of(tables_root, day):
            rebuilt = None if of_sites is None else of_sites.get(experiment.site)
            if rebuilt is None:
                known = False
            elif others := _differing(promised, rebuilt):
                since, changed = since or day, changed.union(others)
    voiding = bool(changed) and (experiment.task in changed or not experiment.task)
    return Kept(file, tuple(sorted(changed)), since, voiding, known)


def _differing(one: Mapping[str, str], other: Mapping[str, str]) -> Sequence[str]:
    return [name for name in {**one, **other} if one.get(name) != other.get(name)]

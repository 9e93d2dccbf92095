# SPDX-License-Identifier: EUPL-1.2
"""When an experiment may start, ramp up and stop: rules over values, no store.

An experiment runs once. What has been started keeps its definition; only its coverage may grow. A name that
has been used stays used: a browser's cookie and the hash both hang on it, so a second run under the same name
would count its first exposures twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from experiments.definition import Experiment
from experiments.errors import RefusedError
from tracker.day import day_of


class State(StrEnum):
    """Where an experiment is on a given DAY."""

    SCHEDULED = "scheduled"  # started, but its first DAY is to come
    RUNNING = "running"
    ENDED = "ended"  # its last DAY is over
    STOPPED = "stopped"


class Ramp(msgspec.Struct, frozen=True):
    """From `at` on the experiment had this coverage."""

    at: datetime
    coverage: float


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """An experiment since it was started; times in UTC.

    `experiment` is the definition as it was promised, with today's coverage; `ramps` is the history of that.
    `tasks` has a fingerprint of each task of its site at the start, by name; None where none were kept.
    """

    experiment: Experiment
    digest: str
    started_at: datetime
    started_by: str
    ramps: tuple[Ramp, ...]
    stopped_at: datetime | None = None
    stopped_by: str | None = None
    stop_reason: str | None = None
    tasks: dict[str, str] | None = None

    def state(self, day: date) -> State:
        """Where it is on that DAY; `starts` and `ends` are its first and last DAY."""
        if self.stopped_at is not None:
            return State.STOPPED
        if day < self.experiment.starts:
            return State.SCHEDULED
        return State.RUNNING if day <= self.experiment.ends else State.ENDED


def day_at(now: datetime, zone: ZoneInfo) -> date:
    """The DAY of a moment. Raises `ValueError` for one without a time zone, which might be any."""
    if now.tzinfo is None:
        raise ValueError(f"{now} has no time zone; expected one, such as datetime.now(UTC)")
    return day_of(int(now.timestamp() * 1000), zone)


def digest(experiment: Experiment) -> str:
    """A short fingerprint of what was promised; coverage, which may grow, does not count.

    What is left at its default does not count either, so that a key which a later version adds changes no
    fingerprint of a definition that does not use it.
    """
    promised = _promised(replace(experiment, coverage=1.0))
    return hashlib.sha256(msgspec.json.encode(promised, order="sorted")).hexdigest()[:16]


def _promised(value: Any) -> Any:
    """A definition or a part of it, without what is left at its default."""
    if isinstance(value, tuple):
        return [_promised(one) for one in value]
    if not is_dataclass(value):
        return value
    return {
        field.name: _promised(getattr(value, field.name))
        for field in fields(value)
        if field.default is MISSING or getattr(value, field.name) != field.default
    }


def changed_fields(one: Experiment, other: Experiment) -> tuple[str, ...]:
    """Names of the fields in which two definitions differ, in their order."""
    return tuple(
        field.name for field in fields(Experiment) if getattr(one, field.name) != getattr(other, field.name)
    )


def started(
    experiment: Experiment,
    known: Record | None,
    *,
    actor: str,
    now: datetime,
    day: date,
    tasks: Mapping[str, str] | None = None,
) -> Record:
    """The record of an experiment that starts; `known` is what the register holds under its name.

    Raises `RefusedError` with every reason against it.
    """
    reasons = []
    if not experiment.approved_by.strip():
        reasons.append("approved_by is empty: name the process owner who has approved it (BIO2 8.32.01).")
    if not experiment.roll_back.strip():
        reasons.append("roll_back is empty: write down how the current version comes back (BIO2 8.31.01).")
    if day > experiment.ends:
        reasons.append(f"Its last day, {experiment.ends}, is over (today is {day}): choose a later one.")
    if known is not None:
        reasons.append(_name_taken(experiment, known, day))
    if not actor.strip():
        reasons.append("Nobody is named who starts it: name the actor.")
    if reasons:
        raise RefusedError(f'Start of "{experiment.name}"', reasons)
    return Record(
        experiment=experiment,
        digest=digest(experiment),
        started_at=now.astimezone(UTC),
        started_by=actor,
        ramps=(Ramp(now.astimezone(UTC), experiment.coverage),),
        tasks=None if tasks is None else dict(tasks),
    )


def ramped(name: str, coverage: float, known: Record | None, *, now: datetime, day: date) -> Record:
    """The record after raising the coverage (a share of the buckets): browsers join, none changes variant.

    Raises `RefusedError`.
    """
    if known is None or known.state(day) not in (State.SCHEDULED, State.RUNNING):
        raise RefusedError(
            f'Ramp of "{name}"', [f"It does not run ({_standing(known, day)}): start it first."]
        )
    if known.experiment.coverage == 1:
        raise RefusedError(f'Ramp of "{name}"', ["All browsers take part already: nothing needs to be done."])
    if not known.experiment.coverage < coverage <= 1:
        reason = (
            f"Coverage {coverage:g} was asked; expected more than {known.experiment.coverage:g}, as it has, "
            "and at most 1. Browsers that took part cannot be sent away: stop the test instead."
        )
        raise RefusedError(f'Ramp of "{name}"', [reason])
    return msgspec.structs.replace(
        known,
        experiment=replace(known.experiment, coverage=coverage),
        ramps=(*known.ramps, Ramp(now.astimezone(UTC), coverage)),
    )


def stopped(name: str, known: Record | None, *, actor: str, now: datetime, reason: str, day: date) -> Record:
    """The record of an experiment that is stopped: from now on everybody sees the control.

    Raises `RefusedError`.
    """
    reasons = []
    if known is None or known.stopped_at is not None:
        reasons.append(
            f"It does not run ({_standing(known, day)}): `klantreis experiment list` shows what does."
        )
    if not reason.strip():
        reasons.append("No reason is given: say in one sentence why; it is kept in the audit trail.")
    if not actor.strip():
        reasons.append("Nobody is named who stops it: name the actor.")
    if reasons or known is None:
        raise RefusedError(f'Stop of "{name}"', reasons)
    return msgspec.structs.replace(
        known, stopped_at=now.astimezone(UTC), stopped_by=actor, stop_reason=reason.strip()
    )


def _name_taken(experiment: Experiment, known: Record, day: date) -> str:
    state = known.state(day)
    if state in (State.STOPPED, State.ENDED):
        return f"A test of this name has {state}: give this one a new name, such as {_next(experiment)}."
    changed = changed_fields(experiment, known.experiment)
    if not changed:
        return f"It is already {state}: nothing needs to be done."
    if changed == ("coverage",):
        return (
            f"It is already {state}: raise its coverage with `klantreis experiment ramp {experiment.name}`."
        )
    return (
        f"It is already {state} and the definition has changed since ({', '.join(changed)}): what was "
        "promised stays. Put the definition back, or give the changed one a new name, "
        f"such as {_next(experiment)}."
    )


def _next(experiment: Experiment) -> str:
    stem, _, number = experiment.name.rpartition("-")
    following = f"{stem}-{int(number) + 1}" if stem and number.isdecimal() else f"{experiment.name[:30]}-2"
    return f'"{following}"'


def _standing(known: Record | None, day: date) -> str:
    return "it was never started" if known is None else f"it is {known.state(day)}"

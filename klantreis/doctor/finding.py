# SPDX-License-Identifier: EUPL-1.2
"""A finding: what is so, and for what is not well why it matters and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is; only `FAIL` makes `doctor` exit with 1."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `found` is one sentence; `mend` says what to do, and is empty if well."""

    level: Level
    subject: str
    found: str
    mend: str = ""


def well(subject: str, found: str) -> Finding:
    return Finding(Level.OK, subject, found)


def doubtful(subject: str, found: str, mend: str) -> Finding:
    return Finding(Level.WARN, subject, found, mend)


def wrong(subject: str, found: str, mend: str) -> Finding:
    return Finding(Level.FAIL, subject, found, mend)


def graded(subject: str, found: str, mend: str, *, warn: bool, fail: bool) -> Finding:
    """The finding at the worst level that holds."""
    level = Level.FAIL if fail else Level.WARN if warn else Level.OK
    return Finding(level, subject, found, mend if level is not Level.OK else "")

# SPDX-License-Identifier: EUPL-1.2
"""What became of every record of an import, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tracker.scrub import Mark

SHOWN_MALFORMED = 20


class BadRecordError(ValueError):
    """A record that cannot be read; the text says why."""


class SetAsideError(Exception):
    """A well-formed record that is none of ours; the text says why."""


@dataclass(slots=True)
class ImportAccount:
    """Counts of one import; `records == taken + set_aside.total() + malformed`.

    `stored` counts what came of the records that were taken, by kind; `already` the files that had been
    imported before, `resumed` those of which a part was; `unread` names the columns that nobody asked for.
    """

    what: str  # the kind of record, in the plural
    site: str
    files: int = 0
    already: int = 0
    resumed: int = 0
    records: int = 0
    taken: int = 0
    malformed: int = 0
    first_malformed: list[tuple[str, int, str]] = field(default_factory=list)  # file, record number, why
    stored: Counter[str] = field(default_factory=Counter)
    set_aside: Counter[str] = field(default_factory=Counter)
    passed_over: Counter[str] = field(default_factory=Counter)  # parts of records that were taken
    redacted: Counter[Mark] = field(default_factory=Counter)
    unread: dict[str, None] = field(default_factory=dict)  # an ordered set
    first_ms: int | None = None
    last_ms: int | None = None

    def note_times(self, times_ms: Iterable[int]) -> None:
        """Moments of what was stored."""
        for time in times_ms:
            self.first_ms = time if self.first_ms is None else min(self.first_ms, time)
            self.last_ms = time if self.last_ms is None else max(self.last_ms, time)

    def note_malformed(self, path: Path, number: int, why: str) -> None:
        """Count a record that could not be read, and name it while there are few."""
        self.malformed += 1
        if len(self.first_malformed) < SHOWN_MALFORMED:
            self.first_malformed.append((str(path), number, why))

    def rows(self) -> list[tuple[str, int, str]]:
        """(what, count, remark) of everything that was counted."""
        return [
            (
                self.what,
                self.records,
                f"in {self.files} file{'' if self.files == 1 else 's'}{self._period()}",
            ),
            ("taken", self.taken, ""),
            *(("", count, kind) for kind, count in self.stored.most_common()),
            ("set aside", self.set_aside.total() + self.malformed, ""),
            *(("", count, reason) for reason, count in self.set_aside.most_common()),
            *([("", self.malformed, "malformed")] if self.malformed else []),
        ]

    def remarks(self) -> list[str]:
        """Sentences beside the counts."""
        said = [f"malformed: {name}, record {number}: {why}" for name, number, why in self.first_malformed]
        if self.malformed > SHOWN_MALFORMED:
            said.append(f"and {self.malformed - SHOWN_MALFORMED:,} more malformed records")
        said += [f"{count:,} x not read: {part}" for part, count in self.passed_over.most_common(20)]
        if self.redacted:
            found = ", ".join(f"{mark}: {count:,}" for mark, count in self.redacted.most_common())
            said.append(f"personal data taken out: {found}")
        if self.unread:
            said.append(f"columns that were not read: {', '.join(self.unread)}")
        if self.resumed:
            said.append(f"went on where an earlier import had stopped: {self.resumed} of {self.files} files")
        if self.already:
            said.append(f"imported before, nothing added: {self.already} of {self.files} files")
        return said

    def text(self) -> str:
        """The whole account, a line for each count."""
        rows = [f"  {name:<12}{count:>12,}{'  ' + note if note else ''}" for name, count, note in self.rows()]
        return "\n".join([f"Site {self.site}", *rows, *(f"  {remark}" for remark in self.remarks())])

    def _period(self) -> str:
        if self.first_ms is None or self.last_ms is None:
            return ""
        first, last = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (self.first_ms, self.last_ms))
        return f", {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC"

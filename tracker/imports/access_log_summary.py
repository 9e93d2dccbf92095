# SPDX-License-Identifier: EUPL-1.2
"""What became of every line of an access log, for people."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tracker.imports.access_log_line import SetAside
from tracker.imports.access_log_memory import Said
from tracker.scrub import Mark

SHOWN_MALFORMED = 20


@dataclass(slots=True)
class AccessLogSummary:
    """Counts of one import; `lines == views + set_aside.total() + malformed`.

    `already` counts the files that had been imported before, `resumed` those of which a part was; `automated`
    the views by programs, which are kept apart; `google_words` the requests whose referrer is a Google page
    with words in its query. `again` counts the views that an earlier import had too, with other lines beside
    them, and `split` the visitors who are two by that (`access_log_again`).
    """

    site: str
    files: int = 0
    already: int = 0
    resumed: int = 0
    lines: int = 0
    views: int = 0
    automated: int = 0
    searches: int = 0
    google_words: int = 0
    again: int = 0
    split: int = 0
    malformed: int = 0
    first_malformed: list[tuple[str, int, str]] = field(default_factory=list)  # file, line number, why
    set_aside: Counter[SetAside] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    redacted: Counter[Mark] = field(default_factory=Counter)
    first_ms: int | None = None
    last_ms: int | None = None
    _clients: set[str] = field(default_factory=set)

    @property
    def clients(self) -> int:
        """Different clients in the well-formed lines."""
        return len(self._clients)

    def note(self, lines: int, said: Said) -> None:
        """Count a block of `lines` lines, and what its well-formed ones say."""
        self.lines += lines
        self._clients.update(said.client.values)
        for (_, status), reason, count in zip(
            said.asked.values, said.reasons, said.asked.counts(), strict=True
        ):
            self.statuses[int(status)] += count
            if reason is not None:
                self.set_aside[reason] += count
        for came, count in zip(said.came, said.referrer.counts(), strict=True):
            self.google_words += came.google_words * count
        if len(said.time_ms):
            first, last = int(said.time_ms.min()), int(said.time_ms.max())
            self.first_ms = first if self.first_ms is None else min(self.first_ms, first)
            self.last_ms = last if self.last_ms is None else max(self.last_ms, last)

    def note_malformed(self, path: Path, line: int, why: str) -> None:
        """Count a line that could not be read, and name it while there are few."""
        self.malformed += 1
        if len(self.first_malformed) < SHOWN_MALFORMED:
            self.first_malformed.append((str(path), line, why))

    def text(self) -> str:
        """The whole account, a line for each count."""
        residents = self.views - self.automated
        rows = [
            ("lines", self.lines, f"in {self.files} file{'' if self.files == 1 else 's'}{self._period()}"),
            ("clients", self.clients, ""),
            ("views", self.views, f"{residents:,} by people, {self.automated:,} by programs, kept apart"),
            ("searches", self.searches, "on the site itself"),
            ("from Google", self.google_words, "requests with the words that were searched for"),
            ("set aside", self.set_aside.total() + self.malformed, ""),
            *(("", count, str(reason)) for reason, count in self.set_aside.most_common()),
            *([("", self.malformed, "malformed")] if self.malformed else []),
        ]
        text = [f"Site {self.site}"]
        text += [f"  {name:<12}{count:>12,}{'  ' + note if note else ''}" for name, count, note in rows]
        text += [f"  malformed: {name}, line {number}: {why}" for name, number, why in self.first_malformed]
        if self.malformed > SHOWN_MALFORMED:
            text.append(f"  and {self.malformed - SHOWN_MALFORMED:,} more malformed lines")
        answers = ", ".join(f"{status}: {count:,}" for status, count in self.statuses.most_common())
        text.append(f"  answers: {answers}")
        if self.redacted:
            found = ", ".join(f"{mark}: {count:,}" for mark, count in self.redacted.most_common())
            text.append(f"  personal data taken out: {found}")
        if self.resumed:
            text.append(
                f"  went on where an earlier import had stopped: {self.resumed} of {self.files} files"
            )
        if self.already:
            text.append(f"  imported before, nothing added: {self.already} of {self.files} files")
        if self.again:
            counted = f"{self.again:,} of {self.views:,} views"
            two = f"; visitors who count as two, by pseudonyms of both imports: {self.split:,}"
            text.append(
                f"  imported before in another file, counted once: {counted}{two if self.split else ''}"
            )
        return "\n".join(text)

    def _period(self) -> str:
        if self.first_ms is None or self.last_ms is None:
            return ""
        first, last = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (self.first_ms, self.last_ms))
        return f", {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC"

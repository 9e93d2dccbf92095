# SPDX-License-Identifier: EUPL-1.2
"""An import on its way into the archive: once for each content, and on from where it stopped.

Events are put away in pieces. A piece is there when the journal says so; what an interrupted import wrote
beyond its journal is taken away, and what the journal has is read over but not written again. That needs the
pseudonyms of the first attempt: the salts stand in the journal, for the owner's eyes only, until the import
is finished, and are worth nothing two days later, as those of the collector.

    ARCHIVE/imports/NAME.unfinished   the journal of an import under way
    ARCHIVE/imports/NAME.json         an import that was finished
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import date
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa

from tracker.archive_files import (
    QUICK_LEVEL,
    ArchiveError,
    folder_of,
    settle_partitions,
    stored_partitions,
    write_durably,
    write_table,
)
from tracker.archive_format import PARTITION, SCHEMA, Numbers
from tracker.day import day_of
from tracker.event import Event
from tracker.site import Site

PIECE_EVENTS = 200_000
ROWS_OF_A_FILE = 50_000  # about: neighbouring partitions share a file until it has as many
DEFAULT_PARTITIONS = 16
QUARTER_MS = 900_000
SALT_BYTES = 32
SALT_LIFE_S = 48 * 3600

_EMPTY = {field.name: field.default for field in msgspec.structs.fields(Event)}


class _Journal(msgspec.Struct):
    """What an import under way must still know after it was interrupted."""

    begun: float  # seconds since 1970
    pieces: int = 0  # that are in the archive for good
    salts: dict[str, bytes] = {}


class ImportSalts:
    """A salt for each DAY, shared by the files that are imported together."""

    def __init__(self, random: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._random = random
        self._known: dict[date, bytes] = {}

    def of(self, day: date) -> bytes:
        salt = self._known.get(day)
        if salt is None:
            salt = self._known[day] = self._random(SALT_BYTES)
        return salt

    def restore(self, salts: Mapping[str, bytes]) -> None:
        self._known |= {date.fromisoformat(day): salt for day, salt in salts.items()}

    def known(self) -> dict[str, bytes]:
        return {day.isoformat(): salt for day, salt in self._known.items()}


class Intake:
    """One import under way. `already` where one of that name was finished: then nothing is written."""

    def __init__(
        self,
        root: Path,
        name: str,
        *,
        site: Site,
        partitions: int | None = None,
        salts: ImportSalts,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._root, self._name, self._salts = root, name, salts
        self._partitions = partitions or stored_partitions(root) or DEFAULT_PARTITIONS
        self._zone = site.zone
        settle_partitions(root, self._partitions)
        self._mark = root / "imports" / f"{name}.json"
        self._journal_at = root / "imports" / f"{name}.unfinished"
        self._waiting: list[pa.Table] = []
        self._number = self._files = self._events = 0
        self.already = self._mark.exists()
        self._journal = self._resumed(clock()) or _Journal(begun=clock())
        self._salts.restore(self._journal.salts)
        self.resumed = bool(self._journal.pieces)

    def salt(self, day: date) -> bytes:
        """The salt of this import for a DAY."""
        return self._salts.of(day)

    def take(self, events: pa.Table) -> None:
        """Put events away: a table with columns of the archive's schema, of which those left out are empty.

        The same import gives the same tables in the same order, also the second time.
        """
        if self.already or not events.num_rows:
            return
        self._waiting.append(events)
        if sum(table.num_rows for table in self._waiting) >= PIECE_EVENTS:
            self._put()

    def finish(self) -> None:
        """All events are in. Raises `ArchiveError` where they cannot be written."""
        if self.already:
            return
        if self._waiting:
            self._put()
        done = json.dumps({"events": self._events, "files": self._files}).encode()
        write_durably(self._mark, lambda file: file.write(done))
        self._journal_at.unlink(missing_ok=True)

    def _put(self) -> None:
        events = pa.concat_tables(self._waiting, promote_options="default")
        self._waiting = []
        number, self._number = self._number, self._number + 1
        self._events += events.num_rows
        if number < self._journal.pieces:
            return
        self.write_journal()  # with the salts of these events, before the first of them lies there
        places = self._days(events["time"].to_numpy()) * self._partitions
        places += events["visitor"].to_numpy() % self._partitions
        order = np.argsort(places, kind="stable")
        events, places = events.take(order), places[order]
        for rows in _shares(places, self._partitions):
            self._write(number, _whole(events[rows]), places[rows])
            self._files += 1
        self._journal.pieces = self._number

    def _write(self, number: int, events: pa.Table, places: Numbers) -> None:
        """Write events of one DAY, at `places` of neighbouring partitions, as a file."""
        day, first = divmod(int(places[0]), self._partitions)
        last = int(places[-1]) % self._partitions
        folder = folder_of(self._root, date.fromordinal(day), first)
        if last > first:
            folder = folder.with_name(f"{folder.name}-{last:02d}")
            events = events.append_column(PARTITION, pa.array(places % self._partitions, PARTITION.type))
        write_table(folder / f"import-{self._name}-{number:04d}.parquet", events, level=QUICK_LEVEL)

    def _days(self, times_ms: Numbers) -> Numbers:
        """The DAY of each time, as a number. A DAY turns on a whole quarter of an hour."""
        found, which = np.unique(times_ms // QUARTER_MS, return_inverse=True)
        days = [day_of(int(quarter) * QUARTER_MS, self._zone).toordinal() for quarter in found]
        return np.array(days, np.int64)[which]

    def _resumed(self, now: float) -> _Journal | None:
        """The journal of an interrupted import of this name, with what it does not vouch for taken away."""
        if self.already:
            return None
        journal = None
        with suppress(FileNotFoundError, msgspec.DecodeError, ValueError):
            found = msgspec.json.decode(self._journal_at.read_bytes(), type=_Journal)
            journal = found if 0 <= now - found.begun < SALT_LIFE_S else None
        vouched = journal.pieces if journal else 0
        for left in self._root.glob(f"day=*/partition=*/import-{self._name}-*.parquet*"):
            number = left.name.removeprefix(f"import-{self._name}-").partition(".")[0]
            if not number.isdecimal() or int(number) >= vouched or not left.name.endswith(".parquet"):
                left.unlink()
        return journal

    def write_journal(self) -> None:
        """Note how far this import is; for the owner's eyes only, since it holds salts."""
        if self.already:
            return
        self._journal.salts = self._salts.known()
        text = msgspec.json.encode(self._journal)
        aside = self._journal_at.with_suffix(".aside")
        try:
            aside.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            aside.rename(self._journal_at)
        except OSError as error:
            raise ArchiveError(
                f"{self._journal_at} cannot be written ({error.strerror or error}). Make room on the disk, "
                "or mend its rights, and run it again."
            ) from None


class Intakes:
    """The intakes of files that are imported together, and so share their pseudonyms."""

    def __init__(
        self,
        root: Path,
        *,
        site: Site,
        partitions: int | None = None,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._root, self._site, self._partitions = root, site, partitions
        self._salts = ImportSalts(random)

    @contextmanager
    def opened(self, names: Sequence[str]) -> Iterator[Iterator[Intake]]:
        """The intake of each name, in its turn, and finished when the next one is asked for.

        Raises `ArchiveError` where one of them is under way in another process.
        """
        forget_abandoned(self._root)
        with ExitStack() as stack:
            intakes = {}
            for name in dict.fromkeys(names):
                stack.enter_context(alone(self._root, name))
                intakes[name] = self._intake(name)
            yield self._in_turn(names, intakes)

    def _in_turn(self, names: Sequence[str], intakes: dict[str, Intake]) -> Iterator[Intake]:
        for name in names:
            # The same content given twice is finished by its second turn.
            intake = intakes.pop(name, None) or self._intake(name)
            yield intake
            for later in intakes.values():  # the salts must outlive this file's journal
                later.write_journal()
            intake.finish()

    def _intake(self, name: str) -> Intake:
        return Intake(self._root, name, site=self._site, partitions=self._partitions, salts=self._salts)


def forget_abandoned(root: Path, now: float | None = None) -> int:
    """Remove the journals, and so the salts, of imports that nobody went on with; returns how many."""
    deadline = (time.time() if now is None else now) - SALT_LIFE_S
    forgotten = 0
    for journal in (root / "imports").glob("*.unfinished"):
        with suppress(FileNotFoundError):
            if journal.stat().st_mtime < deadline:
                journal.unlink()
                forgotten += 1
    return forgotten


@contextmanager
def alone(root: Path, name: str) -> Iterator[None]:
    """Nobody else imports the same content meanwhile. Raises `ArchiveError` where somebody does."""
    path = root / "imports" / f"{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ArchiveError(
                "The same file is being imported by another process. Wait until that is done."
            ) from None
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _shares(places: Numbers, partitions: int) -> Iterator[slice]:
    """The rows of each file, of sorted places: a whole DAY's if they are few, else some partitions' of it."""
    starts = np.flatnonzero(np.diff(places, prepend=-1)).tolist()
    begin = 0
    for start in starts[1:]:
        if start - begin >= ROWS_OF_A_FILE or places[start] // partitions != places[begin] // partitions:
            yield slice(begin, start)
            begin = start
    yield slice(begin, len(places))


def _whole(events: pa.Table) -> pa.Table:
    """All columns of the archive, in its order."""
    present = set(events.column_names)
    arrays = [
        events[field.name].cast(field.type) if field.name in present
        else pa.nulls(events.num_rows, field.type) if field.nullable
        else pa.repeat(pa.scalar(_EMPTY[field.name], field.type), events.num_rows)
        for field in SCHEMA
    ]  # fmt: skip
    return pa.Table.from_arrays(arrays, schema=SCHEMA)

# SPDX-License-Identifier: EUPL-1.2
"""Files of records that become events: one way in for every export of another analytics product."""

from __future__ import annotations

import hashlib
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from tracker.day import day_of
from tracker.event import Event
from tracker.identity import daily_visitor
from tracker.imports.account import BadRecordError, ImportAccount, SetAsideError
from tracker.imports.intake import Intake, Intakes
from tracker.imports.opened import Progress, Whole, digest
from tracker.site import Site
from tracker.stream_columns import table_of

BATCH_EVENTS = 20_000

Records = Callable[[Path, Whole], Iterator[tuple[int, Mapping[str, Any] | BadRecordError]]]
Visitor = Callable[[str, int], int]


class Translator(Protocol):
    """What a record of some product says, as events."""

    def events(self, record: Mapping[str, Any], visitor: Visitor) -> list[Event]:
        """Events of a record; `visitor(id, time)` is the pseudonym of who the product calls that.

        Raises `BadRecordError` or `SetAsideError`.
        """
        ...


def import_events(
    paths: Iterable[Path],
    *,
    kind: str,
    what: str,
    site: Site,
    archive_root: Path,
    records: Records,
    translator: Callable[[ImportAccount], Translator],
    partitions: int | None = None,
    random: Callable[[int], bytes] = secrets.token_bytes,
    progress: Progress | None = None,
) -> ImportAccount:
    """Read files of records into the archive; returns what became of every record.

    `kind` names this sort of import in the archive, `what` its records to people. Raises `ImportFileError`
    and `ArchiveError`.
    """
    files = [Path(path) for path in paths]
    whole = Whole(files, progress)
    account = ImportAccount(what, site.name)
    translate = translator(account)
    intakes = Intakes(archive_root, site=site, partitions=partitions, random=random)
    with intakes.opened([f"{kind}-{digest(path, site.name)}" for path in files]) as opened:
        for intake, path in zip(opened, files, strict=True):
            account.files += 1
            account.already += intake.already
            account.resumed += intake.resumed
            for batch in _batches(_events(path, records(path, whole), translate, intake, site, account)):
                intake.take(batch)
    return account


def _events(
    path: Path,
    records: Iterator[tuple[int, Mapping[str, Any] | BadRecordError]],
    translator: Translator,
    intake: Intake,
    site: Site,
    account: ImportAccount,
) -> Iterator[Event]:
    def visitor(name: str, time_ms: int) -> int:
        salt = intake.salt(day_of(time_ms, site.zone))
        return daily_visitor(salt, site=site.name, ip=name, user_agent="", language="", bucket=None)

    for number, record in records:
        account.records += 1
        try:
            if isinstance(record, BadRecordError):
                raise record
            events = translator.events(record, visitor)
            _refuse_unfit(events)
        except BadRecordError as error:
            account.note_malformed(path, number, str(error))
        except SetAsideError as reason:
            account.set_aside[str(reason)] += 1
        else:
            account.taken += 1
            account.note_times(event.time for event in events)
            for event in events:
                account.stored[event.kind.value] += 1
            yield from events


_SMALL = {"time": (0, 7_258_118_400_000), "results": (0, 2**31 - 1), "rank": (0, 32_767), "step": (0, 32_767)}


def _refuse_unfit(events: list[Event]) -> None:
    """A number beyond its column must cost its record, not the import."""
    for event in events:
        for name, (least, most) in _SMALL.items():
            value = getattr(event, name)
            if value is not None and not least <= value <= most:
                raise BadRecordError(f"{name} is {value}, expected {least} to {most}")


def _batches(events: Iterator[Event]) -> Iterator[pa.Table]:
    batch: list[Event] = []
    for event in events:
        batch.append(event)
        if len(batch) >= BATCH_EVENTS:
            yield table_of(batch)
            batch = []
    if batch:
        yield table_of(batch)


def identity(*parts: object) -> str:
    """12 signs that the same parts always give, and that do not lead back to them."""
    text = "\0".join(str(part) for part in parts)
    return urlsafe_b64encode(hashlib.sha256(text.encode(errors="replace")).digest()[:9]).decode()


def index_of(*parts: object) -> int:
    """A number from 1 for an event that has none in its page view: the same parts always give the same."""
    text = "\0".join(str(part) for part in parts)
    return 1 + int.from_bytes(hashlib.sha256(text.encode(errors="replace")).digest()[:4], "big") % 32_766

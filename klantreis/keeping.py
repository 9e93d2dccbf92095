# SPDX-License-Identifier: EUPL-1.2
"""How long things are kept, and the proof that they went: retention, deletion by pseudonym.

Every run leaves a record in the data folder, under `retention/` or `deletions/`. A record of a deletion
names the pseudonym only as an HMAC with a key of this installation (`forget-key`): who knows the pseudonym
can check that a record is about it, and nobody can read it out of the record.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from klantreis.append_only import Needle, Rewrite, rewrite
from klantreis.errors import KlantreisError
from klantreis.jobs import make_journeys, now, promised_experiments, register_of
from klantreis.logs import origin
from klantreis.settings import Settings, make_folder
from tracker.archive import Archiver
from tracker.archive_reader import days, read_events
from tracker.contacts import SideTable
from tracker.day import day_of
from tracker.forgetting import Deletion, forget
from tracker.imports.intake import forget_abandoned
from tracker.keys import Keys
from tracker.retention import RemovedDay, remove_days, remove_side_tables, remove_unreadable
from tracker.site import Site
from tracker.spool_room import occupancy
from tracker.wire import STALE_MS

if TYPE_CHECKING:
    import redis

    from klantreis.store import Store

SAMPLE = 20  # page views that are looked for in the append-only file
RECORD_VERSION = 1
_MARK_KEY = f"{Keys().prefix}retention:mark"


class RecordError(KlantreisError):
    """The records of deletions are not as they were written."""


class SpoolWaitingError(KlantreisError):
    """Events that are on their way to the store and cannot be looked through yet."""


@dataclass(frozen=True, slots=True)
class Retained:
    """What a run of retention did; `ledgers` is of how many DAYs, `record` the file of this run."""

    days: list[RemovedDay]
    side_records: Mapping[SideTable, int]
    ledgers: int
    salts: list[str]
    rewrite: Rewrite
    record: Path


def retain(settings: Settings, store: Store, *, moment: datetime | None = None) -> Retained:
    """Remove what is older than it may be, and look whether it is gone.

    Raw events, contacts, survey answers and the ledger of DAYs more than `retention_days` ago; salts of DAYs
    that are over, and of imports that nobody went on with. What the store held of these also leaves its
    append-only file.
    """
    moment = moment or now()
    today = oldest_today(settings, moment)
    limit = today - timedelta(days=settings.retention_days)
    removed = remove_days(settings.archive, before=limit)
    side_records = remove_side_tables(settings.archive, before=limit)
    forgotten = forget_abandoned(settings.archive, moment.timestamp())
    remove_unreadable(settings.archive, before_s=moment.timestamp() - settings.retention_days * 86_400)
    client, keys = store.client(), Keys()
    trimmed = list(_trimmed(settings, client, keys, today))
    ledgers = _of_days(client, f"{keys.prefix}ledger:", before=limit)
    over = _salts_that_are_over(client, keys, today)
    for name in [*ledgers, *(name for name, _ in over)]:
        client.delete(name)
    needles = [Needle(f"salt {name}", value) for name, value in over]
    needles += [Needle("page view of an archived event", view) for view in trimmed]
    done = rewrite(client, needles, mark_key=_MARK_KEY, replicas=settings.replicas)
    record = {
        "schemaVersion": RECORD_VERSION,
        "ranAt": _utc(moment),
        "origin": origin(),
        "retentionDays": settings.retention_days,
        "removedBefore": limit.isoformat(),
        "removed": [
            {"day": one.day.isoformat(), "events": one.events, "files": one.files} for one in removed
        ],
        "sideRecordsRemoved": {table.value: rows for table, rows in side_records.items()},
        "importsForgotten": forgotten,
        "ledgersRemoved": len(ledgers),
        "saltsRemoved": [name for name, _ in over],
        "appendOnlyFile": _said(done),
    }
    path = _write_record(settings.data / "retention", f"{today.isoformat()}.json", record)
    if settings.journeys.exists():  # a single journey is shown for as long as its events are there
        make_journeys(settings, promised_experiments(register_of(store)).values())
    return Retained(removed, side_records, len(ledgers), [name for name, _ in over], done, path)


def oldest_today(settings: Settings, moment: datetime) -> date:
    """The DAY that is not over yet at any site; events of up to an hour ago may still come for it."""
    last_ms = int(moment.timestamp() * 1000) - STALE_MS
    zones = [site.zone for site in settings.sites] or [Site(name="", hosts=frozenset()).zone]
    return min(day_of(last_ms, zone) for zone in zones)


def _salts_that_are_over(client: redis.Redis, keys: Keys, today: date) -> list[tuple[str, bytes]]:
    """Names and bytes of the salts that no event can need any more, though they would live on for hours."""
    held = [(name, client.get(name)) for name in _of_days(client, f"{keys.prefix}salt:", before=today)]
    return [(name, salt) for name, salt in held if isinstance(salt, bytes)]  # else it ended by itself


def _of_days(client: redis.Redis, prefix: str, *, before: date) -> list[str]:
    """Names of keys under a prefix that a DAY follows, of DAYs before the given one, oldest first."""
    names = {raw.decode() for raw in client.scan_iter(match=f"{prefix}*")}
    return sorted(name for name in names if date.fromisoformat(name.removeprefix(prefix)) < before)


def _trimmed(settings: Settings, client: redis.Redis, keys: Keys, today: date) -> Iterator[bytes]:
    """Some page views that are in the archive and no longer in a stream."""
    past = [day for day in days(settings.archive) if day < today] if settings.archive.exists() else []
    waiting = sum(int(client.xlen(keys.events(number))) for number in range(settings.partitions))
    if not past or waiting > 100_000:  # what waits must be looked through; then the salts have to do
        return
    seen = {
        fields.get(b"p")
        for number in range(settings.partitions)
        for _, fields in _entries(client, keys.events(number))
    }
    views = read_events(settings.archive, past[-1], columns=["page_view"])["page_view"].to_pylist()
    different = sorted({str(view).encode() for view in views} - seen)
    yield from different[:: max(1, len(different) // SAMPLE)][:SAMPLE]


def _entries(client: redis.Redis, stream: str) -> Iterator[tuple[bytes, dict[bytes, bytes]]]:
    start = "-"
    while entries := _page(client, stream, start):
        yield from entries
        start = f"({entries[-1][0].decode()}"


def _page(client: redis.Redis, stream: str, start: str) -> Any:
    return client.xrange(stream, start, "+", 5_000)


def forget_visitor(settings: Settings, store: Store, visitor: int) -> tuple[Deletion, Rewrite, Path]:
    """Remove every event of a pseudonym, look whether it is gone, and leave a record of it.

    Raises `SpoolWaitingError` while events wait in the spool: they would come back from there.
    """
    _refuse_while_spooled(settings)
    client, keys = store.client(), Keys()
    make_folder(settings.archive)
    archiver = Archiver(client, settings.archive, settings.registry(), settings.partitions, keys)
    deletion = forget(client, settings.archive, archiver, visitor, partitions=settings.partitions, keys=keys)
    needles = [Needle("the pseudonym", str(visitor).encode())]
    needles += [Needle("page view", view.encode()) for view in sorted(deletion.page_views)[:SAMPLE]]
    done = rewrite(client, needles, mark_key=_MARK_KEY, replicas=settings.replicas)
    record = {
        "schemaVersion": RECORD_VERSION,
        "deletedAt": _utc(now()),
        "origin": origin(),
        "subject": {"scheme": "HMAC-SHA256", "fingerprint": fingerprint(settings.data, visitor)},
        "partition": deletion.partition,
        "eventsRemoved": deletion.events,
        "eventsLeft": deletion.left,
        "lookedIn": ["stream", "archive", f"spool of {socket.gethostname()}: {spool_of(settings)}"],
        "notLookedIn": not_looked_in(settings),
        "stream": {"entriesRemoved": deletion.from_stream},
        "files": [
            {
                "file": one.file,
                "eventsBefore": one.events_before,
                "eventsAfter": one.events_after,
                "sha256After": one.sha256,
            }
            for one in deletion.files
        ],
        "damagedRemoved": list(deletion.damaged),
        "unreadableRemoved": deletion.unreadable,
        "appendOnlyFile": _said(done),
    }
    folder = settings.data / "deletions"
    record["previous"] = _last_digest(folder)
    record["digest"] = digest_of(record)
    name = f"{now():%Y%m%dT%H%M%S.%fZ}.json"
    return deletion, done, _write_record(folder, name, record)


def spool_of(settings: Settings) -> Path:
    """Where the collectors of this machine put what the store cannot have."""
    return settings.spool or settings.data / "spool"


def not_looked_in(settings: Settings) -> list[str]:
    """Where events may be that nobody saw from here; the built-in store has no collectors elsewhere."""
    return (
        [f"spools of collectors on other machines than {socket.gethostname()}"] if settings.redis_url else []
    )


def _refuse_while_spooled(settings: Settings) -> None:
    spool = spool_of(settings)
    waiting = occupancy(spool)
    if waiting.segments:
        raise SpoolWaitingError(
            f"{waiting.segments} files with events wait in {spool}, and whose they are can only be seen once "
            "they are in the store. Let a collector replay them (klantreis collect, with the store running), "
            "and ask again."
        )
    if waiting.damaged:
        raise SpoolWaitingError(
            f"{waiting.damaged} damaged files lie in {spool / 'damaged'}, and their events may be of this "
            "pseudonym. Remove them, and ask again."
        )


def fingerprint(data: Path, visitor: int) -> str:
    """What a record says instead of the pseudonym; the key is made once, for its owner's eyes."""
    path = data / "forget-key"
    if not path.exists():
        make_folder(data)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123
            file.write(secrets.token_hex(32).encode())
    return hmac.digest(path.read_bytes().strip(), str(visitor).encode(), "sha256").hex()


def deletions_of(data: Path, visitor: int) -> list[Path]:
    """The records that are about a pseudonym, oldest first."""
    said = fingerprint(data, visitor)
    return [path for path, record in records(data / "deletions") if record["subject"]["fingerprint"] == said]


def records(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """All records of deletions, oldest first. Raises `RecordError` where one was changed or taken out."""
    previous = None
    for path in sorted(folder.glob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        if record.get("previous") != previous or record.get("digest") != digest_of(record):
            raise RecordError(
                f"{path} is not what was written, or a record before it is missing. Compare it with a backup."
            )
        previous = record["digest"]
        yield path, record


def digest_of(record: dict[str, Any]) -> str:
    """SHA-256 of a record without its digest; it covers the digest of the record before it."""
    plain = {name: value for name, value in record.items() if name != "digest"}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def _last_digest(folder: Path) -> str | None:
    last = None
    for _, record in records(folder):
        last = record["digest"]
    return last


def _said(done: Rewrite) -> dict[str, Any]:
    return {
        "rewritten": done.rewritten,
        "searched": done.searched,
        "detail": done.detail,
        "lookedFor": len(done.needles),
        "foundBefore": sum(bool(needle.before) for needle in done.needles),
        "foundAfter": done.left,
        "notRewritten": [one.server for one in done.not_rewritten],
        "servers": [
            {
                "server": one.server,
                "role": one.role,
                "rewritten": one.rewritten,
                "searched": one.searched,
                "detail": one.detail,
            }
            for one in done.servers
        ],
    }


def _write_record(folder: Path, name: str, record: dict[str, Any]) -> Path:
    path = make_folder(folder) / name
    aside = path.with_suffix(f".{os.getpid()}")
    aside.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    aside.replace(path)
    return path


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

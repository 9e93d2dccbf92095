# SPDX-License-Identifier: EUPL-1.2
"""Back-up and restore: the whole data folder, and what only the store has.

A back-up is a folder:

    manifest.json   version, moment, every file with its SHA-256, events by DAY, entries by stream
    store.msgpack   the keys of the store, each as (name, type, milliseconds to live, content)
    data/           the data folder: archive, tables, reports, definitions, records

The store is read first and the files after it: an event that the archiver moves in between is in both, and
readers count it once; the other way round it would be in neither. Salts are left out, so that a back-up keeps
no pseudonym alive longer than 48 hours; leases are nobody's.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from klantreis import __version__
from klantreis.errors import KlantreisError
from klantreis.jobs import now
from klantreis.settings import Settings, make_folder
from tracker.archive_files import alone
from tracker.archive_reader import days, read_events
from tracker.keys import Keys

if TYPE_CHECKING:
    import redis

    from klantreis.store import Store

BACKUP_VERSION = 1
AT_ONCE = 1_000
_MOST = 1 << 30  # bytes of one record of store.msgpack: a damaged length asks for no more memory than this
# Of the moment, not of the installation: a server's own files, locks, what is half written.
_NOT_KEPT = {"store", "demo.lock"}
_NOT_KEPT_OF_ARCHIVE = {"writing", "going", "rewriting"}


class BackupError(KlantreisError):
    """A back-up cannot be made, read or restored."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What a data folder and its store hold: events by DAY (each once), entries by stream, other keys."""

    events: dict[str, int]
    entries: dict[str, int]
    keys: int


def back_up(settings: Settings, store: Store, target: Path) -> Counts:
    """Make a back-up in a new folder; it appears there only when it is whole. Raises `BackupError`."""
    if target.exists():
        raise BackupError(f"{target} exists already. Name a folder that does not.")
    if target.resolve().is_relative_to(settings.data.resolve()):
        raise BackupError(f"{target} lies in the data folder itself. Name one on another disk.")
    part = target.with_name(f"{target.name}.part")
    if part.exists():
        shutil.rmtree(part)
    make_folder(target.parent)
    part.mkdir(mode=0o700)
    with alone(settings.archive, "The back-up") if settings.archive.exists() else nullcontext():
        with (part / "store.msgpack").open("wb") as file:
            entries, keys = _dump(store.client(decode_responses=False), file)
            _sync(file)
        _copy(settings.data, part / "data")
        counts = Counts(_events(part / "data" / "archive"), entries, keys)
    manifest = {
        "schemaVersion": BACKUP_VERSION,
        "klantreis": __version__,
        "madeAt": now().isoformat(timespec="seconds").replace("+00:00", "Z"),
        "partitions": settings.partitions,
        "events": counts.events,
        "entries": counts.entries,
        "keys": counts.keys,
        "files": {str(path.relative_to(part)): _digest(path) for path in _files(part)},
    }
    (part / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    part.rename(target)
    return counts


def restore_files(backup: Path, data: Path) -> dict[str, Any]:
    """Put a back-up's files into an empty data folder, after looking at every one of them.

    Returns the manifest. Raises `BackupError`; nothing is written then.
    """
    manifest = _manifest(backup)
    for name, digest in manifest["files"].items():
        path = backup / name
        if not path.is_file() or _digest(path) != digest:
            raise BackupError(f"{path} is missing or not what was backed up. Use another back-up.")
    if data.exists() and any(data.iterdir()):
        raise BackupError(f"{data} is not empty. Give an empty folder with --data.")
    make_folder(data)
    if (backup / "data").exists():
        _copy(backup / "data", data)
    return manifest


def restore_store(backup: Path, store: Store) -> None:
    """Put a back-up's keys into a store that has none of ours yet. Raises `BackupError`."""
    client = store.client()
    present = next(iter(client.scan_iter(match=f"{Keys().prefix}*", count=AT_ONCE)), None)
    if present is not None:
        raise BackupError(f"The store has keys, such as {present.decode()}. Restore into an empty one.")
    with (backup / "store.msgpack").open("rb") as file:
        for name, kind, life_ms, content in _records(file):
            _put(client, name, kind, content)
            if life_ms > 0:
                client.pexpire(name, life_ms)


def counts_of(settings: Settings, store: Store) -> Counts:
    """What is there now, for comparison with a manifest."""
    client = store.client()
    streams, keys = {}, 0
    for name, kind in _our_keys(client):
        keys += 1
        if kind == "stream":
            streams[name.decode()] = int(client.xlen(name))
    return Counts(_events(settings.archive), dict(sorted(streams.items())), keys)


def differences(manifest: dict[str, Any], found: Counts) -> list[str]:
    """What is not as the manifest says, for people."""
    wanted = Counts(manifest["events"], manifest["entries"], manifest["keys"])
    pairs = (("events of", wanted.events, found.events), ("entries of", wanted.entries, found.entries))
    said = [
        f"{what} {name}: {was.get(name, 0)} backed up, {is_now.get(name, 0)} restored"
        for what, was, is_now in pairs
        for name in sorted({*was, *is_now})
        if was.get(name, 0) != is_now.get(name, 0)
    ]
    if wanted.keys != found.keys:
        said.append(f"keys: {wanted.keys} backed up, {found.keys} restored")
    return said


def _manifest(backup: Path) -> dict[str, Any]:
    path = backup / "manifest.json"
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        version = int(manifest["schemaVersion"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(
            f"{path} cannot be read ({error}). Expected a folder that klantreis backup made."
        ) from None
    if version > BACKUP_VERSION:
        raise BackupError(
            f"{backup} is of version {version}; this klantreis reads up to {BACKUP_VERSION}. "
            "Upgrade klantreis."
        )
    return manifest


def _events(archive: Path) -> dict[str, int]:
    if not archive.exists():
        return {}
    return {day.isoformat(): read_events(archive, day, columns=["index"]).num_rows for day in days(archive)}


def _copy(source: Path, target: Path) -> None:
    """Copy files with their rights and times, except what belongs to the moment."""

    def kept(folder: str, names: list[str]) -> set[str]:
        place = Path(folder)
        beside = {source: _NOT_KEPT, source / "archive": _NOT_KEPT_OF_ARCHIVE}.get(place, set())
        asides = {name for name in names if name.endswith(".aside")}
        special = {name for name in names if not (place / name).is_dir() and not (place / name).is_file()}
        return {*(beside & set(names)), *asides, *special}

    shutil.copytree(source, target, ignore=kept, dirs_exist_ok=True)
    for path in _files(target):
        with path.open("rb") as file:
            os.fsync(file.fileno())


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _our_keys(client: redis.Redis) -> Iterator[tuple[bytes, str]]:
    """Our keys and their types, but for salts, leases and who is alive."""
    keys = Keys()
    for name in sorted(client.scan_iter(match=f"{keys.prefix}*", count=AT_ONCE)):
        text = name.decode()
        passing = text.endswith((":lease", ":wanted")) or text == keys.archivers
        if not passing and not text.startswith((f"{keys.prefix}salt:", f"{keys.prefix}retention:")):
            kind: Any = client.type(name)
            if kind != b"none":
                yield name, kind.decode()


def _dump(client: redis.Redis, file: BinaryIO) -> tuple[dict[str, int], int]:
    """Write all keys; returns the entries of each stream and the number of keys."""
    streams, keys = {}, 0
    for name, kind in _our_keys(client):
        keys += 1
        life_ms = max(int(client.pttl(name)), 0)
        if kind == "stream":
            streams[name.decode()] = 0
            for entries in _pages(client, name):
                _write(file, (name, kind, life_ms, entries))
                streams[name.decode()] += len(entries)
            facts: Any = client.xinfo_stream(name)
            _write(file, (name, "last id", 0, facts["last-generated-id"]))
            continue
        _write(file, (name, kind, life_ms, _content(client, name, kind)))
    return dict(sorted(streams.items())), keys


def _pages(client: redis.Redis, name: bytes) -> Iterator[list[Any]]:
    start = "-"
    while entries := _page(client, name, start):
        yield [[entry_id, list(fields.items())] for entry_id, fields in entries]
        start = f"({entries[-1][0].decode()}"


def _page(client: redis.Redis, name: bytes, start: str) -> Any:
    return client.xrange(name, start, "+", AT_ONCE)


def _content(client: redis.Redis, name: bytes, kind: str) -> Any:
    if kind == "string":
        return client.get(name)
    if kind == "hash":
        return list(client.hgetall(name).items())
    if kind == "zset":
        return client.zrange(name, 0, -1, withscores=True)
    if kind == "set":
        return sorted(client.smembers(name))
    if kind == "list":
        return client.lrange(name, 0, -1)
    raise BackupError(f"{name.decode()} is a {kind}, which this klantreis never writes. Upgrade klantreis.")


def _put(client: Any, name: bytes, kind: str, content: Any) -> None:
    if kind == "stream":
        pipeline = client.pipeline(transaction=False)
        for entry_id, fields in content:
            pipeline.execute_command("XADD", name, entry_id, *(word for pair in fields for word in pair))
        pipeline.execute()
    elif kind == "last id":
        if client.exists(name):
            client.execute_command("XSETID", name, content)
        elif content != b"0-0":  # a stream that was drained; its next entry must come after its last
            client.execute_command("XADD", name, content, "x", "x")
            client.xdel(name, content)
    elif kind == "string":
        client.set(name, content)
    elif kind == "hash":
        client.hset(name, items=[word for pair in content for word in pair])
    elif kind == "zset":
        client.zadd(name, dict(content))
    elif kind == "set":
        client.sadd(name, *content)
    elif kind == "list":
        client.rpush(name, *content)


def _write(file: BinaryIO, record: tuple[bytes, str, int, Any]) -> None:
    packed = msgspec.msgpack.encode(record)
    file.write(len(packed).to_bytes(4, "big") + packed)


def _records(file: BinaryIO) -> Iterator[tuple[bytes, str, int, Any]]:
    while head := file.read(4):
        size = int.from_bytes(head, "big")
        packed = file.read(size) if size <= _MOST else b""
        if len(packed) != size:
            raise BackupError(f"{file.name} is cut off. Use another back-up.")
        name, kind, life_ms, content = msgspec.msgpack.decode(packed)
        yield name, kind, life_ms, content

# SPDX-License-Identifier: EUPL-1.2
"""The store's append-only file: rewritten without what was removed, and searched to see that it is.

Redis keeps what it was told in this file until it is rewritten: a salt that expired, an event that was
trimmed. It is rewritten as commands, not as a compressed snapshot: a snapshot may still carry the bytes of
removed stream entries, and nobody could search it.
"""

from __future__ import annotations

import mmap
import re
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

WAIT_S = 300.0
_PREAMBLE = "aof-use-rdb-preamble"


@dataclass(frozen=True, slots=True)
class Needle:
    """Something that must not be in the file: what people call it, its bytes, how often it was found."""

    what: str
    secret: bytes
    before: int = 0
    after: int = 0


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What became of the file.

    `rewritten` says that the store did it; `searched`, that we could read the file and found in it what we
    had just written there ourselves, so that finding nothing else means something. `detail` is for people.
    """

    rewritten: bool
    searched: bool
    detail: str
    needles: tuple[Needle, ...] = ()

    @property
    def left(self) -> int:
        """How many of the needles are still there."""
        return sum(bool(needle.after) for needle in self.needles)


def rewrite(
    client: redis.Redis,
    needles: Sequence[Needle],
    *,
    mark_key: str,
    pause: Callable[[float], None] = time.sleep,
) -> Rewrite:
    """Rewrite the append-only file and search it for the needles, before and after.

    `mark_key` is a key that we may write for a minute. Raises `redis.RedisError` where the store is away.
    """
    facts: dict[str, Any] = client.info("persistence")
    if not facts.get("aof_enabled"):
        return Rewrite(rewritten=False, searched=False, detail=_snapshot(facts), needles=tuple(needles))
    mark = secrets.token_hex(16).encode()
    client.set(mark_key, mark, px=120_000)
    reachable = found_in(paths(client), [mark])[0] > 0
    before = found_in(paths(client), [one.secret for one in needles]) if reachable else [0] * len(needles)
    problem = _run(client, pause)
    if problem:
        return Rewrite(
            rewritten=False, searched=reachable, detail=problem, needles=_counted(needles, before, before)
        )
    for _ in range(100):
        if not _has_replaced(paths(client)):
            break
        pause(0.05)
    after = [0] * len(needles)
    searched = reachable and found_in(paths(client), [mark])[0] > 0
    if searched:
        after = found_in(paths(client), [one.secret for one in needles])
    client.delete(mark_key)
    size = int(client.info("persistence").get("aof_current_size", 0))
    detail = f"rewritten, now {size:,} bytes"
    if not searched:
        detail += "; its files cannot be read from here, so only the store's word says so"
    return Rewrite(rewritten=True, searched=searched, detail=detail, needles=_counted(needles, before, after))


def _counted(needles: Sequence[Needle], before: list[int], after: list[int]) -> tuple[Needle, ...]:
    counted = zip(needles, before, after, strict=True)
    return tuple(Needle(one.what, one.secret, was, now) for one, was, now in counted)


def _snapshot(facts: dict[str, Any]) -> str:
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(int(facts.get("rdb_last_save_time", 0))))
    return f"this store keeps no append-only file; its last snapshot is of {moment} UTC"


def _run(client: redis.Redis, pause: Callable[[float], None]) -> str:
    """Let the store rewrite the file; returns what went wrong, for people, or nothing."""
    usual = ""
    with suppress(redis.ResponseError):  # a user who may not CONFIG: then with the store's own setting
        usual = str(client.config_get(_PREAMBLE).get(_PREAMBLE) or "")
        client.config_set(_PREAMBLE, "no")
    try:
        _wait(client, pause)
        client.bgrewriteaof()
        pause(0.05)  # a rewrite that had to be scheduled begins a moment later
        facts = _wait(client, pause)
    except redis.ResponseError as error:
        facts = client.info("persistence")
        last = facts.get("aof_last_rewrite_time_sec", "unknown")
        return f"the store refuses BGREWRITEAOF ({error}); its last rewrite took {last} s (-1: none yet)"
    finally:
        if usual:
            with suppress(redis.ResponseError):
                client.config_set(_PREAMBLE, usual)
    if facts.get("aof_last_bgrewrite_status") != "ok":
        return "the store could not rewrite its append-only file; look into its log"
    return ""


def _wait(client: redis.Redis, pause: Callable[[float], None]) -> dict[str, Any]:
    waited = 0.0
    while True:
        facts: dict[str, Any] = client.info("persistence")
        if not facts.get("aof_rewrite_in_progress") and not facts.get("aof_rewrite_scheduled"):
            return facts
        if waited >= WAIT_S:
            raise redis.ResponseError(f"a rewrite is still under way after {WAIT_S:.0f} s")
        pause(0.05)
        waited += 0.05


def paths(client: redis.Redis) -> list[Path]:
    """The files of the append-only file, as far as they can be seen from here, replaced ones included."""
    try:
        facts: dict[str, Any] = {}
        for name in ("dir", "appenddirname", "appendfilename"):
            facts |= {str(one): value for one, value in client.config_get(name).items()}
    except redis.ResponseError:
        return []
    if "dir" not in facts or "appendfilename" not in facts:
        return []
    folder, name = Path(facts["dir"]), facts["appendfilename"]
    if "appenddirname" in facts:  # Redis 7 and Valkey: several files and a list of them
        folder /= facts["appenddirname"]
    with suppress(OSError):
        return sorted(path for path in folder.glob(f"{name}*") if path.is_file())
    return []


def _has_replaced(files: Sequence[Path]) -> bool:
    """Whether files are still there that the list of Redis 7 no longer names; it removes them soon."""
    lists = [path for path in files if path.suffix == ".manifest"]
    if not lists:
        return False
    lines = [line.split() for line in lists[0].read_text(encoding="utf-8").splitlines()]
    living = {line[1] for line in lines if len(line) > 5 and line[5] in {"b", "i"}}
    return any(path.name not in living for path in files if path not in lists)


def found_in(files: Iterable[Path], secrets_: Sequence[bytes]) -> list[int]:
    """How often each text stands in the files together; 0 too where a file cannot be read."""
    found = [0] * len(secrets_)
    for path in files:
        with (
            suppress(OSError, ValueError),  # ValueError: an empty file has no map
            path.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
        ):
            for number, secret in enumerate(secrets_):
                found[number] += sum(1 for _ in re.finditer(re.escape(secret), content))
    return found

# SPDX-License-Identifier: EUPL-1.2
"""The store's append-only file: rewritten without what was removed, and searched to see that it is.

Redis keeps what it was told in this file until it is rewritten: a salt that expired, an event that was
trimmed. It is rewritten as commands, not as a compressed snapshot: a snapshot may still carry the bytes of
removed stream entries, and nobody could search it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import redis
from redis.exceptions import RedisClusterException

from klantreis.append_only_files import found_in, has_replaced, identities, paths
from klantreis.store_servers import Group, Role, Server, groups
from tracker.store_client import FAILURES

WAIT_S = 300.0
FOLLOW_S = 30.0
MARK_LIFE_MS = 3_600_000  # longer than any rewrite; it is removed right after
_PREAMBLE = "aof-use-rdb-preamble"
_TRIES = 100_000  # names of a mark, until one lies in the slots of a certain node of a Cluster
_WORD = "only the store's word says so"


@dataclass(frozen=True, slots=True)
class Needle:
    """Something that must not be in the file: what people call it, its bytes, how often it was found."""

    what: str
    secret: bytes
    before: int = 0
    after: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the file of one server.

    `keeps` says that it has one, `rewritten` that the server rewrote it, `searched`, that we could read
    the file and found in it what we had just written there ourselves, so that finding nothing else means
    something. `before` and `after` count each needle. `detail` is for people.
    """

    server: str
    role: Role
    detail: str
    keeps: bool = True
    rewritten: bool = False
    searched: bool = False
    size: int = 0
    before: tuple[int, ...] = ()
    after: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Rewrite:
    """What became of the files of all servers; the counts of `needles` are those of all of them."""

    servers: tuple[Outcome, ...]
    needles: tuple[Needle, ...] = ()

    @property
    def left(self) -> int:
        """How many of the needles are still there."""
        return sum(bool(needle.after) for needle in self.needles)

    @property
    def rewritten(self) -> bool:
        """Whether there was a file, and every server that keeps one rewrote it."""
        return any(one.keeps for one in self.servers) and not self.not_rewritten

    @property
    def searched(self) -> bool:
        """Whether every file could be searched, and there was one."""
        kept = [one for one in self.servers if one.keeps]
        return bool(kept) and all(one.searched for one in kept)

    @property
    def not_rewritten(self) -> tuple[Outcome, ...]:
        """The servers that keep a file, or may, and did not rewrite it."""
        return tuple(one for one in self.servers if one.keeps and not one.rewritten)

    @property
    def failed(self) -> bool:
        """Whether something is still there, or may be where nobody rewrote it."""
        return bool(self.left or self.not_rewritten)

    @property
    def detail(self) -> str:
        """All of it in one sentence, for people, but for the replicas among `not_rewritten`."""
        done = [one for one in self.servers if one.rewritten]
        said = [one.detail for one in done]
        if len(done) > 1:
            said = [f"rewritten on {len(done)} servers, now {sum(one.size for one in done):,} bytes"]
            if unread := [one.server for one in done if not one.searched]:
                said.append(f"the files of {', '.join(unread)} cannot be read from here, so {_WORD}")
        for one in self.servers:
            if not one.rewritten and (one.role == "primary" or not one.keeps):
                said.append(one.detail if len(self.servers) == 1 else f"{one.server}: {one.detail}")
        return "; ".join(said)


def rewrite(
    client: redis.Redis,
    needles: Sequence[Needle],
    *,
    mark_key: str,
    replicas: int = 0,
    pause: Callable[[float], None] = time.sleep,
) -> Rewrite:
    """Rewrite the append-only file of every server, and search it for the needles before and after.

    Replicas keep files of their own. On a Cluster keys move between nodes, so what was removed may stand in
    the file of any. Each primary must have at least as many `replicas`; what is not seen is not rewritten.
    Keys that begin with `mark_key` we may write for a while. Raises `redis.RedisError` where a primary is
    away.
    """
    found = groups(client)
    texts, outcomes = [one.secret for one in needles], list[Outcome]()
    try:
        for group in found:
            outcomes += _of_group(client, group, texts, mark_key, pause)
            outcomes += _missing(group, replicas)
    finally:
        for group in found:
            group.close()
    return Rewrite(tuple(outcomes), tuple(_added_up(needles, outcomes)))


def _missing(group: Group, wanted: int) -> Iterator[Outcome]:
    absent = wanted - sum(one.role == "replica" for one in group.others)
    if group.primary and absent > 0:
        why = "none follows at the moment where KLANTREIS_REPLICAS says that there must be more"
        yield Outcome(f"{absent} more of {group.primary.name}", "replica", why)


def _added_up(needles: Sequence[Needle], outcomes: Sequence[Outcome]) -> Iterator[Needle]:
    for number, needle in enumerate(needles):
        before = sum(one.before[number] for one in outcomes if one.before)
        yield Needle(
            needle.what, needle.secret, before, sum(one.after[number] for one in outcomes if one.after)
        )


def _of_group(
    client: redis.Redis, group: Group, texts: Sequence[bytes], mark_key: str, pause: Callable[[float], None]
) -> Iterator[Outcome]:
    """The primary first: what replicas have to remove comes from there, and so does the mark."""
    mark, written = b"", 0
    key = _key_on(client, group.primary, mark_key) if group.primary else None
    if key is not None:
        mark = secrets.token_hex(16).encode()
        client.set(key, mark, px=MARK_LIFE_MS)
    try:
        if group.primary:
            written = int(group.primary.client.info("replication")["master_repl_offset"])
            yield _of_server(group.primary, texts, mark, pause)
        for other in group.others:
            yield _of_other(other, written, texts, mark, pause)
    finally:
        if key is not None:
            with suppress(*FAILURES):  # it goes by itself
                client.delete(key)


def _of_other(
    server: Server, written: int, texts: Sequence[bytes], mark: bytes, pause: Callable[[float], None]
) -> Outcome:
    """As `_of_server`, once the server has what its primary had written; what is wrong with it is told."""
    try:
        if server.role == "replica" and not _has_followed(server, written, pause):
            return Outcome(server.name, server.role, "it does not follow its primary")
        return _of_server(server, texts, mark, pause)
    except FAILURES as error:
        return Outcome(server.name, server.role, f"it cannot be asked: {error}")


def _has_followed(server: Server, written: int, pause: Callable[[float], None]) -> bool:
    for _ in range(round(FOLLOW_S / 0.05)):
        facts: dict[str, Any] = server.client.info("replication")
        if facts.get("role") == "master" or int(facts.get("slave_repl_offset", -1)) >= written:
            return facts.get("role") != "master"
        pause(0.05)
    return False


def _key_on(client: redis.Redis | redis.RedisCluster, server: Server, key: str) -> str | None:
    """A key that lies on a server; None where nothing does."""
    if not isinstance(client, redis.RedisCluster):
        return key
    for number in range(_TRIES):
        with suppress(RedisClusterException):  # a slot that nobody has
            node: Any = client.get_node_from_key(f"{key}:{number}")  # type: ignore[no-untyped-call]
            if node.name == server.name:
                return f"{key}:{number}"
    return None


def _of_server(
    server: Server, texts: Sequence[bytes], mark: bytes, pause: Callable[[float], None]
) -> Outcome:
    client = server.client
    facts: dict[str, Any] = client.info("persistence")
    if not facts.get("aof_enabled"):
        return Outcome(server.name, server.role, _snapshot(facts), keeps=False)
    reachable, old = _is_there(client, mark, pause), identities(client)
    before = tuple(found_in(paths(client), texts)) if reachable else ()
    problem = _run(client, pause)
    if problem:
        return Outcome(server.name, server.role, problem, searched=reachable, before=before, after=before)
    for _ in range(100):
        if not has_replaced(paths(client)):
            break
        pause(0.05)
    # Files that this rewrite did not replace are those of another server, in a folder of the same name.
    searched = reachable and bool(identities(client) - old) and found_in(paths(client), [mark])[0] > 0
    after = tuple(found_in(paths(client), texts)) if searched else ()
    size = int(client.info("persistence").get("aof_current_size", 0))
    detail = f"rewritten, now {size:,} bytes"
    if not searched:
        detail += f"; its files cannot be read from here, so {_WORD}"
    return Outcome(
        server.name, server.role, detail,
        rewritten=True, searched=searched, size=size, before=before, after=after,
    )  # fmt: skip


def _is_there(client: redis.Redis, mark: bytes, pause: Callable[[float], None]) -> bool:
    """Whether we can read the mark in the file; with appendfsync everysec it comes there a moment later.

    Without a mark (no key of ours can lie on that server) nobody can tell.
    """
    for _ in range(40 if mark else 0):
        files = paths(client)
        if not files or found_in(files, [mark])[0]:
            return bool(files)
        pause(0.05)
    return False


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

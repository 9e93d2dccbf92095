# SPDX-License-Identifier: EUPL-1.2
"""The store: is it a server that keeps what it acknowledged, and has it room?"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

import redis

from klantreis.doctor.finding import Finding, doubtful, graded, well, wrong
from klantreis.doctor.machine import of_clock
from klantreis.settings import Settings
from klantreis.store import Store, unfit
from klantreis.store_servers import Server, primaries
from tracker.identity import SALT_LIFE_S
from tracker.keys import Keys
from tracker.store_client import FAILURES

Facts = Mapping[str, Any]
FOLLOWS_S = 10  # a replica that is well says every second how far it is


def of_server(facts: Facts) -> Finding:
    """Kind, version, eviction, cluster: the same rule that refuses to start on it."""
    name = f"{facts.get('server_name', 'redis')} {facts.get('valkey_version', facts['redis_version'])}"
    sentence = unfit(facts, "the store", cluster=True)  # whoever names one node is refused before
    return well("store", f"{name} answers.") if sentence is None else wrong("store", sentence, "")


def of_role(facts: Facts) -> Iterator[Finding]:
    if facts.get("role") == "slave":
        yield wrong(
            "store role",
            "The store is a replica, which takes no events.",
            "Name the primary in KLANTREIS_REDIS_URL.",
        )


def of_replicas(facts: Facts, wanted: int) -> Iterator[Finding]:
    """Replicas that follow, against those that must have an event before it is acknowledged."""
    if not wanted:
        return
    told = [facts.get(f"slave{number}", {}) for number in range(int(facts.get("connected_slaves", 0)))]
    following = sum(one.get("state") == "online" and int(one.get("lag", 0)) <= FOLLOWS_S for one in told)
    yield graded(
        "store replicas",
        f"{following} of {wanted} replicas follow that must have an event before it is acknowledged; with "
        "fewer it goes to the spool, or is refused.",
        "Start the replica and see that it reaches the store, or set KLANTREIS_REPLICAS lower.",
        warn=False,
        fail=following < wanted,
    )


def of_persistence(facts: Facts, fsync: str | None) -> Iterator[Finding]:
    """The append-only file, and whether its last writing went well. `fsync` is None where we may not ask."""
    if not facts.get("aof_enabled"):
        yield wrong(
            "store keeps",
            "The append-only file is off, so a crash of the store loses what was acknowledged.",
            "Set appendonly yes and appendfsync always in its configuration file, and restart it.",
        )
    elif fsync is None:
        yield doubtful(
            "store keeps",
            "The append-only file is on; how often it is synced cannot be asked.",
            "Allow this user CONFIG GET, or look at appendfsync yourself.",
        )
    else:
        yield graded(
            "store keeps",
            f"The append-only file is on, appendfsync {fsync}"
            + ("." if fsync == "always" else "; a power cut may lose a second of what was acknowledged."),
            "Set appendfsync always: beacons are written in groups, which makes it cheap.",
            warn=fsync != "always",
            fail=fsync == "no",
        )
    if facts.get("aof_last_write_status", "ok") != "ok" or facts.get("rdb_last_bgsave_status", "ok") != "ok":
        yield wrong(
            "store writes",
            "The last time that the store wrote to its disk failed.",
            "Look at its log, and at the room and the rights of its folder.",
        )


def of_memory(facts: Facts) -> Finding:
    """Memory in use against what it may have; without a limit, against the machine's."""
    limit = int(facts.get("maxmemory") or 0)
    used, most = int(facts["used_memory"]), limit or int(facts.get("total_system_memory") or 0)
    share = used / most if most else 0.0
    of_what = "maxmemory" if limit else "the machine's memory"
    return graded(
        "store memory",
        f"{used / 1e6:.0f} MB in use, {share:.0%} of {of_what}; a store that is full refuses events.",
        "See that the archiver runs, or give the store more memory.",
        warn=share > 0.75,
        fail=share > 0.9,
    )


def of_partitions(ours: int, store: int | None, archive: int | None) -> Finding:
    """The number of partitions in the settings, the store and the archive must be one."""
    others = {name: n for name, n in (("store", store), ("archive", archive)) if n not in (None, ours)}
    if not others:
        return well("partitions", f"{ours}, and neither the store nor the archive says otherwise.")
    told = " and ".join(f"the {name} has {number}" for name, number in others.items())
    return wrong(
        "partitions",
        f"The settings say {ours} and {told}; a visitor would lie in two places.",
        f"Set partitions = {next(iter(others.values()))} in klantreis.toml.",
    )


def of_lag(lag_s: float, waiting: int) -> Finding:
    """How old the oldest event is that no archiver took."""
    return graded(
        "archiver",
        f"{waiting} events wait for the archiver, the oldest for {lag_s:.0f} s, and fill the store's memory."
        if waiting
        else "No event waits for the archiver.",
        "Start klantreis archive, or look in its log why it does not get on.",
        warn=lag_s > 120,
        fail=lag_s > 900,
    )


def of_salts(lives_s: Mapping[str, int]) -> Iterator[Finding]:
    """Seconds left to each salt, by key; -1 is for ever."""
    for key, life in sorted(lives_s.items()):
        if life < 0 or life > SALT_LIFE_S:
            yield wrong(
                "salt",
                f"{key} does not go away within 48 hours, so pseudonyms could be retraced.",
                f"Mend it with: redis-cli EXPIRE {key} {SALT_LIFE_S}",
            )


def look(settings: Settings, store: Store) -> Iterator[Finding]:
    """Everything about the store. Raises `redis.RedisError` where it does not answer.

    On a Cluster each primary is looked at, and named; one that is away is a finding of its own.
    """
    from tracker.archive_files import stored_partitions

    client, keys = store.client(), Keys()
    servers = primaries(client)
    for server in servers:
        look_at = _of_server if len(servers) == 1 else _of_one_of_many
        for finding in look_at(server, settings.replicas):
            subject = finding.subject if len(servers) == 1 else f"{finding.subject} {server.name}"
            yield replace(finding, subject=subject)
    theirs = client.get(keys.partitions)
    in_store = int(theirs) if theirs else None
    yield of_partitions(settings.partitions, in_store, stored_partitions(settings.archive))
    yield _lag(settings, client, keys, time.time())
    salts = [key.decode() for key in client.scan_iter(match=f"{keys.prefix}salt:*")]
    yield from of_salts({key: client.ttl(key) for key in salts})


def _of_one_of_many(server: Server, replicas: int) -> Iterator[Finding]:
    try:
        yield from _of_server(server, replicas)
    except FAILURES as error:
        yield wrong(
            "store",
            f"This node of the Cluster does not answer ({type(error).__name__}: {error}); beacons whose "
            "partition it has cannot be stored.",
            "Start it, or let its replica take over.",
        )


def _of_server(server: Server, replicas: int) -> Iterator[Finding]:
    facts: dict[str, Any] = server.client.info()
    yield of_server(facts)
    yield from of_role(facts)
    yield from of_replicas(facts, replicas)
    yield from of_persistence(facts, _fsync(server.client))
    yield of_memory(facts)
    before = time.time()
    seconds, micros = server.client.time()
    yield of_clock((before + time.time()) / 2 - (seconds + micros / 1e6))


def _fsync(client: redis.Redis) -> str | None:
    try:
        return str(client.config_get("appendfsync")["appendfsync"])
    except (redis.ResponseError, KeyError):
        return None


def _lag(settings: Settings, client: redis.Redis, keys: Keys, now_s: float) -> Finding:
    waiting, oldest = 0, now_s
    for number in range(settings.partitions):
        waiting += client.xlen(keys.events(number))
        for entry_id, _ in cast("list[tuple[bytes, Any]]", client.xrange(keys.events(number), count=1)):
            oldest = min(oldest, int(entry_id.partition(b"-")[0]) / 1000)
    return of_lag(max(0.0, now_s - oldest), waiting)

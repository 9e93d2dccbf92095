# SPDX-License-Identifier: EUPL-1.2
"""The register of experiments in Redis: what runs, and who started and stopped what.

`kr:experiments` (hash): name -> `lifecycle.Record` as JSON, with the definition as it was promised.
`{kr:experiments}:audit` (stream, never trimmed): one entry for every attempt, refused ones included, with the
fields of BIO2: action, object, result, origin, actor, timestamp.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import cast
from zoneinfo import ZoneInfo

import msgspec
import redis

from experiments.definition import Experiment
from experiments.errors import ExperimentsError, RefusedError
from experiments.lifecycle import Record, State, day_at, ramped, started, stopped
from tracker.happenings import happened
from tracker.keys import Keys

LOG = logging.getLogger(__name__)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
_TRIES = 10
_OUT_OF_DATE = 12  # times cache_s

# KEYS[1]  hash of the experiments, one field a name
# KEYS[2]  audit stream
# ARGV[1]  name
# ARGV[2]  record as the caller read it, '' where there was none
# ARGV[3]  record to put in its place
# ARGV[4…] fields and values of the audit entry
# Answers 1 where both were written, 0 where another has written the record meanwhile and nothing was done.
_SWAP = """
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('XADD', KEYS[2], '*', unpack(ARGV, 4))
return 1
"""


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to change what runs; `timestamp` in UTC with Z, `detail` the reason or the refusal."""

    action: str  # start, ramp, stop
    object: str  # name of the experiment
    result: str  # done, refused
    origin: str  # where it came from, such as "command line"
    actor: str
    timestamp: str
    detail: str = ""
    digest: str = ""  # fingerprint of the definition


def _in_thread(job: Callable[[], None]) -> None:
    threading.Thread(target=job, name="klantreis-register", daemon=True).start()


class Register:
    """What runs, for commands and for requests.

    Args:
        client: a Redis client; its timeouts bound how long a first request may wait.
        keys: names of the keys.
        zone: time zone in which an experiment's days turn.
        cache_s: seconds for which `running` believes what it read.
        monotonic: a clock in seconds that never goes back.
        spawn: runs the re-reading aside, so that requests do not wait for Redis. Only the first one after
            twelve times `cache_s` without any does.
    """

    def __init__(
        self,
        client: redis.Redis,
        keys: Keys | None = None,
        *,
        zone: ZoneInfo = AMSTERDAM,
        cache_s: float = 5.0,
        monotonic: Callable[[], float] = time.monotonic,
        spawn: Callable[[Callable[[], None]], None] = _in_thread,
    ) -> None:
        self._client = client
        self._keys = keys or Keys()
        self._zone = zone
        self._cache_s = cache_s
        self._monotonic = monotonic
        self._spawn = spawn
        self._swap = client.register_script(_SWAP)
        self._lock = threading.Lock()
        self._records: Mapping[str, Record] = {}
        self._read_at: float | None = None
        self._known = self._reachable = False

    @property
    def zone(self) -> ZoneInfo:
        """Time zone in which an experiment's days turn."""
        return self._zone

    @property
    def known(self) -> bool:
        """False until the register could be read once; until then an empty `running` means nothing."""
        return self._known

    def running(self, now: datetime) -> Mapping[str, Experiment]:
        """The experiments that run at `now`, by name; never raises for Redis.

        What was read is believed for a few seconds and, while Redis is away, for as long as that lasts; first
        and last day hold all the same. A change made elsewhere is seen some seconds later.
        """
        self._keep_fresh()
        day = day_at(now, self._zone)
        return {
            name: record.experiment
            for name, record in self._records.items()
            if record.state(day) is State.RUNNING
        }

    def all(self) -> dict[str, Record]:
        """Every experiment that was ever started, by name, as Redis has it now.

        Raises `ExperimentsError` for a record that cannot be read, `redis.RedisError` where Redis is away.
        """
        raw = cast("dict[bytes, bytes]", self._client.hgetall(self._keys.experiments))
        return {name: _decoded(name, raw_record) for name, raw_record in _texts(raw)}

    def start(
        self,
        experiment: Experiment,
        actor: str,
        now: datetime,
        *,
        origin: str = "command line",
        tasks: Mapping[str, str] | None = None,
    ) -> Record:
        """Start an experiment; it runs from its first DAY on. `tasks` are fingerprints of its site's tasks by
        name, which the report compares. Raises `RefusedError` with every reason."""
        return self._change(
            "start", experiment.name, actor, now, origin, "",
            lambda known, day: started(experiment, known, actor=actor, now=now, day=day, tasks=tasks),
        )  # fmt: skip

    def ramp(
        self, name: str, coverage: float, actor: str, now: datetime, *, origin: str = "command line"
    ) -> Record:
        """Raise the share of buckets that take part. Raises `RefusedError`."""
        return self._change(
            "ramp", name, actor, now, origin, f"coverage {coverage:g}",
            lambda known, day: ramped(name, coverage, known, now=now, day=day),
        )  # fmt: skip

    def stop(
        self, name: str, actor: str, now: datetime, reason: str, *, origin: str = "command line"
    ) -> Record:
        """Stop an experiment: from now on everybody sees its control. Raises `RefusedError`."""
        return self._change(
            "stop", name, actor, now, origin, reason,
            lambda known, day: stopped(name, known, actor=actor, now=now, reason=reason, day=day),
        )  # fmt: skip

    def history(self, name: str | None = None) -> list[AuditEntry]:
        """The audit trail of one experiment, or of all, oldest first."""
        entries = []
        for _, fields in cast(
            "list[tuple[bytes, dict[bytes, bytes]]]", self._client.xrange(self._keys.audit)
        ):
            entry = msgspec.convert(dict(_texts(fields)), AuditEntry)
            if name is None or entry.object == name:
                entries.append(entry)
        return entries

    def _change(
        self,
        action: str,
        name: str,
        actor: str,
        now: datetime,
        origin: str,
        detail: str,
        decide: Callable[[Record | None, date], Record],
    ) -> Record:
        """Read, decide, and write only if nobody else wrote meanwhile; every attempt is audited."""
        entry = AuditEntry(
            action=action,
            object=name,
            result="done",
            origin=origin,
            actor=actor,
            timestamp=_utc(now),
            detail=detail,
        )
        for _ in range(_TRIES):
            before = cast("bytes | None", self._client.hget(self._keys.experiments, name))
            try:
                record = decide(_decoded(name, before) if before else None, day_at(now, self._zone))
            except RefusedError as refused:
                refusal = msgspec.structs.replace(entry, result="refused", detail=" ".join(refused.reasons))
                self._client.xadd(self._keys.audit, msgspec.structs.asdict(refusal))  # type: ignore[arg-type]
                _report(refusal)
                raise
            done = msgspec.structs.replace(entry, digest=record.digest)
            fields = [text for pair in msgspec.structs.asdict(done).items() for text in pair]
            after = msgspec.json.encode(record)
            if self._swap([self._keys.experiments, self._keys.audit], [name, before or b"", after, *fields]):
                _report(done)
                self._refresh()
                return record
        raise ExperimentsError(f'"{name}" is being changed by others at this very moment. Try again.')

    def _keep_fresh(self) -> None:
        if self._is_out_of_date():
            with self._lock:
                if self._is_out_of_date():
                    self._refresh()
        elif self._age_s() >= self._cache_s:
            self._read_at = self._monotonic()  # one request sends for news, the others go on
            self._spawn(self._refresh)

    def _is_out_of_date(self) -> bool:
        """What we know is of before a quiet hour, or nothing: better wait than show what was stopped.

        Not while Redis is away: then waiting brings nothing.
        """
        return self._read_at is None or (self._reachable and self._age_s() >= _OUT_OF_DATE * self._cache_s)

    def _age_s(self) -> float:
        return float("inf") if self._read_at is None else self._monotonic() - self._read_at

    def _refresh(self) -> None:
        try:
            raw = cast("dict[bytes, bytes]", self._client.hgetall(self._keys.experiments))
        except redis.RedisError as error:
            LOG.warning("the register of experiments cannot be read (%s); what was last known goes on", error)
            self._reachable = False
        else:
            self._records = dict(_readable(raw))
            self._known = self._reachable = True
        self._read_at = self._monotonic()


class FixedRegister:
    """Experiments that run between their dates, without a store: for tests, simulations and static sites."""

    known = True

    def __init__(self, experiments: Iterable[Experiment], *, zone: ZoneInfo = AMSTERDAM) -> None:
        self._experiments = {experiment.name: experiment for experiment in experiments}
        self._zone = zone

    def running(self, now: datetime) -> Mapping[str, Experiment]:
        """The experiments whose dates hold `now`, by name."""
        day = day_at(now, self._zone)
        return {name: one for name, one in self._experiments.items() if one.starts <= day <= one.ends}


def _readable(raw: Mapping[bytes, bytes]) -> list[tuple[str, Record]]:
    """The records that can be read; one that cannot must not take the others off the air."""
    records = []
    for name, text in _texts(raw):
        try:
            records.append((name, _decoded(name, text)))
        except ExperimentsError as error:
            LOG.error("%s", error)
    return records


def _report(entry: AuditEntry) -> None:
    """The same in the log, for who gathers that of all systems."""
    happened(
        LOG,
        f"The experiment {entry.object}: {entry.action} {entry.result}.",
        action=entry.action,
        object=f"experiment {entry.object}",
        result="ok" if entry.result == "done" else "refused",
        actor=entry.actor,
    )


def _decoded(name: str, record: bytes | str) -> Record:
    try:
        return msgspec.json.decode(record, type=Record)
    except msgspec.DecodeError as error:
        raise ExperimentsError(
            f'The record of "{name}" in the register cannot be read ({error}). '
            "It was written by another version or by hand: upgrade, or put it back from a backup."
        ) from None


def _texts(raw: Mapping[bytes, bytes]) -> list[tuple[str, str]]:
    """Names and values as text, whether or not the client decodes answers itself."""
    return [(_text(name), _text(value)) for name, value in raw.items()]


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _utc(now: datetime) -> str:
    return now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

# SPDX-License-Identifier: EUPL-1.2
"""Leases: which archiver writes which partition, so that several can share the work and outlive each other.

A lease is a key that dies by itself. It carries a number that grows with every turn (the fence): what
`Lease.trim` removes, Redis removes only for the holder of the moment, and the place where a holder writes its
files is taken away by its successor (`tracker.archive`). So an archiver that was paused, and wakes up after
another one took over, can neither put a file into the archive nor remove an entry from a stream.

Each archiver keeps an equal share of the partitions. Somebody who must have one (`demand`: a one-shot
command, a deletion) is handed it at the holder's next step.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import redis

from tracker.keys import Keys

LEASE_MS = 30_000  # a step takes a second or two; a killed archiver blocks its successor this long
TRIM_AT_ONCE = 1_000

# A store that is full must still let itself be emptied. It refuses commands that need room as the first write
# of a script, not as a later one: so each script that needs some begins with a removal that frees nothing.

# Take a free lease.
# KEYS[1] lease, KEYS[2] fence, KEYS[3] wanted
# ARGV[1] archiver, ARGV[2] life in ms, ARGV[3] the highest turn seen on disk.
# Returns our turn; 0: not free.
_TAKE = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
local wanted = redis.call('GET', KEYS[3])
if wanted and wanted ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
local turn = math.max(tonumber(redis.call('GET', KEYS[2]) or '0'), tonumber(ARGV[3])) + 1
redis.call('SET', KEYS[2], string.format('%d', turn))
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. string.format('%d', turn), 'NX', 'PX', ARGV[2])
if wanted then redis.call('DEL', KEYS[3]) end
return turn
"""

# Keep a lease alive, or hand it over where somebody else wants it.
# KEYS[1] lease, KEYS[2] wanted; ARGV[1] what the lease must say, ARGV[2] new life in ms (0: give it up).
_HOLD = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '0' or redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('DEL', KEYS[1])
  return 0
end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""

# Remove entries, but only for the holder. KEYS[1] lease, KEYS[2] stream; ARGV[1] what the lease must say,
# then the ids. Returns how many went; -1: the lease is another's.
_TRIM = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return -1 end
return redis.call('XDEL', KEYS[2], unpack(ARGV, 2))
"""

# Say that we live. KEYS[1] the archivers; ARGV[1] our name, ARGV[2] life in ms. Returns the living ones.
_BEAT = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
return redis.call('ZRANGE', KEYS[1], 0, -1)
"""

# Want a partition, if nobody does. KEYS[1] wanted; ARGV[1] our name, ARGV[2] life in ms.
_DEMAND = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""


@dataclass(frozen=True, slots=True)
class Lease:
    """One partition, ours for a while; `turn` grows with every holder."""

    partition: int
    turn: int


class Leases:
    """The partitions that one archiver holds.

    `name` tells archivers apart; a random one by default. Every method may raise `redis.RedisError`.
    """

    def __init__(
        self,
        client: redis.Redis,
        keys: Keys,
        partitions: int,
        *,
        name: str | None = None,
        life_ms: int = LEASE_MS,
    ) -> None:
        self.name = name or secrets.token_hex(8)
        self._client = client
        self._keys = keys
        self._partitions = partitions
        self._life_ms = life_ms
        self._held: dict[int, Lease] = {}
        self._take = client.register_script(_TAKE)
        self._hold = client.register_script(_HOLD)
        self._trim = client.register_script(_TRIM)
        self._beat = client.register_script(_BEAT)
        self._demand = client.register_script(_DEMAND)

    @property
    def held(self) -> tuple[Lease, ...]:
        """What we held when we last looked, by partition."""
        return tuple(self._held[partition] for partition in sorted(self._held))

    def share(self) -> int:
        """Say that we live; how many partitions are ours to hold beside the other living archivers."""
        living = sorted(self._beat(keys=[self._keys.archivers], args=[self.name, self._life_ms]))
        each, more = divmod(self._partitions, len(living))
        return each + (living.index(self.name.encode()) < more)

    def take(self, partition: int, *, floor: int = 0) -> Lease | None:
        """The lease of a partition, if it is free; `floor` is the highest turn that was seen on disk."""
        turn = self._take(
            keys=[self._keys.lease(partition), self._keys.fence(partition), self._keys.wanted(partition)],
            args=[self.name, self._life_ms, floor],
        )
        if not turn:
            return None
        lease = self._held[partition] = Lease(partition, int(turn))
        return lease

    def extend(self, lease: Lease) -> bool:
        """Keep it for another while; False when it is another's by now, or was just handed over."""
        return self._renew(lease, self._life_ms)

    def give_up(self, lease: Lease) -> None:
        """Let it go, if it is still ours."""
        self._renew(lease, 0)

    def trim(self, lease: Lease, ids: Sequence[bytes]) -> bool:
        """Remove entries from the partition's stream; False, and nothing removed, if it is another's.

        Exactly these and not "everything up to": what came meanwhile stays, and so does what a replica that
        became master with a slower clock put before it.
        """
        keys = [self._keys.lease(lease.partition), self._keys.events(lease.partition)]
        for start in range(0, len(ids), TRIM_AT_ONCE):
            arguments: list[Any] = [self._says(lease), *ids[start : start + TRIM_AT_ONCE]]
            if int(self._trim(keys=keys, args=arguments)) < 0:
                self._held.pop(lease.partition, None)
                return False
        return True

    def demand(self, partition: int) -> None:
        """Ask whoever holds a partition to hand it to us; `take` gets it once that happened."""
        self._demand(keys=[self._keys.wanted(partition)], args=[self.name, self._life_ms])

    def leave(self) -> None:
        """Give up everything, and count no longer as an archiver."""
        for lease in self.held:
            self.give_up(lease)
        self._client.zrem(self._keys.archivers, self.name)

    def _renew(self, lease: Lease, life_ms: int) -> bool:
        keys = [self._keys.lease(lease.partition), self._keys.wanted(lease.partition)]
        if self._hold(keys=keys, args=[self._says(lease), life_ms]):
            return True
        self._held.pop(lease.partition, None)
        return False

    def _says(self, lease: Lease) -> str:
        return f"{self.name} {lease.turn}"


def holders(client: redis.Redis, keys: Keys, partitions: int) -> dict[int, str]:
    """Who holds which partition now: the names of the archivers, for people."""
    said: dict[int, Any] = {number: client.get(keys.lease(number)) for number in range(partitions)}
    return {number: value.decode().rpartition(" ")[0] for number, value in said.items() if value}

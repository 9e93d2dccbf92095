# SPDX-License-Identifier: EUPL-1.2
"""A group: entries of many beacons that are stored together, and what is counted for them, once.

Entries may be written twice, since whoever reads them counts an identity once. Counts may not. So a group
has a number in the lane of its writer, and Redis remembers, in the hash that it counts in, the last number of
each lane: what comes with a number it has had is not counted again. Groups of a lane are written in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, cast

import hiredis
import msgspec

# Typed for one argument only, though it takes any number of them.
pack: Callable[[tuple[Any, ...]], bytes] = cast("Any", hiredis.pack_command)

# KEYS[1]  a hash of counts
# ARGV[1]  field of the lane: the number of its last group that was counted here
# ARGV[2]  number of the group
# ARGV[3…] field, count, field, count …
# The mark is set first: where Redis takes no writes, that is refused before anything was counted.
_COUNT_ONCE = b"""
if tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or 0) >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
for at = 3, #ARGV, 2 do redis.call('HINCRBY', KEYS[1], ARGV[at], ARGV[at + 1]) end
return 1
"""

Counts = Mapping[str, Mapping[str, int]]  # by key, by field


class Packed(Protocol):
    """Entries of one partition: `count` XADD commands, packed."""

    @property
    def partition(self) -> int: ...
    @property
    def count(self) -> int: ...
    @property
    def commands(self) -> bytes: ...


class Entries(msgspec.Struct, frozen=True, array_like=True):
    """`Packed` as it is kept on disk."""

    partition: int
    count: int
    commands: bytes


class Group(msgspec.Struct, frozen=True, array_like=True):
    """What is stored at once; `number` rises within its `lane`."""

    lane: str
    number: int
    entries: Sequence[Any]  # of `Packed`; `Entries` once it comes from disk
    counts: Counts

    def counting(self) -> list[tuple[str, bytes]]:
        """Key and packed command of everything that is counted."""
        return [
            (key, pack(("EVAL", _COUNT_ONCE, 1, key, lane_field(self.lane), self.number, *_flat(fields))))
            for key, fields in self.counts.items()
        ]


def lane_field(lane: str) -> str:
    """Field, in a hash of counts, of a lane's last number."""
    return f"lane:{lane}"


def by_partition(groups: Iterable[Group]) -> list[Entries]:
    """The entries of groups joined, in order within each partition."""
    counts: dict[int, int] = {}
    commands: dict[int, list[bytes]] = {}
    for group in groups:
        for packed in group.entries:
            counts[packed.partition] = counts.get(packed.partition, 0) + packed.count
            commands.setdefault(packed.partition, []).append(packed.commands)
    return [Entries(partition, count, b"".join(commands[partition])) for partition, count in counts.items()]


def to_bytes(group: Group) -> bytes:
    """A group as it is kept on disk."""
    return _encoder.encode(Group(group.lane, group.number, by_partition([group]), group.counts))


def from_bytes(kept: bytes) -> Group:
    """The group of `to_bytes`. Raises `msgspec.MsgspecError` where it is of another make."""
    return _decoder.decode(kept)


class _Kept(Group, frozen=True, array_like=True):
    entries: list[Entries]
    counts: dict[str, dict[str, int]]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Kept)


def _flat(fields: Mapping[str, int]) -> list[str | int]:
    return [word for pair in fields.items() for word in pair]

# SPDX-License-Identifier: EUPL-1.2
"""Names of all keys in Redis; no other module spells one.

| key | type | holds |
| --- | --- | --- |
| `kr:{k}:events` | stream | events of partition k, one entry each; the braces are Redis Cluster's hash tag |
| `kr:{k}:lease` | string, 30 s | the archiver that writes partition k, and the number of its turn |
| `kr:{k}:fence` | string | the highest such number: whoever comes with a lower one is too late |
| `kr:{k}:wanted` | string, 30 s | who asks the holder to hand partition k over |
| `kr:archivers` | sorted set | the living archivers, by the moment at which they count as dead |
| `kr:ledger:DAY` | hash | what arrived, was stored, was dropped and why, was redacted; `lane:…`: \
counted up to which group (`tracker.group`); it goes with the raw events of that DAY |
| `kr:salt:DAY` | string, 48 h | the salt of that DAY's pseudonyms |
| `kr:partitions` | string | the number of partitions, so that two settings cannot quietly disagree |
| `kr:words` | hash | texts that stand in nearly every entry, by the code that stands there instead |
| `kr:runs` | hash | events acknowledged, by load-test run |
| `kr:{k}:ready` | string, 60 s | when a collector last tried whether partition k can be written |
| `kr:silence` | string, JSON | which sites fell silent (`tracker.silence.Verdicts`) |
| `kr:experiments`, `{kr:experiments}:audit` | hash, stream | what runs, and who started and stopped what |
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Keys:
    """Names under one prefix, by default `kr:`."""

    prefix: str = "kr:"

    def events(self, partition: int) -> str:
        """Stream of one partition.

        >>> Keys().events(3)
        'kr:{3}:events'
        """
        return f"{self.prefix}{{{partition}}}:events"

    def lease(self, partition: int) -> str:
        return f"{self.prefix}{{{partition}}}:lease"

    def fence(self, partition: int) -> str:
        return f"{self.prefix}{{{partition}}}:fence"

    def wanted(self, partition: int) -> str:
        return f"{self.prefix}{{{partition}}}:wanted"

    @property
    def archivers(self) -> str:
        return f"{self.prefix}archivers"

    def ledger(self, day: date) -> str:
        return f"{self.prefix}ledger:{day.isoformat()}"

    def salt(self, day: date) -> str:
        return f"{self.prefix}salt:{day.isoformat()}"

    @property
    def partitions(self) -> str:
        return f"{self.prefix}partitions"

    @property
    def words(self) -> str:
        return f"{self.prefix}words"

    @property
    def runs(self) -> str:
        return f"{self.prefix}runs"

    def ready(self, partition: int) -> str:
        return f"{self.prefix}{{{partition}}}:ready"

    @property
    def silence(self) -> str:
        return f"{self.prefix}silence"

    @property
    def experiments(self) -> str:
        return f"{self.prefix}experiments"

    @property
    def audit(self) -> str:
        """Its hash tag is the name of `experiments`, since one script writes both, also in a Cluster."""
        return f"{{{self.prefix}experiments}}:audit"

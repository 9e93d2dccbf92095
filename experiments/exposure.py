# SPDX-License-Identifier: EUPL-1.2
"""The bucket cookie `kr_b`, and whether a browser meets an experiment for the first time.

`417.zwerfvuil.schuldhulp`: bucket 417, and the experiments that this browser has met. A thousand values that
all residents share single nobody out. The cookie exists only while an experiment runs, lives no longer than
the experiments in it and never longer than 90 days.

The value comes from the browser, so it may be anything: reading it never raises, and what it lists counts for
nothing but the question whether an exposure is the first.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

from experiments.assignment import BUCKETS
from experiments.definition import NAME, Experiment
from tracker.day import day_bounds

COOKIE = "kr_b"
LONGEST_S = 90 * 24 * 3600
_BUCKET = re.compile(r"0|[1-9][0-9]{0,2}")
_LONGEST_VALUE = 4096  # a browser keeps no more


@dataclass(frozen=True, slots=True)
class BucketCookie:
    """The bucket (0-999) of a browser and the names of the experiments it has met, sorted."""

    bucket: int
    met: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ".".join((str(self.bucket), *self.met))


def parse(value: str | None) -> BucketCookie | None:
    """Read the cookie's value; None where it holds no bucket. Names that cannot be one are left out.

    >>> parse("417.zwerfvuil.<script>")
    BucketCookie(bucket=417, met=('zwerfvuil',))
    >>> parse("1000") is None
    True
    """
    if value is None or len(value) > _LONGEST_VALUE:
        return None
    bucket, *names = value.split(".")
    if not _BUCKET.fullmatch(bucket):
        return None
    return BucketCookie(int(bucket), tuple(sorted({name for name in names if NAME.fullmatch(name)})))


def draw_bucket(random: Random) -> int:
    """A bucket for a browser that has none: each of the thousand as likely."""
    return random.randrange(BUCKETS)


def renewed(cookie: BucketCookie, reported: Iterable[str], running: Collection[str]) -> BucketCookie:
    """The cookie after a page that reported exposures; experiments that no longer run are forgotten."""
    return BucketCookie(cookie.bucket, tuple(sorted({*cookie.met, *reported}.intersection(running))))


def lifetime_s(experiments: Iterable[Experiment], now: datetime, zone: ZoneInfo) -> int:
    """Seconds (`Max-Age`) until the last of these experiments is over, 90 days at most.

    An experiment is over when the DAY `ends` is. 0 without experiments.
    """
    over_s = max((day_bounds(experiment.ends, zone)[1] / 1000 for experiment in experiments), default=0)
    return min(max(int(over_s - now.timestamp()), 0), LONGEST_S)


def opted_out(sec_gpc: str | None, dnt: str | None) -> bool:
    """Whether the browser asks not to take part: its headers `Sec-GPC` (Global Privacy Control) and `DNT`."""
    return "1" in (sec_gpc, dnt)

# SPDX-License-Identifier: EUPL-1.2
"""The ledger adds up: what arrived was stored or dropped, for a reason."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest
import redis
from hiredis import Reader

from tracker.arrival import Reason
from tracker.group import Group
from tracker.keys import Keys
from tracker.ledger import EVENTS, IN, STORED, Tally, as_page, dropped, redacted
from tracker.scrub import Mark

DAY, NEXT = date(2026, 6, 1), date(2026, 6, 2)


def tally() -> Tally:
    counts = Tally()
    counts.of(DAY).update({IN: 3, STORED: 2, EVENTS: 5, redacted(Mark.BSN): 1})
    counts.of(DAY)[dropped(Reason.BOT)] += 1
    counts.of(NEXT)[IN] += 1
    return counts


def test_counts_of_several_collectors_add_up_in_the_store(store: redis.Redis, prefix: str) -> None:
    keys = Keys(prefix)
    for _ in range(2):
        for key, command in Group(uuid4().hex, 1, (), tally().by_key(keys)).counting():
            arguments = Reader()
            arguments.feed(command)
            assert store.execute_command(*arguments.gets()) == 1, key
    assert as_page(DAY, store.hgetall(keys.ledger(DAY))) == {
        "day": "2026-06-01",
        "in": 6,
        "stored": 4,
        "dropped": {"bot": 2},
        "balanced": True,
        "events": 10,
        "redacted": {"bsn": 2},
    }
    assert as_page(NEXT, store.hgetall(keys.ledger(NEXT)))["in"] == 2


@pytest.mark.parametrize(
    ("counts", "balanced"),
    [
        pytest.param({}, True, id="nothing came"),
        pytest.param({b"in": b"2", b"stored": b"1", b"dropped:stale": b"1"}, True, id="all accounted for"),
        pytest.param({b"in": b"3", b"stored": b"1", b"dropped:stale": b"1"}, False, id="one lost"),
    ],
)
def test_says_whether_anything_was_lost(counts: dict[bytes, bytes], balanced: bool) -> None:
    assert as_page(DAY, counts)["balanced"] is balanced


def test_tallies_add() -> None:
    one, other = tally(), tally()
    one.add(other)
    assert one.of(DAY)[IN] == 6
    assert one.of(NEXT)[IN] == 2
    assert other.of(DAY)[IN] == 3


def test_an_empty_tally_writes_nothing() -> None:
    assert not Tally()
    assert Tally().by_key(Keys()) == {}

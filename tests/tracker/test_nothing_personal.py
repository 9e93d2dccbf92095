# SPDX-License-Identifier: EUPL-1.2
"""A hundred thousand adversarial texts through the real way in: nothing planted is left anywhere."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import redis

from tests.tracker import through as way_in
from tests.tracker.adversary import KINDS
from tests.tracker.ordinary import texts as ordinary_texts
from tests.tracker.through import DAY, SEED, TEXT_FIELDS, Through, bare_secrets, leaks
from tracker.archive import read_events
from tracker.keys import Keys
from tracker.scrub import scrub

TEXTS = 100_000
AT_WORK = sorted(KINDS)


@pytest.fixture(scope="module")
def through(tmp_path_factory: pytest.TempPathFactory, _embedded: redis.Redis) -> Through:
    """All texts on their way."""
    # The prefix is this module's own, as the fixture's is each test's.
    keys = Keys(f"test:personal:{id(tmp_path_factory)}:")
    return way_in.through(_embedded, keys, tmp_path_factory.mktemp("through"), TEXTS)


def test_every_text_was_taken(through: Through) -> None:
    assert set(through.statuses) == {204}
    everyone = {id(one) for planted in through.planted.values() for one in planted}
    assert len(everyone) == TEXTS
    assert len(through.entries) == len(through.planted)


def test_nothing_planted_is_in_the_store(through: Through) -> None:
    assert leaks(through) == []


def test_the_archive_has_what_the_store_had_and_no_more(through: Through) -> None:
    table = read_events(through.folder, DAY, columns=["page_view", "index", *TEXT_FIELDS])
    archived = {
        (row["page_view"], row["index"]): {name: row[name] for name in TEXT_FIELDS if row[name]}
        for row in table.to_pylist()
    }
    assert archived == through.stored


def test_no_planted_number_or_mailbox_is_in_any_byte_that_stays(through: Through) -> None:
    assert b"gemeente" in through.spooled
    assert bare_secrets(through) == set()


def test_what_was_taken_out_is_counted_by_type(through: Through) -> None:
    redacted = through.ledger["redacted"]
    for kind in AT_WORK:
        assert redacted[kind] > TEXTS / len(AT_WORK) / 4, kind


@pytest.mark.shared
def test_false_alarms_are_rare_on_product_names(shared: Path) -> None:
    names = (shared / "data" / "upl" / "upl_gemeente_burger.txt").read_text().splitlines()
    assert [name for name in names if scrub(name)[1]] == []


def test_false_alarms_are_rare_on_what_is_nobodys() -> None:
    each = 2_000
    alarms = [(kind, text, scrub(text)[0]) for kind, text in ordinary_texts(SEED, each) if scrub(text)[1]]
    by_kind = Counter(kind for kind, _, _ in alarms)
    print(f"false alarms of {each:,} each: {dict(by_kind)}")
    assert all(count <= 0.005 * each for count in by_kind.values()), alarms[:20]

# SPDX-License-Identifier: EUPL-1.2
"""What goes into a stream comes out of it, whole; and it stays small and readable."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.errors import UndecodableError
from tracker.event import Event, Kind
from tracker.keys import Keys
from tracker.stream import DETAILS, FIELDS, decode, encode

EXAMPLE = Event(
    site="voorbeeldstad",
    visitor=-5208153413498116811,
    time=1_780_308_000_000,
    page_view="k3j9x0q2m5Tz",
    index=0,
    kind=Kind.VIEW,
    path="/afval",
    parameters="q=x",
    origin="Qm81xPz0aB2c",
    referrer="https://www.google.com/",
    bucket=417,
    exposures="zwerfvuil=redesign",
    first="zwerfvuil",
    language="nl",
    viewport="s",
    title="Afval",
)

names = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
ids = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", min_size=12, max_size=12)
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
optional_texts = st.none() | texts
paths = st.from_regex(r"/[A-Za-z0-9\[\]%/._~!&'()*+,;=:@-]{0,20}", fullmatch=True)
parameters = st.from_regex(r"(q=[A-Za-z0-9+%\[\]?=&-]{1,10})?", fullmatch=True)
referrers = st.none() | st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(["http", "https"]),
    st.sampled_from(["www.google.com", "elders.nl", "[2001:db8::1]"]),
    paths,
    st.sampled_from(["", "?q=grof+vuil", "?q=a://b"]),
)
DETAIL_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "title": optional_texts,
    "query": optional_texts,
    "results": st.none() | st.integers(0, 2**31 - 1),
    "answered_here": st.none() | st.booleans(),
    "rank": st.none() | st.integers(1, 32767),
    "target": optional_texts,
    "visible_s": st.none() | st.floats(0, 86_400),
    "depth": st.none() | st.integers(0, 100),
    "form": optional_texts,
    "action": st.sampled_from(["start", "step", "error", "submit", "abandon"]),
    "step": st.none() | st.integers(1, 32767),
    "goal": optional_texts,
    "channel": st.sampled_from(["tel", "mail"]),
    "heartbeat": st.sampled_from([-1, 0, 1]),
    "friction": st.sampled_from(["rage", "dead"]),
}


@st.composite
def events(draw: st.DrawFn) -> Event:
    kind = draw(st.sampled_from(Kind))
    shown = draw(st.dictionaries(names, names, max_size=4))
    first = draw(st.lists(st.sampled_from(sorted(shown)), unique=True)) if shown else []
    return Event(
        kind=kind,
        site=draw(names),
        visitor=draw(st.integers(-(2**63), 2**63 - 1)),
        time=draw(st.integers(0, 2**42)),
        page_view=draw(ids),
        index=draw(st.integers(0, 32767)),
        path=draw(paths),
        parameters=draw(parameters),
        origin=draw(st.none() | ids),
        referrer=draw(referrers),
        bucket=draw(st.integers(0, 999) | st.none()),
        exposures=",".join(f"{name}={shown[name]}" for name in sorted(shown)),
        first=",".join(sorted(first)),
        consented=draw(st.booleans()),
        automated=draw(st.booleans()),
        language=draw(st.sampled_from([None, "nl", "en-GB"])),
        viewport=draw(st.sampled_from([None, "s", "m", "l"])),
        run=draw(st.none() | names),
        **{field: draw(DETAIL_VALUES[field]) for field in DETAILS[kind].values()},
    )


@settings(deadline=None)  # the machine may be busy
@given(events())
def test_nothing_is_lost(event: Event) -> None:
    assert decode(b"1-0", encode(event)) == event


@settings(deadline=None)  # the machine may be busy
@given(events())
def test_every_entry_has_the_same_fields_in_the_same_order(event: Event) -> None:
    assert tuple(encode(event)) == FIELDS


def test_every_field_of_an_event_is_shared_or_some_kinds_own() -> None:
    own = {field for fields in DETAILS.values() for field in fields.values()}
    shared = {
        "site",
        "visitor",
        "time",
        "page_view",
        "index",
        "kind",
        "path",
        "parameters",
        "origin",
        "referrer",
        "bucket",
        "exposures",
        "first",
        "consented",
        "language",
        "viewport",
        "run",
        "automated",
    }
    assert own | shared == {field.name for field in msgspec.structs.fields(Event)}


def test_an_entry_is_readable() -> None:
    assert encode(EXAMPLE) == {
        b"v": b"-5208153413498116811",
        b"t": b"1780308000000",
        b"p": b"k3j9x0q2m5Tz",
        b"i": b"0",
        b"u": b"voorbeeldstad/afval?q=x",
        b"o": b"Qm81xPz0aB2c",
        b"r": b"www.google.com",
        b"x": b"nl s 417 zwerfvuil=redesign!",
        b"d": b"Afval",
    }


@pytest.mark.parametrize(
    "change",
    [
        {b"i": b"0 teleport"},
        {b"i": b"x"},
        {b"v": b""},
        {b"t": b"\xff"},
        {b"x": b"nl s many"},
        {b"p": b"\xff"},
        {b"i": b"0 goal", b"d": b"{"},
        {b"i": b"0 goal", b"d": b'{"z":1}'},
    ],
)
def test_names_an_entry_it_cannot_read(change: dict[bytes, bytes]) -> None:
    with pytest.raises(UndecodableError, match="entry 5-1 isn't an event"):
        decode(b"5-1", encode(EXAMPLE) | change)


def test_names_an_entry_without_a_field() -> None:
    with pytest.raises(UndecodableError, match="expected the fields v p u o r x t i d"):
        decode(b"5-1", {b"v": b"1"})


def test_an_event_survives_the_store_in_at_most_160_bytes(stores: redis.Redis, prefix: str) -> None:
    key, count = Keys(prefix).events(3), 5_000
    # Not MEMORY USAGE: that of Redis 7 puts 240 bytes on each node of its index, several times the truth.
    before = stores.info("memory")["used_memory_dataset"]
    pipeline = stores.pipeline(transaction=False)
    for number in range(count):
        event = msgspec.structs.replace(
            EXAMPLE,
            visitor=number * 2**49 - 2**60,
            time=EXAMPLE.time + 137 * number,
            page_view=f"{number:012d}",
            path=f"/afval/{number}",
        )
        pipeline.xadd(key, dict(encode(event)))
    pipeline.execute()
    [(entry_id, fields)] = stores.xrevrange(key, count=1)
    assert decode(entry_id, fields).path == f"/afval/{count - 1}"
    assert (stores.info("memory")["used_memory_dataset"] - before) / count <= 160
    stores.delete(key)

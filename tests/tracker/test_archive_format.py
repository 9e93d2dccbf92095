# SPDX-License-Identifier: EUPL-1.2
"""What is packed comes out again, whatever it was; and entries become columns just as `decode` says."""

from __future__ import annotations

import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.archive_files import write_packed
from tracker.archive_format import PARTITION, SCHEMA, columns_for, pack, unpack
from tracker.archive_schema import ARCHIVE_VERSION
from tracker.errors import UndecodableError
from tracker.event import Event, Kind
from tracker.stream import DETAILS, decode, encode
from tracker.stream_columns import EntryReader, as_mapping, table_of
from tracker.words import code_of

IDS = st.one_of(
    st.sampled_from(["AAAAAAAAAAAA", "k3j9x0q2m5Tz", "Qm81xPz0aB2c", "________-_-_"]),
    st.text("Ab0_-", min_size=12, max_size=12),
    st.sampled_from(["", "short", "twelve signs", "é" * 12, "log-4711.1", "k3j9x0q2m5T="]),
)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters=" ?/,!="), max_size=8)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "title": TEXTS,
    "query": TEXTS,
    "target": TEXTS,
    "form": TEXTS,
    "action": TEXTS,
    "goal": TEXTS,
    "channel": TEXTS,
    "friction": TEXTS,
    "results": st.integers(0, 2**31 - 1),
    "answered_here": st.booleans(),
    "rank": st.integers(1, 2**15 - 1),
    "visible_s": st.floats(0, 1e6, width=32),
    "depth": st.integers(0, 100),
    "step": st.integers(0, 99),
    "heartbeat": st.integers(-1, 1),
}


@st.composite
def events(draw: st.DrawFn) -> Event:
    kind = draw(st.sampled_from(list(Kind)))
    said = {name: draw(st.none() | VALUES[name]) or None for name in DETAILS[kind].values()}
    exposed = draw(st.sampled_from([("", ""), ("a=current", "a"), ("a=current,b=redesign", "b")]))
    return Event(
        site=draw(st.sampled_from(["voorbeeldstad", "elders"])),
        kind=kind,
        path=f"/{draw(TEXTS)}",
        parameters=draw(st.sampled_from(["", "q=grofvuil"])),
        visitor=draw(st.integers(-(2**63), 2**63 - 1)),
        time=draw(st.integers(0, 4_102_444_800_000)),
        page_view=draw(IDS),
        index=draw(st.integers(0, 2**15 - 1)),
        origin=draw(st.none() | IDS.filter(bool)),
        bucket=draw(st.none() | st.integers(0, 999)),
        referrer=draw(st.sampled_from([None, "https://www.google.com/", "http://a.nl/x", "https://a.nl/b"])),
        exposures=exposed[0],
        first=exposed[1],
        consented=draw(st.booleans()),
        automated=draw(st.booleans()),
        language=draw(st.sampled_from([None, "nl", "en"])),
        viewport=draw(st.sampled_from([None, "s", "l"])),
        run=draw(st.sampled_from([None, "storm-1"])),
        **said,
    )


def rows(table: pa.Table) -> list[str]:
    return sorted(map(repr, table.to_pylist()))


@settings(max_examples=30, deadline=None)
@given(st.lists(events(), max_size=30), st.booleans())
def test_what_is_packed_comes_out_again(some: list[Event], joined: bool) -> None:
    table = table_of(some)
    if joined:
        table = table.append_column(PARTITION, pa.array([one.visitor % 4 for one in some], PARTITION.type))
    file = io.BytesIO()
    write_packed(file, pack(table))
    packed = pq.ParquetFile(file).read()
    assert rows(unpack(packed, SCHEMA.names, ARCHIVE_VERSION)) == rows(table.select(SCHEMA.names))


@settings(max_examples=20, deadline=None)
@given(st.lists(events(), min_size=1, max_size=10), st.sets(st.sampled_from(SCHEMA.names), min_size=1))
def test_some_columns_are_those_of_all(some: list[Event], wanted: set[str]) -> None:
    packed = pack(table_of(some))
    asked = [name for name in columns_for(sorted(wanted), ARCHIVE_VERSION) if name in packed.column_names]
    few = unpack(packed.select(asked) if asked else packed, sorted(wanted), ARCHIVE_VERSION)
    assert few.equals(unpack(packed, SCHEMA.names, ARCHIVE_VERSION).select(sorted(wanted)))


def as_entry(event: Event) -> list[Any]:
    return [b"1-0", [word for pair in encode(event).items() for word in pair]]


@settings(max_examples=30, deadline=None)
@given(st.lists(events(), max_size=20))
def test_columns_say_what_decode_says(some: list[Event]) -> None:
    entries = [as_entry(event) for event in some]
    table, ids, waiting, unreadable = EntryReader().columns(entries)
    assert (len(ids), waiting, unreadable) == (len(some), [], [])
    assert table.equals(table_of([decode(entry_id, as_mapping(pairs)) for entry_id, pairs in entries]))


GOOD = as_entry(Event(site="s", visitor=1, time=2, page_view="p", index=3, kind=Kind.VIEW, path="/"))


def changed(**fields: bytes) -> list[Any]:
    pairs = {**as_mapping(GOOD[1]), **{name.encode(): value for name, value in fields.items()}}
    return [b"2-0", [word for pair in pairs.items() for word in pair]]


BAD = {
    "another program's": [b"2-0", [b"from", b"elsewhere"]],
    "no number": changed(v=b"me"),
    "not UTF-8": changed(p=b"\xff"),
    "an unknown kind": changed(i=b"0 teleport"),
    "details that are no JSON": changed(i=b"0 search", d=b"{"),
    "details of another kind": changed(i=b"0 search", d=b'{"rank":1}'),
    "a text where a number belongs": changed(i=b"0 search", d=b'{"n":"many"}'),
    "an index beyond its column": changed(i=b"40000"),
    "a visitor beyond 64 bits": changed(v=b"9223372036854775808"),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_an_entry_that_nobody_can_read_is_given_back_and_stops_no_other(bad: list[Any]) -> None:
    table, ids, waiting, unreadable = EntryReader().columns([GOOD, bad, GOOD])
    assert (table.num_rows, ids, waiting, unreadable) == (2, [b"1-0", b"1-0"], [], [bad])


def test_a_field_more_is_read_as_decode_reads_it() -> None:
    more = [b"2-0", [*GOOD[1], b"z", b"of a newer version"]]
    try:
        expected = table_of([decode(more[0], as_mapping(more[1]))])
    except UndecodableError:
        expected = table_of([])
    assert EntryReader().columns([more]).table.equals(expected)


def test_codes_are_read_as_their_words_and_wait_for_those_that_are_not_there_yet() -> None:
    told = {code_of(text): text for text in ("voorbeeldstad", "a=current!", "www.google.com")}
    site, exposed, referrer = (code.encode() for code in told)
    coded = changed(u=site + b"/afval?q=x", x=b"nl s 417 " + exposed, r=referrer)
    reader = EntryReader()
    assert reader.columns([GOOD, coded]).waiting == [coded]
    found = reader.columns([GOOD, coded], told)
    assert found.table.equals(table_of([decode(*entry_of(one), told) for one in (GOOD, coded)]))
    assert found.table["site"].to_pylist() == ["s", "voorbeeldstad"]


def entry_of(entry: list[Any]) -> tuple[bytes, dict[bytes, bytes]]:
    return entry[0], as_mapping(entry[1])


def test_ids_and_origins_take_few_bytes() -> None:
    """A page view costs its 9 random bytes, an origin that is one of the same file next to nothing."""
    ids = [f"{number:011d}_" for number in range(500)]
    some = [
        Event(site="s", visitor=7, time=1_000 * number, page_view=ids[number], index=0, kind=Kind.VIEW,
              path="/", origin=ids[number - 1] if number else None)
        for number in range(500)
    ]  # fmt: skip
    packed = pack(table_of(some))
    assert packed.schema.field("page_view").type == pa.binary(9)
    assert set(packed["origin_back"].to_pylist()) == {None, 1}
    assert "origin" not in packed.column_names
    assert "page_view_text" not in packed.column_names

# SPDX-License-Identifier: EUPL-1.2
"""Lines of access logs: the same alone and in a block, and in JSON what they are in the combined format."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.tracker.access_logs import BROWSER, imported, line
from tracker.imports.access_log_block import table_of_lines
from tracker.imports.access_log_line import (
    MalformedLine,
    fields_of,
    text_of,
    time_ms,
)

# What lines of the usual shape are taken for by column must be what they say when read one by one.

PIECES = st.sampled_from([
    *' "[]-\\\t\r\xa0é{', "  ", '" "', "- -", "x", "GET / HTTP/1.1", "22/Nov/2026:12:00:00 +0100", ":60",
    "200", "٣",
])  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 9), PIECES), max_size=3), st.booleans())
@example(edits=[(33, 1, "٣")], crlf=False)  # a second in digits of another script
@example(edits=[(30, 1, "٣")], crlf=False)  # a minute
def test_a_line_says_the_same_alone_and_in_a_block(edits: list[tuple[int, int, str]], crlf: bool) -> None:
    text = line(referrer="https://www.google.nl/", agent=BROWSER).rstrip("\n") + ("\r" if crlf else "")
    for at, cut, piece in edits:
        text = text[:at] + piece + text[at + cut :]
    raw = text.replace("\n", "").encode()
    block = table_of_lines([line().encode().rstrip(), raw], lambda *_: None).rows()[1:]
    try:
        fields = fields_of(text_of(raw))
        expected = [(1, fields.client, fields.request, fields.status, fields.referrer, fields.user_agent)]
        moment = fields.when if isinstance(fields.when, int) else time_ms(fields.when)
    except MalformedLine:
        expected, moment = [], 0
    told = []
    for at, client, minute, time, *rest in block:
        try:
            start = time_ms(f"{minute[:17]}:00{minute[17:]}") if minute else 0
        except MalformedLine:
            continue
        told.append((at, client, *rest))
        assert start + time == moment
    assert told == expected


@given(
    st.dictionaries(
        st.sampled_from([
            "remote_addr", "time_local", "time_iso8601", "msec", "request", "request_uri", "status",
            "http_referer", "referer", "http_user_agent", "agent",
        ]),
        st.sampled_from([
            "", "-", None, 200, "200", "99", 1e9, "192.0.2.9, 192.0.2.1", "22/Nov/2026:12:00:00 +0100",
            "31/Feb/2026:12:00:00 +0100", "2026-11-22T12:00:00+01:00", "2026-02-31T12:00:00+01:00",
            "1890-11-22T12:00:00+01:00", "GET / HTTP/1.1", "a\\b", [1],
        ]),
        max_size=3,
    )
)  # fmt: skip
def test_a_line_of_json_says_the_same_alone_and_in_a_block(changes: dict[str, object]) -> None:
    usual = {
        "remote_addr": "192.0.2.1", "time_local": "22/Nov/2026:12:00:00 +0100", "request": "GET / HTTP/1.1",
        "status": 200, "http_referer": "", "http_user_agent": BROWSER,
    }  # fmt: skip
    raw = json.dumps(usual | changes).encode()
    block = table_of_lines([json.dumps(usual).encode(), raw], lambda *_: None).rows()[1:]
    told, expected = [], []
    with suppress(MalformedLine):
        for _, client, minute, time, *rest in block:
            start = time_ms(f"{minute[:17]}:00{minute[17:]}") if minute else 0
            told = [(start + time, client, *rest)]
    with suppress(MalformedLine):
        fields = fields_of(raw.decode())
        moment = fields.when if isinstance(fields.when, int) else time_ms(fields.when)
        expected = [(moment, fields.client, *fields[2:])]
    assert told == expected


JSON_LINES = [
    ("nginx's own names",
     '{"remote_addr": "192.0.2.1", "time_local": "22/Nov/2026:12:00:00 +0100", '
     '"request": "GET /afval?q=x HTTP/1.1", "status": "200", '
     '"http_referer": "-", "http_user_agent": "BROWSER"}'),
    ("parts, and a time in ISO",
     '{"remote_addr": "192.0.2.1", "time_iso8601": "2026-11-22T12:00:00+01:00", "request_method": "GET", '
     '"request_uri": "/afval?q=x", "status": 200, "http_user_agent": "BROWSER"}'),
    ("seconds", '{"ip": "192.0.2.1", "msec": 1795345200.000, "uri": "/afval?q=x", "status": 200, '
     '"agent": "BROWSER"}'),
]  # fmt: skip


@pytest.mark.parametrize("text", [row[1] for row in JSON_LINES], ids=[row[0] for row in JSON_LINES])
def test_a_line_of_json_says_what_the_combined_format_says(tmp_path: Path, text: str) -> None:
    _, plain = imported(tmp_path / "plain", line("/afval?q=x"))
    summary, found = imported(tmp_path / "json", text.replace("BROWSER", BROWSER) + "\n")
    own = ("visitor", "page_view")
    assert [{name: row[name] for name in row if name not in own} for row in found] == [
        {name: row[name] for name in row if name not in own} for row in plain
    ]
    assert (summary.views, summary.searches, summary.automated) == (1, 1, 0)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "not a JSON object"),
        ('{"status": 200, "request": "GET / HTTP/1.1"}', "no time"),
        ('{"msec": 1, "status": 200}', "no request"),
        ('{"msec": 1, "request": "GET / HTTP/1.1", "status": "OK"}', "no status"),
        ('{"time": "gisteren", "request": "GET / HTTP/1.1", "status": 200}', "its time is"),
        ('{"ts": 1e300, "request": "GET / HTTP/1.1", "status": 200}', "its ts is"),
        ("{" + '"a": {' * 30_000, "not a JSON object"),
    ],
)
def test_a_malformed_line_of_json_is_named(tmp_path: Path, text: str, why: str) -> None:
    summary, rows = imported(tmp_path, line("/a"), text + "\n")
    assert (summary.malformed, len(rows)) == (1, 1)
    assert why in summary.first_malformed[0][2]

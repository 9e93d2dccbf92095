# SPDX-License-Identifier: EUPL-1.2
"""Access logs: every line is counted, what residents did comes into the archive, and nothing twice."""

from __future__ import annotations

import gzip
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tracker.access_logs import BOT, BROWSER, SITE, imported, line, rows_of
from tracker.archive import days, read_events
from tracker.imports.access_log import import_access_log
from tracker.imports.access_log_line import (
    MalformedLine,
    SetAside,
    parse,
    set_aside,
)
from tracker.site import Site


@pytest.mark.shared
def test_the_figures_of_a_real_log(shared: Path, tmp_path: Path) -> None:
    log = shared / "data" / "access-log" / "access.log"
    summary = import_access_log([log], site=Site(name="real", hosts=frozenset()), archive_root=tmp_path)
    assert summary.lines == 10_000
    assert summary.malformed == 1
    assert [found[1:] for found in summary.first_malformed] == [
        (8899, "expected a user agent in quotes from character 105 on")
    ]
    assert summary.clients == 1_753
    assert summary.statuses[200] == 9_125
    assert summary.statuses[404] == 213
    assert summary.google_words == 70
    assert summary.lines == summary.views + summary.set_aside.total() + summary.malformed
    stored = pa.concat_tables(read_events(tmp_path, day) for day in days(tmp_path))
    assert stored.num_rows == summary.views + summary.searches
    assert sum(stored["automated"].to_pylist()) == summary.automated
    assert days(tmp_path) == [date(2015, 5, number) for number in (17, 18, 19, 20)]


def test_a_request_for_a_page_becomes_a_view(tmp_path: Path) -> None:
    summary, rows = imported(tmp_path, line("/afval?sessie=9&utm_source=brief#top"))
    (row,) = rows
    assert (summary.lines, summary.views, summary.searches) == (1, 1, 0)
    assert (row["kind"], row["path"], row["parameters"]) == ("view", "/afval", "utm_source=brief")
    assert row["time"] == datetime(2026, 11, 22, 11, tzinfo=UTC).timestamp() * 1000
    assert (row["referrer"], row["automated"], row["index"]) == (None, False, 0)


ASIDE: list[tuple[str, SetAside | None]] = [
    ("/", None),
    ("/afval/index.html", None),
    ("/wijk.3", None),
    ("/afspraak.aspx?stap=2", None),
    ("/foto.PNG", SetAside.ASSET),
    ("/stijl.css?v=3", SetAside.ASSET),
    ("/favicon.ico", SetAside.ASSET),
    ("/nieuws/feed/", SetAside.FEED),
    ("/nieuws.rss", SetAside.FEED),
    ("/?flav=rss20", SetAside.FEED),
    ("/?q=rss+lezer", None),
    ("/robots.txt", SetAside.PROGRAM),
    ("/.well-known/security.txt", SetAside.PROGRAM),
    ("/formulier.pdf", SetAside.DOWNLOAD),
]


@pytest.mark.parametrize(("target", "reason"), ASIDE, ids=[target for target, _ in ASIDE])
def test_what_is_no_page_is_set_aside(target: str, reason: SetAside | None) -> None:
    assert set_aside(parse(line(target).encode())) is reason


@pytest.mark.parametrize(
    ("method", "status", "reason"),
    [
        ("HEAD", 200, SetAside.METHOD),
        ("POST", 200, SetAside.METHOD),
        ("GET", 304, None),
        ("GET", 301, SetAside.REDIRECT),
        ("GET", 206, SetAside.PARTIAL),
        ("GET", 404, SetAside.NOT_FOUND),
        ("GET", 403, SetAside.ERROR),
        ("GET", 500, SetAside.ERROR),
    ],
)
def test_what_was_no_answer_is_set_aside(method: str, status: int, reason: SetAside | None) -> None:
    assert set_aside(parse(line(method=method, status=status).encode())) is reason


def test_what_was_no_http_is_counted_too(tmp_path: Path) -> None:
    handshake = r'192.0.2.9 - - [22/Nov/2026:12:00:00 +0100] "\x16\x03\x01\x02" 400 0 "-" "-"' + "\n"
    summary, rows = imported(tmp_path, handshake, line())
    assert summary.set_aside == {SetAside.METHOD: 1}
    assert len(rows) == 1


def test_words_in_the_sites_own_search_become_a_search(tmp_path: Path) -> None:
    summary, rows = imported(tmp_path, line("/zoeken?q=grof+vuil&pagina=2"), line("/zoeken?q="))
    assert (summary.lines, summary.views, summary.searches) == (2, 2, 1)
    (search,) = (row for row in rows if row["kind"] == "search")
    assert (search["query"], search["index"], search["results"]) == ("grof vuil", 1, None)
    (view,) = (row for row in rows if row["kind"] == "view" and row["page_view"] == search["page_view"])
    assert view["parameters"] == "q=grof+vuil"


def test_words_on_google_stay_with_the_referrer_and_lose_what_is_personal(tmp_path: Path) -> None:
    google = "https://www.google.nl/search?client=x&q="
    summary, rows = imported(
        tmp_path,
        line(referrer=google + "grofvuil+ophalen"),
        line("/x", referrer=google + "uitkering+999990019"),
        line("/y", referrer=google),
    )
    referrers = {row["path"]: row["referrer"] for row in rows}
    assert referrers["/afval"] == "https://www.google.nl/search?q=grofvuil+ophalen"
    assert referrers["/x"] == "https://www.google.nl/search?q=uitkering+[bsn]"
    assert "q=" not in str(referrers["/y"])
    assert summary.google_words == 2


def test_personal_data_in_addresses_is_taken_out(tmp_path: Path) -> None:
    summary, rows = imported(tmp_path, line("/klant/999990019?q=jan%40example.nl"))
    assert {row["path"] for row in rows} == {"/klant/[bsn]"}
    assert {row["query"] for row in rows} == {None, "[email]"}
    assert "999990019" not in str(rows)
    assert summary.redacted.total() >= 2


def test_programs_are_kept_apart(tmp_path: Path) -> None:
    summary, rows = imported(tmp_path, line(), line(agent=BOT), line(agent="-"))
    assert sorted(bool(row["automated"]) for row in rows) == [False, True, True]
    assert summary.automated == 2


def test_a_visitor_is_a_client_with_a_browser_for_one_day(tmp_path: Path) -> None:
    _, rows = imported(
        tmp_path,
        line("/a"),
        line("/b"),
        line("/c", client="192.0.2.2"),
        line("/d", agent=BROWSER + " x"),
        line("/e", time="23/Nov/2026:12:00:00 +0100"),
    )
    visitor = {row["path"]: row["visitor"] for row in rows}
    assert visitor["/a"] == visitor["/b"]
    assert len(set(visitor.values())) == 4


def test_another_import_has_other_pseudonyms(tmp_path: Path) -> None:
    _, first = imported(tmp_path / "1", line())
    _, second = imported(tmp_path / "2", line())
    assert first[0]["visitor"] != second[0]["visitor"]
    assert first[0]["page_view"] == second[0]["page_view"]


def test_the_same_file_again_changes_nothing_under_any_name(tmp_path: Path) -> None:
    _, rows = imported(tmp_path, line(), line("/b"))
    zipped = tmp_path / "access.log.1.gz"
    zipped.write_bytes(gzip.compress((tmp_path / "access.log").read_bytes()))
    again = import_access_log([zipped], site=SITE, archive_root=tmp_path / "archive")
    assert (again.lines, again.views, again.already) == (2, 2, 1)
    assert rows_of(tmp_path / "archive") == rows


def test_the_same_line_twice_is_two_views(tmp_path: Path) -> None:
    _, rows = imported(tmp_path, line(), line(), line())
    assert len({row["page_view"] for row in rows}) == 3


def test_lines_of_one_second_keep_their_order(tmp_path: Path) -> None:
    _, rows = imported(tmp_path, *(line(f"/stap-{number}") for number in range(20)))
    assert [row["path"] for row in rows] == [f"/stap-{number}" for number in range(20)]


def test_a_page_is_linked_to_the_one_it_was_reached_from(tmp_path: Path) -> None:
    home = "https://www.voorbeeldstad.nl/"
    _, rows = imported(
        tmp_path,
        line("/"),
        line("/afval", referrer=home),
        line("/x", referrer="https://elders.example/"),
        line("/y", referrer=home, client="192.0.2.2"),
        line("/z", referrer=home + "nooit-gezien"),
    )
    row = {str(row["path"]): row for row in rows}
    assert row["/afval"]["origin"] == row["/"]["page_view"]
    assert [row[path]["origin"] for path in ("/", "/x", "/y", "/z")] == [None] * 4


def test_a_site_without_known_hosts_is_recognised_by_its_own_pictures(tmp_path: Path) -> None:
    unknown = Site(name="log", hosts=frozenset())
    own = "http://voorbeeldstad.nl/"
    _, rows = imported(
        tmp_path, line("/"), line("/logo.png", referrer=own), line("/afval", referrer=own), site=unknown
    )
    assert rows[1]["origin"] == rows[0]["page_view"]


def test_time_zones_are_honoured(tmp_path: Path) -> None:
    times = ["22/Nov/2026:12:00:00 +0100", "22/Nov/2026:11:00:00 +0000", "22/Nov/2026:06:30:00 -0430"]
    _, rows = imported(tmp_path, *(line(f"/{number}", time=time) for number, time in enumerate(times)))
    assert {int(str(row["time"])) // 1000 for row in rows} == {1_795_345_200}


MALFORMED = [
    (line().replace('rv:140.0) Gecko/20100101 Firefox/140.0"', ""), "expected a user agent in quotes"),
    (line().rsplit(' "', 2)[0] + "\n", "expected a referrer in quotes"),
    (line(time="22/Nov/2026"), "its time is"),
    (line(time="31/Feb/2026:12:00:00 +0100"), "never was"),
    (line(time="01/Jan/0001:00:00:00 +0000"), "never was"),
    (line().replace(" 200 ", " OK "), "expected a status"),
    (line().rsplit(" ", 8)[0] + line(), "expected"),  # two writers at once
    ("\n", "an empty line"),
    ("x" * 70_000 + "\n", "expected a client"),
    ("1.1.1.1 - - " + "[" * 60_000 + "\n", "expected a client"),
]


@pytest.mark.parametrize(("text", "words"), MALFORMED, ids=[words for _, words in MALFORMED])
def test_a_malformed_line_is_named_and_the_rest_is_read(tmp_path: Path, text: str, words: str) -> None:
    summary, rows = imported(tmp_path, line("/a"), text, line("/b"))
    assert (summary.lines, summary.malformed, len(rows)) == (3, 1, 2)
    ((file, number, why),) = summary.first_malformed
    assert (Path(file).name, number) == ("access.log", 2)
    assert words in why
    assert f"line 2: {why}" in summary.text()


@given(st.binary(max_size=300))
def test_no_bytes_make_it_fail(junk: bytes) -> None:
    for raw in (junk, line().encode().replace(b"/afval", junk), line().encode()[: len(junk)]):
        with suppress(MalformedLine):
            assert parse(raw).path


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"/caf\xe9", "/caf%C3%A9"),  # Latin-1
        ("/café".encode(), "/caf%C3%A9"),
        (rb"/caf\xc3\xa9", "/caf%C3%A9"),  # as Apache escapes it
        (rb"/zeg-\"hallo\"", '/zeg-"hallo"'),
        (b"http://www.voorbeeldstad.nl/afval", "/afval"),
        (b"/a b", "/a%20b"),
    ],
)
def test_strange_characters_never_cost_a_line(tmp_path: Path, target: bytes, path: str) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(line("TARGET").encode().replace(b"TARGET", target))
    import_access_log([log], site=SITE, archive_root=tmp_path / "archive")
    assert read_events(tmp_path / "archive", date(2026, 11, 22))["path"].to_pylist() == [path]

# SPDX-License-Identifier: EUPL-1.2
"""Access logs: every line is counted, what residents did comes into the archive, and nothing twice."""

from __future__ import annotations

import gzip
import json
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.archive import days, read_events
from tracker.archive_files import ArchiveError
from tracker.imports import intake, opened
from tracker.imports.access_log import AccessLogSummary, import_access_log
from tracker.imports.access_log_block import table_of_lines
from tracker.imports.access_log_line import (
    MalformedLine,
    SetAside,
    fields_of,
    parse,
    set_aside,
    text_of,
    time_ms,
)
from tracker.imports.opened import ImportFileError
from tracker.site import Site

SITE = Site(name="voorbeeldstad", hosts=frozenset({"www.voorbeeldstad.nl"}))
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def line(
    target: str = "/afval", *, client: str = "192.0.2.1", time: str = "22/Nov/2026:12:00:00 +0100",
    method: str = "GET", status: int = 200, referrer: str = "-", agent: str = BROWSER,
) -> str:
    return f'{client} - - [{time}] "{method} {target} HTTP/1.1" {status} 512 "{referrer}" "{agent}"\n'


Rows = list[dict[str, object]]


def rows_of(root: Path) -> Rows:
    return [row for day in days(root) for row in read_events(root, day).to_pylist()]


def imported(folder: Path, *lines: str, site: Site = SITE) -> tuple[AccessLogSummary, Rows]:
    """Import the lines; returns the summary and the rows of all days."""
    folder.mkdir(exist_ok=True)
    log = folder / "access.log"
    log.write_text("".join(lines))
    summary = import_access_log([log], site=site, archive_root=folder / "archive")
    return summary, rows_of(folder / "archive")


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
        tmp_path, line(referrer=google + "grofvuil+ophalen"),
        line("/x", referrer=google + "uitkering+999990019"), line("/y", referrer=google),
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
        tmp_path, line("/a"), line("/b"), line("/c", client="192.0.2.2"), line("/d", agent=BROWSER + " x"),
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
        tmp_path, line("/"), line("/afval", referrer=home), line("/x", referrer="https://elders.example/"),
        line("/y", referrer=home, client="192.0.2.2"), line("/z", referrer=home + "nooit-gezien"),
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


def test_what_is_no_log_is_refused_in_words(tmp_path: Path) -> None:
    log = tmp_path / "photo.jpg"
    log.write_bytes(bytes(range(256)) * 100)
    with pytest.raises(ImportFileError, match=r"photo\.jpg has no line in the Combined Log Format"):
        import_access_log([log], site=SITE, archive_root=tmp_path / "archive")
    assert days(tmp_path / "archive") == []


def test_a_torn_gzip_is_refused_in_words_and_can_be_imported_once_it_is_whole(tmp_path: Path) -> None:
    whole = gzip.compress("".join(line(f"/{number}") for number in range(999)).encode())
    log = tmp_path / "access.log.gz"
    log.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ImportFileError, match=r"access\.log\.gz cannot be read"):
        import_access_log([log], site=SITE, archive_root=tmp_path / "archive")
    log.write_bytes(whole)
    import_access_log([log], site=SITE, archive_root=tmp_path / "archive")
    assert read_events(tmp_path / "archive", date(2026, 11, 22)).num_rows == 999


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match=r"nowhere\.log cannot be read \(No such file"):
        import_access_log([tmp_path / "nowhere.log"], site=SITE, archive_root=tmp_path / "archive")


def test_an_empty_file_is_no_trouble(tmp_path: Path) -> None:
    summary, rows = imported(tmp_path)
    assert (summary.lines, rows) == (0, [])
    assert "0" in summary.text()


def test_progress_reaches_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opened, "BLOCK_BYTES", 1 << 20)
    log = tmp_path / "access.log"
    log.write_text(line() * 12_000)
    told: list[tuple[int, int]] = []
    import_access_log(
        [log], site=SITE, archive_root=tmp_path / "archive", progress=lambda *bytes_: told.append(bytes_)
    )
    size = log.stat().st_size
    assert told[-1] == (size, size)
    assert told == sorted(told)
    assert len(told) == 3


# What lines of the usual shape are taken for by column must be what they say when read one by one.

PIECES = st.sampled_from([
    *' "[]-\\\t\r\xa0é{', "  ", '" "', "- -", "x", "GET / HTTP/1.1", "22/Nov/2026:12:00:00 +0100", ":60",
    "200", "٣",
])  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 9), PIECES), max_size=3), st.booleans())
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


class _PowerCutError(Exception):
    """The end of an import in the middle."""


def test_an_interrupted_import_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "PIECE_EVENTS", 100)
    monkeypatch.setattr(opened, "BLOCK_BYTES", 4_000)
    files = [tmp_path / "access.log.1", tmp_path / "access.log"]
    for number, file in enumerate(files):
        said = (line(f"/{number}/{each % 7}", client=f"192.0.2.{each % 50}") for each in range(500))
        file.write_text("".join(said))
    written: list[Path] = []
    write_table = intake.write_table

    def stop_after(most: int) -> None:
        def write(path: Path, table: pa.Table) -> None:
            if len(written) >= most:
                raise _PowerCutError
            written.append(path)
            write_table(path, table)

        monkeypatch.setattr(intake, "write_table", write)

    for most in (20, 62):  # in the first file, and in the second
        stop_after(most)
        with pytest.raises(_PowerCutError):
            import_access_log(files, site=SITE, archive_root=tmp_path / "archive", partitions=8)
    (journal,) = (tmp_path / "archive" / "imports").glob("*.unfinished")
    assert journal.stat().st_mode & 0o077 == 0  # it holds salts
    monkeypatch.setattr(intake, "write_table", write_table)
    summary = import_access_log(files, site=SITE, archive_root=tmp_path / "archive", partitions=8)
    assert (summary.lines, summary.already, summary.resumed) == (1_000, 1, 1)
    assert "went on where an earlier import had stopped: 1 of 2 files" in summary.text()
    rows = rows_of(tmp_path / "archive")
    assert len(rows) == 1_000
    assert len({row["visitor"] for row in rows}) == 50  # pseudonyms outlived both interruptions
    assert not list((tmp_path / "archive" / "imports").glob("*.unfinished"))
    assert not list((tmp_path / "archive" / "imports").glob("*.lock"))


def test_after_two_days_an_interrupted_import_begins_anew(tmp_path: Path) -> None:
    def begun(at_s: float) -> intake.Intake:
        salts = intake.ImportSalts()
        return intake.Intake(tmp_path, "log", site=SITE, partitions=2, salts=salts, clock=lambda: at_s)

    day = date(2026, 11, 22)
    first = begun(1e9)
    salt = first.salt(day)
    first.write_journal()
    assert begun(1e9 + 3_600).salt(day) == salt
    assert begun(1e9 + intake.SALT_LIFE_S + 1).salt(day) != salt
    (journal,) = (tmp_path / "imports").glob("*.unfinished")
    written = journal.stat().st_mtime
    assert intake.forget_abandoned(tmp_path, written + intake.SALT_LIFE_S - 1) == 0
    assert intake.forget_abandoned(tmp_path, written + intake.SALT_LIFE_S + 1) == 1
    assert not journal.exists()


def test_two_imports_of_one_file_at_once_are_refused(tmp_path: Path) -> None:
    busy = pytest.raises(ArchiveError, match="by another process")
    with intake.alone(tmp_path, "log"), busy, intake.alone(tmp_path, "log"):
        pass


def test_the_same_file_twice_in_one_import_is_one(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text(line("/a") + line("/b"))
    summary = import_access_log([log, log], site=SITE, archive_root=tmp_path / "archive")
    assert (summary.files, summary.already) == (2, 1)
    assert len(rows_of(tmp_path / "archive")) == 2


def test_a_file_that_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opened, "UNPACKED_FREELY", 1 << 20)
    monkeypatch.setattr(opened, "BLOCK_BYTES", 1 << 16)
    bomb = tmp_path / "access.log.gz"
    bomb.write_bytes(gzip.compress(bytes(4 << 20)))
    with pytest.raises(ImportFileError, match=r"access\.log\.gz unpacks to more than 200 times its size"):
        import_access_log([bomb], site=SITE, archive_root=tmp_path / "archive")


def test_a_line_without_end_is_one_malformed_line_in_little_memory(tmp_path: Path) -> None:
    import tracemalloc

    log = tmp_path / "access.log"
    log.write_bytes(line("/a").encode() + b"x" * (40 << 20) + b"\n" + line("/b").encode())
    tracemalloc.start()
    summary = import_access_log([log], site=SITE, archive_root=tmp_path / "archive")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (summary.lines, summary.views, summary.malformed) == (3, 2, 1)
    assert most < 30 << 20


def test_nul_bytes_cost_at_most_their_own_line(tmp_path: Path) -> None:
    summary, rows = imported(tmp_path, line("/a"), "\0" * 500 + "\n", line("/b\0c"), line("/d"))
    assert summary.lines == 4
    assert {"/a", "/d"} <= {str(row["path"]) for row in rows}
    assert "\0" not in str(rows)

# SPDX-License-Identifier: EUPL-1.2
"""Exports of other systems into the archive: what each says, what is kept of it, and nothing twice."""

from __future__ import annotations

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tracker.test_matomo import context, hit
from tracker import matomo
from tracker.archive import days, read_events
from tracker.contacts import SideTable, read_contacts, read_surveys, recorded_days
from tracker.imports import csv_rows, event_files, intake, json_records, opened
from tracker.imports.account import BadRecordError, ImportAccount
from tracker.imports.ga4 import import_ga4
from tracker.imports.matomo_visits import import_matomo
from tracker.imports.opened import ImportFileError
from tracker.imports.side_files import heartbeat_of, import_contacts, import_surveys
from tracker.site import Site

SITE = Site(name="voorbeeldstad", hosts=frozenset({"www.voorbeeldstad.nl"}))
PAGE = "https://www.voorbeeldstad.nl"
NOON_S = 1_795_345_200  # 22 November 2026, 12:00 in Amsterdam
DAY = date(2026, 11, 22)

Rows = list[dict[str, Any]]


def rows_of(root: Path) -> Rows:
    return [row for day in days(root) for row in read_events(root, day).to_pylist()]


# Records of JSON, of any size.


def records_of(path: Path) -> list[Any]:
    return [found if isinstance(found, dict) else str(found) for _, found in json_records.json_records(path)]


SHAPES = [
    ("a list", '[{"a": 1}, {"a": [2, {"b": "}"}]}]', [{"a": 1}, {"a": [2, {"b": "}"}]}]),
    ("lines", '{"a": 1}\n\n{"a": "x\\"{"}\n', [{"a": 1}, {"a": 'x"{'}]),
    ("pages of lists", '[{"a": 1}][{"a": 2}]', [{"a": 1}, {"a": 2}]),
    ("a BOM", '\ufeff[{"a": 1}]', [{"a": 1}]),
    ("nothing", "", []),
    ("an empty list", "[]", []),
    (
        "a bad one between",
        '[{"a": 1}, {"a": tru}, {"a": 3}]',
        [{"a": 1}, "not JSON: JSON is malformed", {"a": 3}],
    ),
    ("a torn one", '[{"a": 1}, {"a": ', [{"a": 1}, "the file ends within this record"]),
]


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in SHAPES], ids=[row[0] for row in SHAPES])
@pytest.mark.parametrize("block", [1, 7, 4 << 20])
def test_records_are_found_wherever_a_block_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, expected: list[Any], block: int
) -> None:
    monkeypatch.setattr(opened, "BLOCK_BYTES", block)
    file = tmp_path / "export.json"
    file.write_text(text, encoding="utf-8")
    found = records_of(file)
    assert [str(each)[:27] if isinstance(each, str) else each for each in found] == [
        each[:27] if isinstance(each, str) else each for each in expected
    ]


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(st.dictionaries(st.text(max_size=3), JSON, max_size=3), max_size=3), st.booleans())
def test_any_records_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]], lines: bool
) -> None:
    file = tmp_path_factory.mktemp("json") / "export.json"
    file.write_text("\n".join(map(json.dumps, records)) if lines else json.dumps(records, ensure_ascii=True))
    assert records_of(file) == records


def test_a_record_without_end_is_bounded_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_records, "LARGEST_RECORD", 1 << 20)
    file = tmp_path / "export.json"
    file.write_text(json.dumps([{"a": "x" * (2 << 20)}, {"a": 1}]))
    assert records_of(file) == ["larger than 1 MB", {"a": 1}]


def test_what_is_no_json_is_refused_in_words(tmp_path: Path) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(b"\xff\xd8\xff")
    with pytest.raises(ImportFileError, match=r"photo\.jpg is not JSON"):
        import_matomo([file], site=SITE, archive_root=tmp_path / "archive")


# Matomo's visits.


def action(kind: str, path: str = "/afval", **more: Any) -> dict[str, Any]:
    return {"type": kind, "url": PAGE + path, "timestamp": NOON_S, "idpageview": "Ab3dE6"} | more


def visit(*actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "idSite": "3",
        "idVisit": 71,
        "visitIp": "192.0.2.9",
        "visitorId": "0123456789abcdef",
        "city": "Ons Dorp",
        "deviceType": "Smartphone",
        "referrerUrl": "https://www.google.nl/search?q=grofvuil",
        "actionDetails": list(actions),
    } | more


def from_matomo(folder: Path, *visits: Any) -> tuple[ImportAccount, Rows]:
    folder.mkdir(exist_ok=True)
    file = folder / "visits.json"
    file.write_text(json.dumps(list(visits)))
    account = import_matomo([file], site=SITE, archive_root=folder / "archive")
    return account, rows_of(folder / "archive")


ACTIONS = [
    (action("action", pageTitle="Afval"), [("view", "/afval", "Afval")]),
    (action("action", timeSpent="42"), [("view", "/afval", None), ("engage", "/afval", 42.0)]),
    (
        action("search", siteSearchKeyword="grofvuil"),
        [("view", "/afval", None), ("search", "/afval", "grofvuil")],
    ),
    (action("outlink", url="https://elders.example/a?b=c"), [("link", "/", "https://elders.example/a")]),
    (action("download", "/f.pdf"), [("file", "/", f"{PAGE}/f.pdf")]),
    (action("goal", goalId=4), [("goal", "/afval", "matomo-goal-4")]),
    (action("event", eventCategory="goal", eventAction="gemeld"), [("goal", "/afval", "gemeld")]),
    (action("event", eventCategory="contact", eventAction="tel"), [("contact", "/afval", "tel")]),
    (
        action("event", eventCategory="feedback", eventAction="duim", eventValue=-1),
        [("feedback", "/afval", -1)],
    ),
    (action("event", eventCategory="Menu", eventAction="open"), []),
]


@pytest.mark.parametrize(("given", "said"), ACTIONS, ids=[str(number) for number in range(len(ACTIONS))])
def test_what_an_action_of_matomo_says(tmp_path: Path, given: dict[str, Any], said: list[Any]) -> None:
    account, rows = from_matomo(tmp_path, visit(given))
    details = ("title", "query", "target", "goal", "channel", "heartbeat", "visible_s")
    told = [
        (row["kind"], row["path"], next((row[name] for name in details if row[name] is not None), None))
        for row in rows
    ]
    assert sorted(told, key=str) == sorted(said, key=str)
    assert (account.records, account.taken) == (1, 1)


def test_addresses_and_lasting_ids_of_matomo_are_dropped(tmp_path: Path) -> None:
    _, rows = from_matomo(
        tmp_path,
        visit(
            action("action"), action("action", "/klant/999990019", timestamp=NOON_S + 86_400, idpageview="x")
        ),
        visit(),
    )
    assert len({row["visitor"] for row in rows}) == 2  # one visitor on two days
    assert {row["path"] for row in rows} == {"/afval", "/klant/[bsn]"}
    stored = b"".join(path.read_bytes() for path in (tmp_path / "archive").rglob("*") if path.is_file())
    for secret in (b"192.0.2.9", b"0123456789abcdef", b"Ons Dorp"):
        assert secret not in stored
    assert rows[0]["referrer"] == "https://www.google.nl/search?q=grofvuil"


def test_a_view_is_the_same_one_that_the_tracking_api_took(tmp_path: Path) -> None:
    taken = matomo.translate(hit(), context())
    _, rows = from_matomo(tmp_path, visit(action("action")))
    assert isinstance(taken, matomo.Hit)
    assert [(row["page_view"], row["index"]) for row in rows] == [(taken.page_view, 0)]


BAD_VISITS: list[tuple[Any, str]] = [
    ({"idVisit": 1}, "no list of at most"),
    (visit(action("action", timestamp="gisteren")), "no timestamp"),
    (visit(action("action", timestamp=10**14)), "no timestamp"),
    (visit("x"), "is no object"),  # type: ignore[arg-type]
    (visit(action("search", siteSearchKeyword="x", siteSearchCount=10**12)), "results is"),
]


@pytest.mark.parametrize(("bad", "why"), BAD_VISITS, ids=[why for _, why in BAD_VISITS])
def test_a_bad_visit_is_named_and_the_rest_goes_on(tmp_path: Path, bad: Any, why: str) -> None:
    file = tmp_path / "visits.json"
    file.write_text(json.dumps([visit(action("action")), bad, visit()]))
    account = import_matomo([file], site=SITE, archive_root=tmp_path / "archive")
    assert (account.records, account.taken, account.malformed) == (3, 2, 1)
    ((name, number, said),) = account.first_malformed
    assert (Path(name).name, number) == ("visits.json", 2)
    assert why in said


# Google Analytics 4.


def ga4_event(
    name: str, at: int = 0, *, who: str | None = "1234.5678", path: str = "/afval", **told: Any
) -> dict[str, Any]:
    parameters = {"page_location": PAGE + path, "ga_session_id": 99} | told
    return {
        "event_timestamp": str((NOON_S + at) * 1_000_000), "event_name": name, "user_pseudo_id": who,
        "device": {"category": "mobile"}, "geo": {"city": "Ons Dorp"},
        "event_params": [
            {"key": key, "value": {"int_value" if isinstance(value, int) else "string_value": value}}
            for key, value in parameters.items()
        ],
    }  # fmt: skip


GA4 = [
    ga4_event("page_view", page_title="Afval", page_referrer="https://www.google.nl/"),
    ga4_event("scroll", 5, percent_scrolled=90, engagement_time_msec=4_000),
    ga4_event("user_engagement", 20, engagement_time_msec="31000"),
    ga4_event("view_search_results", 21, search_term="bel 06 12345678"),
    ga4_event("click", 22, link_url="tel:14030"),
    ga4_event("click", 23, link_url="https://elders.example/a?b=c"),
    ga4_event("file_download", 24, link_url=PAGE + "/f.pdf"),
    ga4_event("form_submit", 25, form_id="melding"),
    ga4_event("melding_verzonden", 26),
    ga4_event("page_view", 60),
    ga4_event("session_start"),
    ga4_event("page_view", who=None),
    ga4_event("page_view", path=""),
]  # fmt: skip


def ga4_file(folder: Path, form: str) -> Path:
    file = folder / f"events.{form}"
    text = "\n".join(map(json.dumps, GA4))
    if form == "parquet":
        rows = [row | {"event_timestamp": int(row["event_timestamp"])} for row in GA4]
        value = pa.struct([("string_value", pa.string()), ("int_value", pa.int64())])
        schema = pa.schema([
            ("event_timestamp", pa.int64()), ("event_name", pa.string()), ("user_pseudo_id", pa.string()),
            ("device", pa.struct([("category", pa.string())])),
            ("event_params", pa.list_(pa.struct([("key", pa.string()), ("value", value)]))),
        ])  # fmt: skip
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), file)
    else:
        file.write_bytes(gzip.compress(text.encode()) if form.endswith("gz") else text.encode())
    return file


@pytest.mark.parametrize("form", ["json", "json.gz", "parquet"])
def test_what_ga4_exports_say(tmp_path: Path, form: str) -> None:
    account = import_ga4(
        [ga4_file(tmp_path, form)], site=SITE, archive_root=tmp_path / "archive", goals=["melding_verzonden"]
    )
    rows = rows_of(tmp_path / "archive")
    assert (account.records, account.taken, account.malformed) == (13, 11, 0)
    assert account.set_aside == {"event session_start": 1, "without user_pseudo_id (consent refused)": 1}
    assert [row["kind"] for row in rows if row["path"] == "/afval"] == [
        "view", "engage", "engage", "search", "contact", "link", "file", "form", "goal", "view"
    ]  # fmt: skip
    first, second = (row["page_view"] for row in rows if row["kind"] == "view" and row["path"] == "/afval")
    assert {row["page_view"] for row in rows if row["kind"] not in ("view",)} == {first} != {second}
    assert [row["visible_s"] for row in rows if row["kind"] == "engage"] == [4.0, 35.0]
    assert {row["query"] for row in rows if row["kind"] == "search"} == {"bel [phone]"}
    assert {row["viewport"] for row in rows} == {"s"}
    assert "1234.5678" not in str(rows)
    assert len({(row["page_view"], row["index"]) for row in rows}) == len(rows)


def test_a_damaged_parquet_file_is_refused_in_words(tmp_path: Path) -> None:
    file = ga4_file(tmp_path, "parquet")
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ImportFileError, match="not a whole Parquet file"):
        import_ga4([file], site=SITE, archive_root=tmp_path / "archive")


def test_an_interrupted_export_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_files, "BATCH_EVENTS", 10)
    monkeypatch.setattr(intake, "PIECE_EVENTS", 20)
    file = tmp_path / "events.json"
    file.write_text("\n".join(json.dumps(ga4_event("page_view", n, who=str(n % 9))) for n in range(100)))
    whole = import_ga4([file], site=SITE, archive_root=tmp_path / "whole", partitions=4)
    put, count = intake.Intake._put, 0

    def cut(self: intake.Intake) -> None:
        nonlocal count
        count += 1
        if count == 4:
            raise KeyboardInterrupt
        put(self)

    monkeypatch.setattr(intake.Intake, "_put", cut)
    with pytest.raises(KeyboardInterrupt):
        import_ga4([file], site=SITE, archive_root=tmp_path / "archive", partitions=4)
    account = import_ga4([file], site=SITE, archive_root=tmp_path / "archive", partitions=4)
    again = import_ga4([file], site=SITE, archive_root=tmp_path / "archive", partitions=4)
    assert (account.resumed, account.taken, again.already) == (1, whole.taken, 1)
    rows = rows_of(tmp_path / "archive")
    assert [row["page_view"] for row in rows] == [row["page_view"] for row in rows_of(tmp_path / "whole")]
    assert len({row["visitor"] for row in rows}) == 9


# The contact centre and surveys.

CONTACTS = [
    (
        "Dutch, semicolons",
        "Datum;Tijd;Onderwerp;Kanaal;Belcode;Naam\n22-11-2026;12:00;Grofvuil;Telefoon;0417;J. Jansen\n",
        "utf-8",
    ),
    (
        "English, commas, quotes",
        'time,subject,channel,call code\n2026-11-22T12:00:00+01:00,"Grofvuil",phone,0417\n',
        "utf-8",
    ),
    ("a BOM", "tijdstip;onderwerp;kanaal;code\n22-11-2026 12:00;Grofvuil;TEL;0417\n", "utf-8-sig"),
    (
        "tabs and seconds",
        "Start\tOnderwerp\tKanaal\tBelcode\n22/11/2026 12:00:00\tGrofvuil\ttel\t0417\n",
        "utf-8",
    ),
    (
        "Excel's first line",
        "sep=;\r\nDatum;Onderwerp;Kanaal;Belcode\r\n22-11-2026 12.00;Grofvuil;bellen;0417\r\n",
        "utf-8",
    ),
]


def from_centre(folder: Path, text: str, encoding: str = "utf-8", name: str = "kcc.csv") -> ImportAccount:
    file = folder / name
    file.write_bytes(text.encode(encoding))
    return import_contacts([file], site=SITE, archive_root=folder / "archive")


@pytest.mark.parametrize(
    ("text", "encoding"), [row[1:] for row in CONTACTS], ids=[row[0] for row in CONTACTS]
)
def test_contacts_as_offices_export_them(tmp_path: Path, text: str, encoding: str) -> None:
    account = from_centre(tmp_path, text, encoding)
    (row,) = read_contacts(tmp_path / "archive", DAY).to_pylist()
    assert {name: row[name] for name in row if name != "record"} == {
        "site": "voorbeeldstad",
        "time": NOON_S * 1000,
        "subject": "Grofvuil",
        "channel": "tel",
        "call_code": "0417",
    }
    assert (account.records, account.taken) == (1, 1)
    assert recorded_days(tmp_path / "archive", SideTable.CONTACTS) == [DAY]
    assert days(tmp_path / "archive") == []  # no events: a contact has no visitor


def test_windows_letters_survive_and_names_are_not_read(tmp_path: Path) -> None:
    text = (
        "Datum;Onderwerp;Kanaal;Naam;BSN\n22-11-2026 12:00;Financiële hulp – 999990019;Balie;Zoë;999990019\n"
    )
    account = from_centre(tmp_path, text, "cp1252")
    (row,) = read_contacts(tmp_path / "archive", DAY).to_pylist()
    assert (row["subject"], row["channel"]) == ("Financiële hulp – [bsn]", "counter")
    assert list(account.unread) == ["Naam", "BSN"]
    assert "Zoë" not in str(row)


HEADING = "datum;onderwerp;kanaal\n"
GOOD = "22-11-2026 12:00;Afval;tel\n"
BAD_ROWS = [
    ("no time", "gisteren;Afval;tel\n", "its time is"),
    ("no such day", "31-02-2026 12:00;Afval;tel\n", "its time is"),
    ("American", "11/22/2026 12:00;Afval;tel\n", "its time is"),
    ("too many cells", "22-11-2026 12:00;Afval;tel;x;y\n", "5 cells under 3 headings"),
    ("a quote left open", '22-11-2026 12:00;"Afval;tel\n', "opened and not closed"),
    ("a NUL byte", "22-11-2026 12:00;Af\0val;tel\n", "a NUL byte"),
    ("without end", "22-11-2026 12:00;" + "x" * 100_000 + ";tel\n", "longer than"),
    ("a thousand columns", ";" * 5_000 + "x\n", "its time is"),
]


@pytest.mark.parametrize(("bad", "why"), [row[1:] for row in BAD_ROWS], ids=[row[0] for row in BAD_ROWS])
def test_a_bad_row_is_named_and_the_rest_goes_on(tmp_path: Path, bad: str, why: str) -> None:
    account = from_centre(tmp_path, HEADING + GOOD + bad + GOOD * 2)
    assert (account.records, account.taken, account.malformed) == (4, 3, 1)
    ((name, number, said),) = account.first_malformed
    assert (Path(name).name, number) == ("kcc.csv", 3)
    assert why in said


def test_a_remark_may_hold_line_ends(tmp_path: Path) -> None:
    account = from_centre(tmp_path, HEADING + '22-11-2026 12:00;"Afval;\nniet opgehaald";tel\n' + GOOD)
    assert account.taken == 2
    subjects = {row["subject"] for row in read_contacts(tmp_path / "archive", DAY).to_pylist()}
    assert subjects == {"Afval; niet opgehaald", "Afval"}


def test_the_same_row_of_two_exports_is_one_and_two_equal_rows_are_two(tmp_path: Path) -> None:
    from_centre(tmp_path, HEADING + GOOD + GOOD)
    again = from_centre(tmp_path, HEADING + GOOD + GOOD, name="again.csv")
    from_centre(tmp_path, HEADING + GOOD + GOOD + "22-11-2026 13:00;Paspoort;balie\n", name="later.csv")
    assert again.already == 1
    assert read_contacts(tmp_path / "archive", DAY)["subject"].to_pylist() == ["Afval", "Afval", "Paspoort"]


@pytest.mark.parametrize(
    ("text", "words"), [("a;b\n1;2\n", "has no column"), ("", "has no column"), ("kanaal\n", "has no column")]
)
def test_a_file_without_the_columns_is_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ImportFileError, match=words):
        from_centre(tmp_path, text)


def test_unicode_text_of_excel_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match="UTF-16"):
        from_centre(tmp_path, HEADING + GOOD, "utf-16")


@given(st.binary(max_size=300))
def test_no_bytes_make_a_csv_fail(tmp_path_factory: pytest.TempPathFactory, junk: bytes) -> None:
    file = tmp_path_factory.mktemp("csv") / "x.csv"
    file.write_bytes(HEADING.encode() + junk)
    table = csv_rows.CsvFile(file, {"date": ("datum",)}, [("date",)])
    assert all(isinstance(row, dict | BadRecordError) for _, row in table.rows(None))


SCORES = [
    ("1", "1..5", -1),
    ("3", "1..5", 0),
    ("5", "1..5", 1),
    ("5,5", "1..10", 0),
    ("8", "1..10", 1),
    ("-1", None, -1),
    ("Zeer tevreden", None, 1),
    ("Nee", "1..10", -1),
]


@pytest.mark.parametrize(("score", "scale", "heartbeat"), SCORES)
def test_a_score_becomes_a_heartbeat(score: str, scale: str | None, heartbeat: int) -> None:
    assert heartbeat_of(score, scale) == heartbeat


def test_survey_answers_become_heartbeats_without_personal_data(tmp_path: Path) -> None:
    file = tmp_path / "enquete.csv"
    file.write_text(
        "Datum;Cijfer;Pagina;Opmerking;Belcode\n22-11-2026 12:00;9;https://www.voorbeeldstad.nl/afval?x=1;"
        "mail jan@example.nl;0417\n22-11-2026 12:01;11;/;;\n"
    )
    account = import_surveys([file], site=SITE, archive_root=tmp_path / "archive", scale="1..10")
    (row,) = read_surveys(tmp_path / "archive", DAY).to_pylist()
    assert (row["heartbeat"], row["path"], row["remark"], row["call_code"]) == (
        1,
        "/afval",
        "mail [email]",
        "0417",
    )
    assert 'score "11" is not within 1..10' in account.first_malformed[0][2]
    assert "personal data taken out: email: 1" in account.text()

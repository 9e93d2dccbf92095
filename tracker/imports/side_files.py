# SPDX-License-Identifier: EUPL-1.2
"""CSV of the contact centre and of surveys into the side tables of the archive (`tracker.contacts`)."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from tracker.archive_files import write_durably
from tracker.case_numbers import CaseNumbers
from tracker.contacts import SCHEMAS, VERSION, Channel, SideTable, folder_of
from tracker.day import day_of
from tracker.imports.account import BadRecordError, ImportAccount
from tracker.imports.csv_rows import Columns, CsvFile, plain
from tracker.imports.event_files import identity
from tracker.imports.intake import alone
from tracker.imports.opened import Progress, Whole, digest
from tracker.scrubber import Scrubber
from tracker.site import Site

PIECE_ROWS = 100_000

_WHEN: Columns = {
    "time": (
        "datumtijd",
        "datumentijd",
        "datumtijdstip",
        "tijdstip",
        "starttijd",
        "begintijd",
        "start",
        "begin",
        "aangemaakt",
        "ontvangen",
        "timestamp",
        "datetime",
        "dateandtime",
        "starttime",
        "created",
        "received",
    ),
    "date": ("datum", "date", "dag", "day"),
    "clock": ("tijd", "time", "uur", "hour"),
    "subject": (
        "onderwerp",
        "subject",
        "topic",
        "thema",
        "categorie",
        "category",
        "product",
        "reden",
        "reason",
        "taak",
        "task",
    ),
    "call_code": ("belcode", "callcode", "code", "paginacode", "pagecode"),
}
CONTACT_COLUMNS: Columns = {**_WHEN, "channel": ("kanaal", "channel", "contactkanaal", "medium", "ingang")}
SURVEY_COLUMNS: Columns = {
    **_WHEN,
    "score": (
        "score",
        "cijfer",
        "beleving",
        "hartslag",
        "heartbeat",
        "waardering",
        "rating",
        "tevredenheid",
        "satisfaction",
        "antwoord",
        "answer",
    ),
    "path": ("pagina", "page", "url", "path", "pad"),
    "remark": (
        "opmerking",
        "opmerkingen",
        "toelichting",
        "remark",
        "remarks",
        "comment",
        "comments",
        "feedback",
    ),
}

CHANNELS = {
    "tel": Channel.TEL, "telefoon": Channel.TEL, "telefonisch": Channel.TEL, "phone": Channel.TEL,
    "telephone": Channel.TEL, "call": Channel.TEL, "bellen": Channel.TEL, "gesprek": Channel.TEL,
    "mail": Channel.MAIL, "email": Channel.MAIL, "chat": Channel.CHAT, "livechat": Channel.CHAT,
    "whatsapp": Channel.CHAT, "afspraak": Channel.APPOINTMENT, "appointment": Channel.APPOINTMENT,
    "balie": Channel.COUNTER, "counter": Channel.COUNTER, "desk": Channel.COUNTER, "loket": Channel.COUNTER,
    "brief": Channel.LETTER, "post": Channel.LETTER, "letter": Channel.LETTER, "social": Channel.SOCIAL,
    "socialmedia": Channel.SOCIAL, "facebook": Channel.SOCIAL, "twitter": Channel.SOCIAL, "x": Channel.SOCIAL,
    "instagram": Channel.SOCIAL, "web": Channel.WEB, "website": Channel.WEB, "webformulier": Channel.WEB,
    "formulier": Channel.WEB, "form": Channel.WEB, "webform": Channel.WEB,
}  # fmt: skip
WORDS = {
    "ontevreden": -1,
    "zeerontevreden": -1,
    "slecht": -1,
    "boos": -1,
    "nee": -1,
    "unhappy": -1,
    "dissatisfied": -1,
    "bad": -1,
    "no": -1,
    "neutraal": 0,
    "neutral": 0,
    "matig": 0,
    "tevreden": 1,
    "zeertevreden": 1,
    "goed": 1,
    "blij": 1,
    "ja": 1,
    "happy": 1,
    "satisfied": 1,
    "good": 1,
    "yes": 1,
}
# The highest score that is still bad, and the highest that is still neither.
SCALES = {"-1..1": (-1, 0), "1..5": (2, 3), "1..10": (5, 6)}
_RANGES = {"-1..1": (-1, 1), "1..5": (1, 5), "1..10": (1, 10)}

Read = Callable[[Mapping[str, str], Scrubber], dict[str, Any]]


def import_contacts(
    paths: Iterable[Path],
    *,
    site: Site,
    archive_root: Path,
    cases: CaseNumbers | None = None,
    progress: Progress | None = None,
) -> ImportAccount:
    """Read a contact centre's export (time, subject, channel; also a call code) as contacts of `site`.

    `cases` are the site's case numbers. Returns what became of every row. Raises `ImportFileError` and
    `ArchiveError`.
    """

    def read(row: Mapping[str, str], clean: Scrubber) -> dict[str, Any]:
        channel = CHANNELS.get(plain(row.get("channel", "")), Channel.OTHER)
        return {"subject": clean.text(row.get("subject", "")[:1000]), "channel": channel.value}

    return _import(
        paths, SideTable.CONTACTS, "contacts", CONTACT_COLUMNS,
        [("time", "date", "clock"), ("subject", "channel")], read, site, archive_root, cases, progress,
    )  # fmt: skip


def import_surveys(
    paths: Iterable[Path],
    *,
    site: Site,
    archive_root: Path,
    scale: str | None = None,
    cases: CaseNumbers | None = None,
    progress: Progress | None = None,
) -> ImportAccount:
    """Read survey answers (time, score; also subject, page, remark) as heartbeats of `site`.

    `scale` is one of `SCALES`; without it words and -1, 0, 1 are understood. `cases` are the site's case
    numbers. Returns what became of every row. Raises `ImportFileError` and `ArchiveError`.
    """

    def read(row: Mapping[str, str], clean: Scrubber) -> dict[str, Any]:
        path = re.sub(r"^[a-z]+://[^/]*", "", row.get("path", ""), flags=re.IGNORECASE)
        return {
            "subject": clean.text(row.get("subject", "")[:1000]),
            "path": clean.path(re.split(r"[?#]", path)[0][:2048]) or None,
            "heartbeat": heartbeat_of(row.get("score", ""), scale),
            "remark": clean.text(row.get("remark", "")[:4000]),
        }

    return _import(
        paths,
        SideTable.SURVEYS,
        "answers",
        SURVEY_COLUMNS,
        [("time", "date", "clock"), ("score",)],
        read,
        site,
        archive_root,
        cases,
        progress,
    )


def heartbeat_of(score: str, scale: str | None) -> int:
    """-1, 0 or 1 for a score. Raises `BadRecordError`.

    >>> [heartbeat_of(score, "1..5") for score in ("1", "3", "5")]
    [-1, 0, 1]
    >>> heartbeat_of("Tevreden", None)
    1
    """
    word = WORDS.get(plain(score))
    if word is not None:
        return word
    used = scale or "-1..1"
    try:
        number = float(score.replace(",", "."))
    except ValueError:
        number = float("nan")
    least, most = _RANGES[used]
    if not least <= number <= most:
        hint = "" if scale else f" Give the scale: {', '.join(SCALES)}."
        raise BadRecordError(f'score "{score[:20]}" is not within {used}.{hint}')
    bad, neither = SCALES[used]
    return -1 if number <= bad else 0 if number <= neither else 1


def _import(
    paths: Iterable[Path], table: SideTable, what: str, columns: Columns, required: list[tuple[str, ...]],
    read: Read, site: Site, root: Path, cases: CaseNumbers | None, progress: Progress | None,
) -> ImportAccount:  # fmt: skip
    files = [Path(path) for path in paths]
    whole = Whole(files, progress)
    account = ImportAccount(what, site.name)
    for path in files:
        name = f"{table.value}-{digest(path, site.name)}"
        file = CsvFile(path, columns, required)
        with alone(root, name):
            mark = root / "imports" / f"{name}.json"
            already = mark.exists()
            account.files += 1
            account.already += already
            account.unread |= dict.fromkeys(file.unread)
            # Nothing here is secret or random: what an interrupted import left is written again, the same.
            for number, rows in enumerate(_pieces(_rows(path, file, whole, read, site, cases, account))):
                if not already:
                    _write(root, table, f"{name}-{number:04d}", rows, site.zone)
            if not already:
                _finish(mark, account)
    return account


def _finish(mark: Path, account: ImportAccount) -> None:
    done = json.dumps({"records": account.taken}).encode()
    write_durably(mark, lambda file: file.write(done))


def _rows(
    path: Path, file: CsvFile, whole: Whole, read: Read, site: Site, cases: CaseNumbers | None,
    account: ImportAccount,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    repeats: Counter[str] = Counter()
    for number, row in file.rows(whole):
        account.records += 1
        clean = Scrubber(cases=cases)
        try:
            if isinstance(row, BadRecordError):
                raise row
            time = time_of(row, site.zone)
            found = {"site": site.name, "time": time, "call_code": _call_code(row), **read(row, clean)}
        except BadRecordError as error:
            account.note_malformed(path, number, str(error))
            continue
        said = identity(*found.values())
        repeats[said] += 1
        account.taken += 1
        account.note_times([time])
        account.redacted.update(clean.redacted)
        account.stored[str(found.get("channel", found.get("heartbeat")))] += 1
        yield {"record": said if repeats[said] == 1 else identity(said, repeats[said]), **found}


def _call_code(row: Mapping[str, str]) -> str | None:
    code = row.get("call_code", "")
    return code if re.fullmatch("[0-9]{4}", code) else None


_DUTCH = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[ T,]+(.*))?")
_CLOCK = re.compile(r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,]\d+)?)?")


def time_of(row: Mapping[str, str], zone: ZoneInfo) -> int:
    """Milliseconds since 1970 of a row: `22-11-2026 08:15`, `2026-11-22T08:15:00`, or date and time apart.

    Raises `BadRecordError`.
    """
    given = row.get("time") or f"{row.get('date', '')} {row.get('clock', '')}".strip()
    try:
        dutch = _DUTCH.fullmatch(given)
        if dutch:
            day, month, year, clock = dutch.groups()
            hours = _CLOCK.fullmatch((clock or "").strip()) if clock else None
            if clock and hours is None:
                raise ValueError(given)
            hour, minute, second = (int(part or 0) for part in hours.groups()) if hours else (0, 0, 0)
            moment = datetime(int(year), int(month), int(day), hour, minute, second, tzinfo=zone)
        else:
            moment = datetime.fromisoformat(given)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        if not 1970 <= moment.year <= 2200:
            raise ValueError(given)
    except (ValueError, OverflowError):
        raise BadRecordError(
            f'its time is "{given[:40]}", expected one like 22-11-2026 08:15 or 2026-11-22T08:15:00'
        ) from None
    return int(moment.timestamp() * 1000)


def _pieces(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    piece: list[dict[str, Any]] = []
    for row in rows:
        piece.append(row)
        if len(piece) >= PIECE_ROWS:
            yield piece
            piece = []
    if piece:
        yield piece


def _write(root: Path, table: SideTable, name: str, rows: list[dict[str, Any]], zone: ZoneInfo) -> None:
    by_day: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_day[day_of(row["time"], zone)].append(row)
    schema = SCHEMAS[table].with_metadata({f"klantreis.{table.value}": str(VERSION)})
    for day, group in by_day.items():
        found = pa.Table.from_pylist(group, schema=schema)
        path = folder_of(root, table, day) / f"{name}.parquet"
        write_durably(path, partial(pq.write_table, found, compression="zstd"))

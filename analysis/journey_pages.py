# SPDX-License-Identifier: EUPL-1.2
"""The pages /journeys/: the ranking of tasks, and a page for each; nothing is computed meanwhile."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

import msgspec
from flask import Blueprint, Response, current_app, make_response, render_template, request, url_for

from analysis import wording
from analysis.journey_book import ORDERS, SCHEMA_VERSION, Book, Books, Overview, Ranked, ordered
from analysis.pages import asked_language, fresh
from analysis.rendering import templates
from analysis.rendering.journey_labels import JOURNEYS, PICTURES
from analysis.rendering.journey_parts import SectionMaker
from analysis.rendering.journey_sections import ranking_figure, sections
from analysis.rendering.journey_word_sections import gap_figure, queries_table
from analysis.rendering.sections import Table

#: In the address of a task's page; leaves no way out of the folder.
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}(?:\.[a-z][a-z0-9-]{0,63})?", re.ASCII)
_OVERVIEW = "_overview.json"

T = TypeVar("T", Overview, Book)


@dataclass(frozen=True, slots=True)
class Shelf:
    """The folder in which the job leaves the overview and a book for every task, as JSON."""

    folder: Path

    def put(self, made: Books) -> None:
        """Write all, each file whole or not at all; books of tasks that are no more go."""
        self.folder.mkdir(parents=True, exist_ok=True)
        files = {_OVERVIEW: msgspec.json.encode(made.overview)}
        files |= {f"{book.task.name}.json": msgspec.json.encode(book) for book in made.books}
        for file, data in files.items():
            aside = self.folder / f".{file}.{os.getpid()}"
            aside.write_bytes(data)
            aside.replace(self.folder / file)
        for path in self.folder.glob("*.json"):
            if path.name not in files:
                path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Take all away: nothing is known any more."""
        for path in self.folder.glob("*.json"):
            path.unlink(missing_ok=True)

    def overview(self) -> Overview | None:
        """None where there is none yet, or none of a form that we know."""
        return self._read(_OVERVIEW, Overview)

    def book(self, name: str) -> Book | None:
        return self._read(f"{name}.json", Book) if NAME.fullmatch(name) else None

    def has(self, name: str) -> bool:
        return NAME.fullmatch(name) is not None and (self.folder / f"{name}.json").is_file()

    def _read(self, file: str, kind: type[T]) -> T | None:
        try:
            found = msgspec.json.decode((self.folder / file).read_bytes(), type=kind)
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        return found if found.schema_version == SCHEMA_VERSION else None


def blueprint(journeys_dir: Path, more: Sequence[SectionMaker] = ()) -> Blueprint:
    """`/journeys/` and `/journeys/TASK`, inside the `shell.html` of whoever registers it beside `/reports/`.

    `more` are further sections of a task's page, after our own: each a function of the book and the language.
    Language and caching are as for `/reports/`.
    """
    pages = Blueprint("journeys", __name__, url_prefix="/journeys", template_folder="templates")
    shelf = Shelf(Path(journeys_dir))

    @pages.get("/")
    def overview() -> Response:
        return _overview(shelf)

    @pages.get("/journeys.css")
    def stylesheet() -> Response:
        return fresh(Response(templates.stylesheet("journeys/journeys.css"), mimetype="text/css"))

    @pages.get("/<name>")
    def one(name: str) -> Response:
        book = shelf.book(name)
        if book is None:
            return _missing(unreadable=shelf.has(name))
        return _task(book.on(datetime.now(UTC).date()), more)

    return pages


def _overview(shelf: Shelf) -> Response:
    language, found = asked_language(), shelf.overview()
    words = JOURNEYS[language]
    sort = request.args.get("sort", "")
    sort = sort if sort in ORDERS else ORDERS[0]
    rows = ordered(found.ranking, sort) if found else []
    parts = [ranking_figure(found, rows, language), gap_figure(found, language)] if found else []
    gap = found.gap if found else None
    calls = any(row.calls for row in rows)
    page = render_template(
        "journeys/overview.html",
        language=language,
        page_title=words["title"],
        words=words,
        gap_words=PICTURES["words"][language],
        overview=found,
        period=_period(found, language) if found else "",
        sections=[part for part in parts if part is not None],
        nowhere=queries_table(gap, language) if gap else Table("", (), ()),
        orders=[order for order in ORDERS if order != "calls" or calls],
        columns=["questions", "unanswered", "share", "effort", "complaints", *(["calls"] if calls else [])],
        sort=sort,
        rows=[(row, _cells(row, language, calls=calls)) for row in rows],
        notes=_notes_of_all(found, language) if found else [],
    )
    return fresh(make_response(page))


def _task(book: Book, more: Sequence[SectionMaker]) -> Response:
    language = asked_language()
    parts = sections(book, language)
    parts += [made for make in more if (made := make(book, language)) is not None]
    page = render_template(
        "journeys/task.html",
        language=language,
        page_title=book.task.question,
        words=JOURNEYS[language],
        book=book,
        period=_period(book, language),
        facts=_facts(book.task, language),
        report=_report_of(book, language),
        sections=parts,
        notes=_notes([book.task], language, simulated=book.simulated),
    )
    return fresh(make_response(page))


def _missing(*, unreadable: bool) -> Response:
    language = asked_language()
    words = JOURNEYS[language]
    page = render_template(
        "journeys/missing.html", language=language, page_title=words["missing_title"], words=words,
        detail=words["unreadable" if unreadable else "missing"],
        command="klantreis close" if unreadable else "",
    )  # fmt: skip
    response = make_response(page, 404)
    response.vary.add("Accept-Language")
    return response


def _period(found: Overview | Book, language: str) -> str:
    return wording.period(date.fromisoformat(found.first_day), date.fromisoformat(found.last_day), language)


def _cells(row: Ranked, language: str, *, calls: bool) -> list[str]:
    cells = [
        wording.number(row.questions, language),
        wording.number(row.unanswered, language),
        wording.percentage(row.share_unanswered, language),
        wording.quantity(row.effort, language),
        _marks(row, language),
    ]
    return [*cells, wording.number(row.calls, language)] if calls else cells


def _marks(row: Ranked, language: str) -> str:
    bad, given = wording.number(row.complaints, language), wording.number(row.given, language)
    return JOURNEYS[language]["of_marks"].format(bad=bad, given=given) if row.given else "–"


def _facts(row: Ranked, language: str) -> list[tuple[str, str]]:
    words = JOURNEYS[language]
    shown = ["answered", *(["on_results"] if row.on_results else []), "contacted", "abandoned"]
    shares = [
        (words[key], wording.percentage(getattr(row, key) / max(1, row.questions), language)) for key in shown
    ]
    return [
        (words["questions"], wording.number(row.questions, language)),
        *shares,
        (words["effort"], wording.quantity(row.effort, language)),
        (words["complaints"], _marks(row, language)),
        *([(words["calls"], wording.number(row.calls, language))] if row.calls else []),
    ]


def _report_of(book: Book, language: str) -> str:
    """The address of the report of the task's experiment, where reports are served beside us."""
    if not book.experiment or "reports" not in current_app.blueprints:
        return ""
    return url_for("reports.one", file=book.experiment, language=language)


def _notes(rows: Sequence[Ranked], language: str, *, simulated: bool) -> list[str]:
    """What a reader must keep in mind with these tasks."""
    words = JOURNEYS[language]
    keys = ["note_answered", "note_unanswered", "note_effort", "note_inferred", "note_five"]
    if simulated:
        keys.insert(0, "simulated")
    if any(row.calls for row in rows):
        keys.append("note_calls")
    return [words[key] for key in keys]


def _notes_of_all(found: Overview, language: str) -> list[str]:
    words = JOURNEYS[language]
    notes = _notes(found.ranking, language, simulated=found.simulated)
    for key, count in (("note_small", found.small), ("note_no_task", found.no_task)):
        if count:
            notes.append(words[key].format(count=wording.number(count, language)))
    return notes

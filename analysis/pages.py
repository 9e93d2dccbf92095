# SPDX-License-Identifier: EUPL-1.2
"""The pages /reports/: what the jobs have computed, listed and shown; nothing is estimated meanwhile."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import msgspec
from flask import Blueprint, Response, make_response, render_template, request

from analysis import wording
from analysis.rendering import html, sections
from analysis.rendering.labels import PAGES
from analysis.report import Report, from_json

_NAME = r"[a-z][a-z0-9-]{0,31}"
_FILE = re.compile(
    rf"(?P<name>{_NAME})(?:\.(?P<language>nl|en)\.(?P<form>html|txt)|\.(?P<data>json|csv))?", re.ASCII
)
_TYPES = {"html": "text/html", "txt": "text/plain", "csv": "text/csv", "json": "application/json"}


@dataclass(frozen=True, slots=True)
class Shelf:
    """The folder in which the jobs leave `EXPERIMENT.{json,csv}` and `EXPERIMENT.{nl,en}.{html,txt}`."""

    folder: Path

    def names(self) -> list[str]:
        """Experiments with a report, by name."""
        if not self.folder.is_dir():
            return []
        found = (path.stem for path in self.folder.glob("*.json") if path.is_file())
        return sorted(name for name in found if re.fullmatch(_NAME, name, re.ASCII))

    def read(self, file: str) -> bytes | None:
        """The bytes of a file on the shelf; None where it is not there.

        `file` must have passed the pattern of `_FILE`, which leaves no way out of the folder.
        """
        try:
            return (self.folder / file).read_bytes()
        except (FileNotFoundError, IsADirectoryError):
            return None

    def report(self, name: str) -> Report | None:
        """The report of an experiment; None where there is none, or none of a form that we know."""
        data = self.read(f"{name}.json")
        if data is None:
            return None
        try:
            return from_json(data)
        except msgspec.DecodeError:
            return None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list; `report` is None where the file cannot be read."""

    name: str
    report: Report | None
    verdict: str = ""
    sentence: str = ""
    period: str = ""
    computed: str = ""


def blueprint(reports_dir: Path) -> Blueprint:
    """`/reports/`, `/reports/EXPERIMENT` and the files, inside the `shell.html` of whoever registers it.

    Language: `?lang=` or `?language=`, else Accept-Language, else Dutch. Answers carry an ETag and are
    revalidated at every visit, since a job may renew a report at any time.
    """
    pages = Blueprint("reports", __name__, url_prefix="/reports", template_folder="templates")
    shelf = Shelf(Path(reports_dir))

    @pages.get("/")
    def listing() -> Response:
        language = asked_language()
        entries = [_entry(name, shelf.report(name), language) for name in shelf.names()]
        entries.sort(key=lambda entry: entry.report.created_at if entry.report else "", reverse=True)
        page = render_template(
            "reports/list.html", language=language, page_title=PAGES[language]["title"],
            words=PAGES[language], entries=entries,
        )  # fmt: skip
        return fresh(make_response(page))

    @pages.get("/report.css")
    def stylesheet() -> Response:
        return fresh(Response(html.style(), mimetype="text/css"))

    @pages.get("/<file>")
    def one(file: str) -> Response:
        asked = _FILE.fullmatch(file)
        if asked is None:
            return _missing()
        if asked["data"] or asked["form"]:
            return _as_it_is(shelf, file, asked["form"] or asked["data"])
        report = shelf.report(asked["name"])
        return _missing() if report is None else _page(shelf, report, asked["name"])

    return pages


def _page(shelf: Shelf, report: Report, name: str) -> Response:
    language = asked_language()
    files = {
        form: file
        for form, file in (
            ("html", f"{name}.{language}.html"),
            ("txt", f"{name}.{language}.txt"),
            ("csv", f"{name}.csv"),
            ("json", f"{name}.json"),
        )
        if (shelf.folder / file).is_file()
    }
    label = wording.verdict_label(report.verdict.code, language)
    page = render_template(
        "reports/page.html",
        language=language,
        page_title=f"{label} – {report.question or report.experiment}",
        words=PAGES[language],
        body=html.body(report, language),
        files=files,
    )
    return fresh(make_response(page))


def _as_it_is(shelf: Shelf, file: str, form: str) -> Response:
    data = shelf.read(file)
    if data is None:
        return _missing(form)
    response = Response(data, mimetype=_TYPES[form])
    if form == "html":  # the file carries its own looks, which the console's policy would refuse
        response.headers["Content-Security-Policy"] = f"{html.POLICY}; frame-ancestors 'none'"
    return fresh(response, vary=False)


def _missing(form: str = "page") -> Response:
    language = asked_language()
    words = PAGES[language]
    if form == "json":
        problem = {"status": 404, "title": words["missing_title"], "detail": words["missing"]}
        return Response(msgspec.json.encode(problem), 404, mimetype="application/problem+json")
    page = render_template(
        "reports/missing.html", language=language, page_title=words["missing_title"], words=words
    )
    response = make_response(page, 404)
    response.vary.add("Accept-Language")
    return response


def _entry(name: str, report: Report | None, language: str) -> Entry:
    if report is None:
        return Entry(name, None)
    return Entry(
        name,
        report,
        verdict=wording.verdict_label(report.verdict.code, language),
        sentence=report.verdict.sentence.get(language, ""),
        period=sections.period_text(report, language),
        computed=sections.created_text(report, language),
    )


def asked_language() -> str:
    """The language of this request: `?lang=` or `?language=`, else Accept-Language, else Dutch."""
    asked = request.args.get("lang") or request.args.get("language")
    if asked in wording.LANGUAGES:
        return asked
    return request.accept_languages.best_match(wording.LANGUAGES, "nl")


def fresh(response: Response, *, vary: bool = True) -> Response:
    """To be revalidated at every visit, and sent again only where it changed."""
    response.cache_control.no_cache = True
    if vary:
        response.vary.add("Accept-Language")
    response.add_etag()
    response.make_conditional(request)
    return response

# SPDX-License-Identifier: EUPL-1.2
"""The pages /reports/: what the jobs left on the shelf, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient

from analysis.pages import blueprint
from analysis.rendering import render
from analysis.report import Report, from_json, to_json
from tests.analysis.console import console, served
from tests.analysis.sample_reports import all_reports, do_not_use, report
from tests.analysis.test_html import Page as Parsed
from tests.analysis.test_html import Scheme, check_form, violations

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def put(shelf: Path, *reports: Report) -> None:
    """Leave reports on the shelf as the jobs do."""
    for one in reports:
        (shelf / f"{one.experiment}.json").write_bytes(to_json(one))
        for language in ("nl", "en"):
            for form, suffix in (("html", "html"), ("text", "txt")):
                file = shelf / f"{one.experiment}.{language}.{suffix}"
                file.write_text(render(one, form=form, language=language), encoding="utf-8")


def application(shelf: Path) -> Flask:
    return console(blueprint(shelf))


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    folder = tmp_path / "reports"
    folder.mkdir()
    return folder


@pytest.fixture
def client(shelf: Path) -> FlaskClient:
    return application(shelf).test_client()


def text(client: FlaskClient, address: str, **headers: str) -> str:
    return client.get(address, headers=headers).get_data(as_text=True)


def test_an_empty_shelf_says_how_to_make_a_report(client: FlaskClient) -> None:
    page = text(client, "/reports/")
    assert "Er zijn nog geen uitslagen." in page
    assert "klantreis close" in page


def test_a_shelf_that_does_not_exist_yet_is_empty(tmp_path: Path) -> None:
    app = application(tmp_path / "nowhere")
    assert "Er zijn nog geen uitslagen." in text(app.test_client(), "/reports/")


def test_the_list_shows_verdicts_in_words_newest_first(shelf: Path, client: FlaskClient) -> None:
    put(shelf, report(created_at="2026-11-20T03:00:00Z"), do_not_use())
    page = text(client, "/reports/")
    check_form(Parsed(page))
    assert page.index("Gebruik deze uitslag niet.") < page.index("De nieuwe versie is beter:")
    assert "9 tot en met 22 november 2026" in page
    assert "23 november 2026, 4.12 uur" in page
    assert 'href="/reports/zwerfvuil"' in page


def test_a_file_that_cannot_be_read_is_named_and_does_not_break_the_list(
    shelf: Path, client: FlaskClient
) -> None:
    put(shelf, report())
    (shelf / "kapot.json").write_text("{")
    (shelf / "Not a name.json").write_text("{}")
    page = text(client, "/reports/")
    assert "klantreis report kapot" in page
    assert "De nieuwe versie is beter" in page
    assert "Not a name" not in page


LANGUAGE = {
    "Dutch without a wish": ("/reports/zwerfvuil", {}, "nl"),
    "by header": ("/reports/zwerfvuil", {"Accept-Language": "en-GB,en;q=0.9,nl;q=0.5"}, "en"),
    "by ?lang=": ("/reports/zwerfvuil?lang=en", {"Accept-Language": "nl"}, "en"),
    "by ?language=": ("/reports/zwerfvuil?language=nl", {"Accept-Language": "en"}, "nl"),
    "a language we do not have": ("/reports/zwerfvuil?lang=fr", {"Accept-Language": "fr"}, "nl"),
    "of the list": ("/reports/?lang=en", {}, "en"),
    "of a page that is not there": ("/reports/weg?lang=en", {}, "en"),
}


@pytest.mark.parametrize(("address", "headers", "expected"), LANGUAGE.values(), ids=LANGUAGE)
def test_language(
    shelf: Path, client: FlaskClient, address: str, headers: dict[str, str], expected: str
) -> None:
    put(shelf, report())
    answer = client.get(address, headers=headers)
    assert f'<html lang="{expected}"' in answer.get_data(as_text=True)
    assert "Accept-Language" in answer.headers["Vary"]


def test_a_report_stands_inside_the_shell(shelf: Path, client: FlaskClient) -> None:
    put(shelf, report())
    answer = client.get("/reports/zwerfvuil")
    page = answer.get_data(as_text=True)
    check_form(Parsed(page))
    assert "van de 100 bezoekers vonden er 57 een antwoord" in page
    assert 'href="/reports/zwerfvuil.nl.html"' in page
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"


FILES = {
    "json": ("zwerfvuil.json", "application/json"),
    "stand-alone page": ("zwerfvuil.en.html", "text/html; charset=utf-8"),
    "text": ("zwerfvuil.nl.txt", "text/plain; charset=utf-8"),
}


@pytest.mark.parametrize(("file", "kind"), FILES.values(), ids=FILES)
def test_files_are_served_as_they_were_computed(
    shelf: Path, client: FlaskClient, file: str, kind: str
) -> None:
    put(shelf, report())
    answer = client.get(f"/reports/{file}")
    assert answer.data == (shelf / file).read_bytes()
    assert answer.content_type == kind


def test_the_json_is_the_report(shelf: Path, client: FlaskClient) -> None:
    put(shelf, report())
    assert from_json(client.get("/reports/zwerfvuil.json").data) == report()


def test_a_stand_alone_page_keeps_its_own_strict_policy(shelf: Path, client: FlaskClient) -> None:
    put(shelf, report())
    policy = client.get("/reports/zwerfvuil.nl.html").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("address", ["/reports/", "/reports/zwerfvuil", "/reports/zwerfvuil.json"])
def test_a_page_is_revalidated_and_sent_again_only_when_renewed(
    shelf: Path, client: FlaskClient, address: str
) -> None:
    put(shelf, report())
    first = client.get(address)
    assert first.headers["Cache-Control"] == "no-cache"
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    put(shelf, report(question="Een andere vraag?", created_at="2026-11-24T03:12:00Z"))
    assert client.get(address, headers={"If-None-Match": first.headers["ETag"]}).status_code == 200


ABSENT = [
    "/reports/weg",
    "/reports/weg.nl.html",
    "/reports/zwerfvuil.fr.html",
    "/reports/Zwerfvuil",
    "/reports/..%2fsecret",
    "/reports/..%2f..%2fetc%2fpasswd",
    "/reports/%2e%2e/secret.json",
    "/reports/../secret.json",
    "/reports/zwerfvuil.json%00.html",
    "/reports/secret.json/",
    "/reports/" + "a" * 300,
]


@pytest.mark.parametrize("address", ABSENT)
def test_what_is_not_on_the_shelf_is_not_found_in_plain_words(
    shelf: Path, client: FlaskClient, address: str
) -> None:
    put(shelf, report())
    (shelf.parent / "secret.json").write_bytes(to_json(report(experiment="secret")))
    answer = client.get(address)
    assert answer.status_code == 404
    assert re.search(r"is er niet</h1>", answer.get_data(as_text=True))


def test_missing_json_is_a_problem_in_json(client: FlaskClient) -> None:
    answer = client.get("/reports/weg.json")
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    assert msgspec.json.decode(answer.data)["status"] == 404


def test_a_fault_of_ours_is_said_plainly_and_without_details(shelf: Path) -> None:
    app = application(shelf)

    @app.get("/fault")
    def fault() -> str:
        raise RuntimeError("the password is hunter2")

    answer = app.test_client().get("/fault")
    assert answer.status_code == 500
    assert "Er ging iets mis" in answer.get_data(as_text=True)
    assert "hunter2" not in answer.get_data(as_text=True)


def test_the_menu_shows_only_what_exists(client: FlaskClient) -> None:
    page = text(client, "/reports/")
    assert 'href="/reports/?language=nl"' in page
    assert "/experiments/" not in page


@pytest.fixture
def address(shelf: Path) -> Iterator[str]:
    put(shelf, *all_reports())
    with served(application(shelf)) as found:
        yield found


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everyone_can_use_the_pages(address: str, scheme: Scheme, tab: Page) -> None:
    for page, width in (("/reports/?lang=nl", 1200), ("/reports/?lang=en", 320), ("/reports/weg", 320)):
        assert violations(tab, address + page, width=width, scheme=scheme) == []
    assert violations(tab, f"{address}/reports/zwerfvuil", width=1200, scheme=scheme) == []


@pytest.mark.browser
def test_nothing_is_refused_by_our_own_policy(address: str, chromium: Browser) -> None:
    opened = chromium.new_page()
    told: list[str] = []
    opened.on("console", lambda message: told.append(message.text))
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    for page in ("/reports/", "/reports/zwerfvuil", "/reports/zwerfvuil.nl.html"):
        opened.goto(address + page)
    assert told == []
    assert [url for url in asked if not url.startswith(address)] == []
    assert opened.locator("svg.picture:visible").count() == 10
    opened.close()

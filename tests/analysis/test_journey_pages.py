# SPDX-License-Identifier: EUPL-1.2
"""The pages /journeys/: what the job left on the shelf, in both languages, for everyone."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import Markup
from msgspec.structs import replace

from analysis import hints, losses
from analysis.hint_words import to_json
from analysis.journey_book import Book, Books
from analysis.journey_pages import Shelf, blueprint
from analysis.pages import blueprint as reports
from analysis.rendering.hint_section import WORDS, hint_section
from analysis.rendering.journey_labels import JOURNEYS, PICTURES, SCENES
from analysis.rendering.journey_parts import Section, SectionMaker
from analysis.tables import Audience
from tests.analysis.console import console, served
from tests.analysis.journey_samples import NOW, books, town
from tests.analysis.stories import DAY, SITE
from tests.analysis.test_html import Page as Parsed
from tests.analysis.test_html import check_form, violations

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PAGES = ("/journeys/", "/journeys/zwerfvuil", "/journeys/paspoort")


def lasting() -> Books:
    """The town's books, whose stories may be shown for ever."""
    made = books()
    kept = tuple(
        replace(
            book,
            stories=tuple(replace(one, until="9999-01-01") for one in book.stories),
            lost=tuple(replace(one, story=replace(one.story, until="9999-01-01")) for one in book.lost),
        )
        for book in made.books
    )
    return Books(made.overview, kept)


def with_hints(folder: Path) -> Flask:
    """The pages of the town with the hints that a job left about the same day."""
    Shelf(folder / "journeys").put(lasting())
    tables = town().tables()
    found = hints.all_tasks(
        losses.losses(*(pl.from_pandas(tables[name]) for name in ("questions", "moves"))),
        SITE.name,
        exposures={"zwerfvuil": ["zwerfvuil=current", "zwerfvuil=redesign"]},
    )
    (folder / "hints").mkdir()
    (folder / "hints" / f"{SITE.name}.json").write_bytes(to_json(found, SITE.name, DAY, DAY, NOW))
    return application(folder, [hint_section(folder / "hints")])


def application(folder: Path, more: Sequence[SectionMaker] = ()) -> Flask:
    return console(reports(folder / "reports"), blueprint(folder / "journeys", more))


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    Shelf(tmp_path / "journeys").put(lasting())
    return application(tmp_path).test_client()


def text(client: FlaskClient, address: str) -> str:
    return client.get(address).get_data(as_text=True)


def test_an_empty_shelf_says_how_to_fill_it(tmp_path: Path) -> None:
    page = text(application(tmp_path).test_client(), "/journeys/")
    assert "Er zijn nog geen klantreizen." in page
    assert "klantreis close" in page


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("address", PAGES)
def test_every_page_is_well_formed_and_in_one_language(
    client: FlaskClient, address: str, language: str
) -> None:
    answer = client.get(f"{address}?lang={language}")
    page = answer.get_data(as_text=True)
    check_form(Parsed(page))
    assert f'<html lang="{language}"' in page
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert " style=" not in page
    assert "<script" not in page


def test_the_overview_leads_to_where_an_improvement_helps_most(client: FlaskClient) -> None:
    page = Parsed(text(client, "/journeys/")).text
    assert "De meeste vragen zonder antwoord gingen over ‘Ik wil zwerfvuil melden’: 22 van de 38." in page
    assert "Nog 2 vragen gingen over onderwerpen die bijna niemand had." in page
    assert "grofvuil" not in page  # two visitors
    assert page.index("Ik wil zwerfvuil melden") < page.index("Ik heb een nieuw paspoort nodig")


def test_a_task_of_businesses_is_marked_and_no_other(tmp_path: Path) -> None:
    made = lasting()
    marked = [
        replace(row, audience=Audience.BUSINESS) if row.task == "paspoort" else row
        for row in made.overview.ranking
    ]
    shelved = tuple(
        replace(book, task=next(row for row in marked if row.task == book.task.task)) for book in made.books
    )
    Shelf(tmp_path / "journeys").put(Books(replace(made.overview, ranking=tuple(marked)), shelved))
    client = application(tmp_path).test_client()
    for language, mark in (("nl", "voor ondernemers"), ("en", "for businesses")):
        overview, *tasks = (text(client, f"{address}?lang={language}") for address in PAGES)
        assert re.findall(
            rf'href="/journeys/(\w+)\?[^>]*>[^<]*</a> <span class="audience">{mark}<', overview
        ) == ["paspoort"]
        assert [mark in page for page in tasks] == [False, True]


def test_books_of_an_earlier_version_are_read(client: FlaskClient, tmp_path: Path) -> None:
    """They say of no task whom it is for."""
    for path in (tmp_path / "journeys").glob("*.json"):
        written = path.read_text(encoding="utf-8")
        assert '"audience":"resident",' in written
        path.write_text(written.replace('"audience":"resident",', ""), encoding="utf-8")
    assert all(client.get(address).status_code == 200 for address in PAGES)
    assert "voor ondernemers" not in text(client, "/journeys/")


def test_a_reader_chooses_the_order(client: FlaskClient) -> None:
    page = text(client, "/journeys/?sort=effort&lang=en")
    assert re.search(r'<span aria-current="true">most effort</span>', page)
    assert "sort=volume" in page
    assert client.get("/journeys/?sort=%3Cscript%3E").status_code == 200


def test_a_task_tells_its_journey(client: FlaskClient) -> None:
    page = Parsed(text(client, "/journeys/zwerfvuil")).text
    for told in (
        "De meeste bezoekers stoppen bij /melding/stap-1: bij de huidige versie van de 100 die er komen 43",
        "Het dieptepunt in wat bezoekers zelf zeiden ligt bij elke versie in de fase uitvoering.",
        "Van de 100 vragen bij de huidige versie eindigden er 42 met een antwoord en 26 met bellen of mailen",
        "Bewoners typen ‘rommel’ (24 bezoekers) en ‘straat’ (24 bezoekers), maar geen enkele titel",
        "Zoekt op de site, en vindt niets",
        "Kiest voor telefoon",
    ):
        assert told in page
    assert "woord1" not in page


def test_what_the_picture_shows_stands_in_a_table(client: FlaskClient) -> None:
    page = text(client, "/journeys/zwerfvuil?lang=en")
    rows = re.findall(r'<tr><th scope="row">/melding/stap-1</th>(.*?)</tr>', page)
    assert [re.sub(r"<[^>]+>", "|", row).split("||")[1:6] for row in rows[:1]] == [
        ["current version", "14", "74%", "43%", "−1.00 (6)"]
    ]


def test_the_report_of_the_experiment_is_one_click_away(client: FlaskClient) -> None:
    assert 'href="/reports/zwerfvuil?language=nl"' in text(client, "/journeys/zwerfvuil")
    assert "/reports/zwerfvuil" not in text(client, "/journeys/paspoort")


def test_stories_disappear_with_their_events(tmp_path: Path) -> None:
    old = tuple(
        replace(book, stories=tuple(replace(one, until="2026-07-11") for one in book.stories))
        for book in books().books
    )
    Shelf(tmp_path / "journeys").put(Books(books().overview, old))
    client = application(tmp_path).test_client()
    assert "Zo ging het" not in text(client, "/journeys/zwerfvuil")


def test_a_task_that_is_no_more_has_no_page(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "journeys")
    shelf.put(lasting())
    shelf.put(Books(books().overview, books().books[:1]))
    client = application(tmp_path).test_client()
    assert client.get(f"/journeys/{books().books[0].task.name}").status_code == 200
    assert client.get(f"/journeys/{books().books[1].task.name}").status_code == 404


def test_another_room_adds_a_section(tmp_path: Path) -> None:
    def advice(book: Book, language: str) -> Section | None:
        return Section("advice", f"{language} {book.task.name}", Markup("<p>Begin bij stap 1.</p>"))

    Shelf(tmp_path / "journeys").put(lasting())
    page = text(application(tmp_path, more=[advice]).test_client(), "/journeys/paspoort")
    assert '<section class="part" id="advice">' in page
    assert "nl paspoort" in page


ABSENT = [
    "/journeys/weg",
    "/journeys/_overview",
    "/journeys/..%2fsecret",
    "/journeys/../secret",
    "/journeys/ZW",
]


@pytest.mark.parametrize("address", ABSENT)
def test_what_is_not_on_the_shelf_is_not_found(client: FlaskClient, address: str, tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_bytes(b"{}")
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_hint_leads_to_a_journey_that_was_lost_there(tmp_path: Path, language: str) -> None:
    page = text(with_hints(tmp_path).test_client(), f"/journeys/zwerfvuil?lang={language}")
    check_form(Parsed(page))
    section = page[page.index('id="hints"') :]
    linked = re.findall(r'<li>([^<]*)<a href="#([a-z0-9-]+)">', section)
    assert [name for _, name in linked] == [f"story-hint-{number}" for number in range(1, 7)]
    for sentence, name in linked:
        (story,) = re.findall(rf'<details class="story" id="{name}" open>(.*?)</details>', section, re.DOTALL)
        (place,) = re.findall(r"/(?:melding|afval)/[a-z0-9-]+", sentence)
        scenes = story.partition("</summary>")[2]
        assert re.findall(r"/(?:melding|afval)/[a-z0-9-]+", scenes)[-1] == place
    assert "#stories" not in section


@pytest.mark.parametrize("data", [b"{", b"{}", b'{"schemaVersion": 99}'])
def test_a_book_that_cannot_be_read_says_how_to_mend_it(tmp_path: Path, data: bytes) -> None:
    Shelf(tmp_path / "journeys").put(lasting())
    (tmp_path / "journeys" / "zwerfvuil.json").write_bytes(data)
    answer = application(tmp_path).test_client().get("/journeys/zwerfvuil")
    assert answer.status_code == 404
    assert "klantreis close" in answer.get_data(as_text=True)


def test_a_page_is_sent_again_only_when_it_changed(client: FlaskClient) -> None:
    first = client.get("/journeys/zwerfvuil")
    again = client.get("/journeys/zwerfvuil", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304


def test_both_languages_say_the_same() -> None:
    for words in (JOURNEYS, WORDS, *PICTURES.values(), *SCENES.values()):
        both = {name: texts for name, texts in words.items() if isinstance(texts, dict)}
        if both:
            assert both["nl"].keys() == both["en"].keys()
            for key, dutch in both["nl"].items():
                placed = [sorted(re.findall(r"{\w+}", each)) for each in (dutch, both["en"][key])]
                assert placed[0] == placed[1], key


def test_serving_the_pages_reads_no_tables() -> None:
    """A server starts at once: what computes is loaded by the job alone."""
    heavy = "{'pandas', 'polars', 'pyarrow', 'numpy'}"
    pages = "analysis.journey_pages, analysis.rendering.hint_section"
    code = f"import sys, {pages}; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.browser
def test_everyone_can_use_the_pages(tmp_path: Path, tab: Page) -> None:
    with served(with_hints(tmp_path)) as address:
        for page, language, width, scheme in (
            ("/journeys/", "nl", 1100, "light"),
            ("/journeys/", "en", 375, "dark"),
            ("/journeys/zwerfvuil", "nl", 375, "light"),
            ("/journeys/zwerfvuil", "en", 1100, "dark"),
        ):
            where = f"{address}{page}?lang={language}"
            assert violations(tab, where, width=width, scheme=scheme) == [], where


@pytest.mark.browser
def test_a_hint_s_journey_is_read_on_a_phone(tmp_path: Path, chromium: Browser) -> None:
    with served(with_hints(tmp_path)) as address:
        phone = chromium.new_page(viewport={"width": 375, "height": 700})
        phone.goto(f"{address}/journeys/zwerfvuil?lang=nl")
        phone.locator('a[href="#story-hint-2"]').click()
        story = phone.locator("#story-hint-2")
        assert story.locator("summary").evaluate("it => it.getBoundingClientRect().top") < 700
        assert story.locator("li").first.is_visible()
        assert phone.evaluate("document.documentElement.scrollWidth") <= 375
        phone.close()


@pytest.mark.browser
def test_our_own_policy_refuses_nothing_and_nothing_comes_from_elsewhere(
    tmp_path: Path, chromium: Browser
) -> None:
    Shelf(tmp_path / "journeys").put(lasting())
    with served(application(tmp_path)) as address:
        opened = chromium.new_page(viewport={"width": 1100, "height": 800})
        told: list[str] = []
        asked: list[str] = []
        opened.on("console", lambda message: told.append(message.text))
        opened.on("request", lambda request: asked.append(request.url))
        opened.goto(f"{address}/journeys/zwerfvuil")
        assert told == []
        assert [url for url in asked if not url.startswith(address)] == []
        assert opened.locator("svg.picture:visible").count() == 4  # map, two versions of paths, words
        opened.close()

# SPDX-License-Identifier: EUPL-1.2
"""The report as one file: well formed, alone, in one language, and usable by everyone."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from analysis import promises
from analysis.rendering import html, render
from analysis.rendering.labels import LABELS
from analysis.rendering.promised import promised
from analysis.report import Heartbeat, Report
from analysis.thresholds import DEFAULTS
from tests import accessibility
from tests.analysis.any_report import reports
from tests.analysis.day_table_samples import EXPERIMENT
from tests.analysis.sample_reports import all_reports, do_not_use, not_enough_data, report, three_variants
from tests.analysis.sample_results import refused

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from playwright.sync_api import Page as Tab

SAMPLES = {one.experiment: one for one in all_reports()}
VOID = {"meta", "link", "br", "img", "input", "hr"}
LANGUAGES = ("nl", "en")


class Page(HTMLParser):
    """What a browser would make of a page, and where it would have to guess."""

    def __init__(self, written: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.faults: list[str] = []
        self.feed(written)
        self.close()
        if self.open:
            self.faults.append(f"left open: {self.open}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> closes {self.open[-1:]}")
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in {"style", "script"}:
            self.words.append(data)

    def values(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]

    @property
    def text(self) -> str:
        return re.sub(r"[ \n]+", " ", " ".join(self.words))


def page(one: Report, language: str = "nl") -> Page:
    return Page(render(one, form="html", language=language))


def check_form(found: Page) -> None:
    """What holds of every report: well formed, nothing from elsewhere, nothing that runs."""
    assert found.faults == []
    assert found.tags["h1"] == 1
    assert not {"script", "iframe", "object", "form", "base"} & found.tags.keys()
    assert [name for _, name, _ in found.attributes if name.startswith("on") or name == "style"] == []
    addresses = found.values("href") + found.values("src") + found.values("action")
    assert [address for address in addresses if re.match(r"(?i)[a-z][a-z0-9+.-]*:|//", address)] == []
    doubled = [name for name, times in Counter(found.values("id")).items() if times > 1]
    assert doubled == []
    known = set(found.values("id"))
    named = {one for value in found.values("aria-labelledby") for one in value.split()}
    assert named <= known


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("one", SAMPLES.values(), ids=SAMPLES)
def test_is_well_formed_and_stands_alone(one: Report, language: str) -> None:
    found = page(one, language)
    check_form(found)
    assert ("html", "lang", language) in found.attributes
    assert f"{one.experiment}.{'en' if language == 'nl' else 'nl'}.html" in found.values("href")
    policy = next(
        value for _, name, value in found.attributes if name == "content" and "default-src" in value
    )
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("one", SAMPLES.values(), ids=SAMPLES)
def test_speaks_one_language(one: Report, language: str) -> None:
    other = "en" if language == "nl" else "nl"
    spoken = page(one, language).text
    strange = [
        words
        for key, words in LABELS[other].items()
        if " " in words and "{" not in words and key != "other_language" and words in spoken
    ]
    assert strange == []
    known_english = r"\b(visitors?|found|probably|clearly|with the|better|current|redesign)\b"
    if language == "nl":
        assert re.findall(known_english, spoken) == []


def test_shows_every_picture_with_a_sentence_and_a_table() -> None:
    found = page(report())
    assert found.tags["figure"] == 8
    assert found.tags["figcaption"] == 8
    assert found.tags["details"] == 9  # one table per picture, and the segments
    assert found.values("role").count("img") == 2 * 10  # both widths of ten drawings


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_was_promised_has_a_name_in_words(language: str) -> None:
    definitions = promises.definitions(EXPERIMENT, DEFAULTS)
    lines = promised(report(definitions=definitions), language)
    assert [name for name, _ in lines if not name[0].isupper()] == []


SAYS = {
    "the verdict": "De nieuwe versie is beter: van de 100 bezoekers vonden er 57 een antwoord",
    "the period": "9 tot en met 22 november 2026",
    "what was promised": "belde of mailde (minder is beter), hooguit 2,0 procentpunt slechter",
    "who agreed": "S. de Vries, proceseigenaar openbare ruimte",
    "the way back": "Alle bezoekers krijgen weer de huidige versie.",
    "the allocation": "huidige versie 50 %; nieuwe versie 50 %",
    "a threshold": "Een antwoord telt als gelezen na",
    "the guardrail": "binnen de grens gebleven",
    "a refused result": "niet te zeggen: er zijn te weinig bezoekers om de onzekerheid te berekenen",
    "the segments": "scherm: klein (telefoon)",
    "a check": "De bezoekers zijn over de versies verdeeld zoals was afgesproken.",
    "what was set aside": "andere versie getoond dan geloot",
    "a caveat": "Een bezoeker is hier een browser, geen mens.",
    "chance in words": "1 op de 1.200",
    "a method in words": "gemiddelde tijd tot een vaste grens (Aalen–Johansen)",
    "a definition": "Zo lijkt een versie niet sneller als bezoekers eerder stoppen.",
    "the paths in words": "Van de 100 vragen eindigden er bij de huidige versie 50 met een antwoord",
    "the step that did it": "Van de 100 bezoekers met een vraag over het onderwerp kwamen er 75 bij het "
    "antwoord "
    "met de nieuwe versie; met de huidige versie 66.",
    "the way to the verdict": "Op 22 november 2026 ging de lijn over de grens",
    "what visitors do differently": "van startpagina naar /zwerfvuil, bij de nieuwe versie 31 keer per 100 "
    "vragen",
    "another definition": "antwoord tussen de zoekresultaten telt ook",
    "the adjusted estimate": "gecorrigeerd voor het soort bezoek",
    "a belief with its prior": "twee van de drie minder dan 30 %",
    "a chance that is not certain": "meer dan 99 %",
    "when it is judged": "na elke dag, met grenzen die vooraf vastliggen",
    "the table of figures": "Cijfers als tabel (CSV)",
    "the lowest heartbeat": "Het laagste punt is de fase uitvoering bij de huidige versie",
}


@pytest.mark.parametrize("words", SAYS.values(), ids=SAYS)
def test_says(words: str) -> None:
    assert words in page(report()).text.replace("\u00a0", " ")


def test_a_void_report_draws_no_conclusion() -> None:
    spoken = page(do_not_use()).text
    assert "Trek hier geen conclusie uit: de proef is niet eerlijk verlopen." in spoken
    assert not re.search(r"duidelijk beter|duidelijk slechter|tussen 3 en 11", spoken)


def test_a_report_of_nothing_but_refusals_has_no_pictures() -> None:
    nothing = report(
        results=(refused(), refused(metric="pages", reason="noVariation")),
        pictures=type(report().pictures)(),
        transitions=(),
        second=type(report().second)(),
    )
    found = page(nothing)
    check_form(found)
    assert found.tags["figure"] == 0
    assert "alle bezoekers hadden dezelfde waarde" in found.text


def test_of_fewer_than_five_reactions_no_mean_is_told() -> None:
    few = Heartbeat(variant="current", phase="oriëntatie", given=True, counts=(4, 0, 0), mean=-1.0)
    enough = Heartbeat(variant="current", phase="uitvoering", given=True, counts=(2, 0, 3), mean=0.2)

    def told(*beats: Heartbeat) -> str:
        return page(report(pictures=replace(report().pictures, heartbeats=beats))).text

    assert "Het laagste punt is de fase uitvoering bij de huidige versie: gemiddeld +0,20" in told(
        few, enough
    )
    assert "−1,00" not in told(few, enough)
    assert "Er zijn te weinig reacties om te zeggen waar het laagste punt ligt." in told(few)


def test_three_versions_are_told_apart() -> None:
    found = page(three_variants())
    assert "Versie kort: van de 100 bezoekers" in found.text
    assert len([value for value in found.values("class") if "v2" in value.split()]) > 10


def test_a_number_and_its_unit_stay_on_one_line() -> None:
    assert re.search("\\d\u00a0% van de bezoekers", page(report()).text)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(reports)
def test_any_report_is_safe_to_open(one: Report) -> None:
    for language in LANGUAGES:
        written = render(one, form="html", language=language)
        check_form(Page(written))
        assert "<b>" not in written
        assert "<script" not in written


Scheme = Literal["light", "dark"]


def violations(tab: Tab, address: str, *, width: int, scheme: Scheme) -> list[str]:
    """What axe-core finds on a page with everything unfolded, and whether the page scrolls sideways."""
    tab.set_viewport_size({"width": width, "height": 900})
    tab.emulate_media(color_scheme=scheme)
    tab.goto(address)
    tab.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    found = accessibility.violations(tab)
    if tab.evaluate("document.documentElement.scrollWidth") > width:
        found.append(f"scrolls sideways at {width} px")
    return found


LOOKS = {
    "on a screen": (report(), "nl", 1200, "light"),
    "on a screen, dark": (report(), "en", 1200, "dark"),
    "on a small phone": (report(), "en", 320, "light"),
    "on a small phone, dark": (report(), "nl", 320, "dark"),
    "three versions": (three_variants(), "nl", 320, "light"),
    "void": (do_not_use(), "en", 1200, "light"),
    "too early": (not_enough_data(), "nl", 320, "dark"),
}


@pytest.mark.browser
@pytest.mark.parametrize(("one", "language", "width", "scheme"), LOOKS.values(), ids=LOOKS)
def test_everyone_can_use_it(
    one: Report, language: str, width: int, scheme: Scheme, tab: Tab, tmp_path: Path
) -> None:
    file = tmp_path / "report.html"
    file.write_text(render(one, form="html", language=language), encoding="utf-8")
    assert violations(tab, file.as_uri(), width=width, scheme=scheme) == []


@pytest.mark.browser
def test_a_phone_gets_drawings_of_its_own(chromium: Browser, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(render(report(), form="html", language="nl"), encoding="utf-8")
    for width, shown, hidden in ((1200, ".wide", ".narrow"), (375, ".narrow", ".wide")):
        opened = chromium.new_page(viewport={"width": width, "height": 800})
        opened.goto(file.as_uri())
        assert opened.locator(f"svg{shown}:visible").count() == 10
        assert opened.locator(f"svg{hidden}:visible").count() == 0
        sizes = opened.eval_on_selector_all(
            f"svg{shown} text", "all => all.map(one => one.getBoundingClientRect().height)"
        )
        assert min(sizes) > 11  # pixels: no text shrinks below legibility
        opened.close()


@pytest.mark.browser
def test_wide_tables_scroll_by_keyboard(chromium: Browser, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(render(report(), form="html", language="nl"), encoding="utf-8")
    opened = chromium.new_page(viewport={"width": 375, "height": 800})
    opened.goto(file.as_uri())
    region = opened.get_by_role("region", name="Alle uitkomsten")
    region.focus()
    opened.keyboard.press("ArrowRight")
    # The page's policy forbids the eval with which Playwright repeats an expression; here the page waits.
    scrolled = opened.evaluate(
        """async () => {
            for (let frame = 0; frame < 300 && !document.activeElement.scrollLeft; frame++)
                await new Promise(requestAnimationFrame);
            return document.activeElement.scrollLeft;
        }"""
    )
    assert scrolled > 0
    opened.close()


def test_the_stylesheet_loads_nothing() -> None:
    assert not re.search(r"url\(|@import|https?:", html.style())


def test_not_enough_data_shows_how_far_it_is() -> None:
    assert "er deden 20 van de 3.000 geplande bezoekers mee" in page(not_enough_data()).text

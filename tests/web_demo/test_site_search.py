# SPDX-License-Identifier: EUPL-1.2
"""Residents find what they type; where that depends on the variant, and only there, it is an exposure."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.web_demo.showing import VERSIONS, Showing, parsed, seen
from web_demo.content import load_content
from web_demo.search import Results, SearchIndex, words
from web_demo.site import create_site

INDEX = SearchIndex(load_content(), "nl")
ENGLISH = SearchIndex(load_content(), "en")


SITES = {version: create_site(experiments=Showing(version)).test_client() for version in VERSIONS}


def found(query: str, version: str = "current", index: SearchIndex = INDEX) -> list[str]:
    return [hit.page.path for hit in index.search(query, lambda name: version).hits]


FIRST = {
    "paspoort": "/identiteit/paspoort",
    "paspoorten": "/identiteit/paspoort",
    "paspoort verl": "/identiteit/paspoort",
    "PASPOORT!!": "/identiteit/paspoort",
    "ik ga verhuizen": "/verhuizen/verhuizing-doorgeven",
    "adres wijzigen": "/verhuizen/verhuizing-doorgeven",
    "grof vuil": "/afval/grofvuil",
    "bank laten ophalen": "/afval/grofvuil",
    "matras": "/afval/grofvuil",
    "stort": "/afval/milieustraat",
    "wanneer afval ophalen": "/afval/afvalkalender",
    "parkeervergunning": "/verkeer-en-parkeren/parkeervergunning",
    "uittreksel": "/identiteit/uittreksel-brp",
    "hond": "/belastingen/hondenbelasting",
    "woz": "/belastingen/woz-bezwaar",
    "boom kappen": "/bouwen/kapvergunning",
    "scootmobiel": "/zorg/hulpmiddel",
    "uitkering": "/werk-en-inkomen/bijstand",
    "baby geboren": "/gezin/geboorte-aangeven",
    "trouwen": "/gezin/trouwen",
    "ID-kaart": "/identiteit/identiteitskaart",
    "cliëntondersteuner": "/zorg/hulpmiddel",
    "clientondersteuner": "/zorg/hulpmiddel",
    "lantaarnpaal": "/leefomgeving/straatverlichting",
    "openingstijden stadhuis": "/contact",
}


@pytest.mark.parametrize("query", FIRST)
def test_the_first_result_is_what_a_resident_means(query: str) -> None:
    assert found(query)[:1] == [FIRST[query]]


BY_VARIANT = {
    "zwerfvuil": ("zwerfvuil", "/leefomgeving/melding-openbare-ruimte", "/afval/zwerfvuil-melden"),
    "rommel op straat": ("zwerfvuil", None, "/afval/zwerfvuil-melden"),
    "afval naast container": ("zwerfvuil", None, "/afval/zwerfvuil-melden"),
    "melding openbare ruimte": (
        "zwerfvuil",
        "/leefomgeving/melding-openbare-ruimte",
        "/afval/zwerfvuil-melden",
    ),
    "schulden": ("schuldhulp", "/werk-en-inkomen/schuldhulp", "/werk-en-inkomen/schuldhulp"),
    "geldproblemen": ("schuldhulp", None, "/werk-en-inkomen/schuldhulp"),
}


@pytest.mark.parametrize("query", BY_VARIANT)
def test_results_differ_by_variant_as_designed(query: str) -> None:
    experiment, *wanted = BY_VARIANT[query]
    for version, page in zip(VERSIONS, wanted, strict=True):
        results = INDEX.search(query, lambda name, version=version: version)
        assert results.seen == (experiment,)
        of_journey = [hit.page.path for hit in results.hits if hit.page.experiment == experiment]
        assert of_journey == ([page] if page else [])


def test_the_redesign_puts_its_page_first_and_the_current_version_hides_it_deep() -> None:
    assert found("zwerfvuil", "redesign")[0] == "/afval/zwerfvuil-melden"
    assert found("zwerfvuil", "current").index("/leefomgeving/melding-openbare-ruimte") >= 3


def test_an_experiment_is_asked_for_only_where_the_results_differ() -> None:
    asked: list[str] = []

    def variant_of(name: str) -> str:
        asked.append(name)
        return "current"

    for query in ("paspoort", "trouwen", "xyzzy", "", "werk zoeken"):
        assert INDEX.search(query, variant_of).seen == ()
    assert asked == []
    INDEX.search("zwerfvuil", variant_of)
    assert asked == ["zwerfvuil"]


TYPED = (
    "zwerfvuil",
    "schulden",
    "straat",
    "melden",
    "afval",
    "huis",
    "de",
    "paspoort",
    "betalen",
    "hulp",
    "xyzzy",
)
QUERIES = st.lists(st.sampled_from(TYPED), max_size=4).map(" ".join)


@given(query=QUERIES, other=st.sampled_from(VERSIONS))
@settings(deadline=None, max_examples=80)
def test_what_is_not_seen_changes_nothing(query: str, other: str) -> None:
    """For each experiment alone: the lists differ if and only if it counts as seen."""
    for name in ("zwerfvuil", "schuldhulp"):
        lists = [
            INDEX.search(query, lambda asked, version=version: version if asked == name else other)  # noqa: B023
            for version in VERSIONS
        ]
        if name not in lists[0].seen:
            assert lists[0].hits == lists[1].hits
        assert lists[0].seen == lists[1].seen


@given(st.text(max_size=250))
@settings(deadline=None, max_examples=150)
def test_any_text_can_be_searched_for(query: str) -> None:
    assert isinstance(INDEX.search(query, lambda name: "current"), Results)


NO_RESULTS = {"grovfuil": "grofvuil", "paspoord": "paspoort", "rijbewjis": "rijbewijs", "qqqqqqq": None}


@pytest.mark.parametrize("query", NO_RESULTS)
def test_a_typing_error_gets_a_suggestion(query: str) -> None:
    results = INDEX.search(query, lambda name: "current")
    assert results.hits == ()
    assert results.suggestion == NO_RESULTS[query]


def test_a_suggestion_never_betrays_the_words_of_one_variant() -> None:
    own = {
        word for page in load_content().every_page() if page.experiment
        for word in words(" ".join((page.title, *page.keywords)))
    }  # fmt: skip
    everybody = {
        word for page in load_content().every_page() if not page.experiment
        for word in words(f"{page.title} {' '.join(page.keywords)}")
    }  # fmt: skip
    for word in own - everybody:
        suggestion = INDEX.search(f"{word[:-1]}qq", lambda name: "current").suggestion
        assert suggestion is None or suggestion.split()[0] in everybody


def test_english_is_searched_apart() -> None:
    assert found("litter in the street", index=ENGLISH)[0] == "/en/litter"
    assert found("bailiff", index=ENGLISH) == ["/en/debt-help"]
    assert found("zwerfvuil", index=ENGLISH) == []


def results_page(query: str, version: str = "current", path: str = "/zoeken") -> str:
    return SITES[version].get(path, query_string={"q": query}).text


def test_the_results_page_tells_the_tracker_what_was_searched_and_found() -> None:
    text = results_page("afval brengen")
    page = parsed(text)
    mark = page.css_first("[data-kr-query]")
    ranks = [link.attributes["data-kr-rank"] for link in page.css("main a[data-kr-rank]")]
    assert mark is not None
    assert mark.attributes["data-kr-query"] == "afval brengen"
    assert ranks == [str(n) for n in range(1, int(mark.attributes["data-kr-results"] or 0) + 1)]
    assert ranks
    assert page.css_first("input[type=search]").attributes["value"] == "afval brengen"
    assert seen(text, "mark")


def test_an_empty_results_page_helps() -> None:
    text = results_page("grovfuil")
    page = parsed(text)
    assert page.css_first("[data-kr-query]").attributes["data-kr-results"] == "0"
    assert page.css_first("[data-kr-suggestion]").attributes["href"] == "/zoeken?q=grofvuil"
    assert page.css("main a[href='tel:140999']")
    assert len(page.css("main nav a")) >= 5


ANSWERS = {
    ("openingstijden", "/zoeken"): "9.00 tot 16.00",
    ("openingstijden milieustraat", "/zoeken"): "Havenweg 12",
    ("telefoonnummer gemeente", "/zoeken"): "14 0999",
    ("wat kost een paspoort", "/zoeken"): "€ 88,40",
    ("opening hours", "/en/search"): "9:00 to 16:00",
}


@pytest.mark.parametrize(("query", "path"), ANSWERS)
def test_a_fact_is_answered_on_the_results_page(query: str, path: str) -> None:
    text = results_page(query, path=path)
    assert parsed(text).css_first("[data-kr-query][data-kr-answer]") is not None
    assert ANSWERS[query, path] in seen(text, ".voorbeeldstad-answer")[0]


def test_no_answer_where_none_was_asked_for() -> None:
    assert "data-kr-answer" not in results_page("paspoort")


def test_what_is_typed_is_never_taken_for_html() -> None:
    text = results_page('<script>alert("x")</script> grofvuil"')
    assert "<script>" not in text
    assert parsed(text).css_first("[data-kr-query]").attributes["data-kr-query"].startswith("<script>")

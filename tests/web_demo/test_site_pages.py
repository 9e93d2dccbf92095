# SPDX-License-Identifier: EUPL-1.2
"""Every page leads on, says where one is, and is part of an experiment only where it differs."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from flask.testing import FlaskClient

from experiments.loading import load
from experiments.scope import applies_to
from tests.web_demo.showing import VERSIONS, Showing, parsed, seen
from web_demo.content import load_content, plain, read_page
from web_demo.errors import ContentError, WebDemoError
from web_demo.site import create_site

DEFINITIONS = Path(__file__).parents[2] / "web_demo" / "definitions"
START = (
    "/",
    "/zoeken?q=afval",
    "/zoeken?q=grovfuil",
    "/en/search?q=passport",
    "/feedback/bedankt?page=/contact",
)
NO_FEEDBACK = {"/feedback/bedankt"}


@cache
def site_in(version: str) -> tuple[Showing, FlaskClient, dict[str, str]]:
    """The site in one version, and every page of it."""
    showing = Showing(version)
    client = create_site(experiments=showing).test_client()
    return showing, client, crawl(client)


def crawl(client: FlaskClient) -> dict[str, str]:
    """Every page that links lead to, by path; a redirect counts as the page it leads to."""
    waiting, pages = list(START), {}
    while waiting:
        address = waiting.pop()
        if address in pages:
            continue
        answer = client.get(address, follow_redirects=True)
        assert answer.status_code == 200, f"{address} answers {answer.status_code}"
        if answer.mimetype != "text/html":
            continue
        pages[address] = answer.text
        for link in parsed(answer.text).css("a[href], link[href], img[src]"):
            to = urlsplit(urljoin(address, link.attributes.get("href") or link.attributes["src"]))
            if to.scheme in ("tel", "mailto") or to.fragment:
                continue
            assert not to.netloc, f"{address} loads or links {to.geturl()}"
            waiting.append(to._replace(fragment="").geturl())
    return pages


@pytest.fixture(params=VERSIONS)
def pages(request: pytest.FixtureRequest) -> dict[str, str]:
    return site_in(request.param)[2]


def test_every_link_leads_to_a_page_and_there_are_at_least_thirty(pages: dict[str, str]) -> None:
    assert len({urlsplit(address).path for address in pages}) >= 60
    assert sum(address.startswith("/en") for address in pages) >= 7


def test_no_page_is_an_orphan(pages: dict[str, str]) -> None:
    reached = {urlsplit(address).path for address in pages}
    everybody = {path for path, versions in load_content().pages.items() if "" in versions}
    assert everybody <= reached


def test_every_page_has_the_shell_that_people_and_the_tracker_rely_on(pages: dict[str, str]) -> None:
    for address, text in pages.items():
        path = urlsplit(address).path
        tree = parsed(text)
        root = tree.css_first("html")
        language = "en" if path.startswith("/en") else "nl"
        assert root is not None, address
        assert root.attributes["lang"] == language, address
        assert len(tree.css("h1")) == 1, address
        assert len(tree.css("main h1")) == 1, address
        assert seen(text, "title")[0].endswith("Voorbeeldstad"), address
        assert seen(text, ".utrecht-skip-link") != [], address
        assert len(tree.css("form[role=search] input[type=search]")) == 1, address
        assert tree.css("footer a[href='tel:140999']") != [], address
        if path not in ("/", "/en"):
            assert len(tree.css("nav.utrecht-breadcrumb-nav [aria-current=page]")) == 1, address
        if path not in NO_FEEDBACK:
            values = [b.attributes["value"] for b in tree.css("form[data-kr-feedback] button")]
            assert values == ["1", "0", "-1"], address
        ids = [node.attributes["id"] for node in tree.css("[id]")]
        assert len(ids) == len(set(ids)), f"{address} has an id twice"


def test_titles_tell_pages_apart(pages: dict[str, str]) -> None:
    contents: dict[str, set[str]] = {}
    for text in pages.values():
        contents.setdefault(seen(text, "title")[0], set()).update(seen(text, "main"))
    assert [title for title, different in contents.items() if len(different) > 1] == []


def test_the_telephone_route_is_equal_in_all_variants() -> None:
    def contact(version: str) -> dict[str, str]:
        pages = site_in(version)[2]
        return {address: parsed(text).css_first("footer").html or "" for address, text in pages.items()}

    current, redesign = contact("current"), contact("redesign")
    both = current.keys() & redesign
    assert {address: current[address] for address in both} == {address: redesign[address] for address in both}
    assert len(set(redesign.values())) == 2  # Dutch and English


def test_an_experiment_is_asked_exactly_where_its_versions_look_different() -> None:
    """The exposure is neither missed (then the comparison is biased) nor too wide (then it is diluted)."""
    sites = {version: site_in(version)[0] for version in VERSIONS}
    clients = {version: site_in(version)[1] for version in VERSIONS}
    addresses = sorted(set().union(*(site_in(version)[2] for version in VERSIONS)))
    for showing in sites.values():
        showing.asked.clear()
    different = set()
    for address in addresses:
        answers = {version: client.get(address) for version, client in clients.items()}
        if len({(answer.status_code, answer.text) for answer in answers.values()}) > 1:
            different.add(urlsplit(address).path)
    for version, showing in sites.items():
        asked = {path for path, name in showing.asked if name != "aa-controle"}
        # Without a filled form its last page redirects alike in both versions; it is still part of the form.
        assert asked - different <= {"/melding/bedankt", "/schuldhulp/bedankt"}, version
        assert different <= asked, version


def test_experiments_apply_to_every_page_where_they_are_asked() -> None:
    experiments = load([DEFINITIONS / "experiments"])
    assert set(experiments) == {"zwerfvuil", "schuldhulp", "aa-controle"}
    for version in VERSIONS:
        for path, name in site_in(version)[0].asked:
            assert applies_to(experiments[name], path), f"{name} is asked on {path}, outside its pages"


MISSING_HERE = {
    "current": ("/afval/zwerfvuil-melden", "/leefomgeving/melding-openbare-ruimte"),
    "redesign": ("/leefomgeving/melding-openbare-ruimte", "/afval/zwerfvuil-melden"),
}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_page_of_the_other_version_leads_to_its_counterpart(version: str) -> None:
    client = site_in(version)[1]
    gone, counterpart = MISSING_HERE[version]
    answer = client.get(gone)
    assert (answer.status_code, answer.location) == (302, f"{counterpart}?kr_moved=1")
    assert client.get(counterpart).status_code == 200
    assert client.get(f"{gone}?kr_moved=1").status_code == 200  # sent on once, not back again


@pytest.mark.parametrize(
    ("address", "sent_on_to"),
    [
        ("/afval/zwerfvuil-melden?{}", "/leefomgeving/melding-openbare-ruimte?{}&kr_moved=1"),
        ("/afval/grofvuil/?{}", "/afval/grofvuil?{}"),
        ("/melding?{}", "/melding/stap-1?{}"),
        ("/melding", "/melding/stap-1"),
    ],
)
def test_where_a_visitor_came_from_goes_along_when_he_is_sent_on(address: str, sent_on_to: str) -> None:
    # Else one version's visitors seem to come from letters and links, and the other's do not.
    code = "kr_code=BRIEF&utm_source=nieuws%20brief&q=%C3%A9"
    answer = site_in("current")[1].get(address.format(code))
    assert answer.location == sent_on_to.format(code)


@pytest.mark.parametrize("unknown", ["", "blue"])
def test_an_unknown_variant_shows_the_control(unknown: str) -> None:
    client = create_site(experiments=Showing(unknown)).test_client()
    assert client.get("/leefomgeving/melding-openbare-ruimte").status_code == 200
    assert "Stap 1 van 6" in client.get("/melding/stap-1").text


def test_the_home_page_shows_litter_as_a_top_task_in_the_redesign_only() -> None:
    tasks = {}
    for version in VERSIONS:
        tasks[version] = seen(site_in(version)[2]["/"], "nav.utrecht-top-task-nav a")
    assert "Ik wil zwerfvuil melden" in tasks["redesign"]
    assert not any("zwerfvuil" in task for task in tasks["current"])
    assert len(tasks["current"]) == len(tasks["redesign"]) == 8


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/bestaat-niet", 404),
        ("/en/nothing", 404),
        ("/afval/", 308),
        ("/afval/grofvuil/", 308),
        ("/melding", 302),
        ("/melding/stap-0", 404),
        ("/melding/stap-99", 302),
        ("/melding/bedankt", 302),
        ("/feedback", 404),
        ("/static/theme.css", 200),
        ("/%00", 404),
        ("/zoeken?q=%00%ff", 200),
    ],
)
def test_other_addresses(address: str, status: int) -> None:
    assert site_in("current")[1].get(address).status_code == status


def test_feedback_without_script_is_thanked_for_and_leads_back_to_our_own_pages_only() -> None:
    client = create_site().test_client()
    fine = client.post("/feedback", data={"page": "/en/moving", "antwoord": "1"}, follow_redirects=True)
    assert seen(fine.text, "h1") == ["Thank you"]
    assert "/en/moving" in fine.text
    elsewhere = client.post("/feedback", data={"page": "https://evil.example/"}, follow_redirects=True)
    assert "evil" not in elsewhere.text


def test_pages_load_nothing_from_elsewhere_and_run_no_inline_script() -> None:
    answer = create_site().test_client().get("/")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "<style" not in answer.text
    assert "style=" not in answer.text


def test_a_visit_without_forms_sets_no_cookie() -> None:
    client = create_site().test_client()
    for address in ("/", "/zoeken?q=afval", "/afval/grofvuil", "/melding/stap-1"):
        assert "Set-Cookie" not in client.get(address).headers


BROKEN = {
    "no heading": ("<p>Tekst</p>", "no text after its heading"),
    "no TOML": ("+++\ntitle = \n+++\n<p>x</p>", "is no TOML"),
    "unknown key": ('+++\ntitle = "a"\nsummary = "b"\ncolour = "c"\n+++\n<p>x</p>', "colour"),
    "no summary": ('+++\ntitle = "a"\n+++\n<p>x</p>', "summary"),
    "experiment without variant": (
        '+++\ntitle = "a"\nsummary = "b"\nexperiment = "c"\n+++\n<p>x</p>',
        "VARIANT",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_page_is_named_with_what_is_wrong(case: str, tmp_path: Path) -> None:
    text, told = BROKEN[case]
    file = tmp_path / "grofvuil.html"
    file.write_text(text)
    with pytest.raises(ContentError, match=told) as caught:
        read_page(file, tmp_path)
    assert "grofvuil.html" in str(caught.value)
    assert isinstance(caught.value, WebDemoError)


def test_text_for_the_index_reads_like_sentences() -> None:
    body = (
        '<h2>Kosten</h2><p>Bel <a href="tel:1">14 0999</a>.</p><ul><li>een</li><li>twee &amp; drie</li></ul>'
    )
    assert plain(body) == "Kosten. Bel 14 0999. een. twee & drie."


@pytest.mark.shared
def test_products_carry_national_names(shared: Path) -> None:
    national = set((shared / "data" / "upl" / "upl_gemeente_burger.txt").read_text().splitlines())
    products = [page for page in load_content().every_page() if page.kind == "product"]
    assert [page.path for page in products if page.upl not in national] == []
    assert len({page.upl for page in products}) >= 30

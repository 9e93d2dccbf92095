# SPDX-License-Identifier: EUPL-1.2
"""Programs are told from residents' browsers, by vectors that others keep."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tracker import bots
from tracker.bots import NOT_BOTS, evidence, is_bot, is_program

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/141.0.0.0 Safari/537.36"
)


def agents(shared: Path, name: str) -> list[str]:
    groups = yaml.safe_load((shared / "vectors" / "bots" / name).read_text())
    return [agent for group in groups.values() for agent in group]


@pytest.mark.shared
def test_catches_at_least_95_percent_of_known_crawlers(shared: Path) -> None:
    crawlers = agents(shared, "crawlers.yml")
    missed = [agent for agent in crawlers if not is_bot(agent)]
    assert len(crawlers) == 626
    assert len(missed) <= 0.05 * len(crawlers), missed


@pytest.mark.shared
def test_takes_at_most_1_percent_of_browsers_for_programs(shared: Path) -> None:
    browsers = agents(shared, "browsers.yml")
    caught = [(evidence(agent), agent) for agent in browsers if is_bot(agent)]
    assert len(browsers) == 555
    assert len(caught) <= 0.01 * len(browsers), caught


@pytest.mark.parametrize(
    "agent",
    [
        pytest.param("", id="none"),
        pytest.param("-", id="a dash"),
        pytest.param("curl/8.14.1", id="curl"),
        pytest.param("python-requests/2.32", id="a script"),
        pytest.param(CHROME.replace("Chrome", "HeadlessChrome"), id="Chrome without a screen"),
        pytest.param(f"{CHROME} NieuweSpider/1.0", id="unknown crawler in a browser's clothes"),
        pytest.param(
            "Mozilla/5.0 (compatible; Voorbeeld/1.0; +https://voorbeeld.example/bot)", id="with an address"
        ),
        pytest.param("OnbekendGereedschap/3.2", id="a name and a version only"),
        pytest.param("Mozilla/5.0", id="no device"),
    ],
)
def test_is_a_program(agent: str) -> None:
    assert is_bot(agent)


@pytest.mark.parametrize(
    "agent",
    [
        pytest.param(CHROME, id="Chrome"),
        pytest.param("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", id="Firefox"),
        pytest.param(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/18.5 Mobile/15E148 Safari/604.1",
            id="Safari on a phone",
        ),
        pytest.param(
            "Mozilla/5.0 (Linux; Android 10; CUBOT X30) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/141.0.0.0 Mobile Safari/537.36",
            id="a phone named like a bot",
        ),
        pytest.param("Lynx/2.9.2 libwww-FM/2.14 SSL-MM/1.4.1 OpenSSL/3.5.0", id="a text browser"),
    ],
)
def test_is_a_resident(agent: str) -> None:
    assert not is_bot(agent)


def test_what_is_left_out_of_the_list_is_still_in_it() -> None:
    from crawleruseragents import CRAWLER_USER_AGENTS_DATA

    assert set(NOT_BOTS) <= {entry["pattern"] for entry in CRAWLER_USER_AGENTS_DATA}


BRANDS = '"Chromium";v="141", "Not?A_Brand";v="8"'


@pytest.mark.parametrize(
    ("headers", "program"),
    [
        pytest.param({"user-agent": CHROME, "sec-ch-ua": BRANDS}, False, id="Chrome with its hints"),
        pytest.param(
            {"user-agent": CHROME, "sec-ch-ua": f'{BRANDS}, "HeadlessChrome";v="141"'},
            True,
            id="no screen, says a hint",
        ),
        pytest.param(
            {"user-agent": CHROME, "from": "crawler@example.org"}, True, id="who says whom to write to"
        ),
        pytest.param({"user-agent": "curl/8.14.1"}, True, id="a name alone"),
        pytest.param({}, True, id="nothing"),
    ],
)
def test_all_headers_tell(headers: dict[str, str], program: bool) -> None:
    assert is_program(headers) is program


def test_long_user_agents_are_remembered_only_so_far() -> None:
    """Or a stranger fills the memory: eight thousand of sixty thousand signs each."""
    before = bots._is_bot.cache_info()
    for end in "ab":
        assert not is_bot(CHROME + " " + "x" * 600 + end)
    after = bots._is_bot.cache_info()
    assert after.currsize <= before.currsize + 1
    assert after.hits == before.hits + 1

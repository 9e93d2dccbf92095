# SPDX-License-Identifier: EUPL-1.2
"""The site with the experiments that really run: cookie, exposure, caching, preview."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest
from flask.testing import FlaskClient

from experiments.flask_extension import Experiments
from experiments.loading import load
from experiments.register import FixedRegister
from tests.web_demo.showing import parsed
from web_demo.site import create_site

DEFINITIONS = load([Path(__file__).parents[2] / "web_demo" / "definitions" / "experiments"]).values()
RUNNING = datetime(2026, 6, 10, 12, tzinfo=UTC)
OVER = datetime(2026, 9, 1, 12, tzinfo=UTC)


def client_at(moment: datetime, seed: int = 1) -> FlaskClient:
    experiments = Experiments(
        FixedRegister(DEFINITIONS), clock=lambda: moment, random=Random(seed), definitions=DEFINITIONS
    )
    return create_site(experiments=experiments).test_client()


def exposures(text: str) -> tuple[dict[str, str], list[str]]:
    """(variants shown, those met for the first time) as the script tag of the page says."""
    script = parsed(text).css_first("script[src$='k.js']")
    assert script is not None
    shown = (tuple(part.split("=")) for part in (script.attributes.get("data-x") or "").split(",") if part)
    return dict(shown), (script.attributes.get("data-f") or "").split(",")


SEEN = {
    "/": {"zwerfvuil"},
    "/afval": {"zwerfvuil"},
    "/leefomgeving": {"zwerfvuil"},
    "/werk-en-inkomen": {"schuldhulp"},
    "/werk-en-inkomen/schuldhulp": {"schuldhulp", "aa-controle"},
    "/afval/grofvuil": {"aa-controle"},
    "/en/litter": {"aa-controle"},
    "/zoeken?q=zwerfvuil": {"zwerfvuil"},
    "/zoeken?q=geldproblemen": {"schuldhulp"},
    "/zoeken?q=paspoort": set(),
    "/melding/stap-1": {"zwerfvuil"},
    "/schuldhulp/stap-1": {"schuldhulp"},
    "/verhuizing/stap-1": set(),
    "/contact": set(),
    "/en": set(),
}


@pytest.mark.parametrize("address", SEEN)
def test_a_page_is_an_exposure_to_what_differs_on_it(address: str) -> None:
    answer = client_at(RUNNING).get(address)
    shown, first = exposures(answer.text)
    assert set(shown) == SEEN[address]
    assert set(first) - {""} == SEEN[address]
    if SEEN[address]:
        assert "private" in answer.headers["Cache-Control"]
        assert "Cookie" in answer.headers["Vary"]


@pytest.mark.parametrize("seed", range(8))
def test_a_browser_keeps_its_version_through_the_whole_journey(seed: int) -> None:
    client = client_at(RUNNING, seed)
    shown, _ = exposures(client.get("/").text)
    page = {"current": "/leefomgeving/melding-openbare-ruimte", "redesign": "/afval/zwerfvuil-melden"}[
        shown["zwerfvuil"]
    ]
    steps = {"current": 6, "redesign": 3}[shown["zwerfvuil"]]
    assert client.get(page).status_code == 200
    text = client.get("/melding/stap-1").text
    assert f"Stap 1 van {steps}" in text
    assert exposures(text) == (shown, [""])  # met before, on the home page


@pytest.mark.parametrize("seed", range(4))
def test_a_redirect_to_the_counterpart_does_not_use_up_the_first_exposure(seed: int) -> None:
    for address in ("/afval/zwerfvuil-melden", "/leefomgeving/melding-openbare-ruimte"):
        answer = client_at(RUNNING, seed).get(address, follow_redirects=True)
        assert "zwerfvuil" in exposures(answer.text)[1]


def test_a_browser_that_keeps_no_cookie_is_not_sent_to_and_fro() -> None:
    # Each request without a cookie draws a version anew: one in 256 such visits ended in a loop of redirects.
    experiments = Experiments(
        FixedRegister(DEFINITIONS), clock=lambda: RUNNING, random=Random(1), definitions=DEFINITIONS
    )
    client = create_site(experiments=experiments).test_client(use_cookies=False)
    for _ in range(200):
        answer = client.get("/afval/zwerfvuil-melden", follow_redirects=True)
        assert answer.status_code == 200
        assert len(answer.history) <= 1


def test_after_the_test_everybody_sees_the_current_version_unmeasured() -> None:
    answer = client_at(OVER).get("/melding/stap-1")
    assert "Stap 1 van 6" in answer.text
    assert exposures(answer.text)[0] == {}


@pytest.mark.parametrize("steps", [("current", 6), ("redesign", 3)])
def test_a_version_can_be_looked_at_without_being_counted(steps: tuple[str, int]) -> None:
    client = client_at(RUNNING)
    client.get(f"/?kr_variant=zwerfvuil:{steps[0]}")
    text = client.get("/melding/stap-1").text
    assert f"Stap 1 van {steps[1]}" in text
    assert "k.js" not in text


def test_who_opted_out_sees_the_current_version() -> None:
    for seed in range(6):
        text = client_at(RUNNING, seed).get("/melding/stap-1", headers={"Sec-GPC": "1"}).text
        assert "Stap 1 van 6" in text
        assert exposures(text)[0] == {}

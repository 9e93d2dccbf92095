# SPDX-License-Identifier: EUPL-1.2
"""The public register as a resident sees it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import redis
from flask import Flask
from jinja2 import ChoiceLoader, DictLoader

from experiments.definition import METRICS as MEASURED
from experiments.pages import blueprint
from experiments.phrases import LANGUAGES, METRICS, WORDS
from experiments.register import Register
from tests.experiments.definitions import DEBTS, NOON, litter
from tests.servers import free_port
from tracker.keys import Keys

SHELL = """<html lang="{{ language }}"><title>{% block title %}{% endblock %}</title>
{% block main %}{% endblock %}</html>"""


def browser(register: Register) -> Flask:
    app = Flask("console")
    app.jinja_loader = ChoiceLoader([DictLoader({"shell.html": SHELL})])
    app.register_blueprint(blueprint(register, clock=lambda: NOON))
    return app


@pytest.fixture
def register(store: redis.Redis, prefix: str) -> Register:
    return Register(store, Keys(prefix))


def test_what_runs_stands_before_what_is_over(register: Register) -> None:
    register.start(DEBTS, "N. Testman", NOON)
    register.stop("schuldhulp", "D. Proef", NOON, "Het formulier hapert.")
    register.start(litter(coverage=0.125, question="Werkt <b>dit</b>?"), "N. Testman", NOON)
    register.start(litter(name="later", starts=date(2026, 6, 4)), "N. Testman", NOON)
    text = browser(register).test_client().get("/experiments/?lang=nl").text
    places = [text.index(words) for words in ("Loopt nu.", "Begint later.", "Gestopt.")]
    assert places == sorted(places)
    assert "1 juni 2026 tot en met 14 juni 2026, gestopt op 3 juni 2026." in text
    assert "12,5 van de 100 bezoekers" in text
    assert "hoeveel bezoekers een antwoord vinden" in text
    assert "Werkt &lt;b&gt;dit&lt;/b&gt;?" in text
    for name in (
        "N. Testman",
        "D. Proef",
        "proceseigenaar",
        "hapert",
    ):  # the register is about tests, not staff
        assert name not in text


@pytest.mark.parametrize(
    ("address", "accepts", "language"),
    [
        ("/experiments/", "", "nl"),
        ("/experiments/", "en-GB,en;q=0.9", "en"),
        ("/experiments/", "de", "nl"),
        ("/experiments/?language=en", "nl", "en"),
        ("/experiments/?lang=nl", "en", "nl"),
        ("/experiments/?lang=xx", "", "nl"),
    ],
)
def test_both_languages(register: Register, address: str, accepts: str, language: str) -> None:
    response = browser(register).test_client().get(address, headers={"Accept-Language": accepts})
    assert f'lang="{language}"' in response.text
    assert WORDS[language]["none"] in response.text
    assert "Accept-Language" in response.vary


def test_while_redis_is_away_the_page_says_so() -> None:
    away = Register(redis.Redis(port=free_port(), retry=None, socket_timeout=0.2))
    response = browser(away).test_client().get("/experiments/")
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "60"
    assert WORDS["nl"]["away"] in response.text


def test_the_languages_say_the_same() -> None:
    assert [set(WORDS[language]) for language in LANGUAGES] == [set(WORDS["nl"])] * 2
    assert [set(METRICS[language]) for language in LANGUAGES] == [set(MEASURED)] * 2


def test_a_test_that_was_over_yesterday_is_over(register: Register) -> None:
    register.start(litter(ends=date(2026, 6, 2)), "N. Testman", NOON - timedelta(days=2))
    assert "Afgelopen." in browser(register).test_client().get("/experiments/").text

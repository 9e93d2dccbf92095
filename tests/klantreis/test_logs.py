# SPDX-License-Identifier: EUPL-1.2
"""The log: the fields of BIO2, one line for each happening, and nothing of a visitor in it."""

from __future__ import annotations

import json
import logging
import sys

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from klantreis.errors import SettingsError
from klantreis.logs import Lines, configure
from klantreis.settings import unknown_variables
from tests.klantreis.processes import klantreis
from tracker.happenings import ATTRIBUTE, StoreWatch, happened

BIO2 = {"action", "object", "result", "origin", "actor", "timestamp"}


class Kept(logging.Handler):
    """What was logged, as the lines of both forms."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def lines(self, form: str = "json") -> list[str]:
        lines = Lines("json" if form == "json" else "text", origin="test")
        return [lines.format(record) for record in self.records]


@pytest.fixture
def log() -> logging.Logger:
    logger = logging.Logger("klantreis.test")
    logger.addHandler(Kept())
    return logger


def kept(logger: logging.Logger) -> Kept:
    handler = logger.handlers[0]
    assert isinstance(handler, Kept)
    return handler


def test_a_happening_has_the_fields_that_bio2_asks_for(log: logging.Logger) -> None:
    happened(log, "Started.", action="start", object="experiment zwerfvuil", actor="a.jansen", weeks=9)
    line = json.loads(kept(log).lines()[0])
    assert line.keys() >= BIO2
    assert (line["action"], line["object"], line["result"]) == ("start", "experiment zwerfvuil", "ok")
    assert (line["actor"], line["origin"], line["weeks"]) == ("a.jansen", "test", 9)
    assert line["timestamp"].endswith("Z")


@settings(max_examples=60)
@given(st.text(), st.text(), st.text())
def test_whatever_is_logged_is_one_line_of_printable_text(sentence: str, subject: str, fact: str) -> None:
    record = logging.LogRecord("klantreis.x", logging.INFO, "", 0, "%s", (sentence,), None)
    setattr(record, ATTRIBUTE, {"action": "try", "object": subject, "fact": fact})
    as_json, as_text = (Lines(form, origin="test").format(record) for form in ("json", "text"))
    for line in (as_json, as_text):
        assert len(line.splitlines()) == 1
        assert "\x1b" not in line
        assert "\u202e" not in line
    assert json.loads(as_json).keys() >= BIO2


def test_a_forged_line_stays_inside_its_own(log: logging.Logger) -> None:
    forged = 'x\n{"action":"stop","actor":"mallory"}'
    happened(log, forged, action="start", object="server")
    logging.Logger.warning(log, "uvicorn said %s", forged)
    for form in ("json", "text"):
        assert all("\n" not in line for line in kept(log).lines(form))
    assert [json.loads(line)["actor"] for line in kept(log).lines()] == ["system", "system"]


def test_words_of_an_exception_are_not_logged_and_its_place_is(log: logging.Logger) -> None:
    try:
        raise ValueError("jan@voorbeeld.nl vroeg naar schulden")
    except ValueError:
        log.error("Exception in ASGI application\n", exc_info=sys.exc_info())
    line = kept(log).lines()[0]
    assert "schulden" not in line
    fields = json.loads(line)
    assert fields["error"] == "ValueError"
    assert "test_words_of_an_exception" in fields["at"][-1]


def test_an_error_of_a_page_is_logged_without_its_address(log: logging.Logger) -> None:
    app = Flask("klantreis.test_page")
    app.logger.handlers = log.handlers
    app.logger.propagate = False

    @app.get("/<path:words>")
    def fail(words: str) -> str:
        raise RuntimeError(words)

    assert app.test_client().get("/ik-heb-schulden/999990019?q=geheim").status_code == 500
    (line,) = kept(log).lines()
    assert "schulden" not in line
    assert "geheim" not in line
    assert json.loads(line)["message"] == "Exception on a page [GET]"


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("bad header jan@example.nl", id="e-mail"),
        pytest.param("value 999990019 is odd", id="BSN"),
        pytest.param("failed\nfuture: <Task exception=ValueError('jan@example.nl')>", id="asyncio's repr"),
    ],
)
def test_what_a_library_says_is_scrubbed(log: logging.Logger, said: str) -> None:
    log.warning(said)
    assert "jan@" not in kept(log).lines()[0]
    assert "999990019" not in kept(log).lines()[0]


def test_a_store_that_is_away_is_reported_once_and_once_that_it_is_back(log: logging.Logger) -> None:
    watch = StoreWatch(log)
    for _ in range(3):
        watch.away(ConnectionError("Error 111 connecting to 10.0.0.5:6379"))
    for _ in range(3):
        watch.answered()
    lines = [json.loads(line) for line in kept(log).lines()]
    assert [line["action"] for line in lines] == ["store-away", "store-back"]
    assert "10.0.0.5" not in str(lines)


def test_a_form_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SettingsError, match="json or text"):
        configure("x", environment={"KLANTREIS_LOG": "xml"})


def test_a_refusal_is_a_line_where_the_log_is_json() -> None:
    ran = klantreis("report", "x", "--data", "/proc/nowhere", KLANTREIS_LOG="json")
    assert ran.returncode == 2
    line = json.loads(ran.stderr)
    assert (line["action"], line["result"]) == ("refuse", "refused")
    assert "/proc/nowhere" in line["message"]


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        pytest.param("KLANTREIS_REDIS_ULR", "Did you mean KLANTREIS_REDIS_URL?", id="mistyped"),
        pytest.param("KLANTREIS_QQ", "Known are: KLANTREIS_COMPILED, KLANTREIS_DATA", id="unlike any"),
    ],
)
def test_a_variable_that_nothing_reads_is_named(name: str, hint: str) -> None:
    (sentence,) = unknown_variables({name: "x", "KLANTREIS_DATA": "var", "PATH": "/bin"})
    assert name in sentence
    assert hint in sentence

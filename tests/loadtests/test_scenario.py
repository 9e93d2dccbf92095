# SPDX-License-Identifier: EUPL-1.2
"""Scenario files: what is read, and what is refused in words that say how to mend it."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from analysis.errors import AnalysisError
from loadtests.errors import HostRefusedError, LoadTestError, ScenarioError
from loadtests.run import run
from loadtests.scenario import find, read
from loadtests.target import rate_of

GOOD: dict[str, Any] = {
    "title": "A test",
    "users": 2,
    "spawn_rate": 2,
    "duration_s": 1,
    "think_factor": 0.0,
    "hosts": ["127.0.0.1"],
    "thresholds": {"p95_ms": 100, "p99_ms": 200, "failure_share": 0},
}


def changed(**changes: Any) -> dict[str, Any]:
    """`GOOD` with changes; None takes a key away, a dotted one reaches into the thresholds."""
    table = deepcopy(GOOD)
    for key, value in changes.items():
        place, name = (table["thresholds"], key[2:]) if key.startswith("t_") else (table, key)
        place.pop(name, None)
        if value is not None:
            place[name] = value
    return table


BROKEN = [
    pytest.param(changed(users=None), "users is missing", id="no users"),
    pytest.param(changed(users=0), "users is 0; expected a whole number from 1 to 500", id="nobody"),
    pytest.param(changed(users=2.5), "users is 2.5; expected a whole number", id="half a user"),
    pytest.param(changed(users=True), "users is True", id="a truth value"),
    pytest.param(changed(duration_s=3600), "expected a number from 1 to 600", id="an hour"),
    pytest.param(changed(hosts=[]), 'expected names such as ["127.0.0.1"]', id="no hosts"),
    pytest.param(changed(user=3), 'unknown key "user". Did you mean "users"?', id="a misspelt key"),
    pytest.param(changed(thresholds=None), "thresholds is missing", id="no thresholds"),
    pytest.param(changed(t_p95_ms="fast"), "p95_ms is 'fast'", id="a word for a number"),
    pytest.param(changed(t_failure_share=2), "failure_share is 2; expected a number", id="a share of 2"),
    pytest.param(changed(target=0), "target is 0; expected events a second", id="a target of nothing"),
    pytest.param(changed(target=True), "target is True; expected events", id="a true target"),
    pytest.param(changed(target="forcast"), "target is 'forcast'", id="a misspelt forecast"),
    pytest.param(changed(target="forecast big storm"), "target is 'forecast big storm'", id="two kinds"),
    pytest.param(changed(target=1e6), "from 1 to 5000", id="a rate beyond one generator"),
    pytest.param(changed(t_p50_ms=3), 'unknown key "p50_ms"', id="an unknown threshold"),
]


@pytest.mark.parametrize(("table", "said"), BROKEN)
def test_a_broken_scenario_is_refused(table: dict[str, Any], said: str) -> None:
    with pytest.raises(ScenarioError) as refusal:
        read(table, "test", "test.toml")
    assert said in str(refusal.value)
    assert str(refusal.value).startswith("test.toml")


def test_the_scenarios_that_come_along_can_be_read() -> None:
    quiet = find("quiet-day")
    assert quiet.duration_s == 60
    assert quiet.target is None
    assert find("forecast-peak").target == "forecast"
    assert quiet.hosts <= {"127.0.0.1", "localhost", "::1"}


TARGETS = [
    pytest.param(None, None, id="none"),
    pytest.param(12, 12.0, id="a number"),
    pytest.param("forecast", 3.5, id="the forecast"),
    pytest.param("forecast storm", 9.5, id="the forecast of a storm"),
]


@pytest.mark.parametrize(("target", "rate"), TARGETS)
def test_a_target_becomes_a_rate(target: object, rate: float | None, tmp_path: Path) -> None:
    document = tmp_path / "voorbeeldstad.json"
    document.write_text('{"schemaVersion": 1, "peak": {"perSecond": 3.5, "byKind": {"storm": 9.5}}}')
    assert rate_of(read(changed(target=target), "test", "test.toml").target, document) == rate


NO_TARGET = [
    pytest.param(None, "forecast", "Make one with: klantreis trends", id="no document"),
    pytest.param('{"peak": null}', "forecast", "too few days", id="no forecast"),
    pytest.param('{"peak": {"perSecond": 1}}', "forecast storm", "seen were: none", id="no storm"),
    pytest.param('{"peak": {"perSecond": 1e6}}', "forecast", "several machines", id="beyond one generator"),
    pytest.param("{", "forecast", "Make it again", id="half a file"),
]


@pytest.mark.parametrize(("written", "target", "said"), NO_TARGET)
def test_a_forecast_that_is_not_there_is_said(
    written: str | None, target: str, said: str, tmp_path: Path
) -> None:
    document = tmp_path / "voorbeeldstad.json"
    if written is not None:
        document.write_text(written)
    with pytest.raises((AnalysisError, LoadTestError), match=said):
        rate_of(target, document)


def test_an_unknown_scenario_is_told_with_the_known_ones() -> None:
    with pytest.raises(ScenarioError, match=r"no scenario 'busy-day'. Known: forecast-peak, quiet-day"):
        find("busy-day")


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("users = = 3")
    with pytest.raises(ScenarioError, match=r"mine\.toml cannot be read"):
        find(str(tmp_path / "mine.toml"))


REFUSED = [
    pytest.param("https://www.voorbeeldstad.nl", "www.voorbeeldstad.nl is not on", id="a real site"),
    pytest.param("http://127.0.0.1.evil.example:80", "is not on the allow-list", id="a lookalike"),
    pytest.param("http://127.0.0.1@evil.example", "evil.example is not on the allow-list", id="a user name"),
    pytest.param("127.0.0.1:8000", "is no address of a server", id="no scheme"),
    pytest.param("file:///etc/passwd", "is no address of a server", id="a file"),
]


@pytest.mark.parametrize(("host", "said"), REFUSED)
def test_a_host_that_is_not_allowed_gets_no_request(host: str, said: str) -> None:
    with pytest.raises(HostRefusedError) as refusal:
        run(find("quiet-day"), host=host, token="x")
    assert said in str(refusal.value)


def test_where_nobody_answers_says_so_in_a_sentence() -> None:
    with pytest.raises(LoadTestError, match=r"Nobody answers at http://127\.0\.0\.1:1 "):
        run(read(GOOD, "test", "test.toml"), host="http://127.0.0.1:1", token="x")

# SPDX-License-Identifier: EUPL-1.2
"""Compiled modules: never stale, never needed, and never of another opinion than their sources."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tracker import compiled, compiling

# Beacons of every kind of end: stored, stored without what was personal, and dropped for one reason each.
ADMITTED = """
from tests.tracker.beacons import SITES, arrival, beacon, event
from tracker import compiled
from tracker.admission import Rules, admit
from tracker.arrival import Drop

rules = Rules(sites=SITES, salt=lambda zone, time_ms: b"s" * 32, run_token="token")
print("compiled:", compiled.is_used())
for found in (
    arrival(),
    arrival(),
    arrival(beacon(u="https://www.voorbeeldstad.nl/caf\\u00e9/" + "lang/" * 300)),
    arrival(beacon(**event(k="search", q="bsn 999990019 van jan@example.nl"))),
    arrival(beacon(**event(k="form", f="melding", a="start"), x=None, f=None, b=None)),
    arrival(beacon(x={"a": "b", "c": "d"}, f=["c"])),
    arrival(beacon(c="abcdefghijklmnop", o=None, r=None)),
    arrival(beacon(u="https://www.elders.nl/")),
    arrival(beacon(p="te kort")),
    arrival(beacon(**event(k="view", d=4_000_000))),
    arrival(beacon(run="storm.wrong")),
    arrival(b"{", dnt="1"),
    arrival(dnt="1"),
    arrival(b"x" * 60_001),
    arrival(user_agent="curl/8.0"),
    arrival(origin="https://www.elders.nl", x_forwarded_for="6.6.6.6"),
):
    end = admit(found, rules)
    if isinstance(end, Drop):
        print(end.reason, end.problems, end.wait_s)
    else:
        print(end.visitor, end.partition, end.shared, end.each, end.redacted)
"""


def admitted(**environment: str) -> str:
    command = [sys.executable, "-c", ADMITTED]
    there = {**os.environ, "PYTHONPATH": str(compiled.ROOM.parent), **environment}
    return subprocess.run(command, env=there, capture_output=True, text=True, check=True).stdout


def test_compiled_and_interpreted_admit_alike() -> None:
    if not compiled.folder().is_dir():
        pytest.skip("the collector's modules are not compiled: make compiled, where there is a compiler")
    machine, plain = admitted(**{compiled.VARIABLE: ""}), admitted(**{compiled.VARIABLE: "no"})
    assert machine.startswith("compiled: True\n")
    assert plain.startswith("compiled: False\n")
    assert machine.partition("\n")[2] == plain.partition("\n")[2]


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copies of the sources, and nothing compiled yet."""
    for module in compiled.MODULES:
        (tmp_path / f"{module}.py").write_bytes((compiled.ROOM / f"{module}.py").read_bytes())
    monkeypatch.setattr(compiled, "ROOM", tmp_path)
    monkeypatch.setattr(compiled, "PLACE", tmp_path / "build")
    return tmp_path


@pytest.mark.parametrize("module", compiled.MODULES)
def test_what_was_made_of_an_older_source_is_not_found(room: Path, module: str) -> None:
    before = compiled.folder()
    with (room / f"{module}.py").open("a") as source:
        source.write("# edited\n")
    assert compiled.folder() != before


def test_what_was_made_for_another_python_is_not_found(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = compiled.folder()
    monkeypatch.setattr(sys, "version", "4.0")
    assert compiled.folder() != before


@pytest.mark.usefixtures("room")
def test_without_a_compiler_it_is_said_in_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(compiled.VARIABLE, raising=False)
    monkeypatch.setenv("CC", "no-such-compiler")
    assert compiling.main() == 0
    said = "Not compiled (no C compiler no-such-compiler); the collector works all the same, interpreted.\n"
    assert capsys.readouterr().out == said

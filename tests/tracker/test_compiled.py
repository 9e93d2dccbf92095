# SPDX-License-Identifier: EUPL-1.2
"""Compiled modules: never stale, never needed, and never of another opinion than their sources."""

from __future__ import annotations

import ast
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
    for module in (*compiled.MODULES, *compiled.BESIDE):
        (tmp_path / f"{module}.py").write_bytes((compiled.ROOM / f"{module}.py").read_bytes())
    monkeypatch.setattr(compiled, "ROOM", tmp_path)
    monkeypatch.setattr(compiled, "PLACE", tmp_path / "build")
    return tmp_path


@pytest.mark.parametrize("module", [*compiled.MODULES, *compiled.BESIDE])
def test_what_was_made_of_an_older_source_is_not_found(room: Path, module: str) -> None:
    before = compiled.folder()
    with (room / f"{module}.py").open("a") as source:
        source.write("# edited\n")
    assert compiled.folder() != before


def test_what_was_made_for_another_python_is_not_found(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = compiled.folder()
    monkeypatch.setattr(sys, "version", "4.0")
    assert compiled.folder() != before


def test_what_another_mypy_made_is_not_found(
    room: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [compiled.folder()]
    for version in ("1.0", "1.1"):
        package = tmp_path / version / "mypy"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "version.py").write_text(f'__version__ = "{version}"\n')
        monkeypatch.syspath_prepend(str(package.parent))
        found.append(compiled.folder())
    assert len(set(found)) == 3


def imported(module: str) -> set[str]:
    """The modules of the room that one of them imports."""
    tree = ast.parse((compiled.ROOM / f"{module}.py").read_text())
    names = {f"{node.module}.{one.name}" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
             for one in node.names}  # fmt: skip
    parts = [name.split(".") for name in names]
    found = {second for first, second, *_ in parts if first == "tracker"}
    return {name for name in found if (compiled.ROOM / f"{name}.py").is_file()}


def test_everything_that_machine_code_relies_on_is_in_the_digest() -> None:
    known: set[str] = set()
    left = set(compiled.MODULES)
    while left:
        known |= left
        left = set().union(*map(imported, left)) - known
    assert known == {*compiled.MODULES, *compiled.BESIDE} - {"compiling"}


def test_lies_with_what_is_built_in_a_checkout_and_with_the_byte_code_of_a_wheel(tmp_path: Path) -> None:
    room = tmp_path / "tracker"
    assert compiled.place_of(room) == room / "__pycache__" / "compiled"
    (tmp_path / "pyproject.toml").touch()
    assert compiled.place_of(room) == tmp_path / "build" / "compiled"


def test_two_builds_at_once_leave_one_and_each_others_work(tmp_path: Path) -> None:
    wanted = tmp_path / "of these sources"
    others = {
        name: tmp_path / name
        for name in ("making-other", "making-killed", "of older sources", "of newer sources")
    }
    made = [tmp_path / f"making-{number}" / "lib" for number in range(2)]
    for folder in (*others.values(), *made):
        folder.mkdir(parents=True)
        (folder / "module.so").touch()
    for name in ("making-killed", "of older sources"):
        os.utime(others[name], (0, 0))
    assert [compiling.put(each, wanted) for each in made] == [None, None]
    assert (wanted / "module.so").is_file()
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {wanted.name, "making-0", "making-1", "making-other", "of newer sources"}


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    reason = compiling.put(tmp_path / "lib", tmp_path / "wanted")  # nothing was made
    assert reason is not None
    assert "No such file" in reason


@pytest.mark.usefixtures("room")
def test_without_a_compiler_it_is_said_in_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(compiled.VARIABLE, raising=False)
    monkeypatch.setenv("CC", "no-such-compiler")
    assert compiling.main() == 0
    said = "Not compiled (no C compiler no-such-compiler); the collector works all the same, interpreted.\n"
    assert capsys.readouterr().out == said

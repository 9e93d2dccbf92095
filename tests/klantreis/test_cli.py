# SPDX-License-Identifier: EUPL-1.2
"""The command line as a stranger meets it: help, and one sentence with exit 2 for wrong use."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from klantreis.cli import COMMANDS, cli
from tests.klantreis.processes import klantreis


def test_help_names_every_command_and_imports_none() -> None:
    code = (
        "import sys; from klantreis.cli import cli; "
        "cli(['--help'], standalone_mode=False); print(*sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for name in COMMANDS:
        assert f"\n  {name} " in ran.stdout
    loaded = set(ran.stdout.split())
    assert not loaded & {"pandas", "numpy", "flask", "redis", "scipy", "statsmodels", "pyarrow", "polars"}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_shows_an_example(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    below = ["access-log"] if name == "import" else []
    ran = CliRunner().invoke(command, [*below, "--help"])
    assert ran.exit_code == 0, ran.output
    assert f"klantreis {name}" in ran.output.split("Example", 1)[1]


def test_help_of_a_command_is_given_by_the_process() -> None:
    ran = klantreis("report", "-h")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "Usage: klantreis report " in ran.stdout


def _one_sentence(ran: subprocess.CompletedProcess[str], *words: str) -> None:
    assert ran.returncode == 2, (ran.returncode, ran.stdout, ran.stderr)
    assert "Traceback" not in ran.stderr
    for word in words:
        assert word in ran.stderr


def test_a_mistyped_command_is_guessed() -> None:
    _one_sentence(klantreis("journey"), "Did you mean 'journeys'?")


def test_a_data_folder_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    _one_sentence(klantreis("serve", "--data", tmp_path / "file" / "deeper"), "cannot be made", "--data")


def test_a_store_that_is_away_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as nobody:  # bound and not listening: whoever connects is refused
        nobody.bind(("127.0.0.1", 0))
        url = f"redis://127.0.0.1:{nobody.getsockname()[1]}/0"
        for command in (["archive", "--once"], ["close"], ["experiment", "list"], ["report", "zwerfvuil"]):
            _one_sentence(
                klantreis(*command, "--data", tmp_path, KLANTREIS_REDIS_URL=url), "No store answers"
            )


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for command in ("serve", "collect", "demo"):
            _one_sentence(klantreis(command, "--data", tmp_path / command, "--port", port), port, "--port")


def test_an_unknown_experiment_is_one_sentence(tmp_path: Path) -> None:
    _one_sentence(klantreis("report", "zwerfvuil", "--data", tmp_path), '"zwerfvuil"', "experiment start")
    _one_sentence(klantreis("experiment", "start", "zwerfvuil", "--data", tmp_path), '"zwerfvuil"')


@pytest.mark.parametrize("without", ["2026-06-03", "2026-06-03=", "gisteren=storing"])
def test_a_day_left_out_without_day_or_reason_is_one_sentence(tmp_path: Path, without: str) -> None:
    ran = klantreis("report", "zwerfvuil", "--without", without, "--data", tmp_path)
    _one_sentence(ran, without, "no day with a reason")


@pytest.mark.parametrize(
    ("content", "word"),
    [
        pytest.param(None, "nowhere.csv", id="no such file"),
        pytest.param("", "empty", id="empty file"),
        pytest.param("wie,versie,gelukt\n1,a,1\n2,b,0\n", "visitor", id="missing column"),
        pytest.param("visitor,version,answered\n1,a,1\n2,a,0\n", "variant", id="one variant only"),
        pytest.param(
            "visitor,version,answered\n1,a,ja\n2,b,nee\n", "answered", id="text where numbers belong"
        ),
    ],
)
def test_a_table_that_cannot_be_compared_is_one_sentence(
    tmp_path: Path, content: str | None, word: str
) -> None:
    table = tmp_path / "nowhere.csv"
    if content is not None:
        table.write_text(content, encoding="utf-8")
    ran = klantreis("compare", table, "--unit", "visitor", "--variant", "version", "--outcome", "answered")
    _one_sentence(ran, word)

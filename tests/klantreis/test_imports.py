# SPDX-License-Identifier: EUPL-1.2
"""`klantreis import` as a user runs it: what it prints, how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from klantreis.cli import cli
from klantreis.commands.imports import imports
from tests.klantreis.processes import BROWSER, klantreis

GOOD = f'192.0.2.1 - - [22/Nov/2026:12:00:00 +0100] "GET /afval HTTP/1.1" 200 512 "-" "{BROWSER}"\n'
VISIT = {"visitorId": "0123456789abcdef", "actionDetails": [
    {"type": "action", "url": "https://www.voorbeeldstad.nl/afval", "timestamp": 1_795_345_200},
]}  # fmt: skip
GA4 = {
    "event_name": "page_view", "event_timestamp": 1_795_345_200_000_000, "user_pseudo_id": "1.2",
    "event_params": [{"key": "page_location", "value": {"string_value": "https://www.voorbeeldstad.nl/afval"}}],
}  # fmt: skip
FILES = {
    "access-log": GOOD,
    "matomo": json.dumps([VISIT]),
    "ga4": json.dumps(GA4),
    "contacts": "datum;onderwerp;kanaal\n22-11-2026 12:00;Afval;tel\n",
    "survey": "datum;score\n22-11-2026 12:00;tevreden\n",
}


def run(folder: Path, *arguments: str, site: str | None = "voorbeeldstad") -> Result:
    """The command in this process, which is quicker."""
    named = ["--site", site] if site else []
    return CliRunner().invoke(cli, ["import", *arguments, *named, "--data", str(folder / "data")])


@pytest.mark.parametrize("kind", FILES)
def test_every_kind_of_file_twice(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "file"
    file.write_text(FILES[kind])
    first, again = run(tmp_path, kind, str(file)), run(tmp_path, kind, str(file))
    assert (first.exit_code, again.exit_code) == (0, 0), first.output + again.output
    assert "imported before" not in first.output
    assert "imported before, nothing added: 1 of 1 files" in again.output


CASE = "Z-2026-012345"
WITH_A_CASE = {
    kind: text.replace("/afval", f"/zaak/{CASE}").replace("Afval", f"over {CASE}")
    for kind, text in (FILES | {"survey": "datum;score;opmerking\n22-11-2026 12:00;goed;Afval\n"}).items()
}


@pytest.mark.parametrize("kind", WITH_A_CASE)
def test_case_numbers_of_the_settings_are_taken_out_of_files_too(tmp_path: Path, kind: str) -> None:
    data, file = tmp_path / "data", tmp_path / "file"
    data.mkdir()
    (data / "klantreis.toml").write_text(
        'case_numbers = ["Z-####-######"]\n[site.voorbeeldstad]\nhosts = ["www.voorbeeldstad.nl"]\n'
    )
    file.write_text(WITH_A_CASE[kind])
    result = run(tmp_path, kind, str(file))
    assert result.exit_code == 0, result.output
    tables = [pq.read_table(path).to_pylist() for path in (data / "archive").rglob("*.parquet")]
    assert "[case]" in str(tables)
    assert CASE not in str(tables)


@pytest.mark.parametrize("kind", FILES)
def test_a_file_of_another_kind_is_one_sentence(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "photo.jpg"
    file.write_bytes(b"\xff\xd8\xff\xe0" + bytes(range(256)))
    result = run(tmp_path, kind, str(file))
    assert result.exit_code == 2
    assert "photo.jpg" in result.output
    assert "Traceback" not in result.output


def test_nothing_readable_is_a_failed_check(tmp_path: Path) -> None:
    file = tmp_path / "kcc.csv"
    file.write_text("datum;onderwerp\ngisteren;Afval\neergisteren;Afval\n")
    result = run(tmp_path, "contacts", str(file))
    assert result.exit_code == 1
    assert f"malformed: {file}, record 2: its time is" in result.output
    assert "not one record could be read" in result.output


def test_the_only_site_needs_no_name_and_of_several_one_must_be_said(tmp_path: Path) -> None:
    file = tmp_path / "kcc.csv"
    file.write_text(FILES["contacts"])
    settings = tmp_path / "data" / "klantreis.toml"
    settings.parent.mkdir()
    settings.write_text('[site.een]\nhosts = ["een.example"]\n')
    assert run(tmp_path, "contacts", str(file), site=None).exit_code == 0
    settings.write_text('[site.een]\nhosts = ["een.example"]\n[site.twee]\nhosts = ["twee.example"]\n')
    result = run(tmp_path, "contacts", str(file), site=None)
    assert (result.exit_code, "een, twee" in result.output) == (2, True)


def test_a_missing_file_ends_a_process_with_one_sentence(tmp_path: Path) -> None:
    done = klantreis("import", "access-log", tmp_path / "nowhere.log", "--data", tmp_path / "data")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", imports.commands)
def test_every_import_shows_an_example(name: str) -> None:
    result = CliRunner().invoke(cli, ["import", name, "--help"])
    assert f"klantreis import {name}" in result.output

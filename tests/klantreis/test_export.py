# SPDX-License-Identifier: EUPL-1.2
"""`klantreis export`, and three lines of a notebook."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from klantreis import open_data
from klantreis.cli import cli
from klantreis.errors import SettingsError
from tests.analysis.test_close import archived, close
from tests.analysis.test_units import busy_day


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one closed day."""
    folder = tmp_path_factory.mktemp("data")
    close(archived(folder, busy_day()))
    return folder


def test_every_table_as_a_frame_and_as_files(data: Path, tmp_path: Path) -> None:
    found = open_data(data)
    for name in found.names():
        frame = found.table(name)
        read = pd.read_parquet(found.save(name, tmp_path / f"{name}.parquet"))
        pd.testing.assert_frame_equal(read, frame)
        as_text = pd.read_csv(found.save(name, tmp_path / f"{name}.csv"))
        assert list(as_text.columns) == list(frame.columns)
        assert len(as_text) == len(frame)
    assert len(found.questions()) > 20
    assert "questions" in found._repr_html_()


def test_the_command_writes_the_same(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "log.csv"
    arguments = ["export", "event-log", "--reader", "retentioneering", "--out", str(out), "--data", str(data)]
    ran = CliRunner().invoke(cli, arguments)
    assert ran.exit_code == 0, ran.output
    read = pd.read_csv(out)
    assert list(read.columns[:3]) == ["user_id", "event", "timestamp"]
    assert len(read) == len(open_data(data).event_log())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("vragen",), 'There is no table "vragen"'),
        (("questions", "--format", "parquet"), "Parquet is not for a terminal"),
        (("questions", "--from", "2030-01-01"), "There is no closed day"),
    ],
)
def test_wrong_use_is_one_sentence(data: Path, arguments: tuple[str, ...], said: str) -> None:
    ran = CliRunner().invoke(cli, ["export", *arguments, "--data", str(data)])
    assert ran.exit_code == 2
    assert said in ran.output
    assert "Traceback" not in ran.output


def test_a_folder_without_closed_days_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="klantreis close"):
        open_data(tmp_path)

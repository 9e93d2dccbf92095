# SPDX-License-Identifier: EUPL-1.2
"""What an installation is told, and one sentence for everything that it cannot be told."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest

from klantreis.errors import SettingsError
from klantreis.settings import load, make_folder, run_token

GOOD = """
partitions = 4
trusted_proxies = ["10.0.0.0/8"]
[redis]
url = "redis://127.0.0.1:6390/2"
[site.dorp]
hosts = ["WWW.Dorp.nl"]
tasks = "tasks.toml"
"""


def test_a_folder_without_settings_has_no_sites(tmp_path: Path) -> None:
    settings = load(tmp_path, {})
    assert settings.sites == ()
    assert settings.partitions == 16


def test_the_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / "klantreis.toml").write_text(GOOD, encoding="utf-8")
    settings = load(tmp_path, {"KLANTREIS_REDIS_URL": "redis://elsewhere/0"})
    assert settings.redis_url == "redis://elsewhere/0"
    assert settings.partitions == 4
    assert settings.trusted_proxies == (ip_network("10.0.0.0/8"),)
    assert settings.files["dorp"].tasks == tmp_path / "tasks.toml"
    site = settings.registry().by_host("www.dorp.nl")
    assert site is not None
    assert site.name == "dorp"


def test_where_the_spool_lies_and_how_large_it_may_be(tmp_path: Path) -> None:
    settings = load(tmp_path, {})
    assert (settings.spool, settings.spool_mb, settings.replicas) == (tmp_path / "spool", 256, 0)
    (tmp_path / "klantreis.toml").write_text(
        '[redis]\nreplicas = 1\n[spool]\nfolder = "/srv/spool"\nmegabytes = 64\n', encoding="utf-8"
    )
    settings = load(tmp_path, {})
    assert (settings.spool, settings.spool_mb, settings.replicas) == (Path("/srv/spool"), 64, 1)
    given = {"KLANTREIS_SPOOL": "/mnt/s", "KLANTREIS_SPOOL_MB": "0", "KLANTREIS_REPLICAS": "2"}
    settings = load(tmp_path, given)
    assert (settings.spool, settings.spool_mb, settings.replicas) == (Path("/mnt/s"), 0, 2)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("[site.dorp", ["klantreis.toml", "not valid TOML"], id="broken TOML"),
        pytest.param("a = " + "[" * 9_999, ["klantreis.toml", "not valid TOML"], id="nested without end"),
        pytest.param("a = " + "9" * 9_999, ["klantreis.toml", "not valid TOML"], id="a number without end"),
        pytest.param("[sites.dorp]", ['"sites"', 'Did you mean "site"'], id="unknown table"),
        pytest.param("[site.dorp]\nhost = []", ['"host"', 'Did you mean "hosts"'], id="unknown key"),
        pytest.param("[site.dorp]\nhosts = []", ["[site.dorp]", "hosts"], id="no hosts"),
        pytest.param(
            '[site.dorp]\nhosts = "dorp.nl"', ["list of host names"], id="text where a list belongs"
        ),
        pytest.param('[site.d]\nhosts = ["d.nl"]\ntimezone = "Mars/Crater"', ["Mars/Crater"], id="time zone"),
        pytest.param('site = "dorp"', ["[site.NAME]"], id="text where a table belongs"),
        pytest.param("site.dorp = 3", ["[site.dorp]"], id="number where a site belongs"),
        pytest.param('redis = "redis://x/0"', ["[redis]"], id="text where the store's table belongs"),
        pytest.param('[site.d]\nhosts = ["d.nl"]\ntasks = 1', ["tasks", "text"], id="number as file"),
        pytest.param('[site.d]\nhosts = ["d.nl"]\ntasks = 1', ["tasks", "text"], id="number as a file"),
        pytest.param("[redis]\nreplica = 1", ['"replica"', 'mean "replicas"'], id="unknown redis key"),
        pytest.param("[redis]\nreplicas = -1", ["replicas", '"-1"', "from 0 to 5"], id="fewer than none"),
        pytest.param('[spool]\nmegabytes = "much"', ["megabytes", '"much"'], id="no size"),
        pytest.param("partitions = 0", ['"0"', "from 1 to 4096"], id="no partitions"),
        pytest.param('partitions = "many"', ['"many"'], id="text where a number belongs"),
        pytest.param('trusted_proxies = ["10.0.0.1/8"]', ["10.0.0.1/8"], id="host bits set"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, names: list[str]) -> None:
    (tmp_path / "klantreis.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, {})
    for name in names:
        assert name in str(caught.value)


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SettingsError, match="--data"):
        make_folder(tmp_path / "file" / "data")


def test_the_run_token_is_made_once_and_for_its_owner(tmp_path: Path) -> None:
    token = run_token(tmp_path, {})
    assert run_token(tmp_path, {}) == token
    assert len(token) == 32
    assert (tmp_path / "run-token").stat().st_mode & 0o077 == 0
    assert run_token(tmp_path, {"KLANTREIS_RUN_TOKEN": "given"}) == "given"

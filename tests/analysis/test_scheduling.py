# SPDX-License-Identifier: EUPL-1.2
"""One process, two, or a Dask cluster of two: the same tables, and a sentence where that cannot be."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from analysis import journeys, scheduling
from analysis.close import close_days
from analysis.day_tables import ADDED
from analysis.journeys import from_archive
from analysis.reconstruct import TABLES
from analysis.scheduling import HERE, SchedulingError, Where, map_partitions
from tests.analysis.stories import DAY, SITE, SITES, TASKS
from tests.analysis.test_units import ONE, busy_day
from tests.archives import append
from tests.conftest import absent

ROOT = Path(__file__).parents[2]
TWO = Where(processes=2)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Dask scheduler with two workers, each a process of its own with two threads."""
    try:
        import distributed  # noqa: F401
    except ImportError:
        absent("Dask: pip install 'klantreis[dask]'")
    folder = tmp_path_factory.mktemp("dask")
    with ExitStack() as stack:
        said = stack.enter_context(_dask("scheduler", "--port", "0", folder=folder))
        address = _told(said, "Scheduler at:").split()[-1]
        workers = [
            stack.enter_context(
                _dask("worker", address, "--no-nanny", "--nthreads", "2", "--local-directory", str(folder),
                      folder=folder)
            )
            for _ in range(2)
        ]  # fmt: skip
        for said in workers:
            _told(said, "Registered to:")
        yield address


@contextmanager
def _dask(*words: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process of Dask on loopback, in this source tree, ended by its id."""
    command = [sys.executable, "-m", "dask", *words, "--host", "127.0.0.1", "--no-dashboard"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _told(process: subprocess.Popen[str], what: str) -> str:
    """The line of its log that holds these words."""
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if what in line:
            # Its pipe must be emptied for as long as it lives.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            return line.strip()
    raise AssertionError(f"Dask never said {what!r}: {''.join(seen)}")


def closed(root: Path, name: str, where: Where) -> dict[str, bytes]:
    """The day tables of the archive under `root`, as files."""
    results = close_days(
        root / "archive",
        root / name,
        [DAY],
        sites=SITES,
        tasks={SITE.name: TASKS},
        experiments=[ONE],
        partitions=4,
        where=where,
    )
    assert [(result.day, result.visitors) for result in results] == [(DAY, 24)]
    return {
        str(path.relative_to(root / name)): path.read_bytes() for path in (root / name).rglob("*.parquet")
    }


def shown(root: Path, where: Where) -> dict[str, Any]:
    found = from_archive(root / "archive", [DAY], sites=SITES, tasks={SITE.name: TASKS}, where=where)
    return {
        name: getattr(journeys, name)(found).to_dict("records")
        for name in ("overview", "summary", "outcomes", "lost", "entries", "paths", "words")
    }


def test_one_process_two_and_a_cluster_give_equal_tables(
    tmp_path: Path, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(tmp_path / "archive", busy_day().events, name="verhaal", sites=SITES, partitions=4)
    whole = shown(tmp_path, HERE)
    monkeypatch.setattr("analysis.pieces.AT_ONCE_BYTES", 0)  # four pieces
    alone = closed(tmp_path, "here", HERE)
    assert len(alone) == 4 * (len(TABLES) - len(ADDED)) + len(ADDED)
    assert closed(tmp_path, "two", TWO) == alone
    assert closed(tmp_path, "cluster", Where(scheduler=cluster)) == alone
    assert shown(tmp_path, Where(scheduler=cluster)) == whole


def test_an_error_of_the_work_comes_back_as_it_is(cluster: str) -> None:
    for where in (HERE, TWO, Where(scheduler=cluster)):
        made = map_partitions(["1", "one"], int, where)
        assert next(made) == 1
        with pytest.raises(ValueError, match="'one'"):
            next(made)


def test_what_is_made_comes_in_the_order_of_the_work(cluster: str) -> None:
    for where in (HERE, TWO, Where(processes=None), Where(scheduler=cluster)):
        assert list(map_partitions(range(20), abs, where)) == list(range(20))


def test_a_process_that_is_ended_from_outside_is_said() -> None:
    with pytest.raises(SchedulingError, match=r"ended from outside.*--processes"):
        list(map_partitions(range(5), os._exit, TWO))


def test_a_cluster_that_runs_something_else_is_refused(cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduling, "_source", lambda: "abc")
    scheduling.versions.cache_clear()
    try:
        with pytest.raises(SchedulingError, match=r"^The scheduler at .* runs source \w+ instead of abc\."):
            list(map_partitions(range(2), abs, Where(scheduler=cluster)))
    finally:
        scheduling.versions.cache_clear()


def test_a_scheduler_without_workers_is_said(tmp_path: Path) -> None:
    with _dask("scheduler", "--port", "0", folder=tmp_path) as said:
        address = _told(said, "Scheduler at:").split()[-1]
        with pytest.raises(SchedulingError, match=f"^The Dask scheduler at {address} has no workers"):
            list(map_partitions(range(2), abs, Where(scheduler=address)))


def test_an_address_where_no_scheduler_answers_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduling, "PATIENCE_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(SchedulingError, match=f"^No Dask scheduler answers at {address}"):
            list(map_partitions(range(2), abs, Where(scheduler=address)))
    for wrong in ("hier", "http://127.0.0.1:80"):
        with pytest.raises(SchedulingError, match=f'^"{wrong}" is no address of a Dask scheduler'):
            list(map_partitions(range(2), abs, Where(scheduler=wrong)))


def test_without_dask_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SchedulingError, match=r"Dask is not installed here.*klantreis\[dask\]"):
        list(map_partitions(range(2), abs, Where(scheduler="tcp://127.0.0.1:8786")))

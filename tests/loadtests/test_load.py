# SPDX-License-Identifier: EUPL-1.2
"""Short load tests against a server that really runs, in a process of its own."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
import redis

from loadtests.errors import HostRefusedError
from loadtests.messages import Group, Load, Tally
from loadtests.result import LoadResult
from loadtests.run import run
from loadtests.scenario import Scenario, Thresholds, find
from tests.loadtests.server import OPERATOR_TOKEN, TOKEN
from tests.servers import free_port
from tracker.keys import Keys
from tracker.stream import decode
from tracker.words import dictionary

SCENARIO = replace(
    find("quiet-day"), users=4, duration_s=5.0, think_factor=0.005, thresholds=Thresholds(60_000, 60_000, 0.0)
)


@pytest.fixture
def server(store_url: str, prefix: str) -> Iterator[str]:
    """Address of a collector with the demo site behind it."""
    with _served("measured", store_url, prefix) as address:
        yield address


@contextlib.contextmanager
def _served(site: str, store_url: str, prefix: str) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "tests.loadtests.server", store_url, str(port), prefix, site]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2]) as process:
        try:
            yield _ready(f"http://127.0.0.1:{port}", process)
        finally:
            process.terminate()


def _ready(address: str, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(URLError, OSError), urlopen(f"{address}/healthz", timeout=2):
            return address
        time.sleep(0.1)
    raise RuntimeError(f"the server did not start (code {process.poll()})")


RATES = [
    # A tenth of what four citizens who need not think make unasked, so that keeping to it is what holds them
    # back, also on a machine that is busy with something else.
    pytest.param(12.0, True, id="a rate that is kept to"),
    pytest.param(4000.0, False, id="a rate beyond what comes"),
]


@pytest.mark.parametrize(("rate", "is_reached"), RATES)
def test_a_rate_is_kept_to_and_a_shortfall_is_told(server: str, rate: float, is_reached: bool) -> None:
    result = run(replace(SCENARIO, think_factor=0.0), host=server, token=TOKEN, rate=rate)
    assert result.passed == is_reached, result.text()
    if is_reached:
        assert 0.95 * rate <= result.reached <= 1.3 * rate
        assert "12.0" in result.text()
    else:
        assert any("the target is 4000.0" in miss for miss in result.misses)


def test_what_is_sent_is_acknowledged_and_stored_and_marked_as_a_load_test(
    server: str, store: redis.Redis, prefix: str
) -> None:
    result = run(SCENARIO, host=server, token=TOKEN, run_id="test-1")
    assert result.misses == ()
    assert result.passed
    assert result.tally.sent == result.tally.acknowledged == result.stored
    assert result.stored is not None
    assert result.stored > 50
    keys = Keys(prefix)
    words = dictionary(store.hgetall(keys.words))
    entries = [entry for part in range(16) for entry in store.xrange(keys.events(part))]
    events = [decode(key, fields, words) for key, fields in entries]
    assert len(events) == result.stored
    assert {event.run for event in events} == {"test-1"}
    assert {group.name for group in result.tally.groups} >= {"beacons", "pages", "forms"}
    assert "equal" in result.text()
    assert "gevent" not in sys.modules


def test_with_a_wrong_token_nothing_is_stored_and_the_test_fails(
    server: str, store: redis.Redis, prefix: str
) -> None:
    result = run(replace(SCENARIO, duration_s=2.0), host=server, token="not the secret")
    assert not result.passed
    assert (result.tally.acknowledged, result.stored) == (0, 0)
    assert result.tally.dropped == {"run_token": result.tally.sent}
    assert not any(store.xlen(Keys(prefix).events(part)) for part in range(16))
    assert "dropped by the server: run_token" in result.text()


def result_of(
    counts: tuple[int, int, int | None] = (10, 10, 10), *, p95: float = 5, failures: int = 0, cpu: float = 0.5
) -> LoadResult:
    """A result as it could have been; `counts` are events sent, acknowledged, stored."""
    sent, acknowledged, stored = counts
    scenario: Scenario = replace(SCENARIO, thresholds=Thresholds(p95_ms=50, p99_ms=80, failure_share=0.01))
    group = Group(name="all", requests=100, failures=failures, p50_ms=2, p95_ms=p95, p99_ms=p95 + 1)
    tally = Tally(
        groups=[], total=group, visits=3, sent=sent, acknowledged=acknowledged, dropped={}, errors={},
        load=Load(cpu_mean=cpu, cpu_peak=cpu, lag_p95_ms=1.0),
    )  # fmt: skip
    return LoadResult(scenario=scenario, run_id="r", users=1, tally=tally, stored=stored)


OUTCOMES = [
    pytest.param(result_of(), [], id="all is well"),
    pytest.param(result_of((10, 10, 9)), ["10 acknowledged, 9 stored: they differ"], id="one event lost"),
    pytest.param(result_of((10, 10, 11)), ["10 acknowledged, 11 stored: they"], id="one event doubled"),
    pytest.param(result_of((10, 9, 9)), ["10 events sent, 9 acknowledged"], id="one never taken"),
    pytest.param(result_of((10, 10, None)), ["an unknown number stored"], id="the server cannot say"),
    pytest.param(result_of((0, 0, 0)), ["nothing was tested"], id="nothing sent"),
    pytest.param(result_of(p95=60), ["p95 is 60 ms; the threshold is 50 ms"], id="slow"),
    pytest.param(result_of(p95=79.5), ["p95 is 80 ms", "p99 is 80 ms"], id="slower"),
    pytest.param(result_of(failures=2), ["2.00% of the requests failed"], id="failures"),
]


@pytest.mark.parametrize(("result", "said"), OUTCOMES)
def test_a_missed_threshold_and_unequal_counts_fail(result: LoadResult, said: list[str]) -> None:
    assert result.passed is (not said)
    assert len(result.misses) == len(said)
    for sentence, part in zip(result.misses, said, strict=True):
        assert part in sentence
        assert part in " ".join(result.text().split())


def test_a_saturated_generator_is_told_and_is_no_verdict_by_itself() -> None:
    assert "GENERATOR SATURATED" in result_of(cpu=0.97).text()
    assert result_of(cpu=0.97).passed
    assert "SATURATED" not in result_of().text()


def test_a_site_that_is_not_measured_is_no_place_for_a_load_test(store_url: str, prefix: str) -> None:
    refused = pytest.raises(HostRefusedError, match=r"no start page that loads k\.js")
    with _served("unmeasured", store_url, prefix) as address, refused:
        run(SCENARIO, host=address, token=TOKEN)


def test_who_is_no_operator_hears_so_before_the_load(store_url: str, prefix: str) -> None:
    quick = replace(SCENARIO, duration_s=2.0)
    with _served("guarded", store_url, prefix) as address:
        with pytest.raises(HostRefusedError, match=r"answers 401: .* to operators only"):
            run(quick, host=address, token=TOKEN)
        with pytest.raises(HostRefusedError, match="KLANTREIS_OPERATOR_TOKEN"):
            run(quick, host=address, token=TOKEN, operator_token="an operators' secret of others")
        result = run(quick, host=address, token=TOKEN, operator_token=OPERATOR_TOKEN)
    assert result.passed
    assert result.stored

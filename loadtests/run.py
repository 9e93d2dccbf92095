# SPDX-License-Identifier: EUPL-1.2
"""Run a scenario against a server that is there, and count what came of it."""

from __future__ import annotations

import contextlib
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from types import MappingProxyType
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import msgspec
from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from loadtests.errors import GeneratorError, HostRefusedError
from loadtests.messages import Message, Order, Progress, Tally
from loadtests.result import LoadResult
from loadtests.scenario import Scenario
from tracker.admission import run_proof

_TIMEOUT_S = 10.0
_OVERTIME_S = 60.0
_MEASURED = b"k.js"
_decoder = msgspec.json.Decoder(Message)


class _Stored(msgspec.Struct, frozen=True):
    run: str
    accepted: int
    stored: int


def run(
    scenario: Scenario,
    *,
    host: str,
    token: str,
    operator_token: str | None = None,
    users: int | None = None,
    rate: float | None = None,
    run_id: str | None = None,
    console: Console | None = None,
    seed: int = 1,
) -> LoadResult:
    """Let citizens visit `host` as the scenario says; returns what was sent, acknowledged and stored.

    Args:
        scenario: how many, how long, what must hold.
        host: address of the server, such as `http://127.0.0.1:8000`.
        token: the server's secret for load tests.
        operator_token: what the server asks of who reads its counts from elsewhere; None: nothing is shown.
        users: citizens at the same time, instead of the scenario's own.
        rate: events a second to reach and to keep to; None for as many as the citizens make. A scenario's
            `target` is made one by `loadtests.target.rate_of`.
        run_id: 1-64 letters, digits, `_` or `-`; None for a new one.
        console: where progress is shown, if it is a terminal; None for standard error.
        seed: equal seeds give equal citizens.

    Raises:
        HostRefusedError: the host is not on the allow-list, nobody answers there, or won't tell its counts.
        GeneratorError: the process that makes the load ended without a result.
    """
    address = scenario.permit(host)
    _await_server(address)
    run_id = run_id or f"{scenario.name}-{secrets.token_hex(4)}"
    counts = _Counts(address, run_id, operator_token)
    counts.await_permission()
    order = Order(
        host=address,
        mark=f"{run_id}.{run_proof(token, run_id)}",
        users=users or scenario.users,
        spawn_rate=scenario.spawn_rate,
        duration_s=scenario.duration_s,
        think_factor=scenario.think_factor,
        seed=seed,
        rate=rate,
    )
    with _progress(console or Console(stderr=True), scenario) as told:
        tally = _generate(order, told)
    return LoadResult(
        scenario=scenario,
        run_id=run_id,
        users=order.users,
        tally=tally,
        stored=counts.stored(),
        rate=rate,
    )


def _generate(order: Order, told: Callable[[Progress], None]) -> Tally:
    # The order carries the run's proof, which a command line would show to everybody on the machine.
    with subprocess.Popen(
        [sys.executable, "-m", "loadtests.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as generator:
        overdue = threading.Timer(order.duration_s + _OVERTIME_S, generator.kill)
        overdue.daemon = True
        overdue.start()
        try:
            tally = _converse(generator, order, told)
            generator.wait()
        finally:
            overdue.cancel()
            if generator.poll() is None:
                generator.terminate()
    if tally is None:
        raise GeneratorError(
            f"The load generator ended with code {generator.returncode} and no result. What it said stands "
            "above; mend that and start the load test again."
        )
    return tally


def _converse(
    generator: subprocess.Popen[bytes], order: Order, told: Callable[[Progress], None]
) -> Tally | None:
    if generator.stdin is None or generator.stdout is None:
        return None
    with contextlib.suppress(BrokenPipeError):  # it ended already, which its missing result tells
        generator.stdin.write(msgspec.json.encode(order))
        generator.stdin.close()
    for line in generator.stdout:
        message = _decoder.decode(line)
        if isinstance(message, Tally):
            return message
        told(message)
    return None


@contextlib.contextmanager
def _progress(console: Console, scenario: Scenario) -> Iterator[Callable[[Progress], None]]:
    """A bar on a terminal, nothing in a pipe."""
    if not console.is_terminal:
        yield lambda _: None
        return
    told_now = TextColumn("{task.fields[now]}")
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), told_now)
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task(scenario.title, total=scenario.duration_s, now="")

        def told(at: Progress) -> None:
            now = f"{at.users} citizens, {at.requests} requests, {at.failures} failed, {at.events} events"
            bar.update(task, completed=at.elapsed_s, now=now)

        yield told


def _await_server(address: str) -> None:
    try:
        _get(f"{address}/healthz")
    except HTTPError as error:
        raise HostRefusedError(
            f"{address} answers {error.code} to /healthz, so it is no klantreis server. Start one with "
            "`klantreis serve`, or give its --host."
        ) from None
    except (URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        raise HostRefusedError(
            f"Nobody answers at {address} ({reason}). Start a server with `klantreis serve`, or give its "
            "--host."
        ) from None
    try:
        measured = _MEASURED in _get(f"{address}/")
    except HTTPError:
        measured = False
    if not measured:
        raise HostRefusedError(
            f"{address} has no start page that loads k.js, so no visit would be measured. Start the server "
            "with `klantreis serve --demo-site`."
        )


class _Counts:
    """What the server says of a run, which it tells its operators only."""

    def __init__(self, address: str, run_id: str, operator_token: str | None) -> None:
        self._url = f"{address}/v1/runs/{run_id}"
        self._headers = {"Authorization": f"Bearer {operator_token}"} if operator_token else {}

    def await_permission(self) -> None:
        """Ask before the load and not after it. Raises `HostRefusedError` where we are no operators."""
        try:
            _get(self._url, self._headers)
        except HTTPError as error:
            if error.code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
                raise HostRefusedError(
                    f"{self._url} answers {error.code}: the server tells its counts to operators only, and "
                    "without them nothing can be concluded. Set KLANTREIS_OPERATOR_TOKEN to the "
                    "server's, or run the load test on the server's own machine."
                ) from None
        except (URLError, OSError):
            pass  # it was there a moment ago; the load will show what is wrong with it

    def stored(self) -> int | None:
        """Events of the run that lie in the store; None where the server cannot say."""
        try:
            return msgspec.json.decode(_get(self._url, self._headers), type=_Stored).stored
        except HTTPError as error:
            return 0 if error.code == HTTPStatus.NOT_FOUND else None
        except (URLError, OSError, msgspec.MsgspecError):
            return None


def _get(url: str, headers: Mapping[str, str] = MappingProxyType({})) -> bytes:
    # The address was permitted by the scenario and is http or https.
    with urlopen(Request(url, headers=dict(headers)), timeout=_TIMEOUT_S) as answer:  # noqa: S310
        body: bytes = answer.read()
    return body

# SPDX-License-Identifier: EUPL-1.2
"""What a load test showed, and whether that will do."""

from __future__ import annotations

from dataclasses import dataclass
from io import StringIO

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from loadtests.messages import MOST_CPU, MOST_LAG_MS, Group, Tally
from loadtests.scenario import Scenario

_WIDTH = 100
_ERRORS_SHOWN = 5
#: Part of the asked rate that must have been reached; the first citizens are still arriving.
_REACHED = 0.95


@dataclass(frozen=True, slots=True)
class LoadResult:
    """The outcome of one run. `stored` is the server's own count of the run's events; None: it cannot say.

    `rate` is the events a second that were asked for, None where it was left to the citizens.
    """

    scenario: Scenario
    run_id: str
    users: int
    tally: Tally
    stored: int | None
    rate: float | None = None

    @property
    def reached(self) -> float:
        """Events a second that were sent, over the whole run."""
        return self.tally.sent_in_time / self.scenario.duration_s

    @property
    def misses(self) -> tuple[str, ...]:
        """What did not hold, a sentence each; empty where all did."""
        tally, limits = self.tally, self.scenario.thresholds
        total = tally.total
        failed = total.failures / total.requests if total.requests else 0.0
        found = []
        if not tally.sent == tally.acknowledged == self.stored:
            stored = "an unknown number" if self.stored is None else str(self.stored)
            counts = f"{tally.sent} events sent, {tally.acknowledged} acknowledged, {stored} stored"
            found.append(f"{counts}: they differ.")
        if not tally.sent:
            found.append("No event was sent, so nothing was tested.")
        if self.rate is not None and self.reached < _REACHED * self.rate:
            found.append(
                f"{self.reached:.1f} events a second were sent; the target is {self.rate:.1f}. "
                "Take more --users, or a quicker machine."
            )
        if total.p95_ms > limits.p95_ms:
            found.append(f"p95 is {total.p95_ms:.0f} ms; the threshold is {limits.p95_ms:.0f} ms.")
        if total.p99_ms > limits.p99_ms:
            found.append(f"p99 is {total.p99_ms:.0f} ms; the threshold is {limits.p99_ms:.0f} ms.")
        if failed > limits.failure_share:
            found.append(f"{failed:.2%} of the requests failed; the threshold is {limits.failure_share:.2%}.")
        return tuple(found)

    @property
    def passed(self) -> bool:
        """Whether the counts agree and every threshold was kept."""
        return not self.misses

    def text(self) -> str:
        """The result as a table and a few sentences."""
        tally, out = self.tally, StringIO()
        console = Console(file=out, width=_WIDTH)
        console.print(f"{self.scenario.name}: {self.scenario.title}")
        console.print(self._requests())
        console.print(self._events())
        console.print(
            f"{tally.visits} visits by {self.users} citizens at a time in {self.scenario.duration_s:g} s; "
            f"run {self.run_id}"
        )
        if self.rate is not None:
            told = f"{self.reached:.1f} events a second; the target was {self.rate:.1f}"
            console.print(told, highlight=False)
        for reason, events in sorted(tally.dropped.items()):
            console.print(f"{events} events were dropped by the server: {reason}.")
        for error, times in sorted(tally.errors.items(), key=lambda pair: -pair[1])[:_ERRORS_SHOWN]:
            console.print(f"{times} × {error}", markup=False)
        console.print(self._generator())
        for miss in self.misses:
            console.print(f"MISSED: {miss}", highlight=False)
        console.print("Passed: the counts agree and every threshold was kept." if self.passed else "Failed.")
        return out.getvalue().rstrip()

    def _requests(self) -> Table:
        table = Table("requests", box=SIMPLE_HEAD)
        for heading in ("number", "failures", "p50 ms", "p95 ms", "p99 ms"):
            table.add_column(heading, justify="right")
        for group in self.tally.groups:
            table.add_row(*_row(group))
        table.add_section()
        table.add_row(*_row(self.tally.total))
        return table

    def _events(self) -> Table:
        table = Table("events", "sent", "acknowledged", "stored", box=SIMPLE_HEAD)
        counts = [self.tally.sent, self.tally.acknowledged, self.stored]
        equal = self.tally.sent == self.tally.acknowledged == self.stored
        table.add_row("equal" if equal else "DIFFER", *("?" if n is None else str(n) for n in counts))
        return table

    def _generator(self) -> str:
        load = self.tally.load
        busy = (
            f"The generator used {load.cpu_mean:.0%} of a core, {load.cpu_peak:.0%} in its busiest seconds; "
            f"95 % of its timers came within {load.lag_p95_ms:.0f} ms."
        )
        if not load.saturated:
            return busy
        return (
            f"{busy} GENERATOR SATURATED (above {MOST_CPU:.0%} or {MOST_LAG_MS:.0f} ms): the response times "
            "include its own waiting. Use fewer users, or more machines."
        )


def _row(group: Group) -> tuple[str, ...]:
    times = (f"{value:.0f}" for value in (group.p50_ms, group.p95_ms, group.p99_ms))
    return (group.name, str(group.requests), str(group.failures), *times)

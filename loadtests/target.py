# SPDX-License-Identifier: EUPL-1.2
"""The rate at which a load test should aim: a number, or the busiest second that is forecast."""

from __future__ import annotations

from pathlib import Path

from analysis.trend_document import read_target
from loadtests.errors import ScenarioError
from loadtests.scenario import MOST_RATE


def rate_of(target: float | str | None, document: Path) -> float | None:
    """Events a second for a scenario's `target`; `document` holds the trends of the site under test.

    Raises `TargetError` where the document has no forecast, `ScenarioError` where it is beyond one generator.
    """
    if not isinstance(target, str):
        return target
    rate = read_target(document, target.partition(" ")[2] or None)
    if rate > MOST_RATE:
        raise ScenarioError(
            f"The forecast is {rate:.0f} events a second; one generator makes at most {MOST_RATE:g}. "
            "Divide the load over several machines, each with its part as a number."
        )
    return rate

# SPDX-License-Identifier: EUPL-1.2
"""`klantreis loadtest`: does the tracker hold?"""

from __future__ import annotations

from pathlib import Path

import click

from klantreis.commands import data_option
from klantreis.errors import SettingsError

EPILOG = """\b
Examples:
  klantreis loadtest quiet-day --host http://127.0.0.1:8000 --users 20
  klantreis trends && klantreis loadtest forecast-peak
  klantreis loadtest quiet-day --rate "forecast storm"
"""


@click.command(epilog=EPILOG)
@click.argument("scenario")
@click.option("--host", default="http://127.0.0.1:8000", show_default=True, help="Server under test.")
@click.option(
    "--users", type=click.IntRange(1), help="Citizens at the same time, instead of the scenario's own."
)
@click.option(
    "--rate",
    metavar="RATE",
    help='Events a second, instead of the scenario\'s own: a number, "forecast", or such as "forecast '
    'storm".',
)
@click.option("--site", metavar="NAME", help="Whose forecast; the first site of the settings by default.")
@data_option
@click.pass_context
def loadtest(
    ctx: click.Context,
    scenario: str,
    host: str,
    users: int | None,
    rate: str | None,
    site: str | None,
    data: Path,
) -> None:
    """Let citizens visit a running server at the rate of SCENARIO, and count what came of it.

    Exit 1 when sent, acknowledged and stored differ, or a threshold of the scenario is missed.
    """
    from klantreis.settings import load, operator_token, run_token
    from loadtests.run import run
    from loadtests.scenario import find
    from loadtests.target import rate_of

    found, settings = find(scenario), load(data)
    name = site or next((one.name for one in settings.sites), "")
    target = _asked(rate) if rate else found.target
    if isinstance(target, str) and not name:
        raise SettingsError(f"{data} knows no site whose forecast could be the target. Name one with --site.")
    wanted = rate_of(target, settings.trends / f"{name}.json")
    result = run(
        found,
        host=host,
        users=users,
        rate=wanted,
        token=run_token(data),
        operator_token=operator_token(),
    )
    click.echo(result.text())
    ctx.exit(0 if result.passed else 1)


def _asked(rate: str) -> float | str:
    from loadtests.scenario import read_target

    try:
        return read_target(float(rate) if rate.replace(".", "", 1).isdigit() else rate)
    except ValueError as error:
        raise click.UsageError(f"--rate is {error}") from None

# SPDX-License-Identifier: EUPL-1.2
"""`klantreis loadtest`: does the tracker hold?"""

from __future__ import annotations

from pathlib import Path

import click

from klantreis.commands import data_option


@click.command(epilog="\b\nExample:\n  klantreis loadtest quiet-day --host http://127.0.0.1:8000 --users 20")
@click.argument("scenario")
@click.option("--host", default="http://127.0.0.1:8000", show_default=True, help="Server under test.")
@click.option(
    "--users", type=click.IntRange(1), help="Citizens at the same time, instead of the scenario's own."
)
@data_option
@click.pass_context
def loadtest(ctx: click.Context, scenario: str, host: str, users: int | None, data: Path) -> None:
    """Let citizens visit a running server at the rate of SCENARIO, and count what came of it.

    Exit 1 when sent, acknowledged and stored differ, or a threshold of the scenario is missed.
    """
    from klantreis.settings import operator_token, run_token
    from loadtests.run import run
    from loadtests.scenario import find

    result = run(
        find(scenario), host=host, users=users, token=run_token(data), operator_token=operator_token()
    )
    click.echo(result.text())
    ctx.exit(0 if result.passed else 1)

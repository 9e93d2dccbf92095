# SPDX-License-Identifier: EUPL-1.2
"""The command line: names, one line of help each, and where the command lies.

Commands are imported when they are called, so that `klantreis --help` answers at once.
"""

from __future__ import annotations

import signal
import sys
from importlib import import_module
from typing import Any

import click

from klantreis import __version__

COMMANDS = {
    "demo": (
        "klantreis.commands.demo:demo",
        "A municipality, its visitors and the verdict, on this machine.",
    ),
    "serve": ("klantreis.commands.serve:serve", "Collector, reports and register in one process."),
    "collect": ("klantreis.commands.serve:collect", "The collector alone, for production."),
    "archive": ("klantreis.commands.jobs:archive", "Move events from the store into Parquet files."),
    "close": ("klantreis.commands.jobs:close", "Rebuild the journeys of a day into its day tables."),
    "retain": ("klantreis.commands.keep:retain", "Remove what is too old, and look whether it is gone."),
    "forget": ("klantreis.commands.keep:forget", "Remove everything of one pseudonym, and keep proof of it."),
    "backup": ("klantreis.commands.keep:backup", "Copy archive, tables and store to a folder."),
    "restore": ("klantreis.commands.keep:restore", "Put a back-up into an empty folder, and count."),
    "import": ("klantreis.commands.imports:imports", "Read files that you already have."),
    "journeys": ("klantreis.commands.journeys:journeys", "What residents came for, and how it went."),
    "export": ("klantreis.commands.export:export", "Tables and an event log for other programs."),
    "trends": ("klantreis.commands.trends:trends", "When residents come, what is expected, and the peak."),
    "hints": ("klantreis.commands.hints:hints", "Where most residents are lost, and what is wrong there."),
    "experiment": ("klantreis.commands.experiment:experiment", "Check, start and stop experiments."),
    "report": ("klantreis.commands.report:report", "The report of an experiment."),
    "compare": ("klantreis.commands.compare:compare", "Compare variants in any table of visitors."),
    "loadtest": ("klantreis.commands.loadtest:loadtest", "Citizens at peak rates against a running server."),
    "doctor": ("klantreis.commands.doctor:doctor", "Look whether everything is as it should be."),
}

EPILOG = """\b
Examples:
  klantreis demo --once
  klantreis import access-log access.log && klantreis journeys
  klantreis compare visitors.csv --unit visitor --variant version --outcome answered
"""


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command = getattr(import_module(module), attribute)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}:{attribute} is not a command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        from difflib import get_close_matches

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, 1)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            raise click.UsageError(f"There is no command '{args[0]}'.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            sentence = _expected(error)
            if sentence is None:
                raise
            raise _WrongUse(sentence) from error


class _WrongUse(click.ClickException):
    """Something that the user can mend: one sentence, no traceback, exit 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:  # noqa: ARG002  click's signature
        from klantreis.logs import refuse

        if not refuse(self.format_message()):
            click.echo(f"klantreis: {self.format_message()}", err=True)


def _expected(error: Exception) -> str | None:
    """The sentence of an error that belongs to one of our rooms or to the store; None for a fault of ours."""
    for module, name in (
        ("klantreis.errors", "KlantreisError"),
        ("tracker.errors", "TrackerError"),
        ("experiments.errors", "ExperimentsError"),
        ("analysis.errors", "AnalysisError"),
        ("loadtests.errors", "LoadTestError"),
    ):
        if isinstance(error, getattr(import_module(module), name)):
            return str(error)
    redis_exceptions = import_module("redis.exceptions")
    away = ("ConnectionError", "TimeoutError", "ClusterDownError", "RedisClusterException")
    if isinstance(error, tuple(getattr(redis_exceptions, name) for name in away)):
        return (
            f"The store does not answer ({error}). "
            "Start it, or leave KLANTREIS_REDIS_URL empty to use the built-in one."
        )
    if isinstance(error, BrokenPipeError):
        return "The program that read our output went away."
    return None


@click.group(cls=LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="klantreis")
def cli() -> None:
    """Find out whether a redesigned page helps residents find their answer."""
    from klantreis.logs import configure
    from klantreis.settings import unknown_variables

    configure(click.get_current_context().invoked_subcommand or "klantreis")
    for sentence in unknown_variables():
        click.echo(f"klantreis: {sentence}", err=True)


def main() -> None:
    """Entry point of the console command: exit 0, 1 (a check failed) or 2 (wrong use)."""
    # Like Ctrl-C, a polite request to stop unwinds the stack, so that stores and helpers are stopped too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    cli(prog_name="klantreis")

# SPDX-License-Identifier: EUPL-1.2
"""The commands, one module for what belongs together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

from klantreis.errors import SettingsError

if TYPE_CHECKING:
    from analysis.scheduling import Where

Command = TypeVar("Command", bound=Callable[..., Any])
Form = Literal["text", "html", "csv", "json"]


def data_option(command: Command) -> Command:
    """`--data DIR`, which every command takes."""
    return click.option(
        "--data",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path("var"),
        envvar="KLANTREIS_DATA",
        show_default=True,
        help="Folder of the installation's data.",
    )(command)


#: A DAY on the command line, such as 2026-06-01.
Day = click.DateTime(["%Y-%m-%d"])


def days_options(first: str = "First day, such as 2026-06-01.") -> Callable[[Command], Command]:
    """`--from DAY` and `--to DAY`; `first` is the help of the first."""

    def decorate(command: Command) -> Command:
        until = click.option("--to", "last", type=Day, metavar="DAY", help="Last day.")
        return click.option("--from", "first", type=Day, metavar="DAY", help=first)(until(command))

    return decorate


def language_option(command: Command) -> Command:
    """`--language nl|en`, for what people read."""
    return click.option(
        "--language",
        type=click.Choice(["nl", "en"]),
        default="nl",
        envvar="KLANTREIS_LANGUAGE",
        show_default=True,
        help="Language of what people read.",
    )(command)


def out_option(command: Command) -> Command:
    """`--out FILE` instead of the terminal."""
    return click.option(
        "--out",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Write to this file instead of the terminal.",
    )(command)


def where_options(command: Command) -> Command:
    """`--processes N` and `--scheduler ADDRESS`: where journeys are rebuilt."""
    for option in (
        click.option(
            "--scheduler",
            default="",
            envvar="KLANTREIS_SCHEDULER",
            metavar="ADDRESS",
            help="Rebuild on a Dask cluster, such as tcp://10.0.0.5:8786, that shares the data folder.",
        ),
        click.option(
            "--processes",
            type=click.IntRange(min=1),
            metavar="N",
            help="Rebuild in so many processes; by default one for each core where the days are large.",
        ),
    ):
        command = option(command)
    return command


def where_of(processes: int | None, scheduler: str) -> Where:
    """What those two options say together."""
    from analysis.scheduling import Where

    if scheduler and processes:
        raise SettingsError(
            f"Both --processes {processes} and --scheduler {scheduler} were given. Give one: the scheduler's "
            "workers are processes of their own."
        )
    return Where(processes, scheduler)


def write_out(text: str, out: Path | None) -> None:
    """Write to the file, or to the terminal where none is given."""
    if out is None:
        click.echo(text)
        return
    try:
        out.write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"{out} cannot be written ({error.strerror}). Give a file in a folder that you may write."
        ) from None
    click.echo(f"Written: {out}", err=True)

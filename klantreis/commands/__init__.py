# SPDX-License-Identifier: EUPL-1.2
"""The commands, one module for what belongs together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeVar

import click

from klantreis.errors import SettingsError

Command = TypeVar("Command", bound=Callable[..., Any])
Form = Literal["text", "html", "json"]


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

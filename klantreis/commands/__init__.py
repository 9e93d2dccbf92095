# SPDX-License-Identifier: EUPL-1.2
"""The commands, one module for what belongs together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


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

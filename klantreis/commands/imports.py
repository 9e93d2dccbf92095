# SPDX-License-Identifier: EUPL-1.2
"""`klantreis import`: files that a team already has."""

from __future__ import annotations

from pathlib import Path

import click

from klantreis.commands import data_option


@click.group("import")
def imports() -> None:
    """Read files that you already have. Importing the same file again changes nothing."""


@imports.command(
    "access-log", epilog="\b\nExample:\n  klantreis import access-log /var/log/nginx/access.log*"
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--site", default="access-log", show_default=True, help="Name of the site that the log belongs to."
)
@data_option
def access_log(files: tuple[Path, ...], site: str, data: Path) -> None:
    """Read web server logs (Combined Log Format, also .gz) into the archive.

    Every line is counted: it became events, or it was set aside for a reason that is named.
    """
    from klantreis.settings import load, make_folder
    from tracker.imports.access_log import import_access_log

    make_folder(data)
    settings = load(data)
    make_folder(settings.archive)
    summary = import_access_log(
        files, site=settings.site(site), archive_root=settings.archive, partitions=settings.partitions
    )
    click.echo(summary.text())

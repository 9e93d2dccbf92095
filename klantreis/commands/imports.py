# SPDX-License-Identifier: EUPL-1.2
"""`klantreis import`: files that a team already has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from klantreis.commands import data_option
from klantreis.errors import SettingsError

if TYPE_CHECKING:
    from klantreis.settings import Settings
    from tracker.imports.account import ImportAccount
    from tracker.site import Site

Command = TypeVar("Command", bound=Callable[..., Any])


@click.group("import")
def imports() -> None:
    """Read files that you already have.

    Importing the same file again changes nothing; an import that was interrupted goes on where it stopped
    when it is started again. A record that cannot be read is counted and named, and the rest goes on. Exit
    code: 0, 1 where not one record could be read, 2 where a file cannot be read at all.
    """


def files_argument(command: Command) -> Command:
    """`FILE...`, plain or gzipped."""
    return click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))(
        command
    )


def site_option(default: str | None = None) -> Callable[[Command], Command]:
    """`--site NAME`."""
    return click.option(
        "--site",
        default=default,
        show_default=default is not None,
        help="Name of the site that the file belongs to."
        + ("" if default else " May be left out where the settings have just one."),
    )


@imports.command(
    "access-log",
    epilog="\b\nExamples:\n  klantreis import access-log /var/log/nginx/access.log*\n"
    "  klantreis import access-log --site voorbeeldstad access.json.gz",
)
@files_argument
@site_option("access-log")
@data_option
def access_log(files: tuple[Path, ...], site: str, data: Path) -> None:
    """Read web server logs (Combined Log Format or JSON lines, also .gz) into the archive.

    Every line is counted: it became events, or it was set aside for a reason that is named. Files given
    together share their pseudonyms, so give the rotated logs of one day together. A log that grew since it
    was imported is another file, with other pseudonyms: its lines still count once, but who came before and
    after that on one day may be two visitors, and you are told how many are.
    """
    from tracker.imports.access_log import import_access_log

    settings, of_site = _prepared(data, site)
    with _progress(files) as tell:
        summary = import_access_log(
            files, site=of_site, archive_root=settings.archive, partitions=settings.partitions,
            cases=settings.case_numbers, progress=tell,
        )  # fmt: skip
    click.echo(summary.text())
    _fail_where_nothing_was_read(summary.lines, summary.malformed)


@imports.command(
    "matomo", epilog="\b\nExample:\n  klantreis import matomo --site voorbeeldstad visits-2026-11.json"
)
@files_argument
@site_option()
@data_option
def matomo(files: tuple[Path, ...], site: str | None, data: Path) -> None:
    """Read visits that Matomo exported (Live.getLastVisitsDetails, format JSON, also .gz).

    Addresses of visitors are dropped; their ids go into the pseudonym of a day and nowhere else.
    """
    from tracker.imports.matomo_visits import import_matomo

    settings, of_site = _prepared(data, site)
    with _progress(files) as tell:
        account = import_matomo(
            files, site=of_site, archive_root=settings.archive, partitions=settings.partitions,
            cases=settings.case_numbers, progress=tell,
        )  # fmt: skip
    _show(account)


@imports.command(
    "ga4",
    epilog="\b\nExample:\n  klantreis import ga4 --goal melding_verzonden events-*.parquet",
)
@files_argument
@site_option()
@click.option(
    "--goal", "goals", multiple=True, help="Name of an event that residents come for; may be repeated."
)
@data_option
def ga4(files: tuple[Path, ...], site: str | None, goals: tuple[str, ...], data: Path) -> None:
    """Read Google Analytics 4 as exported to BigQuery (JSON lines, also .gz, or Parquet)."""
    from tracker.imports.ga4 import import_ga4

    settings, of_site = _prepared(data, site)
    with _progress(files) as tell:
        account = import_ga4(
            files, site=of_site, archive_root=settings.archive, goals=goals, partitions=settings.partitions,
            cases=settings.case_numbers, progress=tell,
        )  # fmt: skip
    _show(account)


@imports.command(
    "contacts", epilog="\b\nExample:\n  klantreis import contacts --site voorbeeldstad kcc-november.csv"
)
@files_argument
@site_option()
@data_option
def contacts(files: tuple[Path, ...], site: str | None, data: Path) -> None:
    """Read what the contact centre noted (CSV: time, subject, channel; also a call code).

    Headings may be Dutch or English. Only these columns are read; all others, such as names, are not.
    """
    from tracker.imports.side_files import import_contacts

    settings, of_site = _prepared(data, site)
    with _progress(files) as tell:
        account = import_contacts(
            files, site=of_site, archive_root=settings.archive, cases=settings.case_numbers, progress=tell
        )
    _show(account)


@imports.command(
    "survey", epilog="\b\nExample:\n  klantreis import survey --site voorbeeldstad --scale 1..5 enquete.csv"
)
@files_argument
@site_option()
@click.option(
    "--scale",
    type=click.Choice(["-1..1", "1..5", "1..10"]),
    help="Scale of the scores; without it words and -1, 0, 1 are understood.",
)
@data_option
def survey(files: tuple[Path, ...], site: str | None, scale: str | None, data: Path) -> None:
    """Read how residents felt about it (CSV: time, score; also subject, page and remark)."""
    from tracker.imports.side_files import import_surveys

    settings, of_site = _prepared(data, site)
    with _progress(files) as tell:
        account = import_surveys(
            files, site=of_site, archive_root=settings.archive, scale=scale,
            cases=settings.case_numbers, progress=tell,
        )  # fmt: skip
    _show(account)


def _prepared(data: Path, name: str | None) -> tuple[Settings, Site]:
    """The settings with their folders, and the site that is meant."""
    from klantreis.settings import load, make_folder

    make_folder(data)
    settings = load(data)
    make_folder(settings.archive)
    if name is not None:
        return settings, settings.site(name)
    if len(settings.sites) == 1:
        return settings, settings.sites[0]
    known = ", ".join(site.name for site in settings.sites) or "none"
    raise SettingsError(
        f"The settings name more than one site or none ({known}). Say which with --site NAME."
    )


@contextmanager
def _progress(files: Sequence[Path]) -> Iterator[Callable[[int, int], None]]:
    """A bar of the bytes read, on a terminal."""
    from klantreis.progress import bytes_read

    names = files[0].name if len(files) == 1 else f"{len(files)} files"
    with bytes_read(f"Reading {names}") as tell:
        yield tell


def _show(account: ImportAccount) -> None:
    """What became of every record, as a table; then fail where nothing could be read."""
    from klantreis.terminal import table

    click.echo(table(["what", "count", "remark"], [(n, f"{c:,}", r) for n, c, r in account.rows()]))
    for remark in account.remarks():
        click.echo(remark)
    _fail_where_nothing_was_read(account.records, account.malformed)


def _fail_where_nothing_was_read(records: int, malformed: int) -> None:
    if records and malformed == records:
        click.echo("klantreis: not one record could be read; the first are named above.", err=True)
        raise SystemExit(1)

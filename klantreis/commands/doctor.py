# SPDX-License-Identifier: EUPL-1.2
"""`klantreis doctor`: is everything as it should be?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from klantreis.commands import data_option

if TYPE_CHECKING:
    from klantreis.settings import Settings
    from klantreis.store import Store


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `mend` says what to do where it is not well."""

    well: bool
    subject: str
    detail: str


@click.command(epilog="\b\nExample:\n  klantreis doctor --data /srv/klantreis")
@data_option
@click.pass_context
def doctor(ctx: click.Context, data: Path) -> None:
    """Look at settings, store, ledger, archive and definitions. Exit 1 when something is wrong."""
    from klantreis.settings import load, make_folder
    from klantreis.store import open_store
    from klantreis.terminal import table

    make_folder(data)
    settings = load(data)
    with open_store(data, settings.redis_url) as store:
        findings = list(_look(settings, store))
    rows = [["ok" if finding.well else "WRONG", finding.subject, finding.detail] for finding in findings]
    click.echo(table(["", "what", "found"], rows))
    ctx.exit(0 if all(finding.well for finding in findings) else 1)


def _look(settings: Settings, store: Store) -> Iterator[Finding]:
    yield from _sites(settings)
    yield from _store(settings, store)
    yield from _ledger(store)
    yield from _archive(settings)


def _sites(settings: Settings) -> Iterator[Finding]:
    from klantreis.jobs import defined_experiments

    if not settings.sites:
        yield Finding(
            well=False,
            subject="sites",
            detail="none; a collector would drop everything. "
            f"Write [site.NAME] into {settings.data}/klantreis.toml",
        )
        return
    for site in settings.sites:
        yield Finding(well=True, subject=f"site {site.name}", detail=", ".join(sorted(site.hosts)))
    yield Finding(well=True, subject="experiments", detail=", ".join(defined_experiments(settings)) or "none")


def _store(settings: Settings, store: Store) -> Iterator[Finding]:
    from tracker.keys import Keys

    client, keys = store.client(), Keys()
    facts = {**client.info("server"), **client.info("persistence")}
    name = f"{facts.get('server_name', 'redis')} {facts.get('valkey_version', facts['redis_version'])}"
    kept = bool(facts.get("aof_enabled"))
    yield Finding(
        well=kept,
        subject="store",
        detail=f"{name}, append-only file {'on' if kept else 'off: a crash loses what was acknowledged'}",
    )
    waiting = sum(client.xlen(keys.events(number)) for number in range(settings.partitions))
    yield Finding(well=True, subject="not yet archived", detail=f"{waiting} events")


def _ledger(store: Store) -> Iterator[Finding]:
    from tracker.keys import Keys
    from tracker.ledger import as_page

    client, keys = store.client(), Keys()
    for key in sorted(client.scan_iter(match=f"{keys.prefix}ledger:*"))[-7:]:
        day = date.fromisoformat(key.decode().rpartition(":")[2])
        page: Any = as_page(day, cast("Mapping[bytes, bytes]", client.hgetall(key)))
        dropped = ", ".join(f"{reason} {count}" for reason, count in page["dropped"].items()) or "none"
        yield Finding(
            well=bool(page["balanced"]),
            subject=f"ledger {day}",
            detail=f"in {page['in']} = stored {page['stored']} + dropped ({dropped})",
        )


def _archive(settings: Settings) -> Iterator[Finding]:
    from tracker.archive_reader import days

    found = days(settings.archive) if settings.archive.exists() else []
    closed = {path.name.removeprefix("day=") for path in settings.tables.glob("sessions/day=*")}
    detail = f"{len(found)} days ({found[0]} – {found[-1]}), {len(closed)} closed" if found else "empty"
    yield Finding(well=True, subject="archive", detail=detail)

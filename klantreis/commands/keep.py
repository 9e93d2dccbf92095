# SPDX-License-Identifier: EUPL-1.2
"""`retain`, `forget`, `backup` and `restore`: what is kept, how long, and what is there when it is needed."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from klantreis.commands import data_option
from tracker.happenings import happened

if TYPE_CHECKING:
    from klantreis.backup import Counts

LOG = logging.getLogger(__name__)


@click.command(epilog="\b\nExample:\n  klantreis retain")
@data_option
@click.pass_context
def retain(ctx: click.Context, data: Path) -> None:
    """Remove raw events, salts and what the store's append-only file still holds of them.

    Raw events, contacts, survey answers and the ledger go after `retention_days` (31, unless klantreis.toml
    says otherwise); their day tables stay.
    The append-only file of every server, replicas too, is rewritten and, where it can be read from here,
    searched for what had to go. `klantreis archive` and `klantreis serve` do this every night. Exit 1 when
    something is still there, or a server did not rewrite its file.
    """
    from klantreis.keeping import retain as run
    from klantreis.settings import load
    from klantreis.store import open_store

    settings = load(data)
    with open_store(settings.data, settings.redis_url) as store:
        done = run(settings, store)
    events = sum(one.events for one in done.days)
    click.echo(f"raw events: {events} of {len(done.days)} days removed, kept {settings.retention_days}")
    gone = ", ".join(f"{rows} rows of {table}" for table, rows in done.side_records.items())
    click.echo(f"contacts and survey answers: {gone or 'none was too old'}")
    click.echo(f"ledger: {done.ledgers} days removed, kept as long as raw events")
    click.echo(f"salts removed: {', '.join(done.salts) or 'none was over'}")
    _say_rewrite(done.rewrite)
    click.echo(f"record: {done.record}")
    happened(
        LOG,
        "What is older than it may be was removed."
        if not done.rewrite.failed
        else "What was removed is still in an append-only file, or may be.",
        action="retain",
        object="events",
        result="failed" if done.rewrite.failed else "ok",
        record=done.record.name,
        events=events,
    )
    ctx.exit(1 if done.rewrite.failed else 0)


def _say_rewrite(done: object) -> None:
    from klantreis.append_only import Rewrite

    if not isinstance(done, Rewrite):
        raise TypeError("expected what became of the append-only file")
    click.echo(f"append-only file: {done.detail}")
    if done.searched and done.needles:
        before = sum(bool(needle.before) for needle in done.needles)
        click.echo(
            f"  looked in it for {len(done.needles)} texts: {before} were there before, "
            f"{done.left} are there now"
        )
    for needle in done.needles:
        if needle.after:
            click.echo(f"  STILL THERE: {needle.what}")
    for roles, what in ((("replica",), "replicas"), (("primary", "slotless"), "servers")):
        if these := [f"{one.server} ({one.detail})" for one in done.not_rewritten if one.role in roles]:
            click.echo(f"{what} not rewritten: {', '.join(these)}")


@click.command(
    epilog="\b\nExamples:\n  klantreis forget -- -5208153413498116811\n"
    "  klantreis forget --check -- -5208153413498116811",
    context_settings={"ignore_unknown_options": True},
)
@click.argument("pseudonym", type=click.IntRange(-(2**63), 2**63 - 1))
@click.option("--check", is_flag=True, help="Only say what there is of it, and which records are about it.")
@data_option
@click.pass_context
def forget(ctx: click.Context, pseudonym: int, check: bool, data: Path) -> None:
    """Remove every event of PSEUDONYM from the store and the archive, and keep a record that it was done.

    PSEUDONYM is the number in the column `visitor`. The record, under `deletions/`, names it only as an HMAC
    with the key of this installation; --check finds the records about it again. Day tables hold no
    pseudonyms; those of the days concerned are made anew without these events. Exit 1 when something is left,
    or a server of the store did not rewrite its append-only file.
    """
    from klantreis.keeping import deletions_of, forget_visitor, not_looked_in
    from klantreis.settings import load
    from klantreis.store import open_store

    settings = load(data)
    with open_store(settings.data, settings.redis_url) as store:
        if check:
            left = _events_of(settings.archive, pseudonym)
            for path in deletions_of(settings.data, pseudonym):
                click.echo(f"record: {path}")
            click.echo(f"events in the archive: {left}")
            ctx.exit(1 if left else 0)
        deletion, rewritten, record = forget_visitor(settings, store, pseudonym)
    click.echo(
        f"removed {deletion.events} events: {deletion.from_stream} from the stream of partition "
        f"{deletion.partition}, the rest from {len(deletion.files)} files"
    )
    for one in deletion.files:
        click.echo(
            f"  {one.file}: {one.events_before} events before, {one.events_after} after, "
            f"SHA-256 now {one.sha256 or '- (the file is gone)'}"
        )
    click.echo(f"left: {deletion.left}")
    for place in not_looked_in(settings):
        click.echo(f"not looked in: {place}")
    _say_rewrite(rewritten)
    click.echo(f"record: {record}")
    failed = bool(deletion.left or rewritten.failed)
    happened(
        LOG,
        "Events of one pseudonym were removed."
        if not failed
        else "Events of one pseudonym were removed, and something of them is still there, or may be.",
        action="forget",
        object="events of one pseudonym",
        result="failed" if failed else "ok",
        record=record.name,
        events=deletion.events,
        left=deletion.left,
    )
    ctx.exit(1 if failed else 0)


def _events_of(archive: Path, visitor: int) -> int:
    from tracker.archive_reader import days, read_events

    found = days(archive) if archive.exists() else []
    return sum(
        read_events(archive, day, columns=["visitor"])["visitor"].to_pylist().count(visitor) for day in found
    )


@click.command(epilog="\b\nExample:\n  klantreis backup /backups/2026-11-22")
@click.argument("target", type=click.Path(path_type=Path))
@data_option
def backup(target: Path, data: Path) -> None:
    """Copy the data folder and the store's keys to the new folder TARGET, while everything goes on.

    Salts are left out. Keep back-ups no longer than raw events may be kept.
    """
    from klantreis.backup import back_up
    from klantreis.settings import load
    from klantreis.store import open_store

    settings = load(data)
    with open_store(settings.data, settings.redis_url) as store:
        counts = back_up(settings, store, target)
    _say_counts(counts, target)
    happened(LOG, "A back-up was made.", action="backup", object="data and store", **_totals(counts))


def _totals(counts: Counts) -> dict[str, Any]:
    events, entries = sum(counts.events.values()), sum(counts.entries.values())
    return {"events": events, "entries": entries, "keys": counts.keys}


def _say_counts(counts: Counts, folder: Path) -> None:
    totals = _totals(counts)
    click.echo(
        f"{totals['events']} events of {len(counts.events)} days, "
        f"{totals['entries']} entries not yet archived, {totals['keys']} keys: {folder}"
    )


@click.command(epilog="\b\nExample:\n  klantreis restore /backups/2026-11-22 --data /srv/klantreis")
@click.argument("source", type=click.Path(path_type=Path, exists=True, file_okay=False))
@data_option
@click.pass_context
def restore(ctx: click.Context, source: Path, data: Path) -> None:
    """Put the back-up SOURCE into an empty data folder and an empty store, and count what came.

    Every file is compared with the manifest before anything is written. Exit 1 when the counts differ.
    """
    from klantreis.backup import counts_of, differences, restore_files, restore_store
    from klantreis.settings import load
    from klantreis.store import open_store

    manifest = restore_files(source, data)
    settings = load(data)
    with open_store(settings.data, settings.redis_url) as store:
        restore_store(source, store)
        found = counts_of(settings, store)
    wrong = differences(manifest, found)
    for line in wrong:
        click.echo(f"DIFFERENT: {line}")
    _say_counts(found, data)
    happened(
        LOG,
        "A back-up was restored." if not wrong else "A back-up was restored, and not all of it came.",
        action="restore",
        object="data and store",
        result="failed" if wrong else "ok",
        **_totals(found),
    )
    ctx.exit(1 if wrong else 0)

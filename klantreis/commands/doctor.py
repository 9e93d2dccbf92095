# SPDX-License-Identifier: EUPL-1.2
"""`klantreis doctor`: is everything as it should be?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from klantreis.commands import data_option

if TYPE_CHECKING:
    from klantreis.doctor.finding import Finding
    from klantreis.settings import Settings


@click.command(
    epilog="\b\nExamples:\n  klantreis doctor --data /srv/klantreis\n"
    "  klantreis doctor --url https://www.voorbeeldstad.nl --format json"
)
@click.option("--url", help="Look at the way in too: the address at which residents visit you.")
@click.option(
    "--page", "pages", multiple=True, metavar="PATH", help="With --url: a page with variants; repeatable."
)
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True,
    help="For people or for programs.",
)  # fmt: skip
@data_option
@click.pass_context
def doctor(ctx: click.Context, url: str | None, pages: tuple[str, ...], form: str, data: Path) -> None:
    """Look at machine, store, ledger, archive and the way in. Exit 1 when something is wrong."""
    from klantreis.doctor.finding import Level
    from klantreis.settings import load, make_folder

    make_folder(data)
    findings = list(_look(load(data), url, pages))
    click.echo(_as_json(findings) if form == "json" else _as_table(findings))
    ctx.exit(1 if any(finding.level is Level.FAIL for finding in findings) else 0)


def _look(settings: Settings, url: str | None, pages: tuple[str, ...]) -> Iterator[Finding]:
    from klantreis.doctor import machine, of_address, of_data
    from klantreis.settings import run_token

    yield from of_data.look_aside(settings)
    yield from machine.look(settings.data, settings.spool if settings.spool_mb else None)
    yield from _look_at_store(settings)
    if url is not None:
        token = run_token(settings.data)
        yield from of_address.look(url, token=token, proxies=settings.trusted_proxies, pages=pages)


def _look_at_store(settings: Settings) -> Iterator[Finding]:
    import redis
    from redis.exceptions import RedisClusterException

    from klantreis.doctor import of_data, of_store
    from klantreis.doctor.finding import wrong
    from klantreis.errors import StoreError
    from klantreis.store import Store, open_store

    try:
        # A store of your own is looked at however unfit it is: what is wrong with it is what we came for.
        store = Store(settings.redis_url) if settings.redis_url else open_store(settings.data)
        with store:
            yield from of_store.look(settings, store)
            yield from of_data.look(settings, store.client())
    except StoreError as error:
        yield wrong("store", str(error), "")
    except (redis.RedisError, RedisClusterException, ValueError) as error:
        yield wrong(
            "store",
            f"It does not answer ({type(error).__name__}: {error}); beacons cannot be stored.",
            "Start it, or mend its address in KLANTREIS_REDIS_URL.",
        )


def _as_table(findings: list[Finding]) -> str:
    from klantreis.terminal import table

    rows = [
        [one.level, one.subject, f"{one.found} {one.mend}".rstrip()]
        for one in sorted(findings, key=lambda one: ["fail", "warn", "ok"].index(one.level))
    ]
    return table(["", "what", "found"], rows)


def _as_json(findings: list[Finding]) -> str:
    import msgspec

    return msgspec.json.format(msgspec.json.encode({"findings": findings}), indent=2).decode()

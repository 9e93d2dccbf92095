# SPDX-License-Identifier: EUPL-1.2
"""What was measured: settings, ledger, archive, days, silence, and what waits aside."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, cast

import redis

from klantreis.doctor.finding import Finding, doubtful, graded, well, wrong
from klantreis.settings import FILE, Settings
from tracker.keys import Keys
from tracker.silence import Verdicts
from tracker.spool_room import MIB, Occupancy, can_grow, occupancy

DAYS_SHOWN = 7
LOOKED_WITHIN_S = 2 * 3600


def of_ledger(page: Mapping[str, Any]) -> Finding:
    """The ledger of a DAY (`tracker.ledger.as_page`): what arrived was stored, or dropped for a reason."""
    dropped = ", ".join(f"{reason} {count}" for reason, count in page["dropped"].items()) or "none"
    lost = page["in"] - page["stored"] - sum(page["dropped"].values())
    return graded(
        f"ledger {page['day']}",
        f"in {page['in']} = stored {page['stored']} + dropped ({dropped})"
        + (f"; {abs(lost)} beacons are {'missing' if lost > 0 else 'too many'}." if lost else "."),
        "Look in the collector's log of that day for failures of the store.",
        warn=False,
        fail=not page["balanced"],
    )


def of_silence(told: Verdicts | None, now_s: float, *, has_archive: bool) -> Iterator[Finding]:
    """What the archiver last found (`tracker.silence`)."""
    if told is None or now_s - told.checked_at > LOOKED_WITHIN_S:
        if has_archive:
            yield doubtful(
                "silence",
                "Nobody looked in the last two hours whether a site fell silent.",
                "Start klantreis archive, which looks every hour.",
            )
        return
    for name, verdict in sorted(told.sites.items()):
        window = verdict.window
        if verdict.silent and window:
            yield wrong(
                f"silence {name}",
                f"In the last {window.hours} hours {window.seen} views came where {window.expected:.0f} were "
                "usual at this time of the week.",
                "See whether the pages still carry k.js, and whether the proxy still leads /e to us.",
            )
        elif not verdict.enough_history:
            yield well(f"silence {name}", "There are not yet two earlier weeks to compare with.")
        else:
            yield well(f"silence {name}", "It sends as it used to.")
        for path, one in sorted(told.pages[name].items()):
            usual = one.window.expected if one.window else 0
            yield doubtful(
                f"silence {name}",
                f"The page {path}, usually {usual:.0f} views in these hours, fell silent.",
                "See whether it still carries k.js; a page that moved is forgotten after four weeks.",
            )


def of_days(due: list[date]) -> Iterator[Finding]:
    """DAYs that are over and have events that no table knows."""
    if due:
        yield doubtful(
            "days",
            f"{len(due)} days are over and not closed ({due[0]} – {due[-1]}), so reports do not know them.",
            "Start klantreis archive, which closes them, or run klantreis close.",
        )


def look(settings: Settings, client: redis.Redis) -> Iterator[Finding]:
    """Everything that was measured. Raises `redis.RedisError` where the store does not answer."""
    from klantreis.night import must_be_closed
    from tracker.archive_reader import days
    from tracker.watching import verdicts_of

    yield from _ledger(client)
    found = days(settings.archive) if settings.archive.exists() else []
    closed = {path.name for path in settings.tables.glob("sessions/day=*")}
    extent = f"{len(found)} days ({found[0]} – {found[-1]}), {len(closed)} closed." if found else "empty."
    yield well("archive", extent)
    now_s = time.time()
    yield from of_days([day for day in found if must_be_closed(settings, day, int(now_s * 1000))])
    told = cast("bytes | None", client.get(Keys().silence))
    yield from of_silence(verdicts_of(told), now_s, has_archive=bool(found))


def look_aside(settings: Settings) -> Iterator[Finding]:
    """Settings, and what lies in the data folder and should not."""
    from klantreis.jobs import defined_experiments
    from klantreis.settings import unknown_variables

    if not settings.sites:
        yield wrong(
            "sites",
            "None; the collector drops everything as of an unknown site.",
            f"Write [site.NAME] with hosts into {settings.data / FILE}.",
        )
    for site in settings.sites:
        yield well(f"site {site.name}", ", ".join(sorted(site.hosts)))
    yield well("experiments", ", ".join(defined_experiments(settings)) or "none")
    for sentence in unknown_variables():
        yield doubtful("variables", sentence, "Mend its name, or unset it.")
    yield from _spool(settings)
    if damaged := sorted((settings.archive / "damaged").rglob("*.parquet")):
        yield wrong(
            "damaged",
            f"{len(damaged)} files of the archive were damaged and set aside: {damaged[0].parent}.",
            "Look at the disk, then restore their days from a back-up (klantreis restore).",
        )
    if unreadable := sorted((settings.archive / "unreadable").glob("*/*.jsonl")):
        yield doubtful(
            "unreadable",
            f"{len(unreadable)} files with stream entries that are no events: {unreadable[0].parents[1]}.",
            "See what else writes into the store; throw them away when you know.",
        )


def of_spool(found: Occupancy) -> Iterator[Finding]:
    """Segments that wait for the store, and those that nobody could read to their end."""
    if found.segments:
        yield doubtful(
            "spool",
            f"{found.bytes / 1e6:.1f} MB in {found.segments} files wait for the store; reports do not know "
            "them yet.",
            "See that the store answers and a collector runs: it replays them by itself.",
        )
    if found.damaged:
        yield wrong(
            "spool",
            f"{found.damaged} files of the spool are damaged, so beacons in them were not stored.",
            "Look at the disk, then keep or throw away what lies in the folder damaged of the spool.",
        )


def of_spool_room(*, can_grow: bool) -> Finding:
    """The rule on whether one more segment could be made."""
    if can_grow:
        return well("spool room", "While the store is away, the spool has room for beacons.")
    return wrong(
        "spool room",
        "The spool has no room, so while the store is away beacons are refused.",
        "See that the store takes what waits; make room on the spool's disk and mend the rights of its "
        "folder, or let it have more with KLANTREIS_SPOOL_MB.",
    )


def _spool(settings: Settings) -> Iterator[Finding]:
    if settings.spool is not None:
        yield from of_spool(occupancy(settings.spool))
        if settings.spool_mb:
            yield of_spool_room(can_grow=can_grow(settings.spool, settings.spool_mb * MIB))


def _ledger(client: redis.Redis) -> Iterator[Finding]:
    from tracker.ledger import as_page

    keys = Keys()
    for key in sorted(client.scan_iter(match=f"{keys.prefix}ledger:*"))[-DAYS_SHOWN:]:
        day = date.fromisoformat(key.decode().rpartition(":")[2])
        for _ in range(3):  # a group may be on its way between two of its counts
            page: Any = as_page(day, cast("Mapping[bytes, bytes]", client.hgetall(key)))
            if page["balanced"]:
                break
        yield of_ledger(page)

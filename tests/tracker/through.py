# SPDX-License-Identifier: EUPL-1.2
"""Adversarial texts on the real way in, half of them through the spool, and what is left of them."""

from __future__ import annotations

import asyncio
import itertools
import logging
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import redis

from tests.tracker.adversary import MASKS, Planted, remains, texts
from tests.tracker.beacons import FIREFOX, NOON, SITES
from tests.tracker.switch import Switch
from tests.tracker.test_never_lost import replayed
from tracker.archive import Archiver
from tracker.arrival import Arrival
from tracker.case_numbers import CaseNumbers
from tracker.collector import Collector, CollectorSettings
from tracker.keys import Keys
from tracker.ledger import as_page
from tracker.stream import decode
from tracker.words import dictionary

SEED = 20_261_122
PARTITIONS = 4
DAY = date(2026, 6, 1)
TEXT_FIELDS = ("path", "parameters", "referrer", "title", "query", "target", "form", "goal")
OF_THE_PAGE = frozenset({"path", "parameters", "referrer"})
LONGEST = {"t": 1000, "q": 1000, "to": 2048, "f": 200, "g": 200}
SITE = "https://www.voorbeeldstad.nl"

Stored = dict[tuple[str, int], dict[str, str]]


def beacons(count: int) -> Iterator[tuple[bytes, dict[tuple[str, int], list[Planted]]]]:
    """Bodies with texts in every field a text can be in, and what was planted in which event."""
    planted = texts(SEED, count)
    for number in itertools.count():
        page_view = f"page{number:08d}"
        of_page = list(itertools.islice(planted, 4))
        if not of_page:
            return
        beacon, events = _page(number, [one.text for one in of_page]), []
        where = {(page_view, 0): of_page}
        events.append({"i": 0, "k": "view", "d": 0})
        if number % 5 == 0:  # most texts come in large beacons, most beacons are small
            for index, one in enumerate(itertools.islice(planted, 99), start=1):
                events.append({"i": index, "d": index} | _event(index, one.text))
                where[page_view, index] = [one, *of_page]
        yield msgspec.json.encode(beacon | {"v": 1, "p": page_view, "e": events}), where


def _page(number: int, given: list[str]) -> dict[str, Any]:
    path, query, fragment, referrer = (given * 4)[:4]
    # Nothing that ends a path may stand in one; browsers encode it.
    plain = {ord(c): quote(c) for c in "?#"} | {code: f"%{code:02x}" for code in range(33)}
    page = f"{SITE}/{path.translate(plain)}?q={quote(query)}&zoek={query.translate(plain)}"
    page += f"#{fragment.translate(plain)}"
    before = (
        f"https://www.google.com/search?q={quote(referrer)}"
        if number % 2
        else f"{SITE}/{referrer.translate(plain)}"
    )
    return {
        name: url for name, url, longest in (("u", page, 2048), ("r", before, 4096)) if len(url) <= longest
    } | ({"u": f"{SITE}/"} if len(page) > 2048 else {})


def _event(index: int, text: str) -> dict[str, Any]:
    kind, field, rest = (
        ("search", "q", {}),
        ("view", "t", {}),
        ("result", "to", {"rank": 1}),
        ("result", "q", {"rank": 1, "to": "/afval"}),
        ("form", "f", {"a": "start"}),
        ("goal", "g", {}),
        ("link", "to", {}),
        ("file", "to", {}),
    )[index % 8]
    if len(text) > LONGEST[field]:
        kind, field, rest = "search", "q", {}
    return {"k": kind, field: text[:1000]} | rest


@dataclass
class Through:
    """Everything that is left of the texts, after admission, spool, store and archive."""

    folder: Path
    planted: dict[tuple[str, int], list[Planted]] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    spooled: bytes = b""
    entries: list[Any] = field(default_factory=list)
    words: dict[int, str] = field(default_factory=dict)
    ledger: dict[str, Any] = field(default_factory=dict)
    logs: str = ""

    @cached_property
    def stored(self) -> Stored:
        """The texts of the events in the store, by page view and index."""
        events = (decode(entry_id, fields, self.words) for entry_id, fields in self.entries)
        return {
            (event.page_view, event.index): {
                name: text for name in TEXT_FIELDS if (text := getattr(event, name))
            }
            for event in events
        }


def through(client: redis.Redis, keys: Keys, folder: Path, count: int) -> Through:
    """So many texts on their way: a half with the store at hand, the other half while it is away."""
    found = Through(folder / "archive")
    handler = _Kept()
    root, before = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        port = client.connection_pool.connection_kwargs["port"]
        asyncio.run(_take_all(found, Switch(port), keys, folder / "spool", count))
        for partition in range(PARTITIONS):
            found.entries += client.xrange(keys.events(partition))
        Archiver(client, found.folder, SITES, PARTITIONS, keys).run_once()
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
    found.words = dictionary(client.hgetall(keys.words))
    found.ledger = as_page(DAY, client.hgetall(keys.ledger(DAY)))
    found.logs = "\n".join(handler.lines)
    client.delete(*client.scan_iter(f"{keys.prefix}*"))
    return found


async def _take_all(found: Through, switch: Switch, keys: Keys, spool: Path, count: int) -> None:
    settings = CollectorSettings(
        sites=SITES,
        store_url=switch.url,
        partitions=PARTITIONS,
        cases=CaseNumbers(MASKS),
        store_timeout_s=60,
        store_pause_s=0.05,
        spool=spool,
    )
    headers = {"user-agent": FIREFOX, "accept-language": "nl"}
    clients = itertools.count()
    every = list(beacons(count))
    groups = [every[start : start + 50] for start in range(0, len(every), 50)]

    async def take(groups: list[Any]) -> None:
        for group in groups:
            arrivals = []
            for body, where in group:
                found.planted.update(where)
                number = next(clients)
                client = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
                arrivals.append(Arrival(body, headers, client, "POST", "text/plain", NOON))
            answers = await asyncio.gather(*map(collector.take, arrivals))
            found.statuses.update(answer.status for answer in answers)

    half = len(groups) // 2
    async with switch.on():
        collector = Collector(settings, keys=keys, clock=lambda: NOON)
        await take(groups[:half])
    await take(groups[half:])
    segments = (path.read_bytes().rstrip(b"\0") for path in spool.glob("*/*.segment"))
    found.spooled = b"".join(segments)
    async with switch.on():
        await replayed(spool)
        await collector.close()


class _Kept(logging.Handler):
    """Keeps every line that is logged, with what it was made of."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.getMessage()} {record.args} {record.exc_text or ''}")


def leaks(through: Through) -> list[tuple[Planted, str]]:
    """What can still be read in the store of what was planted, and in which text."""
    found = []
    for where, stored in through.stored.items():
        planted = through.planted[where]
        # What stands in the page's address is the same in all its events, and looked at in the first.
        first = where[1] == 0
        texts = [text for name, text in stored.items() if first or name not in OF_THE_PAGE]
        for one in planted if first else planted[:1]:
            found += [(one, text) for text in texts if remains(one, text)]
    return found


def bare_secrets(through: Through) -> set[str]:
    """Planted numbers and mailboxes that are in any byte of store, dictionary, spool, archive or log."""
    planted = {one.secret for found in through.planted.values() for one in found}
    raw = b"\n".join(b" ".join(fields.values()) for _, fields in through.entries).decode()
    raw += "\n".join(through.words.values())
    archive = "\n".join(text for path in through.folder.rglob("*.parquet") for text in _texts_of(path))
    spooled = through.spooled.decode(errors="replace")
    found = set[str]()
    for kept in (raw, archive, through.logs, spooled):
        found |= planted.intersection(_numbers(kept))
        found |= planted.intersection(_mailboxes(kept))
        found |= planted.intersection(re.findall(r"[A-Z]{2}\d\d[A-Z0-9]{11,30}", kept))
    return found


def _numbers(text: str) -> Iterator[str]:
    return (digits for digits in re.findall(r"\d+", text) if len(digits) == 9)


def _mailboxes(text: str) -> Iterator[str]:
    """What stands around each at sign. A pattern of it all would take time quadratic in the signs before."""
    for sign in re.finditer("@", text):
        before = re.search(r"[\w.-]*\Z", text[max(0, sign.start() - 100) : sign.start()])
        after = re.match(r"[\w.-]*", text[sign.end() : sign.end() + 100])
        yield f"{before and before[0]}@{after and after[0]}"


def _texts_of(path: Path) -> set[str]:
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    return {text for name in TEXT_FIELDS for text in table[name].unique().to_pylist() if text}

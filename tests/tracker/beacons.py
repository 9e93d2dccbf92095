# SPDX-License-Identifier: EUPL-1.2
"""Beacons and arrivals as the tests of the tracker need them."""

from __future__ import annotations

import copy
from typing import Any

import msgspec

from tracker.arrival import Arrival
from tracker.site import Site, Sites

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SITES = Sites([Site("voorbeeldstad", frozenset({"www.voorbeeldstad.nl", "localhost"}))])
NOON = 1_780_308_000_000  # 1 June 2026, 12:00 in Amsterdam
EXAMPLE: dict[str, Any] = {
    "v": 1,
    "p": "k3j9x0q2m5Tz",
    "o": "Qm81xPz0aB2c",
    "u": "https://www.voorbeeldstad.nl/afval?q=x&sessie=1#top",
    "r": "https://www.google.com/",
    "b": 417,
    "x": {"zwerfvuil": "redesign"},
    "f": ["zwerfvuil"],
    "l": "nl",
    "w": "s",
    "e": [
        {"i": 0, "k": "view", "d": 0, "t": "Afval"},
        {"i": 1, "k": "search", "d": 12, "q": "grofvuil", "n": 8},
    ],
}


def beacon(**changes: Any) -> bytes:
    """The example of the design with changes; None takes a field away."""
    changed = copy.deepcopy(EXAMPLE) | changes
    return msgspec.json.encode({name: value for name, value in changed.items() if value is not None})


def event(**fields: Any) -> dict[str, Any]:
    """The change that leaves one event."""
    return {"e": [{"i": 0, "d": 0, **fields}]}


def arrival(
    body: bytes | None = None,
    *,
    client: str = "192.0.2.7",
    time_ms: int = NOON,
    method: str = "POST",
    content_type: str = "text/plain;charset=UTF-8",
    **headers: str,
) -> Arrival:
    """An arrival from a Firefox; header names with `_` for `-`."""
    found = {"user-agent": FIREFOX, "accept-language": "nl"}
    found |= {name.replace("_", "-"): value for name, value in headers.items()}
    return Arrival(beacon() if body is None else body, found, client, method, content_type, time_ms)

# SPDX-License-Identifier: EUPL-1.2
"""`/e.gif`: a view by a browser without script, said in query parameters with the names of the wire.

    <img src="/e.gif?t=Afval&b=417&x=zwerfvuil%3Dredesign" alt="">

`u` may be left out: the page's address then comes from the Referer. `p` may be left out too, since a page
that is served to many can hold no id of one view.
"""

from __future__ import annotations

import secrets
from typing import Any

import msgspec

from tracker.address import parameters

_TEXTS = ("o", "r", "c", "l", "w", "run")


def beacon_of(query: str, referer: str | None) -> bytes:
    """The beacon of one view, as wire JSON; what is wrong with it admission will say."""
    given = dict(parameters(query))
    beacon: dict[str, Any] = {name: given[name] for name in _TEXTS if given.get(name)}
    beacon["v"] = 1
    beacon["p"] = given.get("p") or secrets.token_urlsafe(9)  # 9 bytes are 12 signs
    if page := given.get("u") or referer:
        beacon["u"] = page
    if bucket := given.get("b"):
        beacon["b"] = int(bucket) if bucket.isdecimal() and len(bucket) <= 3 else bucket
    if shown := given.get("x"):
        beacon["x"] = dict(pair.partition("=")[::2] for pair in shown.split(","))
    if first := given.get("f"):
        beacon["f"] = first.split(",")
    view: dict[str, Any] = {"i": 0, "k": "view", "d": 0}
    if title := given.get("t"):
        view["t"] = title
    beacon["e"] = [view]
    return msgspec.json.encode(beacon)

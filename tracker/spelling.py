# SPDX-License-Identifier: EUPL-1.2
"""How ids, names and languages of a beacon are spelt."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tracker.wire import Beacon

# How texts of these fields are spelt. Not as patterns of the types: the decoder asks Python for each of them,
# which takes longer than all the rest of it.
_ID = re.compile(r"[A-Za-z0-9_-]{12}\Z")
# What isn't text isn't scrubbed either, so nothing of it has room for a number that is somebody's.
_FEW_DIGITS = "(?!(?:[^0-9]*[0-9]){7})"
NAME = re.compile(rf"{_FEW_DIGITS}[a-z][a-z0-9-]{{0,31}}\Z")
SPELLING = {
    "p": _ID,
    "o": _ID,
    "c": re.compile(r"[A-Za-z0-9_-]{12,64}\Z"),
    "l": re.compile(rf"{_FEW_DIGITS}[A-Za-z]{{2,3}}(?:-[A-Za-z0-9]{{1,8}}){{0,3}}\Z"),
    "run": re.compile(r"[A-Za-z0-9_-]{1,64}\.[0-9A-Za-z]{1,64}\Z"),
}
_ID_SIGNS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
# Few languages and few names come again and again: those that were found well spelt.
_languages: set[str] = set()
_names: set[str] = set()


def well_spelt(beacon: Beacon) -> bool:
    """Whether ids, names, language and run of a beacon are spelt as they may be."""
    page_view, origin, language, shown = beacon.p, beacon.o, beacon.l, beacon.x
    if len(page_view) != 12 or (origin is not None and len(origin) != 12):
        return False
    ids = page_view if origin is None else page_view + origin
    if ids.encode().translate(None, _ID_SIGNS):
        return False
    if language is not None and language not in _languages and not _fits(language, SPELLING["l"], _languages):
        return False
    if shown:
        for name in shown:
            variant = shown[name]
            if name not in _names and not _fits(name, NAME, _names):
                return False
            if variant not in _names and not _fits(variant, NAME, _names):
                return False
    return (
        (beacon.f is None or all(NAME.match(name) for name in beacon.f))
        and (beacon.c is None or SPELLING["c"].match(beacon.c) is not None)
        and (beacon.run is None or SPELLING["run"].match(beacon.run) is not None)
    )


def _fits(text: str, spelling: re.Pattern[str], known: set[str]) -> bool:
    if spelling.match(text) is None:
        return False
    if len(known) >= 1024:
        known.clear()
    known.add(text)
    return True

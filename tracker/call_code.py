# SPDX-License-Identifier: EUPL-1.2
"""The call code: four digits beside a telephone number, by which a caller's record finds the page view.

It is made of the page view's random id, here and in `script/call-code.js` alike, so nothing more is sent or
kept. `docs/adr/0010-call-codes.md` says what that can and cannot do.
"""

from __future__ import annotations

CODES = 10_000


def call_code(page_view: str) -> str:
    """The code of a page view: FNV-1a (32 bits) of its id, in four digits.

    >>> call_code("k3j9x0q2m5Tz"), call_code("")
    ('0825', '6261')
    """
    found = 0x811C9DC5
    for byte in page_view.encode():
        found = (found ^ byte) * 0x01000193 & 0xFFFFFFFF
    return f"{found % CODES:04d}"

# SPDX-License-Identifier: EUPL-1.2
"""A question about ourselves through the front door: which address does the collector take a visitor for?

It travels as `GET /e.gif?probe=…`, so along every proxy that a beacon passes, and is answered only to who
holds the secret of the load tests. Nothing of it is stored.
"""

from __future__ import annotations

import hmac

from tracker.admission import run_proof

LIFE_MS = 300_000
PARAMETER = "probe"


def question(token: str, time_ms: int) -> str:
    """The value of the parameter: a moment, and the proof that its maker has the token.

    >>> question("secret", 1_780_308_000_000)
    '1780308000000.69b98980338d0ce6'
    """
    return f"{time_ms}.{run_proof(token, f'{PARAMETER} {time_ms}')}"


def is_ours(text: str, token: str | None, now_ms: int) -> bool:
    """Whether a question was made with the token, within five minutes of `now_ms`."""
    moment = text.partition(".")[0]
    if token is None or not (moment.isascii() and moment.isdigit() and len(moment) <= 15):
        return False
    fresh = abs(now_ms - int(moment)) <= LIFE_MS
    return fresh and hmac.compare_digest(text.encode(), question(token, int(moment)).encode())

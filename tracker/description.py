# SPDX-License-Identifier: EUPL-1.2
"""`/v1/openapi.json`: the description of what is under `/v1`, for everybody.

It is a file, since it is read by people and by programs that never ask a collector; tests hold it beside the
routes, the closed lists of words and real answers.
"""

from __future__ import annotations

from pathlib import Path

from tracker.answers import Answer, document

ADDRESS = "/v1/openapi.json"
DOCUMENT = Path(__file__).with_name("openapi.json")


def description() -> Answer:
    """The answer to who asks for it."""
    # Tools that show it run in browsers, on pages of their own.
    return document(DOCUMENT.read_bytes(), headers=((b"access-control-allow-origin", b"*"),))

# SPDX-License-Identifier: EUPL-1.2
"""One request as it came in, and why it may be dropped."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

import msgspec

from tracker import wire


class Reason(StrEnum):
    """Why an arrival was dropped; the word in the ledger and in the header `Klantreis-Dropped`."""

    WRONG_METHOD = "wrong_method"
    WRONG_TYPE = "wrong_type"
    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    OPT_OUT = "opt_out"
    BOT = "bot"
    UNKNOWN_SITE = "unknown_site"
    STAFF = "staff"
    STALE = "stale"
    RUN_TOKEN = "run_token"  # noqa: S105 - a name
    RATE_LIMITED = "rate_limited"


class Arrival(msgspec.Struct, frozen=True):
    """One request as it came in. `headers` has lower-case names; `client` is the address of the other end.

    `trusted` says that a server of the municipality's speaks for its visitors, and has shown its token.
    """

    body: bytes
    headers: Mapping[str, str]
    client: str
    method: str
    content_type: str
    time_ms: int
    trusted: bool = False


class Drop(NamedTuple):
    """An arrival that isn't stored, and why: what is wrong with a malformed one, how long to wait."""

    reason: Reason
    problems: tuple[wire.Problem, ...] = ()
    wait_s: int = 0

# SPDX-License-Identifier: EUPL-1.2
"""What the collector says, in HTTP: made once where it can be, problems as `application/problem+json`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from tracker.arrival import Drop, Reason
from tracker.wire import MAX_BYTES, Problem

Headers = tuple[tuple[bytes, bytes], ...]

API_VERSION = b"1.0.0"
RETRY_AFTER_S = 5

_PLAIN: Headers = ((b"api-version", API_VERSION), (b"cache-control", b"no-store"))
_GUARDED: Headers = (
    *_PLAIN,
    (b"content-security-policy", b"frame-ancestors 'none'"),
    (b"strict-transport-security", b"max-age=31536000"),
    (b"x-content-type-options", b"nosniff"),
)


class Answer(NamedTuple):
    """An HTTP answer; header names are in lower case."""

    status: int
    headers: Headers
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Value of the first header of that name (lower case), or None."""
        return next((value.decode() for key, value in self.headers if key == name.encode()), None)


def problem(
    status: int, title: str, detail: str, *, headers: Headers = (), errors: Sequence[Problem] = ()
) -> Answer:
    """An answer that says what is wrong (RFC 9457); `errors` lists every fault of the input."""
    page: dict[str, Any] = {"status": status, "title": title, "detail": detail}
    if errors:
        page["errors"] = [{"path": error.path, "detail": error.detail} for error in errors]
    body = msgspec.json.encode(page)
    return Answer(status, (*_GUARDED, (b"content-type", b"application/problem+json"), *headers), body)


def page(content: Any) -> Answer:
    """An answer of the API; timestamps and such are the caller's to name in camelCase."""
    return document(msgspec.json.encode(content))


def document(body: bytes, *, headers: Headers = ()) -> Answer:
    """The same of what is JSON already."""
    return Answer(200, (*_GUARDED, (b"content-type", b"application/json"), *headers), body)


STORED = Answer(204, _PLAIN)
DROPPED = {reason: Answer(204, (*_PLAIN, (b"klantreis-dropped", reason.encode()))) for reason in Reason}
AWAY = problem(
    503,
    "The store is away",
    "Nothing was stored. Send the same beacon again later.",
    headers=((b"retry-after", b"%d" % RETRY_AFTER_S),),
)
FAULT = problem(500, "A fault of the collector", "It is in the log. Whether anything was stored is unknown.")
TOO_LARGE = problem(
    413, "The beacon is too large", f"Expected at most {MAX_BYTES} bytes. Send several beacons."
)
HEAD_TOO_LARGE = problem(
    431, "The headers are too large", "Expected at most 64 kB of them. Nothing was stored."
)
NOT_FOUND = problem(404, "Nothing here", "No page of the collector has this address.")
WRONG_TYPE = problem(
    415,
    "Wrong content type",
    # Any other type would make browsers ask leave first (CORS preflight), at a resident's cost.
    "Expected text/plain in UTF-8, also for JSON: browsers send that without asking leave first.",
)

_GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c000000000100010000020144003b")


@lru_cache(maxsize=64)
def too_many(wait_s: int) -> Answer:
    """To who sent more than a visitor may (`tracker.rate`), and when to send again."""
    return problem(
        429,
        "Too many beacons",
        f"Nothing was stored. This browser sends more than pages do; send again after {wait_s} s.",
        headers=((b"retry-after", b"%d" % wait_s), (b"klantreis-dropped", b"rate_limited")),
    )


def too_many_hits(wait_s: int) -> Answer:
    """The same to a request with many hits: what was stored of them is known when they come again."""
    return problem(
        429,
        "Too many hits",
        f"Not all were stored. One visitor sends more than pages do; send all again after {wait_s} s, in "
        "smaller parts where one holds more of a visitor than may come at once.",
        headers=((b"retry-after", b"%d" % wait_s), (b"klantreis-dropped", b"rate_limited")),
    )


def wrong_method(allowed: str) -> Answer:
    return problem(405, "Wrong method", f"Expected {allowed}.", headers=((b"allow", allowed.encode()),))


def preflight(methods: str) -> Answer:
    """To a browser that asks leave for a page of another host to send with these methods."""
    allowed: Headers = (
        (b"access-control-allow-methods", methods.encode()),
        (b"access-control-allow-headers", b"content-type"),
        (b"access-control-max-age", b"86400"),
    )
    return Answer(204, allowed)


def malformed(what: str, problems: Sequence[Problem]) -> Answer:
    """To who sent something (`what`, such as "beacon") that cannot be taken: every fault of it."""
    count = len(problems)
    return problem(
        400,
        f"The {what} is malformed",
        f"{count} problem{'s' if count != 1 else ''}; nothing was stored.",
        errors=problems,
    )


def of_drop(drop: Drop) -> Answer:
    """What a dropped beacon's sender hears: the faults of a malformed one, else 204 with the reason."""
    if drop.reason is Reason.MALFORMED:
        return malformed("beacon", drop.problems)
    if drop.reason is Reason.RATE_LIMITED:
        return too_many(drop.wait_s)
    if drop.reason is Reason.WRONG_METHOD:
        return wrong_method("POST, OPTIONS")
    if drop.reason is Reason.WRONG_TYPE:
        return WRONG_TYPE
    return TOO_LARGE if drop.reason is Reason.TOO_LARGE else DROPPED[drop.reason]


def as_pixel(answer: Answer) -> Answer:
    """The same as an image of one transparent point, for pages without script; faults stay what they are."""
    if answer.status != 204:
        return answer
    return Answer(200, (*answer.headers, (b"content-type", b"image/gif")), _GIF)


@lru_cache(maxsize=256)
def for_origin(answer: Answer, origin: str, credentials: bool) -> Answer:
    """The same, readable by the script of a page of this origin, also where it sent `credentials`."""
    allowed: Headers = (
        (b"access-control-allow-origin", origin.encode()),
        *(((b"access-control-allow-credentials", b"true"),) if credentials else ()),
        (b"access-control-expose-headers", b"klantreis-dropped, retry-after"),
        (b"vary", b"origin"),
    )
    return answer._replace(headers=(*answer.headers, *allowed))

# SPDX-License-Identifier: EUPL-1.2
"""The Matomo HTTP Tracking API, as pure translation: a hit becomes a beacon of our own wire, or a problem.

A site that runs `matomo.js`, or a server that reports its visitors, need only be told another address. What a
hit says is taken over where a beacon has a word for it, and then goes the way of every beacon: admission,
scrubbing, ledger. Parameters after Matomo's reference "Tracking HTTP API",
https://developer.matomo.org/api-reference/tracking-api.

Ids. A beacon's page view is 12 signs, Matomo's `pv_id` six. Ours is made of site, visitor id and `pv_id`
together by a hash: the same for every hit of a page view, another for every other one, and not to be turned
back. A resident who agrees on a page gets an `_id` in the midst of a page view, which goes on as it began, as
far as this process knows it. A hit without `pv_id` is a page view of its own, with an id by chance; where it
says who it is of, and has a random word (`rand`, `r`) or a moment (`cdt`), its id is a hash of all that it
says, so that it is known when it is sent again. `_id`, which recognises a browser for a year, goes no further
than those hashes, unless the hit says `consent=1`, as matomo.js does after `setConsentGiven`.

Events. Four categories say what our wire has words for: `goal` (action: its name), `contact` (action: tel,
mail, chat, appointment or counter), `feedback` (value: -1, 0 or 1) and `form` (action: start, step, error,
submit or abandon; name: the form; value: the step). Every other event, like a ping, a content impression or
an order, says that the resident was still there: time seen, and no more. A goal that nobody meant as one
would make answers of clicks on a menu.
"""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64encode
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import unquote

import msgspec

from tracker.address import parameters
from tracker.wire import Problem

MAX_HITS = 1_000  # in one bulk request
MAX_PARAMETERS = 300
LEAST_PING_S = 5  # matomo.js sends no ping sooner
LONGEST_GAP_S = 60  # of longer silence nobody knows whether the page was seen; pings come every 15 s or so
LONGEST_PAUSE_MS = 1_800_000  # between two hits of a page view of which the second has the first `_id`
REMEMBERED_VIEWS = 20_000

_ID = re.compile(r"[0-9a-fA-F]{16}")
# The number of a site, or Piwik PRO's UUID.
_SITE = re.compile(r"[1-9][0-9]{0,9}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TITLE, _TEXT, _LABEL, _URL, _REFERRER = 1000, 1000, 200, 2048, 4096

Parameters = Mapping[str, str]


class Hit(NamedTuple):
    """A hit that can be taken: the beacon, and what stands in for the request's own headers and clock."""

    beacon: bytes
    page_view: str
    seen_s: float  # so far
    headers: Mapping[str, str]  # in place of the request's
    client: str | None  # in place of the request's address: for whom a server reports
    time_ms: int


class Seen:
    """For how long page views were seen, as far as hits tell: the last thousands of this process.

    Matomo's own reports take the time between two hits; here a long silence is not taken for reading.
    """

    def __init__(self) -> None:
        self._views: OrderedDict[str, tuple[int, float]] = OrderedDict()  # last hit, seconds seen until then

    def until(self, page_view: str, now_ms: int, *, ping: bool) -> float:
        """Seconds seen by now; a ping says that it were some since the hit before."""
        last_ms, seconds = self._views.get(page_view, (0, 0.0))
        gap = (now_ms - last_ms) / 1000
        if not 0 <= gap <= LONGEST_GAP_S:
            gap = 0.0
        return seconds + max(gap, LEAST_PING_S if ping else 0)

    def knows(self, page_view: str, now_ms: int) -> bool:
        """Whether a hit of this page view came within the last half hour."""
        return page_view in self._views and now_ms - self._views[page_view][0] <= LONGEST_PAUSE_MS

    def note(self, page_view: str, now_ms: int, seconds: float) -> None:
        """A hit of a page view came."""
        self._views[page_view] = now_ms, seconds
        self._views.move_to_end(page_view)
        if len(self._views) > REMEMBERED_VIEWS:
            self._views.popitem(last=False)


class Context(NamedTuple):
    """What a hit does not say itself."""

    referer: str | None
    now_ms: int
    trusted: bool  # the request carried the token
    random: Callable[[int], bytes]
    seen: Seen
    oldest_ms: int = 0  # nothing of before is kept
    nth: int = 0  # among hits of the same request that say the very same


class Bulk(NamedTuple):
    """The hits of one request, and how it wants to be answered."""

    hits: Sequence[Parameters]
    many: bool  # a bulk request, which is answered with counts
    image: bool  # a GIF is wanted rather than 204
    token: str | None
    nth: Sequence[int] = (0,)  # of each hit: how many before it say the very same


class NotHitsError(Exception):
    """A request that carries no hits at all; `problem` says why."""

    def __init__(self, path: str, detail: str) -> None:
        super().__init__(detail)
        self.problem = Problem(path, detail)


def read(query: str, body: bytes) -> Bulk:
    """The hits of a request: in its address, in its body as a form, or many in a body of JSON.

    Raises `NotHitsError`.
    """
    if body.lstrip()[:1] == b"{":
        return _bulk(query, body)
    hit = _parameters(query)
    if body:
        try:
            hit |= _parameters(body.decode())
        except UnicodeDecodeError as error:
            raise NotHitsError("body", f"not UTF-8 at byte {error.start}") from None
    image = hit.get("send_image", "1") != "0"
    return Bulk([hit], many=False, image=image, token=hit.get("token_auth"))


def _bulk(query: str, body: bytes) -> Bulk:
    try:
        given = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotHitsError("body", f"not JSON: {str(error)[:200]}") from None
    requests = given.get("requests")
    if not isinstance(requests, list) or not 1 <= len(requests) <= MAX_HITS:
        came = f"{len(requests)} of them" if isinstance(requests, list) else "none"
        raise NotHitsError("requests", f"expected a list of 1 to {MAX_HITS:,} hits, got {came}")
    hits = [_of_request(request) for request in requests]
    shared = _parameters(query)
    token = given.get("token_auth") or shared.get("token_auth")
    image = str(given.get("send_image", shared.get("send_image", "1"))) != "0"
    before, nth = Counter[str](), []
    for hit in hits:
        said = _said(hit)
        nth.append(before[said])
        before[said] += 1
    return Bulk(hits, many=True, image=image, token=token if isinstance(token, str) else None, nth=nth)


def _of_request(request: Any) -> dict[str, str]:
    if isinstance(request, str):
        return _parameters(request.partition("?")[2] if "?" in request else request)
    if isinstance(request, dict):
        _refuse_too_many(len(request))
        plain = {name: value for name, value in request.items() if isinstance(value, str | int | float)}
        return {str(name): str(value).replace("\0", " ") for name, value in plain.items()}
    return {}


def _parameters(query: str) -> dict[str, str]:
    _refuse_too_many(query.count("&") + 1)
    return {name: value.replace("\0", " ") for name, value in parameters(query)}


def _refuse_too_many(count: int) -> None:
    if count > MAX_PARAMETERS:
        raise NotHitsError("query", f"more than {MAX_PARAMETERS} parameters")


def translate(hit: Parameters, context: Context) -> Hit | list[Problem]:
    """The beacon of a hit, or everything that is wrong with it."""
    problems = list(_problems(hit, context))
    if problems:
        return problems
    page_view, shared_view = _page_view(hit, context)
    now = _time(hit, context) or context.now_ms
    seen_s = context.seen.until(page_view, now, ping="ping" in hit)
    events = _events(hit, seen_s, alone=not shared_view)
    beacon: dict[str, Any] = {"v": 1, "p": page_view, "u": (hit.get("url") or context.referer or "")[:_URL]}
    if before := hit.get("urlref"):
        beacon["r"] = before[:_REFERRER]
    if hit.get("consent") == "1" and _ID.fullmatch(hit.get("_id", "")):
        beacon["c"] = hit["_id"].lower()
    beacon["e"] = [
        {"i": _index(hit, event, position, shared_view), "d": 0, **event}
        for position, event in enumerate(events)
    ]
    told = {"user-agent": hit.get("ua"), "accept-language": hit.get("lang")}
    return Hit(
        beacon=msgspec.json.encode(beacon),
        page_view=page_view,
        seen_s=seen_s,
        headers={header: value for header, value in told.items() if value},
        client=hit.get("cip"),
        time_ms=now,
    )


def _problems(hit: Parameters, context: Context) -> list[Problem]:
    found = []
    if hit.get("rec") != "1":
        found.append(Problem("rec", f"expected 1, got {_quoted(hit.get('rec'))}"))
    if not _SITE.fullmatch(hit.get("idsite", "")):
        found.append(Problem("idsite", f"expected the number of a site, got {_quoted(hit.get('idsite'))}"))
    if not (hit.get("url") or context.referer):
        found.append(Problem("url", "missing, and the request has no Referer"))
    if not context.trusted:
        needs = "needs token_auth, the token of this installation"
        found += [Problem(name, needs) for name in ("cip", "cdt") if hit.get(name)]
    if hit.get("cdt") and context.trusted:
        time = _time(hit, context)
        if time is None:
            wanted = "expected seconds since 1970 or 2026-11-22 08:00:00"
            found.append(Problem("cdt", f"{wanted}, got {_quoted(hit['cdt'])}"))
        elif time > context.now_ms + 60_000:
            found.append(Problem("cdt", "lies in the future"))
        elif time < context.oldest_ms:
            found.append(Problem("cdt", "is older than what is kept (retention_days)"))
    return found


def _events(hit: Parameters, seen_s: float, *, alone: bool) -> list[dict[str, Any]]:
    """What a hit says, in words of the wire. `alone`: no other hit speaks of the same page view."""
    view: dict[str, Any] = {"k": "view"}
    if title := hit.get("action_name"):
        view["t"] = title[:_TITLE]
    still_there = {"k": "engage", "s": seen_s}
    if "ping" in hit:
        return [still_there]
    if words := hit.get("search"):
        search: dict[str, Any] = {"k": "search", "q": words[:_TEXT]}
        if hit.get("search_count", "").isdecimal():
            search["n"] = min(int(hit["search_count"][:12]), 2_147_483_647)
        # Matomo counts a search instead of a view; for us the page of results was looked at too.
        return [view, search] if alone else [search]
    for name, kind in (("link", "link"), ("download", "file")):
        if hit.get(name):
            return [_towards(hit[name], kind)]
    if hit.get("c_n"):
        return [_towards(hit["c_t"], "link") if hit.get("c_i") and hit.get("c_t") else still_there]
    if hit.get("e_c"):
        return [event_of_category(hit) or still_there]
    if hit.get("idgoal", "0") != "0":
        return [{"k": "goal", "g": f"matomo-goal-{hit['idgoal']}"[:_LABEL]}]
    return [still_there if hit.get("ca") == "1" or "idgoal" in hit else view]


def event_of_category(hit: Parameters) -> dict[str, Any] | None:
    """What an event of one of our categories says; None for any other."""
    category, action = hit["e_c"].lower(), hit.get("e_a", "")
    if category == "goal" and action:
        return {"k": "goal", "g": action[:_LABEL]}
    if category == "contact" and action in _CHANNELS:
        return {"k": "contact", "c": action}
    value = hit.get("e_v", "").removesuffix(".0")
    if category == "feedback" and value in ("-1", "0", "1"):
        return {"k": "feedback", "h": int(value)}
    if category == "form" and action in _FORM_ACTIONS and hit.get("e_n"):
        step = {"n": int(value)} if value.isdecimal() and 1 <= int(value[:9]) <= 32_767 else {}
        return {"k": "form", "f": hit["e_n"][:_LABEL], "a": action, **step}
    return None


_CHANNELS = ("tel", "mail", "chat", "appointment", "counter")
_FORM_ACTIONS = ("start", "step", "error", "submit", "abandon")


def _towards(target: str, kind: str) -> dict[str, Any]:
    scheme = target.partition(":")[0].lower()
    if scheme in ("tel", "mailto"):
        return {"k": "contact", "c": "tel" if scheme == "tel" else "mail"}
    return {"k": kind, "to": target[:_URL]}


def _page_view(hit: Parameters, context: Context) -> tuple[str, bool]:
    """Our id of a hit's page view, and whether other hits may speak of it too."""
    given = hit.get("pv_id")
    if not given:
        return _own_page_view(hit, context), False
    visitor = hit.get("_id", "")
    if visitor:
        before = _hashed(hit, "", given)
        if context.seen.knows(before, context.now_ms):
            return before, True
    return _hashed(hit, visitor, given), True


def _own_page_view(hit: Parameters, context: Context) -> str:
    """Id of the page view of a hit without `pv_id`: the same when it is sent again, as far as it can be told.

    A random word alone is not enough: pages carry images in whose address it never changes. Of a moment in
    whole seconds there may be several hits, which a request has in one order.
    """
    random = hit.get("rand") or hit.get("r")
    moment = context.trusted and hit.get("cdt")
    if not (random or moment) or not any(hit.get(name) for name in ("_id", "cid", "uid", "cip")):
        return urlsafe_b64encode(context.random(9)).decode()
    text = "\0".join(("matomo hit", _said(hit), "" if random else str(context.nth)))
    return urlsafe_b64encode(hashlib.sha256(text.encode(errors="replace")).digest()[:9]).decode()


def _hashed(hit: Parameters, visitor: str, page_view: str) -> str:
    text = "\0".join(("matomo", hit.get("idsite", ""), visitor, page_view))
    return urlsafe_b64encode(hashlib.sha256(text.encode(errors="replace")).digest()[:9]).decode()


def _index(hit: Parameters, event: Mapping[str, Any], position: int, shared_view: bool) -> int:
    """The event's number within its page view. A hit has none: it follows from all that the hit says, so that
    a hit sent twice is one event, and two hits of a page view are two (but for one pair in 32,000)."""
    if not shared_view or event["k"] == "view":
        return position
    return (
        1 + int.from_bytes(hashlib.sha256(_said(hit).encode(errors="replace")).digest()[:4], "big") % 32_766
    )


def _said(hit: Parameters) -> str:
    """All that a hit says, but for how it is sent."""
    return "\0".join(f"{name}={hit[name]}" for name in sorted(hit) if name not in _SENDING)


_SENDING = frozenset({"send_image", "token_auth", "queuedtracking", "bots"})


def _time(hit: Parameters, context: Context) -> int | None:
    """When a trusted hit says that it happened, in milliseconds; None where it does not, or not readably."""
    given = hit.get("cdt", "").strip()
    if not given or not context.trusted:
        return None
    try:
        if given.isdecimal():
            seconds = int(given[:16])
            time = seconds if seconds > 100_000_000_000 else seconds * 1000
        else:
            moment = datetime.fromisoformat(given)
            time = round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
    return time if time > 0 else None


def _quoted(value: str | None) -> str:
    return "nothing" if not value else f'"{unquote(value)[:40]}"'
